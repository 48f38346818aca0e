/** @file Data as columns: the features that scalers and imputers look at one by one. */
import { NumericError, ShapeError } from '../core/errors';
import { showShape } from '../core/shape';
import { given, type Given, numbersOf, type Values } from './given';

/** What a user gave, and how many features it has: the last dimension of [n, f] and [n, t, f], one of [n]. */
export interface Features extends Given {
  readonly features: number;
}

/** Reads `x`. @throws ShapeError unless it has `expected` features, if that is said */
export function featuresOf(op: string, x: Values, expected?: number): Features {
  const from = given(op, 'x', x);
  const { shape } = from.values;
  if (shape.length > 3) throw new ShapeError(`[${op}] x must be [n], [n, f] or [n, t, f], got ${showShape(shape)}`);
  const features = shape.length === 1 ? 1 : shape.at(-1)!;
  if (expected !== undefined && features !== expected)
    throw new ShapeError(`[${op}] was fitted on ${expected} features, got ${features}: shape ${showShape(shape)}`);
  return { ...from, features };
}

/**
 * The values of each feature, those that are missing (NaN) left out unless `all`. Blocks until they are known.
 * @throws ShapeError where there are no examples; NumericError for an infinity
 */
export function columnsOf(op: string, from: Features, all = false): Float64Array[] {
  const values = numbersOf(from.values);
  const f = from.features;
  if (values.length === 0)
    throw new ShapeError(`[${op}] fit needs examples, got shape ${showShape(from.values.shape)}`);
  const n = values.length / f;
  return Array.from({ length: f }, (_, j) => {
    const column = new Float64Array(n);
    let k = 0;
    for (let i = 0; i < n; i++) {
      const v = values[i * f + j]!;
      if (v === Infinity || v === -Infinity)
        throw new NumericError(`[${op}] x holds ${v}, in feature ${j} of row ${i}`);
      if (all || !Number.isNaN(v)) column[k++] = v;
    }
    return column.subarray(0, k);
  });
}

/** The value below which the share `q` of `sorted` lies, linear between neighbours as in numpy; NaN of nothing. */
export function quantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const [a, b] = [sorted[low], sorted[Math.min(low + 1, sorted.length - 1)]];
  return a === undefined ? NaN : a + (b! - a) * (at - low);
}

/** Mean and population variance, in two passes; NaN of nothing. */
export function moments(column: Float64Array): { mean: number; variance: number } {
  const n = column.length;
  let sum = 0;
  for (const v of column) sum += v;
  const mean = sum / n;
  let [squares, left] = [0, 0];
  for (const v of column) {
    squares += (v - mean) ** 2;
    left += v - mean;
  }
  // What the rounding of the mean leaves over is taken off again.
  return { mean, variance: (squares - left ** 2 / n) / n };
}
