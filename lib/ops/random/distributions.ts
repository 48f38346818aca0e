/** @file Random numbers of further distributions, in place under PyTorch's names, and Poisson and exponential tensors. */
import { isFloat } from '../../core/dtype';
import { type InOrderOrByName, isOptions, readArguments } from '../../core/arguments';
import { ArgumentError, DTypeError } from '../../core/errors';
import { integer, numeric, shape as shapeParam } from '../../core/params';
import type { Shape } from '../../core/shape';
import { addMethods, empty, needTensor, type Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { add, div, mul, neg, sub } from '../elementwise/arithmetic';
import { castOf, denseOf, runCopy } from '../kit/launch';
import { ceil, exp, log1p, tan } from '../elementwise/math';
import type { Generator } from '../../core/random';
import {
  created,
  fillNormal,
  fillUniform,
  needFloat,
  overwrite,
  randomSpec,
  randomTensorSpec,
  type RandomOptions,
  type RandomTensorOptions,
  take,
} from './random-fill';
import { exponential_, randint } from './random';

const poissonKernel = kernel('poisson');

/** Numbers of Poisson distributions with these rates, in their dtype. A negative rate fails at the next wait. */
export function poisson(
  rates: Tensor,
  ...args: InOrderOrByName<[generator?: Generator | null], RandomOptions>
): Tensor {
  needFloat('poisson', rates);
  const options = readArguments('poisson', randomSpec, args);
  const wide = denseOf(castOf(rates, rates.dtype === 'float64' ? 'float64' : 'float32'));
  const out = empty(rates.shape, wide.dtype, rates.storage.device);
  // The kernel uses 16 counters per element; `take` counts two elements per counter.
  const { seed, offset } = take(options, 32 * rates.numel);
  poissonKernel(written(out), wide, rates.numel, seed, offset);
  return castOf(out, rates.dtype);
}

/** Arguments of {@link exponential} by name. */
export interface ExponentialArguments extends RandomTensorOptions {
  size: Shape | number;
  /** The rate. Default 1. */
  lambd?: number | undefined;
}
const exponentialSpec = { size: shapeParam, lambd: numeric({ above: 0 }).or(1), ...randomTensorSpec };

/** Numbers of the exponential distribution of rate `lambd` (default 1). */
export function exponential(
  ...args:
    | InOrderOrByName<[size: Shape | number, lambd?: number], ExponentialArguments>
    | [size: Shape | number, lambd: number | undefined, options?: RandomTensorOptions]
): Tensor {
  const { size, lambd, ...options } = readArguments('exponential', exponentialSpec, args);
  const { generator } = options;
  return created('exponential', [size, options], (t) => void exponential_(t, lambd, { generator }));
}

// Overwrites t with a function of numbers u uniform in [0, 1), computed in float64: the tails need the digits.
function invert(op: string, t: Tensor, options: RandomOptions | undefined, f: (u: Tensor) => Tensor): Tensor {
  return overwrite(op, t, (d) => {
    const u = empty(d.shape, 'float64', d.storage.device);
    fillUniform(u, 0, 1, options);
    runCopy(d, f(u));
  });
}

/** Arguments of `t.cauchy_` by name. */
export interface CauchyArguments extends RandomOptions {
  /** Default 0. */
  median?: number | undefined;
  /** Half the distance between the quartiles. Default 1. */
  sigma?: number | undefined;
}
const cauchySpec = { median: numeric().or(0), sigma: numeric({ above: 0 }).or(1), ...randomSpec };

/** Overwrites the tensor with numbers of the Cauchy distribution. */
function cauchy_(
  t: Tensor,
  ...args: InOrderOrByName<[median?: number, sigma?: number, options?: RandomOptions], CauchyArguments>
): Tensor {
  needFloat('cauchy_', t);
  const { median, sigma, ...options } = readArguments('cauchy_', cauchySpec, args);
  return invert('cauchy_', t, options, (u) => add(mul(tan(mul(sub(u, 0.5), Math.PI)), sigma), median));
}

/** Arguments of `t.logNormal_` by name. */
export interface LogNormalArguments extends RandomOptions {
  /** Of the logarithm. Default 1. */
  mean?: number | undefined;
  /** Of the logarithm. Default 2. */
  std?: number | undefined;
}
const logNormalSpec = { mean: numeric().or(1), std: numeric({ above: 0 }).or(2), ...randomSpec };

/** Overwrites the tensor with numbers whose logarithms are normal with this mean and std. */
function logNormal_(
  t: Tensor,
  ...args: InOrderOrByName<[mean?: number, std?: number, options?: RandomOptions], LogNormalArguments>
): Tensor {
  needFloat('logNormal_', t);
  const { mean, std, ...options } = readArguments('logNormal_', logNormalSpec, args);
  return overwrite('logNormal_', t, (d) => {
    const z = empty(d.shape, 'float64', d.storage.device);
    fillNormal(z, mean, std, options);
    runCopy(d, exp(z));
  });
}

const geometricSpec = { p: numeric({ above: 0, below: 1 }), ...randomSpec };

/** Overwrites the tensor with how many trials of probability `p` it takes to the first success: 1, 2, ... */
function geometric_(
  t: Tensor,
  ...args: InOrderOrByName<[p: number, options?: RandomOptions], RandomOptions & { p: number }>
): Tensor {
  needTensor('geometric_', t);
  const { p, ...options } = readArguments('geometric_', geometricSpec, args);
  // u = 0 would give 0 trials.
  return invert('geometric_', t, options, (u) => ceil(add(div(log1p(neg(u)), Math.log1p(-p)), 2 ** -60)));
}

// The largest integer such that all below it can be told apart.
const wholeRange = { float32: 2 ** 24, float64: 2 ** 53, bfloat16: 2 ** 8, float16: 2 ** 11 } as const;
const intRange = { int32: 2 ** 31, int64: Number.MAX_SAFE_INTEGER, uint8: 256, bool: 2 } as const;

/** Arguments of `t.random_` by name. */
export interface RandomArguments extends RandomOptions {
  /** Default 0. */
  from?: number | undefined;
  /** Default: beyond the largest integer such that the dtype holds all up to it. */
  to?: number | null | undefined;
}
const randomToSpec = { to: integer(), ...randomSpec };
const randomFromSpec = { from: integer().or(0), to: integer().orNull(), ...randomSpec };

/**
 * Overwrites the tensor with integers: `random_(to)` below `to`, `random_(from, to)`, or without arguments all
 * non-negative ones that the dtype holds exactly.
 */
function random_(
  t: Tensor,
  ...args:
    | InOrderOrByName<[from: number, to: number | null, options?: RandomOptions], RandomArguments>
    | [to: number, options?: RandomOptions]
    | []
): Tensor {
  needTensor('random_', t);
  const last: unknown = args[args.length - 1];
  const onlyTo = args.filter((v) => v !== undefined && !isOptions(v)).length === 1;
  const read =
    onlyTo && !(isOptions(last) && Object.hasOwn(last, 'to'))
      ? { from: 0, ...readArguments('random_', randomToSpec, args) }
      : readArguments('random_', randomFromSpec, args);
  const { from: low, to, ...how } = read;
  const most = isFloat(t.dtype) ? wholeRange[t.dtype as 'float32'] : intRange[t.dtype as 'int32'];
  const high = to ?? most;
  if (!(low < high)) throw new ArgumentError(`[random_] ${low} is not below ${high}`);
  const minimum = isFloat(t.dtype) || t.dtype.startsWith('int') ? -most : 0;
  if (low < minimum || high - 1 > most)
    throw new DTypeError(`[random_] integers from ${low} to ${high - 1} do not fit ${t.dtype}`);
  return overwrite('random_', t, (d) => {
    runCopy(d, randint(low, high, d.shape, { dtype: 'int64', device: d.device, ...how }));
  });
}

addMethods({ cauchy_, logNormal_, geometric_, random_ });
declare module '../../core/tensor' {
  interface Tensor {
    /** Overwrites the tensor with numbers of the Cauchy distribution. */
    cauchy_: Method<typeof cauchy_>;
    /** Overwrites the tensor with numbers whose logarithms are normal with this mean and std. */
    logNormal_: Method<typeof logNormal_>;
    /** Overwrites the tensor with how many trials of probability `p` it takes to the first success: 1, 2, ... */
    geometric_: Method<typeof geometric_>;
    /** Overwrites the tensor with integers: `random_(to)` below `to`, `random_(from, to)`, or all that the dtype holds. */
    random_: Method<typeof random_>;
  }
}
