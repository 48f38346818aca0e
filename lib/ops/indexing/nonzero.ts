/** @file Positions of nonzero elements. Their number is a shape, so these ops wait for the stream. */
import { isFloat } from '../../core/dtype';
import { DTypeError, IndexError } from '../../core/errors';
import { contiguousStrides, numel, type Shape, showShape } from '../../core/shape';
import { addMethods, empty, needTensor, type Tensor } from '../../core/tensor';
import { type InOrderOrByName, readArguments, readOptions, type Spec } from '../../core/arguments';
import { boolean, shape as shapeParam, tensor as tensorParam } from '../../core/params';
import { floorDivide, remainder } from '../elementwise/arithmetic';
import { cast } from '../tensors/cast';
import { linearIndex, nonzeroFlat } from './kernels';
import { reshape } from '../shape/views';
import { stack } from '../shape/joining';

/** Arguments of {@link unravelIndex} by name. */
export interface UnravelArguments {
  indices: Tensor;
  shape: Shape | number;
}
const unravelSpec = { indices: tensorParam, shape: shapeParam };

/**
 * Row-major positions as one index per dimension (int64, the shape of `indices`). Negative positions count from the end.
 * Unlike in PyTorch, which takes positions modulo the shape, one out of range fails as an IndexError at the next wait.
 */
export function unravelIndex(
  ...args: InOrderOrByName<[indices: Tensor, shape: Shape | number], UnravelArguments>
): Tensor[] {
  const { indices, shape } = readArguments('unravelIndex', unravelSpec, args);
  if (indices.dtype === 'bool' || isFloat(indices.dtype))
    throw new DTypeError(`[unravelIndex] takes integers, not ${indices.dtype}`);
  const n = numel(shape);
  if (n === 0 && indices.numel > 0) throw new IndexError(`[unravelIndex] shape ${showShape(shape)} has no elements`);
  const flat = cast(indices, 'int64');
  return placesOf(reshape(linearIndex([flat], [n], [1], flat.shape), flat.shape), shape);
}

/** {@link unravelIndex} of positions that are known to be in range. */
export function placesOf(flat: Tensor, shape: Shape): Tensor[] {
  const strides = contiguousStrides(shape);
  return shape.map((d, i) => {
    const q = strides[i] === 1 ? flat : floorDivide(flat, strides[i]!);
    return i === 0 ? q : remainder(q, Math.max(d, 1));
  });
}

/** Options of {@link nonzero}. */
export interface NonzeroOptions {
  /** One index vector per dimension instead of one matrix. Default false. */
  asTuple?: boolean | undefined;
}

const nonzeroSpec: Spec<NonzeroOptions> = { asTuple: boolean.or(false) };

/** The indices of the nonzero elements: int64 [count, ndim], or with `asTuple` one [count] per dimension. */
export function nonzero(t: Tensor, options?: { asTuple?: false | undefined }): Tensor;
export function nonzero(t: Tensor, options: { asTuple: true }): Tensor[];
export function nonzero(t: Tensor, options: NonzeroOptions = {}): Tensor | Tensor[] {
  needTensor('nonzero', t);
  const { asTuple } = readOptions('nonzero', nonzeroSpec, options);
  const flat = nonzeroFlat(t);
  if (asTuple) return placesOf(flat, t.ndim === 0 ? [1] : t.shape);
  return t.ndim === 0 ? empty([flat.numel, 0], 'int64', t.storage.device) : stack(placesOf(flat, t.shape), 1);
}

/** {@link nonzero} as a matrix. */
export const argwhere = (t: Tensor): Tensor => nonzero(t);

addMethods({ nonzero, argwhere });
declare module '../../core/tensor' {
  interface Tensor extends MethodsAs<typeof import('./nonzero'), 'argwhere', () => Tensor> {
    /** The indices of the nonzero elements: int64 [count, ndim], or with `asTuple` one [count] per dimension. */
    nonzero(options?: { asTuple?: false | undefined }): Tensor;
    nonzero(options: { asTuple: true }): Tensor[];
  }
}
