/** @file Shape ops. All are views, as in PyTorch, except `reshape` of a tensor whose memory cannot be seen that way. */
import { engineOps, track } from '../core/autograd';
import { ArgumentError, IndexError, ShapeError } from '../core/errors';
import {
  checkAxis,
  checkShape,
  contiguousStrides,
  inferShape,
  numel,
  type Shape,
  showShape,
  viewStrides,
} from '../core/shape';
import { addMethods, alias, type Method, needTensor, Tensor } from '../core/tensor';
import { listOf, readArguments } from '../core/arguments';
import { contiguous } from './cast';
import { runCopy } from './launch';
import { sum } from './reduce';

/** Another look at `t`; `back` turns the gradient of the view into one of `t`. */
export function view(
  name: string,
  t: Tensor,
  shape: Shape,
  strides: readonly number[],
  offset: number,
  back: (g: Tensor) => Tensor,
): Tensor {
  return track(name, alias(t, shape, strides, offset), [t], [], ([g]) => [back(g!)]);
}

/**
 * The same memory with another shape (one dimension may be -1).
 * @throws ShapeError if that is not possible without a copy; use {@link reshape} then.
 */
export function viewAs(t: Tensor, shape: Shape | number, ...more: number[]): Tensor {
  needTensor('view', t);
  const to = inferShape('view', t.numel, listOf('view', shape, more));
  const strides = viewStrides(t.shape, t.strides, to);
  if (!strides)
    throw new ShapeError(
      `[view] ${showShape(t.shape)} with strides ${showShape(t.strides)} cannot be seen as ${showShape(to)} without a copy; use reshape`,
    );
  const from = t.shape;
  return view('view', t, to, strides, t.offset, (g) => reshape(g, from));
}

/** Another shape with the same number of elements (one dimension may be -1): a view if possible, else a copy. */
export function reshape(t: Tensor, shape: Shape | number, ...more: number[]): Tensor {
  needTensor('reshape', t);
  const to = inferShape('reshape', t.numel, listOf('reshape', shape, more));
  const strides = viewStrides(t.shape, t.strides, to);
  const from = t.shape;
  const source = strides ? t : contiguous(t);
  return view('reshape', source, to, strides ?? contiguousStrides(to), source.offset, (g) => reshape(g, from));
}

/** Options of {@link flatten}. */
export interface FlattenOptions {
  /** The first dimension of those that become one. Default 0. */
  startDim?: number;
  /** The last. Default -1. */
  endDim?: number;
}

/** One dimension from `start` to `end` (default: all), e.g. `flatten(x, 1)` keeps the batch. */
export function flatten(t: Tensor, how: number | FlattenOptions = {}, to?: number): Tensor {
  needTensor('flatten', t);
  const { startDim: start, endDim: end } = readArguments('flatten', { startDim: 0, endDim: -1 }, [how, to]);
  if (t.ndim === 0) return reshape(t, [1]);
  const a = checkAxis('flatten', start, t.ndim);
  const b = checkAxis('flatten', end, t.ndim);
  if (b < a) throw new ArgumentError(`[flatten] start ${start} comes after end ${end}`);
  return reshape(t, [...t.shape.slice(0, a), numel(t.shape.slice(a, b + 1)), ...t.shape.slice(b + 1)]);
}

/** Splits one dimension into several. */
export function unflatten(t: Tensor, axis: number, sizes: Shape): Tensor {
  needTensor('unflatten', t);
  const a = checkAxis('unflatten', axis, t.ndim);
  return reshape(t, [...t.shape.slice(0, a), ...inferShape('unflatten', t.shape[a]!, sizes), ...t.shape.slice(a + 1)]);
}

/** Dimensions in another order. */
export function permute(t: Tensor, first: number | readonly number[], ...more: number[]): Tensor {
  needTensor('permute', t);
  const axes = listOf('permute', first, more);
  const order = axes.map((a) => checkAxis('permute', a, t.ndim));
  if (order.length !== t.ndim || new Set(order).size !== t.ndim)
    throw new ArgumentError(`[permute] [${axes.join(', ')}] is not an order of ${t.ndim} dimensions`);
  const inverse = new Array<number>(order.length);
  order.forEach((a, i) => (inverse[a] = i));
  const shape = order.map((a) => t.shape[a]!);
  const strides = order.map((a) => t.strides[a]!);
  return view('permute', t, shape, strides, t.offset, (g) => permute(g, inverse));
}

/** Two dimensions exchanged. */
export function transpose(t: Tensor, a: number, b: number): Tensor {
  needTensor('transpose', t);
  const i = checkAxis('transpose', a, t.ndim);
  const j = checkAxis('transpose', b, t.ndim);
  if (t.ndim === 0) return t;
  const order = t.shape.map((_, k) => (k === i ? j : k === j ? i : k));
  return permute(t, order);
}

/** All dimensions in reverse order: the transpose of a matrix. */
export const reverseDims = (t: Tensor): Tensor =>
  permute(
    t,
    t.shape.map((_, i) => t.ndim - 1 - i),
  );

/** Drops dimensions of length 1: all of them, or those named (others are left alone). */
export function squeeze(t: Tensor, axis?: number | readonly number[]): Tensor {
  needTensor('squeeze', t);
  const named =
    axis === undefined
      ? undefined
      : (typeof axis === 'number' ? [axis] : axis).map((a) => checkAxis('squeeze', a, t.ndim));
  const keep = t.shape.map((d, i) => d !== 1 || (named !== undefined && !named.includes(i)));
  const from = t.shape;
  return view(
    'squeeze',
    t,
    t.shape.filter((_, i) => keep[i]),
    t.strides.filter((_, i) => keep[i]),
    t.offset,
    (g) => reshape(g, from),
  );
}

/** A new dimension of length 1 before `axis`. */
export function unsqueeze(t: Tensor, axis: number): Tensor {
  needTensor('unsqueeze', t);
  const a = checkAxis('unsqueeze', axis, t.ndim + 1);
  const shape = [...t.shape.slice(0, a), 1, ...t.shape.slice(a)];
  checkShape('unsqueeze', shape);
  const from = t.shape;
  return view('unsqueeze', t, shape, [...t.strides.slice(0, a), 1, ...t.strides.slice(a)], t.offset, (g) =>
    reshape(g, from),
  );
}

/** Repeats dimensions of length 1 without copying (-1 keeps a length); new dimensions may be added in front. */
export function expand(t: Tensor, sizes: Shape | number, ...more: number[]): Tensor {
  needTensor('expand', t);
  const shape = listOf('expand', sizes, more);
  const lead = shape.length - t.ndim;
  const to = shape.map((d, i) => (d === -1 && i >= lead ? t.shape[i - lead]! : d));
  checkShape('expand', to);
  const strides = to.map((d, i) => {
    const s = t.shape[i - lead];
    if (s !== undefined && s !== d && s !== 1)
      throw new ShapeError(`[expand] ${showShape(t.shape)} cannot be expanded to ${showShape(shape)}`);
    return s === undefined || (s === 1 && d !== 1) ? 0 : t.strides[i - lead]!;
  });
  if (lead < 0) throw new ShapeError(`[expand] ${showShape(t.shape)} cannot be expanded to ${showShape(shape)}`);
  const from = t.shape;
  return view('expand', t, to, strides, t.offset, (g) => sumTo(g, from));
}

/** Expands to a common shape. */
export const broadcastTo = expand;

/** Sums a gradient down to the shape that was broadcast to its shape. */
export function sumTo(t: Tensor, shape: Shape): Tensor {
  const lead = t.ndim - shape.length;
  const axes: number[] = [];
  for (let i = 0; i < t.ndim; i++) if (i < lead || (shape[i - lead] === 1 && t.shape[i] !== 1)) axes.push(i);
  const s = axes.length === 0 ? t : sum(t, axes);
  return reshape(s, shape);
}

/** Elements `start` to `start + length` of one dimension, as a view. */
export function narrow(t: Tensor, axis: number, start: number, length: number): Tensor {
  needTensor('narrow', t);
  const a = checkAxis('narrow', axis, t.ndim);
  const size = t.shape[a] ?? 1;
  const from = start < 0 ? start + size : start;
  if (!Number.isInteger(from) || !Number.isInteger(length) || from < 0 || length < 0 || from + length > size)
    throw new IndexError(
      `[narrow] ${length} elements from ${start} are out of range for dimension ${a} of ${showShape(t.shape)}`,
    );
  return slice(t, a, from, length, 1);
}

/** `length` elements from `start`, `step` apart (negative allowed), of one dimension; checked by the caller. */
export function slice(t: Tensor, axis: number, start: number, length: number, step: number): Tensor {
  needTensor('slice', t);
  const shape = t.shape.slice();
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
  const { strides, offset } = geometry(t.strides);
  const from = t.shape;
  return view(name, t, shape, strides, t.offset + offset, (g) => embed(name, g, from, geometry));
}

// Zeros of `shape` with `g` written to a region: the gradient of seeing only that region.
function embed(name: string, g: Tensor, shape: Shape, geometry: Geometry): Tensor {
  const out = engineOps.zeros(shape, g.dtype, g.storage.device);
  const { strides, offset } = geometry(out.strides);
  runCopy(alias(out, g.shape, strides, offset), g);
  const part = g.shape;
  return track('embed', out, [g], [], ([gg]) => [region(name, gg!, part, geometry)]);
}

addMethods({ view: viewAs, reshape, flatten, unflatten, permute, transpose, squeeze, unsqueeze, expand, narrow });
declare module '../core/tensor' {
  interface Tensor {
    view: Method<typeof viewAs>;
    reshape: Method<typeof reshape>;
    flatten: Method<typeof flatten>;
    unflatten: Method<typeof unflatten>;
    permute: Method<typeof permute>;
    transpose: Method<typeof transpose>;
    squeeze: Method<typeof squeeze>;
    unsqueeze: Method<typeof unsqueeze>;
    expand: Method<typeof expand>;
    narrow: Method<typeof narrow>;
    /** All dimensions in reverse order. */
    readonly T: Tensor;
  }
}
engineOps.sumTo = sumTo;
Object.defineProperty(Tensor.prototype, 'T', {
  get(this: Tensor) {
    return reverseDims(this);
  },
  configurable: true,
});
