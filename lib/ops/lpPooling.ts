/** @file Pooling by the p-norm of each window. */
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';
import { needTensor, type Tensor } from '../core/tensor';
import { type Arguments, readArguments, type Sizes, sizesOf, type Spec } from '../core/arguments';
import { mul, pow } from './arithmetic';
import { avgPool1d, avgPool2d, avgPool3d } from './pooling';

const lpSpec: Spec<LpPoolOptions> = { stride: null, ceilMode: false };

/** Options of {@link lpPool1d} and its kind, in PyTorch's order. */
export interface LpPoolOptions {
  /** Default: the kernel size. */
  stride: Sizes | null;
  /** Let windows go over the edge rather than leave elements out. Default false. */
  ceilMode: boolean;
}

const averages = [avgPool1d, avgPool2d, avgPool3d];

// (sum of x^p)^(1 / p), from the mean. A negative sum (odd p) has no root and gives NaN, as in PyTorch.
function lpPool(n: 1 | 2 | 3, x: Tensor, normType: number, kernelSize: Sizes, args: readonly unknown[]): Tensor {
  const op = `lpPool${n}d`;
  const { stride, ceilMode } = readArguments<LpPoolOptions>(op, lpSpec, args);
  needTensor(op, x);
  if (typeof normType !== 'number' || !(normType > 0))
    throw new ArgumentError(`[${op}] normType must be a positive number, got ${describe(normType)}`);
  const elements = sizesOf(op, 'kernelSize', kernelSize, n, 1).reduce((a, b) => a * b, 1);
  const out = averages[n - 1]!(pow(x, normType), kernelSize, { stride, ceilMode });
  return pow(mul(out, elements), 1 / normType);
}

/** A p-norm pooling of so many dimensions. */
export type LpPool = (x: Tensor, normType: number, kernelSize: Sizes, ...options: Arguments<LpPoolOptions>) => Tensor;

const lpPoolOf =
  (n: 1 | 2 | 3): LpPool =>
  (x, normType, kernelSize, ...options) =>
    lpPool(n, x, normType, kernelSize, options);

/**
 * The p-norm of each window of x [batch, channels, length] (the batch may be missing): p = 1 is its sum, p = infinity
 * would be its maximum.
 * @param normType - p
 * @throws ShapeError for another number of dimensions, or windows larger than x; ArgumentError unless p is positive
 */
export const lpPool1d = lpPoolOf(1);
/** {@link lpPool1d} of images. */
export const lpPool2d = lpPoolOf(2);
/** {@link lpPool1d} of volumes. */
export const lpPool3d = lpPoolOf(3);
