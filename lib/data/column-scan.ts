/** @file What the values of a column of text are, seen once from top to bottom. */
import { ArgumentError, type FileFormatError } from '../core/errors';
import { describe } from '../core/shape';
import { type Category, distinct } from './categories';
import { type ColumnType, numberIn, type NumericType, readers } from './cells';

const numericTypes = Object.keys(readers) as NumericType[];

// Of which a column must be to count as that type with mistakes in it.
const mostly = 0.9;

/** Counts what the values of one column could be. */
export class ColumnScan {
  present = 0;
  missing = 0;
  private readonly counts: Record<NumericType, number> = { number: 0, boolean: 0, date: 0 };
  /** The first value that is not of the type, and its line. */
  private readonly odd: Partial<Record<NumericType, { text: string; line: number }>> = {};
  private readonly found = new Set<string>();

  constructor(
    readonly name: string,
    private readonly declared: ColumnType | undefined,
    private readonly decimal: string,
    /** More different values than these are no categories. */
    private readonly most: number,
  ) {}

  /** Looks at one value that is not missing. */
  add(text: string, line: number): void {
    this.present++;
    // No text is of two of them.
    const is = numericTypes.find((type) => readers[type](text, this.decimal) !== undefined);
    for (const type of numericTypes) {
      if (type === is) this.counts[type]++;
      else this.odd[type] ??= { text, line };
    }
    if (this.found.size <= this.most) this.found.add(text);
  }

  /** What the column is: as declared, or what all values are. `fail` makes the error of a line. */
  type(fail: (line: number, what: string) => FileFormatError): ColumnType {
    const { declared } = this;
    if (declared && declared !== 'category') {
      const odd = this.odd[declared];
      if (odd) throw fail(odd.line, `${describe(odd.text)} in column ${this.name} is no ${declared}`);
      return declared;
    }
    if (declared) return declared;
    if (this.present === 0) return 'number';
    for (const type of numericTypes) if (this.counts[type] === this.present) return type;
    for (const type of numericTypes) {
      if (this.present < 10 || this.counts[type] < mostly * this.present) continue;
      const { text, line } = this.odd[type]!;
      throw fail(
        line,
        `${describe(text)} in column ${this.name} is no ${type}, as the other values are; add it to missing, or say ` +
          `types: { ${JSON.stringify(this.name)}: 'category' }`,
      );
    }
    return 'category';
  }

  /** The different values, sorted; numbers if all are numbers. What is missing is the last, if any is. */
  categories(): Category[] {
    if (this.found.size > this.most)
      throw new ArgumentError(
        `[csv] column ${this.name} has more than ${this.most} different values; leave it out by ignore: [${JSON.stringify(this.name)}], ` +
          'or raise maxCategories',
      );
    const list = [...this.found].map((text) => this.category(text));
    return distinct('csv', this.missing > 0 ? [...list, null] : list);
  }

  /** The category that a text names. */
  category(text: string): Category {
    return this.counts.number === this.present ? numberIn(text, this.decimal)! : text;
  }
}
