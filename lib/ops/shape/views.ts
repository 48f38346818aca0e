/** @file Shape ops. All are views, as in PyTorch, except `reshape` of a tensor whose memory cannot be seen that way. */
import { checkInPlace, enableGrad, engineOps } from '../../core/autograd';
import { ArgumentError, IndexError, ShapeError } from '../../core/errors';
import {
  checkAxes,
  checkAxis,
  checkShape,
  contiguousStrides,
  inferShape,
  numel,
  type Shape,
  showShape,
  viewStrides,
} from '../../core/shape';
import { addMethods, alias, type Method, needTensor, shapeOf, stridesOf, Tensor } from '../../core/tensor';
import { gathered, type InOrderOrByName, type ListOrNamed, readArguments, type Spec } from '../../core/arguments';
import { axes, axis, integer, integers } from '../../core/params';
import { clone, contiguous } from '../tensors/cast';
import { runCopy } from '../kit/launch';
import { recordView } from '../kit/hot';
import { definePrimitive } from '../kit/primitive';

/** Another look at `t`; `back` turns the gradient of the view into one of `t`. */
export function view(
  name: string,
  t: Tensor,
  shape: Shape,
  strides: readonly number[],
  offset: number,
  back: (g: Tensor) => Tensor,
): Tensor {
  return recordView(name, alias(t, shape, strides, offset), t, back);
}

/** `y`, which was made of `x`, in memory of its own: for results that are copies, whatever the sizes. */
export const owned = (y: Tensor, x: Tensor): Tensor => (y.storage === x.storage ? clone(y) : y);

/** A shape by name. */
export interface ShapeArguments {
  /** One dimension may be -1: what the others leave. */
  shape: Shape;
}
const shapeSpec: Spec<ShapeArguments> = { shape: integers };

/** A size by name. */
export interface SizeArguments {
  size: Shape;
}
const sizeSpec: Spec<SizeArguments> = { size: integers };

/**
 * The same memory with another shape (one dimension may be -1).
 * @throws ShapeError if that is not possible without a copy; use {@link reshape} then.
 */
export function viewAs(t: Tensor, ...size: ListOrNamed<SizeArguments>): Tensor {
  needTensor('view', t);
  const to = inferShape('view', t.numel, readArguments('view', sizeSpec, gathered(size)).size);
  const strides = viewStrides(shapeOf(t), stridesOf(t), to);
  if (!strides)
    throw new ShapeError(
      `[view] ${showShape(shapeOf(t))} with strides ${showShape(stridesOf(t))} cannot be seen as ${showShape(to)} without a copy; use reshape`,
    );
  const from = shapeOf(t);
  return view('view', t, to, strides, t.offset, (g) => reshaped(g, from));
}

/** Another shape with the same number of elements (one dimension may be -1): a view if possible, else a copy. */
export function reshape(t: Tensor, ...shape: ListOrNamed<ShapeArguments>): Tensor {
  needTensor('reshape', t);
  return reshaped(t, inferShape('reshape', t.numel, readArguments('reshape', shapeSpec, gathered(shape)).shape));
}

/** {@link reshape} to a shape that is known to fit. */
export function reshaped(t: Tensor, to: Shape): Tensor {
  const from = shapeOf(t);
  const strides = viewStrides(from, stridesOf(t), to);
  const source = strides ? t : contiguous(t);
  return view('reshape', source, to, strides ?? contiguousStrides(to), source.offset, (g) => reshaped(g, from));
}

/** Options of {@link flatten}. */
export interface FlattenOptions {
  /** The first dimension of those that become one. Default 0. */
  startDim?: number | undefined;
  /** The last. Default -1. */
  endDim?: number | undefined;
}

const flattenSpec: Spec<FlattenOptions> = { startDim: axis.or(0), endDim: axis.or(-1) };

/** One dimension from `startDim` to `endDim` (default: all), e.g. `flatten(x, 1)` keeps the batch. */
export function flatten(
  t: Tensor,
  ...args: InOrderOrByName<[startDim?: number, endDim?: number], FlattenOptions>
): Tensor {
  needTensor('flatten', t);
  const { startDim: start, endDim: end } = readArguments('flatten', flattenSpec, args) as Required<FlattenOptions>;
  const a = checkAxis('flatten', start, t.ndim);
  const b = checkAxis('flatten', end, t.ndim);
  if (t.ndim === 0) return reshape(t, [1]);
  if (b < a) throw new ArgumentError(`[flatten] start ${start} comes after end ${end}`);
  return reshape(t, [...shapeOf(t).slice(0, a), numel(shapeOf(t).slice(a, b + 1)), ...shapeOf(t).slice(b + 1)]);
}

/** Throws unless `t` has a dimension to work on. */
export function needDims(op: string, t: Tensor): void {
  needTensor(op, t);
  if (t.ndim === 0) throw new ShapeError(`[${op}] a 0-dim tensor has no dimension to work on`);
}

/** Arguments of {@link unflatten}. */
export interface UnflattenArguments {
  dim: number;
  /** One may be -1: what the others leave. */
  sizes: Shape;
}
const unflattenSpec: Spec<UnflattenArguments> = { dim: axis, sizes: integers };

/** Splits one dimension into several. */
export function unflatten(
  t: Tensor,
  ...args: InOrderOrByName<[dim: number, sizes: Shape], UnflattenArguments>
): Tensor {
  needDims('unflatten', t);
  const { dim, sizes } = readArguments('unflatten', unflattenSpec, args);
  const a = checkAxis('unflatten', dim, t.ndim);
  return reshape(t, [
    ...shapeOf(t).slice(0, a),
    ...inferShape('unflatten', shapeOf(t)[a]!, sizes),
    ...shapeOf(t).slice(a + 1),
  ]);
}

/** Axes by name. */
export interface DimsArguments {
  dims: readonly number[];
}
const dimsSpec: Spec<DimsArguments> = { dims: integers };

/** Dimensions in another order. */
export function permute(t: Tensor, ...order: ListOrNamed<DimsArguments>): Tensor {
  needTensor('permute', t);
  return permuted(t, readArguments('permute', dimsSpec, gathered(order)).dims);
}

function permuted(t: Tensor, axes: readonly number[]): Tensor {
  const order = axes.map((a) => checkAxis('permute', a, t.ndim));
  if (order.length !== t.ndim || new Set(order).size !== t.ndim)
    throw new ArgumentError(`[permute] [${axes.join(', ')}] is not an order of ${t.ndim} dimensions`);
  const inverse = new Array<number>(order.length);
  order.forEach((a, i) => (inverse[a] = i));
  const shape = order.map((a) => shapeOf(t)[a]!);
  const strides = order.map((a) => stridesOf(t)[a]!);
  return view('permute', t, shape, strides, t.offset, (g) => permuted(g, inverse));
}

/** Arguments of {@link transpose}. */
export interface TransposeArguments {
  dim0: number;
  dim1: number;
}
const transposeSpec: Spec<TransposeArguments> = { dim0: axis, dim1: axis };

/** Two dimensions exchanged. */
export function transpose(
  t: Tensor,
  ...args: InOrderOrByName<[dim0: number, dim1: number], TransposeArguments>
): Tensor {
  needTensor('transpose', t);
  const { dim0, dim1 } = readArguments('transpose', transposeSpec, args);
  return exchanged('transpose', t, dim0, dim1);
}

/** {@link transpose} under another name. */
export function exchanged(op: string, t: Tensor, dim0: number, dim1: number): Tensor {
  const i = checkAxis(op, dim0, t.ndim);
  const j = checkAxis(op, dim1, t.ndim);
  return swapped(t, i, j);
}

/** {@link transpose} of two dimensions that exist, counted from the first. */
export function swapped(t: Tensor, i: number, j: number): Tensor {
  const shape = shapeOf(t).slice() as number[];
  const strides = stridesOf(t).slice();
  // A tensor without dimensions takes 0 and -1 for an axis, and stays as it is.
  if (shape.length > 0) {
    shape[i] = shapeOf(t)[j]!;
    shape[j] = shapeOf(t)[i]!;
    strides[i] = stridesOf(t)[j]!;
    strides[j] = stridesOf(t)[i]!;
  }
  return view('permute', t, shape, strides, t.offset, (g) => swapped(g, i, j));
}

/** All dimensions in reverse order: the transpose of a matrix. */
export const reverseDims = (t: Tensor): Tensor =>
  permuted(
    t,
    shapeOf(t).map((_, i) => t.ndim - 1 - i),
  );

/** Arguments of {@link squeeze}. */
export interface SqueezeArguments {
  dim?: number | readonly number[] | undefined;
}
const squeezeSpec: Spec<SqueezeArguments> = { dim: axes.optional() };

/** Drops dimensions of length 1: all of them, or those named (others are left alone). */
export function squeeze(
  t: Tensor,
  ...args: InOrderOrByName<[dim?: number | readonly number[]], SqueezeArguments>
): Tensor {
  needTensor('squeeze', t);
  const { dim } = readArguments('squeeze', squeezeSpec, args);
  const named = dim === undefined ? undefined : checkAxes('squeeze', dim, t.ndim);
  const keep = shapeOf(t).map((d, i) => d !== 1 || (named !== undefined && !named.includes(i)));
  const from = shapeOf(t);
  return view(
    'squeeze',
    t,
    shapeOf(t).filter((_, i) => keep[i]),
    stridesOf(t).filter((_, i) => keep[i]),
    t.offset,
    (g) => reshaped(g, from),
  );
}

/** An axis by name. */
export interface DimArguments {
  dim: number;
}
const dimSpec: Spec<DimArguments> = { dim: axis };

/** A new dimension of length 1 before `dim`. */
export function unsqueeze(t: Tensor, ...args: InOrderOrByName<[dim: number], DimArguments>): Tensor {
  needTensor('unsqueeze', t);
  const a = checkAxis('unsqueeze', readArguments('unsqueeze', dimSpec, args).dim, t.ndim + 1);
  const shape = [...shapeOf(t).slice(0, a), 1, ...shapeOf(t).slice(a)];
  checkShape('unsqueeze', shape);
  const from = shapeOf(t);
  return view('unsqueeze', t, shape, [...stridesOf(t).slice(0, a), 1, ...stridesOf(t).slice(a)], t.offset, (g) =>
    reshaped(g, from),
  );
}

/** Repeats dimensions of length 1 without copying (-1 keeps a length); new dimensions may be added in front. */
export function expand(t: Tensor, ...size: ListOrNamed<SizeArguments>): Tensor {
  needTensor('expand', t);
  return expanded(t, readArguments('expand', sizeSpec, gathered(size)).size);
}

/** {@link expand} to a list of integers. */
export function expanded(t: Tensor, shape: Shape): Tensor {
  const lead = shape.length - t.ndim;
  const to = shape.map((d, i) => (d === -1 && i >= lead ? shapeOf(t)[i - lead]! : d));
  checkShape('expand', to);
  const strides = to.map((d, i) => {
    const s = shapeOf(t)[i - lead];
    if (s !== undefined && s !== d && s !== 1)
      throw new ShapeError(`[expand] ${showShape(shapeOf(t))} cannot be expanded to ${showShape(shape)}`);
    return s === undefined || (s === 1 && d !== 1) ? 0 : stridesOf(t)[i - lead]!;
  });
  if (lead < 0) throw new ShapeError(`[expand] ${showShape(shapeOf(t))} cannot be expanded to ${showShape(shape)}`);
  // The engine sums gradients down to the shape of what they belong to.
  return view('expand', t, to, strides, t.offset, (g) => g);
}

/** Expands to a common shape. */
export const broadcastTo = expand;

/** Arguments of {@link narrow}. */
export interface NarrowArguments {
  dim: number;
  /** The first element; from the end if negative. */
  start: number;
  /** How many. */
  length: number;
}
const narrowSpec: Spec<NarrowArguments> = { dim: axis, start: integer(), length: integer({ least: 0 }) };

/** Elements `start` to `start + length` of one dimension, as a view. */
export function narrow(
  t: Tensor,
  ...args: InOrderOrByName<[dim: number, start: number, length: number], NarrowArguments>
): Tensor {
  needDims('narrow', t);
  const { dim, start, length } = readArguments('narrow', narrowSpec, args);
  const a = checkAxis('narrow', dim, t.ndim);
  const size = shapeOf(t)[a]!;
  const from = start < 0 ? start + size : start;
  if (from < 0 || from + length > size)
    throw new IndexError(
      `[narrow] ${length} elements from ${start} are out of range for dimension ${a} of ${showShape(shapeOf(t))}`,
    );
  return slice(t, a, from, length, 1);
}

/** `length` elements from `start`, `step` apart (negative allowed), of one dimension; checked by the caller. */
export function slice(t: Tensor, axis: number, start: number, length: number, step: number): Tensor {
  needTensor('slice', t);
  const shape = shapeOf(t).slice();
  shape[axis] = length;
  return region('slice', t, shape, (s) => ({
    strides: s.map((d, i) => (i === axis ? d * step : d)),
    offset: start * s[axis]!,
  }));
}

/** Where the elements of a view lie, given the strides of what it shows: its own strides and its first element. */
export type Geometry = (strides: readonly number[]) => { strides: readonly number[]; offset: number };

/** A view of some elements of `t`, each at most once. */
export function region(name: string, t: Tensor, shape: Shape, geometry: Geometry): Tensor {
  const { strides, offset } = geometry(stridesOf(t));
  const from = shapeOf(t);
  return view(name, t, shape, strides, t.offset + offset, (g) => embed(name, g, from, geometry));
}

/** Zeros of `shape` with `g` written to a region: the gradient of seeing only that {@link region}. */
export const embed = (name: string, g: Tensor, shape: Shape, geometry: Geometry): Tensor =>
  embedded({ g }, { of: name, shape, part: shapeOf(g), geometry });

const embedded = definePrimitive<{ g: Tensor }, { of: string; shape: Shape; part: Shape; geometry: Geometry }>({
  name: 'embed',
  inputs: ['g'],
  forward({ g }, { shape, geometry }) {
    const out = engineOps.zeros(shape, g.dtype, g.storage.device);
    const { strides, offset } = geometry(stridesOf(out));
    runCopy(alias(out, shapeOf(g), strides, offset), g);
    return out;
  },
  derivative: (gg, _, { of, part, geometry }) => ({ g: region(of, gg, part, geometry) }),
});

/**
 * Makes `t` the view that `look` takes of it: shape and strides change, the elements stay. What was saved of it before
 * has another shape, so it counts as changed.
 */
export function becomeView(op: string, t: Tensor, look: (t: Tensor) => Tensor): Tensor {
  needTensor(op, t);
  checkInPlace(op, t, [t]);
  // A tensor with a history needs one of its new shape, even where gradients are not recorded.
  const v = t.gradFn ? enableGrad(() => look(t)) : look(t);
  t.adopt(v);
  t.storage.version++;
  if (v.gradFn) t.setGradFn(v.gradFn, v.outputIndex);
  v.dispose();
  return t;
}

/** {@link squeeze} in place. */
export const squeeze_ = (t: Tensor, ...args: Parameters<Method<typeof squeeze>>): Tensor =>
  becomeView('squeeze_', t, (x) => squeeze(x, ...args));
/** {@link unsqueeze} in place. */
export const unsqueeze_ = (t: Tensor, ...args: Parameters<Method<typeof unsqueeze>>): Tensor =>
  becomeView('unsqueeze_', t, (x) => unsqueeze(x, ...args));
/** {@link transpose} in place. */
export const transpose_ = (t: Tensor, ...args: Parameters<Method<typeof transpose>>): Tensor =>
  becomeView('transpose_', t, (x) => transpose(x, ...args));

const inPlace = { squeeze_, unsqueeze_, transpose_ };
addMethods(inPlace);
addMethods({ view: viewAs, reshape, flatten, unflatten, permute, transpose, squeeze, unsqueeze, expand, narrow });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<
    typeof import('./views'),
    | 'squeeze_'
    | 'unsqueeze_'
    | 'transpose_'
    | 'reshape'
    | 'flatten'
    | 'unflatten'
    | 'permute'
    | 'transpose'
    | 'squeeze'
    | 'unsqueeze'
    | 'expand'
    | 'narrow'
  > {
    /** The same memory with another shape; -1 stands for one length. @throws ShapeError where elements would move. */
    view: Method<typeof viewAs>;
    /** All dimensions in reverse order. */
    readonly T: Tensor;
  }
}
Object.defineProperty(Tensor.prototype, 'T', {
  get(this: Tensor) {
    return reverseDims(this);
  },
  configurable: true,
});
