/** @file The columns of a CSV file that are wanted: what they are, and their numbers. */
import { ArgumentError, FileFormatError } from '../core/errors';
import { type ColumnType } from './cells';
import { ColumnScan } from './column-scan';
import { placed, type Writer } from './csv-columns';
import { type CsvSettings } from './csv-options';
import { eachRow, rowError } from './csv-rows';

// Which columns are wanted: positions in a row, by name.
interface Wanted {
  features: string[];
  targets: string[];
  at: Map<string, number>;
}

function namesOf(path: string, first: readonly string[], o: CsvSettings): string[] {
  const given = Array.isArray(o.header) ? (o.header as string[]) : undefined;
  if (given && given.length !== first.length)
    throw new ArgumentError(`[csv] header has ${given.length} names, but ${path} has ${first.length} columns`);
  // As in pandas: the column of row numbers that R and pandas write has no name.
  const list = given ?? first.map((n, i) => (o.header === false ? `column${i}` : n === '' ? `Unnamed: ${i}` : n));
  const twice = list.find((n, i) => list.indexOf(n) < i);
  if (twice !== undefined)
    throw new FileFormatError(`[csv] ${path}: two columns are called ${twice}; name them by header`);
  return list;
}

function wantedOf(path: string, all: readonly string[], o: CsvSettings): Wanted {
  const targets = o.target === undefined ? [] : typeof o.target === 'string' ? [o.target] : [...o.target];
  for (const n of [...targets, ...(o.features ?? []), ...o.ignore, ...Object.keys(o.types)])
    if (!all.includes(n)) throw new ArgumentError(`[csv] ${path} has no column ${n}; it has ${all.join(', ')}`);
  const features = (o.features ?? all.filter((n) => !targets.includes(n))).filter((n) => !o.ignore.includes(n));
  const both = targets.find((n) => features.includes(n) || o.ignore.includes(n));
  if (both !== undefined)
    throw new ArgumentError(`[csv] column ${both} is the target and cannot be a feature or ignored`);
  if (features.length === 0) throw new ArgumentError('[csv] no column is left for the features');
  return { features, targets, at: new Map(all.map((n, i) => [n, i])) };
}

/** How many columns of the matrix they are. */
export const widthOf = (columns: readonly Writer[]): number => columns.reduce((n, c) => n + c.width, 0);

/** A file and how it is read. */
export class Table {
  readonly isMissing: (text: string) => boolean;
  private wanted!: Wanted;

  constructor(
    private readonly path: string,
    private readonly o: CsvSettings,
  ) {
    const words = new Set(o.missing);
    this.isMissing = (text) => words.has(text);
  }

  private get headers(): number {
    return this.o.header === true ? 1 : 0;
  }

  // Calls `visit` for each row of data that is kept. `first` is given the first row of all.
  private each(visit: (fields: string[], line: number) => void, first?: (fields: string[]) => void): Promise<void> {
    let row = 0;
    const { comment } = this.o;
    return eachRow(this.path, { ...this.o, comment }, this.o.limit + this.headers, (fields, line) => {
      if (row++ === 0) {
        first?.(fields);
        if (this.headers) return;
      }
      if (this.o.dropMissing && this.columns().some((n) => this.isMissing(fields[this.wanted.at.get(n)!]!))) return;
      visit(fields, line);
    });
  }

  private columns(): string[] {
    return [...this.wanted.features, ...this.wanted.targets];
  }

  /** Reads the file once, for what its columns are. */
  async scan(): Promise<{ length: number; writers: Writer[]; targets: Writer[] }> {
    const { o, path } = this;
    let scans: ColumnScan[] = [];
    let at: number[] = [];
    let length = 0;
    await this.each(
      (fields, line) => {
        length++;
        scans.forEach((scan, k) => {
          const text = fields[at[k]!]!;
          if (!this.isMissing(text)) return scan.add(text, line);
          scan.missing++;
          if (this.wanted.targets.includes(scan.name))
            throw rowError(path, line, `the target ${scan.name} is missing; leave such rows out by dropMissing: true`);
        });
      },
      (first) => {
        this.wanted = wantedOf(path, namesOf(path, first, o), o);
        scans = this.columns().map((n) => new ColumnScan(n, o.types[n], o.decimal, o.maxCategories));
        at = this.columns().map((n) => this.wanted.at.get(n)!);
      },
    );
    if (length === 0)
      throw new FileFormatError(`[csv] ${path} has no rows${o.dropMissing ? ' without a missing value' : ''}`);
    const typeOf = (scan: ColumnScan): ColumnType => scan.type((line, what) => rowError(path, line, what));
    const f = this.wanted.features.length;
    return {
      length,
      writers: placed(scans.slice(0, f), typeOf, o.categories === 'oneHot', o.decimal),
      targets: placed(scans.slice(f), typeOf, false, o.decimal),
    };
  }

  /** Reads the file again, for the numbers: features and targets, row by row. */
  async fill(length: number, ...sides: (readonly Writer[])[]): Promise<Float64Array[]> {
    const outs = sides.map((columns) => new Float64Array(length * widthOf(columns)));
    const at = sides.map((columns) => columns.map((c) => this.wanted.at.get(c.name)!));
    let row = 0;
    await this.each((fields) => {
      if (row === length) throw new FileFormatError(`[csv] ${this.path} was changed while it was read`);
      sides.forEach((columns, s) => {
        const from = row * (outs[s]!.length / length);
        columns.forEach((c, k) => {
          const text = fields[at[s]![k]!]!;
          c.write(outs[s]!, from, this.isMissing(text) ? null : text);
        });
      });
      row++;
    });
    if (row < length) throw new FileFormatError(`[csv] ${this.path} was changed while it was read`);
    return outs;
  }
}
