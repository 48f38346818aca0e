/**
 * @file Pooling as a composite of other ops, dimension by dimension: means by matrices of zeros and ones, maxima by
 * looking at one element of every window after the other. These define the ops of pooling.ts, and are what a device runs
 * that has no kernels for them.
 */
import type { Tensor } from '../../core/tensor';
import { gt, mul } from '../elementwise/arithmetic';
import { logicalOr } from '../elementwise/binary';
import { tensor } from '../tensors/create';
import { takeRows } from '../indexing/kernels';
import { isnan } from '../elementwise/math';
import { matmul } from '../linear/matmul';
import { reshaped, swapped } from '../shape/views';
import { where } from '../elementwise/where';

/** What all windows of a call have in common; the lists have three entries. */
export interface Windows {
  planes: number;
  /** The dimensions before those that are pooled. */
  lead: readonly number[];
  size: number[];
  grid: number[];
  kernel: number[];
  stride: number[];
  padding: number[];
  dilation: number[];
  /** The windows split the input evenly; kernel, stride, padding and dilation mean nothing. */
  adaptive: boolean;
  /** The shape of the result. */
  out: number[];
}

/** What a mean is divided by. */
export interface Divisor {
  includePad: boolean;
  /** 0: the number of elements. */
  divisor: number;
}

// Where the windows of dimension `axis` begin and end, padding included.
function edges(w: Windows, axis: number): [begin: number, end: number][] {
  const [size, grid] = [w.size[axis]!, w.grid[axis]!];
  return Array.from({ length: grid }, (_, o) => {
    if (w.adaptive) return [Math.floor((o * size) / grid), Math.ceil(((o + 1) * size) / grid)];
    const begin = o * w.stride[axis]! - w.padding[axis]!;
    const reach = w.dilation[axis]! * (w.kernel[axis]! - 1) + 1;
    return [begin, Math.min(begin + reach, size + w.padding[axis]!)];
  });
}

const clipped = ([begin, end]: [number, number], size: number): [number, number] => [
  Math.max(begin, 0),
  Math.min(end, size),
];

// [grid, size]: 1 where the element is in the window.
function membership(w: Windows, axis: number, like: Tensor): Tensor {
  const [size, grid] = [w.size[axis]!, w.grid[axis]!];
  const data = new Float64Array(grid * size);
  edges(w, axis).forEach((e, o) => data.fill(1, o * size + clipped(e, size)[0], o * size + clipped(e, size)[1]));
  return tensor(data, { shape: [grid, size], dtype: like.dtype, device: like.device });
}

// One factor for each position of the grid.
function factors(w: Windows, d: Divisor, like: Tensor): Tensor {
  const counts = [0, 1, 2].map((axis) =>
    edges(w, axis).map((e) => {
      const [begin, end] = d.includePad && !w.adaptive ? e : clipped(e, w.size[axis]!);
      return end - begin;
    }),
  );
  const all = counts[0]!.flatMap((a) => counts[1]!.flatMap((b) => counts[2]!.map((c) => 1 / (d.divisor || a * b * c))));
  return tensor(Float64Array.from(all), { shape: w.grid, dtype: like.dtype, device: like.device });
}

// t [planes, a, b, c] with each of its last three dimensions multiplied by a matrix.
function alongAll(t: Tensor, matrices: readonly Tensor[]): Tensor {
  let out = t;
  matrices.forEach((m, i) => {
    // The dimension comes last, and goes back.
    out = swapped(matmul(swapped(out, i + 1, 3), swapped(m, 0, 1)), i + 1, 3);
  });
  return out;
}

/** The mean of each window of x. */
export function meansOfWindows(x: Tensor, w: Windows, d: Divisor): Tensor {
  const sums = alongAll(
    reshaped(x, [w.planes, ...w.size]),
    [0, 1, 2].map((axis) => membership(w, axis, x)),
  );
  return reshaped(mul(sums, factors(w, d, x)), w.out);
}

/** The adjoint of {@link meansOfWindows}: a tensor of x's shape, [...lead, sizes]. */
export function spreadOverWindows(g: Tensor, shape: readonly number[], w: Windows, d: Divisor): Tensor {
  const shares = mul(reshaped(g, [w.planes, ...w.grid]), factors(w, d, g));
  const back = alongAll(
    shares,
    [0, 1, 2].map((axis) => swapped(membership(w, axis, g), 0, 1)),
  );
  return reshaped(back, shape);
}

// places[o][t]: the positions that window o sees in this dimension, the last one repeated up to the longest list.
function places(w: Windows, axis: number): number[][] {
  const step = w.adaptive ? 1 : w.dilation[axis]!;
  const lists = edges(w, axis).map(([begin, end]) => {
    const list: number[] = [];
    for (let at = begin; at < end; at += step) if (at >= 0 && at < w.size[axis]!) list.push(at);
    return list;
  });
  const longest = Math.max(1, ...lists.map((l) => l.length));
  return lists.map((l) => Array.from({ length: longest }, (_, t) => l[Math.min(t, l.length - 1)]!));
}

const integers = (data: readonly number[], shape: readonly number[], like: Tensor): Tensor =>
  tensor(Float64Array.from(data), { shape, dtype: 'int64', device: like.device });

/** The maximum of each window of x, and where it is in its plane: the first, or a NaN. */
export function maximaOfWindows(x: Tensor, w: Windows): { values: Tensor; indices: Tensor } {
  const seen = [0, 1, 2].map((axis) => places(w, axis));
  const column = (axis: number, t: number): number[] => seen[axis]!.map((list) => list[t]!);
  const [a, b, c] = w.size as [number, number, number];
  let best: { values: Tensor; indices: Tensor } | undefined;
  for (let i = 0; i < seen[0]![0]!.length; i++)
    for (let j = 0; j < seen[1]![0]!.length; j++)
      for (let k = 0; k < seen[2]![0]!.length; k++) {
        const at = [column(0, i), column(1, j), column(2, k)] as const;
        // Rows of [outer, length, inner] by their positions, one dimension after the other.
        let v = takeRows(reshaped(x, [w.planes, a, b * c]), integers(at[0], [at[0].length], x));
        v = takeRows(reshaped(v, [w.planes * w.grid[0]!, b, c]), integers(at[1], [at[1].length], x));
        v = takeRows(reshaped(v, [w.planes * w.grid[0]! * w.grid[1]!, c, 1]), integers(at[2], [at[2].length], x));
        const values = reshaped(v, w.out);
        const flat = at[0].flatMap((p) => at[1].flatMap((q) => at[2].map((r) => (p * b + q) * c + r)));
        const spots = integers(flat, w.out.slice(w.lead.length), x);
        if (!best) best = { values, indices: spots.expand(w.out) };
        else {
          const better = logicalOr(gt(values, best.values), isnan(values));
          best = { values: where(better, values, best.values), indices: where(better, spots, best.indices) };
        }
      }
  return { values: best!.values, indices: best!.indices.contiguous() };
}
