/** @file Tables from lines of JSON (JSONL, NDJSON). */
import { readOptions } from '../../core/arguments';
import { ArgumentError } from '../../core/errors';
import { describe } from '../../core/shape';
import { type Tensor } from '../../core/tensor';
import { piecesOf, type UnpackOptions, unpackSpec } from '../bytes';
import { utf8 } from '../utf8';
import { type Cell, cellOf } from './cells';
import { tableOf } from './make';
import { type TableOptions, tableSpec, type WithTarget } from './options';
import { cellAt, rowError, type RowSource, type RowVisitor, typedCell } from './source';
import { type TableDataset } from './table-dataset';

/** Settings of `data.jsonl`. */
export interface JsonlOptions extends TableOptions, UnpackOptions {}

// Characters in a line, and different names in a file: more are no table.
const longestLine = 2 ** 27;
const mostNames = 2 ** 14;

/** What a list or an object stands for until its column is asked for. */
const nested: readonly unknown[] = [];

/** Objects by line, kept as columns: a stream can be read but once, and names may turn up in any line. */
class JsonlSource implements RowSource {
  readonly op = 'jsonl';
  readonly unit = 'line';
  readonly textual = false;
  readonly decimal = '.';
  private readonly columns = new Map<string, unknown[]>();
  // On which line each row is.
  private readonly lines: number[] = [];

  constructor(
    readonly name: string,
    private readonly text: AsyncIterable<string>,
    private readonly most: number,
  ) {}

  cellOf(value: unknown): Cell | null {
    return typedCell(this.op, value);
  }

  async names(): Promise<readonly string[]> {
    let rest = '';
    let line = 0;
    for await (const piece of this.text) {
      const parts = piece.split('\n');
      // Only what is new is searched: a line may be as long as it likes to be.
      parts[0] = rest + parts[0]!;
      rest = parts.pop()!;
      for (const part of parts) {
        this.read(part, ++line);
        if (this.lines.length === this.most) return [...this.columns.keys()];
      }
      if (rest.length > longestLine) throw rowError(this, line + 1, `more than ${longestLine} characters`);
    }
    this.read(rest, line + 1);
    return [...this.columns.keys()];
  }

  private read(text: string, line: number): void {
    if (text.trim() === '') return;
    let row: unknown;
    try {
      row = JSON.parse(text);
    } catch (cause) {
      throw rowError(this, line, `no JSON: ${(cause as Error).message}`, cause);
    }
    if (typeof row !== 'object' || row === null || Array.isArray(row))
      throw rowError(this, line, `expected an object, got ${describe(row)}`);
    const at = this.lines.push(line) - 1;
    for (const [name, value] of Object.entries(row)) {
      let column = this.columns.get(name);
      if (!column) {
        if (this.columns.size === mostNames) throw rowError(this, line, `more than ${mostNames} different names`);
        this.columns.set(name, (column = []));
      }
      // Missing in the rows before.
      while (column.length < at) column.push(null);
      const cell = cellOf(value);
      column.push(cell === undefined ? nested : cell);
    }
  }

  async each(columns: readonly string[], most: number, visit: RowVisitor): Promise<void> {
    const lists = columns.map((n) => this.columns.get(n)!);
    const cells = new Array<Cell | null>(columns.length);
    for (let i = 0; i < Math.min(this.lines.length, most); i++) {
      for (let k = 0; k < columns.length; k++) cells[k] = cellAt(this, columns[k]!, this.lines[i]!, lists[k]![i]);
      visit(cells, this.lines[i]!);
    }
  }
}

const isStream = (v: unknown): v is AsyncIterable<Uint8Array | string> =>
  typeof v === 'object' && v !== null && Symbol.asyncIterator in v;

async function* bytes(op: string, stream: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const piece of stream) {
    if (typeof piece === 'string') yield Buffer.from(piece);
    else if (ArrayBuffer.isView(piece)) yield new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
    else throw new ArgumentError(`[${op}] a stream must give bytes or text, got ${describe(piece)}`);
  }
}

/**
 * A table from lines of JSON, an object each, as {@link csv} gives it: features and target, categories encoded, columns
 * kept. Lines are read one by one; a .gz is unpacked. Names may differ between lines: one that is not there is missing, as
 * null is.
 *
 * Numbers, `true` and `false` are what they are; text is a category unless all of it is dates. A column of numbers and
 * text is an error with its line.
 *
 * @param source - a path, or a stream of bytes or text (of a file, a response, a process)
 * @throws FileFormatError with the line number for a line that is no JSON object, or a value of another type than those
 *   before it
 * @example
 * ```ts
 * const reviews = await data.jsonl('reviews.jsonl', { target: 'stars', ignore: ['text'] });
 * const live = await data.jsonl((await fetch(url)).body, { target: 'y' });
 * ```
 */
export function jsonl(
  source: string | AsyncIterable<Uint8Array | string>,
  options: WithTarget<JsonlOptions>,
): Promise<TableDataset<[Tensor, Tensor]>>;
export function jsonl(
  source: string | AsyncIterable<Uint8Array | string>,
  options?: JsonlOptions,
): Promise<TableDataset<[Tensor]>>;
export async function jsonl(
  source: string | AsyncIterable<Uint8Array | string>,
  options: JsonlOptions = {},
): Promise<TableDataset> {
  const o = readOptions('jsonl', { ...tableSpec, ...unpackSpec }, options);
  if (!isStream(source) && (typeof source !== 'string' || source === ''))
    throw new ArgumentError(`[jsonl] expected a path or a stream, got ${describe(source)}`);
  const [name, pieces]: [string, AsyncIterable<Uint8Array>] =
    typeof source === 'string'
      ? [source, piecesOf('jsonl', source, o.maxBytes)]
      : ['the stream', bytes('jsonl', source)];
  return tableOf(new JsonlSource(name, utf8('jsonl', name, pieces), o.limit), o);
}
