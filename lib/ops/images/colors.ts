/** @file Colours of images, which are numbers in [0, 1]. */
import { ShapeError } from '../../core/errors';
import { showShape } from '../../core/shape';
import { empty, type Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { add, mul } from '../elementwise/arithmetic';
import { denseOf } from '../kit/launch';
import { narrow } from '../shape/views';
import { columnsOf, type PerImage } from './warp';

const colorJitterKernel = kernel('colorJitter');

/** How the colours of images change; 1 (hue: 0) is not at all. */
export interface ColorFactors {
  brightness: PerImage;
  contrast: PerImage;
  saturation: PerImage;
  /** A share of the circle, between -0.5 and 0.5. */
  hue: PerImage;
}

function checkChannels(op: string, x: Tensor): void {
  if (x.shape[1] !== 1 && x.shape[1] !== 3)
    throw new ShapeError(`[${op}] needs images of 1 or 3 channels, got ${showShape(x.shape)}`);
}

/**
 * The colours of each image changed in an order of its own, values cut to [0, 1].
 * @param order - int64 [n, 4], permutations of 0 to 3: brightness, contrast, saturation, hue
 */
export function recolored(op: string, x: Tensor, factors: ColorFactors, order: Tensor): Tensor {
  checkChannels(op, x);
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const out = empty(x.shape, x.dtype, x.storage.device);
  const { brightness, contrast, saturation, hue } = factors;
  const table = columnsOf(x, [brightness, contrast, saturation, hue]);
  if (x.numel > 0) colorJitterKernel(written(out), denseOf(x), table, denseOf(order), n, c, h * w);
  return out;
}

/** Luminance 0.2989 r + 0.587 g + 0.114 b, [n, 1, h, w]; an image of one channel as it is. */
export function grayOf(op: string, x: Tensor): Tensor {
  checkChannels(op, x);
  if (x.shape[1] === 1) return x;
  const channel = (i: number, weight: number): Tensor => mul(narrow(x, 1, i, 1), weight);
  return add(add(channel(0, 0.2989), channel(1, 0.587)), channel(2, 0.114));
}
