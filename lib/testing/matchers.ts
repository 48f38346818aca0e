/** @file Matchers for `expect.extend` of jest and vitest. */
import { ArgumentError } from '../core/errors';
import { checkDType, type DType } from '../core/dtype';
import { checkShape, describe, sameShape, type Shape, showShape } from '../core/shape';
import { Tensor } from '../core/tensor';
import { type AssertCloseOptions, type Comparable, whatDiffers } from './assert-close';

/** What a matcher answers. */
export interface Matched {
  pass: boolean;
  /** Why `expect` fails: of `expect(x)` if `pass` is false, of `expect(x).not` otherwise. */
  message(): string;
}

const tensorOf = (matcher: string, v: unknown): Tensor => {
  if (v instanceof Tensor) return v;
  throw new ArgumentError(`[${matcher}] expected a tensor, got ${describe(v)}`);
};

/**
 * Matchers for tests: `expect.extend(ng.testing.matchers)`. Of these `toBeCloseToTensor` takes whatever
 * {@link assertClose} does. For types see {@link TensorMatchers}.
 */
export const matchers = {
  toBeCloseToTensor(actual: unknown, expected: Comparable, options?: AssertCloseOptions): Matched {
    const found = whatDiffers(actual, expected, options);
    return { pass: found === undefined, message: () => found ?? 'all elements are close' };
  },
  toHaveShape(actual: unknown, shape: Shape): Matched {
    const t = tensorOf('toHaveShape', actual);
    const expected = showShape(checkShape('toHaveShape', shape));
    const pass = sameShape(t.shape, shape);
    return {
      pass,
      message: () => (pass ? `the shape is ${expected}` : `the shape is ${showShape(t.shape)}, expected ${expected}`),
    };
  },
  toHaveDtype(actual: unknown, dtype: DType): Matched {
    const t = tensorOf('toHaveDtype', actual);
    const pass = t.dtype === checkDType(dtype);
    return { pass, message: () => `the dtype is ${t.dtype}${pass ? '' : `, expected ${dtype}`}` };
  },
};

/**
 * The types of {@link matchers}, for a declaration in a project's tests.
 *
 * @example
 * // jest
 * declare global {
 *   namespace jest {
 *     interface Matchers<R> extends ng.testing.TensorMatchers<R> {}
 *   }
 * }
 * // vitest
 * declare module 'vitest' {
 *   interface Matchers<T> extends ng.testing.TensorMatchers<T> {}
 * }
 */
export interface TensorMatchers<R = void> {
  /** {@link assertClose}. */
  toBeCloseToTensor(expected: Comparable, options?: AssertCloseOptions): R;
  /** Of a tensor. */
  toHaveShape(shape: Shape): R;
  /** Of a tensor. */
  toHaveDtype(dtype: DType): R;
}
