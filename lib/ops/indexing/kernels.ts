/** @file How indexing ops call their kernels, and the tracked pair that they all rest on: take rows, add rows. */
import { numel, type Shape } from '../../core/shape';
import { empty, type Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { zeros } from '../tensors/create';
import { denseOf } from '../kit/launch';
import { definePrimitive } from '../kit/primitive';
import { expand, narrow, reshape } from '../shape/views';

const gatherKernel = kernel('gather');
const scatterKernel = kernel('scatter');
const selectKernel = kernel('indexSelect');
const addKernel = kernel('indexAdd');
const linearKernel = kernel('linearIndex');
const nonzeroKernel = kernel('nonzero');

/** Modes of the scatter kernel (native/ops/indexing/index.cpp). */
export const scatterMode = { set: 0, sum: 1, prod: 2, amax: 3, amin: 4 } as const;

/** 0-dim tensors behave like vectors of one element. */
export const lift = (t: Tensor): Tensor => (t.ndim === 0 ? reshape(t, [1]) : t);

/** One position per element in row-major memory of the given sizes; negative indices count from the end. Untracked. */
export function linearIndex(index: readonly Tensor[], sizes: Shape, mult: readonly number[], shape: Shape): Tensor {
  const n = numel(shape);
  const like = index[0]!;
  const dense = index.map((t) => denseOf(expand(t.detach(), shape)));
  const out = empty([n], 'int64', like.storage.device);
  if (n > 0) linearKernel(written(out), dense, sizes, mult, n);
  return out;
}

// --- along the middle of [outer, len, inner] -----------------------------------------------------------------------

/** t[:, index, :] of a tensor with three dimensions. */
export const takeRows = (t: Tensor, index: Tensor): Tensor => taken({ t, index }, t.shape[1]!);

const taken = definePrimitive<{ t: Tensor; index: Tensor }, number>({
  name: 'indexSelect',
  inputs: ['t', 'index'],
  forward({ t, index }) {
    const x = denseOf(t);
    const [outer, len, inner] = x.shape as [number, number, number];
    const count = index.numel;
    const out = empty([outer, count, inner], x.dtype, x.storage.device);
    if (out.numel > 0) selectKernel(written(out), x, index, outer, len, count, inner);
    return out;
  },
  reads: ['index'],
  derivative: (g, { index }, len) => ({ t: addRows(g, index, len) }),
});

/** Zeros [outer, len, inner] plus g's rows at `index`. */
export const addRows = (g: Tensor, index: Tensor, len: number): Tensor => added({ g, index }, len);

const added = definePrimitive<{ g: Tensor; index: Tensor }, number>({
  name: 'indexAdd',
  inputs: ['g', 'index'],
  forward({ g, index }, len) {
    const x = denseOf(g);
    const [outer, , inner] = x.shape as [number, number, number];
    const out = zeros([outer, len, inner], { dtype: g.dtype, device: g.device });
    runAddRows(out, x, index);
    return out;
  },
  reads: ['index'],
  derivative: (gg, { index }) => ({ g: takeRows(gg, index) }),
});

/** out[:, index, :] += src; all contiguous. */
export function runAddRows(out: Tensor, src: Tensor, index: Tensor): void {
  const [outer, len, inner] = out.shape as [number, number, number];
  if (src.numel > 0) addKernel(written(out), src, index, outer, len, index.numel, inner);
}

/** out[i][j].. = t[index[i][j]..][j].. (for axis 0); both have dimensions. */
export function runGather(t: Tensor, axis: number, index: Tensor): Tensor {
  const out = empty(index.shape, t.dtype, t.storage.device);
  if (out.numel > 0) gatherKernel(written(out), t, index, index.shape, index.strides, t.strides, axis, t.shape[axis]!);
  return out;
}

/** Writes src[position] to out[position with `index` at `axis`] for all positions of `index`, in order along the axis. */
export function runScatter(mode: number, out: Tensor, axis: number, index: Tensor, src: Tensor): void {
  const n = index.numel;
  if (n === 0) return;
  const [o, i, s] = [lift(out.detach()), lift(index), lift(src.detach())];
  scatterKernel(
    mode,
    written(o),
    s,
    i,
    i.shape,
    o.strides,
    i.strides,
    src.ndim === 0 ? i.shape.map(() => 0) : s.strides,
    axis,
    o.shape[axis]!,
  );
}

/** The row-major positions of the nonzero elements, int64, ascending. */
export function nonzeroFlat(t: Tensor): Tensor {
  const n = t.numel;
  const out = empty([n], 'int64', t.storage.device);
  if (n === 0) return out;
  const count = empty([1], 'int64', t.storage.device);
  nonzeroKernel(written(out), written(count), denseOf(t), n);
  return narrow(out, 0, 0, count.itemSync());
}
