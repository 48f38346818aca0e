/** @file Loss layers: each is the function of its name in lib/ops/losses.ts, with that function's options as settings. */
import { Tensor } from '../core/tensor';
import { type Arguments, readSettings } from '../core/arguments';
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  categoricalCrossentropy,
  cosineEmbeddingLoss,
  cosineSimilarity,
  crossEntropy,
  ctcLoss,
  gaussianNllLoss,
  hingeEmbeddingLoss,
  hingeLoss,
  huberLoss,
  klDiv,
  l1Loss,
  marginRankingLoss,
  mseLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  multiMarginLoss,
  nllLoss,
  pairwiseDistance,
  poissonNllLoss,
  type Reduction,
  smoothL1Loss,
  softMarginLoss,
  sparseCategoricalCrossentropy,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} from '../ops/losses';
import { Module } from './module';

/** A loss. Its settings are fields and may be changed; those that are tensors are buffers, as in PyTorch. */
export abstract class Loss extends Module {
  static override readonly stateNames = { posWeight: 'pos_weight' };
  readonly #names: string[];
  readonly #fn: (...args: unknown[]) => Tensor;

  constructor(fn: unknown, defaults: object, args: readonly unknown[]) {
    super();
    this.#fn = fn as (...list: unknown[]) => Tensor;
    this.#names = Object.keys(defaults);
    for (const [name, value] of Object.entries(readSettings(this.constructor.name, defaults, args))) {
      if (value instanceof Tensor) this.registerBuffer(name, value);
      else Object.assign(this, { [name]: value });
    }
  }

  forward(...inputs: Tensor[]): Tensor {
    const fields = this as unknown as Record<string, unknown>;
    return this.#fn(...inputs, Object.fromEntries(this.#names.map((name) => [name, fields[name]])));
  }
}

type LossClass<A extends unknown[], S> = new (
  ...settings: Arguments<S>
) => Loss & S & { forward(...inputs: A): Tensor };

// The parameters before the optional ones.
type Fixed<P extends readonly unknown[]> = P extends readonly [infer H, ...infer R] ? [H, ...Fixed<R>] : [];

const loss = <F extends (...args: never[]) => Tensor, S extends object>(
  fn: F,
  defaults: S,
): LossClass<Fixed<Parameters<F>>, S> =>
  class extends Loss {
    constructor(...settings: Arguments<S>) {
      super(fn, defaults, settings);
    }
  } as unknown as LossClass<Fixed<Parameters<F>>, S>;

const reduction = 'mean' as Reduction;
const weight = null as Tensor | null;

/** Cross-entropy of logits and classes (or class probabilities) */
export class CrossEntropyLoss extends loss(crossEntropy, { weight, ignoreIndex: -100, reduction, labelSmoothing: 0 }) {}
/** Negative log-likelihood of log-probabilities and classes */
export class NLLLoss extends loss(nllLoss, { weight, ignoreIndex: -100, reduction }) {}
/** (input - target)^2 */
export class MSELoss extends loss(mseLoss, { reduction }) {}
/** |input - target| */
export class L1Loss extends loss(l1Loss, { reduction }) {}
/** Quadratic below `beta`, linear with slope 1 beyond */
export class SmoothL1Loss extends loss(smoothL1Loss, { reduction, beta: 1 }) {}
/** Quadratic below `delta`, linear with slope delta beyond */
export class HuberLoss extends loss(huberLoss, { reduction, delta: 1 }) {}
/** Binary cross-entropy of probabilities */
export class BCELoss extends loss(binaryCrossEntropy, { weight, reduction }) {}
/** Binary cross-entropy of logits */
export class BCEWithLogitsLoss extends loss(binaryCrossEntropyWithLogits, { weight, reduction, posWeight: weight }) {}
/** Kullback-Leibler divergence; the input holds log-probabilities */
export class KLDivLoss extends loss(klDiv, { reduction: reduction as Reduction | 'batchmean', logTarget: false }) {}
/** Negative log-likelihood of counts under a Poisson distribution */
export class PoissonNLLLoss extends loss(poissonNllLoss, { logInput: true, full: false, eps: 1e-8, reduction }) {}
/** Negative log-likelihood under normal distributions of given variance */
export class GaussianNLLLoss extends loss(gaussianNllLoss, { full: false, eps: 1e-6, reduction }) {}
/** log(1 + exp(-target input)) for targets -1 and 1 */
export class SoftMarginLoss extends loss(softMarginLoss, { reduction }) {}

/** 1 - cos(a, b) for targets 1, max(0, cos(a, b) - margin) for targets -1 */
export class CosineEmbeddingLoss extends loss(cosineEmbeddingLoss, { margin: 0, reduction }) {}
/** max(0, margin + distance(anchor, positive) - distance(anchor, negative)) */
export class TripletMarginLoss extends loss(tripletMarginLoss, {
  margin: 1,
  p: 2,
  eps: 1e-6,
  swap: false,
  reduction,
}) {}
/** {@link TripletMarginLoss} with a distance of one's own */
export class TripletMarginWithDistanceLoss extends loss(tripletMarginWithDistanceLoss, {
  distanceFunction: null as ((a: Tensor, b: Tensor) => Tensor) | null,
  margin: 1,
  swap: false,
  reduction,
}) {}
/** max(0, margin - target (a - b)) */
export class MarginRankingLoss extends loss(marginRankingLoss, { margin: 0, reduction }) {}
/** The input for targets 1, max(0, margin - input) for targets -1 */
export class HingeEmbeddingLoss extends loss(hingeEmbeddingLoss, { margin: 1, reduction }) {}
/** Keras's hinge: max(0, 1 - target input), averaged over the last dimension */
export class HingeLoss extends loss(hingeLoss, { reduction }) {}
/** The class's score should exceed all others by a margin */
export class MultiMarginLoss extends loss(multiMarginLoss, { p: 1, margin: 1, weight, reduction }) {}
/** The scores of several classes should exceed all others by 1 */
export class MultiLabelMarginLoss extends loss(multilabelMarginLoss, { reduction }) {}
/** Binary cross-entropy of each class, averaged over classes */
export class MultiLabelSoftMarginLoss extends loss(multilabelSoftMarginLoss, { weight, reduction }) {}
/** Connectionist temporal classification */
export class CTCLoss extends loss(ctcLoss, { blank: 0, reduction, zeroInfinity: false }) {}
/** Cross-entropy of probabilities and one-hot classes, as in Keras */
export class CategoricalCrossentropyLoss extends loss(categoricalCrossentropy, {
  reduction,
  labelSmoothing: 0,
  axis: -1,
}) {}
/** Cross-entropy of probabilities and integer classes, as in Keras */
export class SparseCategoricalCrossentropyLoss extends loss(sparseCategoricalCrossentropy, { reduction, axis: -1 }) {}
/** The cosine of the angle between vectors along a dimension */
export class CosineSimilarity extends loss(cosineSimilarity, { dim: 1, eps: 1e-8 }) {}
/** The p-norm of differences along the last dimension */
export class PairwiseDistance extends loss(pairwiseDistance, { p: 2, eps: 1e-6, keepdim: false }) {}
