/** @file Sampling images and volumes at any places, and grids of places: what spatial transformers need. */
import { isFloat } from '../../core/dtype';
import { DTypeError, ShapeError } from '../../core/errors';
import { showShape } from '../../core/shape';
import { needTensor, type Tensor } from '../../core/tensor';
import { add, ge, gt, le, mul, sub } from '../elementwise/arithmetic';
import { readArguments, type WithRequired } from '../../core/arguments';
import { boolean, integers, oneOf, tensor } from '../../core/params';
import { expandAs } from '../shape/arranging';
import { fmod, logicalAnd } from '../elementwise/binary';
import { cast } from '../tensors/cast';
import { linspace, zeros } from '../tensors/create';
import { gather } from '../indexing/gather';
import { stack } from '../shape/joining';
import { sameDevice } from '../kit/launch';
import { matmul } from '../linear/matmul';
import { abs, clamp, floor, round, square } from '../elementwise/math';
import { expand, narrow, reshape, transpose, unsqueeze } from '../shape/views';
import { where } from '../elementwise/where';

/** Options of {@link gridSample}, in PyTorch's order. */
export interface GridSampleOptions {
  /** How values between elements are found; bicubic for images only. Default 'bilinear' (in volumes trilinear). */
  mode: 'bilinear' | 'nearest' | 'bicubic';
  /** What stands around the input: zeros, its border, or its reflection. Default 'zeros'. */
  paddingMode: 'zeros' | 'border' | 'reflection';
  /** Whether -1 and 1 are the centres of the outermost elements rather than their outer edges. Default false. */
  alignCorners: boolean | null;
}
type Sampling = GridSampleOptions & { alignCorners: boolean };

// One of the elements along one dimension that a place is made of: its position (whole, within the input) and weight.
interface Tap {
  at: Tensor;
  weight: Tensor;
}

const inRange = (x: Tensor, size: number): Tensor => logicalAnd(ge(x, 0), le(x, size - 1));

// Positions beyond the ends thrown back, as between mirrors through (or half an element outside) the outermost elements.
function reflected(x: Tensor, size: number, alignCorners: boolean): Tensor {
  const low = alignCorners ? 0 : -0.5;
  const span = alignCorners ? size - 1 : size;
  if (span === 0) return mul(x, 0);
  const far = abs(sub(x, low));
  const turn = fmod(far, 2 * span);
  return clamp(add(where(gt(turn, span), sub(2 * span, turn), turn), low), 0, size - 1);
}

function padded(x: Tensor, size: number, { paddingMode, alignCorners }: Sampling): Tensor {
  if (paddingMode === 'border') return clamp(x, 0, size - 1);
  return paddingMode === 'reflection' ? reflected(x, size, alignCorners) : x;
}

// Beyond the input there are zeros: the weight is 0, and the position any that exists.
const within = (at: Tensor, weight: Tensor, size: number): Tap => ({
  at: cast(clamp(at.detach(), 0, size - 1), 'int64'),
  weight: mul(weight, cast(inRange(at.detach(), size), weight.dtype)),
});

// Weights of the cubic convolution through four neighbours (Keys 1981, with a = -0.75 as in PyTorch) at distance x.
function cubic(x: Tensor, outer: boolean): Tensor {
  const a = -0.75;
  const square1 = square(x);
  return outer
    ? sub(mul(add(sub(mul(square1, x), mul(square1, 5)), mul(x, 8)), a), 4 * a)
    : add(mul(sub(mul(x, a + 2), a + 3), square1), 1);
}

// The elements that make up the values at positions x (in elements, [batch, places]) along a dimension.
function tapsOf(x: Tensor, size: number, o: Sampling): Tap[] {
  if (o.mode === 'bicubic') {
    const base = floor(x).detach();
    const t = sub(x, base);
    return [-1, 0, 1, 2].map((k) => {
      const distance = k <= 0 ? sub(t, k) : sub(k, t);
      return within(padded(add(base, k), size, o), cubic(distance, k === -1 || k === 2), size);
    });
  }
  // Places further out see nothing but zeros, at infinity too.
  const place = o.paddingMode === 'zeros' ? clamp(x, -1, size) : padded(x, size, o);
  if (o.mode === 'nearest') {
    // A weight of 1 whose gradient is that of rounding: zeros.
    const at = round(place);
    return [within(at, add(sub(at, at.detach()), 1), size)];
  }
  const base = floor(place).detach();
  const t = sub(place, base);
  return [within(base, sub(1, t), size), within(add(base, 1), t, size)];
}

const gridSampleSpec = {
  grid: tensor,
  mode: oneOf('bilinear', 'nearest', 'bicubic').or('bilinear' as const),
  paddingMode: oneOf('zeros', 'border', 'reflection').or('zeros' as const),
  alignCorners: boolean.orNull().or(false),
};

/**
 * The values of x at the places of a grid, between elements by interpolation.
 * @param x - [batch, channels, height, width], or [batch, channels, depth, height, width]
 * @param args - grid: [batch, ..., 2] (or 3), positions from -1 to 1 along width, height (and depth): the last dimension
 *   first; then the options. In PyTorch's order, or by name in one object
 * @returns [batch, channels, ...] with the dimensions of the grid
 * @throws ShapeError if the two do not fit; DTypeError unless both have one floating-point dtype; ArgumentError for an
 *   unknown mode
 */
export function gridSample(
  x: Tensor,
  ...args: WithRequired<[grid: Tensor], { grid: Tensor }, GridSampleOptions>
): Tensor {
  const op = 'gridSample';
  const { grid, mode, paddingMode, alignCorners } = readArguments(op, gridSampleSpec, args);
  const o = { mode, paddingMode, alignCorners: alignCorners ?? false };
  needTensor(op, x);
  needTensor(op, grid);
  const n = x.ndim - 2;
  if ((n !== 2 && n !== 3) || grid.ndim !== x.ndim || grid.shape[0] !== x.shape[0] || grid.shape.at(-1) !== n)
    throw new ShapeError(
      `[${op}] takes [batch, channels, height, width] and [batch, .., 2] (volumes: 3), got ${showShape(x.shape)} and ${showShape(grid.shape)}`,
    );
  if (o.mode === 'bicubic' && n !== 2) throw new ShapeError(`[${op}] bicubic takes images, got ${showShape(x.shape)}`);
  if (!isFloat(x.dtype) || x.dtype !== grid.dtype)
    throw new DTypeError(`[${op}] takes one floating-point dtype, got ${x.dtype} and ${grid.dtype}`);
  sameDevice(op, x, grid);
  const [batch, channels] = x.shape as [number, number];
  const size = x.shape.slice(2);
  if (size.some((d) => d === 0)) throw new ShapeError(`[${op}] input ${showShape(x.shape)} is empty`);
  const places = grid.shape.slice(1, -1);
  const count = places.reduce((a, b) => a * b, 1);
  const flat = reshape(x, [batch, channels, -1]);
  const corner = o.alignCorners ? 1 : 0;
  // Every combination of taps, dimension by dimension.
  let combined: Tap[] | undefined;
  size.forEach((length, i) => {
    const unit = reshape(narrow(grid, grid.ndim - 1, n - 1 - i, 1), [batch, count]);
    const position = sub(mul(add(unit, 1), (length - corner) / 2), o.alignCorners ? 0 : 0.5);
    const taps = tapsOf(position, length, o);
    combined = combined
      ? combined.flatMap((a) =>
          taps.map((b) => ({ at: add(mul(a.at, length), b.at), weight: mul(a.weight, b.weight) })),
        )
      : taps;
  });
  const parts = combined!.map(({ at, weight }) => {
    const index = expand(unsqueeze(at, 1), [batch, channels, count]);
    return mul(gather(flat, 2, index), unsqueeze(weight, 1));
  });
  return reshape(
    parts.reduce((a, b) => add(a, b)),
    [batch, channels, ...places],
  );
}

const affineGridSpec = { size: integers, alignCorners: boolean.orNull().or(false) };

/**
 * The places that an affine map sends the elements of an image (or volume) to, for {@link gridSample}.
 * @param theta - [batch, 2, 3] (volumes: [batch, 3, 4]): the map of (x, y, 1)
 * @param args - size: [batch, channels, height, width] (volumes: depth before height) of the result to be sampled; and
 *   alignCorners, see {@link GridSampleOptions}. In this order, or by name in one object
 * @returns [batch, height, width, 2]; volumes: [batch, depth, height, width, 3]
 * @throws ShapeError if the two do not fit; DTypeError for integers
 */
export function affineGrid(
  theta: Tensor,
  ...args: WithRequired<[size: readonly number[]], { size: readonly number[] }, { alignCorners: boolean | null }>
): Tensor {
  const op = 'affineGrid';
  const { size, alignCorners } = readArguments(op, affineGridSpec, args);
  needTensor(op, theta);
  if (!isFloat(theta.dtype)) throw new DTypeError(`[${op}] needs a floating-point tensor, got ${theta.dtype}`);
  const n = size.length - 2;
  const fits = theta.ndim === 3 && theta.shape[0] === size[0] && theta.shape[1] === n && theta.shape[2] === n + 1;
  if ((n !== 2 && n !== 3) || !fits)
    throw new ShapeError(
      `[${op}] takes maps [batch, 2, 3] and a size [batch, channels, height, width] (volumes: 3 and 4), got ${showShape(theta.shape)} and ${showShape(size)}`,
    );
  const area = size.slice(2);
  const like = { dtype: theta.dtype, device: theta.device };
  const whole = zeros(area, like);
  // From the last dimension to the first, and 1.
  const axes = area.map((length, i) => {
    const unit = length > 1 ? linspace(-1, 1, length, like) : zeros([length], like);
    const places = alignCorners ? unit : mul(unit, (length - 1) / length);
    return expandAs(
      reshape(
        places,
        area.map((_, k) => (k === i ? length : 1)),
      ),
      whole,
    );
  });
  const base = reshape(stack([...axes.reverse(), add(whole, 1)], -1), [1, -1, n + 1]);
  return reshape(matmul(base, transpose(theta, 1, 2)), [size[0]!, ...area, n]);
}
