/** @file Keras's cross-entropies, of probabilities. Rows need not sum to 1: they are divided by their sum. */
import { DTypeError, ShapeError } from '../../core/errors';
import { isFloat } from '../../core/dtype';
import { checkAxis, sameShape, showShape } from '../../core/shape';
import type { Tensor } from '../../core/tensor';
import { readArguments } from '../../core/arguments';
import { axis, probability } from '../../core/params';
import { add, div, log, mul, neg } from '../elementwise/arithmetic';
import { cast } from '../tensors/cast';
import { gather } from '../indexing/gather';
import { castOf } from '../kit/launch';
import { clamp } from '../elementwise/math';
import {
  byMean,
  checkInputs,
  checkPair,
  type LossArguments,
  reduceLoss,
  type ReductionOptions,
  targetSpec,
} from './reduction';
import { sum } from '../reduce/reduce';
import { squeeze, unsqueeze } from '../shape/views';

// Keras's epsilon: probabilities stay this far from 0 and 1.
const epsilon = 1e-7;
const logs = (p: Tensor, axis: number): Tensor =>
  log(clamp(div(p, sum(p, axis, { keepdim: true })), epsilon, 1 - epsilon));

/** Options of {@link categoricalCrossentropy}. */
export interface CategoricalCrossentropyOptions extends ReductionOptions {
  /** How much of the target is spread evenly over all classes. Default 0. */
  labelSmoothing?: number | undefined;
  /** The dimension of classes. Default the last. */
  axis?: number | undefined;
}

export const categoricalSpec = { reduction: byMean, labelSmoothing: probability.or(0), axis: axis.or(-1) };
const categoricalLossSpec = { ...targetSpec, ...categoricalSpec };

/** -sum target log(input) of probabilities and a target of the same shape (one-hot, or probabilities). */
export function categoricalCrossentropy(input: Tensor, ...args: LossArguments<CategoricalCrossentropyOptions>): Tensor {
  const op = 'categoricalCrossentropy';
  const { target, labelSmoothing, axis, reduction } = readArguments(op, categoricalLossSpec, args);
  checkPair(op, input, target);
  if (input.ndim === 0) throw new ShapeError(`[${op}] the input needs a dimension of classes, got []`);
  const a = checkAxis(op, axis, input.ndim);
  const t = cast(target, input.dtype);
  const smooth = labelSmoothing === 0 ? t : add(mul(t, 1 - labelSmoothing), labelSmoothing / input.shape[a]!);
  return reduceLoss(op, neg(sum(mul(smooth, logs(input, a)), a)), reduction);
}

/** Options of {@link sparseCategoricalCrossentropy}. */
export interface SparseCategoricalCrossentropyOptions extends ReductionOptions {
  /** The dimension of classes. Default the last. */
  axis?: number | undefined;
}

export const sparseSpec = { reduction: byMean, axis: axis.or(-1) };
const sparseLossSpec = { ...targetSpec, ...sparseSpec };

/** -log(input[y]) of probabilities and integer classes y; the target has the input's shape without the classes. */
export function sparseCategoricalCrossentropy(
  input: Tensor,
  ...args: LossArguments<SparseCategoricalCrossentropyOptions>
): Tensor {
  const op = 'sparseCategoricalCrossentropy';
  const { target, ...options } = readArguments(op, sparseLossSpec, args);
  checkInputs(op, input, target);
  if (input.ndim === 0) throw new ShapeError(`[${op}] the input needs a dimension of classes, got []`);
  const a = checkAxis(op, options.axis, input.ndim);
  const rows = input.shape.filter((_, i) => i !== a);
  // Keras takes classes with a last dimension of length 1 too.
  const labels = sameShape(target.shape, [...rows, 1]) ? squeeze(target, -1) : target;
  if (!sameShape(labels.shape, rows))
    throw new ShapeError(
      `[${op}] a target of shape ${showShape(rows)} is expected for input ${showShape(input.shape)}, got ${showShape(target.shape)}`,
    );
  if (isFloat(target.dtype) || target.dtype === 'bool')
    throw new DTypeError(`[${op}] classes must be integers (int32, int64 or uint8), got ${target.dtype}`);
  const picked = gather(logs(input, a), a, unsqueeze(castOf(labels, 'int64'), a));
  return reduceLoss(op, neg(squeeze(picked, a)), options.reduction);
}
