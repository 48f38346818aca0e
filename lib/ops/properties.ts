/** @file What tensors and dtypes are, and other dtypes and devices, under PyTorch's names. */
import {
  checkDType,
  type DType,
  dtypeSize,
  isFloat,
  isInteger,
  promote,
  resultType as typeOf,
  resultTypeScalar,
} from '../core/dtype';
import { broadcastShapes as joined, checkAxis, checkShape, sameShape, type Shape } from '../core/shape';
import { addMethods, needTensor, Tensor } from '../core/tensor';
import { ArgumentError } from '../core/errors';
import { cast } from './cast';
import { empty, full, type NestedArray, ones, tensor, type TensorOptions, zeros } from './create';
import { moved } from './to';

/** Whether a value is a tensor. */
export const isTensor = (v: unknown): v is Tensor => v instanceof Tensor;

/** Whether the dtype is a floating-point one. */
export function isFloatingPoint(t: Tensor): boolean {
  needTensor('isFloatingPoint', t);
  return isFloat(t.dtype);
}

/** The number of elements. */
export function numel(t: Tensor): number {
  needTensor('numel', t);
  return t.numel;
}

/** Whether the only element of a tensor is not 0. Blocks until the value is known. */
export function isNonzero(t: Tensor): boolean {
  needTensor('isNonzero', t);
  return t.itemSync() !== 0;
}

/** Whether two tensors have the same shape. */
export function isSameSize(a: Tensor, b: Tensor): boolean {
  needTensor('isSameSize', a);
  needTensor('isSameSize', b);
  return sameShape(a.shape, b.shape);
}

/** The tensor itself (cast or moved if the options say so), or a new one from numbers: see {@link tensor}. */
export const asTensor = (data: Tensor | Parameters<typeof tensor>[0], options: TensorOptions = {}): Tensor =>
  data instanceof Tensor ? moved(data, { dtype: options.dtype, device: options.device }) : tensor(data, options);

/** A 0-dim tensor of a number. */
export const scalarTensor = (value: number | boolean | bigint, options?: TensorOptions): Tensor =>
  tensor(value, options);

/** The dtype of what an operation of two tensors, or of a tensor and a number, gives. */
export function resultType(a: Tensor | number | boolean, b: Tensor | number | boolean): DType {
  if (a instanceof Tensor) {
    if (b instanceof Tensor) return typeOf(a, b);
    return typeof b === 'boolean' ? a.dtype : resultTypeScalar(a.dtype, b);
  }
  if (b instanceof Tensor) return resultType(b, a);
  throw new ArgumentError('[resultType] at least one operand must be a tensor');
}

/** The smallest dtype that holds the values of both. float16 with bfloat16 gives float32. */
export const promoteTypes = (a: DType, b: DType): DType => promote(checkDType(a), checkDType(b));

/** Whether a dtype may become the other in place: not floating to integer, and nothing but bool to bool. */
export function canCast(from: DType, to: DType): boolean {
  const category = (d: DType): number => (isFloat(checkDType(d)) ? 2 : isInteger(d) ? 1 : 0);
  return category(from) <= category(to);
}

/** The shape that all these shapes broadcast to. @throws ShapeError if they do not */
export const broadcastShapes = (...shapes: Shape[]): Shape =>
  shapes.map((s) => checkShape('broadcastShapes', s)).reduce<Shape>((a, b) => joined('broadcastShapes', a, b), []);

// --- methods --------------------------------------------------------------------------------------------------------

const casts = {
  ...{ float: 'float32', double: 'float64', half: 'float16', bfloat16: 'bfloat16' },
  ...{ int: 'int32', long: 'int64', byte: 'uint8', bool: 'bool' },
} as const;
for (const [name, dtype] of Object.entries(casts) as [string, DType][])
  addMethods({ [name]: (self: Tensor) => cast(self, dtype) });

const like = (t: Tensor, options?: TensorOptions): TensorOptions => ({ dtype: t.dtype, device: t.device, ...options });
const lengthOf = (list: readonly number[], axis: number | undefined): number | readonly number[] =>
  axis === undefined ? list : list[checkAxis('size', axis, list.length)]!;

addMethods({
  isFloatingPoint,
  isNonzero,
  isSameSize,
  size: (self: Tensor, axis?: number) => lengthOf(self.shape, axis),
  stride: (self: Tensor, axis?: number) => lengthOf(self.strides, axis),
  dim: (self: Tensor) => self.ndim,
  nelement: (self: Tensor) => self.numel,
  elementSize: (self: Tensor) => dtypeSize(self.dtype),
  cpu: (self: Tensor) => moved(self, { device: 'cpu' }),
  cuda: (self: Tensor) => moved(self, { device: 'cuda' }),
  typeAs: (self: Tensor, other: Tensor) => cast(self, other.dtype),
  newZeros: (self: Tensor, shape: Shape, o?: TensorOptions) => zeros(shape, like(self, o)),
  newOnes: (self: Tensor, shape: Shape, o?: TensorOptions) => ones(shape, like(self, o)),
  newEmpty: (self: Tensor, shape: Shape, o?: TensorOptions) => empty(shape, like(self, o)),
  newFull: (self: Tensor, shape: Shape, value: number | boolean, o?: TensorOptions) =>
    full(shape, value, like(self, o)),
  newTensor: (self: Tensor, data: NestedArray, o?: TensorOptions) => tensor(data, like(self, o)),
});
declare module '../core/tensor' {
  interface Tensor extends Record<keyof typeof casts, () => Tensor> {
    isFloatingPoint(): boolean;
    isNonzero(): boolean;
    isSameSize(other: Tensor): boolean;
    /** The shape, or the length of one dimension. */
    size(): Shape;
    size(dim: number): number;
    /** The strides, or that of one dimension, in elements. */
    stride(): readonly number[];
    stride(dim: number): number;
    /** The number of dimensions. */
    dim(): number;
    /** The number of elements. */
    nelement(): number;
    /** Bytes of one element. */
    elementSize(): number;
    /** On the CPU; the tensor itself if it is there. */
    cpu(): Tensor;
    /** On the GPU; the tensor itself if it is there. */
    cuda(): Tensor;
    /** Cast to the dtype of another tensor. */
    typeAs(other: Tensor): Tensor;
    /** Zeros of this dtype on this device. */
    newZeros(shape: Shape, options?: TensorOptions): Tensor;
    newOnes(shape: Shape, options?: TensorOptions): Tensor;
    newEmpty(shape: Shape, options?: TensorOptions): Tensor;
    newFull(shape: Shape, value: number | boolean, options?: TensorOptions): Tensor;
    newTensor(data: NestedArray, options?: TensorOptions): Tensor;
  }
}
