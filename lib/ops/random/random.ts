/** @file Random tensors. Results depend on the generator's state only, not on the number of threads. */
import { deviceIndex } from '../../core/device';
import { type DType, dtypeSize, isFloat } from '../../core/dtype';
import { ArgumentError, DTypeError, ShapeError } from '../../core/errors';
import { broadcastShapes, type Shape, showShape } from '../../core/shape';
import { addMethods, empty, needTensor, Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { type Arguments, type InOrderOrByName, isOptions, readArguments, readOptions } from '../../core/arguments';
import { either, integer, number, numeric, shape as shapeParam, tensor as tensorParam } from '../../core/params';
import { add, div, mul, neg, sub } from '../elementwise/arithmetic';
import { cast } from '../tensors/cast';
import { full, type ShapeArguments } from '../tensors/create';
import { erfinv } from '../elementwise/erfinv';
import { castOf, denseOf, runCopy } from '../kit/launch';
import { clamp, erf, log1p } from '../elementwise/math';
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

export type { RandomOptions, RandomTensorOptions };

const randintKernel = kernel('randint');
const bernoulliKernel = kernel('bernoulli');
const randpermKernel = kernel('randperm');
const multinomialKernel = kernel('multinomial');

/** Numbers uniform in [0, 1). */
export const rand = (...args: ShapeArguments<RandomTensorOptions>): Tensor =>
  created('rand', args, (t, o) => fillUniform(t, 0, 1, o));
/** Numbers of the standard normal distribution. */
export const randn = (...args: ShapeArguments<RandomTensorOptions>): Tensor =>
  created('randn', args, (t, o) => fillNormal(t, 0, 1, o));

// The integers that each dtype can hold; floating-point dtypes hold those they have without rounding.
const holds: Record<DType, readonly [number, number]> = {
  bool: [0, 1],
  uint8: [0, 255],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  bfloat16: [-(2 ** 8), 2 ** 8],
  float16: [-(2 ** 11), 2 ** 11],
  float32: [-(2 ** 24), 2 ** 24],
  float64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

/** Arguments of {@link randint} by name. */
export interface RandintArguments extends RandomTensorOptions {
  /** Default 0. */
  low?: number | undefined;
  high: number;
  size: Shape | number;
}
const randintBelowSpec = { high: integer(), size: shapeParam, ...randomTensorSpec };
const randintSpec = { low: integer().or(0), ...randintBelowSpec };

/** Integers in [low, high) (low defaults to 0): `randint(high, shape)` or `randint(low, high, shape)`. int64 unless a dtype is given. */
export function randint(
  ...args:
    | InOrderOrByName<[low: number, high: number, size: Shape, options?: RandomTensorOptions], RandintArguments>
    | [high: number, size: Shape, options?: RandomTensorOptions]
): Tensor {
  const below = Array.isArray(args[1]);
  const read = readArguments<RandintArguments>('randint', below ? randintBelowSpec : randintSpec, args);
  const { low = 0, high, size: shape, ...options } = read;
  const dtype = options.dtype ?? 'int64';
  if (low >= high) throw new ArgumentError(`[randint] low ${low} must be less than high ${high}`);
  const [least, most] = holds[dtype];
  if (low < least || high - 1 > most)
    throw new ArgumentError(`[randint] integers from ${low} to ${high - 1} do not fit into ${dtype}`);
  const t = empty(shape as Shape, dtype, deviceIndex(options.device));
  const { seed, offset } = take(options, t.numel);
  randintKernel(written(t), t.numel, low, high, seed, offset);
  if (options.requiresGrad) t.requiresGrad = true;
  return t;
}

const like = (t: Tensor, o: RandomTensorOptions): RandomTensorOptions => ({
  ...o,
  dtype: o.dtype ?? t.dtype,
  device: o.device ?? t.device,
});
function likeOf(op: string, t: Tensor, options: RandomTensorOptions | undefined): RandomTensorOptions {
  needTensor(op, t);
  return like(t, readOptions<RandomTensorOptions>(op, randomTensorSpec, options));
}

/** {@link rand} with the shape, dtype and device of a tensor. */
export const randLike = (t: Tensor, options?: RandomTensorOptions): Tensor => {
  const how = likeOf('randLike', t, options);
  return rand(t.shape, how);
};
/** {@link randn} with the shape, dtype and device of a tensor. */
export const randnLike = (t: Tensor, options?: RandomTensorOptions): Tensor => {
  const how = likeOf('randnLike', t, options);
  return randn(t.shape, how);
};

const belowSpec = { high: integer(), ...randomTensorSpec };
const betweenSpec = { low: integer().or(0), ...belowSpec };

/** {@link randint} with the shape, dtype and device of a tensor: `randintLike(t, high)` or `randintLike(t, low, high)`. */
export function randintLike(
  t: Tensor,
  ...args:
    | InOrderOrByName<[low: number, high: number, options?: RandomTensorOptions], Omit<RandintArguments, 'size'>>
    | [high: number, options?: RandomTensorOptions]
): Tensor {
  needTensor('randintLike', t);
  const last: unknown = args[args.length - 1];
  const onlyHigh = args.filter((v) => v !== undefined && !isOptions(v)).length === 1;
  const read =
    onlyHigh && !(isOptions(last) && Object.hasOwn(last, 'high'))
      ? { low: 0, ...readArguments('randintLike', belowSpec, args) }
      : readArguments('randintLike', betweenSpec, args);
  const { low, high, ...options } = read;
  return randint(low, high, t.shape, like(t, options));
}

const randpermSpec = { n: integer({ least: 0 }), ...randomTensorSpec };

/** The integers 0 to n - 1 in random order; int64 unless a dtype is given. */
export function randperm(
  ...args: InOrderOrByName<[n: number, options?: RandomTensorOptions], RandomTensorOptions & { n: number }>
): Tensor {
  const { n, ...options } = readArguments('randperm', randpermSpec, args);
  const t = empty([n], 'int64', deviceIndex(options.device));
  const { seed, offset } = take(options, n);
  randpermKernel(written(t), n, seed, offset);
  return options.dtype === undefined ? t : cast(t, options.dtype);
}

/** Options of {@link multinomial}. */
export interface MultinomialOptions extends RandomOptions {
  /** Whether a class may be drawn again. Default false. */
  replacement?: boolean | undefined;
}
/** Arguments of {@link multinomial} by name. */
export interface MultinomialArguments extends MultinomialOptions {
  numSamples: number;
}
const multinomialSpec = { numSamples: integer({ least: 1 }), replacement: false, ...randomSpec };

/**
 * Classes drawn with probabilities proportional to the weights, without replacement unless `{ replacement: true }`.
 * @param weights - [classes], or [rows, classes] for several distributions; not negative, not all 0
 * @param args - numSamples, how many classes to draw per row; options
 * @returns int64, [count] or [rows, count]. Weights that are negative, NaN or all 0 fail when the result is read.
 */
export function multinomial(
  weights: Tensor,
  ...args: InOrderOrByName<[numSamples: number, replacement?: boolean], MultinomialArguments>
): Tensor {
  const { numSamples: count, replacement, ...options } = readArguments('multinomial', multinomialSpec, args);
  needTensor('multinomial', weights);
  if (!isFloat(weights.dtype))
    throw new DTypeError(`[multinomial] weights must be floating-point, got ${weights.dtype}`);
  if (weights.ndim !== 1 && weights.ndim !== 2)
    throw new ShapeError(`[multinomial] weights must have 1 or 2 dimensions, got ${showShape(weights.shape)}`);
  const classes = weights.shape[weights.ndim - 1]!;
  const rows = weights.ndim === 2 ? weights.shape[0]! : 1;
  if (classes === 0) throw new ShapeError(`[multinomial] there are no classes in ${showShape(weights.shape)}`);
  if (!replacement && count > classes)
    throw new ArgumentError(`[multinomial] cannot draw ${count} of ${classes} classes without replacement`);
  const out = empty(weights.ndim === 2 ? [rows, count] : [count], 'int64', weights.storage.device);
  const { seed, offset } = take(options, rows * Math.max(classes, count));
  multinomialKernel(written(out), denseOf(weights), rows, classes, count, replacement, seed, offset);
  return out;
}

const bernoulliSpec = { p: number({ least: 0, most: 1 }).orNull(), ...randomSpec };

/** 1 with the probability that each element of `t` gives (or with probability `p` everywhere), else 0; of t's dtype. */
export function bernoulli(t: Tensor, ...args: Arguments<RandomOptions & { p?: number | null | undefined }>): Tensor {
  needTensor('bernoulli', t);
  const { p: chance, ...options } = readArguments('bernoulli', bernoulliSpec, args);
  const p = chance === null ? t : full(t.shape, chance, { dtype: t.dtype, device: t.device });
  if (!isFloat(p.dtype)) throw new DTypeError(`[bernoulli] probabilities must be floating-point, got ${p.dtype}`);
  const out = empty(p.shape, p.dtype, p.storage.device);
  const { seed, offset } = take(options, p.numel);
  const wide = dtypeSize(p.dtype) === 2 ? castOf(p, 'float32') : p;
  bernoulliKernel(written(out), denseOf(wide), p.numel, seed, offset);
  return out;
}

/** Arguments of {@link normal} by name. */
export interface NormalOptions extends RandomTensorOptions {
  /** Default 0. */
  mean?: Tensor | number | undefined;
  /** Default 1. */
  std?: Tensor | number | undefined;
  size?: Shape | null | undefined;
}
const normalDefaults = {
  ...{ mean: either(tensorParam, number()).or(0), std: either(tensorParam, number()).or(1), size: shapeParam.orNull() },
  ...randomTensorSpec,
};

/**
 * Numbers of normal distributions: `normal(mean, std, shape)` with two numbers, or with a tensor for either, which
 * gives the shape (they broadcast).
 */
export function normal(
  first: Tensor | number | NormalOptions,
  second?: Tensor | number | NormalOptions,
  third?: Shape | NormalOptions | null,
  more?: RandomTensorOptions,
): Tensor {
  const { mean, std, size: shape, ...options } = readArguments('normal', normalDefaults, [first, second, third, more]);
  if (typeof std === 'number' && !(std >= 0)) throw new ArgumentError(`[normal] std must not be negative, got ${std}`);
  if (typeof mean === 'number' && typeof std === 'number') {
    if (!Array.isArray(shape)) throw new ArgumentError('[normal] a mean and a std that are numbers need a shape');
    return created('normal', [shape, options], (t, o) => fillNormal(t, mean, std, o));
  }
  const tensors = [mean, std].filter((v): v is Tensor => v instanceof Tensor);
  const to = tensors.map((t) => t.shape).reduce((a, b) => broadcastShapes('normal', a, b));
  const z = randn(to, {
    ...options,
    dtype: options.dtype ?? tensors[0]!.dtype,
    device: options.device ?? tensors[0]!.device,
  });
  return add(mul(z, std), mean);
}

// --- in place -------------------------------------------------------------------------------------------------------

/** Arguments of {@link uniform_} by name, in PyTorch's order. */
export interface UniformArguments extends RandomOptions {
  /** Default 0. */
  from?: number | undefined;
  /** Default 1. */
  to?: number | undefined;
}
const uniformSpec = { from: numeric().or(0), to: numeric().or(1), ...randomSpec };

/** Overwrites the tensor with numbers uniform in [from, to); default [0, 1). */
export function uniform_(
  t: Tensor,
  ...args: InOrderOrByName<[from?: number, to?: number, options?: RandomOptions], UniformArguments>
): Tensor {
  const { from, to, ...options } = readArguments('uniform_', uniformSpec, args);
  needFloat('uniform_', t);
  if (!(from <= to)) throw new ArgumentError(`[uniform_] ${from} is above ${to}`);
  return overwrite('uniform_', t, (d) => fillUniform(d, from, to, options));
}

/** Arguments of {@link normal_} by name, in PyTorch's order. */
export interface NormalFillArguments extends RandomOptions {
  /** Default 0. */
  mean?: number | undefined;
  /** Default 1. */
  std?: number | undefined;
}
const normalFillSpec = { mean: numeric().or(0), std: numeric({ least: 0 }).or(1), ...randomSpec };

/** Overwrites the tensor with numbers of a normal distribution; default mean 0 and std 1. */
export function normal_(
  t: Tensor,
  ...args: InOrderOrByName<[mean?: number, std?: number, options?: RandomOptions], NormalFillArguments>
): Tensor {
  const { mean, std, ...options } = readArguments('normal_', normalFillSpec, args);
  needFloat('normal_', t);
  return overwrite('normal_', t, (d) => fillNormal(d, mean, std, options));
}

const bernoulliFillSpec = { p: either(number({ least: 0, most: 1 }), tensorParam).or(0.5), ...randomSpec };

/** Overwrites the tensor with 1 (with probability `p`, a number or a tensor that broadcasts; default 0.5) and 0. */
export function bernoulli_(
  t: Tensor,
  ...args: InOrderOrByName<
    [p?: number | Tensor, options?: RandomOptions],
    RandomOptions & { p?: number | Tensor | undefined }
  >
): Tensor {
  needTensor('bernoulli_', t);
  const { p, ...options } = readArguments('bernoulli_', bernoulliFillSpec, args);
  return overwrite('bernoulli_', t, (d) => {
    const spread = empty(t.shape, p instanceof Tensor ? p.dtype : 'float32', t.storage.device);
    runCopy(spread, p instanceof Tensor ? p : full([], p, { device: t.device }));
    runCopy(d, bernoulli(spread, options));
  });
}

const exponentialSpec = { lambd: numeric({ above: 0 }).or(1), ...randomSpec };

/** Overwrites the tensor with numbers of the exponential distribution of rate `lambd` (default 1). */
export function exponential_(
  t: Tensor,
  ...args: InOrderOrByName<[lambd?: number, options?: RandomOptions], RandomOptions & { lambd?: number | undefined }>
): Tensor {
  const { lambd, ...options } = readArguments('exponential_', exponentialSpec, args);
  needFloat('exponential_', t);
  return overwrite('exponential_', t, (d) => {
    fillUniform(d, 0, 1, options);
    runCopy(d, div(log1p(neg(d)), -lambd));
  });
}

/** Arguments of {@link truncNormal_} by name, in PyTorch's order. */
export interface TruncNormalArguments extends RandomOptions {
  /** Default 0. */
  mean?: number | undefined;
  /** Default 1. */
  std?: number | undefined;
  /** Default -2. */
  a?: number | undefined;
  /** Default 2. */
  b?: number | undefined;
}
const truncNormalSpec = {
  ...{ mean: numeric().or(0), std: numeric({ above: 0 }).or(1), a: numeric().or(-2), b: numeric().or(2) },
  ...randomSpec,
};

/**
 * Overwrites the tensor with numbers of the normal distribution restricted to [a, b] (default [-2, 2]), by inverting
 * its distribution function.
 */
export function truncNormal_(
  t: Tensor,
  ...args: InOrderOrByName<
    [mean?: number, std?: number, a?: number, b?: number, options?: RandomOptions],
    TruncNormalArguments
  >
): Tensor {
  needFloat('truncNormal_', t);
  const { mean, std, a, b, ...options } = readArguments('truncNormal_', truncNormalSpec, args);
  if (!(a < b)) throw new ArgumentError(`[truncNormal_] needs a < b, got a ${a}, b ${b}`);
  return overwrite('truncNormal_', t, (d) => {
    const wide = { dtype: d.dtype === 'float64' ? 'float64' : 'float32', device: d.device } as const;
    // erf(z / sqrt(2)) = 2 Phi(z) - 1 at the bounds
    const [lo, hi] = [a, b].map((v) => erf(full([], (v - mean) / (std * Math.SQRT2), wide))) as [Tensor, Tensor];
    const u = add(mul(rand(d.shape, { ...wide, ...options }), sub(hi, lo)), lo);
    runCopy(d, clamp(add(mul(erfinv(u), std * Math.SQRT2), mean), a, b));
  });
}

addMethods({ multinomial, bernoulli, uniform_, normal_, bernoulli_, exponential_ });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<
    typeof import('./random'),
    'multinomial' | 'bernoulli' | 'uniform_' | 'normal_' | 'bernoulli_' | 'exponential_'
  > {}
}
