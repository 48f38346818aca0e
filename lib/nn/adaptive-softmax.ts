/** @file The softmax over many classes of which few are frequent. Grave et al. 2017. */
import { readArguments, type Spec, type WithRequired } from '../core/arguments';
import { ArgumentError, DTypeError, IndexError, ShapeError } from '../core/errors';
import { isFloat } from '../core/dtype';
import { boolean, integer, integers, number } from '../core/params';
import { showShape } from '../core/shape';
import { needTensor, type Tensor } from '../core/tensor';
import { tensor } from '../ops/tensors/create';
import { cat } from '../ops/shape/joining';
import { type Named, named } from '../ops/kit/named';
import { logSoftmax } from '../ops/layers/softmax';
import { ModuleList, Sequential } from './containers';
import { Linear, weightDefaults, type WeightOptions } from './linear';
import { Module } from './module';

/** Required settings of {@link AdaptiveLogSoftmaxWithLoss}. */
export interface AdaptiveSoftmaxSizes {
  inFeatures: number;
  nClasses: number;
  /** Where clusters of classes begin, ascending, within 1 and nClasses - 1. The classes before the first are frequent. */
  cutoffs: readonly number[];
}
/** Other settings of {@link AdaptiveLogSoftmaxWithLoss}, in PyTorch's order. */
export interface AdaptiveSoftmaxOptions extends WeightOptions {
  /** Cluster i (from 1) works on inFeatures / divValue^i features. Default 4. */
  divValue: number;
  /** Add a bias to the frequent classes and clusters. Default false. */
  headBias: boolean;
}
const spec: Spec<AdaptiveSoftmaxSizes & AdaptiveSoftmaxOptions> = {
  inFeatures: integer({ least: 0 }),
  nClasses: integer({ least: 1 }),
  cutoffs: integers,
  divValue: number({ above: 0 }).or(4),
  headBias: boolean.or(false),
  ...weightDefaults,
};

/** What {@link AdaptiveLogSoftmaxWithLoss} returns. */
export type AdaptiveSoftmaxOutput = Named<'output' | 'loss', [Tensor, Tensor]>;

/**
 * Logarithms of softmax probabilities for very many classes, numbered by falling frequency. The frequent ones have an
 * output each; the others lie in clusters, which have one together and a small network of their own, computed only for
 * the examples whose target is in the cluster.
 */
export class AdaptiveLogSoftmaxWithLoss extends Module {
  readonly inFeatures: number;
  readonly nClasses: number;
  /** Where clusters begin, and nClasses. */
  readonly cutoffs: readonly number[];
  readonly divValue: number;
  readonly headBias: boolean;
  /** Scores of the frequent classes and of the clusters. */
  head: Linear;
  /** Of each cluster: a projection to fewer features, and scores of its classes. */
  tail: ModuleList;

  constructor(
    ...settings: WithRequired<
      [inFeatures: number, nClasses: number, cutoffs: readonly number[]],
      AdaptiveSoftmaxSizes,
      AdaptiveSoftmaxOptions
    >
  ) {
    super();
    const op = 'AdaptiveLogSoftmaxWithLoss';
    const o = readArguments<AdaptiveSoftmaxSizes & AdaptiveSoftmaxOptions>(op, spec, settings, 'setting');
    const { inFeatures, nClasses, cutoffs, divValue, headBias, device, dtype } = o;
    if (cutoffs.length === 0 || [0, ...cutoffs].some((c, i) => c >= [...cutoffs, nClasses][i]!))
      throw new ArgumentError(
        `[${op}] cutoffs must be integers in ascending order within 1 and ${nClasses - 1}, got [${cutoffs.join(', ')}]`,
      );
    this.inFeatures = inFeatures;
    this.nClasses = nClasses;
    this.cutoffs = [...cutoffs, nClasses];
    this.divValue = divValue;
    this.headBias = headBias;
    this.head = new Linear(inFeatures, cutoffs[0]! + cutoffs.length, { bias: headBias, device, dtype });
    this.tail = new ModuleList(
      cutoffs.map((from, i) => {
        const size = Math.floor(inFeatures / divValue ** (i + 1));
        const plain = { bias: false, device, dtype };
        return new Sequential(
          new Linear(inFeatures, size, plain),
          new Linear(size, this.cutoffs[i + 1]! - from, plain),
        );
      }),
    );
  }

  /** How many classes have an output of their own. */
  get shortlistSize(): number {
    return this.cutoffs[0]!;
  }

  /** Draws new values, as {@link Linear} does. */
  resetParameters(): void {
    this.head.resetParameters();
    for (const cluster of this.tail) for (const layer of cluster as Sequential) (layer as Linear).resetParameters();
  }

  private check(op: string, x: Tensor, ndim: number): void {
    needTensor(op, x);
    if (!isFloat(x.dtype)) throw new DTypeError(`[${op}] the input must be floating-point, not ${x.dtype}`);
    if (x.ndim !== ndim || x.shape[ndim - 1] !== this.inFeatures)
      throw new ShapeError(
        `[${op}] input ${showShape(x.shape)} must have shape [${ndim === 2 ? 'batch, ' : ''}${this.inFeatures}]`,
      );
  }

  /**
   * @param input - [batch, inFeatures], or [inFeatures]
   * @param target - classes: integers [batch], or 0-dim. They are read, which waits for them
   * @returns `output`, the logarithm of each target's probability, [batch] or 0-dim, and `loss`, the negative mean of it
   * @throws IndexError for a target outside of 0 .. nClasses - 1
   */
  forward(input: Tensor, target: Tensor): AdaptiveSoftmaxOutput {
    const op = 'AdaptiveLogSoftmaxWithLoss';
    needTensor(op, target);
    if (isFloat(target.dtype) || target.dtype === 'bool')
      throw new DTypeError(`[${op}] targets must be integers, not ${target.dtype}`);
    if (target.ndim > 1) throw new ShapeError(`[${op}] target ${showShape(target.shape)} must have 0 or 1 dimension`);
    this.check(op, input, target.ndim + 1);
    if (target.ndim === 1 && target.shape[0] !== input.shape[0])
      throw new ShapeError(
        `[${op}] input ${showShape(input.shape)} and target ${showShape(target.shape)} must have equally many examples`,
      );
    const x = target.ndim === 0 ? input.unsqueeze(0) : input;
    const classes = Array.from(target.dataSync() as ArrayLike<number | bigint>, Number);
    const wrong = classes.find((c) => c < 0 || c >= this.nClasses);
    if (wrong !== undefined) throw new IndexError(`[${op}] target ${wrong} is no class: 0 to ${this.nClasses - 1} are`);

    const { cutoffs, shortlistSize } = this;
    // The cluster of each class, from 1; 0 for a frequent one.
    const clusters = classes.map((c) => cutoffs.findIndex((end) => c < end));
    const ints = { dtype: 'int64', device: input.device } as const;
    const column = (list: readonly number[]): Tensor => tensor(list, { ...ints, shape: [list.length, 1] });
    const columns = classes.map((c, i) => (clusters[i] === 0 ? c : shortlistSize + clusters[i]! - 1));
    let output = logSoftmax(this.head.forward(x), 1).gather(1, column(columns)).squeeze(1);
    for (let k = 1; k < cutoffs.length; k++) {
      const rows = clusters.flatMap((cluster, i) => (cluster === k ? [i] : []));
      if (rows.length === 0) continue;
      const at = tensor(rows, ints);
      const scores = (this.tail.at(k - 1) as Sequential).forward(x.indexSelect(0, at)) as Tensor;
      const within = column(rows.map((i) => classes[i]! - cutoffs[k - 1]!));
      output = output.indexAdd(0, at, logSoftmax(scores, 1).gather(1, within).squeeze(1));
    }
    const loss = output.neg().mean();
    return named<'output' | 'loss', [Tensor, Tensor]>(
      ['output', 'loss'],
      [target.ndim === 0 ? output.squeeze(0) : output, loss],
    );
  }

  // Logarithms of all probabilities, from the head's.
  private all(x: Tensor, head: Tensor): Tensor {
    const { shortlistSize } = this;
    const clusters = this.tail.map((cluster, i) =>
      logSoftmax((cluster as Sequential).forward(x) as Tensor, 1).add(head.narrow(1, shortlistSize + i, 1)),
    );
    return cat([head.narrow(1, 0, shortlistSize), ...clusters], 1);
  }

  /**
   * The logarithms of the probabilities of all classes.
   * @param input - [batch, inFeatures]
   * @returns [batch, nClasses]
   */
  logProb(input: Tensor): Tensor {
    this.check('AdaptiveLogSoftmaxWithLoss.logProb', input, 2);
    return this.all(input, logSoftmax(this.head.forward(input), 1));
  }

  /**
   * The most probable class of each example. Of examples for which a frequent class comes before all clusters it is
   * that; the clusters are computed for the others only. Waits to know them.
   * @param input - [batch, inFeatures]
   * @returns [batch], int64
   */
  predict(input: Tensor): Tensor {
    this.check('AdaptiveLogSoftmaxWithLoss.predict', input, 2);
    const head = logSoftmax(this.head.forward(input), 1);
    const first = head.argmax(1);
    const rows = first.ge(this.shortlistSize).nonzero().squeeze(1);
    if (rows.numel === 0) return first;
    const of = (t: Tensor): Tensor => t.indexSelect(0, rows);
    return first.indexCopy(0, rows, this.all(of(input), of(head)).argmax(1));
  }
}
