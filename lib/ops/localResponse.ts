/** @file Local response normalisation. */
import { ArgumentError } from '../core/errors';
import { describe, numel } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { type Arguments, readArguments, type Spec } from '../core/arguments';
import { add, div, mul, pow } from './arithmetic';
import { checkInput } from './normalization';
import { pad } from './padding';
import { avgPool3d } from './pooling';
import { reshape } from './views';

const responseSpec: Spec<LocalResponseNormOptions> = { alpha: 1e-4, beta: 0.75, k: 1 };

/** Options of {@link localResponseNorm}, in PyTorch's order. */
export interface LocalResponseNormOptions {
  alpha: number;
  beta: number;
  k: number;
}

/** x / (k + alpha mean of squares over `size` neighbouring channels)^beta (Krizhevsky et al. 2012). */
export function localResponseNorm(x: Tensor, size: number, ...options: Arguments<LocalResponseNormOptions>): Tensor {
  const op = 'localResponseNorm';
  const o = readArguments<LocalResponseNormOptions>(op, responseSpec, options);
  checkInput(op, x, 3);
  if (!Number.isSafeInteger(size) || size < 1)
    throw new ArgumentError(`[${op}] size must be a positive integer, got ${describe(size)}`);
  const [n, c] = x.shape as [number, number];
  const inner = numel(x.shape.slice(2));
  const before = Math.floor(size / 2);
  const squares = pad(reshape(mul(x, x), [n, 1, c, inner]), [0, 0, before, size - 1 - before]);
  const local = reshape(avgPool3d(squares, [1, size, 1], { stride: 1 }), x.shape);
  return div(x, pow(add(mul(local, o.alpha), o.k), o.beta));
}
