/** @file Blurred images. */
import { readSettings } from '../../core/arguments';
import { ArgumentError } from '../../core/errors';
import { number, Param } from '../../core/params';
import { type Tensor } from '../../core/tensor';
import { div, mul } from '../../ops/elementwise/arithmetic';
import { exp, square } from '../../ops/elementwise/math';
import { perImage } from '../../ops/images/warp';
import { convolved } from '../../ops/layers/conv';
import { sum } from '../../ops/reduce/reduce';
import { padded } from '../../ops/shape/padding';
import { expand, reshape } from '../../ops/shape/views';
import { cast } from '../../ops/tensors/cast';
import { arange } from '../../ops/tensors/create';
import { type SeedOptions, seedSpec } from '../sampler';
import { type Range, range, size } from './params';
import { Transform } from './transform';

/** Settings of {@link GaussianBlur}. */
export interface GaussianBlurOptions extends SeedOptions {
  /** Standard deviation in pixels, or between which it is drawn for each image. Default [0.1, 2]. */
  sigma?: number | readonly number[] | undefined;
}

const sigma = new Param<Range>('a number above 0, or [low, high]', (v, op, name) =>
  typeof v === 'number' ? [number({ above: 0 }).check(op, name, v), v] : range(Number.MIN_VALUE).check(op, name, v),
).or([0.1, 2] as const);
const spec = { kernelSize: size, sigma, ...seedSpec };

/**
 * Each image blurred by a Gaussian of its own; beyond the borders it is mirrored.
 * @param kernelSize - odd: one number, or [width, height] as in torchvision
 */
export class GaussianBlur extends Transform {
  // Width and height.
  private readonly kernel: readonly [number, number];
  private readonly sigma: Range;

  constructor(
    kernelSize: number | readonly number[],
    ...args: [sigma?: number | readonly number[] | GaussianBlurOptions, options?: GaussianBlurOptions]
  ) {
    const {
      kernelSize: sizes,
      sigma: deviations,
      ...seeds
    } = readSettings('GaussianBlur', spec, [kernelSize, ...args]);
    super(seeds);
    this.kernel = sizes;
    if (this.kernel.some((k) => k % 2 === 0))
      throw new ArgumentError(`[GaussianBlur] kernelSize must be odd, got ${this.kernel.join(' x ')}`);
    this.sigma = deviations;
  }
  protected apply(x: Tensor): Tensor {
    const [low, high] = this.sigma;
    const deviations = low === high ? perImage(x, low) : this.uniform(x, low, high);
    const [n, c, h, w] = x.shape as [number, number, number, number];
    const [kw, kh] = this.kernel;
    if (n * c === 0) return x.clone();
    const [bh, bw] = [(kh - 1) / 2, (kw - 1) / 2];
    // Every plane is a channel of one image, with a kernel of its own.
    const planes = reshape(padded(x, [bw, bw, bh, bh], 'reflect'), [1, n * c, h + 2 * bh, w + 2 * bw]);
    const taps = (k: number, shape: number[]): Tensor => {
      const at = arange(-(k - 1) / 2, (k + 1) / 2, { dtype: 'float64', device: x.device });
      const bell = exp(mul(square(div(at, reshape(deviations, [-1, 1]))), -0.5));
      const weights = cast(div(bell, sum(bell, 1, { keepdim: true })), x.dtype);
      return reshape(expand(reshape(weights, [n, 1, k]), [n, c, k]), [n * c, 1, ...shape]);
    };
    const how = { bias: null, stride: 1, padding: 0, dilation: 1, groups: n * c };
    const across = convolved(2, planes, taps(kw, [1, kw]), how);
    return reshape(convolved(2, across, taps(kh, [kh, 1]), how), x.shape);
  }
}
