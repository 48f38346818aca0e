/** @file Normalisation layers. */
import { noGrad } from '../core/autograd';
import { ArgumentError, ShapeError } from '../core/errors';
import { describe, type Shape, showShape } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { type Arguments, readArguments } from '../core/arguments';
import { number } from '../core/params';
import { full, ones, zeros } from '../ops/create';
import { localResponseNorm } from '../ops/localResponse';
import { batchNorm, groupNorm, instanceNorm, layerNorm, rmsNorm } from '../ops/normalization';
import { squeeze, unsqueeze } from '../ops/views';
import { ones_, zeros_ } from './init';
import { newParameter, weightDefaults, type WeightOptions } from './linear';
import { checkInput, Module } from './module';
import { type Parameter } from './parameter';
import { checkSize, python, pythonFloat } from './settings';

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

  constructor(
    numFeatures: number,
    defaults: { affine: boolean; trackRunningStats: boolean },
    settings: readonly unknown[],
  ) {
    super();
    const name = this.constructor.name;
    const o = readArguments<RunningNormSettings>(
      name,
      { eps: 1e-5, momentum: number().orNull().or(0.1), ...defaults, bias: true, ...weightDefaults },
      settings,
    );
    this.numFeatures = checkSize(name, 'numFeatures', numFeatures);
    if (o.momentum !== null && typeof o.momentum !== 'number')
      throw new ArgumentError(`[${name}] momentum must be a number or null, got ${describe(o.momentum)}`);
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
    this.#batches = 0;
  }

  // Counted here too, so that a cumulative average need not read the tensor in every step.
  #batches = 0;
  #seen: readonly [Tensor, number] | null = null;

  /** Counts a training batch; how far the statistics move now. */
  protected step(): number {
    const count = this.numBatchesTracked;
    if (!count) return this.momentum ?? 0;
    // Somebody else wrote the counter (a loaded state): read it once.
    if (this.momentum === null && (this.#seen?.[0] !== count || this.#seen[1] !== count.storage.version))
      this.#batches = Number(count.itemSync());
    noGrad(() => count.add_(1));
    this.#batches++;
    this.#seen = [count, count.storage.version];
    return this.momentum ?? 1 / this.#batches;
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
  readonly #dims: readonly number[];
  constructor(dims: readonly number[], numFeatures: number, settings: readonly unknown[]) {
    super(numFeatures, { affine: true, trackRunningStats: true }, settings);
    this.#dims = dims;
  }

  forward(x: Tensor): Tensor {
    checkInput(this, x);
    if (!this.#dims.includes(x.ndim))
      throw new ShapeError(
        `[${this.constructor.name}] input ${showShape(x.shape)} needs ${this.#dims.join(' or ')} dimensions`,
      );
    this.checkChannels(x, 1);
    const { runningMean, runningVar, weight, bias, eps } = this;
    const training = this.training || runningMean === null;
    const momentum = this.training ? this.step() : 0;
    // Without running statistics in training mode nothing is moved.
    return batchNorm(x, runningMean, runningVar, { weight, bias, training, momentum, eps });
  }
}

/** Batch norm over [batch, features] or [batch, channels, length]. */
export class BatchNorm1d extends BatchNorm {
  constructor(numFeatures: number, ...settings: Arguments<RunningNormSettings>) {
    super([2, 3], numFeatures, settings);
  }
}
/** Batch norm over [batch, channels, height, width]. */
export class BatchNorm2d extends BatchNorm {
  constructor(numFeatures: number, ...settings: Arguments<RunningNormSettings>) {
    super([4], numFeatures, settings);
  }
}
/** Batch norm over [batch, channels, depth, height, width]. */
export class BatchNorm3d extends BatchNorm {
  constructor(numFeatures: number, ...settings: Arguments<RunningNormSettings>) {
    super([5], numFeatures, settings);
  }
}

abstract class InstanceNorm extends RunningNorm {
  /** What is learned and tracked unless the settings say so. */
  protected static readonly defaults = { affine: false, trackRunningStats: false };
  readonly #n: number;
  constructor(n: number, numFeatures: number, settings: readonly unknown[]) {
    super(numFeatures, new.target.defaults, settings);
    this.#n = n;
  }

  forward(x: Tensor): Tensor {
    checkInput(this, x);
    if (x.ndim !== this.#n + 1 && x.ndim !== this.#n + 2)
      throw new ShapeError(
        `[${this.constructor.name}] input ${showShape(x.shape)} needs ${this.#n + 1} or ${this.#n + 2} dimensions`,
      );
    const single = x.ndim === this.#n + 1;
    if (this.affine) this.checkChannels(x, single ? 0 : 1);
    const { runningMean, runningVar, weight, bias, eps } = this;
    const useInputStats = this.training || runningMean === null;
    // PyTorch's instance norm does not count batches.
    const momentum = this.momentum ?? 0;
    const y = instanceNorm(single ? unsqueeze(x, 0) : x, {
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
  constructor(numFeatures: number, ...settings: Arguments<RunningNormSettings>) {
    super(1, numFeatures, settings);
  }
}
/** Each channel of each sample of [batch, channels, height, width] by itself. */
export class InstanceNorm2d extends InstanceNorm {
  constructor(numFeatures: number, ...settings: Arguments<RunningNormSettings>) {
    super(2, numFeatures, settings);
  }
}
/** Each channel of each sample of [batch, channels, depth, height, width] by itself. */
export class InstanceNorm3d extends InstanceNorm {
  constructor(numFeatures: number, ...settings: Arguments<RunningNormSettings>) {
    super(3, numFeatures, settings);
  }
}

function shapeOf(layer: string, shape: unknown): number[] {
  const list: unknown[] = Array.isArray(shape) ? (shape as unknown[]) : [shape];
  if (list.length === 0) throw new ArgumentError(`[${layer}] normalizedShape must have at least one dimension`);
  return list.map((d) => checkSize(layer, 'normalizedShape', d, 1));
}

/** Settings of {@link LayerNorm}, in PyTorch's order. */
export interface LayerNormSettings extends WeightOptions {
  eps: number;
  elementwiseAffine: boolean;
  bias: boolean;
}

/** The last dimensions, of `normalizedShape`, with mean 0 and variance 1. */
export class LayerNorm extends Module {
  weight: Parameter | null;
  bias: Parameter | null;
  readonly normalizedShape: readonly number[];
  readonly eps: number;
  readonly elementwiseAffine: boolean;

  constructor(normalizedShape: number | Shape, ...settings: Arguments<LayerNormSettings>) {
    super();
    const o = readArguments<LayerNormSettings>(
      'LayerNorm',
      { eps: 1e-5, elementwiseAffine: true, bias: true, ...weightDefaults },
      settings,
    );
    this.normalizedShape = shapeOf('LayerNorm', normalizedShape);
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
    return layerNorm(x, this.normalizedShape, { weight: this.weight, bias: this.bias, eps: this.eps });
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

/** The last dimensions, of `normalizedShape`, divided by their root mean square. */
export class RMSNorm extends Module {
  weight: Parameter | null;
  readonly normalizedShape: readonly number[];
  readonly eps: number | null;
  readonly elementwiseAffine: boolean;

  constructor(normalizedShape: number | Shape, ...settings: Arguments<RmsNormSettings>) {
    super();
    const o = readArguments<RmsNormSettings>(
      'RMSNorm',
      { eps: null, elementwiseAffine: true, ...weightDefaults },
      settings,
    );
    this.normalizedShape = shapeOf('RMSNorm', normalizedShape);
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
    return rmsNorm(x, this.normalizedShape, { weight: this.weight, eps: this.eps });
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

/** Groups of channels of [batch, channels, ...] with mean 0 and variance 1. */
export class GroupNorm extends Module {
  weight: Parameter | null;
  bias: Parameter | null;
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  readonly affine: boolean;

  constructor(numGroups: number, numChannels: number, ...settings: Arguments<GroupNormSettings>) {
    super();
    const o = readArguments<GroupNormSettings>(
      'GroupNorm',
      { eps: 1e-5, affine: true, bias: true, ...weightDefaults },
      settings,
    );
    this.numGroups = checkSize('GroupNorm', 'numGroups', numGroups, 1);
    this.numChannels = checkSize('GroupNorm', 'numChannels', numChannels, 1);
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
    return groupNorm(x, this.numGroups, { weight: this.weight, bias: this.bias, eps: this.eps });
  }

  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${python(this.eps)}, affine=${python(this.affine)}, bias=${python(this.bias !== null)}`;
  }
}

/** Settings of {@link LocalResponseNorm}, in PyTorch's order. */
export interface LocalResponseNormSettings {
  alpha: number;
  beta: number;
  k: number;
}

/** Divides by the size of neighbouring channels. */
export class LocalResponseNorm extends Module {
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
  constructor(
    readonly size: number,
    ...settings: Arguments<LocalResponseNormSettings>
  ) {
    super();
    const o = readArguments<LocalResponseNormSettings>(
      'LocalResponseNorm',
      { alpha: 1e-4, beta: 0.75, k: 1 },
      settings,
    );
    this.alpha = o.alpha;
    this.beta = o.beta;
    this.k = o.k;
  }
  forward(x: Tensor): Tensor {
    checkInput(this, x);
    return localResponseNorm(x, this.size, { alpha: this.alpha, beta: this.beta, k: this.k });
  }
  override extraRepr(): string {
    const { size, alpha, beta, k } = this;
    return `${size}, alpha=${python(alpha)}, beta=${python(beta)}, k=${pythonFloat(k)}`;
  }
}
