/** @file Images mixed with each other, and their classes likewise. */
import { readSettings } from '../../core/arguments';
import { ArgumentError, ShapeError } from '../../core/errors';
import { noGrad } from '../../core/grad-mode';
import { number, positive } from '../../core/params';
import { type Generator } from '../../core/random';
import { describe, showShape } from '../../core/shape';
import { isFloat } from '../../core/dtype';
import { type Tensor } from '../../core/tensor';
import { add, div, mul, sub } from '../../ops/elementwise/arithmetic';
import { clamp, floor, sqrt } from '../../ops/elementwise/math';
import { where } from '../../ops/elementwise/where';
import { imagesOf } from '../../ops/images/warp';
import { oneHot } from '../../ops/reduce/counting';
import { standardGamma } from '../../ops/random/gamma';
import { rand } from '../../ops/random/random';
import { roll } from '../../ops/shape/arranging';
import { narrow } from '../../ops/shape/views';
import { cast } from '../../ops/tensors/cast';
import { generatorOf, type SeedOptions, seedSpec } from '../sampler';
import { insideOf } from './erasing';

/** Settings of {@link MixUp} and {@link CutMix}. */
export interface MixOptions extends SeedOptions {
  /** The share of the images' own pixels is drawn from Beta(alpha, alpha). Default 1: any share is as likely. */
  alpha?: number | undefined;
  /** How many classes there are. Needed where labels are integers. */
  numClasses?: number | undefined;
}
const spec = { alpha: number({ above: 0 }).or(1), numClasses: positive.optional(), ...seedSpec };

abstract class Mix {
  private readonly alpha: number;
  private readonly numClasses: number | undefined;
  protected readonly generator: Generator | undefined;

  constructor(...args: [alpha?: number | MixOptions, options?: MixOptions]) {
    const { alpha, numClasses, ...seeds } = readSettings(new.target.name, spec, args);
    this.alpha = alpha;
    this.numClasses = numClasses;
    this.generator = generatorOf(new.target.name, seeds);
  }

  /**
   * Each image mixed with the one before it in the batch (the first with the last), by one share for all.
   * @param batch - images [n, c, h, w], and integer classes [n] or probabilities [n, numClasses]
   * @returns images and probabilities [n, numClasses], for `crossEntropy`
   */
  forward(batch: readonly [x: Tensor, y: Tensor]): [x: Tensor, y: Tensor] {
    const name = this.constructor.name;
    if (!Array.isArray(batch) || batch.length !== 2)
      throw new ArgumentError(`[${name}] expected [images, labels], got ${describe(batch)}`);
    const [given, y] = batch as unknown as [Tensor, Tensor];
    const x = imagesOf(name, given);
    return noGrad((): [Tensor, Tensor] => {
      const labels = this.probabilities(name, x, y);
      const [images, own] = this.mixed(x, this.share(x));
      const share = cast(own, labels.dtype);
      return [images, add(mul(labels, share), mul(roll(labels, 1, 0), sub(1, share)))];
    });
  }

  // The mixed images, and which share of them is their own, 0-dimensional float64.
  protected abstract mixed(x: Tensor, share: Tensor): [Tensor, Tensor];

  // Of Beta(alpha, alpha).
  private share(x: Tensor): Tensor {
    const options = { device: x.device, generator: this.generator };
    if (this.alpha === 1) return rand([], { ...options, dtype: 'float64' });
    const [a, b] = [standardGamma([], this.alpha, options), standardGamma([], this.alpha, options)];
    return div(a, add(a, b));
  }

  private probabilities(name: string, x: Tensor, y: Tensor): Tensor {
    const fits = y?.shape?.[0] === x.shape[0] && y.ndim === (isFloat(y.dtype) ? 2 : 1);
    if (!fits)
      throw new ShapeError(
        `[${name}] expected classes [n] or probabilities [n, numClasses] for images ${showShape(x.shape)}, got ${describe(y)}`,
      );
    if (isFloat(y.dtype)) return y;
    if (this.numClasses === undefined) throw new ArgumentError(`[${name}] integer classes need { numClasses }`);
    return cast(oneHot(y, this.numClasses), x.dtype);
  }
}

/** Images faded into each other (Zhang et al. 2018). */
export class MixUp extends Mix {
  protected mixed(x: Tensor, share: Tensor): [Tensor, Tensor] {
    const own = cast(share, x.dtype);
    return [add(mul(x, own), mul(roll(x, 1, 0), sub(1, own))), share];
  }
}

/** A part of each image from another one (Yun et al. 2019). */
export class CutMix extends Mix {
  protected mixed(x: Tensor, share: Tensor): [Tensor, Tensor] {
    const [h, w] = x.shape.slice(2) as [number, number];
    const middle = rand([2], { dtype: 'float64', device: x.device, generator: this.generator });
    const side = mul(sqrt(sub(1, share)), 0.5);
    const along = (i: number, length: number): [Tensor, Tensor] => {
      const at = floor(mul(narrow(middle, 0, i, 1), length));
      const half = floor(mul(side, length));
      const from = clamp(sub(at, half), 0, length);
      return [from, sub(clamp(add(at, half), 0, length), from)];
    };
    const [[top, height], [left, width]] = [along(0, h), along(1, w)];
    const cut = insideOf(x, { top, left, height, width });
    const area = mul(height, width).reshape([]);
    return [where(cut, roll(x, 1, 0), x), sub(1, div(area, h * w))];
  }
}
