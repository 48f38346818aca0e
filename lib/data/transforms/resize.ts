/** @file Images of another size. */
import { readSettings } from '../../core/arguments';
import { boolean, either, positive } from '../../core/params';
import { type Tensor } from '../../core/tensor';
import { type Interpolation, type Size } from '../../ops/images/warp';
import { interpolated } from '../../ops/layers/resample';
import { interpolation, size } from './params';
import { Transform } from './transform';

/** Settings of {@link Resize}. */
export interface ResizeOptions {
  /** Default 'bilinear'. */
  interpolation?: Interpolation | undefined;
  /** Widen the filter where the image shrinks, so that no pixel is left out. Default true; for bilinear. */
  antialias?: boolean | undefined;
}

const spec = {
  size: either(positive, size),
  interpolation: interpolation.or('bilinear' as const),
  antialias: boolean.or(true),
};

/** Images resized. @param size - [height, width]; one number is the shorter edge, and the shape stays as it is */
export class Resize extends Transform {
  private readonly settings: Required<ResizeOptions> & { size: number | Size };

  constructor(target: number | readonly number[], options?: ResizeOptions) {
    super();
    this.settings = readSettings('Resize', spec, [target, options]);
  }
  protected apply(x: Tensor): Tensor {
    const { size: to, interpolation: mode, antialias } = this.settings;
    const [h, w] = x.shape.slice(2) as [number, number];
    const long = (edge: number): number => Math.floor((edge * Math.max(h, w)) / Math.min(h, w));
    const target = typeof to !== 'number' ? [...to] : h <= w ? [to, long(to)] : [long(to), to];
    return interpolated(x, {
      size: target,
      scaleFactor: null,
      mode,
      alignCorners: null,
      recomputeScaleFactor: null,
      antialias: antialias && mode === 'bilinear',
    });
  }
}
