/** @file What a table is read from: rows of cells, gone through as often as needed. */
import { ArgumentError, FileFormatError } from '../../core/errors';
import { describe } from '../../core/shape';
import { type Cell, cellOf } from './cells';

type Place = Pick<RowSource, 'op' | 'name' | 'unit'>;

/** Called with the cells of a row, null where one is missing, and the line or row. The list is used again. */
export type RowVisitor = (cells: readonly (Cell | null)[], place: number) => void;

/** A source of rows. */
export interface RowSource {
  /** The function that the user called. */
  readonly op: string;
  /** What errors call the file. */
  readonly name: string;
  /** What errors count: lines from 1, rows from 0. */
  readonly unit: 'line' | 'row';
  /** Whether all cells come as text. */
  readonly textual: boolean;
  /** What stands before the fraction of a number in text. */
  readonly decimal: string;
  /** A value that the user gives in place of a cell, for rows like those of the file. */
  cellOf(value: unknown): Cell | null;
  /** The names of the columns. */
  names(): Promise<readonly string[]>;
  /** Calls `visit` for the cells of these columns in each row, in order, in no more than `most` rows. */
  each(columns: readonly string[], most: number, visit: RowVisitor): Promise<void>;
  /** A column that is in memory as numbers, none of them null, in one piece or several. Undefined for any other. */
  numbers?(column: string): readonly ArrayLike<number>[] | undefined;
}

/** An error of one row. */
export const rowError = ({ op, name, unit }: Place, place: number, what: string, cause?: unknown): FileFormatError =>
  new FileFormatError(`[${op}] ${name}, ${unit} ${place}: ${what}`, { cause });

/** A value of a file that has types, as a cell. @throws FileFormatError for lists, objects and bytes */
export function cellAt(source: Place, column: string, place: number, value: unknown): Cell | null {
  const cell = cellOf(value);
  if (cell !== undefined) return cell;
  throw rowError(
    source,
    place,
    `the value of column ${column} is no number, text, boolean or date; leave it out by ignore: ['${column}']`,
  );
}

/** A value that a user gives in place of a typed cell. @throws ArgumentError for lists, objects and bytes */
export function typedCell(op: string, value: unknown): Cell | null {
  const cell = cellOf(value);
  if (cell === undefined)
    throw new ArgumentError(
      `[${op}] a value must be a number, a string, a boolean, a date or null, got ${describe(value)}`,
    );
  return cell;
}
