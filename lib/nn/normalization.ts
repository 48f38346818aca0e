/** @file Normalisation layers. */
import { noGrad } from '../core/autograd';
import { ArgumentError, ShapeError } from '../core/errors';
import { type Shape, showShape } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { readSettings, type WithRequired } from '../core/arguments';
import { axes, integer, number, positive } from '../core/params';
import { full, ones, zeros } from '../ops/tensors/create';
import { batchNormed, instanceNormed } from '../ops/layers/normalization';
import { groupNormed, layerNormed, rmsNormed } from '../ops/layers/row-norm';
import { squeeze, unsqueeze } from '../ops/shape/views';
import { ones_, zeros_ } from './init';
import { newParameter, weightDefaults, type WeightOptions } from './linear';
import { checkInput, Module } from './module';
import { type Parameter } from './parameter';
import { python } from '../core/python';

/** Settings of batch and instance norm, in PyTorch's order. */
export interface RunningNormSettings extends WeightOptions {
  /** Added to the variance. Default 1e-5. */
  eps: number;
  /** How far the running statistics move; null: their average over all batches. Default 0.1. */
  momentum: number | null;
  /** Learned weight and bias. */
  affine: boolean;
  /** Keep running statistics for evaluation. */
  trackRunningStats: boolean;
  /** With `affine`: learn a bias too. Default true. */
  bias: boolean;
}

/** Arguments of batch and instance norm. */
export type RunningNormArguments = WithRequired<
  [numFeatures: number],
  { /** How many channels. */ numFeatures: number },
  RunningNormSettings
>;

/** For layers that learn `numFeatures`. */
export const lazyNormSpec = {
  ...{ eps: 1e-5, momentum: number().orNull().or(0.1), affine: true, trackRunningStats: true },
  ...{ ...weightDefaults, bias: true },
};
/** What batch norm takes, and instance norm once it has learned `numFeatures`. */
export const runningSpec = { numFeatures: integer({ least: 0 }), ...lazyNormSpec };
const instanceSpec = { ...runningSpec, affine: false, trackRunningStats: false };

abstract class RunningNorm extends Module {
  static override readonly stateNames: Readonly<Record<string, string>> = {
    runningMean: 'running_mean',
    runningVar: 'running_var',
    numBatchesTracked: 'num_batches_tracked',
  };
  /** [numFeatures] */
  weight: Parameter | null;
  /** [numFeatures] */
  bias: Parameter | null;
  runningMean: Tensor | null;
  runningVar: Tensor | null;
  /** int64 */
  numBatchesTracked: Tensor | null;
  numFeatures: number;
  eps: number;
  momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;

  constructor(spec: typeof runningSpec, settings: RunningNormArguments) {
    super();
    const o = readSettings(this.constructor.name, spec, settings);
    const { numFeatures } = o;
    this.numFeatures = numFeatures;
    this.eps = o.eps;
    this.momentum = o.momentum;
    this.affine = o.affine;
    this.trackRunningStats = o.trackRunningStats;
    this.weight = o.affine ? newParameter([numFeatures], o) : null;
    this.bias = o.affine && o.bias ? newParameter([numFeatures], o) : null;
    const { device, dtype } = o;
    const tracked = o.trackRunningStats;
    this.runningMean = this.registerBuffer('runningMean', tracked ? zeros([numFeatures], { device, dtype }) : null);
    this.runningVar = this.registerBuffer('runningVar', tracked ? ones([numFeatures], { device, dtype }) : null);
    this.numBatchesTracked = this.registerBuffer(
      'numBatchesTracked',
      tracked ? full([], 0, { device, dtype: 'int64' }) : null,
    );
    this.resetParameters();
  }

  /** Weight 1, bias 0, and fresh running statistics. */
  resetParameters(): void {
    this.resetRunningStats();
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }

  resetRunningStats(): void {
    noGrad(() => {
      this.runningMean?.zero_();
      this.runningVar?.fill_(1);
      this.numBatchesTracked?.zero_();
    });
    this.batches = 0;
  }

  // Counted here too, so that a cumulative average need not read the tensor in every step.
  private batches = 0;
  private seen: readonly [Tensor, number] | null = null;

  /** Counts a training batch; how far the statistics move now. */
  protected step(): number {
    const count = this.numBatchesTracked;
    if (!count) return this.momentum ?? 0;
    // Somebody else wrote the counter (a loaded state): read it once.
    if (this.momentum === null && (this.seen?.[0] !== count || this.seen[1] !== count.storage.version))
      this.batches = Number(count.itemSync());
    noGrad(() => count.add_(1));
    this.batches++;
    this.seen = [count, count.storage.version];
    return this.momentum ?? 1 / this.batches;
  }

  protected checkChannels(x: Tensor, axis: number): void {
    if (x.shape[axis] !== this.numFeatures)
      throw new ShapeError(
        `[${this.constructor.name}] input ${showShape(x.shape)} has ${x.shape[axis]} channels, the layer ${this.numFeatures}`,
      );
  }

  override extraRepr(): string {
    const { eps, momentum, affine, trackRunningStats } = this;
    return `${this.numFeatures}, eps=${python(eps)}, momentum=${python(momentum)}, affine=${python(affine)}, bias=${python(this.bias !== null)}, track_running_stats=${python(trackRunningStats)}`;
  }
}

abstract class BatchNorm extends RunningNorm {
  private readonly dims: readonly number[];
  constructor(dims: readonly number[], settings: RunningNormArguments) {
    super(runningSpec, settings);
    this.dims = dims;
  }

  forward(x: Tensor): Tensor {
    checkInput(this, x);
    if (!this.dims.includes(x.ndim))
      throw new ShapeError(
        `[${this.constructor.name}] input ${showShape(x.shape)} needs ${this.dims.join(' or ')} dimensions`,
      );
    this.checkChannels(x, 1);
    const { runningMean, runningVar, weight, bias, eps } = this;
    const training = this.training || runningMean === null;
    const momentum = this.training ? this.step() : 0;
    // Without running statistics in training mode nothing is moved.
    return batchNormed(x, { runningMean, runningVar, weight, bias, training, momentum, eps });
  }
}

/** Batch norm over [batch, features] or [batch, channels, length]. */
export class BatchNorm1d extends BatchNorm {
  constructor(...settings: RunningNormArguments) {
    super([2, 3], settings);
  }
}
/** Batch norm over [batch, channels, height, width]. */
export class BatchNorm2d extends BatchNorm {
  constructor(...settings: RunningNormArguments) {
    super([4], settings);
  }
}
/** Batch norm over [batch, channels, depth, height, width]. */
export class BatchNorm3d extends BatchNorm {
  constructor(...settings: RunningNormArguments) {
    super([5], settings);
  }
}

abstract class InstanceNorm extends RunningNorm {
  /** What is learned and tracked unless the settings say so: nothing. */
  protected static readonly spec: typeof runningSpec = instanceSpec;
  private readonly n: number;
  constructor(n: number, settings: RunningNormArguments) {
    super(new.target.spec, settings);
    this.n = n;
  }

  forward(x: Tensor): Tensor {
    checkInput(this, x);
    if (x.ndim !== this.n + 1 && x.ndim !== this.n + 2)
      throw new ShapeError(
        `[${this.constructor.name}] input ${showShape(x.shape)} needs ${this.n + 1} or ${this.n + 2} dimensions`,
      );
    const single = x.ndim === this.n + 1;
    if (this.affine) this.checkChannels(x, single ? 0 : 1);
    const { runningMean, runningVar, weight, bias, eps } = this;
    const useInputStats = this.training || runningMean === null;
    // PyTorch's instance norm does not count batches.
    const momentum = this.momentum ?? 0;
    const y = instanceNormed(single ? unsqueeze(x, 0) : x, {
      runningMean,
      runningVar,
      weight,
      bias,
      useInputStats,
      momentum,
      eps,
    });
    return single ? squeeze(y, 0) : y;
  }
}

/** Each channel of each sample of [batch, channels, length] by itself. */
export class InstanceNorm1d extends InstanceNorm {
  constructor(...settings: RunningNormArguments) {
    super(1, settings);
  }
}
/** Each channel of each sample of [batch, channels, height, width] by itself. */
export class InstanceNorm2d extends InstanceNorm {
  constructor(...settings: RunningNormArguments) {
    super(2, settings);
  }
}
/** Each channel of each sample of [batch, channels, depth, height, width] by itself. */
export class InstanceNorm3d extends InstanceNorm {
  constructor(...settings: RunningNormArguments) {
    super(3, settings);
  }
}

// One dimension or several, of at least one element each.
function shapeOf(layer: string, shape: number | Shape): number[] {
  const list = typeof shape === 'number' ? [shape] : shape;
  if (list.length === 0) throw new ArgumentError(`[${layer}] normalizedShape must have at least one dimension`);
  return list.map((d) => positive.check(layer, 'normalizedShape', d));
}

/** Arguments of layers that normalise the last dimensions. */
type LastDimsArguments<S extends object> = WithRequired<
  [normalizedShape: number | Shape],
  { /** The last dimensions, or the last one. */ normalizedShape: number | Shape },
  S
>;

/** Settings of {@link LayerNorm}, in PyTorch's order. */
export interface LayerNormSettings extends WeightOptions {
  eps: number;
  elementwiseAffine: boolean;
  bias: boolean;
}

const layerSpec = { normalizedShape: axes, eps: 1e-5, elementwiseAffine: true, bias: true, ...weightDefaults };

/** The last dimensions, of `normalizedShape`, with mean 0 and variance 1. */
export class LayerNorm extends Module {
  weight: Parameter | null;
  bias: Parameter | null;
  readonly normalizedShape: readonly number[];
  readonly eps: number;
  readonly elementwiseAffine: boolean;

  constructor(...settings: LastDimsArguments<LayerNormSettings>) {
    super();
    const o = readSettings('LayerNorm', layerSpec, settings);
    this.normalizedShape = shapeOf('LayerNorm', o.normalizedShape);
    this.eps = o.eps;
    this.elementwiseAffine = o.elementwiseAffine;
    this.weight = o.elementwiseAffine ? newParameter(this.normalizedShape, o) : null;
    this.bias = o.elementwiseAffine && o.bias ? newParameter(this.normalizedShape, o) : null;
    this.resetParameters();
  }

  resetParameters(): void {
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }

  forward(x: Tensor): Tensor {
    checkInput(this, x);
    return layerNormed(x, this);
  }

  override extraRepr(): string {
    return `${python(this.normalizedShape)}, eps=${python(this.eps)}, elementwise_affine=${python(this.elementwiseAffine)}, bias=${python(this.bias !== null)}`;
  }
}

/** Settings of {@link RMSNorm}, in PyTorch's order. */
export interface RmsNormSettings extends WeightOptions {
  /** Default: the machine epsilon of the input. */
  eps: number | null;
  elementwiseAffine: boolean;
}

const rmsSpec = { normalizedShape: axes, eps: number().orNull(), elementwiseAffine: true, ...weightDefaults };

/** The last dimensions, of `normalizedShape`, divided by their root mean square. */
export class RMSNorm extends Module {
  weight: Parameter | null;
  readonly normalizedShape: readonly number[];
  readonly eps: number | null;
  readonly elementwiseAffine: boolean;

  constructor(...settings: LastDimsArguments<RmsNormSettings>) {
    super();
    const o = readSettings('RMSNorm', rmsSpec, settings);
    this.normalizedShape = shapeOf('RMSNorm', o.normalizedShape);
    this.eps = o.eps;
    this.elementwiseAffine = o.elementwiseAffine;
    this.weight = o.elementwiseAffine ? newParameter(this.normalizedShape, o) : null;
    this.resetParameters();
  }

  resetParameters(): void {
    if (this.weight) ones_(this.weight);
  }

  forward(x: Tensor): Tensor {
    checkInput(this, x);
    return rmsNormed(x, this);
  }

  override extraRepr(): string {
    return `${python(this.normalizedShape)}, eps=${python(this.eps)}, elementwise_affine=${python(this.elementwiseAffine)}`;
  }
}

/** Settings of {@link GroupNorm}, in PyTorch's order. */
export interface GroupNormSettings extends WeightOptions {
  eps: number;
  affine: boolean;
  bias: boolean;
}

/** What {@link GroupNorm} cannot do without. */
interface GroupNormSizes {
  numGroups: number;
  numChannels: number;
}
const groupSpec = {
  ...{ numGroups: positive, numChannels: positive, eps: 1e-5, affine: true },
  ...{ ...weightDefaults, bias: true },
};

/** Groups of channels of [batch, channels, ...] with mean 0 and variance 1. */
export class GroupNorm extends Module {
  weight: Parameter | null;
  bias: Parameter | null;
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  readonly affine: boolean;

  constructor(...settings: WithRequired<[numGroups: number, numChannels: number], GroupNormSizes, GroupNormSettings>) {
    super();
    const o = readSettings('GroupNorm', groupSpec, settings);
    const { numGroups, numChannels } = o;
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    if (numChannels % numGroups !== 0)
      throw new ArgumentError(`[GroupNorm] numChannels ${numChannels} must be divisible by numGroups ${numGroups}`);
    this.eps = o.eps;
    this.affine = o.affine;
    this.weight = o.affine ? newParameter([numChannels], o) : null;
    this.bias = o.affine && o.bias ? newParameter([numChannels], o) : null;
    this.resetParameters();
  }

  resetParameters(): void {
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }

  forward(x: Tensor): Tensor {
    checkInput(this, x);
    return groupNormed(x, this);
  }

  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${python(this.eps)}, affine=${python(this.affine)}, bias=${python(this.bias !== null)}`;
  }
}
