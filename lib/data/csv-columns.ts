/** @file Columns of text on their way into matrices: where each one's values go, and what they become. */
import { ArgumentError } from '../core/errors';
import { type Category, nameOf, positionsOf, unknownCategory } from './categories';
import { type ColumnType, readers } from './cells';
import { type ColumnScan } from './column-scan';
import { LabelEncoder } from './label-encoder';
import { OneHotEncoder } from './one-hot-encoder';

/** One column of a table, and the columns of the matrix that it became. */
export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** How many values are missing. */
  readonly missing: number;
  /** Its first column in the matrix of features or targets, and how many there are. */
  readonly start: number;
  readonly width: number;
  /** Of a category. */
  readonly encoder?: OneHotEncoder | LabelEncoder | undefined;
}

/** A column with its way of writing a value, null if it is missing, into a row that begins at `at`. */
export interface Writer extends TableColumn {
  write(out: Float32Array | Float64Array, at: number, text: string | null): void;
}

/** Places columns side by side. `oneHot` decides what becomes of categories: a column for each, or their numbers. */
export function placed(
  scans: readonly ColumnScan[],
  typeOf: (scan: ColumnScan) => ColumnType,
  oneHot: boolean,
  decimal: string,
): Writer[] {
  let start = 0;
  return scans.map((scan) => {
    const column = writer(scan, typeOf(scan), start, oneHot, decimal);
    start += column.width;
    return column;
  });
}

function writer(scan: ColumnScan, type: ColumnType, start: number, oneHot: boolean, decimal: string): Writer {
  const { name, missing } = scan;
  if (type !== 'category') {
    const read = readers[type];
    return {
      name,
      type,
      missing,
      start,
      width: 1,
      write: (out, at, text) => {
        const value = text === null ? NaN : read(text, decimal);
        if (value === undefined) throw new ArgumentError(`[csv] '${text}' in column ${name} is no ${type}`);
        out[at + start] = value;
      },
    };
  }
  const categories = scan.categories();
  const positions = positionsOf(categories);
  const code = (text: string | null): number => {
    const c: Category = text === null ? null : scan.category(text);
    const at = positions.get(c);
    if (at === undefined)
      throw new ArgumentError(`[csv] ${nameOf(c)} is no category of column ${name}`, unknownCategory);
    return at;
  };
  if (!oneHot) {
    const encoder = new LabelEncoder().fit(categories);
    return { name, type, missing, start, width: 1, encoder, write: (out, at, text) => (out[at + start] = code(text)) };
  }
  const encoder = new OneHotEncoder({ categories: [categories] }).fit(categories);
  const write: Writer['write'] = (out, at, text) => (out[at + start + code(text)] = 1);
  return { name, type, missing, start, width: categories.length, encoder, write };
}

/** The names of the matrix's columns: the column's, and for each category `column_category`. */
export const matrixNames = (columns: readonly TableColumn[]): string[] =>
  columns.flatMap((c) => (c.encoder instanceof OneHotEncoder ? c.encoder.featureNames([c.name]) : [c.name]));
