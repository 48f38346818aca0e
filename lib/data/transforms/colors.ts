/** @file Colours of images, which are numbers in [0, 1]. */
import { readSettings } from '../../core/arguments';
import { ArgumentError, ShapeError } from '../../core/errors';
import { number, numbers, Param, probability } from '../../core/params';
import { showShape } from '../../core/shape';
import { type Tensor } from '../../core/tensor';
import { div, gt, sub } from '../../ops/elementwise/arithmetic';
import { where } from '../../ops/elementwise/where';
import { grayOf, recolored } from '../../ops/images/colors';
import { type PerImage } from '../../ops/images/warp';
import { expand, reshape } from '../../ops/shape/views';
import { argsort } from '../../ops/sort/sorting';
import { tensor } from '../../ops/tensors/create';
import { type SeedOptions, seedSpec } from '../sampler';
import { type Range, range, spread } from './params';
import { Transform } from './transform';

/** Settings of {@link ColorJitter}: b for factors between max(0, 1 - b) and 1 + b, or [low, high]. Default: no change. */
export interface ColorJitterOptions extends SeedOptions {
  brightness?: number | readonly number[] | undefined;
  contrast?: number | readonly number[] | undefined;
  saturation?: number | readonly number[] | undefined;
  /** h for turns between -h and h of the circle, or [low, high]; at most 0.5. */
  hue?: number | readonly number[] | undefined;
}

const factor = new Param<Range>('a number of at least 0, or [low, high]', (v, op, name) => {
  if (typeof v !== 'number') return range(0).check(op, name, v);
  const by = number({ least: 0 }).check(op, name, v);
  return [Math.max(0, 1 - by), 1 + by];
}).or([1, 1] as const);
const jitterSpec = {
  brightness: factor,
  contrast: factor,
  saturation: factor,
  hue: spread(0.5).or([0, 0] as const),
  ...seedSpec,
};
interface Jitter {
  brightness: Range;
  contrast: Range;
  saturation: Range;
  hue: Range;
}

/**
 * Brightness, contrast, saturation and hue of each image changed by factors of its own, in an order of its own; values
 * are cut to [0, 1]. Images of one channel have no saturation and no hue.
 */
export class ColorJitter extends Transform {
  private readonly settings: Jitter;

  constructor(
    ...args: [
      brightness?: ColorJitterOptions | number | readonly number[],
      ...rest: (ColorJitterOptions | number | readonly number[])[],
    ]
  ) {
    const { seed, generator, ...settings } = readSettings('ColorJitter', jitterSpec, args);
    super({ seed, generator });
    this.settings = settings;
  }
  protected apply(x: Tensor): Tensor {
    const { brightness, contrast, saturation, hue } = this.settings;
    const draw = ([low, high]: Range): PerImage => (low === high ? low : this.uniform(x, low, high));
    const factors = {
      brightness: draw(brightness),
      contrast: draw(contrast),
      saturation: draw(saturation),
      hue: draw(hue),
    };
    return recolored('ColorJitter', x, factors, argsort(this.uniform(x, 0, 1, 4), 1));
  }
}

// Gray images of so many channels.
const grayAs = (op: string, x: Tensor, channels: number): Tensor =>
  expand(grayOf(op, x), [x.shape[0]!, channels, x.shape[2]!, x.shape[3]!]);

/** Luminance (ITU-R 601-2) in place of colours. @param numOutputChannels - 1 (default) or 3 equal ones */
export class Grayscale extends Transform {
  private readonly channels: number;

  constructor(...args: [numOutputChannels?: number | { numOutputChannels?: number | undefined }]) {
    super();
    const { numOutputChannels } = readSettings('Grayscale', { numOutputChannels: 1 }, args);
    if (numOutputChannels !== 1 && numOutputChannels !== 3)
      throw new ArgumentError(`[Grayscale] numOutputChannels must be 1 or 3, got ${numOutputChannels}`);
    this.channels = numOutputChannels;
  }
  protected apply(x: Tensor): Tensor {
    return grayAs('Grayscale', x, this.channels);
  }
}

/** Settings of {@link RandomGrayscale}. */
export interface RandomGrayscaleOptions extends SeedOptions {
  /** How likely an image loses its colours. Default 0.1. */
  p?: number | undefined;
}

/** Each image without its colours with probability p; the channels stay, and are equal. */
export class RandomGrayscale extends Transform {
  private readonly p: number;

  constructor(...args: [p?: number | RandomGrayscaleOptions, options?: RandomGrayscaleOptions]) {
    const { p, ...seeds } = readSettings<RandomGrayscaleOptions>(
      'RandomGrayscale',
      { p: probability.or(0.1), ...seedSpec },
      args,
    );
    super(seeds);
    this.p = p!;
  }
  protected apply(x: Tensor): Tensor {
    const gray = grayAs('RandomGrayscale', x, x.shape[1]!);
    return where(gt(reshape(this.chance(x, this.p), [-1, 1, 1, 1]), 0), gray, x);
  }
}

/**
 * Each channel less its mean, over its standard deviation.
 * @param mean - one number per channel
 * @param std - one number per channel, none of them 0
 */
export class Normalize extends Transform {
  private readonly mean: readonly number[];
  private readonly std: readonly number[];

  constructor(mean: readonly number[], std: readonly number[]) {
    super();
    this.mean = numbers.check('Normalize', 'mean', mean).slice();
    this.std = numbers.check('Normalize', 'std', std).slice();
    if (this.mean.length !== this.std.length || this.mean.length === 0)
      throw new ArgumentError(`[Normalize] ${mean.length} means and ${std.length} standard deviations`);
    if (this.std.includes(0)) throw new ArgumentError('[Normalize] a standard deviation is 0');
  }
  protected apply(x: Tensor): Tensor {
    if (x.shape[1] !== this.mean.length)
      throw new ShapeError(`[Normalize] ${this.mean.length} means for images of ${showShape(x.shape)}`);
    const [mean, std] = [this.mean, this.std].map((v) =>
      tensor(v as number[], { dtype: x.dtype, device: x.device }).reshape([-1, 1, 1]),
    );
    return div(sub(x, mean!), std!);
  }
}
