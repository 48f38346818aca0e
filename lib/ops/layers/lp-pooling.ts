/** @file Pooling by the p-norm of each window. */
import { needTensor, type Tensor } from '../../core/tensor';
import { type Dimensions, readArguments, type Sizes, sizesOf, type WithRequired } from '../../core/arguments';
import { number, sizes } from '../../core/params';
import { mul, pow } from '../elementwise/arithmetic';
import { avgPooled, type KernelSize } from './pooling';

/** Options of {@link lpPool1d} and its kind, in PyTorch's order. */
export interface LpPoolOptions {
  /** Default: the kernel size. */
  stride: Sizes | null;
  /** Let windows go over the edge rather than leave elements out. Default false. */
  ceilMode: boolean;
}

/** The arguments of p-norm pooling without which there is none. */
export interface LpPoolSizes extends KernelSize {
  /** p */
  normType: number;
}
/** Arguments of {@link lpPool1d} and its kind. */
export type LpPoolArguments = WithRequired<[normType: number, kernelSize: Sizes], LpPoolSizes, LpPoolOptions>;
/** A p-norm pooling of so many dimensions. */
export type LpPool = (x: Tensor, ...args: LpPoolArguments) => Tensor;

export const lpPoolSpec = {
  ...{ normType: number({ above: 0 }), kernelSize: sizes(1) },
  ...{ stride: sizes(1).orNull(), ceilMode: false },
};

// Windows of averages that are sums up to a factor.
const plain = { padding: 0, countIncludePad: true, divisorOverride: null };

/**
 * Pooling with arguments that were read: (sum of x^p)^(1 / p), from the mean. A negative sum (odd p) has no root and
 * gives NaN, as in PyTorch.
 */
export function lpPooled(n: Dimensions, x: Tensor, o: LpPoolSizes & LpPoolOptions): Tensor {
  const op = `lpPool${n}d`;
  needTensor(op, x);
  const { normType, kernelSize, stride, ceilMode } = o;
  const elements = sizesOf(op, 'kernelSize', kernelSize, n, 1).reduce((a, b) => a * b, 1);
  const out = avgPooled(n, pow(x, normType), { kernelSize, stride, ceilMode, ...plain });
  return pow(mul(out, elements), 1 / normType);
}

const lpPoolOf =
  (n: Dimensions): LpPool =>
  (x, ...args) =>
    lpPooled(n, x, readArguments(`lpPool${n}d`, lpPoolSpec, args));

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
