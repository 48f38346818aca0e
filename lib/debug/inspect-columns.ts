/** @file What stands out in the columns of inputs. */
import { createHash } from 'node:crypto';
import { moments } from '../data/columns';
import { farApart, short } from '../data/description';
import { type Finding } from './finding';
import { percent, some } from './report';

/** Values of examples, row by row; what is behind the first dimension is columns. */
export interface Rows {
  /** 'x', 'x.age', 'y'. */
  name: string;
  /** NaN and infinities included. */
  values: Float64Array;
  rows: number;
  columns: number;
  /** Whether they are whole numbers by their dtype: tokens, categories. */
  integers: boolean;
}

/** "x[3]"; "x" if there is one column only. */
export const columnName = (r: Rows, j: number): string => (r.columns === 1 ? r.name : `${r.name}[${j}]`);

/** The values of one column. */
export const columnOf = (r: Rows, j: number): Float64Array =>
  Float64Array.from({ length: r.rows }, (_, i) => r.values[i * r.columns + j]!);

/** A short key that is equal for equal values. */
export const keyOf = (values: Float64Array): string => createHash('sha1').update(values).digest('base64');

// More columns than this are an image or a signal: pixels may be constant or alike, and have one scale.
const table = 64;
// Standardised inputs have deviation 1; what is far from it makes the first layer's gradients as large or as small.
const largest = 10;
const smallest = 0.01;

interface Column {
  name: string;
  nan: number;
  infinite: number;
  mean: number;
  std: number;
}

function summary(r: Rows, j: number): Column {
  const all = columnOf(r, j);
  const finite = all.filter(Number.isFinite);
  const nan = all.reduce((n, v) => n + Number(Number.isNaN(v)), 0);
  const { mean, variance } = moments(finite);
  return { name: columnName(r, j), nan, infinite: r.rows - nan - finite.length, mean, std: Math.sqrt(variance) };
}

// By how many times the columns of a table, or the values of an image, are too large or too small.
function scaleFindings(r: Rows, columns: readonly Column[]): Finding[] {
  const varying = columns.filter((c) => c.std > 0);
  if (r.integers || varying.length === 0) return [];
  const advice = 'Use data.StandardScaler, fitted on the training part (images: divide by 255, then Normalize).';
  const sizes = varying.map((c) => c.std);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  if (r.columns <= table && most > farApart * least) {
    const of = (std: number): string => varying.find((c) => c.std === std)!.name;
    const what = `the columns of ${r.name} differ in scale: deviation ${short(most)} of ${of(most)}, ${short(least)} of ${of(least)}`;
    return [{ kind: 'scale', severity: 'warning', what, advice }];
  }
  const size = (c: Column): number => Math.hypot(c.mean, c.std);
  const big = varying.filter((c) => size(c) > largest);
  if (big.length > 0) {
    const worst = big.reduce((a, b) => (size(b) > size(a) ? b : a));
    const what = `${big.length} of ${r.columns} columns of ${r.name} are not scaled: ${worst.name} has mean ${short(worst.mean)}, deviation ${short(worst.std)}`;
    return [{ kind: 'scale', severity: 'warning', what, advice }];
  }
  if (most < smallest) {
    const what = `all values of ${r.name} are small: the largest deviation of a column is ${short(most)}`;
    return [{ kind: 'scale', severity: 'warning', what, advice }];
  }
  return [];
}

/** Missing values, infinities, columns that say nothing or the same, scale. */
export function inspectColumns(r: Rows): Finding[] {
  const columns = Array.from({ length: r.columns }, (_, j) => summary(r, j));
  const out: Finding[] = [];
  const severe = r.columns <= table ? 'warning' : 'note';
  const missing = columns.filter((c) => c.nan > 0);
  if (missing.length > 0) {
    const n = missing.reduce((sum, c) => sum + c.nan, 0);
    out.push({
      kind: 'nan',
      severity: 'error',
      what: `${n} values (${percent(n / r.values.length)}) are NaN, in ${some(missing.map((c) => c.name))}`,
      advice:
        'Fill them with data.Imputer, fitted on the training part, or leave the rows out: one NaN makes the loss NaN.',
    });
  }
  const infinite = columns.filter((c) => c.infinite > 0);
  if (infinite.length > 0)
    out.push({
      kind: 'infinite',
      severity: 'error',
      what: `${infinite.reduce((sum, c) => sum + c.infinite, 0)} values are infinite, in ${some(infinite.map((c) => c.name))}`,
      advice: 'Look for a division by zero or a logarithm of zero where the data was made.',
    });
  const constant = columns.filter((c) => c.std === 0 && r.rows > 1);
  if (constant.length > 0)
    out.push({
      kind: 'constant',
      severity: severe,
      what: `always the same: ${some(constant.map((c) => c.name))}`,
      advice: 'Leave constant columns out: nothing can be learned from them.',
    });
  const seen = new Map<string, string>();
  const copies: string[] = [];
  columns.forEach((c, j) => {
    if (!(c.std > 0)) return;
    const key = keyOf(columnOf(r, j));
    const first = seen.get(key);
    if (first === undefined) seen.set(key, c.name);
    else copies.push(`${c.name} (as ${first})`);
  });
  if (copies.length > 0)
    out.push({
      kind: 'duplicate-columns',
      severity: severe,
      what: `columns that are there twice: ${some(copies)}`,
      advice: 'Leave copies of columns out.',
    });
  return [...out, ...scaleFindings(r, columns)];
}
