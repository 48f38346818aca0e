/** @file Largest and smallest elements, and where they are. NaN counts as both: a line with NaN gives NaN. */
import { ArgumentError, ShapeError } from '../../core/errors';
import { checkAxes, checkAxis, showShape } from '../../core/shape';
import { addMethods, needTensor, Tensor } from '../../core/tensor';
import { opcode } from '../../native';
import { maximum, minimum } from '../elementwise/arithmetic';
import { readArguments, readOptions } from '../../core/arguments';
import { type AlongArguments, type AlongOptions, alongSpec, extremeIndex, pick, sharedByEqual } from './chosen';
import { type Named, named, type ValuesAndIndices } from '../kit/named';
import { type KeepdimArguments, keepdimSpec, runReduce } from './reduce';
import { unsqueeze } from '../shape/views';

function checkNotEmpty(op: string, t: Tensor, axes: readonly number[]): void {
  if (t.numel === 0 && (axes.some((a) => t.shape[a] === 0) || axes.length === t.ndim))
    throw new ShapeError(
      `[${op}] no element to choose from: shape ${showShape(t.shape)} over axes [${axes.join(', ')}]`,
    );
}

// --- positions ------------------------------------------------------------------------------------------------------

function position(name: 'argmax' | 'argmin', t: Tensor, args: AlongArguments): Tensor {
  needTensor(name, t);
  const { dim = null, keepdim } = readArguments(name, alongSpec, args);
  const axes = dim === null ? checkAxes(name, dim, t.ndim) : [checkAxis(name, dim, t.ndim)];
  checkNotEmpty(name, t, axes);
  return runReduce(opcode('reduce', name), t, t.ndim === 0 ? [] : axes, keepdim, 'int64');
}

/** The position (int64) of the first largest element along an axis; without an axis, in the flattened tensor. */
export const argmax = (t: Tensor, ...args: AlongArguments): Tensor => position('argmax', t, args);
/** The position (int64) of the first smallest element along an axis; without an axis, in the flattened tensor. */
export const argmin = (t: Tensor, ...args: AlongArguments): Tensor => position('argmin', t, args);

// --- values ---------------------------------------------------------------------------------------------------------

function extreme(name: 'amax' | 'amin', t: Tensor, args: readonly unknown[] = []): Tensor {
  needTensor(name, t);
  const { dim, keepdim } = readArguments(name, keepdimSpec, args);
  const list = checkAxes(name, dim, t.ndim);
  checkNotEmpty(name, t, list);
  const y = runReduce(opcode('reduce', name === 'amax' ? 'max' : 'min'), t, list, keepdim, t.dtype);
  return sharedByEqual({ x: t, y }, { axes: list }, name);
}

/** The largest elements over `axes`. Equal ones share the gradient. */
export const amax = (t: Tensor, ...args: KeepdimArguments): Tensor => extreme('amax', t, args);
/** The smallest elements over `axes`. Equal ones share the gradient. */
export const amin = (t: Tensor, ...args: KeepdimArguments): Tensor => extreme('amin', t, args);

function along(name: 'max' | 'min', t: Tensor, dim: number, keepdim = false): ValuesAndIndices {
  const a = checkAxis(name, dim, t.ndim);
  checkNotEmpty(name, t, [a]);
  const lifted = t.ndim === 0 ? unsqueeze(t, 0) : t;
  return pick(t, a, extremeIndex(name === 'max' ? 'argmax' : 'argmin', lifted, a), keepdim);
}

/** Options of {@link max} along an axis. */
export interface Along extends AlongOptions {
  dim: number;
}

/**
 * `max(t)`: the largest element, whose gradient equal ones share. `max(t, other)`: elementwise, as {@link maximum}.
 * `max(t, axis)`: `{ values, indices }` along an axis; the gradient goes to the first largest.
 */
export function max(t: Tensor, axis: number | Along, how?: boolean | AlongOptions): ValuesAndIndices;
export function max(t: Tensor, other?: Tensor): Tensor;
export function max(t: Tensor, ...args: unknown[]): Tensor | ValuesAndIndices {
  return extremeOf('max', maximum, t, args);
}

/** As {@link max}, for the smallest element. */
export function min(t: Tensor, axis: number | Along, how?: boolean | AlongOptions): ValuesAndIndices;
export function min(t: Tensor, other?: Tensor): Tensor;
export function min(t: Tensor, ...args: unknown[]): Tensor | ValuesAndIndices {
  return extremeOf('min', minimum, t, args);
}

function extremeOf(
  name: 'max' | 'min',
  pairwise: (a: Tensor, b: Tensor) => Tensor,
  t: Tensor,
  args: readonly unknown[],
): Tensor | ValuesAndIndices {
  needTensor(name, t);
  if (args[0] instanceof Tensor) {
    if (args.length > 1) throw new ArgumentError(`[${name}] takes nothing beside another tensor`);
    return pairwise(t, args[0]);
  }
  const { dim = null, keepdim } = readArguments(name, alongSpec, args);
  return dim === null ? extreme(`a${name}`, t) : along(name, t, dim, keepdim);
}

/** Options of {@link aminmax}. */
export type AminmaxOptions = AlongOptions;

/** The smallest and the largest elements together. */
export function aminmax(t: Tensor, options?: AminmaxOptions): Named<'min' | 'max', [Tensor, Tensor]> {
  needTensor('aminmax', t);
  const { dim, keepdim } = readOptions('aminmax', alongSpec, options);
  return named<'min' | 'max', [Tensor, Tensor]>(
    ['min', 'max'],
    [extreme('amin', t, [dim, keepdim]), extreme('amax', t, [dim, keepdim])],
  );
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
  (axis: number | Along, how?: boolean | AlongOptions): ValuesAndIndices;
  (other?: Tensor): Tensor;
}
declare module '../../core/tensor' {
  interface Tensor
    extends
      MethodsOf<typeof import('./extremes'), 'argmax' | 'argmin' | 'amax' | 'amin' | 'aminmax'>,
      MethodsAs<typeof import('./extremes'), 'max' | 'min', Extreme> {}
}
