/** @file What tensors and dtypes are, and other dtypes and devices, under PyTorch's names. */
import {
  type DType,
  dtypeSize,
  isFloat,
  isInteger,
  promote,
  resultType as typeOf,
  resultTypeScalar,
} from '../../core/dtype';
import type { Device } from '../../core/device';
import {
  broadcastShapes as joined,
  checkAxis,
  checkShape,
  describe,
  sameShape,
  type Shape,
  showShape,
} from '../../core/shape';
import { addMethods, needTensor, Tensor } from '../../core/tensor';
import {
  gathered,
  type InOrderOrByName,
  type ListOrNamed,
  readArguments,
  readOptions,
  type Spec,
} from '../../core/arguments';
import { ArgumentError, ShapeError } from '../../core/errors';
import {
  axis as axisParam,
  device as deviceParam,
  dtype as dtypeParam,
  Param,
  shape as shapeParam,
  tensor as tensorParam,
} from '../../core/params';
import { cast } from './cast';
import {
  checkPlainShape,
  empty,
  full,
  type FullArguments,
  fullSpec,
  type NestedArray,
  ones,
  type ShapeArguments,
  shapeSpec,
  tensor,
  type TensorOptions,
  tensorSpec,
  zeros,
} from './create';
import { type Operand, otherOf, type Second } from '../kit/define';
import { moved, type Target, targetSpec } from './to';
import { sumTo } from '../reduce/reduce';
import type { SizeArguments } from '../shape/views';

/** Whether a value is a tensor. */
export const isTensor = (v: unknown): v is Tensor => v instanceof Tensor;

/** Whether the dtype is a floating-point one. */
export function isFloatingPoint(t: Tensor): boolean {
  needTensor('isFloatingPoint', t);
  return isFloat(t.dtype);
}

/** Whether the dtype is one of complex numbers: there is none. */
export function isComplex(t: Tensor): boolean {
  needTensor('isComplex', t);
  return false;
}

/** Whether the dtype has negative numbers. */
export function isSigned(t: Tensor): boolean {
  needTensor('isSigned', t);
  return t.dtype !== 'uint8' && t.dtype !== 'bool';
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

const otherSpec = { other: tensorParam };
type Other = InOrderOrByName<[other: Tensor], { other: Tensor }>;

/** Whether two tensors have the same shape. */
export function isSameSize(a: Tensor, ...args: Other): boolean {
  needTensor('isSameSize', a);
  return sameShape(a.shape, readArguments('isSameSize', otherSpec, args).other.shape);
}

/** The tensor itself (cast or moved if the options say so), or a new one from numbers: see {@link tensor}. */
export function asTensor(data: Tensor | Parameters<typeof tensor>[0], options?: Target): Tensor {
  const how = readOptions<Target>('asTensor', targetSpec, options);
  return data instanceof Tensor ? moved(data, how) : tensor(data, how);
}

const numberParam = new Param<number | boolean | bigint>('a number', (v, op) => {
  if (typeof v === 'number' || typeof v === 'boolean' || typeof v === 'bigint') return v;
  throw new ArgumentError(`[${op}] s must be a number, got ${describe(v)}`);
});
const scalarSpec = { s: numberParam, ...tensorSpec };

/** A 0-dim tensor of a number. */
export function scalarTensor(
  ...args: InOrderOrByName<
    [s: number | boolean | bigint, options?: TensorOptions],
    TensorOptions & { s: number | boolean | bigint }
  >
): Tensor {
  const { s, ...options } = readArguments('scalarTensor', scalarSpec, args);
  return tensor(s, options);
}

/** The dtype of what an operation of two tensors, or of a tensor and a number, gives. */
export function resultType(a: Operand, second: Second): DType {
  const b = otherOf('resultType', second);
  if (a instanceof Tensor) {
    needTensor('resultType', a);
    if (b instanceof Tensor) return typeOf(a, b);
    return typeof b === 'boolean' ? a.dtype : resultTypeScalar(a.dtype, b);
  }
  if (b instanceof Tensor) return resultType(b, a);
  throw new ArgumentError('[resultType] at least one operand must be a tensor');
}

const twoTypes = { type1: dtypeParam, type2: dtypeParam };

/** The smallest dtype that holds the values of both. float16 with bfloat16 gives float32. */
export function promoteTypes(
  ...args: InOrderOrByName<[type1: DType, type2: DType], { type1: DType; type2: DType }>
): DType {
  const { type1, type2 } = readArguments('promoteTypes', twoTypes, args);
  return promote(type1, type2);
}

const castSpec = { from: dtypeParam, to: dtypeParam };

/** Whether a dtype may become the other in place: not floating to integer, and nothing but bool to bool. */
export function canCast(...args: InOrderOrByName<[from: DType, to: DType], { from: DType; to: DType }>): boolean {
  const { from, to } = readArguments('canCast', castSpec, args);
  const category = (d: DType): number => (isFloat(d) ? 2 : isInteger(d) ? 1 : 0);
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

const like = (t: Tensor, options: TensorOptions): TensorOptions => ({
  ...options,
  dtype: options.dtype ?? t.dtype,
  device: options.device ?? t.device,
});
const dimSpec = { dim: axisParam.orNull() };
function lengthOf(op: string, list: readonly number[], args: readonly unknown[]): number | readonly number[] {
  const { dim } = readArguments(op, dimSpec, args);
  return dim === null ? list : list[checkAxis(op, dim, list.length)]!;
}

// A tensor of some shape, as what another one is.
const newLike =
  (op: string, make: typeof zeros) =>
  (self: Tensor, ...args: ShapeArguments): Tensor => {
    checkPlainShape(op, args);
    const { size, ...options } = readArguments(op, shapeSpec, args);
    return make(size, like(self, options));
  };
const dataParam = new Param<NestedArray>('numbers', (v) => v as NestedArray);
const dataSpec = { data: dataParam, ...tensorSpec };
type DataArguments = InOrderOrByName<
  [data: NestedArray, options?: TensorOptions],
  TensorOptions & { data: NestedArray }
>;
type FillArguments = InOrderOrByName<
  [size: Shape | number, fillValue: number | boolean | Tensor, options?: TensorOptions],
  FullArguments
>;
const deviceSpec = { device: deviceParam.optional() };

// As if broadcasting `self` from that size had been undone.
function sumToSize(self: Tensor, ...size: ListOrNamed<SizeArguments>): Tensor {
  const to = readArguments('sumToSize', sumToSizeSpec, gathered(size)).size;
  if (to.length > self.ndim || !sameShape(joined('sumToSize', self.shape, to), self.shape))
    throw new ShapeError(`[sumToSize] ${showShape(to)} does not broadcast to ${showShape(self.shape)}`);
  return sumTo(self, to);
}
const sumToSizeSpec: Spec<SizeArguments> = { size: shapeParam };

addMethods({
  isFloatingPoint,
  isComplex,
  isSigned,
  sumToSize,
  ndimension: (self: Tensor) => self.ndim,
  isNonzero,
  isSameSize,
  size: (self: Tensor, ...args: never[]) => lengthOf('size', self.shape, args),
  stride: (self: Tensor, ...args: never[]) => lengthOf('stride', self.strides, args),
  dim: (self: Tensor) => self.ndim,
  nelement: (self: Tensor) => self.numel,
  elementSize: (self: Tensor) => dtypeSize(self.dtype),
  cpu: (self: Tensor) => moved(self, { device: 'cpu' }),
  cuda: (self: Tensor, ...args: never[]) => {
    const { device = 'cuda' } = readArguments('cuda', deviceSpec, args);
    return moved(self, { device });
  },
  typeAs: (self: Tensor, ...args: Other) => cast(self, readArguments('typeAs', otherSpec, args).other.dtype),
  newZeros: newLike('newZeros', zeros),
  newOnes: newLike('newOnes', ones),
  newEmpty: newLike('newEmpty', empty),
  newFull: (self: Tensor, ...args: FillArguments) => {
    const { size, fillValue, ...options } = readArguments('newFull', fullSpec, args);
    return full(size, fillValue, like(self, options));
  },
  newTensor: (self: Tensor, ...args: DataArguments) => {
    const { data, ...options } = readArguments('newTensor', dataSpec, args);
    return tensor(data, like(self, options));
  },
});
declare module '../../core/tensor' {
  interface Tensor
    extends
      MethodsAs<
        typeof import('./properties'),
        'isFloatingPoint' | 'isComplex' | 'isSigned' | 'isNonzero',
        () => boolean
      >,
      MethodsAs<typeof import('./properties'), 'isSameSize', (...args: Other) => boolean> {
    /** Cast to bool: false where an element is 0. */
    bool(): Tensor;
    /** Cast to bfloat16. */
    bfloat16(): Tensor;
    /** Cast to int32. */
    int(): Tensor;
    /** Cast to int64. */
    long(): Tensor;
    /** Cast to uint8. */
    byte(): Tensor;
    /** Cast to float32. */
    float(): Tensor;
    /** Cast to float64. */
    double(): Tensor;
    /** Cast to float16. */
    half(): Tensor;
    /** Sums down to a shape that broadcasts to the tensor's. */
    sumToSize: Method<typeof sumToSize>;
    /** The number of dimensions. */
    ndimension(): number;
    /** Bytes of one element. */
    readonly itemsize: number;
    /** Bytes of all elements. */
    readonly nbytes: number;
    /** Whether it is on a GPU. */
    readonly isCuda: boolean;
    /** Whether it is on the CPU. */
    readonly isCpu: boolean;
    /** The shape, or the length of one dimension. */
    size(): Shape;
    size(dim: number | { dim: number }): number;
    /** The strides, or that of one dimension, in elements. */
    stride(): readonly number[];
    stride(dim: number | { dim: number }): number;
    /** The number of dimensions. */
    dim(): number;
    /** The number of elements. */
    nelement(): number;
    /** Bytes of one element. */
    elementSize(): number;
    /** On the CPU; the tensor itself if it is there. */
    cpu(): Tensor;
    /** On the GPU; the tensor itself if it is there. */
    cuda(device?: Device | { device?: Device | undefined }): Tensor;
    /** Cast to the dtype of another tensor. */
    typeAs(...args: Other): Tensor;
    /** Zeros of this dtype on this device. */
    newZeros(...args: ShapeArguments): Tensor;
    /** Ones of this dtype on this device. */
    newOnes(...args: ShapeArguments): Tensor;
    /** Memory as it is, of this dtype on this device. */
    newEmpty(...args: ShapeArguments): Tensor;
    /** A tensor filled with a value, of this dtype on this device. */
    newFull(...args: FillArguments): Tensor;
    /** A tensor from data, of this dtype on this device. */
    newTensor(...args: DataArguments): Tensor;
  }
}

const getters: Record<string, (t: Tensor) => number | boolean> = {
  itemsize: (t) => dtypeSize(t.dtype),
  nbytes: (t) => t.numel * dtypeSize(t.dtype),
  isCuda: (t) => t.device.startsWith('cuda'),
  isCpu: (t) => t.device.startsWith('cpu'),
};
for (const [name, read] of Object.entries(getters))
  Object.defineProperty(Tensor.prototype, name, {
    get(this: Tensor) {
      return read(this);
    },
    configurable: true,
  });
