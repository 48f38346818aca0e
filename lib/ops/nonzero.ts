/** @file Positions of nonzero elements. Their number is a shape, so these ops wait for the stream. */
import { isFloat } from '../core/dtype';
import { DTypeError } from '../core/errors';
import { checkShape, contiguousStrides, type Shape } from '../core/shape';
import { addMethods, empty, needTensor, type Tensor } from '../core/tensor';
import { readOptions, type Spec } from '../core/arguments';
import { boolean } from '../core/params';
import { floorDivide, remainder } from './arithmetic';
import { cast } from './cast';
import { nonzeroFlat } from './index-kernels';
import { stack } from './joining';

/** Row-major positions as one index per dimension. */
export function unravelIndex(flat: Tensor, shape: Shape): Tensor[] {
  needTensor('unravelIndex', flat);
  if (flat.dtype === 'bool' || isFloat(flat.dtype))
    throw new DTypeError(`[unravelIndex] takes integers, not ${flat.dtype}`);
  return placesOf(cast(flat, 'int64'), checkShape('unravelIndex', shape));
}

// What lies outside is taken modulo the shape, as in PyTorch.
function placesOf(flat: Tensor, shape: Shape): Tensor[] {
  const strides = contiguousStrides(shape);
  return shape.map((d, i) => {
    const q = strides[i] === 1 ? flat : floorDivide(flat, strides[i]!);
    return remainder(q, Math.max(d, 1));
  });
}

/** Options of {@link nonzero}. */
export interface NonzeroOptions {
  /** One index vector per dimension instead of one matrix. Default false. */
  asTuple?: boolean;
}

const nonzeroSpec: Spec<NonzeroOptions> = { asTuple: boolean.or(false) };

/** The indices of the nonzero elements: int64 [count, ndim], or with `asTuple` one [count] per dimension. */
export function nonzero(t: Tensor, options?: { asTuple?: false }): Tensor;
export function nonzero(t: Tensor, options: { asTuple: true }): Tensor[];
export function nonzero(t: Tensor, options: NonzeroOptions = {}): Tensor | Tensor[] {
  needTensor('nonzero', t);
  const { asTuple } = readOptions('nonzero', nonzeroSpec, options);
  const flat = nonzeroFlat(t);
  if (asTuple) return unravelIndex(flat, t.ndim === 0 ? [1] : t.shape);
  return t.ndim === 0 ? empty([flat.numel, 0], 'int64', t.storage.device) : stack(unravelIndex(flat, t.shape), 1);
}

/** {@link nonzero} as a matrix. */
export const argwhere = (t: Tensor): Tensor => nonzero(t);

addMethods({ nonzero, argwhere });
declare module '../core/tensor' {
  interface Tensor {
    nonzero(options?: { asTuple?: false }): Tensor;
    nonzero(options: { asTuple: true }): Tensor[];
    argwhere(): Tensor;
  }
}
