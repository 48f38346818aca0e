/** @file Element types: names, sizes, typed arrays, promotion. Codes are those of native/runtime/dtype.h. */
import { ArgumentError, DTypeError, OutOfMemoryError } from './errors';
import { describe } from './shape';

/** The element types of tensors. */
export type DType = 'float32' | 'float64' | 'int32' | 'int64' | 'uint8' | 'bool' | 'bfloat16' | 'float16';

/** What `data()` returns: `bool` and `uint8` as bytes, `int64` as BigInt64Array, 16-bit floats as their raw bits. */
export type TypedArray = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array | Uint16Array;

interface DTypeInfo {
  code: number;
  size: number;
  /** 0 bool, 1 integer, 2 floating. */
  category: 0 | 1 | 2;
  array: {
    new (length: number): TypedArray;
    new (buffer: ArrayBufferLike, offset?: number, length?: number): TypedArray;
  };
}

const info: Record<DType, DTypeInfo> = {
  float32: { code: 0, size: 4, category: 2, array: Float32Array },
  float64: { code: 1, size: 8, category: 2, array: Float64Array },
  int32: { code: 2, size: 4, category: 1, array: Int32Array },
  int64: { code: 3, size: 8, category: 1, array: BigInt64Array },
  uint8: { code: 4, size: 1, category: 1, array: Uint8Array },
  bool: { code: 5, size: 1, category: 0, array: Uint8Array },
  bfloat16: { code: 6, size: 2, category: 2, array: Uint16Array },
  float16: { code: 7, size: 2, category: 2, array: Uint16Array },
};

export const dtypes = Object.keys(info) as DType[];

export const dtypeCode = (d: DType): number => info[d].code;
export const dtypeSize = (d: DType): number => info[d].size;
/** Zeros outside of tensors. @throws OutOfMemoryError where JavaScript has no array of that length */
export function newTypedArray(d: DType, length: number): TypedArray {
  try {
    return new info[d].array(length);
  } catch (e) {
    if (!(e instanceof RangeError)) throw e;
    throw new OutOfMemoryError(`[alloc] no memory for an array of ${length} values of ${d}`);
  }
}
export const isFloat = (d: DType): boolean => info[d].category === 2;
/** Whether a dtype is a 16-bit float: kernels that lack those compute in float32. */
export const isHalf = (d: DType): boolean => d === 'bfloat16' || d === 'float16';
export const isInteger = (d: DType): boolean => info[d].category === 1;

/** Throws unless `d` is one of the dtypes. */
export function checkDType(d: unknown): DType {
  if (typeof d === 'string' && Object.hasOwn(info, d)) return d as DType;
  throw new ArgumentError(
    `[dtype] unknown dtype ${typeof d === 'string' ? d : describe(d)}; one of ${dtypes.join(', ')}`,
  );
}

let defaultFloat: DType = 'float32';

/** The dtype that floating-point values get when none is given. */
export const defaultDType = (): DType => defaultFloat;

/** Sets the floating-point dtype of new tensors (default float32), as torch.set_default_dtype. */
export function setDefaultDtype(d: DType): void {
  if (!isFloat(checkDType(d))) throw new DTypeError(`[setDefaultDtype] expected a floating-point dtype, got ${d}`);
  defaultFloat = d;
}

/** The floating-point dtype of new tensors. */
export const getDefaultDtype = defaultDType;

// Within one category the wider type wins; uint8 with a signed type gives the signed type (as in PyTorch).
const rank: Record<DType, number> = {
  bool: 0,
  uint8: 1,
  int32: 2,
  int64: 3,
  float16: 4,
  bfloat16: 4,
  float32: 5,
  float64: 6,
};

/** The common dtype of two tensors of equal standing. float16 with bfloat16 gives float32. */
export function promote(a: DType, b: DType): DType {
  if (a === b) return a;
  if (rank[a] === rank[b]) return 'float32';
  return rank[a] > rank[b] ? a : b;
}

/**
 * PyTorch's type promotion: a 0-dim tensor takes part only if its category (bool < integer < floating) is higher than
 * that of the tensors with dimensions.
 */
export function resultType(a: { dtype: DType; ndim: number }, b: { dtype: DType; ndim: number }): DType {
  if (a.dtype === b.dtype) return a.dtype;
  const scalarA = a.ndim === 0;
  if (scalarA === (b.ndim === 0)) return promote(a.dtype, b.dtype);
  const [tensor, scalar] = scalarA ? [b.dtype, a.dtype] : [a.dtype, b.dtype];
  return info[scalar].category <= info[tensor].category ? tensor : scalar;
}

/** The dtype of `tensor op number`: an integer tensor becomes the default float only when the number is none. */
export function resultTypeScalar(t: DType, s: number): DType {
  const c = info[t].category;
  if (c === 2) return t;
  if (!Number.isInteger(s)) return defaultFloat;
  return c === 0 ? 'int64' : t;
}

const arrayDTypes: Record<string, DType> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
  Int32Array: 'int32',
  BigInt64Array: 'int64',
  Uint8Array: 'uint8',
  Uint8ClampedArray: 'uint8',
};

/** The dtype of a typed array (of any realm), or undefined for a kind that nodegrad has no dtype for. */
export const dtypeOfArray = (a: ArrayBufferView): DType | undefined =>
  arrayDTypes[(a as unknown as Record<symbol, string>)[Symbol.toStringTag]!];
