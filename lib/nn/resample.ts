/** @file Layers that resample, rearrange or pad images. */
import { ArgumentError, ShapeError } from '../core/errors';
import { describe, showShape } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { type Arguments, readArguments, type Sizes, sizesOf } from '../core/arguments';
import { pad, type PadMode } from '../ops/padding';
import {
  channelShuffle,
  fold,
  interpolate,
  type InterpolateMode,
  type PatchOptions,
  pixelShuffle,
  pixelUnshuffle,
  unfoldPatches,
} from '../ops/resample';
import { checkInput, Module } from './module';
import { checkSize, python, pythonFloat, showSettings } from './settings';

/** Settings of {@link Upsample}, in PyTorch's order. */
export interface UpsampleSettings {
  size: Sizes | null;
  scaleFactor: number | readonly number[] | null;
  mode: InterpolateMode;
  alignCorners: boolean | null;
  recomputeScaleFactor: boolean | null;
}

const upsampleDefaults: UpsampleSettings = {
  size: null,
  scaleFactor: null,
  mode: 'nearest',
  alignCorners: null,
  recomputeScaleFactor: null,
};

/** Resamples the spatial dimensions to a size, or by a factor. */
export class Upsample extends Module {
  readonly size: Sizes | null;
  readonly scaleFactor: number | readonly number[] | null;
  readonly mode: InterpolateMode;
  readonly alignCorners: boolean | null;
  readonly recomputeScaleFactor: boolean | null;

  constructor(...settings: Arguments<UpsampleSettings>) {
    super();
    const o = readArguments(this.constructor.name, upsampleDefaults, settings);
    this.size = o.size;
    this.scaleFactor = o.scaleFactor;
    this.mode = o.mode;
    this.alignCorners = o.alignCorners;
    this.recomputeScaleFactor = o.recomputeScaleFactor;
  }

  forward(x: Tensor): Tensor {
    checkInput(this, x);
    const { size, scaleFactor, mode, alignCorners, recomputeScaleFactor } = this;
    return interpolate(x, { size, scaleFactor, mode, alignCorners, recomputeScaleFactor });
  }

  override extraRepr(): string {
    const f = this.scaleFactor;
    const scale = typeof f === 'number' ? pythonFloat(f) : f && `(${f.map(pythonFloat).join(', ')})`;
    return `${scale ? `scale_factor=${scale}` : `size=${python(this.size)}`}, mode=${python(this.mode)}`;
  }
}

type UpsamplingSettings = Pick<UpsampleSettings, 'size' | 'scaleFactor'>;

/** {@link Upsample} of images by the nearest pixel. */
export class UpsamplingNearest2d extends Upsample {
  constructor(...settings: Arguments<UpsamplingSettings>) {
    super({ ...readArguments('UpsamplingNearest2d', { size: null, scaleFactor: null }, settings), mode: 'nearest' });
  }
}
/** {@link Upsample} of images, bilinear, with corners aligned. */
export class UpsamplingBilinear2d extends Upsample {
  constructor(...settings: Arguments<UpsamplingSettings>) {
    const sizes = readArguments('UpsamplingBilinear2d', { size: null, scaleFactor: null }, settings);
    super({ ...sizes, mode: 'bilinear', alignCorners: true });
  }
}

/** [.., c r^2, h, w] to [.., c, h r, w r] */
export class PixelShuffle extends Module {
  readonly upscaleFactor: number;
  constructor(upscaleFactor: number) {
    super();
    this.upscaleFactor = checkSize('PixelShuffle', 'upscaleFactor', upscaleFactor, 1);
  }
  forward(x: Tensor): Tensor {
    return pixelShuffle(x, this.upscaleFactor);
  }
  override extraRepr(): string {
    return showSettings({ upscaleFactor: this.upscaleFactor });
  }
}
/** [.., c, h r, w r] to [.., c r^2, h, w] */
export class PixelUnshuffle extends Module {
  readonly downscaleFactor: number;
  constructor(downscaleFactor: number) {
    super();
    this.downscaleFactor = checkSize('PixelUnshuffle', 'downscaleFactor', downscaleFactor, 1);
  }
  forward(x: Tensor): Tensor {
    return pixelUnshuffle(x, this.downscaleFactor);
  }
  override extraRepr(): string {
    return showSettings({ downscaleFactor: this.downscaleFactor });
  }
}
/** Deals channels out among groups. */
export class ChannelShuffle extends Module {
  readonly groups: number;
  constructor(groups: number) {
    super();
    this.groups = checkSize('ChannelShuffle', 'groups', groups, 1);
  }
  forward(x: Tensor): Tensor {
    return channelShuffle(x, this.groups);
  }
  override extraRepr(): string {
    return showSettings({ groups: this.groups });
  }
}

abstract class PatchLayer extends Module {
  readonly kernelSize: Sizes;
  readonly dilation: Sizes;
  readonly padding: Sizes;
  readonly stride: Sizes;
  constructor(kernelSize: Sizes, settings: readonly unknown[]) {
    super();
    const o = readArguments<PatchOptions>(this.constructor.name, { dilation: 1, padding: 0, stride: 1 }, settings);
    this.kernelSize = kernelSize;
    this.dilation = o.dilation;
    this.padding = o.padding;
    this.stride = o.stride;
  }
  override extraRepr(): string {
    const { kernelSize, dilation, padding, stride } = this;
    return showSettings({ kernelSize, dilation, padding, stride });
  }
}

/** The windows of images as columns [batch, channels * taps, windows]. */
export class Unfold extends PatchLayer {
  constructor(kernelSize: Sizes, ...settings: Arguments<PatchOptions>) {
    super(kernelSize, settings);
  }
  forward(x: Tensor): Tensor {
    const { dilation, padding, stride } = this;
    return unfoldPatches(x, this.kernelSize, { dilation, padding, stride });
  }
}
/** Sums columns [batch, channels * taps, windows] back into images. */
export class Fold extends PatchLayer {
  readonly outputSize: Sizes;
  constructor(outputSize: Sizes, kernelSize: Sizes, ...settings: Arguments<PatchOptions>) {
    super(kernelSize, settings);
    this.outputSize = outputSize;
  }
  forward(x: Tensor): Tensor {
    const { dilation, padding, stride } = this;
    return fold(x, this.outputSize, this.kernelSize, { dilation, padding, stride });
  }
  override extraRepr(): string {
    return `${showSettings({ outputSize: this.outputSize })}, ${super.extraRepr()}`;
  }
}

// --- padding --------------------------------------------------------------------------------------------------------

abstract class PadLayer extends Module {
  /** (before, after) of the last dimension, then of the one before it, ... */
  readonly padding: readonly number[];
  readonly #n: number;
  readonly #mode: PadMode;
  constructor(n: number, mode: PadMode, padding: Sizes) {
    super();
    this.padding = sizesOf(this.constructor.name, 'padding', padding, 2 * n, -Infinity);
    this.#n = n;
    this.#mode = mode;
  }
  forward(x: Tensor): Tensor {
    checkInput(this, x);
    // Constants fit any number of dimensions; the others mirror the spatial ones of a batch or of one sample.
    if (this.#mode !== 'constant' && x.ndim !== this.#n + 1 && x.ndim !== this.#n + 2)
      throw new ShapeError(
        `[${this.constructor.name}] input ${showShape(x.shape)} needs ${this.#n + 1} or ${this.#n + 2} dimensions`,
      );
    return pad(x, this.padding, { mode: this.#mode, value: this.fillValue() });
  }
  protected fillValue(): number {
    return 0;
  }
  override extraRepr(): string {
    return python(this.padding);
  }
}

type PadClass = new (padding: Sizes) => PadLayer;

const padLayer = (n: number, mode: PadMode): PadClass =>
  class extends PadLayer {
    constructor(padding: Sizes) {
      super(n, mode, padding);
    }
  };

/** Zeros around [.., length] */
export class ZeroPad1d extends padLayer(1, 'constant') {}
/** Zeros around [.., height, width] */
export class ZeroPad2d extends padLayer(2, 'constant') {}
/** Zeros around [.., depth, height, width] */
export class ZeroPad3d extends padLayer(3, 'constant') {}
/** The mirrored inside around [.., length] */
export class ReflectionPad1d extends padLayer(1, 'reflect') {}
/** The mirrored inside around [.., height, width] */
export class ReflectionPad2d extends padLayer(2, 'reflect') {}
/** The mirrored inside around [.., depth, height, width] */
export class ReflectionPad3d extends padLayer(3, 'reflect') {}
/** The edge around [.., length] */
export class ReplicationPad1d extends padLayer(1, 'replicate') {}
/** The edge around [.., height, width] */
export class ReplicationPad2d extends padLayer(2, 'replicate') {}
/** The edge around [.., depth, height, width] */
export class ReplicationPad3d extends padLayer(3, 'replicate') {}
/** The opposite side around [.., length] */
export class CircularPad1d extends padLayer(1, 'circular') {}
/** The opposite side around [.., height, width] */
export class CircularPad2d extends padLayer(2, 'circular') {}
/** The opposite side around [.., depth, height, width] */
export class CircularPad3d extends padLayer(3, 'circular') {}

abstract class ConstantPad extends PadLayer {
  readonly value: number;
  constructor(n: number, padding: Sizes, value: number) {
    super(n, 'constant', padding);
    if (typeof value !== 'number')
      throw new ArgumentError(`[${this.constructor.name}] value must be a number, got ${describe(value)}`);
    this.value = value;
  }
  protected override fillValue(): number {
    return this.value;
  }
  override extraRepr(): string {
    return `padding=${super.extraRepr()}, value=${python(this.value)}`;
  }
}
/** A value around [.., length] */
export class ConstantPad1d extends ConstantPad {
  constructor(padding: Sizes, value: number) {
    super(1, padding, value);
  }
}
/** A value around [.., height, width] */
export class ConstantPad2d extends ConstantPad {
  constructor(padding: Sizes, value: number) {
    super(2, padding, value);
  }
}
/** A value around [.., depth, height, width] */
export class ConstantPad3d extends ConstantPad {
  constructor(padding: Sizes, value: number) {
    super(3, padding, value);
  }
}
