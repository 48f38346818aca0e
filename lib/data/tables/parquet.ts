/** @file Tables from Parquet files, by the package hyparquet. */
import { type FileHandle, open } from 'node:fs/promises';
import { types } from 'node:util';
import { readOptions } from '../../core/arguments';
import { ArgumentError, FileFormatError, NodegradError } from '../../core/errors';
import { describe } from '../../core/shape';
import { type Tensor } from '../../core/tensor';
import { tooMuch, type UnpackOptions, unpackSpec } from '../bytes';
import { peer } from '../peer';
import { type Cell } from './cells';
import { tableOf } from './make';
import { type TableOptions, tableSpec, type WithTarget } from './options';
import { cellAt, rowError, type RowSource, type RowVisitor, typedCell } from './source';
import { type TableDataset } from './table-dataset';

/** Settings of `data.parquet`. `maxBytes` is for each group of rows. */
export interface ParquetOptions extends TableOptions, UnpackOptions {}

// What is called of hyparquet.
interface AsyncBuffer {
  byteLength: number;
  slice(start: number, end?: number): ArrayBuffer | Promise<ArrayBuffer>;
}
interface Metadata {
  row_groups: {
    num_rows: bigint;
    columns: { meta_data?: { codec: string; path_in_schema: string[]; total_uncompressed_size: bigint } }[];
  }[];
}
type Compressors = Record<string, (input: Uint8Array, outputLength: number) => Uint8Array>;
interface Hyparquet {
  parquetMetadataAsync(file: AsyncBuffer): Promise<Metadata>;
  parquetSchema(metadata: Metadata): { children: { element: { name: string } }[] };
  parquetReadObjects(options: {
    file: AsyncBuffer;
    metadata: Metadata;
    columns: string[];
    rowStart: number;
    rowEnd: number;
    compressors: Compressors;
  }): Promise<Record<string, unknown>[]>;
  snappyUncompress(input: Uint8Array, output: Uint8Array): void;
}

// Errors of the file system and of nodegrad say themselves what is wrong; of hyparquet's, there may be any.
const isKnown = (e: unknown): boolean =>
  e instanceof NodegradError || (e as NodeJS.ErrnoException).syscall !== undefined;

class ParquetSource implements RowSource {
  readonly op = 'parquet';
  readonly unit = 'row';
  readonly textual = false;
  readonly decimal = '.';
  private metadata!: Metadata;
  private compressors: Compressors = {};

  constructor(
    readonly name: string,
    private readonly file: AsyncBuffer,
    private readonly maxBytes: number,
    private readonly library: Hyparquet,
  ) {}

  cellOf(value: unknown): Cell | null {
    return typedCell(this.op, value);
  }

  async names(): Promise<readonly string[]> {
    try {
      this.metadata = await this.library.parquetMetadataAsync(this.file);
      const names = this.library.parquetSchema(this.metadata).children.map((c) => c.element.name);
      this.compressors = await this.compressorsOf();
      return names;
    } catch (cause) {
      if (isKnown(cause)) throw cause;
      throw new FileFormatError(
        `[parquet] ${this.name}: the end of its ${this.file.byteLength} bytes is no footer of a Parquet file: ` +
          (cause as Error).message,
        { cause },
      );
    }
  }

  // Of what the file uses; each bounded, whatever a page says it unpacks to.
  private async compressorsOf(): Promise<Compressors> {
    const codecs = new Set(this.metadata.row_groups.flatMap((g) => g.columns.map((c) => c.meta_data?.codec)));
    const more = [...codecs].find((c) => c !== undefined && c !== 'UNCOMPRESSED' && c !== 'SNAPPY');
    const { snappyUncompress } = this.library;
    const own: Compressors = {
      SNAPPY(input, outputLength) {
        const output = new Uint8Array(outputLength);
        snappyUncompress(input, output);
        return output;
      },
    };
    const all = more
      ? (await peer<{ compressors: Compressors }>('parquet', 'hyparquet-compressors', more)).compressors
      : own;
    const bounded = Object.entries(all).map(([codec, unpack]): [string, Compressors[string]] => [
      codec,
      (input, outputLength) => {
        if (outputLength > this.maxBytes) throw tooMuch('parquet', this.name, this.maxBytes);
        return unpack(input, outputLength);
      },
    ]);
    return Object.fromEntries(bounded);
  }

  async each(columns: readonly string[], most: number, visit: RowVisitor): Promise<void> {
    let first = 0;
    for (const group of this.metadata.row_groups) {
      const rows = Math.min(Number(group.num_rows), most - first);
      if (rows <= 0) return;
      const size = group.columns.reduce((n, { meta_data: c }) => {
        const wanted = c !== undefined && columns.includes(c.path_in_schema[0]!);
        return wanted ? n + Number(c.total_uncompressed_size) : n;
      }, 0);
      if (size > this.maxBytes)
        throw tooMuch('parquet', `${this.name}, row ${first} and those after it`, this.maxBytes);
      const values = await this.rows([...columns], first, first + rows);
      const cells = new Array<Cell | null>(columns.length);
      for (let i = 0; i < rows; i++) {
        for (let k = 0; k < columns.length; k++)
          cells[k] = cellAt(this, columns[k]!, first + i, values[i]![columns[k]!]);
        visit(cells, first + i);
      }
      first += rows;
    }
  }

  private async rows(columns: string[], rowStart: number, rowEnd: number): Promise<Record<string, unknown>[]> {
    const { file, metadata, compressors } = this;
    let rows: Record<string, unknown>[];
    try {
      rows = await this.library.parquetReadObjects({ file, metadata, columns, rowStart, rowEnd, compressors });
    } catch (cause) {
      if (isKnown(cause)) throw cause;
      throw rowError(this, rowStart, `the rows from there on cannot be read: ${(cause as Error).message}`, cause);
    }
    if (rows.length === rowEnd - rowStart) return rows;
    throw rowError(this, rowStart, `there are ${rows.length} rows from there on, not ${rowEnd - rowStart}`);
  }
}

// The parts of a file as hyparquet asks for them.
async function fileBuffer(path: string, file: FileHandle): Promise<AsyncBuffer> {
  const { size } = await file.stat();
  return {
    byteLength: size,
    // The promise of node:fs itself, since hyparquet tells promises by their class.
    slice(start, end = size) {
      if (start < 0 || start > end || end > size)
        throw new FileFormatError(`[parquet] ${path}: truncated: bytes ${start} to ${end} of ${size} are named in it`);
      const bytes = new Uint8Array(end - start);
      return file.read(bytes, 0, bytes.length, start).then(({ bytesRead }) => bytes.buffer.slice(0, bytesRead));
    },
  };
}

/**
 * A table from a Parquet file, as {@link csv} gives it: features and target, categories encoded, columns kept. Needs
 * the package hyparquet; hyparquet-compressors too for files that are not written with Snappy or plain.
 *
 * Types are the file's: integers, floats, decimals and booleans are numbers, dates and timestamps days since 1970-01-01,
 * text is a category unless all of it is dates. Groups of rows are read one by one, twice, so the file may be larger
 * than memory as long as the numbers fit.
 *
 * @param source - a path, or the bytes of a file
 * @throws FileFormatError for what is no Parquet file, is truncated, or has a column of lists or structures that is not
 *   left out; `ERR_MISSING_DEPENDENCY` without the package
 * @example
 * ```ts
 * const trips = await data.parquet('trips.parquet', { target: 'fare', features: ['miles', 'hour'] });
 * ```
 */
export function parquet(
  source: string | ArrayBuffer | Uint8Array,
  options: WithTarget<ParquetOptions>,
): Promise<TableDataset<[Tensor, Tensor]>>;
export function parquet(
  source: string | ArrayBuffer | Uint8Array,
  options?: ParquetOptions,
): Promise<TableDataset<[Tensor]>>;
export async function parquet(
  source: string | ArrayBuffer | Uint8Array,
  options: ParquetOptions = {},
): Promise<TableDataset> {
  const o = readOptions('parquet', { ...tableSpec, ...unpackSpec }, options);
  const bytes = bytesOf(source);
  if (!bytes && (typeof source !== 'string' || source === ''))
    throw new ArgumentError(`[parquet] expected a path or the bytes of a file, got ${describe(source)}`);
  const library = await peer<Hyparquet>('parquet', 'hyparquet');
  if (bytes) {
    const buffer = { byteLength: bytes.byteLength, slice: (start: number, end?: number) => bytes.slice(start, end) };
    return tableOf(new ParquetSource('the given bytes', buffer, o.maxBytes, library), o);
  }
  const file = await open(source as string);
  try {
    const buffer = await fileBuffer(source as string, file);
    return await tableOf(new ParquetSource(source as string, buffer, o.maxBytes, library), o);
  } finally {
    await file.close();
  }
}

// The bytes that a user gave; undefined if they are none.
function bytesOf(source: unknown): ArrayBuffer | undefined {
  if (types.isAnyArrayBuffer(source)) return source as ArrayBuffer;
  if (!ArrayBuffer.isView(source)) return undefined;
  return source.buffer.slice(source.byteOffset, source.byteOffset + source.byteLength) as ArrayBuffer;
}
