/** @file Numbers that users give to what prepares data: tensors, typed arrays, nested arrays. */
import { defaultDType, type DType, isFloat } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { noGrad } from '../core/autograd';
import { describe } from '../core/shape';
import { needTensor, Tensor } from '../core/tensor';
import { cast, detach } from '../ops/tensors/cast';
import { type NestedArray, tensor } from '../ops/tensors/create';
import { dataSync } from '../ops/tensors/read';

/** Numbers with a shape: a tensor, a typed array, or nested arrays. */
export type Values = Tensor | ArrayBufferView | readonly ArrayBufferView[] | readonly NestedArray[];

/** `v` as a tensor of whatever dtype, without a gradient. */
export function tensorOf(op: string, name: string, v: unknown): Tensor {
  if (v instanceof Tensor) {
    needTensor(op, v);
    return detach(v);
  }
  if (!Array.isArray(v) && !(ArrayBuffer.isView(v) && !(v instanceof DataView)))
    throw new ArgumentError(`[${op}] ${name} must be a tensor or an array of numbers, got ${describe(v)}`);
  return tensor(v as NestedArray);
}

/** Whether all values are plain JavaScript numbers, which are float64 until they are in a tensor. */
const plain = (v: unknown): boolean => Array.isArray(v) && !v.some((e) => ArrayBuffer.isView(e));

/** What a user gave, in float64, in which data is prepared whatever it is kept as. */
export interface Given {
  /** float64, of at least one dimension. */
  readonly values: Tensor;
  /** The dtype of what comes out: the input's if that is floating, else the default. */
  readonly dtype: DType;
}

/** Reads `v` in float64; integers and arrays of numbers come out in the default dtype. */
export function given(op: string, name: string, v: unknown): Given {
  const exact = plain(v) ? noGrad(() => tensor(v as NestedArray, { dtype: 'float64' })) : tensorOf(op, name, v);
  if (exact.ndim === 0) throw new ShapeError(`[${op}] ${name} must have a first dimension, got a scalar`);
  const dtype = !plain(v) && isFloat(exact.dtype) ? exact.dtype : defaultDType();
  return { values: cast(exact, 'float64'), dtype };
}

/** The numbers of a float64 tensor. Blocks until they are known. */
export const numbersOf = (t: Tensor): Float64Array => dataSync(t) as Float64Array;

/** What {@link given} reads, changed without gradients, in the dtype it comes out in. */
export function prepared(from: Given, change: (values: Tensor) => Tensor): Tensor {
  return noGrad(() => cast(change(from.values), from.dtype));
}
