/** @file Loss layers: each is the function of its name in lib/ops/losses/losses.ts, with that function's options as settings. */
import { Tensor } from '../core/tensor';
import { type Arguments, type InOrderOrByName, readSettings, type Values } from '../core/arguments';
import { crossEntropy, crossEntropySpec, nllLoss, nllSpec } from '../ops/losses/cross-entropy';
import { ctcLoss, ctcSpec, type CtcTargets, type Lengths } from '../ops/losses/ctc';
import * as losses from '../ops/losses/losses';
import * as margins from '../ops/losses/margin-losses';
import * as probabilities from '../ops/losses/probability-losses';
import type { Target } from '../ops/losses/reduction';
import * as similarity from '../ops/losses/similarity';
import { Module } from './module';

/** A loss. Its settings are fields and may be changed; those that are tensors are buffers, as in PyTorch. */
export abstract class Loss extends Module {
  static override readonly stateNames = { posWeight: 'pos_weight' };
  private readonly names: string[];
  private readonly fn: (...args: unknown[]) => Tensor;

  constructor(fn: unknown, spec: object, args: readonly unknown[]) {
    super();
    this.fn = fn as (...list: unknown[]) => Tensor;
    this.names = Object.keys(spec);
    for (const [name, value] of Object.entries(readSettings(this.constructor.name, spec, args))) {
      if (value instanceof Tensor) this.registerBuffer(name, value);
      else Object.assign(this, { [name]: value });
    }
  }

  forward(...inputs: unknown[]): Tensor {
    const fields = this as unknown as Record<string, unknown>;
    return this.fn(...inputs, Object.fromEntries(this.names.map((name) => [name, fields[name]])));
  }
}

type LossClass<A extends unknown[], S> = new (
  ...settings: Arguments<S>
) => Loss & S & { forward(...inputs: A): Tensor };

// A layer of a function whose tensors are A, with the function's spec of its settings.
const loss =
  <A extends unknown[]>() =>
  <Sp extends object>(fn: (...args: never) => Tensor, spec: Sp): LossClass<A, Values<Sp>> =>
    class extends Loss {
      constructor(...settings: Arguments<Values<Sp>>) {
        super(fn, spec, settings);
      }
    } as unknown as LossClass<A, Values<Sp>>;

const ofTarget = loss<[input: Tensor, ...InOrderOrByName<[target: Tensor], Target>]>();
const ofPair = loss<[input1: Tensor, ...InOrderOrByName<[input2: Tensor, target: Tensor], similarity.PairTarget>]>();
const ofTriplet =
  loss<[anchor: Tensor, ...InOrderOrByName<[positive: Tensor, negative: Tensor], similarity.Examples>]>();
const ofTwo = loss<[x1: Tensor, ...InOrderOrByName<[x2: Tensor], similarity.SecondOfTwo>]>();
type Variance = [target: Tensor, variance: Tensor | number];
type Sequences = [targets: Tensor, inputLengths: Lengths, targetLengths: Lengths];

const { reductionSpec } = losses;

/** Cross-entropy of logits and classes (or class probabilities) */
export class CrossEntropyLoss extends ofTarget(crossEntropy, crossEntropySpec) {}
/** Negative log-likelihood of log-probabilities and classes */
export class NLLLoss extends ofTarget(nllLoss, nllSpec) {}
/** (input - target)^2 */
export class MSELoss extends ofTarget(losses.mseLoss, reductionSpec) {}
/** |input - target| */
export class L1Loss extends ofTarget(losses.l1Loss, reductionSpec) {}
/** Quadratic below `beta`, linear with slope 1 beyond */
export class SmoothL1Loss extends ofTarget(losses.smoothL1Loss, losses.smoothL1Spec) {}
/** Quadratic below `delta`, linear with slope delta beyond */
export class HuberLoss extends ofTarget(losses.huberLoss, losses.huberSpec) {}
/** Binary cross-entropy of probabilities */
export class BCELoss extends ofTarget(losses.binaryCrossEntropy, losses.binarySpec) {}
/** Binary cross-entropy of logits */
export class BCEWithLogitsLoss extends ofTarget(losses.binaryCrossEntropyWithLogits, losses.bceSpec) {}
/** Kullback-Leibler divergence; the input holds log-probabilities */
export class KLDivLoss extends ofTarget(losses.klDiv, losses.klSpec) {}
/** Negative log-likelihood of counts under a Poisson distribution */
export class PoissonNLLLoss extends ofTarget(losses.poissonNllLoss, losses.poissonSpec) {}
/** Negative log-likelihood under normal distributions of given variance */
export class GaussianNLLLoss extends loss<[input: Tensor, ...InOrderOrByName<Variance, losses.GaussianNllTargets>]>()(
  losses.gaussianNllLoss,
  losses.gaussianSpec,
) {}
/** log(1 + exp(-target input)) for targets -1 and 1 */
export class SoftMarginLoss extends ofTarget(losses.softMarginLoss, reductionSpec) {}

/** 1 - cos(a, b) for targets 1, max(0, cos(a, b) - margin) for targets -1 */
export class CosineEmbeddingLoss extends ofPair(similarity.cosineEmbeddingLoss, similarity.marginSpec) {}
/** max(0, margin + distance(anchor, positive) - distance(anchor, negative)) */
export class TripletMarginLoss extends ofTriplet(similarity.tripletMarginLoss, similarity.tripletSpec) {}
/** {@link TripletMarginLoss} with a distance of one's own */
export class TripletMarginWithDistanceLoss extends ofTriplet(
  similarity.tripletMarginWithDistanceLoss,
  similarity.tripletDistanceSpec,
) {}
/** max(0, margin - target (a - b)) */
export class MarginRankingLoss extends ofPair(similarity.marginRankingLoss, similarity.marginSpec) {}
/** The input for targets 1, max(0, margin - input) for targets -1 */
export class HingeEmbeddingLoss extends ofTarget(margins.hingeEmbeddingLoss, margins.hingeEmbeddingSpec) {}
/** Keras's hinge: max(0, 1 - target input), averaged over the last dimension */
export class HingeLoss extends ofTarget(margins.hingeLoss, reductionSpec) {}
/** The class's score should exceed all others by a margin */
export class MultiMarginLoss extends ofTarget(margins.multiMarginLoss, margins.multiMarginSpec) {}
/** The scores of several classes should exceed all others by 1 */
export class MultiLabelMarginLoss extends ofTarget(margins.multilabelMarginLoss, reductionSpec) {}
/** Binary cross-entropy of each class, averaged over classes */
export class MultiLabelSoftMarginLoss extends ofTarget(margins.multilabelSoftMarginLoss, losses.binarySpec) {}
/** Connectionist temporal classification */
export class CTCLoss extends loss<[logProbs: Tensor, ...InOrderOrByName<Sequences, CtcTargets>]>()(ctcLoss, ctcSpec) {}
/** Cross-entropy of probabilities and one-hot classes, as in Keras */
export class CategoricalCrossentropyLoss extends ofTarget(
  probabilities.categoricalCrossentropy,
  probabilities.categoricalSpec,
) {}
/** Cross-entropy of probabilities and integer classes, as in Keras */
export class SparseCategoricalCrossentropyLoss extends ofTarget(
  probabilities.sparseCategoricalCrossentropy,
  probabilities.sparseSpec,
) {}
/** The cosine of the angle between vectors along a dimension */
export class CosineSimilarity extends ofTwo(similarity.cosineSimilarity, similarity.cosineSettings) {}
/** The p-norm of differences along the last dimension */
export class PairwiseDistance extends ofTwo(similarity.pairwiseDistance, similarity.pairwiseSettings) {}
