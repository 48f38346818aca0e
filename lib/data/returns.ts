/** @file Prices as returns, and back. */
import { NumericError, ShapeError } from '../core/errors';
import { type InOrderOrByName, readArguments } from '../core/arguments';
import { either, number, Param } from '../core/params';
import { showShape } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { div, log, mul, sub } from '../ops/elementwise/arithmetic';
import { zeros } from '../ops/tensors/create';
import { catOf } from '../ops/shape/joining';
import { exp } from '../ops/elementwise/math';
import { cumsum } from '../ops/reduce/scans';
import { expanded, narrow, reshape } from '../ops/shape/views';
import { given, type Given, numbersOf, prepared, type Values } from './given';

// A price of zero has no return, a negative one no logarithm. A missing one (NaN) makes missing returns.
function checkPositive(op: string, name: string, values: Tensor): void {
  const bad = numbersOf(values).findIndex((p) => p <= 0);
  if (bad >= 0) throw new NumericError(`[${op}] ${name} must be above 0, got ${numbersOf(values)[bad]} at ${bad}`);
}

// Each value with the one before it.
function changes(op: string, prices: Values, change: (now: Tensor, before: Tensor) => Tensor): Tensor {
  const from = given(op, 'prices', prices);
  const n = from.values.shape[0]!;
  if (n < 2) throw new ShapeError(`[${op}] needs two prices at least, got shape ${showShape(from.values.shape)}`);
  checkPositive(op, 'prices', from.values);
  return prepared(from, (p) => change(narrow(p, 0, 1, n - 1), narrow(p, 0, 0, n - 1)));
}

/**
 * Logarithmic returns along the first dimension (time): `ln(p[t] / p[t - 1])`. They add up over time, and
 * {@link fromLogReturns} makes prices of them again.
 *
 * @param prices - [t], or [t, f] for f series, oldest first; above 0. Missing ones (NaN) make missing returns.
 * @returns [t - 1] or [t - 1, f]; the first is the change from the first price to the second. Floating dtypes stay,
 *   others and arrays of numbers become the default dtype; all are computed in float64.
 * @throws ShapeError for fewer than two prices; NumericError (`ERR_NUMERIC`) for one that is not above 0
 * @example
 * ```ts
 * data.logReturns([100, 110, 99]);             // [0.0953, -0.1054]
 * ```
 */
export const logReturns = (prices: Values): Tensor =>
  changes('logReturns', prices, (now, before) => log(div(now, before)));

/**
 * Simple returns along the first dimension (time): `p[t] / p[t - 1] - 1`, the share by which a price changed.
 *
 * @param prices - [t], or [t, f] for f series, oldest first; above 0.
 * @returns [t - 1] or [t - 1, f], as of {@link logReturns}
 * @throws ShapeError for fewer than two prices; NumericError (`ERR_NUMERIC`) for one that is not above 0
 * @example
 * ```ts
 * data.returns([100, 110, 99]);                // [0.1, -0.1]
 * ```
 */
export const returns = (prices: Values): Tensor =>
  changes('returns', prices, (now, before) => div(sub(now, before), before));

const series = new Param<Given>('a tensor or an array of numbers', (v, op, name) => given(op, name, v));
const fromSpec = { returns: series, first: either(number({ above: 0 }), series) };

/** The arguments of {@link fromLogReturns} by name. */
export interface FromLogReturns {
  returns: Values;
  first: Values | number;
}

/**
 * Prices of {@link logReturns}: `first * exp(r[0] + ... + r[t])`, with `first` in front.
 *
 * @param returns - [t] or [t, f], oldest first
 * @param first - the price before the first return: a number, or [f] for f series
 * @returns [t + 1] or [t + 1, f], in the dtype of `returns` (arrays of numbers: the default dtype)
 * @throws ShapeError where `first` has another shape than one moment of `returns`
 * @example
 * ```ts
 * data.fromLogReturns(data.logReturns(prices), prices[0]!);     // the prices
 * ```
 */
export function fromLogReturns(
  ...args: InOrderOrByName<[returns: Values, first: Values | number], FromLogReturns>
): Tensor {
  const { returns: from, first } = readArguments('fromLogReturns', fromSpec, args);
  const row = from.values.shape.slice(1);
  if (typeof first !== 'number') {
    const fits = first.values.numel === row.reduce((a, b) => a * b, 1);
    if (!fits)
      throw new ShapeError(
        `[fromLogReturns] first must be a number or of shape ${showShape(row)}, got ${showShape(first.values.shape)}`,
      );
    checkPositive('fromLogReturns', 'first', first.values);
  }
  return prepared(from, (r) => {
    const start = zeros([1, ...row], { dtype: 'float64', device: r.device });
    const growth = exp(catOf([start, cumsum(r, 0)], 0));
    if (typeof first === 'number') return mul(growth, first);
    return mul(growth, expanded(reshape(first.values, [1, ...row]), growth.shape));
  });
}
