/** @file From what users have (tensors, typed arrays, nested arrays, lists and records of them) to tensors. */
import { isOptions } from '../core/arguments';
import { type DType, isFloat, type TypedArray } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { describe, type Shape } from '../core/shape';
import { Tensor } from '../core/tensor';
import { type NestedArray, tensor } from '../ops/tensors/create';
import { moved } from '../ops/tensors/to';

/** Values with the shape to see them in. */
export interface ShapedArray {
  data: TypedArray;
  shape: Shape;
}
/** One input or target of all examples, examples first. A typed array may carry its shape as a property. */
export type ArrayLike = Tensor | TypedArray | (TypedArray & { shape: Shape }) | ShapedArray | NestedArray;
/** Inputs or targets: one, or several in a list or by name. */
export type Arrays = ArrayLike | readonly ArrayLike[] | { readonly [name: string]: ArrayLike };
/** The same as tensors. */
export type Tensors = Tensor | Tensor[] | { [name: string]: Tensor };

/** Where and as what values that are no tensors yet are put. */
export interface Placement {
  device: string;
  /** Of floats; integers stay what they are. */
  dtype: DType;
}

const isTyped = (v: unknown): v is TypedArray => ArrayBuffer.isView(v) && !(v instanceof DataView);

const isShaped = (v: unknown): v is ShapedArray =>
  isOptions(v) && isTyped((v as Partial<ShapedArray>).data) && Array.isArray((v as Partial<ShapedArray>).shape);

/** Numbers, as deep as one likes: values, and no list of things. */
export const isNumbers = (v: unknown): v is NestedArray =>
  typeof v === 'number' ||
  typeof v === 'boolean' ||
  typeof v === 'bigint' ||
  (Array.isArray(v) && v.length > 0 && isNumbers(v[0]));

/** Whether `v` holds values of one input or target. */
export const isArray = (v: unknown): v is ArrayLike => v instanceof Tensor || isTyped(v) || isShaped(v) || isNumbers(v);

/** Values, and the shape in which they are to be seen if they say one. */
export const shapedOf = (
  v: Exclude<ArrayLike, Tensor>,
): { data: TypedArray | NestedArray; shape: Shape | undefined } =>
  isShaped(v) ? v : { shape: (v as { shape?: Shape | undefined }).shape, data: v };

function tensorFrom(v: Exclude<ArrayLike, Tensor>, { device, dtype }: Placement): Tensor {
  const { shape, data } = shapedOf(v);
  const made = tensor(data as TypedArray, { shape, device: device as never });
  // Numbers in arrays have no dtype of their own in mind; Keras makes them what the weights are too.
  return isFloat(made.dtype) && made.dtype !== dtype ? made.to(dtype) : made;
}

/** The tensor that `v` is, or that has its values. */
export function toTensor(op: string, name: string, v: unknown, where: Placement): Tensor {
  if (v instanceof Tensor) {
    v.checkAlive(op);
    return v;
  }
  if (isArray(v)) return tensorFrom(v as Exclude<ArrayLike, Tensor>, where);
  throw new ArgumentError(
    `[${op}] ${name} must be a tensor, a typed array, nested arrays of numbers, or a list or record of them, got ${describe(v)}`,
  );
}

/** {@link toTensor} of one, of each in a list, or of each in a record. */
export function toTensors(op: string, name: string, v: unknown, where: Placement): Tensors {
  if (isArray(v)) return toTensor(op, name, v, where);
  if (Array.isArray(v)) return v.map((e, i) => toTensor(op, `${name}[${i}]`, e, where));
  if (isOptions(v))
    return Object.fromEntries(Object.entries(v).map(([key, e]) => [key, toTensor(op, `${name}.${key}`, e, where)]));
  return toTensor(op, name, v, where);
}

/** The tensors in `v`, in order. */
export const listOf = (v: Tensors): Tensor[] => (v instanceof Tensor ? [v] : Array.isArray(v) ? v : Object.values(v));

/** How many examples a batch has. @throws ShapeError for one whose first input has no rows */
export function rowsOf(op: string, x: Tensors): number {
  const [first] = listOf(x);
  const rows = first?.shape[0];
  if (rows !== undefined) return rows;
  throw new ShapeError(`[${op}] x of a batch must have one row per example, got ${first ? 'one number' : 'no input'}`);
}

/** `v` with its tensors replaced by those of `list`, which are in the order of {@link listOf}. */
export function like(v: Tensors, list: readonly Tensor[]): Tensors {
  if (v instanceof Tensor) return list[0]!;
  if (Array.isArray(v)) return [...list];
  return Object.fromEntries(Object.keys(v).map((key, i) => [key, list[i]!]));
}

/** `v` with all tensors on `device`; the same object where they are. */
export function onDevice(v: Tensors, device: string): Tensors {
  const list = listOf(v);
  if (list.every((t) => t.device === device)) return v;
  return like(
    v,
    list.map((t) => moved(t, { device: device as never })),
  );
}
