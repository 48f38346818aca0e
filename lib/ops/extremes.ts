/** @file Largest and smallest elements, and where they are. NaN counts as both: a line with NaN gives NaN. */
import { track } from '../core/autograd';
import { ShapeError } from '../core/errors';
import { checkAxes, checkAxis, showShape } from '../core/shape';
import { addMethods, Tensor } from '../core/tensor';
import { opcode } from '../native';
import { div, eq, maximum, minimum, mul } from './arithmetic';
import { cast } from './cast';
import { gather } from './gather';
import { type Axes, runReduce, spread, sum } from './reduce';
import { reshape, squeeze, unsqueeze } from './views';

/** Options of {@link max} and its kind. */
export interface KeepdimOptions {
  /** Keep reduced dimensions with length 1. Default false. */
  keepdim?: boolean;
}

/** Elements of a tensor and their positions (int64) along one axis. */
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- an interface is no Record<string, Tensor>
export type ValuesAndIndices = { values: Tensor; indices: Tensor };

function checkNotEmpty(op: string, t: Tensor, axes: readonly number[]): void {
  if (t.numel === 0 && (axes.some((a) => t.shape[a] === 0) || axes.length === t.ndim))
    throw new ShapeError(`[${op}] no element to choose from: shape ${showShape(t.shape)} over axes [${axes.join(', ')}]`);
}

// --- positions ------------------------------------------------------------------------------------------------------

/** The position of the extreme along one axis, which stays with length 1. Untracked. */
export function extremeIndex(kind: 'argmax' | 'argmin', t: Tensor, axis: number): Tensor {
  return runReduce(opcode('reduce', kind), t, [axis], true, 'int64');
}

function position(name: 'argmax' | 'argmin', t: Tensor, axis: number | null | undefined, options: KeepdimOptions): Tensor {
  t.checkAlive(name);
  const axes = axis === undefined || axis === null ? checkAxes(name, axis, t.ndim) : [checkAxis(name, axis, t.ndim)];
  checkNotEmpty(name, t, axes);
  return runReduce(opcode('reduce', name), t, t.ndim === 0 ? [] : axes, options.keepdim ?? false, 'int64');
}

/** The position (int64) of the first largest element along an axis; without an axis, in the flattened tensor. */
export const argmax = (t: Tensor, axis?: number | null, options: KeepdimOptions = {}): Tensor => position('argmax', t, axis, options);
/** The position (int64) of the first smallest element along an axis; without an axis, in the flattened tensor. */
export const argmin = (t: Tensor, axis?: number | null, options: KeepdimOptions = {}): Tensor => position('argmin', t, axis, options);

// --- values ---------------------------------------------------------------------------------------------------------

/** Records `y`, elements of `t` chosen over axes, with a gradient that all elements equal to the chosen one share. */
export function sharedByEqual(name: string, y: Tensor, t: Tensor, axes: readonly number[]): Tensor {
  return track(name, y, [t], [t, y], ([g], [x, sy]) => {
    const hit = cast(eq(x!, spread(sy!, x!.shape, axes)), g!.dtype);
    return [mul(hit, spread(div(g!, reshape(sum(hit, axes), g!.shape)), x!.shape, axes))];
  });
}

function extreme(name: 'amax' | 'amin', t: Tensor, axes: Axes, options: KeepdimOptions): Tensor {
  t.checkAlive(name);
  const list = checkAxes(name, axes, t.ndim);
  checkNotEmpty(name, t, list);
  const y = runReduce(opcode('reduce', name === 'amax' ? 'max' : 'min'), t, list, options.keepdim ?? false, t.dtype);
  return sharedByEqual(name, y, t, list);
}

/** The largest elements over `axes`. Equal ones share the gradient. */
export const amax = (t: Tensor, axes?: Axes, options: KeepdimOptions = {}): Tensor => extreme('amax', t, axes, options);
/** The smallest elements over `axes`. Equal ones share the gradient. */
export const amin = (t: Tensor, axes?: Axes, options: KeepdimOptions = {}): Tensor => extreme('amin', t, axes, options);

/** The elements of `t` at positions along an axis that has length 1 in `indices`; both without it unless `keepdim`. */
export function pick(t: Tensor, axis: number, indices: Tensor, keepdim: boolean): ValuesAndIndices {
  if (t.ndim === 0) return { values: reshape(t, []), indices: reshape(indices, []) };
  const values = gather(t, axis, indices);
  return keepdim ? { values, indices } : { values: squeeze(values, axis), indices: squeeze(indices, axis) };
}

function along(name: 'max' | 'min', t: Tensor, axis: number, options: KeepdimOptions): ValuesAndIndices {
  t.checkAlive(name);
  const a = checkAxis(name, axis, t.ndim);
  checkNotEmpty(name, t, [a]);
  const lifted = t.ndim === 0 ? unsqueeze(t, 0) : t;
  return pick(t, a, extremeIndex(name === 'max' ? 'argmax' : 'argmin', lifted, a), options.keepdim ?? false);
}

/**
 * `max(t)`: the largest element, whose gradient equal ones share. `max(t, other)`: elementwise, as {@link maximum}.
 * `max(t, axis)`: `{ values, indices }` along an axis; the gradient goes to the first largest.
 */
export function max(t: Tensor, axis: number, options?: KeepdimOptions): ValuesAndIndices;
export function max(t: Tensor, other?: Tensor): Tensor;
export function max(t: Tensor, how?: number | Tensor, options: KeepdimOptions = {}): Tensor | ValuesAndIndices {
  if (how instanceof Tensor) return maximum(t, how);
  return how === undefined ? extreme('amax', t, undefined, {}) : along('max', t, how, options);
}

/** As {@link max}, for the smallest element. */
export function min(t: Tensor, axis: number, options?: KeepdimOptions): ValuesAndIndices;
export function min(t: Tensor, other?: Tensor): Tensor;
export function min(t: Tensor, how?: number | Tensor, options: KeepdimOptions = {}): Tensor | ValuesAndIndices {
  if (how instanceof Tensor) return minimum(t, how);
  return how === undefined ? extreme('amin', t, undefined, {}) : along('min', t, how, options);
}

/** Options of {@link aminmax}. */
export interface AminmaxOptions extends KeepdimOptions {
  /** Default: over all axes. */
  dim?: number | null;
}

/** The smallest and the largest elements together. */
export function aminmax(t: Tensor, options: AminmaxOptions = {}): { min: Tensor; max: Tensor } {
  return { min: extreme('amin', t, options.dim, options), max: extreme('amax', t, options.dim, options) };
}

addMethods({ argmax, argmin, amax, amin, aminmax, max: max as (self: Tensor) => Tensor, min: min as (self: Tensor) => Tensor });

interface Extreme {
  (axis: number, options?: KeepdimOptions): ValuesAndIndices;
  (other?: Tensor): Tensor;
}
type Arg = (axis?: number | null, options?: KeepdimOptions) => Tensor;
type Over = (axes?: Axes, options?: KeepdimOptions) => Tensor;
declare module '../core/tensor' {
  interface Tensor extends Record<'max' | 'min', Extreme>, Record<'argmax' | 'argmin', Arg>, Record<'amax' | 'amin', Over> {
    aminmax(options?: AminmaxOptions): { min: Tensor; max: Tensor };
  }
}
