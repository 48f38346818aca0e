/**
 * @file Convolution and its two adjoints as sums over the taps of the kernel: products of matrices, and views. These
 * define the ops of conv.ts, and are what a device runs that has no kernels for them.
 */
import { numel } from '../../core/shape';
import { shapeOf, type Tensor } from '../../core/tensor';
import { add } from '../elementwise/arithmetic';
import { stack } from '../shape/joining';
import { matmul } from '../linear/matmul';
import { padded } from '../shape/padding';
import { summed } from '../reduce/reduce';
import { embed, region, reshaped, swapped, type Geometry as Part } from '../shape/views';

/** What a convolution of `n` spatial dimensions has in common with its adjoints; the lists have three of them. */
export interface Geometry {
  n: number;
  /** [batch, channels, ...] */
  x: number[];
  /** [out, channels / groups, ...taps] */
  w: number[];
  /** Positions of the output. */
  grid: number[];
  stride: number[];
  /** Zeros before each dimension. */
  padding: number[];
  dilation: number[];
}

/** The last n of three. */
export const spatial = (g: Geometry, list: readonly number[]): number[] => list.slice(list.length - g.n);

const groupsOf = (g: Geometry): number => g.x[1]! / g.w[1]!;
const sum = (list: readonly Tensor[]): Tensor => list.reduce((a, b) => add(a, b));

// Every position of the kernel.
function tapsOf(g: Geometry): number[][] {
  let list: number[][] = [[]];
  for (const k of spatial(g, g.w)) list = list.flatMap((t) => Array.from({ length: k }, (_, i) => [...t, i]));
  return list;
}

// The size of x with the zeros that the windows see, before and behind.
function paddedSize(g: Geometry): number[] {
  const [taps, grid, stride, dilation] = [g.w, g.grid, g.stride, g.dilation].map((l) => spatial(g, l));
  return spatial(g, g.x).map((s, i) => {
    const reach = (grid![i]! - 1) * stride![i]! + dilation![i]! * (taps![i]! - 1) + 1;
    return Math.max(spatial(g, g.padding)[i]! + s, reach);
  });
}

// What one tap sees of the padded x, at every position of the grid.
function seenBy(g: Geometry, tap: readonly number[]): Part {
  const [stride, dilation] = [spatial(g, g.stride), spatial(g, g.dilation)];
  return (s) => ({
    strides: s.map((d, i) => (i < 2 ? d : d * stride[i - 2]!)),
    offset: tap.reduce((at, t, i) => at + t * dilation[i]! * s[i + 2]!, 0),
  });
}

// [batch, groups, channels of a group, positions]
const grouped = (t: Tensor, g: Geometry): Tensor => {
  const [n, c] = shapeOf(t) as [number, number];
  return reshaped(t, [n, groupsOf(g), c / groupsOf(g), numel(spatial(g, g.grid))]);
};

// One tap of the weights, [groups, out of a group, channels of a group].
function weightsOf(w: Tensor, g: Geometry, tap: readonly number[]): Tensor {
  const [out, inner] = g.w as [number, number];
  const one = region('conv', w, [out, inner], (s) => ({
    strides: s.slice(0, 2),
    offset: tap.reduce((at, t, i) => at + t * s[i + 2]!, 0),
  }));
  return reshaped(one, [groupsOf(g), out / groupsOf(g), inner]);
}

// x with zeros around it, as each tap sees it: [batch, groups, channels of a group, positions].
function patches(x: Tensor, g: Geometry): (tap: readonly number[]) => Tensor {
  const before = spatial(g, g.padding);
  const all = paddedSize(g);
  const sides = spatial(g, g.x).flatMap((s, i) => [before[i]!, all[i]! - before[i]! - s]);
  // `padded` begins with the last dimension.
  const pairs = Array.from({ length: g.n }, (_, i) => sides.slice(2 * (g.n - 1 - i), 2 * (g.n - i))).flat();
  const wide = padded(x, pairs);
  const shape = [g.x[0]!, g.x[1]!, ...spatial(g, g.grid)];
  return (tap) => grouped(region('conv', wide, shape, seenBy(g, tap)), g);
}

/** out[batch, out, grid] = the cross-correlation of x and w. */
export function convByTaps(x: Tensor, w: Tensor, g: Geometry): Tensor {
  const patch = patches(x, g);
  const out = sum(tapsOf(g).map((tap) => matmul(weightsOf(w, g, tap), patch(tap))));
  return reshaped(out, [g.x[0]!, g.w[0]!, ...spatial(g, g.grid)]);
}

/** The adjoint of {@link convByTaps} in x, applied to d [batch, out, grid]: the shape of x. */
export function inputByTaps(d: Tensor, w: Tensor, g: Geometry): Tensor {
  const up = grouped(d, g);
  const wide = [g.x[0]!, g.x[1]!, ...paddedSize(g)];
  const shape = [g.x[0]!, g.x[1]!, ...spatial(g, g.grid)];
  const out = sum(
    tapsOf(g).map((tap) => {
      const part = reshaped(matmul(swapped(weightsOf(w, g, tap), 1, 2), up), shape);
      return embed('convTranspose', part, wide, seenBy(g, tap));
    }),
  );
  return region('convTranspose', out, [g.x[0]!, g.x[1]!, ...spatial(g, g.x)], (s) => ({
    strides: s,
    offset: spatial(g, g.padding).reduce((at, p, i) => at + p * s[i + 2]!, 0),
  }));
}

/** The adjoint of {@link convByTaps} in w, applied to d [batch, out, grid]: the shape of w. */
export function weightByTaps(d: Tensor, x: Tensor, g: Geometry): Tensor {
  const [patch, up] = [patches(x, g), grouped(d, g)];
  const [out, inner] = g.w as [number, number];
  const taps = tapsOf(g).map((tap) => reshaped(summed(matmul(up, swapped(patch(tap), 2, 3)), [0]), [out, inner]));
  return reshaped(stack(taps, -1), [out, inner, ...spatial(g, g.w)]);
}
