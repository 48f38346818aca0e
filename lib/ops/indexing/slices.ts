/**
 * @file Whole slices of one axis that a vector of indices names: indexAdd, indexCopy, indexFill. Writes happen in order, so
 * results do not depend on the number of threads.
 */
import { ShapeError } from '../../core/errors';
import { checkAxis, type Shape, showShape } from '../../core/shape';
import { addMethods, needTensor, Tensor } from '../../core/tensor';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { operand, scalar, tensor as tensorParam } from '../../core/params';
import { mul } from '../elementwise/arithmetic';
import { cast } from '../tensors/cast';
import { zeros } from '../tensors/create';
import { asIndex, checkVector, type IndexLike, type Placed } from './checks';
import { aroundAxis, type Axis, type IndexArguments, indexSelect, indexSpec, type Scattered } from './gather';
import { lift, linearIndex, runAddRows, runScatter, scatterMode } from './kernels';
import { denseOf, sameDevice } from '../kit/launch';
import { apart, defineOverwrite, type Overwrite, sameDType, scalarOf } from '../kit/overwrite';
import { expand, reshape } from '../shape/views';
import { where } from '../elementwise/where';

/** Arguments of {@link indexCopy}. */
export interface IndexCopyArguments extends IndexArguments {
  source: Tensor;
}
/** Arguments of {@link indexAdd}. */
export interface IndexAddArguments extends IndexCopyArguments {
  /** Factor of the source. Default 1. */
  alpha?: number | undefined;
}
const indexCopySpec: Spec<IndexCopyArguments> = { ...indexSpec, source: tensorParam };
const indexAddSpec: Spec<IndexAddArguments> = { ...indexCopySpec, alpha: scalar.or(1) };

function checkSlices(op: string, t: Tensor, a: number, index: Tensor, src: Tensor): void {
  const want = t.ndim === 0 ? [] : t.shape.map((d, i) => (i === a ? index.numel : d));
  if (src.ndim !== t.ndim || want.some((d, i) => d !== src.shape[i]))
    throw new ShapeError(
      `[${op}] the source ${showShape(src.shape)} must have shape ${showShape(want)} for ${index.numel} indices`,
    );
  sameDType(op, t, src);
  sameDevice(op, t, src);
}

// The vector of indices as an index of every element of `shape`, without copying.
const alongAxis = (index: Tensor, axis: number, shape: Shape): Tensor =>
  shape.length === 0
    ? reshape(index, [])
    : expand(
        reshape(
          index,
          shape.map((_, i) => (i === axis ? -1 : 1)),
        ),
        shape,
      );

function checkedSlices(op: string, t: Tensor, axis: number, index: IndexLike, src: Tensor): [number, Tensor] {
  needTensor(op, t);
  const a = checkAxis(op, axis, t.ndim);
  const at = asIndex(op, index, t);
  checkVector(op, at);
  checkSlices(op, t, a, at, src);
  return [a, at];
}

/** @internal The slices of `src` as elements to scatter. */
export function placeSlices(op: string, t: Tensor, axis: number, index: IndexLike, src: Tensor): Placed {
  const [a, at] = checkedSlices(op, t, axis, index, src);
  return { axis: a, index: alongAxis(at, a, src.shape), src };
}

function slices(name: 'indexAdd' | 'indexCopy', t: Tensor, axis: number, index: IndexLike, src: Tensor): Overwrite {
  const [a, at] = checkedSlices(name, t, axis, index, src);
  return (name === 'indexAdd' ? addingAt : copyingTo)({ src, index: at }, { axis: a, shape: src.shape });
}

const addingAt = defineOverwrite<Scattered, Axis & { shape: Shape }>({
  name: 'indexAdd',
  inputs: ['src', 'index'],
  write(o, { src, index }, { axis, shape }) {
    const s = apart(o, src);
    if (o.isContiguous() && o.ndim > 0)
      runAddRows(aroundAxis(o, axis), denseOf(aroundAxis(s, axis)), denseOf(lift(index)));
    else runScatter(scatterMode.sum, o, axis, alongAxis(index, axis, shape), s);
  },
  reads: { src: ['index'] },
  derivative: (g, { index }, { axis, shape }, needs) => ({
    t: g,
    src: needs.src ? reshape(indexSelect(g, axis, index), shape) : null,
  }),
});

const copyingTo = defineOverwrite<Scattered, Axis & { shape: Shape }>({
  name: 'indexCopy',
  inputs: ['src', 'index'],
  write: (o, { src, index }, { axis, shape }) =>
    runScatter(scatterMode.set, o, axis, alongAxis(index, axis, shape), apart(o, src)),
  reads: ['index'],
  derivative: (g, { index }, { axis, shape }, needs) => ({
    t: needs.t ? indexFill(g, axis, index, 0) : null,
    src: needs.src ? reshape(indexSelect(g, axis, index), shape) : null,
  }),
});

function addingSlices(op: string, t: Tensor, args: readonly unknown[]): Overwrite {
  const { dim, index, source, alpha } = readArguments(op, indexAddSpec, args);
  return slices('indexAdd', t, dim, index, alpha === 1 ? source : mul(source, alpha!));
}
function copyingSlices(op: string, t: Tensor, args: readonly unknown[]): Overwrite {
  const { dim, index, source } = readArguments(op, indexCopySpec, args);
  return slices('indexCopy', t, dim, index, source);
}

type IndexAdd = (
  t: Tensor,
  ...args: InOrderOrByName<[dim: number, index: IndexLike, source: Tensor, alpha?: number], IndexAddArguments>
) => Tensor;
type IndexCopy = (
  t: Tensor,
  ...args: InOrderOrByName<[dim: number, index: IndexLike, source: Tensor], IndexCopyArguments>
) => Tensor;

/** A copy with the slices of `source` added to the slices of one axis that a vector of indices names. */
export const indexAdd: IndexAdd = (t, ...args) => addingSlices('indexAdd', t, args).copy(t);
/** {@link indexAdd} in place. */
export const indexAdd_: IndexAdd = (t, ...args) => addingSlices('indexAdd_', t, args).self(t);

/** A copy with the slices of one axis that a vector of indices names replaced by those of `source`. */
export const indexCopy: IndexCopy = (t, ...args) => copyingSlices('indexCopy', t, args).copy(t);
/** {@link indexCopy} in place. */
export const indexCopy_: IndexCopy = (t, ...args) => copyingSlices('indexCopy_', t, args).self(t);

function filling(t: Tensor, axis: number, index: IndexLike, value: Tensor | number | boolean): Overwrite {
  needTensor('indexFill', t);
  const a = checkAxis('indexFill', axis, t.ndim);
  const given = asIndex('indexFill', index, t);
  checkVector('indexFill', given);
  if (value instanceof Tensor && value.ndim > 0)
    throw new ShapeError(`[indexFill] the value must be a number or a 0-dim tensor, got ${showShape(value.shape)}`);
  const v = value instanceof Tensor ? cast(value, t.dtype) : scalarOf(value, t);
  // Negative indices count from the end here.
  const at = linearIndex([lift(given)], [t.shape[a] ?? 1], [1], [given.numel]);
  return fillingAt({ src: v, index: at }, { axis: a, shape: t.shape.map((d, i) => (i === a ? at.numel : d)) });
}

const fillingAt = defineOverwrite<Scattered, Axis & { shape: Shape }>({
  name: 'indexFill',
  inputs: ['src', 'index'],
  write: (o, { src, index }, { axis, shape }) =>
    runScatter(scatterMode.set, o, axis, alongAxis(index, axis, shape), apart(o, src)),
  reads: ['index'],
  derivative(g, { index }, { axis }, needs) {
    const filled = zeros(g.shape, { dtype: 'bool', device: g.device });
    return {
      t: needs.t ? indexFill(g, axis, index, 0) : null,
      // A position named twice counts once.
      src: needs.src ? where(indexFill(filled, axis, index, true), g, 0).sum() : null,
    };
  },
});

/** Arguments of {@link indexFill}. */
export interface IndexFillArguments extends IndexArguments {
  value: Tensor | number | boolean;
}
const indexFillSpec: Spec<IndexFillArguments> = { ...indexSpec, value: operand };
type IndexFill = (
  t: Tensor,
  ...args: InOrderOrByName<[dim: number, index: IndexLike, value: Tensor | number | boolean], IndexFillArguments>
) => Tensor;
function fillingOf(op: string, t: Tensor, args: readonly unknown[]): Overwrite {
  const { dim, index, value } = readArguments(op, indexFillSpec, args);
  return filling(t, dim, index, value);
}

/** A copy with one value in the slices of one axis that a vector of indices names. */
export const indexFill: IndexFill = (t, ...args) => fillingOf('indexFill', t, args).copy(t);
/** {@link indexFill} in place. */
export const indexFill_: IndexFill = (t, ...args) => fillingOf('indexFill_', t, args).self(t);

const methods = { indexAdd, indexAdd_, indexCopy, indexCopy_, indexFill, indexFill_ };
addMethods(methods);
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<
    typeof import('./slices'),
    'indexAdd' | 'indexAdd_' | 'indexCopy' | 'indexCopy_' | 'indexFill' | 'indexFill_'
  > {}
}
