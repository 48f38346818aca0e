/** @file A series cut into windows of the past, each with the value to forecast. */
import { noGrad } from '../core/autograd';
import { ShapeError } from '../core/errors';
import { readOptions } from '../core/arguments';
import { positive } from '../core/params';
import { showShape } from '../core/shape';
import { alias, shapeOf, stridesOf, type Tensor } from '../core/tensor';
import { copyOf } from '../ops/kit/launch';
import { tensorOf, type Values } from './given';

/** Settings of {@link windows}. */
export interface WindowOptions {
  /** How many values of the past a window has. */
  size: number;
  /** How many steps after a window's last value its target is. Default 1: the next one. */
  horizon?: number | undefined;
  /** How many steps each window begins after the one before. Default 1. */
  stride?: number | undefined;
  /** So many targets one after the other, the first `horizon` steps after the window's last value. Default: one, without a dimension of its own. */
  steps?: number | undefined;
}

/** What {@link windows} gives: windows and targets, in order of time. */
export interface Windows {
  /** [n, size], or [n, size, f] of a series [t, f]. */
  x: Tensor;
  /** [n], [n, f]; with `steps` [n, steps], [n, steps, f]. */
  y: Tensor;
  /**
   * How many windows to leave out between training and test (`gap` of {@link split}), so that every target of the
   * training was known when the first window of the test ended: 0 for one target one step ahead.
   */
  gap: number;
}

const windowSpec = { size: positive, horizon: positive.or(1), stride: positive.or(1), steps: positive.optional() };

/**
 * Windows of a series, each with what came `horizon` steps after its last value: window i is
 * `series[i * stride ... i * stride + size - 1]`, its target `series[i * stride + size - 1 + horizon]`, so no window
 * holds its target or anything later. Windows without a whole target are left out. Windows overlap: to divide them,
 * use {@link split} with `shuffle: false` and the `gap` that this returns, or the future is known to the training.
 *
 * @param series - [t], or [t, f] for f values at each moment, oldest first
 * @returns `x`, `y` (copies, of the series' dtype) and `gap`; see {@link Windows}
 * @throws ShapeError for a series too short for one window and its target
 * @example
 * ```ts
 * const { x, y, gap } = data.windows([1, 2, 3, 4, 5], { size: 3 });     // x [[1, 2, 3], [2, 3, 4]], y [4, 5]
 * const [train, test] = data.split(x, y, { test: 0.5, shuffle: false, gap });
 * ```
 */
export function windows(series: Values, options: WindowOptions): Windows {
  const { size, horizon, stride, steps } = readOptions('windows', windowSpec, options);
  const s = tensorOf('windows', 'series', series);
  if (s.ndim !== 1 && s.ndim !== 2)
    throw new ShapeError(`[windows] series must be [t] or [t, f], got shape ${showShape(s.shape)}`);
  const [t, ...row] = shapeOf(s);
  const span = size + horizon + (steps ?? 1) - 1;
  if (t! < span)
    throw new ShapeError(
      `[windows] a window of ${size} and what comes ${horizon + (steps ?? 1) - 1} steps after it need ${span} values, the series has ${t}`,
    );
  const n = Math.floor((t! - span) / stride) + 1;
  const [step, ...rest] = stridesOf(s);
  const cut = (from: number, length: number[]): Tensor =>
    copyOf(
      alias(s, [n, ...length, ...row], [step! * stride, ...length.map(() => step!), ...rest], s.offset + from * step!),
    );
  return noGrad(() => ({
    x: cut(0, [size]),
    y: cut(size - 1 + horizon, steps === undefined ? [] : [steps]),
    gap: Math.ceil((horizon + (steps ?? 1) - 1) / stride) - 1,
  }));
}
