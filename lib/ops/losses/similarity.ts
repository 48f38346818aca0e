/** @file Distances and similarities of vectors, and the losses made of them. */
import { noGrad } from '../../core/autograd';
import { ShapeError } from '../../core/errors';
import { broadcastShapes, checkAxis, sameShape, showShape } from '../../core/shape';
import { needTensor, type Tensor } from '../../core/tensor';
import { type Arguments, readArguments, type WithRequired } from '../../core/arguments';
import { axis, boolean, fn, number, tensor } from '../../core/params';
import { add, div, eq, minimum, mul, sub } from '../elementwise/arithmetic';
import { clampMin, sqrt, square } from '../elementwise/math';
import { byMean, checkInputs, reduceLoss, type ReductionOptions, type Target, targetSpec } from './reduction';
import { sum } from '../reduce/reduce';
import { broadcastTo } from '../shape/views';
import { norm } from '../reduce/statistics';
import { where } from '../elementwise/where';

/** Options of {@link cosineSimilarity}. */
export interface CosineSimilarityOptions {
  /** The dimension of the vectors' elements. Default 1. */
  dim?: number | undefined;
  /** The least length a vector is divided by. Default 1e-8. */
  eps?: number | undefined;
}

/** The second of two tensors, by name. */
export interface SecondOfTwo {
  x2: Tensor;
}
export const cosineSettings = { dim: axis.or(1), eps: number({ least: 0 }).or(1e-8) };
const cosineSpec = { x2: tensor, ...cosineSettings };

/**
 * The cosine of the angle between the vectors along a dimension of the shape that the tensors broadcast to.
 * @param args - x2, dim, eps: in this order, or by name in one object
 */
export function cosineSimilarity(
  a: Tensor,
  ...args: WithRequired<[x2: Tensor], SecondOfTwo, CosineSimilarityOptions>
): Tensor {
  const { x2: b, dim, eps } = readArguments('cosineSimilarity', cosineSpec, args);
  checkInputs('cosineSimilarity', a, b);
  const shape = broadcastShapes('cosineSimilarity', a.shape, b.shape);
  const along = checkAxis('cosineSimilarity', dim, shape.length);
  const unit = (t: Tensor): Tensor => {
    const v = broadcastTo(t, shape);
    const size = norm(v, 2, along, { keepdim: true });
    // The bound lets the gradient of the length through, as in PyTorch.
    const short = noGrad(() => sub(clampMin(size, eps), size));
    return div(v, add(size, short));
  };
  return sum(mul(unit(a), unit(b)), along);
}

/** Options of {@link normalize}. */
export interface NormalizeOptions {
  /** Which norm. Default 2. */
  p?: number | undefined;
  /** The dimension of the vectors' elements. Default 1. */
  dim?: number | undefined;
  /** The least norm a vector is divided by. Default 1e-12. */
  eps?: number | undefined;
}

const normalizeSpec = { p: 2, dim: axis.or(1), eps: 1e-12 };

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
  p?: number | undefined;
  /** Added to the differences. Default 1e-6. */
  eps?: number | undefined;
  /** Default false. */
  keepdim?: boolean | undefined;
}

export const pairwiseSettings = { p: 2, eps: 1e-6, keepdim: boolean.or(false) };
const pairwiseSpec = { x2: tensor, ...pairwiseSettings };

/**
 * The p-norm of a - b along the last dimension. The tensors broadcast.
 * @param args - x2 (b), p, eps, keepdim: in this order, or by name in one object
 */
export function pairwiseDistance(
  a: Tensor,
  ...args: WithRequired<[x2: Tensor], SecondOfTwo, PairwiseDistanceOptions>
): Tensor {
  const { x2, p, eps, keepdim } = readArguments('pairwiseDistance', pairwiseSpec, args);
  return distance(a, x2, p, eps, keepdim);
}

function distance(a: Tensor, b: Tensor, p: number, eps: number, keepdim = false): Tensor {
  checkInputs('pairwiseDistance', a, b);
  return norm(add(sub(a, b), eps), p, -1, { keepdim });
}

/** Options of losses with a margin. */
export interface MarginOptions extends ReductionOptions {
  margin?: number | undefined;
}

/** The second input and the target, by name. */
export interface PairTarget extends Target {
  input2: Tensor;
}
/** For layers too. */
export const marginSpec = { margin: 0, reduction: byMean };
const pairSpec = { input2: tensor, ...targetSpec, ...marginSpec };

/**
 * 1 - cos(a, b) where the target is 1, max(0, cos(a, b) - margin) where it is -1; margin defaults to 0.
 * @param a - [N, D] or [D]
 * @param args - input2 (b), target ([N] or []), margin, reduction: in this order, or by name in one object
 */
export function cosineEmbeddingLoss(
  a: Tensor,
  ...args: WithRequired<[input2: Tensor, target: Tensor], PairTarget, MarginOptions>
): Tensor {
  const { input2: b, target, margin, reduction } = readArguments('cosineEmbeddingLoss', pairSpec, args);
  checkInputs('cosineEmbeddingLoss', a, b, target);
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
  margin?: number | undefined;
  /** Which norm. Default 2. */
  p?: number | undefined;
  /** Added to differences. Default 1e-6. */
  eps?: number | undefined;
  /** Use the distance from positive to negative where it is smaller (Balntas et al. 2016). Default false. */
  swap?: boolean | undefined;
}

/** The examples beside the anchor, by name. */
export interface Examples {
  positive: Tensor;
  negative: Tensor;
}
const examples = { positive: tensor, negative: tensor };
export const tripletSpec = {
  ...{ margin: number({ above: 0 }).or(1), p: 2, eps: 1e-6, swap: boolean.or(false), reduction: byMean },
};
const tripletLossSpec = { ...examples, ...tripletSpec };

function checkTriplet(op: string, anchor: Tensor, positive: Tensor, negative: Tensor): void {
  checkInputs(op, anchor, positive, negative);
  if (anchor.ndim !== positive.ndim || anchor.ndim !== negative.ndim)
    throw new ShapeError(
      `[${op}] anchor, positive and negative must have equally many dimensions, got ${showShape(anchor.shape)}, ` +
        `${showShape(positive.shape)} and ${showShape(negative.shape)}`,
    );
}

/** max(0, margin + distance(anchor, positive) - distance(anchor, negative)), along the last dimension. */
export function tripletMarginLoss(
  anchor: Tensor,
  ...args: WithRequired<[positive: Tensor, negative: Tensor], Examples, TripletMarginOptions>
): Tensor {
  const { p, eps, ...o } = readArguments('tripletMarginLoss', tripletLossSpec, args);
  return triplet('tripletMarginLoss', anchor, o, (a, b) => distance(a, b, p, eps));
}

/** Options of {@link tripletMarginWithDistanceLoss}. */
export interface TripletDistanceOptions extends MarginOptions {
  /** Default {@link pairwiseDistance}. */
  distanceFunction?: ((a: Tensor, b: Tensor) => Tensor) | null | undefined;
  swap?: boolean | undefined;
}

export const tripletDistanceSpec = {
  distanceFunction: fn<(a: Tensor, b: Tensor) => Tensor>().orNull(),
  ...{ margin: tripletSpec.margin, swap: tripletSpec.swap, reduction: byMean },
};
const tripletDistanceLossSpec = { ...examples, ...tripletDistanceSpec };

/** {@link tripletMarginLoss} with a distance of one's own. */
export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  ...args: WithRequired<[positive: Tensor, negative: Tensor], Examples, TripletDistanceOptions>
): Tensor {
  const op = 'tripletMarginWithDistanceLoss';
  const { distanceFunction, ...o } = readArguments(op, tripletDistanceLossSpec, args);
  return triplet(op, anchor, o, (a, b) =>
    distanceFunction
      ? tensor.check(op, 'what distanceFunction returns', distanceFunction(a, b))
      : distance(a, b, 2, 1e-6),
  );
}

type Triplet = Examples & Required<Pick<TripletDistanceOptions, 'margin' | 'swap' | 'reduction'>>;

function triplet(op: string, anchor: Tensor, o: Triplet, distanceOf: (a: Tensor, b: Tensor) => Tensor): Tensor {
  const { positive, negative, margin, swap, reduction } = o;
  checkTriplet(op, anchor, positive, negative);
  const near = distanceOf(anchor, positive);
  const far = distanceOf(anchor, negative);
  const nearest = swap ? minimum(far, distanceOf(positive, negative)) : far;
  return reduceLoss(op, clampMin(add(sub(near, nearest), margin), 0), reduction);
}

/** max(0, margin - target (a - b)) for targets 1 (a ranks higher) and -1; margin defaults to 0. */
export function marginRankingLoss(
  a: Tensor,
  ...args: WithRequired<[input2: Tensor, target: Tensor], PairTarget, MarginOptions>
): Tensor {
  const { input2: b, target, margin, reduction } = readArguments('marginRankingLoss', pairSpec, args);
  checkInputs('marginRankingLoss', a, b, target);
  if (a.ndim !== b.ndim || a.ndim !== target.ndim)
    throw new ShapeError(
      `[marginRankingLoss] inputs and target must have equally many dimensions, got ${showShape(a.shape)}, ` +
        `${showShape(b.shape)} and ${showShape(target.shape)}`,
    );
  return reduceLoss('marginRankingLoss', clampMin(sub(margin, mul(target, sub(a, b))), 0), reduction);
}
