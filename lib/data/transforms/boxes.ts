/** @file Random parts of images, by their share of the area and by their shape. */
import { type Tensor } from '../../core/tensor';
import { add, div, ge, le, mul, sub } from '../../ops/elementwise/arithmetic';
import { logicalAnd } from '../../ops/elementwise/binary';
import { exp, floor, round, sqrt } from '../../ops/elementwise/math';
import { gather } from '../../ops/indexing/gather';
import { argmax } from '../../ops/reduce/extremes';
import { squeeze } from '../../ops/shape/views';
import { cast } from '../../ops/tensors/cast';
import { type Range } from './params';

/** Parts of images in whole pixels, each [n] in float64, and for which images one was found, [n] in bool. */
export interface Boxes {
  top: Tensor;
  left: Tensor;
  height: Tensor;
  width: Tensor;
  found: Tensor;
}

const tries = 10;

/**
 * For each image the first of ten parts that is at least a pixel and at most `most` high and wide.
 * @param uniform - numbers in [low, high) for the images, [n] or [n, k]
 * @param area - of an image, in pixels
 * @param scale - shares of the area
 * @param shape - height by width
 */
export function sampledBoxes(
  uniform: (low: number, high: number, k?: number) => Tensor,
  [h, w]: readonly [number, number],
  most: readonly [h: number, w: number],
  scale: Range,
  shape: Range,
): Boxes {
  const area = mul(uniform(...scale, tries), h * w);
  const aspect = exp(uniform(Math.log(shape[0]), Math.log(shape[1]), tries));
  const heights = round(sqrt(mul(area, aspect)));
  const widths = round(sqrt(div(area, aspect)));
  const fits = (v: Tensor, limit: number): Tensor => logicalAnd(ge(v, 1), le(v, limit));
  const fit = logicalAnd(fits(heights, most[0]), fits(widths, most[1]));
  const first = argmax(cast(fit, 'int32'), 1, true);
  const [height, width] = [heights, widths].map((v) => squeeze(gather(v, 1, first), 1)) as [Tensor, Tensor];
  const at = (length: number, part: Tensor): Tensor => floor(mul(uniform(0, 1), add(sub(length, part), 1)));
  return { top: at(h, height), left: at(w, width), height, width, found: squeeze(gather(fit, 1, first), 1) };
}
