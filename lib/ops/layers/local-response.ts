/** @file Local response normalisation. */
import { numel } from '../../core/shape';
import { type Tensor } from '../../core/tensor';
import { readArguments, type WithRequired } from '../../core/arguments';
import { positive } from '../../core/params';
import { add, div, mul, pow } from '../elementwise/arithmetic';
import { checkInput } from './row-norm';
import { padded } from '../shape/padding';
import { avgPooled } from './pooling';
import { reshape } from '../shape/views';

/** Options of {@link localResponseNorm}, in PyTorch's order. */
export interface LocalResponseNormOptions {
  alpha: number;
  beta: number;
  k: number;
}

export const localResponseSpec = { size: positive, alpha: 1e-4, beta: 0.75, k: 1 };

/**
 * x / (k + alpha mean of squares over `size` neighbouring channels)^beta (Krizhevsky et al. 2012).
 * @param args - size, alpha, beta, k: in this order, or by name in one object
 */
export const localResponseNorm = (
  x: Tensor,
  ...args: WithRequired<[size: number], { size: number }, LocalResponseNormOptions>
): Tensor => localResponseNormed(x, readArguments('localResponseNorm', localResponseSpec, args));

/** {@link localResponseNorm} with arguments that were read. */
export function localResponseNormed(x: Tensor, o: LocalResponseNormOptions & { size: number }): Tensor {
  checkInput('localResponseNorm', x, 3);
  const { size, alpha, beta, k } = o;
  const [n, c] = x.shape as [number, number];
  const inner = numel(x.shape.slice(2));
  const before = Math.floor(size / 2);
  const squares = padded(reshape(mul(x, x), [n, 1, c, inner]), [0, 0, before, size - 1 - before]);
  const local = reshape(avgPooled(3, squares, { ...windows, kernelSize: [1, size, 1] }), x.shape);
  return div(x, pow(add(mul(local, alpha), k), beta));
}

const windows = { stride: 1, padding: 0, ceilMode: false, countIncludePad: true, divisorOverride: null };
