/** @file Mirrored images. */
import { readSettings } from '../../core/arguments';
import { probability } from '../../core/params';
import { type Tensor } from '../../core/tensor';
import { mul, sub } from '../../ops/elementwise/arithmetic';
import { warped } from '../../ops/images/warp';
import { type SeedOptions, seedSpec } from '../sampler';
import { Transform } from './transform';

/** Settings of {@link RandomHorizontalFlip} and {@link RandomVerticalFlip}. */
export interface FlipOptions extends SeedOptions {
  /** How likely an image is mirrored. Default 0.5. */
  p?: number | undefined;
}
const spec = { p: probability.or(0.5), ...seedSpec };

abstract class RandomFlip extends Transform {
  protected readonly p: number;

  constructor(...args: [p?: number | FlipOptions, options?: FlipOptions]) {
    const { p, ...seeds } = readSettings<FlipOptions>(new.target.name, spec, args);
    super(seeds);
    this.p = p!;
  }
  // Where the pixels along an axis of that length come from: place * sign + shift.
  protected mirrored(x: Tensor, length: number): [sign: Tensor, shift: Tensor] {
    const flag = this.chance(x, this.p);
    return [sub(1, mul(flag, 2)), mul(flag, length - 1)];
  }
}

/** Left and right exchanged in each image with probability p. */
export class RandomHorizontalFlip extends RandomFlip {
  protected apply(x: Tensor): Tensor {
    const [sign, shift] = this.mirrored(x, x.shape[3]!);
    return warped(this.constructor.name, x, [sign, 0, shift, 0, 1, 0]);
  }
}

/** Top and bottom exchanged in each image with probability p. */
export class RandomVerticalFlip extends RandomFlip {
  protected apply(x: Tensor): Tensor {
    const [sign, shift] = this.mirrored(x, x.shape[2]!);
    return warped(this.constructor.name, x, [1, 0, 0, 0, sign, shift]);
  }
}
