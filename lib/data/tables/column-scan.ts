/** @file What the values of a column are, seen once from top to bottom. */
import { ArgumentError, type FileFormatError } from '../../core/errors';
import { describe } from '../../core/shape';
import { type Category, distinct } from '../categories';
import { type Cell, type ColumnType, numberIn, type NumericType, readers } from './cells';

const numericTypes = Object.keys(readers) as NumericType[];

// Of which a column must be to count as that type with mistakes in it.
const mostly = 0.9;

// A date is called by its text.
const named = (cell: Cell): string | number | boolean => (typeof cell === 'object' ? cell.toISOString() : cell);
const kindOf = (cell: Cell): string => (typeof cell === 'object' ? 'date' : typeof cell);
const shown = (cell: Cell): string => describe(named(cell));

/** Counts what the values of one column could be. */
export class ColumnScan {
  present = 0;
  missing = 0;
  private readonly counts: Record<NumericType, number> = { number: 0, boolean: 0, date: 0 };
  /** The first value that is not of the type, and its line. */
  private readonly odd: Partial<Record<NumericType, { cell: Cell; place: number }>> = {};
  private readonly found = new Set<string | number | boolean>();
  /** What the first value is in the file, and the first value that is something else. */
  private kind: string | undefined;
  private mixed: { cell: Cell; place: number } | undefined;

  constructor(
    readonly name: string,
    private readonly declared: ColumnType | undefined,
    private readonly decimal: string,
    /** More different values than these are no categories. */
    private readonly most: number,
    private readonly op: string,
    /** Whether all values come as text, whatever they are. Else text that looks like a number is none. */
    private readonly textual: boolean,
  ) {}

  /** Looks at one value that is not missing; `place` is its line or row. */
  add(cell: Cell, place: number): void {
    this.present++;
    const kind = kindOf(cell);
    this.kind ??= kind;
    if (kind !== this.kind) this.mixed ??= { cell, place };
    const is = this.typeOf(cell);
    for (const type of numericTypes) {
      if (type === is) this.counts[type]++;
      else this.odd[type] ??= { cell, place };
    }
    if (this.found.size <= this.most) this.found.add(named(cell));
  }

  // The type of one value; no value is of two.
  private typeOf(cell: Cell): NumericType | undefined {
    if (!this.textual && typeof cell === 'string' && this.declared !== 'number' && this.declared !== 'boolean')
      return readers.date(cell, this.decimal) === undefined ? undefined : 'date';
    return numericTypes.find((type) => readers[type](cell, this.decimal) !== undefined);
  }

  /** What the column is: as declared, or what all values are. `fail` makes the error of a line or row. */
  type(fail: (place: number, what: string) => FileFormatError): ColumnType {
    const { declared, mixed } = this;
    if (declared && declared !== 'category') {
      const odd = this.odd[declared];
      if (odd) throw fail(odd.place, `${shown(odd.cell)} in column ${this.name} is no ${declared}`);
      return declared;
    }
    if (mixed)
      throw fail(
        mixed.place,
        `${shown(mixed.cell)} in column ${this.name} is a ${kindOf(mixed.cell)}, the values before it are each a ${this.kind}; ` +
          'make them all alike, or leave the column out by ignore',
      );
    if (declared) return declared;
    if (this.present === 0) return 'number';
    for (const type of numericTypes) if (this.counts[type] === this.present) return type;
    for (const type of numericTypes) {
      if (!this.textual || this.present < 10 || this.counts[type] < mostly * this.present) continue;
      const { cell, place } = this.odd[type]!;
      throw fail(
        place,
        `${shown(cell)} in column ${this.name} is no ${type}, as the other values are; add it to missing, or say ` +
          `types: { ${JSON.stringify(this.name)}: 'category' }`,
      );
    }
    return 'category';
  }

  /** The different values, sorted; numbers if all are numbers. What is missing is the last, if any is. */
  categories(): Category[] {
    if (this.found.size > this.most)
      throw new ArgumentError(
        `[${this.op}] column ${this.name} has more than ${this.most} different values; leave it out by ignore: [${JSON.stringify(this.name)}], ` +
          'or raise maxCategories',
      );
    const list = [...this.found].map((cell) => this.category(cell));
    return distinct(this.op, this.missing > 0 ? [...list, null] : list);
  }

  /** The category that a cell names. */
  category(cell: Cell): Category {
    const c = named(cell);
    return this.textual && this.counts.number === this.present ? (numberIn(String(c), this.decimal) ?? c) : c;
  }
}
