/** @file Columns of a table on their way into matrices: where each one's values go, and what they become. */
import { ArgumentError } from '../../core/errors';
import { describe } from '../../core/shape';
import { type Category, nameOf, positionsOf, unknownCategory } from '../categories';
import { type Cell, type ColumnType, type NumericType, readers } from './cells';
import { type ColumnScan } from './column-scan';
import { type RowSource } from './source';
import { LabelEncoder } from '../label-encoder';
import { OneHotEncoder } from '../one-hot-encoder';

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
  write(out: Float32Array | Float64Array, at: number, cell: Cell | null): void;
}

/** Whose columns they are, for errors, and what stands before the fraction of a number in text. */
type Reading = Pick<RowSource, 'op' | 'decimal'>;

/** How many columns of the matrix they are. */
export const widthOf = (columns: readonly Writer[]): number => columns.reduce((n, c) => n + c.width, 0);

/**
 * Places columns side by side; one that is known to be numbers is there by its name. `oneHot` decides what becomes of categories: a
 * column for each, or their numbers.
 */
export function placed(
  scans: readonly (ColumnScan | string)[],
  typeOf: (scan: ColumnScan) => ColumnType,
  oneHot: boolean,
  how: Reading,
): Writer[] {
  let start = 0;
  return scans.map((scan) => {
    const column =
      typeof scan === 'string'
        ? numbers(scan, 'number', 0, start, how)
        : writer(scan, typeOf(scan), start, oneHot, how);
    start += column.width;
    return column;
  });
}

// How a column is written whose numbers go in as they are.
function numbers(name: string, type: NumericType, missing: number, start: number, how: Reading): Writer {
  const read = readers[type];
  const write: Writer['write'] = (out, at, cell) => {
    const value = cell === null ? NaN : read(cell, how.decimal);
    if (value === undefined) throw new ArgumentError(`[${how.op}] ${describe(cell)} in column ${name} is no ${type}`);
    out[at + start] = value;
  };
  return { name, type, missing, start, width: 1, write };
}

function writer(scan: ColumnScan, type: ColumnType, start: number, oneHot: boolean, how: Reading): Writer {
  const { name, missing } = scan;
  if (type !== 'category') return numbers(name, type, missing, start, how);
  const categories = scan.categories();
  const positions = positionsOf(categories);
  const code = (cell: Cell | null): number => {
    const c: Category = cell === null ? null : scan.category(cell);
    const at = positions.get(c);
    if (at === undefined)
      throw new ArgumentError(`[${how.op}] ${nameOf(c)} is no category of column ${name}`, unknownCategory);
    return at;
  };
  if (!oneHot) {
    const encoder = new LabelEncoder().fit(categories);
    return { name, type, missing, start, width: 1, encoder, write: (out, at, cell) => (out[at + start] = code(cell)) };
  }
  const encoder = new OneHotEncoder({ categories: [categories] }).fit(categories);
  const write: Writer['write'] = (out, at, cell) => (out[at + start + code(cell)] = 1);
  return { name, type, missing, start, width: categories.length, encoder, write };
}

/** Writes a column of numbers into every row of a matrix of `width` columns. */
export function numberColumn(
  parts: readonly ArrayLike<number>[],
  out: Float64Array,
  start: number,
  width: number,
  rows: number,
): void {
  let at = start;
  let left = rows;
  for (const part of parts) for (let i = 0; i < part.length && left > 0; i++, left--, at += width) out[at] = part[i]!;
}

/** The names of the matrix's columns: the column's, and for each category `column_category`. */
export const matrixNames = (columns: readonly TableColumn[]): string[] =>
  columns.flatMap((c) => (c.encoder instanceof OneHotEncoder ? c.encoder.featureNames([c.name]) : [c.name]));
