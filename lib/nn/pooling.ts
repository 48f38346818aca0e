/** @file Pooling layers. */
import { ShapeError } from '../core/errors';
import { showShape } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { type Arguments, readArguments, type Sizes, sizesOf } from '../core/arguments';
import { lpPool1d, lpPool2d, lpPool3d, type LpPoolOptions } from '../ops/lpPooling';
import * as ops from '../ops/pooling';
import { mean } from '../ops/reduce';
import { checkInput, Module } from './module';
import { showSettings } from './settings';

type Dimensions = 1 | 2 | 3;

// The layer has the last two in the other order than the function, as in PyTorch.
const { ceilMode, ...maxSpecStart } = ops.maxSpec;
const maxSpec = { ...maxSpecStart, ceilMode };

abstract class MaxPoolLayer extends Module {
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly dilation: Sizes;
  readonly ceilMode: boolean;
  readonly returnIndices: boolean;
  readonly #n: Dimensions;

  constructor(n: Dimensions, kernelSize: Sizes, settings: readonly unknown[]) {
    super();
    const op = `MaxPool${n}d`;
    const o = readArguments<ops.MaxPoolOptions>(op, maxSpec, settings);
    sizesOf(op, 'kernelSize', kernelSize, n, 1);
    this.#n = n;
    this.kernelSize = kernelSize;
    this.stride = o.stride ?? kernelSize;
    this.padding = o.padding;
    this.dilation = o.dilation;
    this.ceilMode = o.ceilMode;
    this.returnIndices = o.returnIndices;
  }

  /** With `returnIndices`: { values, indices }. */
  forward(x: Tensor): Tensor {
    checkInput(this, x);
    const { stride, padding, dilation, ceilMode, returnIndices } = this;
    const pool = [ops.maxPool1d, ops.maxPool2d, ops.maxPool3d][this.#n - 1]!;
    return pool(x, this.kernelSize, { stride, padding, dilation, ceilMode, returnIndices });
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    return showSettings({ kernelSize, stride, padding, dilation, ceilMode });
  }
}

/** The maximum of each window of [batch, channels, length]. */
export class MaxPool1d extends MaxPoolLayer {
  constructor(kernelSize: Sizes, ...settings: ops.MaxPoolArguments) {
    super(1, kernelSize, settings);
  }
}
/** The maximum of each window of [batch, channels, height, width]. */
export class MaxPool2d extends MaxPoolLayer {
  constructor(kernelSize: Sizes, ...settings: ops.MaxPoolArguments) {
    super(2, kernelSize, settings);
  }
}
/** The maximum of each window of [batch, channels, depth, height, width]. */
export class MaxPool3d extends MaxPoolLayer {
  constructor(kernelSize: Sizes, ...settings: ops.MaxPoolArguments) {
    super(3, kernelSize, settings);
  }
}

abstract class MaxUnpoolLayer extends Module {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly #n: Dimensions;

  constructor(n: Dimensions, kernelSize: Sizes, settings: readonly unknown[]) {
    super();
    const op = `MaxUnpool${n}d`;
    const o = readArguments<UnpoolSettings>(op, { stride: null, padding: 0 }, settings);
    this.#n = n;
    this.kernelSize = sizesOf(op, 'kernelSize', kernelSize, n, 1);
    this.stride = sizesOf(op, 'stride', o.stride ?? kernelSize, n, 1);
    this.padding = sizesOf(op, 'padding', o.padding, n, 0);
  }

  forward(x: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor {
    checkInput(this, x);
    const { stride, padding } = this;
    const unpool = [ops.maxUnpool1d, ops.maxUnpool2d, ops.maxUnpool3d][this.#n - 1]!;
    return unpool(x, indices, this.kernelSize, { stride, padding, outputSize });
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding } = this;
    return showSettings({ kernelSize, stride, padding });
  }
}

interface UnpoolSettings {
  stride: Sizes | null;
  padding: Sizes;
}

/** The inverse of {@link MaxPool1d} as far as there is one; takes its values and indices. */
export class MaxUnpool1d extends MaxUnpoolLayer {
  constructor(kernelSize: Sizes, ...settings: Arguments<UnpoolSettings>) {
    super(1, kernelSize, settings);
  }
}
/** The inverse of {@link MaxPool2d} as far as there is one. */
export class MaxUnpool2d extends MaxUnpoolLayer {
  constructor(kernelSize: Sizes, ...settings: Arguments<UnpoolSettings>) {
    super(2, kernelSize, settings);
  }
}
/** The inverse of {@link MaxPool3d} as far as there is one. */
export class MaxUnpool3d extends MaxUnpoolLayer {
  constructor(kernelSize: Sizes, ...settings: Arguments<UnpoolSettings>) {
    super(3, kernelSize, settings);
  }
}

abstract class AvgPoolLayer extends Module {
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;
  readonly #n: Dimensions;

  constructor(n: Dimensions, kernelSize: Sizes, settings: readonly unknown[]) {
    super();
    const op = `AvgPool${n}d`;
    const o = readArguments<ops.AvgPoolOptions>(op, ops.avgSpec, settings);
    const taps = sizesOf(op, 'kernelSize', kernelSize, n, 1);
    this.#n = n;
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
    const { stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    const pool = [ops.avgPool1d, ops.avgPool2d, ops.avgPool3d][this.#n - 1]!;
    return pool(x, this.kernelSize, { stride, padding, ceilMode, countIncludePad, divisorOverride });
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding } = this;
    return showSettings({ kernelSize, stride, padding });
  }
}

/** The mean of each window of [batch, channels, length]. */
export class AvgPool1d extends AvgPoolLayer {
  constructor(kernelSize: Sizes, ...settings: ops.AvgPoolArguments) {
    super(1, kernelSize, settings);
  }
}
/** The mean of each window of [batch, channels, height, width]. */
export class AvgPool2d extends AvgPoolLayer {
  constructor(kernelSize: Sizes, ...settings: ops.AvgPoolArguments) {
    super(2, kernelSize, settings);
  }
}
/** The mean of each window of [batch, channels, depth, height, width]. */
export class AvgPool3d extends AvgPoolLayer {
  constructor(kernelSize: Sizes, ...settings: ops.AvgPoolArguments) {
    super(3, kernelSize, settings);
  }
}

abstract class LPPoolLayer extends Module {
  readonly normType: number;
  readonly kernelSize: Sizes;
  readonly stride: Sizes | null;
  readonly ceilMode: boolean;
  readonly #n: Dimensions;

  constructor(n: Dimensions, normType: number, kernelSize: Sizes, settings: readonly unknown[]) {
    super();
    const op = `LPPool${n}d`;
    const o = readArguments<LpPoolOptions>(op, { stride: null, ceilMode: false }, settings);
    sizesOf(op, 'kernelSize', kernelSize, n, 1);
    this.#n = n;
    this.normType = normType;
    this.kernelSize = kernelSize;
    this.stride = o.stride;
    this.ceilMode = o.ceilMode;
  }

  forward(x: Tensor): Tensor {
    checkInput(this, x);
    const { stride, ceilMode } = this;
    return [lpPool1d, lpPool2d, lpPool3d][this.#n - 1]!(x, this.normType, this.kernelSize, { stride, ceilMode });
  }

  override extraRepr(): string {
    const { normType, kernelSize, stride, ceilMode } = this;
    return showSettings({ normType, kernelSize, stride, ceilMode });
  }
}

/** The p-norm of each window of [batch, channels, length]; p is `normType`. */
export class LPPool1d extends LPPoolLayer {
  constructor(normType: number, kernelSize: Sizes, ...settings: Arguments<LpPoolOptions>) {
    super(1, normType, kernelSize, settings);
  }
}
/** The p-norm of each window of [batch, channels, height, width]; p is `normType`. */
export class LPPool2d extends LPPoolLayer {
  constructor(normType: number, kernelSize: Sizes, ...settings: Arguments<LpPoolOptions>) {
    super(2, normType, kernelSize, settings);
  }
}
/** The p-norm of each window of [batch, channels, depth, height, width]; p is `normType`. */
export class LPPool3d extends LPPoolLayer {
  constructor(normType: number, kernelSize: Sizes, ...settings: Arguments<LpPoolOptions>) {
    super(3, normType, kernelSize, settings);
  }
}

abstract class AdaptiveLayer extends Module {
  constructor(readonly outputSize: ops.AdaptiveSize) {
    super();
  }
  override extraRepr(): string {
    return showSettings({ outputSize: this.outputSize });
  }
}

/** Means of windows that split the input evenly. */
export class AdaptiveAvgPool1d extends AdaptiveLayer {
  forward(x: Tensor): Tensor {
    return ops.adaptiveAvgPool1d(x, this.outputSize);
  }
}
/** Means of windows that split the input evenly. */
export class AdaptiveAvgPool2d extends AdaptiveLayer {
  forward(x: Tensor): Tensor {
    return ops.adaptiveAvgPool2d(x, this.outputSize);
  }
}
/** Means of windows that split the input evenly. */
export class AdaptiveAvgPool3d extends AdaptiveLayer {
  forward(x: Tensor): Tensor {
    return ops.adaptiveAvgPool3d(x, this.outputSize);
  }
}

abstract class AdaptiveMaxLayer extends AdaptiveLayer {
  readonly returnIndices: boolean;
  constructor(outputSize: ops.AdaptiveSize, ...settings: Arguments<{ returnIndices: boolean }>) {
    super(outputSize);
    this.returnIndices = readArguments(this.constructor.name, { returnIndices: false }, settings).returnIndices;
  }
}

/** Maxima of windows that split the input evenly. */
export class AdaptiveMaxPool1d extends AdaptiveMaxLayer {
  forward(x: Tensor): Tensor {
    return ops.adaptiveMaxPool1d(x, this.outputSize, this.returnIndices);
  }
}
/** Maxima of windows that split the input evenly. */
export class AdaptiveMaxPool2d extends AdaptiveMaxLayer {
  forward(x: Tensor): Tensor {
    return ops.adaptiveMaxPool2d(x, this.outputSize, this.returnIndices);
  }
}
/** Maxima of windows that split the input evenly. */
export class AdaptiveMaxPool3d extends AdaptiveMaxLayer {
  forward(x: Tensor): Tensor {
    return ops.adaptiveMaxPool3d(x, this.outputSize, this.returnIndices);
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
