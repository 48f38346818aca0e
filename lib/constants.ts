/**
 * @file PyTorch's names for dtypes and numbers: `ng.zeros([2], { dtype: ng.float64 })`. The dtypes are their own names as
 * strings; PyTorch's second names (`ng.long`) stand for the same strings.
 */

/** 32-bit floating point, the default. */
export const float32 = 'float32';
/** 64-bit floating point. */
export const float64 = 'float64';
/** 16-bit floating point with the range of float32. */
export const bfloat16 = 'bfloat16';
/** 16-bit floating point. */
export const float16 = 'float16';
/** 32-bit integers. */
export const int32 = 'int32';
/** 64-bit integers: indices and classes. */
export const int64 = 'int64';
/** Bytes: 0 to 255. */
export const uint8 = 'uint8';
/** True and false. */
export const bool = 'bool';
/** {@link float32} */
export const float = float32;
/** {@link float64} */
export const double = float64;
/** {@link float16} */
export const half = float16;
/** {@link int32} */
export const int = int32;
/** {@link int64} */
export const long = int64;

/** Infinity */
export const inf = Infinity;
/** NaN */
export const nan = NaN;
/** The ratio of a circle's circumference to its diameter. */
export const pi = Math.PI;
/** The base of natural logarithms. */
export const e = Math.E;
/** A new dimension, in an index: `t.at([ng.newaxis, 0])`. */
export const newaxis = null;
