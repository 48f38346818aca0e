/** @file What transforms have in common: images in, images out, and random numbers of their own for each image. */
import { noGrad } from '../../core/grad-mode';
import { type Generator } from '../../core/random';
import { type Tensor } from '../../core/tensor';
import { cast, contiguous } from '../../ops/tensors/cast';
import { add, lt, mul } from '../../ops/elementwise/arithmetic';
import { imagesOf } from '../../ops/images/warp';
import { rand } from '../../ops/random/random';
import { owned, squeeze, unsqueeze } from '../../ops/shape/views';
import { generatorOf, type SeedOptions } from '../sampler';

/**
 * Changes a batch of images [n, c, h, w] (or one image [c, h, w]), float32 or float64, on the device where it lies. Random
 * transforms draw for each image anew: from the generator in use (`ng.manualSeed`), or their own ({ seed }, { generator }).
 */
export abstract class Transform {
  private readonly generator: Generator | undefined;

  protected constructor(seeds: SeedOptions = {}) {
    this.generator = generatorOf(new.target.name, seeds);
  }

  /** The changed images; `x` stays as it is. */
  forward(x: Tensor): Tensor {
    const single = x?.ndim === 3;
    const images = imagesOf(this.constructor.name, single ? unsqueeze(x, 0) : x);
    return noGrad((): Tensor => {
      // Parts of images are views: nobody writes into `x` through a result.
      const out = contiguous(owned(this.apply(images), images));
      return single ? squeeze(out, 0) : out;
    });
  }

  protected abstract apply(x: Tensor): Tensor;

  /** Numbers in [low, high) for the images of x, float64 [n], or [n, k]. */
  protected uniform(x: Tensor, low: number, high: number, k?: number): Tensor {
    const n = x.shape[0]!;
    const options = { dtype: 'float64' as const, device: x.device, generator: this.generator };
    return add(mul(rand(k === undefined ? [n] : [n, k], options), high - low), low);
  }

  /** 1 for each image with probability p, else 0; float64 [n]. */
  protected chance(x: Tensor, p: number): Tensor {
    return cast(lt(this.uniform(x, 0, 1), p), 'float64');
  }

  /** The generator that the transform draws from, for ops. */
  protected get source(): { generator: Generator | undefined } {
    return { generator: this.generator };
  }
}
