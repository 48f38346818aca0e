/** @file Tables from Apache Arrow: files, streams of bytes, and tables in memory, by the package apache-arrow. */
import { readFile } from 'node:fs/promises';
import { types } from 'node:util';
import { readOptions } from '../../core/arguments';
import { ArgumentError, FileFormatError } from '../../core/errors';
import { describe } from '../../core/shape';
import { type Tensor } from '../../core/tensor';
import { peer } from '../peer';
import { type Cell } from './cells';
import { tableOf } from './make';
import { type TableOptions, tableSpec, type WithTarget } from './options';
import { cellAt, type RowSource, type RowVisitor, typedCell } from './source';
import { type TableDataset } from './table-dataset';

/** What is used of apache-arrow's `Table`. */
export interface ArrowTable {
  readonly numRows: number;
  readonly schema: { readonly fields: readonly { readonly name: string }[] };
  getChild(name: string): unknown;
}

// And of its vectors. `data` has a part for each batch of rows.
interface Part {
  readonly length: number;
  readonly nullCount: number;
  readonly values: Float64Array;
}
interface Vector {
  readonly type: { readonly typeId: number; readonly precision?: number; readonly bitWidth?: number };
  readonly data: readonly Part[];
  [Symbol.iterator](): Iterator<unknown>;
}

// Arrow's numbers of types.
const typeIds = { int: 2, float: 3, date: 8, timestamp: 10 };
const halfPrecision = 0;

class ArrowSource implements RowSource {
  readonly op = 'arrow';
  readonly unit = 'row';
  readonly textual = false;
  readonly decimal = '.';

  constructor(
    readonly name: string,
    private readonly table: ArrowTable,
  ) {}

  cellOf(value: unknown): Cell | null {
    return typedCell(this.op, value);
  }

  async names(): Promise<readonly string[]> {
    return this.table.schema.fields.map((f) => f.name);
  }

  private vector(column: string): Vector {
    return this.table.getChild(column) as Vector;
  }

  /** Arrow's own memory: numbers of at most 32 bits, and float64. */
  numbers(column: string): readonly ArrayLike<number>[] | undefined {
    const { type, data } = this.vector(column);
    const plain =
      (type.typeId === typeIds.int && type.bitWidth !== 64) ||
      (type.typeId === typeIds.float && type.precision !== halfPrecision);
    if (!plain || data.some((p) => p.nullCount > 0)) return undefined;
    // Behind a part's values there may be padding.
    return data.map((p) => p.values.subarray(0, p.length));
  }

  async each(columns: readonly string[], most: number, visit: RowVisitor): Promise<void> {
    const vectors = columns.map((n) => this.vector(n));
    const times = vectors.map(({ type: { typeId } }) => typeId === typeIds.date || typeId === typeIds.timestamp);
    const values = vectors.map((v) => v[Symbol.iterator]());
    const cells = new Array<Cell | null>(columns.length);
    for (let i = 0; i < Math.min(this.table.numRows, most); i++) {
      for (let k = 0; k < columns.length; k++) {
        const v: unknown = values[k]!.next().value;
        // Arrow gives times in milliseconds.
        cells[k] = cellAt(this, columns[k]!, i, times[k] && v !== null ? new Date(Number(v)) : v);
      }
      visit(cells, i);
    }
  }
}

// Of whatever copy of the package it is.
function isTable(v: unknown): v is ArrowTable {
  if (typeof v !== 'object' || v === null) return false;
  const { getChild, schema } = v as Partial<ArrowTable>;
  if (typeof getChild !== 'function' || !Array.isArray(schema?.fields)) return false;
  return schema.fields.every((field: unknown) => {
    const { name } = (field ?? {}) as { name?: unknown };
    const child = typeof name === 'string' ? ((v as ArrowTable).getChild(name) as Partial<Vector> | null) : null;
    return typeof child?.type === 'object' && Array.isArray(child.data);
  });
}

const magic = 'ARROW1';
const textAt = (bytes: Uint8Array, from: number): string =>
  Buffer.from(bytes.subarray(Math.max(0, from), from + magic.length)).toString('latin1');

// The table in the bytes of a file or stream.
async function tableIn(name: string, bytes: Uint8Array): Promise<ArrowTable> {
  const { tableFromIPC } = await peer<{ tableFromIPC(bytes: Uint8Array): ArrowTable }>('arrow', 'apache-arrow');
  const bad = (what: string, cause?: unknown): FileFormatError =>
    new FileFormatError(`[arrow] ${name}: ${what}`, { cause });
  if (textAt(bytes, 0) === magic && textAt(bytes, bytes.length - magic.length) !== magic)
    throw bad(`truncated: its ${bytes.length} bytes do not end with ${magic}`);
  let table: ArrowTable;
  try {
    table = tableFromIPC(bytes);
  } catch (cause) {
    throw bad(`no Arrow data, or truncated: ${(cause as Error).message}`, cause);
  }
  if (table.schema.fields.length === 0) throw bad('no Arrow data: there are no columns in it');
  return table;
}

/**
 * A table from Apache Arrow, as {@link csv} gives it: features and target, categories encoded, columns kept. Needs the
 * package apache-arrow for files and bytes (Feather version 2 too).
 *
 * Columns of numbers without nulls (but int64 and float16) are read from Arrow's memory into the matrix, without a value or
 * a copy in between; dates and timestamps become days since 1970-01-01, text and dictionaries categories.
 *
 * apache-arrow does not verify the metadata of a file: a damaged one can make it use up the memory, so read no files that you
 * do not trust.
 *
 * @param source - a table, a path, or the bytes of a file or stream
 * @throws FileFormatError for what is no Arrow data, is truncated, or has a column of lists or structures that is not
 *   left out; `ERR_MISSING_DEPENDENCY` without the package
 * @example
 * ```ts
 * const flights = await data.arrow('flights.feather', { target: 'delay' });
 * const same = await data.arrow(arrow.tableFromArrays({ x, y }), { target: 'y' });
 * ```
 */
export function arrow(
  source: ArrowTable | string | ArrayBuffer | Uint8Array,
  options: WithTarget<TableOptions>,
): Promise<TableDataset<[Tensor, Tensor]>>;
export function arrow(
  source: ArrowTable | string | ArrayBuffer | Uint8Array,
  options?: TableOptions,
): Promise<TableDataset<[Tensor]>>;
export async function arrow(
  source: ArrowTable | string | ArrayBuffer | Uint8Array,
  options: TableOptions = {},
): Promise<TableDataset> {
  const o = readOptions('arrow', tableSpec, options);
  if (isTable(source)) return tableOf(new ArrowSource('the table', source), o);
  if (typeof source === 'string' && source !== '')
    return tableOf(new ArrowSource(source, await tableIn(source, await readFile(source))), o);
  const name = 'the given bytes';
  if (types.isAnyArrayBuffer(source))
    return tableOf(new ArrowSource(name, await tableIn(name, new Uint8Array(source))), o);
  if (ArrayBuffer.isView(source)) {
    const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    return tableOf(new ArrowSource(name, await tableIn(name, bytes)), o);
  }
  throw new ArgumentError(`[arrow] expected a table, a path or bytes, got ${describe(source)}`);
}
