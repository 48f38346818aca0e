/** @file Cross-entropy and negative log-likelihood, of integer classes or of class probabilities. */
import { isFloat } from '../../core/dtype';
import { ArgumentError, DTypeError, ShapeError } from '../../core/errors';
import { sameShape, showShape } from '../../core/shape';
import { empty, needTensor, shapeOf, Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { readArguments } from '../../core/arguments';
import { integer, probability } from '../../core/params';
import { add, div, eq, mul, ne, neg, sub } from '../elementwise/arithmetic';
import { cast } from '../tensors/cast';
import { arange } from '../tensors/create';
import { castOf, denseOf, like, sameDevice } from '../kit/launch';
import { defineOp } from '../kit/op';
import { definePrimitive } from '../kit/primitive';
import { sum } from '../reduce/reduce';
import { byMean, type LossArguments, noWeight, reduceLoss, type Reduction, targetSpec } from './reduction';
import { logSoftmax, softmax } from '../layers/softmax';
import { permute, reshape, unsqueeze } from '../shape/views';
import { where } from '../elementwise/where';

const forwardKernel = kernel('crossEntropy');
const gradKernel = kernel('crossEntropyGrad');
const gatherKernel = kernel('gather');

/** Options of {@link nllLoss}. */
export interface NllLossOptions {
  /** A factor for each class. */
  weight?: Tensor | null | undefined;
  /** Rows of this class have no loss and do not count in the mean. Default -100. */
  ignoreIndex?: number | undefined;
  /** Default `'mean'`: the sum of the losses divided by the sum of the weights of their classes. */
  reduction?: Reduction | undefined;
}

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions extends NllLossOptions {
  /** How much of the target is spread evenly over all classes. Default 0. */
  labelSmoothing?: number | undefined;
}

export const nllSpec = { weight: noWeight, ignoreIndex: integer().or(-100), reduction: byMean };
export const crossEntropySpec = { ...nllSpec, labelSmoothing: probability.or(0) };
const nllLossSpec = { ...targetSpec, ...nllSpec };
const crossEntropyLossSpec = { ...targetSpec, ...crossEntropySpec };

// Rows of classes: x as [rows, classes], and how to give one value per row the target's shape.
interface Rows {
  x: Tensor;
  labels: Tensor;
  shape: readonly number[];
}

function checkWeight(op: string, x: Tensor, classes: number, weight: Tensor | null | undefined): Tensor | null {
  if (!weight) return null;
  needTensor(op, weight);
  if (weight.ndim !== 1 || weight.shape[0] !== classes)
    throw new ShapeError(
      `[${op}] weight ${showShape(weight.shape)} must have one value for each of the ${classes} classes of ${showShape(x.shape)}`,
    );
  sameDevice(op, x, weight);
  return denseOf(castOf(weight, x.dtype));
}

// [N, C, d1, ...] to [N, d1, ..., C]; a single row [C] stays.
function classesLast(x: Tensor): Tensor {
  if (x.ndim <= 2) return x;
  return permute(x, [0, ...x.shape.slice(2).map((_, i) => i + 2), 1]);
}

function toRows(op: string, x: Tensor, target: Tensor): Rows {
  const shape = x.ndim === 1 ? [] : [x.shape[0]!, ...x.shape.slice(2)];
  const classes = x.shape[x.ndim === 1 ? 0 : 1]!;
  if (!sameShape(target.shape, shape))
    throw new ShapeError(
      `[${op}] a target of shape ${showShape(shape)} is expected for input ${showShape(x.shape)}, got ${showShape(target.shape)}`,
    );
  if (isFloat(target.dtype) || target.dtype === 'bool')
    throw new DTypeError(
      `[${op}] classes must be integers (int32, int64 or uint8), got ${target.dtype}; class probabilities have the shape of the input`,
    );
  return { x: reshape(classesLast(x), [target.numel, classes]), labels: reshape(target, [target.numel]), shape };
}

function checkInput(op: string, x: Tensor, target: Tensor): void {
  needTensor(op, x);
  needTensor(op, target);
  sameDevice(op, x, target);
  if (!isFloat(x.dtype)) throw new DTypeError(`[${op}] the input must be floating-point, got ${x.dtype}`);
  if (x.ndim === 0) throw new ShapeError(`[${op}] the input needs a dimension of classes, got ${showShape(x.shape)}`);
}

interface RowInputs {
  /** [rows, classes] */
  x: Tensor;
  /** Integers, [rows]. */
  labels: Tensor;
  /** [classes] */
  weight: Tensor | null;
}
interface RowSettings {
  ignoreIndex: number;
  smoothing: number;
}

// The distribution that a row is measured against, times the weights: (1 - s) w[y] [c = y] + s / C w[c].
function targetOf({ x, labels, weight }: RowInputs, { smoothing }: RowSettings): Tensor {
  const classes = x.shape[1]!;
  const hit = mul(oneHot(labels, classes, x), 1 - smoothing);
  return weight ? add(mul(hit, weight), mul(weight, smoothing / classes)) : add(hit, smoothing / classes);
}

// Row losses of integer classes: (1 - s) w[y] nll(y) + s / C sum_c w[c] nll(c), and 0 for ignored rows; float32 at least.
const rowLosses = defineOp<RowInputs, RowSettings, { lse: Tensor }>({
  name: 'crossEntropy',
  inputs: ['x', 'labels', 'weight'],
  composite(inputs, settings) {
    const target = targetOf(inputs, settings);
    // A class without a share has no loss, however unlikely it is.
    const shares = where(eq(target, 0), 0, mul(target, logSoftmax(inputs.x, -1)));
    return where(ne(inputs.labels, settings.ignoreIndex), neg(sum(shares, -1)), 0);
  },
  fused: {
    kernel: 'crossEntropy',
    forward({ x, labels, weight }, { ignoreIndex, smoothing }) {
      const [rows, cols] = shapeOf(x) as [number, number];
      const wide = x.dtype === 'float64' ? 'float64' : 'float32';
      const out = empty([rows], wide, x.storage.device);
      const lse = empty([rows], wide, x.storage.device);
      forwardKernel(written(out), written(lse), x, labels, weight, rows, cols, ignoreIndex, smoothing);
      return { out, kept: { lse } };
    },
    gradient: {
      kernel: 'crossEntropyGrad',
      run(g, { x, labels, weight, lse }, { ignoreIndex, smoothing }) {
        const dx = like(x);
        const [rows, cols] = shapeOf(x) as [number, number];
        gradKernel(written(dx), g, x, lse, labels, weight, rows, cols, ignoreIndex, smoothing);
        return { x: dx };
      },
    },
    // g (sum(target) softmax(x) - target)
    derivative(g, inputs, settings) {
      const target = targetOf(inputs, settings);
      const slope = sub(mul(softmax(inputs.x, -1), sum(target, -1, { keepdim: true })), target);
      return { x: mul(unsqueeze(where(ne(inputs.labels, settings.ignoreIndex), g, 0), 1), slope) };
    },
  },
});

// [rows, classes], 1 where the class is the row's label.
const oneHot = (labels: Tensor, classes: number, like: Tensor): Tensor =>
  cast(
    eq(
      unsqueeze(labels, 1),
      arange(classes, { dtype: labels.dtype === 'uint8' ? 'int32' : labels.dtype, device: like.device }),
    ),
    like.dtype,
  );

// Labels with ignored rows set to class 0, which is always there.
const usableLabels = (labels: Tensor, ignoreIndex: number): Tensor => {
  const wide = labels.dtype === 'uint8' ? castOf(labels, 'int32') : labels;
  return denseOf(where(eq(wide, ignoreIndex), 0, wide));
};

// values[labels] for a vector of values, untracked.
function lookUp(values: Tensor, labels: Tensor): Tensor {
  const out = empty(labels.shape, values.dtype, values.storage.device);
  gatherKernel(written(out), values, labels, labels.shape, [1], [1], 0, values.shape[0]!);
  return out;
}

// What the mean divides by: the sum of the weights of the classes that count.
function totalWeight(labels: Tensor, weight: Tensor | null, ignoreIndex: number): Tensor {
  const counts = ne(labels, ignoreIndex);
  return sum(weight ? where(counts, lookUp(weight, usableLabels(labels, ignoreIndex)), 0) : counts);
}

function finish(
  op: string,
  losses: Tensor,
  rows: Rows,
  weight: Tensor | null,
  ignoreIndex: number,
  reduction: Reduction | undefined,
): Tensor {
  if (reduction === undefined || reduction === 'mean')
    return div(sum(losses), totalWeight(rows.labels, weight, ignoreIndex));
  return reduceLoss(op, reduction === 'none' ? reshape(losses, rows.shape) : losses, reduction);
}

/**
 * The cross-entropy of softmax(logits) and the target.
 * @param logits - [C], [N, C] or [N, C, d1, ...]
 * @param args - target: classes (int32, int64 or uint8) of shape [], [N] or [N, d1, ...], or probabilities of the logits'
 *   shape; then the options. In PyTorch's order, or by name in one object
 * @throws ShapeError when the shapes do not belong together, DTypeError for classes that are no integers. A class out of
 *   range fails when the result is read: IndexError with row and class.
 */
export function crossEntropy(logits: Tensor, ...args: LossArguments<CrossEntropyOptions>): Tensor {
  const { target, ...options } = readArguments('crossEntropy', crossEntropyLossSpec, args);
  const { ignoreIndex, reduction, labelSmoothing } = options;
  checkInput('crossEntropy', logits, target);
  const weight = checkWeight('crossEntropy', logits, logits.shape[logits.ndim === 1 ? 0 : 1]!, options.weight);
  if (sameShape(logits.shape, target.shape)) {
    if (ignoreIndex >= 0)
      throw new ArgumentError(
        `[crossEntropy] ignoreIndex is for classes; of a target of probabilities no class is ignored, got ${ignoreIndex}`,
      );
    return softCrossEntropy(logits, target, weight, labelSmoothing, reduction);
  }
  const rows = toRows('crossEntropy', logits, target);
  const losses = rowLosses({ x: rows.x, labels: rows.labels, weight }, { ignoreIndex, smoothing: labelSmoothing });
  return cast(finish('crossEntropy', losses, rows, weight, ignoreIndex, reduction), logits.dtype);
}

function softCrossEntropy(
  logits: Tensor,
  target: Tensor,
  weight: Tensor | null,
  smoothing: number,
  reduction: Reduction | undefined,
): Tensor {
  if (!isFloat(target.dtype))
    throw new DTypeError(
      `[crossEntropy] a target of the shape of the logits ${showShape(logits.shape)} holds probabilities and must be floating-point, got ${target.dtype}`,
    );
  const classes = logits.shape[logits.ndim === 1 ? 0 : 1]!;
  const t = classesLast(target);
  const smooth = smoothing === 0 ? t : add(mul(t, 1 - smoothing), smoothing / classes);
  const weighted = weight ? mul(smooth, weight) : smooth;
  const losses = neg(sum(mul(logSoftmax(classesLast(logits), -1), weighted), -1));
  return reduceLoss('crossEntropy', losses, reduction);
}

/**
 * The negative log-likelihood -weight[y] logProbabilities[y] of the target classes y.
 * @param input - log-probabilities, [C], [N, C] or [N, C, d1, ...]
 * @param args - target: classes of shape [], [N] or [N, d1, ...]; weight, ignoreIndex, reduction: in this order, or by name
 */
export function nllLoss(input: Tensor, ...args: LossArguments<NllLossOptions>): Tensor {
  const { target, ...options } = readArguments('nllLoss', nllLossSpec, args);
  const { ignoreIndex, reduction } = options;
  checkInput('nllLoss', input, target);
  const rows = toRows('nllLoss', input, target);
  const weight = checkWeight('nllLoss', input, rows.x.shape[1]!, options.weight);
  const labels = rows.labels;
  const picked = pickClass(rows.x, labels, ignoreIndex);
  const losses = neg(weight ? mul(picked, lookUp(weight, usableLabels(labels, ignoreIndex))) : picked);
  return finish('nllLoss', losses, rows, weight, ignoreIndex, reduction);
}

// x[row, labels[row]] for each row of [rows, classes]; 0 for ignored rows.
const pickClass = (x: Tensor, labels: Tensor, ignoreIndex: number): Tensor =>
  classPicked({ x, index: usableLabels(labels, ignoreIndex), counts: ne(labels, ignoreIndex) }, x.shape[1]!);

const classPicked = definePrimitive<{ x: Tensor; index: Tensor; counts: Tensor }, number>({
  name: 'pickClass',
  inputs: ['x', 'index', 'counts'],
  forward({ x, index, counts }, classes) {
    const rows = x.shape[0]!;
    const out = empty([rows], x.dtype, x.storage.device);
    gatherKernel(written(out), x, index, [rows, 1], [1, 1], x.strides, 1, classes);
    return where(counts, out, 0);
  },
  reads: ['index', 'counts'],
  derivative: (g, { index, counts }, classes) => ({
    x: mul(unsqueeze(where(counts, g, 0), 1), oneHot(index, classes, g)),
  }),
});
