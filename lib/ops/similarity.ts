/** @file Distances and similarities of vectors, and the losses made of them. */
import { noGrad } from '../core/autograd';
import { ArgumentError, ShapeError } from '../core/errors';
import { broadcastShapes, checkAxis, describe, sameShape, showShape } from '../core/shape';
import { needTensor, type Tensor } from '../core/tensor';
import { type Arguments, readArguments, type Spec } from '../core/arguments';
import { axis as axisParam, number } from '../core/params';
import { add, div, eq, minimum, mul, sub } from './arithmetic';
import { clampMin, sqrt, square } from './math';
import { checkInputs, reduceLoss, reductionDefaults, type ReductionOptions, byMean } from './reduction';
import { sum } from './reduce';
import { broadcastTo } from './views';
import { relu } from './activations';
import { norm } from './statistics';
import { where } from './where';

const normalizeSpec = { p: 2, dim: 1, eps: 1e-12 };
const distanceSpec = { p: 2, eps: 1e-6, keepdim: false };
const marginSpec = { margin: 0, reduction: byMean };
const hingeSpec = { margin: 1, reduction: byMean };

/** Options of {@link cosineSimilarity}. */
export interface CosineSimilarityOptions {
  /** The dimension of the vectors' elements. Default 1. */
  dim?: number;
  /** The least length a vector is divided by. Default 1e-8. */
  eps?: number;
}

const cosineSpec: Spec<Required<CosineSimilarityOptions>> = {
  dim: axisParam.or(1),
  eps: number({ least: 0 }).or(1e-8),
};

/** The cosine of the angle between the vectors along a dimension of the shape that the tensors broadcast to. */
export function cosineSimilarity(a: Tensor, b: Tensor, ...args: Arguments<CosineSimilarityOptions>): Tensor {
  checkInputs('cosineSimilarity', a, b);
  const { dim, eps } = readArguments('cosineSimilarity', cosineSpec, args);
  const shape = broadcastShapes('cosineSimilarity', a.shape, b.shape);
  const axis = checkAxis('cosineSimilarity', dim, shape.length);
  const unit = (t: Tensor): Tensor => {
    const v = broadcastTo(t, shape);
    const size = norm(v, 2, axis, { keepdim: true });
    // The bound lets the gradient of the length through, as in PyTorch.
    const short = noGrad(() => sub(clampMin(size, eps), size));
    return div(v, add(size, short));
  };
  return sum(mul(unit(a), unit(b)), axis);
}

/** Options of {@link normalize}. */
export interface NormalizeOptions {
  /** Which norm. Default 2. */
  p?: number;
  /** The dimension of the vectors' elements. Default 1. */
  dim?: number;
  /** The least norm a vector is divided by. Default 1e-12. */
  eps?: number;
}

/** Vectors along a dimension, divided by their norm. */
export function normalize(x: Tensor, ...args: Arguments<NormalizeOptions>): Tensor {
  const options = readArguments('normalize', normalizeSpec, args);
  needTensor('normalize', x);
  const { p, dim, eps } = options;
  return div(x, clampMin(norm(x, p, dim, { keepdim: true }), eps));
}

/** Options of {@link pairwiseDistance}. */
export interface PairwiseDistanceOptions {
  /** Which norm. Default 2. */
  p?: number;
  /** Added to the differences. Default 1e-6. */
  eps?: number;
  /** Default false. */
  keepdim?: boolean;
}

/** The p-norm of a - b along the last dimension. The tensors broadcast. */
export function pairwiseDistance(a: Tensor, b: Tensor, ...args: Arguments<PairwiseDistanceOptions>): Tensor {
  checkInputs('pairwiseDistance', a, b);
  const { p, eps, keepdim } = readArguments('pairwiseDistance', distanceSpec, args);
  return norm(add(sub(a, b), eps), p, -1, { keepdim });
}

/** Options of losses with a margin. */
export interface MarginOptions extends ReductionOptions {
  margin?: number;
}

/**
 * 1 - cos(a, b) where the target is 1, max(0, cos(a, b) - margin) where it is -1; margin defaults to 0.
 * @param a - [N, D] or [D]
 * @param target - [N] or []
 */
export function cosineEmbeddingLoss(a: Tensor, b: Tensor, target: Tensor, ...args: Arguments<MarginOptions>): Tensor {
  const options = readArguments('cosineEmbeddingLoss', marginSpec, args);
  checkInputs('cosineEmbeddingLoss', a, b, target);
  const { margin, reduction } = options;
  if (!sameShape(a.shape, b.shape) || !sameShape(target.shape, a.shape.slice(0, -1)) || a.ndim < 1 || a.ndim > 2)
    throw new ShapeError(
      `[cosineEmbeddingLoss] expected inputs [N, D] and target [N], or [D] and [], got ${showShape(a.shape)}, ` +
        `${showShape(b.shape)} and ${showShape(target.shape)}`,
    );
  const size = (v: Tensor): Tensor => add(sum(square(v), -1), 1e-12);
  const cos = div(sum(mul(a, b), -1), sqrt(mul(size(a), size(b))));
  const apart = where(eq(target, -1), clampMin(sub(cos, margin), 0), 0);
  return reduceLoss('cosineEmbeddingLoss', where(eq(target, 1), sub(1, cos), apart), reduction);
}

/** Options of {@link tripletMarginLoss}. */
export interface TripletMarginOptions extends ReductionOptions {
  /** Default 1. */
  margin?: number;
  /** Which norm. Default 2. */
  p?: number;
  /** Added to differences. Default 1e-6. */
  eps?: number;
  /** Use the distance from positive to negative where it is smaller (Balntas et al. 2016). Default false. */
  swap?: boolean;
}

const tripletDefaults = { margin: 1, p: 2, eps: 1e-6, swap: false, ...reductionDefaults };

function checkTriplet(op: string, anchor: Tensor, positive: Tensor, negative: Tensor, margin: number): void {
  checkInputs(op, anchor, positive, negative);
  if (!(margin > 0)) throw new ArgumentError(`[${op}] margin must be positive, got ${describe(margin)}`);
  if (anchor.ndim !== positive.ndim || anchor.ndim !== negative.ndim)
    throw new ShapeError(
      `[${op}] anchor, positive and negative must have equally many dimensions, got ${showShape(anchor.shape)}, ` +
        `${showShape(positive.shape)} and ${showShape(negative.shape)}`,
    );
}

/** max(0, margin + distance(anchor, positive) - distance(anchor, negative)), along the last dimension. */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  ...args: Arguments<TripletMarginOptions>
): Tensor {
  const options = readArguments('tripletMarginLoss', tripletDefaults, args);
  const { margin, p, eps, swap, reduction } = options;
  const distance = (a: Tensor, b: Tensor): Tensor => pairwiseDistance(a, b, { p, eps });
  return triplet('tripletMarginLoss', anchor, positive, negative, distance, margin, swap, reduction);
}

/** Options of {@link tripletMarginWithDistanceLoss}. */
export interface TripletDistanceOptions extends MarginOptions {
  /** Default {@link pairwiseDistance}. */
  distanceFunction?: ((a: Tensor, b: Tensor) => Tensor) | null;
  swap?: boolean;
}

const tripletDistanceDefaults = {
  distanceFunction: null as ((a: Tensor, b: Tensor) => Tensor) | null,
  ...{ margin: 1, swap: false, ...reductionDefaults },
};

/** {@link tripletMarginLoss} with a distance of one's own. */
export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  ...args: Arguments<TripletDistanceOptions>
): Tensor {
  const options = readArguments('tripletMarginWithDistanceLoss', tripletDistanceDefaults, args);
  const { distanceFunction, margin, swap, reduction } = options;
  const distance = distanceFunction ?? ((a: Tensor, b: Tensor): Tensor => pairwiseDistance(a, b));
  return triplet('tripletMarginWithDistanceLoss', anchor, positive, negative, distance, margin, swap, reduction);
}

function triplet(
  op: string,
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  distance: (a: Tensor, b: Tensor) => Tensor,
  margin: number,
  swap: boolean,
  reduction: ReductionOptions['reduction'],
): Tensor {
  checkTriplet(op, anchor, positive, negative, margin);
  const near = distance(anchor, positive);
  const far = distance(anchor, negative);
  const nearest = swap ? minimum(far, distance(positive, negative)) : far;
  return reduceLoss(op, clampMin(add(sub(near, nearest), margin), 0), reduction);
}

/** max(0, margin - target (a - b)) for targets 1 (a ranks higher) and -1; margin defaults to 0. */
export function marginRankingLoss(a: Tensor, b: Tensor, target: Tensor, ...args: Arguments<MarginOptions>): Tensor {
  const options = readArguments('marginRankingLoss', marginSpec, args);
  checkInputs('marginRankingLoss', a, b, target);
  const { margin, reduction } = options;
  if (a.ndim !== b.ndim || a.ndim !== target.ndim)
    throw new ShapeError(
      `[marginRankingLoss] inputs and target must have equally many dimensions, got ${showShape(a.shape)}, ` +
        `${showShape(b.shape)} and ${showShape(target.shape)}`,
    );
  return reduceLoss('marginRankingLoss', clampMin(sub(margin, mul(target, sub(a, b))), 0), reduction);
}

/** The input where the target is 1, max(0, margin - input) where it is -1; margin defaults to 1. */
export function hingeEmbeddingLoss(input: Tensor, target: Tensor, ...args: Arguments<MarginOptions>): Tensor {
  const options = readArguments('hingeEmbeddingLoss', hingeSpec, args);
  checkInputs('hingeEmbeddingLoss', input, target);
  const { margin, reduction } = options;
  const far = where(eq(target, 1), 0, clampMin(sub(margin, input), 0));
  const near = where(eq(target, -1), 0, input);
  return reduceLoss('hingeEmbeddingLoss', add(far, near), reduction);
}

/** Options of {@link hingeLoss}. */
export type HingeOptions = ReductionOptions;

/**
 * Keras's hinge: max(0, 1 - target input), averaged over the last dimension. Targets are -1 and 1, or 0 and 1.
 */
export function hingeLoss(input: Tensor, target: Tensor, ...args: Arguments<HingeOptions>): Tensor {
  const options = readArguments('hingeLoss', reductionDefaults, args);
  checkInputs('hingeLoss', input, target);
  if (!sameShape(input.shape, target.shape))
    throw new ShapeError(`[hingeLoss] input ${showShape(input.shape)} and target ${showShape(target.shape)} differ`);
  // Whether the targets are 0 and 1 is decided on the device, without waiting for it.
  const signs = where(mul(target, sub(target, 1)).eq(0).all(), sub(mul(target, 2), 1), target);
  const losses = relu(sub(1, mul(signs, input)));
  return reduceLoss('hingeLoss', input.ndim > 1 ? losses.mean(-1) : losses, options.reduction);
}
