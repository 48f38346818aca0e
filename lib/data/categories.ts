/** @file Categories: strings, numbers or booleans that name a class, in an order of their own. */
import { ArgumentError, ShapeError } from '../core/errors';
import { describe, showShape } from '../core/shape';
import { Tensor } from '../core/tensor';
import { type NestedNumbers } from '../ops/tensors/read';
import { tensorOf } from './given';

/** What a class is called; null is what is missing (null, undefined and NaN). */
export type Category = string | number | boolean | null;

/** A column of categories: [n]. */
export type CategoryList = readonly (Category | undefined)[] | ArrayBufferView | Tensor;

/** The code of errors for a category that was not there when the encoder was fitted. */
export const unknownCategory = 'ERR_UNKNOWN_CATEGORY';

/** A category as its text, for messages and names of columns. */
export const nameOf = (c: Category): string => (c === null ? 'missing' : String(c));

function categoryOf(op: string, v: unknown): Category {
  if (v === undefined || v === null || Number.isNaN(v)) return null;
  if (typeof v === 'string' || typeof v === 'number' || typeof v === 'boolean') return v;
  if (typeof v === 'bigint') return Number(v);
  throw new ArgumentError(`[${op}] a category must be a string, a number, a boolean or null, got ${describe(v)}`);
}

/**
 * The rows of what a user gave: one category each for [n], a list of them for [n, f].
 * @returns the columns, and whether they were given as [n]
 */
export function categoryColumns(op: string, name: string, given: unknown): { columns: Category[][]; flat: boolean } {
  let rows = given;
  if (given instanceof Tensor || ArrayBuffer.isView(given))
    rows = tensorOf(op, name, given).arraySync() as NestedNumbers;
  if (!Array.isArray(rows))
    throw new ArgumentError(`[${op}] ${name} must be a list of categories or of rows of them, got ${describe(given)}`);
  const list = rows as unknown[];
  if (!list.some(Array.isArray)) return { columns: [list.map((v) => categoryOf(op, v))], flat: true };
  const width = Array.isArray(list[0]) ? list[0].length : 0;
  if (width === 0)
    throw new ShapeError(`[${op}] ${name}: row 0 must hold a category for each feature, got ${describe(list[0])}`);
  const odd = list.findIndex((r) => !Array.isArray(r) || r.length !== width);
  if (odd >= 0) throw new ShapeError(`[${op}] ${name}: row ${odd} is no list of ${width} categories, as row 0 is`);
  const columns = Array.from({ length: width }, (_, j) => list.map((r) => categoryOf(op, (r as unknown[])[j])));
  return { columns, flat: false };
}

/** One column of categories. */
export function categoryList(op: string, name: string, given: unknown): Category[] {
  const { columns, flat } = categoryColumns(op, name, given);
  if (!flat)
    throw new ShapeError(
      `[${op}] ${name} must be one list of categories, got ${showShape([columns[0]!.length, columns.length])}`,
    );
  return columns[0]!;
}

/**
 * The different categories of a column: numbers by size, strings by their characters, false before true, what is
 * missing last.
 * @throws ArgumentError where their types differ
 */
export function distinct(op: string, column: readonly Category[]): Category[] {
  const found = [...new Set(column)];
  const present = found.filter((c) => c !== null);
  const types = [...new Set(present.map((c) => typeof c))];
  if (types.length > 1) throw new ArgumentError(`[${op}] categories must be of one type, got ${types.join(' and ')}`);
  present.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return present.length < found.length ? [...present, null] : present;
}

/** Where each category stands in a list. */
export const positionsOf = (list: readonly Category[]): Map<Category, number> => new Map(list.map((c, i) => [c, i]));

/** A list of categories in JSON. */
export function categoriesIn(op: string, json: unknown): Category[] {
  if (!Array.isArray(json))
    throw new ArgumentError(`[${op}] fromJSON: expected a list of categories, got ${describe(json)}`);
  return json.map((v) => categoryOf(op, v));
}
