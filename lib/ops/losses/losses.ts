/** @file Loss functions. Here: of predictions and targets of one shape. */
import { noGrad } from '../../core/autograd';
import { ShapeError } from '../../core/errors';
import { broadcastShapes, sameShape, showShape } from '../../core/shape';
import { needTensor, shapeOf, Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { logSigmoid } from '../layers/activations';
import { readArguments, type WithRequired } from '../../core/arguments';
import { boolean, number, oneOf, operand } from '../../core/params';
import { add, div, gt, le, log, lt, mul, neg, sub } from '../elementwise/arithmetic';
import { xlogy } from '../elementwise/binary';
import { cast } from '../tensors/cast';
import { fullLike } from '../tensors/create';
import { denseOf, like } from '../kit/launch';
import { definePrimitive } from '../kit/primitive';
import { abs, clampMin, exp, log1p, square } from '../elementwise/math';
import { sum } from '../reduce/reduce';
import {
  byMean,
  checkPair,
  type LossArguments,
  noWeight,
  reduceLoss,
  type Reduction,
  type ReductionOptions,
  type Target,
  targetSpec,
} from './reduction';
import { expand } from '../shape/views';
import { where } from '../elementwise/where';

const probabilitiesKernel = kernel('probabilities');

/** For layers too: what losses take beside their target. */
export const reductionSpec = { reduction: byMean };
export const smoothL1Spec = { reduction: byMean, beta: number({ least: 0 }).or(1) };
export const huberSpec = { reduction: byMean, delta: number({ above: 0 }).or(1) };
export const binarySpec = { weight: noWeight, reduction: byMean };

const reductionLossSpec = { ...targetSpec, ...reductionSpec };
const weightedLossSpec = { ...targetSpec, reduction: byMean, weight: noWeight };
const smoothL1LossSpec = { ...targetSpec, ...smoothL1Spec };
const huberLossSpec = { ...targetSpec, ...huberSpec };

export type { LossArguments, Reduction, ReductionOptions, Target } from './reduction';
export * from './cross-entropy';
export * from './similarity';
export * from './margin-losses';
export * from './probability-losses';
export * from './ctc';

/** Options of losses whose elements may be weighted, in the order of PyTorch's functions. */
export interface WeightedOptions extends ReductionOptions {
  /** A factor for each element; broadcasts. With reduction 'mean' the sum is divided by the sum of the factors. */
  weight?: Tensor | null | undefined;
}

/** (input - target)^2 */
export function mseLoss(input: Tensor, ...args: LossArguments<WeightedOptions>): Tensor {
  return plain('mseLoss', input, square, args);
}

/** |input - target| */
export function l1Loss(input: Tensor, ...args: LossArguments<WeightedOptions>): Tensor {
  return plain('l1Loss', input, abs, args);
}

function plain(op: string, input: Tensor, loss: (d: Tensor) => Tensor, args: LossArguments<WeightedOptions>): Tensor {
  const { target, reduction, weight } = readArguments(op, weightedLossSpec, args);
  checkPair(op, input, target);
  const elements = weighted(op, loss(sub(input, target)), weight);
  if (!weight || reduction !== 'mean') return reduceLoss(op, elements, reduction);
  return div(sum(elements), sum(expand(weight, shapeOf(elements))));
}

// d^2 / 2 for d below the bend, (d - bend / 2) bend above: huber. Divided by the bend: smooth l1.
function bent(input: Tensor, target: Tensor, bend: number, scale: number): Tensor {
  const d = sub(input, target);
  const size = abs(d);
  // The square is that of d itself: |d| has no second derivative at 0.
  return where(lt(size, bend), mul(square(d), 0.5 * scale), mul(sub(size, 0.5 * bend), bend * scale));
}

/** Quadratic where |input - target| < beta (default 1), linear with slope 1 beyond. */
export function smoothL1Loss(
  input: Tensor,
  ...args: LossArguments<ReductionOptions & { beta?: number | undefined }>
): Tensor {
  const { target, beta, reduction } = readArguments('smoothL1Loss', smoothL1LossSpec, args);
  checkPair('smoothL1Loss', input, target);
  return reduceLoss(
    'smoothL1Loss',
    beta === 0 ? abs(sub(input, target)) : bent(input, target, beta, 1 / beta),
    reduction,
  );
}

/** Quadratic where |input - target| < delta (default 1), linear with slope delta beyond. */
export function huberLoss(
  input: Tensor,
  ...args: LossArguments<ReductionOptions & { delta?: number | undefined }>
): Tensor {
  const { target, delta, reduction } = readArguments('huberLoss', huberLossSpec, args);
  checkPair('huberLoss', input, target);
  return reduceLoss('huberLoss', bent(input, target, delta, 1), reduction);
}

/** Options of the binary cross-entropies. */
export interface BinaryCrossEntropyOptions extends ReductionOptions {
  /** A factor for each element; broadcasts. */
  weight?: Tensor | null | undefined;
}

function weighted(op: string, loss: Tensor, weight: Tensor | null | undefined): Tensor {
  if (!weight) return loss;
  needTensor(op, weight);
  if (!sameShape(broadcastShapes(op, shapeOf(loss), shapeOf(weight)), shapeOf(loss)))
    throw new ShapeError(
      `[${op}] weight ${showShape(shapeOf(weight))} does not fit the input ${showShape(shapeOf(loss))}`,
    );
  return mul(loss, weight);
}

// The same values. Where one is not in [0, 1], what is computed from them fails with them.
const probabilities = definePrimitive<{ input: Tensor }>({
  name: 'binaryCrossEntropy',
  inputs: ['input'],
  forward({ input }) {
    const out = like(input);
    probabilitiesKernel(written(out), denseOf(input), input.numel);
    return out;
  },
  derivative: (g) => ({ input: g }),
});

// log(p) and log(1 - p), bounded.
const boundedLogs = (p: Tensor): [Tensor, Tensor] => [clampMin(log(p), -100), clampMin(log1p(neg(p)), -100)];

const crossEntropies = definePrimitive<{ p: Tensor; t: Tensor }>({
  name: 'binaryCrossEntropies',
  inputs: ['p', 't'],
  forward({ p, t }) {
    const [yes, no] = boundedLogs(p);
    return neg(add(mul(t, yes), mul(sub(1, t), no)));
  },
  reads: { p: ['p', 't'], t: ['p'] },
  derivative(g, { p, t }, _, needs) {
    const [yes, no] = needs.t ? boundedLogs(p) : [];
    return {
      p: needs.p ? mul(g, div(sub(p, t), clampMin(mul(p, sub(1, p)), 1e-12))) : null,
      t: needs.t ? mul(g, sub(no!, yes!)) : null,
    };
  },
});

const binaryLossSpec = { ...targetSpec, ...binarySpec };

/**
 * -(target log(input) + (1 - target) log(1 - input)) of probabilities. Logarithms are bounded by -100, so that 0 and 1
 * give finite losses and gradients. A value that is not between 0 and 1 (scores belong to
 * {@link binaryCrossEntropyWithLogits}) is an error for whoever reads the loss.
 */
export function binaryCrossEntropy(input: Tensor, ...args: LossArguments<BinaryCrossEntropyOptions>): Tensor {
  const { target, ...options } = readArguments('binaryCrossEntropy', binaryLossSpec, args);
  checkPair('binaryCrossEntropy', input, target);
  const loss = crossEntropies({ p: probabilities({ input }), t: cast(target, input.dtype) });
  return reduceLoss('binaryCrossEntropy', weighted('binaryCrossEntropy', loss, options.weight), options.reduction);
}

/** Options of {@link binaryCrossEntropyWithLogits}. */
export interface BceWithLogitsOptions extends BinaryCrossEntropyOptions {
  /** A factor for the loss of positive examples; broadcasts. */
  posWeight?: Tensor | null | undefined;
}

export const bceSpec = { ...binarySpec, posWeight: noWeight };
const bceLossSpec = { ...targetSpec, ...bceSpec };

/** The binary cross-entropy of sigmoid(input), without overflow and without cancellation. */
export function binaryCrossEntropyWithLogits(input: Tensor, ...args: LossArguments<BceWithLogitsOptions>): Tensor {
  const { target, ...options } = readArguments('binaryCrossEntropyWithLogits', bceLossSpec, args);
  checkPair('binaryCrossEntropyWithLogits', input, target);
  const t = cast(target, input.dtype);
  const yes = mul(t, logSigmoid(input));
  const no = mul(sub(1, t), logSigmoid(neg(input)));
  const loss = neg(add(weighted('binaryCrossEntropyWithLogits', yes, options.posWeight), no));
  return reduceLoss(
    'binaryCrossEntropyWithLogits',
    weighted('binaryCrossEntropyWithLogits', loss, options.weight),
    options.reduction,
  );
}

/** Options of {@link klDiv}. */
export interface KlDivOptions {
  /** `'batchmean'` divides the sum by the first dimension, which is the mathematical definition. Default `'mean'`. */
  reduction?: Reduction | 'batchmean' | undefined;
  /** Whether the target holds logarithms too. Default false. */
  logTarget?: boolean | undefined;
}

export const klSpec = {
  reduction: oneOf<Reduction | 'batchmean'>('none', 'mean', 'sum', 'batchmean').or('mean' as const),
  logTarget: boolean.or(false),
};
const klLossSpec = { ...targetSpec, ...klSpec };

/** target (log(target) - input), where the input holds log-probabilities. */
export function klDiv(input: Tensor, ...args: LossArguments<KlDivOptions>): Tensor {
  const { target, reduction, logTarget } = readArguments('klDiv', klLossSpec, args);
  checkPair('klDiv', input, target);
  const loss = logTarget ? mul(exp(target), sub(target, input)) : sub(xlogy(target, target), mul(target, input));
  if (reduction !== 'batchmean') return reduceLoss('klDiv', loss, reduction);
  return div(sum(loss), shapeOf(input)[0] ?? 1);
}

/** Options of {@link poissonNllLoss}. */
export interface PoissonNllOptions extends ReductionOptions {
  /** Whether the input is the logarithm of the rate. Default true. */
  logInput?: boolean | undefined;
  /** Add Stirling's approximation of log(target!). Default false. */
  full?: boolean | undefined;
  /** Added to a rate before its logarithm. Default 1e-8. */
  eps?: number | undefined;
}

export const poissonSpec = { logInput: boolean.or(true), full: boolean.or(false), eps: 1e-8, reduction: byMean };
const poissonLossSpec = { ...targetSpec, ...poissonSpec };

/** The negative log-likelihood of counts under a Poisson distribution. */
export function poissonNllLoss(input: Tensor, ...args: LossArguments<PoissonNllOptions>): Tensor {
  const { target, logInput, full, eps, reduction } = readArguments('poissonNllLoss', poissonLossSpec, args);
  checkPair('poissonNllLoss', input, target);
  const base = logInput ? sub(exp(input), mul(target, input)) : sub(input, mul(target, log(add(input, eps))));
  if (!full) return reduceLoss('poissonNllLoss', base, reduction);
  const safe = where(gt(target, 1), target, 1);
  const stirling = add(sub(mul(safe, log(safe)), safe), mul(log(mul(safe, 2 * Math.PI)), 0.5));
  return reduceLoss('poissonNllLoss', add(base, where(le(target, 1), 0, stirling)), reduction);
}

/** Options of {@link gaussianNllLoss}. */
export interface GaussianNllOptions extends ReductionOptions {
  /** Add the constant log(2 pi) / 2. Default false. */
  full?: boolean | undefined;
  /** The least variance. Default 1e-6. */
  eps?: number | undefined;
}

/** What {@link gaussianNllLoss} cannot do without, beside the means. */
export interface GaussianNllTargets extends Target {
  /** A number, the input's shape, that shape without its last dimension, or with 1 there. */
  var: Tensor | number;
}
export const gaussianSpec = { full: boolean.or(false), eps: 1e-6, reduction: byMean };
const gaussianLossSpec = { ...targetSpec, var: operand, ...gaussianSpec };

/**
 * The negative log-likelihood of the target under normal distributions with mean `input` and the given variance.
 * @param args - target; var, see {@link GaussianNllTargets}; full, eps, reduction: in this order, or by name in one object
 */
export function gaussianNllLoss(
  input: Tensor,
  ...args: WithRequired<[target: Tensor, variance: Tensor | number], GaussianNllTargets, GaussianNllOptions>
): Tensor {
  const { target, var: variance, full, eps, reduction } = readArguments('gaussianNllLoss', gaussianLossSpec, args);
  checkPair('gaussianNllLoss', input, target);
  let v: Tensor;
  if (!(variance instanceof Tensor)) v = fullLike(input, Number(variance));
  else {
    needTensor('gaussianNllLoss', variance);
    const perRow =
      sameShape(shapeOf(variance), shapeOf(input).slice(0, -1)) && input.ndim > 0 && variance.ndim < input.ndim;
    v = perRow ? variance.unsqueeze(-1) : variance;
    const last =
      v.ndim === input.ndim &&
      shapeOf(v)[v.ndim - 1] === 1 &&
      sameShape(shapeOf(v).slice(0, -1), shapeOf(input).slice(0, -1));
    if (!last && !sameShape(shapeOf(v), shapeOf(input)))
      throw new ShapeError(
        `[gaussianNllLoss] variance ${showShape(shapeOf(variance))} does not fit the input ${showShape(shapeOf(input))}`,
      );
  }
  // The bound lets the gradient of the variance through, as in PyTorch.
  const bounded = add(
    v,
    noGrad(() => sub(clampMin(v, eps), v)),
  );
  const loss = mul(add(log(bounded), div(square(sub(input, target)), bounded)), 0.5);
  return reduceLoss('gaussianNllLoss', full ? add(loss, 0.5 * Math.log(2 * Math.PI)) : loss, reduction);
}

/** log(1 + exp(-target input)) for targets -1 and 1 */
export function softMarginLoss(input: Tensor, ...args: LossArguments<ReductionOptions>): Tensor {
  const { target, reduction } = readArguments('softMarginLoss', reductionLossSpec, args);
  checkPair('softMarginLoss', input, target);
  return reduceLoss('softMarginLoss', neg(logSigmoid(mul(target, input))), reduction);
}
