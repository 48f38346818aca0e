/**
 * @file Reading and writing along one axis by an index tensor: indexSelect, gather, take, scatter. An index out of range fails on the stream, as an IndexError at the next wait. Along the axis writes happen in
 * order, so results do not depend on the number of threads.
 */
import { DTypeError, ShapeError } from '../../core/errors';
import { checkAxis, numel, type Shape, showShape } from '../../core/shape';
import { addMethods, needTensor, Tensor } from '../../core/tensor';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { axis as axisParam, oneOf, operand, tensor as tensorParam } from '../../core/params';
import { zeros } from '../tensors/create';
import { asIndex, checkGather, checkVector, type IndexLike, indexParam, place } from './checks';
import { lift, linearIndex, runGather, runScatter, scatterMode, takeRows } from './kernels';
import { denseOf } from '../kit/launch';
import { definePrimitive } from '../kit/primitive';
import { apart, defineOverwrite, type Overwrite } from '../kit/overwrite';
import { expand, reshape } from '../shape/views';

/** `t` seen as [outer, len of axis, inner]. */
export const aroundAxis = (t: Tensor, axis: number): Tensor =>
  reshape(t, [numel(t.shape.slice(0, axis)), t.shape[axis]!, numel(t.shape.slice(axis + 1))]);

/** Arguments of {@link gather} and {@link indexSelect}. */
export interface IndexArguments {
  dim: number;
  index: IndexLike;
}
/** For `readArguments`. */
export const indexSpec: Spec<IndexArguments> = { dim: axisParam, index: indexParam };
type Indexed = InOrderOrByName<[dim: number, index: IndexLike], IndexArguments>;

/** The slices of one axis that a vector of indices names. */
export function indexSelect(t: Tensor, ...args: Indexed): Tensor {
  needTensor('indexSelect', t);
  const { dim: axis, index } = readArguments('indexSelect', indexSpec, args);
  const a = checkAxis('indexSelect', axis, t.ndim);
  const at = asIndex('indexSelect', index, t);
  checkVector('indexSelect', at);
  if (t.ndim === 0)
    return reshape(takeRows(reshape(t, [1, 1, 1]), denseOf(lift(at))), at.numel === 1 ? [] : [at.numel]);
  const rows = takeRows(aroundAxis(t, a), denseOf(lift(at)));
  return reshape(rows, [...t.shape.slice(0, a), at.numel, ...t.shape.slice(a + 1)]);
}

// --- gather and scatter ---------------------------------------------------------------------------------------------

/** out[i][j].. = t[index[i][j]..][j].. (for axis 0): one element per index. */
export function gather(t: Tensor, ...args: Indexed): Tensor {
  needTensor('gather', t);
  const { dim: axis, index } = readArguments('gather', indexSpec, args);
  const a = checkAxis('gather', axis, t.ndim);
  const at = asIndex('gather', index, t);
  checkGather('gather', t, a, at, t.shape, 'the tensor', false);
  const x = lift(t);
  return reshape(gathered({ x, index: lift(at) }, { axis: a, shape: x.shape }), at.shape);
}

// Both have dimensions.
const gathered = definePrimitive<{ x: Tensor; index: Tensor }, { axis: number; shape: Shape }>({
  name: 'gather',
  inputs: ['x', 'index'],
  forward: ({ x, index }, { axis }) => runGather(x, axis, index),
  reads: ['index'],
  derivative(g, { index }, { axis, shape }) {
    const none = zeros(shape, { dtype: g.dtype, device: g.device });
    return { x: index.numel === 0 ? none : scatterAdd(none, axis, index, g) };
  },
});

type Source = Tensor | number | boolean;
/** Arguments of {@link scatter}. */
export interface ScatterArguments extends IndexArguments {
  /** What is written: a tensor, or a number for all places. */
  src: Source;
  /** Default: overwrite. */
  reduce?: 'add' | 'multiply' | null | undefined;
}
const scatterSpec: Spec<ScatterArguments> = {
  ...indexSpec,
  src: operand,
  reduce: oneOf('add', 'multiply').orNull(),
};
type ScatterInOrder = [dim: number, index: IndexLike, src: Source, reduce?: 'add' | 'multiply' | null];

/** What is written, and where. */
export interface Scattered {
  src: Tensor;
  index: Tensor;
}
/** Along which axis. */
export interface Axis {
  axis: number;
}

const overwriting = defineOverwrite<Scattered, Axis>({
  name: 'scatter',
  inputs: ['src', 'index'],
  write: (o, { src, index }, { axis }) => runScatter(scatterMode.set, o, axis, index, apart(o, src)),
  reads: ['index'],
  derivative: (g, { index }, { axis }, needs) => ({
    t: needs.t ? scatter(g, axis, index, 0) : null,
    src: needs.src ? gather(g, axis, index) : null,
  }),
});

const adding = defineOverwrite<Scattered, Axis>({
  name: 'scatterAdd',
  inputs: ['src', 'index'],
  write: (o, { src, index }, { axis }) => runScatter(scatterMode.sum, o, axis, index, apart(o, src)),
  reads: { src: ['index'] },
  derivative: (g, { index }, { axis }, needs) => ({ t: g, src: needs.src ? gather(g, axis, index) : null }),
});

// Not differentiable, as in PyTorch; scatterReduce with 'prod' is.
const multiplying = defineOverwrite<Scattered, Axis>({
  name: 'scatter',
  inputs: ['src', 'index'],
  write: (o, { src, index }, { axis }) => runScatter(scatterMode.prod, o, axis, index, apart(o, src)),
  derivative() {
    throw new DTypeError("[scatter] { reduce: 'multiply' } has no gradient; use scatterReduce(.., 'prod')");
  },
});

function scattering(t: Tensor, args: readonly unknown[]): Overwrite {
  const { dim, index: at, src: from, reduce } = readArguments('scatter', scatterSpec, args);
  const { axis, index, src } = place(reduce === 'add' ? 'scatterAdd' : 'scatter', t, dim, at, from);
  if (reduce === 'multiply') return multiplying({ src: src.detach(), index }, { axis });
  return (reduce === 'add' ? adding : overwriting)({ src, index }, { axis });
}

type Scatter = (t: Tensor, ...args: InOrderOrByName<ScatterInOrder, ScatterArguments>) => Tensor;

/**
 * A copy with out[index[i][j]..][j].. = src[i][j].. (for axis 0). `src` may be a number. Where an index appears twice
 * the later one wins.
 */
export const scatter: Scatter = (t, ...args) => scattering(t, args).copy(t);
/** {@link scatter} in place. */
export const scatter_: Scatter = (t, ...args) => scattering(t, args).self(t);

/** Arguments of {@link scatterAdd}. */
export interface ScatterAddArguments extends IndexArguments {
  src: Tensor;
}
const scatterAddSpec: Spec<ScatterAddArguments> = { ...indexSpec, src: tensorParam };
type ScatterAdd = (
  t: Tensor,
  ...args: InOrderOrByName<[dim: number, index: IndexLike, src: Tensor], ScatterAddArguments>
) => Tensor;
function addingOf(op: string, t: Tensor, args: readonly unknown[]): Overwrite {
  const { dim, index: at, src: from } = readArguments(op, scatterAddSpec, args);
  const { axis, index, src } = place('scatterAdd', t, dim, at, from);
  return adding({ src, index }, { axis });
}

/** A copy with out[index[i][j]..][j].. += src[i][j].. (for axis 0). */
export const scatterAdd: ScatterAdd = (t, ...args) => addingOf('scatterAdd', t, args).copy(t);
/** {@link scatterAdd} in place. */
export const scatterAdd_: ScatterAdd = (t, ...args) => addingOf('scatterAdd_', t, args).self(t);

// --- take -----------------------------------------------------------------------------------------------------------

const takeSpec: Spec<{ index: IndexLike }> = { index: indexParam };

/** The elements at positions of the flattened tensor (negative: from the end), in the shape of the index. */
export function take(t: Tensor, ...args: InOrderOrByName<[index: IndexLike], { index: IndexLike }>): Tensor {
  needTensor('take', t);
  const at = asIndex('take', readArguments('take', takeSpec, args).index, t);
  return reshape(takeRows(reshape(t, [1, t.numel, 1]), linearIndex([at], [t.numel], [1], at.shape)), at.shape);
}

/** Arguments of {@link takeAlongDim}. */
export interface TakeAlongDimArguments {
  indices: IndexLike;
  /** Default: the flattened tensors. */
  dim?: number | null | undefined;
}
const takeAlongSpec: Spec<TakeAlongDimArguments> = { indices: indexParam, dim: axisParam.orNull() };

/**
 * {@link gather} with the other dimensions of tensor and index broadcast, where negative positions count from the end;
 * without an axis, of the flattened tensors (where, as in PyTorch, they do not).
 */
export function takeAlongDim(
  t: Tensor,
  ...args: InOrderOrByName<[indices: IndexLike, dim?: number | null], TakeAlongDimArguments>
): Tensor {
  needTensor('takeAlongDim', t);
  const { indices, dim: axis = null } = readArguments('takeAlongDim', takeAlongSpec, args);
  const at = asIndex('takeAlongDim', indices, t);
  if (axis === null) return gather(reshape(t, [-1]), 0, reshape(at, [-1]));
  if (t.ndim !== at.ndim)
    throw new ShapeError(
      `[takeAlongDim] tensor ${showShape(t.shape)} and index ${showShape(at.shape)} must have equally many dimensions`,
    );
  const a = checkAxis('takeAlongDim', axis, t.ndim);
  if (t.ndim === 0) throw new ShapeError('[takeAlongDim] a 0-dim tensor has no dimension to take along');
  // Unlike in gather, negative positions count from the end.
  const length = t.shape[a]!;
  const from = reshape(linearIndex([at], [length], [1], at.shape), at.shape);
  const common = t.shape.map((d, i) => (d === 1 ? at.shape[i]! : d));
  return gather(
    expand(
      t,
      common.map((d, i) => (i === a ? t.shape[a]! : d)),
    ),
    a,
    expand(
      from,
      common.map((d, i) => (i === a ? at.shape[a]! : d)),
    ),
  );
}

const methods = {
  indexSelect,
  gather,
  scatter,
  scatter_,
  scatterAdd,
  scatterAdd_,
  take,
  takeAlongDim,
};
addMethods(methods);
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<
    typeof import('./gather'),
    'indexSelect' | 'gather' | 'scatter' | 'scatter_' | 'scatterAdd' | 'scatterAdd_' | 'take' | 'takeAlongDim'
  > {}
}
