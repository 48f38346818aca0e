/** @file Random numbers of further distributions, in place under PyTorch's names, and Poisson and exponential tensors. */
import { isFloat } from '../core/dtype';
import { ArgumentError, DTypeError } from '../core/errors';
import type { Shape } from '../core/shape';
import { addMethods, empty, type Method, needTensor, type Tensor } from '../core/tensor';
import { kernel } from '../native';
import { add, div, mul, neg, sub } from './arithmetic';
import { castOf, denseOf, runCopy } from './launch';
import { ceil, exp, log1p, tan } from './math';
import {
  created,
  fillNormal,
  fillUniform,
  needFloat,
  overwrite,
  type RandomOptions,
  type RandomTensorOptions,
  take,
} from './random-fill';
import { exponential_, randint } from './random';

const poissonKernel = kernel('poisson');

/** Numbers of Poisson distributions with these rates, in their dtype. A negative rate fails at the next wait. */
export function poisson(rates: Tensor, options?: RandomOptions): Tensor {
  needFloat('poisson', rates);
  rates.checkAlive('poisson');
  const wide = denseOf(castOf(rates, rates.dtype === 'float64' ? 'float64' : 'float32'));
  const out = empty(rates.shape, wide.dtype, rates.storage.device);
  // The kernel uses 16 counters per element; `take` counts two elements per counter.
  const { seed, offset } = take(options, 32 * rates.numel);
  poissonKernel(rates.numel * 60, out, wide, rates.numel, seed, offset);
  return castOf(out, rates.dtype);
}

/** Numbers of the exponential distribution of rate `lambd` (default 1). */
export const exponential = (shape: Shape, lambd = 1, options?: RandomTensorOptions): Tensor =>
  created('exponential', [shape, options], (t, o) => void exponential_(t, lambd, { generator: o.generator }));

// Overwrites t with a function of numbers u uniform in [0, 1), computed in float64: the tails need the digits.
function invert(op: string, t: Tensor, options: RandomOptions | undefined, f: (u: Tensor) => Tensor): Tensor {
  return overwrite(op, t, (d) => {
    const u = empty(d.shape, 'float64', d.storage.device);
    fillUniform(u, 0, 1, options);
    runCopy(d, f(u));
  });
}

/** Overwrites the tensor with numbers of the Cauchy distribution. */
function cauchy_(t: Tensor, median = 0, sigma = 1, options?: RandomOptions): Tensor {
  needFloat('cauchy_', t);
  if (!(sigma > 0)) throw new ArgumentError(`[cauchy_] sigma must be positive, got ${sigma}`);
  return invert('cauchy_', t, options, (u) => add(mul(tan(mul(sub(u, 0.5), Math.PI)), sigma), median));
}

/** Overwrites the tensor with numbers whose logarithms are normal with this mean and std. */
function logNormal_(t: Tensor, mean = 1, std = 2, options?: RandomOptions): Tensor {
  needFloat('logNormal_', t);
  if (!(std > 0)) throw new ArgumentError(`[logNormal_] std must be positive, got ${std}`);
  return overwrite('logNormal_', t, (d) => {
    const z = empty(d.shape, 'float64', d.storage.device);
    fillNormal(z, mean, std, options);
    runCopy(d, exp(z));
  });
}

/** Overwrites the tensor with how many trials of probability `p` it takes to the first success: 1, 2, ... */
function geometric_(t: Tensor, p: number, options?: RandomOptions): Tensor {
  if (!(p > 0 && p < 1)) throw new ArgumentError(`[geometric_] p lies between 0 and 1, got ${p}`);
  // u = 0 would give 0 trials.
  return invert('geometric_', t, options, (u) => ceil(add(div(log1p(neg(u)), Math.log1p(-p)), 2 ** -60)));
}

// The largest integer such that all below it can be told apart.
const wholeRange = { float32: 2 ** 24, float64: 2 ** 53, bfloat16: 2 ** 8, float16: 2 ** 11 } as const;
const intRange = { int32: 2 ** 31, int64: Number.MAX_SAFE_INTEGER, uint8: 256, bool: 2 } as const;

/**
 * Overwrites the tensor with integers: `random_(to)` below `to`, `random_(from, to)`, or without arguments all
 * non-negative ones that the dtype holds exactly.
 */
function random_(t: Tensor, from?: number | RandomOptions, to?: number, options?: RandomOptions): Tensor {
  needTensor('random_', t);
  const given = [from, to].filter((v): v is number => typeof v === 'number');
  const most = isFloat(t.dtype) ? wholeRange[t.dtype as 'float32'] : intRange[t.dtype as 'int32'];
  const [low, high] = given.length === 2 ? (given as [number, number]) : [0, given[0] ?? most];
  if (!(low < high)) throw new ArgumentError(`[random_] ${low} is not below ${high}`);
  const minimum = isFloat(t.dtype) || t.dtype.startsWith('int') ? -most : 0;
  if (low < minimum || high - 1 > most)
    throw new DTypeError(`[random_] integers from ${low} to ${high - 1} do not fit ${t.dtype}`);
  const how = typeof from === 'object' ? from : options;
  return overwrite('random_', t, (d) => {
    runCopy(d, randint(low, high, d.shape, { dtype: 'int64', device: d.device, ...how }));
  });
}

addMethods({ cauchy_, logNormal_, geometric_, random_ });
declare module '../core/tensor' {
  interface Tensor {
    cauchy_: Method<typeof cauchy_>;
    logNormal_: Method<typeof logNormal_>;
    geometric_: Method<typeof geometric_>;
    random_: Method<typeof random_>;
  }
}
