/** @file Losses that hold the score of the right classes above the others by a margin; of one class, or of several. */
import { ArgumentError, DTypeError, ShapeError } from '../../core/errors';
import { isFloat } from '../../core/dtype';
import { describe, sameShape, showShape } from '../../core/shape';
import type { Tensor } from '../../core/tensor';
import { readArguments } from '../../core/arguments';
import { number, Param } from '../../core/params';
import { add, eq, lt, mul, ne, neg, sub } from '../elementwise/arithmetic';
import { logSigmoid, relu } from '../layers/activations';
import { logicalAnd } from '../elementwise/binary';
import { cast } from '../tensors/cast';
import { arange } from '../tensors/create';
import { gather } from '../indexing/gather';
import { castOf } from '../kit/launch';
import { clampMin, logicalNot, square } from '../elementwise/math';
import {
  byMean,
  checkInputs,
  checkPair,
  type LossArguments,
  noWeight,
  reduceLoss,
  type ReductionOptions,
  targetSpec,
} from './reduction';
import { any, mean, sum } from '../reduce/reduce';
import type { MarginOptions } from './similarity';
import { cumsum } from '../reduce/scans';
import { reshape, squeeze, unsqueeze } from '../shape/views';
import { where } from '../elementwise/where';

// [rows, classes]; a single row may come without the first dimension.
function toRows(op: string, input: Tensor): Tensor {
  if (input.ndim !== 1 && input.ndim !== 2)
    throw new ShapeError(`[${op}] expected input [N, C] or [C], got ${showShape(input.shape)}`);
  return input.ndim === 1 ? unsqueeze(input, 0) : input;
}

function classesOf(op: string, target: Tensor): Tensor {
  if (isFloat(target.dtype) || target.dtype === 'bool')
    throw new DTypeError(`[${op}] classes must be integers (int32, int64 or uint8), got ${target.dtype}`);
  return castOf(target, 'int64');
}

/** Options of {@link multiMarginLoss}. */
export interface MultiMarginOptions extends ReductionOptions {
  /** Power of the element losses, 1 (default) or 2. */
  p?: number | undefined;
  /** Default 1. */
  margin?: number | undefined;
  /** A factor for each class. */
  weight?: Tensor | null | undefined;
}

const oneOrTwo = new Param<number>('1 or 2', (v, op, name) => {
  if (v === 1 || v === 2) return v;
  throw new ArgumentError(`[${op}] ${name} must be 1 or 2, got ${describe(v)}`);
});
export const multiMarginSpec = { p: oneOrTwo.or(1), margin: number().or(1), weight: noWeight, reduction: byMean };
const multiMarginLossSpec = { ...targetSpec, ...multiMarginSpec };

/**
 * sum over the other classes i of weight[y] max(0, margin - input[y] + input[i])^p, divided by the number of classes.
 * @param input - [N, C] or [C]
 * @param args - target: the classes y, [N] or []; p, margin, weight, reduction: in this order, or by name in one object
 */
export function multiMarginLoss(input: Tensor, ...args: LossArguments<MultiMarginOptions>): Tensor {
  const op = 'multiMarginLoss';
  const { target, p, margin, weight, reduction } = readArguments(op, multiMarginLossSpec, args);
  checkInputs(op, input, target);
  const x = toRows(op, input);
  const classes = x.shape[1]!;
  if (target.numel !== x.shape[0] || target.ndim > 1)
    throw new ShapeError(`[${op}] target ${showShape(target.shape)} does not fit input ${showShape(input.shape)}`);
  if (weight && !sameShape(weight.shape, [classes]))
    throw new ShapeError(
      `[${op}] weight ${showShape(weight.shape)} must have one value for each of ${classes} classes`,
    );
  const y = reshape(classesOf(op, target), [x.shape[0]!, 1]);
  const excess = relu(add(sub(x, gather(x, 1, y)), margin));
  const other = ne(y, arange(classes, { dtype: 'int64', device: x.device }));
  const losses = mul(sum(where(other, p === 2 ? square(excess) : excess, 0), 1), 1 / classes);
  const scaled = weight ? mul(losses, gather(weight, 0, squeeze(y, 1))) : losses;
  return reduceLoss(op, input.ndim === 1 ? squeeze(scaled, 0) : scaled, reduction);
}

const multilabelLossSpec = { ...targetSpec, reduction: byMean };

/**
 * sum over target classes j and other classes i of max(0, 1 - input[j] + input[i]), divided by the number of classes.
 * @param input - [N, C] or [C]
 * @param args - target: of the input's shape, the target classes of each row, then -1; reduction: in this order, or by name
 */
export function multilabelMarginLoss(input: Tensor, ...args: LossArguments<ReductionOptions>): Tensor {
  const op = 'multilabelMarginLoss';
  const { target, reduction } = readArguments(op, multilabelLossSpec, args);
  checkPair(op, input, target);
  const x = toRows(op, input);
  const classes = x.shape[1]!;
  const labels = toRows(op, classesOf(op, target));
  // Labels count up to the first negative one.
  const counts = eq(cumsum(lt(labels, 0), 1), 0);
  const named = eq(unsqueeze(labels, 2), arange(classes, { dtype: 'int64', device: x.device }));
  const isTarget = any(logicalAnd(named, unsqueeze(counts, 2)), 1);
  const scores = gather(x, 1, where(counts, labels, 0));
  const excess = relu(sub(add(unsqueeze(x, 1), 1), unsqueeze(scores, 2)));
  const pairs = logicalAnd(unsqueeze(counts, 2), logicalNot(unsqueeze(isTarget, 1)));
  const losses = mul(sum(where(pairs, excess, 0), [1, 2]), 1 / classes);
  return reduceLoss(op, input.ndim === 1 ? squeeze(losses, 0) : losses, reduction);
}

/** Options of {@link multilabelSoftMarginLoss}. */
export interface MultilabelSoftMarginOptions extends ReductionOptions {
  /** A factor for each class. */
  weight?: Tensor | null | undefined;
}

const softMarginSpec = { ...targetSpec, weight: noWeight, reduction: byMean };

/** The binary cross-entropy of each class of sigmoid(input), averaged over the classes. */
export function multilabelSoftMarginLoss(input: Tensor, ...args: LossArguments<MultilabelSoftMarginOptions>): Tensor {
  const { target, weight, reduction } = readArguments('multilabelSoftMarginLoss', softMarginSpec, args);
  checkPair('multilabelSoftMarginLoss', input, target);
  const t = cast(target, input.dtype);
  const losses = neg(add(mul(t, logSigmoid(input)), mul(sub(1, t), logSigmoid(neg(input)))));
  return reduceLoss('multilabelSoftMarginLoss', mean(weight ? mul(losses, weight) : losses, -1), reduction);
}

export const hingeEmbeddingSpec = { margin: 1, reduction: byMean };
const hingeEmbeddingLossSpec = { ...targetSpec, ...hingeEmbeddingSpec };

/** The input where the target is 1, max(0, margin - input) where it is -1; margin defaults to 1. */
export function hingeEmbeddingLoss(input: Tensor, ...args: LossArguments<MarginOptions>): Tensor {
  const { target, margin, reduction } = readArguments('hingeEmbeddingLoss', hingeEmbeddingLossSpec, args);
  checkInputs('hingeEmbeddingLoss', input, target);
  const far = where(eq(target, 1), 0, clampMin(sub(margin, input), 0));
  const near = where(eq(target, -1), 0, input);
  return reduceLoss('hingeEmbeddingLoss', add(far, near), reduction);
}

const hingeSpec = { ...targetSpec, reduction: byMean };

/** Options of {@link hingeLoss}. */
export type HingeOptions = ReductionOptions;

/**
 * Keras's hinge: max(0, 1 - target input), averaged over the last dimension. Targets are -1 and 1, or 0 and 1.
 */
export function hingeLoss(input: Tensor, ...args: LossArguments<HingeOptions>): Tensor {
  const { target, reduction } = readArguments('hingeLoss', hingeSpec, args);
  checkInputs('hingeLoss', input, target);
  if (!sameShape(input.shape, target.shape))
    throw new ShapeError(`[hingeLoss] input ${showShape(input.shape)} and target ${showShape(target.shape)} differ`);
  // Whether the targets are 0 and 1 is decided on the device, without waiting for it.
  const signs = where(mul(target, sub(target, 1)).eq(0).all(), sub(mul(target, 2), 1), target);
  const losses = relu(sub(1, mul(signs, input)));
  return reduceLoss('hingeLoss', input.ndim > 1 ? losses.mean(-1) : losses, reduction);
}
