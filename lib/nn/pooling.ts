/** @file Pooling layers. */
import { ShapeError } from '../core/errors';
import { showShape } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { type Dimensions, readSettings, type Sizes, sizesOf, type WithRequired } from '../core/arguments';
import { type LpPoolArguments, lpPooled, lpPoolSpec } from '../ops/layers/lp-pooling';
import * as ops from '../ops/layers/pooling';
import { mean } from '../ops/reduce/reduce';
import { maxUnpooled } from '../ops/layers/unpooling';
import { checkInput, Module } from './module';
import { showSettings } from '../core/python';

// The layer has the last two in the other order than the function, as in PyTorch.
const { ceilMode, ...maxSpecStart } = ops.maxSpec;
const maxSpec = { ...maxSpecStart, ceilMode };

// Throws unless all sizes fit so many dimensions.
function checkSizes(
  op: string,
  n: Dimensions,
  o: { kernelSize: Sizes; stride: Sizes | null; padding?: Sizes | undefined },
): void {
  for (const [name, size] of Object.entries({ kernelSize: o.kernelSize, stride: o.stride, padding: o.padding }))
    if (size !== null && size !== undefined) sizesOf(op, name, size, n, name === 'padding' ? 0 : 1);
}

abstract class MaxPoolLayer extends Module {
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly dilation: Sizes;
  readonly ceilMode: boolean;
  readonly returnIndices: boolean;
  private readonly n: Dimensions;

  constructor(n: Dimensions, settings: ops.MaxPoolArguments) {
    super();
    const op = `MaxPool${n}d`;
    const o = readSettings<ops.MaxPoolSettings>(op, maxSpec, settings);
    checkSizes(op, n, o);
    sizesOf(op, 'dilation', o.dilation, n, 1);
    this.n = n;
    this.kernelSize = o.kernelSize;
    this.stride = o.stride ?? o.kernelSize;
    this.padding = o.padding;
    this.dilation = o.dilation;
    this.ceilMode = o.ceilMode;
    this.returnIndices = o.returnIndices;
  }

  /** With `returnIndices`: { values, indices }. */
  forward(x: Tensor): Tensor {
    checkInput(this, x);
    return ops.maxPooled(this.n, x, this) as Tensor;
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    return showSettings({ kernelSize, stride, padding, dilation, ceilMode });
  }
}

/** The maximum of each window of [batch, channels, length]. */
export class MaxPool1d extends MaxPoolLayer {
  constructor(...settings: ops.MaxPoolArguments) {
    super(1, settings);
  }
}
/** The maximum of each window of [batch, channels, height, width]. */
export class MaxPool2d extends MaxPoolLayer {
  constructor(...settings: ops.MaxPoolArguments) {
    super(2, settings);
  }
}
/** The maximum of each window of [batch, channels, depth, height, width]. */
export class MaxPool3d extends MaxPoolLayer {
  constructor(...settings: ops.MaxPoolArguments) {
    super(3, settings);
  }
}

abstract class MaxUnpoolLayer extends Module {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  private readonly n: Dimensions;

  constructor(n: Dimensions, settings: UnpoolSettings) {
    super();
    const op = `MaxUnpool${n}d`;
    const o = readSettings(op, ops.windowSpec, settings);
    this.n = n;
    this.kernelSize = sizesOf(op, 'kernelSize', o.kernelSize, n, 1);
    this.stride = sizesOf(op, 'stride', o.stride ?? o.kernelSize, n, 1);
    this.padding = sizesOf(op, 'padding', o.padding, n, 0);
  }

  forward(x: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor {
    checkInput(this, x);
    const { kernelSize, stride, padding } = this;
    return maxUnpooled(this.n, x, { indices, kernelSize, stride, padding, outputSize });
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding } = this;
    return showSettings({ kernelSize, stride, padding });
  }
}

type UnpoolSettings = WithRequired<
  [kernelSize: Sizes],
  ops.KernelSize,
  {
    /** Default: the kernel size. */
    stride: Sizes | null;
    padding: Sizes;
  }
>;

/** The inverse of {@link MaxPool1d} as far as there is one; takes its values and indices. */
export class MaxUnpool1d extends MaxUnpoolLayer {
  constructor(...settings: UnpoolSettings) {
    super(1, settings);
  }
}
/** The inverse of {@link MaxPool2d} as far as there is one. */
export class MaxUnpool2d extends MaxUnpoolLayer {
  constructor(...settings: UnpoolSettings) {
    super(2, settings);
  }
}
/** The inverse of {@link MaxPool3d} as far as there is one. */
export class MaxUnpool3d extends MaxUnpoolLayer {
  constructor(...settings: UnpoolSettings) {
    super(3, settings);
  }
}

abstract class AvgPoolLayer extends Module {
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;
  private readonly n: Dimensions;

  constructor(n: Dimensions, settings: ops.AvgPoolArguments) {
    super();
    const op = `AvgPool${n}d`;
    const o = readSettings<ops.AvgPoolSettings>(op, ops.avgSpec, settings);
    checkSizes(op, n, o);
    const { kernelSize } = o;
    const taps = sizesOf(op, 'kernelSize', kernelSize, n, 1);
    this.n = n;
    // PyTorch keeps (and prints) tuples in one dimension only.
    this.kernelSize = n === 1 ? taps : kernelSize;
    this.stride = n === 1 ? sizesOf(op, 'stride', o.stride ?? taps, n, 1) : (o.stride ?? kernelSize);
    this.padding = n === 1 ? sizesOf(op, 'padding', o.padding, n, 0) : o.padding;
    this.ceilMode = o.ceilMode;
    this.countIncludePad = o.countIncludePad;
    this.divisorOverride = o.divisorOverride;
  }

  forward(x: Tensor): Tensor {
    checkInput(this, x);
    return ops.avgPooled(this.n, x, this);
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding } = this;
    return showSettings({ kernelSize, stride, padding });
  }
}

/** The mean of each window of [batch, channels, length]. */
export class AvgPool1d extends AvgPoolLayer {
  constructor(...settings: ops.AvgPoolArguments) {
    super(1, settings);
  }
}
/** The mean of each window of [batch, channels, height, width]. */
export class AvgPool2d extends AvgPoolLayer {
  constructor(...settings: ops.AvgPoolArguments) {
    super(2, settings);
  }
}
/** The mean of each window of [batch, channels, depth, height, width]. */
export class AvgPool3d extends AvgPoolLayer {
  constructor(...settings: ops.AvgPoolArguments) {
    super(3, settings);
  }
}

abstract class LPPoolLayer extends Module {
  readonly normType: number;
  readonly kernelSize: Sizes;
  readonly stride: Sizes | null;
  readonly ceilMode: boolean;
  private readonly n: Dimensions;

  constructor(n: Dimensions, settings: LpPoolArguments) {
    super();
    const op = `LPPool${n}d`;
    const o = readSettings(op, lpPoolSpec, settings);
    checkSizes(op, n, o);
    this.n = n;
    this.normType = o.normType;
    this.kernelSize = o.kernelSize;
    this.stride = o.stride;
    this.ceilMode = o.ceilMode;
  }

  forward(x: Tensor): Tensor {
    checkInput(this, x);
    return lpPooled(this.n, x, this);
  }

  override extraRepr(): string {
    const { normType, kernelSize, stride, ceilMode } = this;
    return showSettings({ normType, kernelSize, stride, ceilMode });
  }
}

/** The p-norm of each window of [batch, channels, length]; p is `normType`. */
export class LPPool1d extends LPPoolLayer {
  constructor(...settings: LpPoolArguments) {
    super(1, settings);
  }
}
/** The p-norm of each window of [batch, channels, height, width]; p is `normType`. */
export class LPPool2d extends LPPoolLayer {
  constructor(...settings: LpPoolArguments) {
    super(2, settings);
  }
}
/** The p-norm of each window of [batch, channels, depth, height, width]; p is `normType`. */
export class LPPool3d extends LPPoolLayer {
  constructor(...settings: LpPoolArguments) {
    super(3, settings);
  }
}

type AdaptiveSettings = WithRequired<[outputSize: ops.AdaptiveSize], ops.OutputSize>;

abstract class AdaptiveAvgLayer extends Module {
  readonly outputSize: ops.AdaptiveSize;
  constructor(...settings: AdaptiveSettings) {
    super();
    this.outputSize = readSettings(this.constructor.name, ops.adaptiveAvgSpec, settings).outputSize;
  }
  override extraRepr(): string {
    return showSettings({ outputSize: this.outputSize });
  }
}

/** Means of windows that split the input evenly. */
export class AdaptiveAvgPool1d extends AdaptiveAvgLayer {
  forward(x: Tensor): Tensor {
    return ops.adaptiveAvgPooled(1, x, this.outputSize);
  }
}
/** Means of windows that split the input evenly. */
export class AdaptiveAvgPool2d extends AdaptiveAvgLayer {
  forward(x: Tensor): Tensor {
    return ops.adaptiveAvgPooled(2, x, this.outputSize);
  }
}
/** Means of windows that split the input evenly. */
export class AdaptiveAvgPool3d extends AdaptiveAvgLayer {
  forward(x: Tensor): Tensor {
    return ops.adaptiveAvgPooled(3, x, this.outputSize);
  }
}

abstract class AdaptiveMaxLayer extends Module {
  readonly outputSize: ops.AdaptiveSize;
  readonly returnIndices: boolean;
  constructor(...settings: ops.AdaptiveMaxArguments) {
    super();
    const o = readSettings(this.constructor.name, ops.adaptiveMaxSpec, settings);
    this.outputSize = o.outputSize;
    this.returnIndices = o.returnIndices;
  }
  override extraRepr(): string {
    return showSettings({ outputSize: this.outputSize });
  }
}

/** Maxima of windows that split the input evenly. */
export class AdaptiveMaxPool1d extends AdaptiveMaxLayer {
  forward(x: Tensor): Tensor {
    return ops.adaptiveMaxPooled(1, x, this) as Tensor;
  }
}
/** Maxima of windows that split the input evenly. */
export class AdaptiveMaxPool2d extends AdaptiveMaxLayer {
  forward(x: Tensor): Tensor {
    return ops.adaptiveMaxPooled(2, x, this) as Tensor;
  }
}
/** Maxima of windows that split the input evenly. */
export class AdaptiveMaxPool3d extends AdaptiveMaxLayer {
  forward(x: Tensor): Tensor {
    return ops.adaptiveMaxPooled(3, x, this) as Tensor;
  }
}

// [batch, channels, ...] to [batch, channels]
abstract class GlobalPool extends Module {
  protected spatial(x: Tensor, n: number): number[] {
    checkInput(this, x);
    if (x.ndim !== n + 2)
      throw new ShapeError(`[${this.constructor.name}] input ${showShape(x.shape)} needs ${n + 2} dimensions`);
    return Array.from({ length: n }, (_, i) => i + 2);
  }
}

/** The mean of each channel of [batch, channels, length]: Keras's layer, with channels first. */
export class GlobalAveragePooling1D extends GlobalPool {
  forward(x: Tensor): Tensor {
    return mean(x, this.spatial(x, 1));
  }
}
/** The mean of each channel of [batch, channels, height, width]. */
export class GlobalAveragePooling2D extends GlobalPool {
  forward(x: Tensor): Tensor {
    return mean(x, this.spatial(x, 2));
  }
}
