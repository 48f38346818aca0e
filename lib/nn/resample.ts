/** @file Layers that resample, rearrange or pad images. */
import { ShapeError } from '../core/errors';
import { showShape } from '../core/shape';
import { type Tensor } from '../core/tensor';
import {
  type Arguments,
  type InOrderOrByName,
  readSettings,
  type Sizes,
  sizesOf,
  type WithRequired,
} from '../core/arguments';
import { axes, scalar } from '../core/params';
import { padded, type PadMode } from '../ops/shape/padding';
import {
  channelShuffle,
  downscaleFactorSpec,
  type FoldArguments,
  folded,
  foldSpec,
  groupsSpec,
  interpolated,
  type InterpolateMode,
  type PatchOptions,
  type PatchSize,
  pixelShuffle,
  pixelUnshuffle,
  type UnfoldArguments,
  unfolded,
  unfoldSpec,
  upsampleSizesSpec,
  upsampleSpec,
  upscaleFactorSpec,
} from '../ops/layers/resample';
import { checkInput, Module } from './module';
import { python, pythonFloat, showSettings } from '../core/python';

/** Settings of {@link Upsample}, in PyTorch's order. */
export interface UpsampleSettings {
  size: Sizes | null;
  scaleFactor: number | readonly number[] | null;
  mode: InterpolateMode;
  alignCorners: boolean | null;
  recomputeScaleFactor: boolean | null;
}

/** Resamples the spatial dimensions to a size, or by a factor. */
export class Upsample extends Module {
  readonly size: Sizes | null;
  readonly scaleFactor: number | readonly number[] | null;
  readonly mode: InterpolateMode;
  readonly alignCorners: boolean | null;
  readonly recomputeScaleFactor: boolean | null;

  constructor(...settings: Arguments<UpsampleSettings>) {
    super();
    const o = readSettings<UpsampleSettings>(this.constructor.name, upsampleSpec, settings);
    this.size = o.size;
    this.scaleFactor = o.scaleFactor;
    this.mode = o.mode;
    this.alignCorners = o.alignCorners;
    this.recomputeScaleFactor = o.recomputeScaleFactor;
  }

  forward(x: Tensor): Tensor {
    checkInput(this, x);
    return interpolated(x, this);
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
    super({ ...readSettings('UpsamplingNearest2d', upsampleSizesSpec, settings), mode: 'nearest' });
  }
}
/** {@link Upsample} of images, bilinear, with corners aligned. */
export class UpsamplingBilinear2d extends Upsample {
  constructor(...settings: Arguments<UpsamplingSettings>) {
    const sizes = readSettings('UpsamplingBilinear2d', upsampleSizesSpec, settings);
    super({ ...sizes, mode: 'bilinear', alignCorners: true });
  }
}

/** [.., c r^2, h, w] to [.., c, h r, w r] */
export class PixelShuffle extends Module {
  readonly upscaleFactor: number;
  constructor(...settings: InOrderOrByName<[upscaleFactor: number], { upscaleFactor: number }>) {
    super();
    this.upscaleFactor = readSettings('PixelShuffle', upscaleFactorSpec, settings).upscaleFactor;
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
  constructor(...settings: InOrderOrByName<[downscaleFactor: number], { downscaleFactor: number }>) {
    super();
    this.downscaleFactor = readSettings('PixelUnshuffle', downscaleFactorSpec, settings).downscaleFactor;
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
  constructor(...settings: InOrderOrByName<[groups: number], { groups: number }>) {
    super();
    this.groups = readSettings('ChannelShuffle', groupsSpec, settings).groups;
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
  constructor(o: PatchSize & PatchOptions) {
    super();
    this.kernelSize = o.kernelSize;
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
  constructor(...settings: UnfoldArguments) {
    super(readSettings('Unfold', unfoldSpec, settings));
  }
  forward(x: Tensor): Tensor {
    return unfolded(x, this);
  }
}
/** Sums columns [batch, channels * taps, windows] back into images. */
export class Fold extends PatchLayer {
  readonly outputSize: Sizes;
  constructor(...settings: FoldArguments) {
    const o = readSettings('Fold', foldSpec, settings);
    super(o);
    this.outputSize = o.outputSize;
  }
  forward(x: Tensor): Tensor {
    return folded(x, this);
  }
  override extraRepr(): string {
    return `${showSettings({ outputSize: this.outputSize })}, ${super.extraRepr()}`;
  }
}

// --- padding --------------------------------------------------------------------------------------------------------

type PadArguments = InOrderOrByName<[padding: Sizes], { padding: Sizes }>;
const padSpec = { padding: axes };
const constantSpec = { ...padSpec, value: scalar };

abstract class PadLayer extends Module {
  /** (before, after) of the last dimension, then of the one before it, ... */
  readonly padding: readonly number[];
  private readonly n: number;
  private readonly mode: PadMode;
  constructor(n: number, mode: PadMode, padding: Sizes) {
    super();
    this.padding = sizesOf(this.constructor.name, 'padding', padding, 2 * n, -Infinity);
    this.n = n;
    this.mode = mode;
  }
  forward(x: Tensor): Tensor {
    checkInput(this, x);
    // Constants fit any number of dimensions; the others mirror the spatial ones of a batch or of one sample.
    if (this.mode !== 'constant' && x.ndim !== this.n + 1 && x.ndim !== this.n + 2)
      throw new ShapeError(
        `[${this.constructor.name}] input ${showShape(x.shape)} needs ${this.n + 1} or ${this.n + 2} dimensions`,
      );
    return padded(x, this.padding, this.mode, this.fillValue());
  }
  protected fillValue(): number {
    return 0;
  }
  override extraRepr(): string {
    return python(this.padding);
  }
}

type PadClass = new (...settings: PadArguments) => PadLayer;

const padLayer = (n: number, mode: PadMode): PadClass =>
  class extends PadLayer {
    constructor(...settings: PadArguments) {
      super(n, mode, readSettings(new.target.name, padSpec, settings).padding);
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

/** What constant padding cannot do without. */
interface ConstantPadSettings {
  padding: Sizes;
  /** What stands around. */
  value: number;
}
type ConstantPadArguments = WithRequired<[padding: Sizes, value: number], ConstantPadSettings>;

abstract class ConstantPad extends PadLayer {
  readonly value: number;
  constructor(n: number, settings: ConstantPadArguments) {
    const { padding, value } = readSettings(new.target.name, constantSpec, settings);
    super(n, 'constant', padding);
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
  constructor(...settings: ConstantPadArguments) {
    super(1, settings);
  }
}
/** A value around [.., height, width] */
export class ConstantPad2d extends ConstantPad {
  constructor(...settings: ConstantPadArguments) {
    super(2, settings);
  }
}
/** A value around [.., depth, height, width] */
export class ConstantPad3d extends ConstantPad {
  constructor(...settings: ConstantPadArguments) {
    super(3, settings);
  }
}
