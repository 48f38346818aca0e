/** @file The columns of a table that are wanted: what they are, and their numbers. */
import { ArgumentError, FileFormatError } from '../../core/errors';
import { type ColumnType } from './cells';
import { ColumnScan } from './column-scan';
import { type TableSettings } from './options';
import { rowError, type RowSource, type RowVisitor } from './source';
import { numberColumn, placed, widthOf, type Writer } from './table-columns';

// Which columns are wanted.
interface Wanted {
  features: string[];
  targets: string[];
}

function wantedOf({ op, name }: RowSource, all: readonly string[], o: TableSettings): Wanted {
  const targets = o.target === undefined ? [] : typeof o.target === 'string' ? [o.target] : [...o.target];
  for (const n of [...targets, ...(o.features ?? []), ...o.ignore, ...Object.keys(o.types)])
    if (!all.includes(n)) throw new ArgumentError(`[${op}] ${name} has no column ${n}; it has ${all.join(', ')}`);
  const features = (o.features ?? all.filter((n) => !targets.includes(n))).filter((n) => !o.ignore.includes(n));
  const both = targets.find((n) => features.includes(n) || o.ignore.includes(n));
  if (both !== undefined)
    throw new ArgumentError(`[${op}] column ${both} is the target and cannot be a feature or ignored`);
  if (features.length === 0) throw new ArgumentError(`[${op}] no column is left for the features`);
  return { features, targets };
}

/** What a table holds, after one look at all of it. */
export interface Scanned {
  /** How many rows there are. */
  length: number;
  writers: Writer[];
  targets: Writer[];
}

/** A source and how it is read. */
export class Table {
  private wanted!: Wanted;
  // Those that are numbers in memory, and need not be looked at cell by cell.
  private readonly ready = new Map<string, readonly ArrayLike<number>[]>();

  constructor(
    readonly source: RowSource,
    private readonly o: TableSettings,
  ) {}

  // Calls `visit` for the cells of each row that is kept.
  private each(columns: readonly string[], visit: RowVisitor): Promise<void> {
    return this.source.each(columns, this.o.limit, (cells, place) => {
      if (!this.o.dropMissing || !cells.includes(null)) visit(cells, place);
    });
  }

  private columns(): string[] {
    return [...this.wanted.features, ...this.wanted.targets].filter((n) => !this.ready.has(n));
  }

  /** Goes through the rows once, for what the columns are. */
  async scan(): Promise<Scanned> {
    const { o, source } = this;
    this.wanted = wantedOf(source, await source.names(), o);
    const { features, targets } = this.wanted;
    for (const n of [...features, ...targets]) {
      const parts = o.dropMissing || o.types[n] !== undefined ? undefined : source.numbers?.(n);
      if (parts) this.ready.set(n, parts);
    }
    const scans = this.columns().map(
      (n) => new ColumnScan(n, o.types[n], source.decimal, o.maxCategories, source.op, source.textual),
    );
    let length = 0;
    await this.each(this.columns(), (cells, place) => {
      length++;
      scans.forEach((scan, k) => {
        const cell = cells[k]!;
        if (cell !== null) return scan.add(cell, place);
        scan.missing++;
        if (targets.includes(scan.name)) throw this.missingTarget(scan.name, place);
      });
    });
    if (length === 0)
      throw new FileFormatError(
        `[${source.op}] ${source.name} has no rows${o.dropMissing ? ' without a missing value' : ''}`,
      );
    for (const n of targets) this.checkReady(n, length);
    const typeOf = (scan: ColumnScan): ColumnType => scan.type((place, what) => rowError(source, place, what));
    const columnsOf = (names: readonly string[]): (ColumnScan | string)[] =>
      names.map((n) => scans.find((s) => s.name === n) ?? n);
    return {
      length,
      writers: placed(columnsOf(features), typeOf, o.categories === 'oneHot', source),
      targets: placed(columnsOf(targets), typeOf, false, source),
    };
  }

  private missingTarget(name: string, place: number): FileFormatError {
    return rowError(this.source, place, `the target ${name} is missing; leave such rows out by dropMissing: true`);
  }

  // NaN is missing in numbers too.
  private checkReady(name: string, length: number): void {
    let row = 0;
    for (const part of this.ready.get(name) ?? [])
      for (let i = 0; i < part.length && row < length; i++, row++)
        if (Number.isNaN(part[i])) throw this.missingTarget(name, row);
  }

  /** Goes through the rows again, for the numbers: features and targets, row by row. */
  async fill(length: number, ...sides: (readonly Writer[])[]): Promise<Float64Array[]> {
    const { op, name } = this.source;
    const outs = sides.map((columns) => new Float64Array(length * widthOf(columns)));
    const columns = this.columns();
    sides.forEach((side, s) => {
      for (const c of side) {
        const parts = this.ready.get(c.name);
        if (parts) numberColumn(parts, outs[s]!, c.start, outs[s]!.length / length, length);
      }
    });
    const writers = sides.map((side) => side.filter((c) => !this.ready.has(c.name)));
    const at = writers.map((side) => side.map((c) => columns.indexOf(c.name)));
    let row = 0;
    await this.each(columns, (cells) => {
      if (row === length) throw new FileFormatError(`[${op}] ${name} was changed while it was read`);
      writers.forEach((side, s) => {
        const from = row * (outs[s]!.length / length);
        side.forEach((c, k) => c.write(outs[s]!, from, cells[at[s]![k]!]!));
      });
      row++;
    });
    if (row < length) throw new FileFormatError(`[${op}] ${name} was changed while it was read`);
    return outs;
  }
}
