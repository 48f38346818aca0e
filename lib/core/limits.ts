/** @file What the dtypes can hold, as torch.finfo and torch.iinfo. */
import { checkDType, dtypeSize, type DType, isFloat } from './dtype';
import { DTypeError } from './errors';

/** Numbers that describe a floating-point dtype. */
export interface FloatInfo {
  dtype: DType;
  /** How many bits an element has. */
  bits: number;
  /** The distance from 1 to the next number. */
  eps: number;
  /** The largest finite number. */
  max: number;
  /** -max */
  min: number;
  /** The smallest positive number of full precision. */
  smallestNormal: number;
  /** The same. */
  tiny: number;
  /** The power of ten of which all decimal digits are kept, about eps. */
  resolution: number;
}

/** Numbers that describe an integer dtype. */
export interface IntegerInfo {
  dtype: DType;
  bits: number;
  /** For int64 rounded to a JavaScript number, 2^63. */
  max: number;
  min: number;
}

// Digits behind the point, and the exponent of the largest power of two.
const formats: Partial<Record<DType, readonly [number, number]>> = {
  float64: [52, 1023],
  float32: [23, 127],
  bfloat16: [7, 127],
  float16: [10, 15],
};

/** The limits of a floating-point dtype (default float32). @throws DTypeError for others */
export function finfo(dtype: DType = 'float32'): FloatInfo {
  const format = formats[checkDType(dtype)];
  if (!format) throw new DTypeError(`[finfo] needs a floating-point dtype, got ${dtype}; see iinfo`);
  const [digits, exponent] = format;
  const eps = 2 ** -digits;
  const max = (2 - eps) * 2 ** exponent;
  const smallest = 2 ** (1 - exponent);
  const resolution = Number(`1e-${Math.floor(digits * Math.log10(2))}`);
  return {
    dtype,
    bits: 8 * dtypeSize(dtype),
    eps,
    max,
    min: -max,
    smallestNormal: smallest,
    tiny: smallest,
    resolution,
  };
}

/** The limits of an integer dtype. @throws DTypeError for others */
export function iinfo(dtype: DType): IntegerInfo {
  if (isFloat(checkDType(dtype)) || dtype === 'bool')
    throw new DTypeError(`[iinfo] needs an integer dtype, got ${dtype}; see finfo`);
  const bits = 8 * dtypeSize(dtype);
  return dtype === 'uint8'
    ? { dtype, bits, max: 255, min: 0 }
    : { dtype, bits, max: 2 ** (bits - 1) - 1, min: -(2 ** (bits - 1)) };
}
