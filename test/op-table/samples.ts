/** @file Short ways to write inputs and samples of rows. */
import type { DType } from '../../lib';
import type { Input, Sample } from './row';

type Given = readonly number[] | Input;

/** A sample of these inputs, without further arguments. */
export const of = (...inputs: Given[]): Sample => ({ inputs });
/** A sample of one input and further arguments. */
export const call = (input: Given, ...args: unknown[]): Sample => ({ inputs: [input], args });

/** Values of [low, high). */
export const from = (low: number, high: number, ...shape: number[]): Input => ({ shape, low, high });
/** Whole numbers of [low, high), of a dtype of their own if one is given. */
export const whole = (low: number, high: number, shape: readonly number[], dtype?: DType): Input => ({
  shape,
  low,
  high,
  ints: true,
  ...(dtype && { dtype }),
});
/** These values, in this shape (default: a vector). */
export const these = (values: readonly number[], shape: readonly number[] = [values.length], dtype?: DType): Input => ({
  shape,
  values,
  ...(dtype && { dtype }),
});

/** For elementwise ops of one tensor: a matrix, a scalar, a dimension of length 1. */
export const anyShapes: Sample[] = [of([3, 4]), of([]), of([2, 1, 3])];
