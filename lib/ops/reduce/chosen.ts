/** @file What reductions that choose elements share: positions, the elements there, and the gradient of ties. */
import { type InOrderOrByName, type Spec } from '../../core/arguments';
import { axis as axisParam, boolean } from '../../core/params';
import { type Tensor } from '../../core/tensor';
import { opcode } from '../../native';
import { div, eq, mul } from '../elementwise/arithmetic';
import { cast } from '../tensors/cast';
import { gather } from '../indexing/gather';
import { isnan } from '../elementwise/math';
import { definePrimitive } from '../kit/primitive';
import { type ValuesAndIndices, valuesAndIndices } from '../kit/named';
import { runReduce, spread, sum } from './reduce';
import { reshape, squeeze } from '../shape/views';
import { where } from '../elementwise/where';

/** Options of reductions along one axis. */
export interface AlongOptions {
  /** Which axis. */
  dim?: number | null | undefined;
  /** Keep the reduced dimension with length 1. Default false. */
  keepdim?: boolean | undefined;
}

/** For `readArguments`. */
export const alongSpec: Spec<AlongOptions> = { dim: axisParam.orNull(), keepdim: boolean.or(false) };
/** {@link AlongOptions} in order or by name. */
export type AlongArguments = InOrderOrByName<[dim?: number | null, keepdim?: boolean], AlongOptions>;

/** The position of the extreme along one axis, which stays with length 1. Untracked. */
export function extremeIndex(kind: 'argmax' | 'argmin', t: Tensor, axis: number): Tensor {
  return runReduce(opcode('reduce', kind), t, [axis], true, 'int64');
}

/** `y`, elements of `x` that were chosen over axes, with a gradient that all elements equal to the chosen one share. */
export const sharedByEqual = definePrimitive<{ x: Tensor; y: Tensor }, { axes: readonly number[] }>({
  name: 'amax',
  inputs: ['x', 'y'],
  forward: ({ y }) => y,
  reads: ['x', 'y'],
  derivative(g, { x, y }, { axes }) {
    const wide = spread(y, x.shape, axes);
    const hit = cast(where(isnan(wide), isnan(x), eq(x, wide)), g.dtype);
    return { x: mul(hit, spread(div(g, reshape(sum(hit, axes), g.shape)), x.shape, axes)) };
  },
});

/** The elements of `t` at positions along an axis that has length 1 in `indices`; both without it unless `keepdim`. */
export function pick(t: Tensor, axis: number, indices: Tensor, keepdim: boolean): ValuesAndIndices {
  if (t.ndim === 0) return valuesAndIndices(reshape(t, []), reshape(indices, []));
  const values = gather(t, axis, indices);
  return keepdim ? valuesAndIndices(values, indices) : valuesAndIndices(squeeze(values, axis), squeeze(indices, axis));
}
