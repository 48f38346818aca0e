/** @file Numbers of the gamma distribution. */
import { type Device } from '../../core/device';
import { type Generator } from '../../core/random';
import { type Shape } from '../../core/shape';
import { type Tensor } from '../../core/tensor';
import { add, gt, log, lt, mul, pow, sub } from '../elementwise/arithmetic';
import { logicalAnd } from '../elementwise/binary';
import { gather } from '../indexing/gather';
import { argmax } from '../reduce/extremes';
import { squeeze } from '../shape/views';
import { cast } from '../tensors/cast';
import { rand, randn } from './random';

// A try is taken with probability 0.95 at least: all of them fail for one number in 10^20.
const tries = 16;

/**
 * Numbers of Gamma(alpha, 1), alpha above 0, in float64, without waiting for any of them: all tries are drawn at once
 * (Marsaglia and Tsang, A simple method for generating gamma variables, 2000).
 */
export function standardGamma(
  shape: Shape,
  alpha: number,
  options: { device?: Device | undefined; generator?: Generator | undefined },
): Tensor {
  const how = { dtype: 'float64' as const, ...options };
  // Below 1 by way of alpha + 1.
  const d = (alpha < 1 ? alpha + 1 : alpha) - 1 / 3;
  const x = randn([...shape, tries], how);
  const v = pow(add(mul(x, 1 / Math.sqrt(9 * d)), 1), 3);
  const bound = add(mul(pow(x, 2), 0.5), mul(add(sub(1, v), log(v)), d));
  const taken = logicalAnd(gt(v, 0), lt(log(rand([...shape, tries], how)), bound));
  const first = argmax(cast(taken, 'int32'), -1, true);
  const y = mul(squeeze(gather(v, -1, first), -1), d);
  return alpha < 1 ? mul(y, pow(rand(shape, how), 1 / alpha)) : y;
}
