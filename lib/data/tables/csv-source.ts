/** @file A CSV file as a source of rows. */
import { ArgumentError, FileFormatError } from '../../core/errors';
import { type CsvSettings } from './csv-options';
import { eachRow } from './csv-rows';
import { type Cell, cellOf } from './cells';
import { type RowSource, type RowVisitor } from './source';

/** A file that is read anew each time its rows are wanted. */
export class CsvSource implements RowSource {
  readonly op = 'csv';
  readonly unit = 'line';
  readonly textual = true;
  readonly decimal: string;
  private readonly missing: ReadonlySet<string>;
  // Where each column is in a row.
  private at = new Map<string, number>();

  constructor(
    readonly name: string,
    private readonly o: CsvSettings,
  ) {
    this.decimal = o.decimal;
    this.missing = new Set(o.missing);
  }

  /** As the file would have it; null for what is missing. */
  cellOf(value: unknown): Cell | null {
    const cell = cellOf(value);
    if (cell === null) return null;
    // What is no cell is looked for among the categories.
    const text =
      typeof cell === 'number'
        ? String(cell).replace('.', this.decimal)
        : typeof cell === 'object'
          ? cell.toISOString()
          : String(cell ?? value).trim();
    return this.missing.has(text) ? null : text;
  }

  async names(): Promise<readonly string[]> {
    let list: string[] | undefined;
    await eachRow(this.name, this.o, 1, (first) => (list = this.namesIn(first)));
    if (!list) throw new FileFormatError(`[csv] ${this.name} has no rows`);
    this.at = new Map(list.map((n, i) => [n, i]));
    return list;
  }

  private namesIn(first: readonly string[]): string[] {
    const { header } = this.o;
    const given = typeof header === 'boolean' ? undefined : header;
    if (given && given.length !== first.length)
      throw new ArgumentError(`[csv] header has ${given.length} names, but ${this.name} has ${first.length} columns`);
    // As in pandas: the column of row numbers that R and pandas write has no name.
    const list = given ?? first.map((n, i) => (header === false ? `column${i}` : n === '' ? `Unnamed: ${i}` : n));
    const twice = list.find((n, i) => list.indexOf(n) < i);
    if (twice !== undefined)
      throw new FileFormatError(`[csv] ${this.name}: two columns are called ${twice}; name them by header`);
    return [...list];
  }

  each(columns: readonly string[], most: number, visit: RowVisitor): Promise<void> {
    const headers = this.o.header === true ? 1 : 0;
    const at = columns.map((n) => this.at.get(n)!);
    const cells = new Array<string | null>(columns.length);
    let row = 0;
    return eachRow(this.name, this.o, most + headers, (fields, line) => {
      if (row++ < headers) return;
      for (let k = 0; k < at.length; k++) {
        const text = fields[at[k]!]!;
        cells[k] = this.missing.has(text) ? null : text;
      }
      visit(cells, line);
    });
  }
}
