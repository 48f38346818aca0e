/** @file Largest and smallest elements, and where they are. NaN counts as both: a line with NaN gives NaN. */
import { ShapeError } from '../core/errors';
import { checkAxes, checkAxis, showShape } from '../core/shape';
import { addMethods, Tensor } from '../core/tensor';
import { opcode } from '../native';
import { needTensor } from './define';
import { maximum, minimum } from './arithmetic';
import { extremeIndex, type KeepdimOptions, pick, sharedByEqual, type ValuesAndIndices } from './chosen';
import { type Axes, runReduce } from './reduce';
import { unsqueeze } from './views';

function checkNotEmpty(op: string, t: Tensor, axes: readonly number[]): void {
  if (t.numel === 0 && (axes.some((a) => t.shape[a] === 0) || axes.length === t.ndim))
    throw new ShapeError(
      `[${op}] no element to choose from: shape ${showShape(t.shape)} over axes [${axes.join(', ')}]`,
    );
}

// --- positions ------------------------------------------------------------------------------------------------------

function position(
  name: 'argmax' | 'argmin',
  t: Tensor,
  axis: number | null | undefined,
  options: KeepdimOptions,
): Tensor {
  needTensor(name, t);
  const axes = axis === undefined || axis === null ? checkAxes(name, axis, t.ndim) : [checkAxis(name, axis, t.ndim)];
  checkNotEmpty(name, t, axes);
  return runReduce(opcode('reduce', name), t, t.ndim === 0 ? [] : axes, options.keepdim ?? false, 'int64');
}

/** The position (int64) of the first largest element along an axis; without an axis, in the flattened tensor. */
export const argmax = (t: Tensor, axis?: number | null, options: KeepdimOptions = {}): Tensor =>
  position('argmax', t, axis, options);
/** The position (int64) of the first smallest element along an axis; without an axis, in the flattened tensor. */
export const argmin = (t: Tensor, axis?: number | null, options: KeepdimOptions = {}): Tensor =>
  position('argmin', t, axis, options);

// --- values ---------------------------------------------------------------------------------------------------------

function extreme(name: 'amax' | 'amin', t: Tensor, axes: Axes, options: KeepdimOptions): Tensor {
  needTensor(name, t);
  const list = checkAxes(name, axes, t.ndim);
  checkNotEmpty(name, t, list);
  const y = runReduce(opcode('reduce', name === 'amax' ? 'max' : 'min'), t, list, options.keepdim ?? false, t.dtype);
  return sharedByEqual(name, y, t, list);
}

/** The largest elements over `axes`. Equal ones share the gradient. */
export const amax = (t: Tensor, axes?: Axes, options: KeepdimOptions = {}): Tensor => extreme('amax', t, axes, options);
/** The smallest elements over `axes`. Equal ones share the gradient. */
export const amin = (t: Tensor, axes?: Axes, options: KeepdimOptions = {}): Tensor => extreme('amin', t, axes, options);

function along(name: 'max' | 'min', t: Tensor, axis: number, options: KeepdimOptions): ValuesAndIndices {
  needTensor(name, t);
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

addMethods({
  argmax,
  argmin,
  amax,
  amin,
  aminmax,
  max: max as (self: Tensor) => Tensor,
  min: min as (self: Tensor) => Tensor,
});

interface Extreme {
  (axis: number, options?: KeepdimOptions): ValuesAndIndices;
  (other?: Tensor): Tensor;
}
type Arg = (axis?: number | null, options?: KeepdimOptions) => Tensor;
type Over = (axes?: Axes, options?: KeepdimOptions) => Tensor;
declare module '../core/tensor' {
  interface Tensor
    extends Record<'max' | 'min', Extreme>, Record<'argmax' | 'argmin', Arg>, Record<'amax' | 'amin', Over> {
    aminmax(options?: AminmaxOptions): { min: Tensor; max: Tensor };
  }
}
