/** @file Images through an affine map each, and parts of images resized: one pass over the pixels of a batch. */
import { DTypeError, ShapeError, ArgumentError } from '../../core/errors';
import { isGradEnabled } from '../../core/grad-mode';
import { showShape } from '../../core/shape';
import { empty, needTensor, type Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { add, div, mul, neg, sub } from '../elementwise/arithmetic';
import { cos, sin, tan } from '../elementwise/math';
import { denseOf } from '../kit/launch';
import { stack } from '../shape/joining';
import { cast } from '../tensors/cast';
import { full, tensor } from '../tensors/create';

const warpKernel = kernel('warp');
const resizedCropKernel = kernel('resizedCrop');

/** Height and width in pixels. */
export type Size = readonly [h: number, w: number];
/** How a place between pixels gets its value. */
export type Interpolation = 'nearest' | 'bilinear';

/** A batch of images [n, c, h, w], checked: float32 or float64, not part of a gradient. */
export function imagesOf(op: string, x: Tensor): Tensor {
  needTensor(op, x);
  if (x.ndim !== 4) throw new ShapeError(`[${op}] expected images [n, c, h, w], got ${showShape(x.shape)}`);
  if (x.dtype !== 'float32' && x.dtype !== 'float64')
    throw new DTypeError(
      `[${op}] needs float32 or float64 images (bytes become them by x.to('float32').div(255)), got ${x.dtype}`,
    );
  if (x.requiresGrad && isGradEnabled())
    throw new ArgumentError(`[${op}] has no gradient; give it x.detach(), or call it in ng.noGrad`);
  if (x.shape[2]! * x.shape[3]! >= 2 ** 31)
    throw new ShapeError(`[${op}] images of ${x.shape[2]} x ${x.shape[3]} are too large`);
  return x;
}

const sizeOf = (x: Tensor): Size => [x.shape[2]!, x.shape[3]!];

// One value per channel, from one for all or a list.
function fillOf(op: string, x: Tensor, fill: number | readonly number[]): Tensor {
  const list = typeof fill === 'number' ? Array<number>(x.shape[1]!).fill(fill) : fill;
  if (list.length !== x.shape[1])
    throw new ShapeError(`[${op}] fill has ${list.length} values for ${x.shape[1]} channels`);
  return tensor(list as number[], { dtype: x.dtype, device: x.device });
}

/** Numbers for the images of a batch: one for all, or a tensor [n]. */
export type PerImage = number | Tensor;

/** Those numbers as float64 [n]. */
export const perImage = (x: Tensor, v: PerImage): Tensor =>
  typeof v === 'number' ? full([x.shape[0]!], v, { dtype: 'float64', device: x.device }) : cast(v, 'float64');

/** k of them as [n, k], in the dtype of x. */
export const columnsOf = (x: Tensor, columns: readonly PerImage[]): Tensor =>
  cast(
    stack(
      columns.map((v) => perImage(x, v)),
      1,
    ),
    x.dtype,
  );

/** How {@link warped} reads. */
export interface WarpOptions {
  /** Of the result; default: that of x. */
  size?: Size | undefined;
  interpolation?: Interpolation | undefined;
  /** What stands outside of x, one value or one per channel. Default 0. */
  fill?: number | readonly number[] | undefined;
}

/**
 * Images [n, c, h, w] through a map each: the pixel (column, row) of the result shows x at
 * (m0 column + m1 row + m2, m3 column + m4 row + m5).
 * @param m - its six numbers, in pixels
 */
export function warped(
  op: string,
  x: Tensor,
  m: readonly PerImage[],
  { size = sizeOf(x), interpolation = 'nearest', fill = 0 }: WarpOptions = {},
): Tensor {
  const [n, c] = x.shape as [number, number];
  const out = empty([n, c, ...size], x.dtype, x.storage.device);
  const matrix = columnsOf(x, m);
  if (out.numel === 0) return out;
  const fills = fillOf(op, x, fill);
  // Between pixels that are not there lies nothing; the nearest of none is the fill.
  const bilinear = interpolation === 'bilinear' && x.numel > 0;
  warpKernel(written(out), denseOf(x), matrix, fills, n, c, [...sizeOf(x)], [...size], bilinear);
  return out;
}

/** A map of the plane about the centre of an image. */
export interface AffineMap {
  /** Degrees, clockwise. */
  angle: PerImage;
  /** Pixels right and down. */
  translate: readonly [x: PerImage, y: PerImage];
  scale: PerImage;
  /** Degrees along x and y. */
  shear: readonly [x: PerImage, y: PerImage];
  /** Column and row that stay where they are; null: the middle. */
  center: readonly [x: number, y: number] | null;
}

/**
 * Where the pixels of images come from that were mapped: what {@link warped} takes. The map is translation, centre,
 * rotation, shear, scale, as torchvision composes it; here is its inverse.
 */
export function inverseOf(x: Tensor, { angle, translate, scale, shear, center }: AffineMap): Tensor[] {
  const [h, w] = sizeOf(x);
  const radians = (v: PerImage): Tensor => mul(perImage(x, v), Math.PI / 180);
  const [a, sx, sy] = [radians(angle), radians(shear[0]), radians(shear[1])];
  const turned = sub(a, sy);
  const [c, s] = [div(cos(turned), cos(sy)), div(sin(turned), cos(sy))];
  const forward = [c, neg(add(mul(c, tan(sx)), sin(a))), s, sub(cos(a), mul(s, tan(sx)))] as const;
  const size = perImage(x, scale);
  const [p, q, r, t] = [forward[3], neg(forward[1]), neg(forward[2]), forward[0]].map((v) => div(v, size));
  // About the centre. Columns and rows count from the middle of the first pixel, the centre from its edge.
  const [cx, cy] = center ? [center[0] - 0.5, center[1] - 0.5] : [(w - 1) / 2, (h - 1) / 2];
  const [dx, dy] = [add(perImage(x, translate[0]), cx), add(perImage(x, translate[1]), cy)];
  const at = (u: Tensor, v: Tensor, middle: number): Tensor => sub(middle, add(mul(u, dx), mul(v, dy)));
  return [p!, q!, at(p!, q!, cx), r!, t!, at(r!, t!, cy)];
}

/**
 * A part of each image, resized bilinearly with antialias, as by cutting it out first.
 * @param box - top, left, height and width in whole pixels, within the image
 */
export function resizedCropped(x: Tensor, box: readonly PerImage[], size: Size): Tensor {
  const [n, c] = x.shape as [number, number];
  const out = empty([n, c, ...size], x.dtype, x.storage.device);
  if (out.numel === 0) return out;
  if (x.numel === 0) throw new ShapeError(`[resizedCrop] images ${showShape(x.shape)} have no pixels`);
  const boxes = columnsOf(x, box);
  resizedCropKernel(written(out), denseOf(x), boxes, n, c, [...sizeOf(x)], [...size]);
  return out;
}
