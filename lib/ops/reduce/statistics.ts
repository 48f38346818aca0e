/** @file Variance, norms, log-sum-exp, and sums that skip NaN, over any set of axes. */
import { type DType, isFloat } from '../../core/dtype';
import { DTypeError } from '../../core/errors';
import { checkAxes, numel, type Shape } from '../../core/shape';
import { addMethods, needTensor, Tensor } from '../../core/tensor';
import { opcode } from '../../native';
import { add, div, eq, log, mul, ne, pow, sub } from '../elementwise/arithmetic';
import { abs, exp, isfinite, isnan, logicalNot, sign, sqrt } from '../elementwise/math';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { axes, boolean, dtype as dtypeParam, either, number, oneOf, tensor as tensorParam } from '../../core/params';
import { cast } from '../tensors/cast';
import { definePrimitive } from '../kit/primitive';
import { amax, amin } from './extremes';
import {
  type Axes,
  type KeepdimArguments,
  type KeepdimOptions,
  keepdimSpec,
  mean,
  type ReduceArguments,
  type ReduceOptions,
  reduceSpec,
  runReduce,
  spread,
  sum,
} from './reduce';
import { squeeze } from '../shape/views';
import { where } from '../elementwise/where';

const sumsq = opcode('reduce', 'sumsq');
const lengthOf = (shape: Shape, axes: readonly number[]): number => numel(axes.map((a) => shape[a]!));

// --- variance -------------------------------------------------------------------------------------------------------

/** Options of {@link variance} and {@link std}. */
export interface VarianceOptions extends KeepdimOptions {
  /** Subtracted from the number of elements in the divisor. Default 1: the estimate from a sample. */
  correction?: number | undefined;
  /** `false` is a correction of 0. */
  unbiased?: boolean | undefined;
}

// PyTorch's older form takes `unbiased` by position: before `keepdim` it is the second boolean.
const varianceSpec: Spec<Omit<VarianceOptions, 'correction'> & { correction: number | null }> = {
  dim: axes.orNull(),
  unbiased: boolean.or(true),
  keepdim: boolean.or(false),
  correction: number().orNull(),
};
type VarianceArguments = InOrderOrByName<[dim?: Axes, unbiased?: boolean, keepdim?: boolean], VarianceOptions>;

function spreadOf(name: string, t: Tensor, args: readonly unknown[]): Tensor {
  needTensor(name, t);
  if (!isFloat(t.dtype)) throw new DTypeError(`[${name}] needs a floating-point tensor, got ${t.dtype}`);
  const options = readArguments(name, varianceSpec, args);
  const { keepdim } = options;
  const correction = options.correction ?? (options.unbiased ? 1 : 0);
  const list = checkAxes(name, options.dim, t.ndim);
  const scale = 1 / Math.max(0, lengthOf(t.shape, list) - correction);
  return squaredDeviations({ x: t }, { list, keepdim, scale }, name);
}

// Two passes: deviations do not cancel.
const centred = (x: Tensor, list: readonly number[]): Tensor => sub(x, mean(x, list, { keepdim: true }));

// Their sum, times `scale`.
const squaredDeviations = definePrimitive<
  { x: Tensor },
  { list: readonly number[]; keepdim: boolean | undefined; scale: number }
>({
  name: 'var',
  inputs: ['x'],
  forward: ({ x }, { list, keepdim, scale }) => runReduce(sumsq, centred(x, list), list, keepdim, x.dtype, scale),
  reads: ['x'],
  derivative: (g, { x }, { list, scale }) => ({
    x: mul(centred(x, list), spread(mul(g, 2 * scale), x.shape, list)),
  }),
});

/** The variance over `axes`: the squared deviations from the mean, divided by their number less `correction`. */
export const variance = (t: Tensor, ...args: VarianceArguments): Tensor => spreadOf('var', t, args);
export { variance as var };

/** The square root of the {@link variance}. The gradient where it is 0 is 0. */
export function std(t: Tensor, ...args: VarianceArguments): Tensor {
  // float32 in float64, where squares of its largest deviations have room.
  const float = t instanceof Tensor && t.dtype === 'float32';
  const y = deviation({ v: spreadOf('std', float ? cast(t, 'float64') : t, args) });
  return float ? cast(y, 'float32') : y;
}

// The square root of a variance.
const deviation = definePrimitive<{ v: Tensor }>({
  name: 'std',
  inputs: ['v'],
  forward: ({ v }) => sqrt(v),
  reads: ['v'],
  derivative(g, { v }) {
    const flat = eq(v, 0);
    return { v: where(flat, 0, div(g, mul(sqrt(where(flat, 1, v)), 2))) };
  },
});

/** The variance and the mean. */
export const varMean = (t: Tensor, ...args: VarianceArguments): [Tensor, Tensor] => [
  spreadOf('varMean', t, args),
  meanBeside('varMean', t, args),
];
/** The standard deviation and the mean. */
export const stdMean = (t: Tensor, ...args: VarianceArguments): [Tensor, Tensor] => [
  std(t, ...args),
  meanBeside('stdMean', t, args),
];

function meanBeside(name: string, t: Tensor, args: readonly unknown[]): Tensor {
  const { dim, keepdim } = readArguments(name, varianceSpec, args);
  return mean(t, dim, { keepdim });
}

// --- norms ----------------------------------------------------------------------------------------------------------

// The gradient of (sum |x|^p)^(1/p): sign(x) (|x| / y)^(p-1), and 0 where y (or, below p = 1, x) is 0.
function normGrad(g: Tensor, x: Tensor, y: Tensor, p: number, axes: readonly number[]): Tensor {
  const zero = eq(y, 0);
  const safe = where(zero, 1, y);
  const share = where(zero, 0, g);
  if (p === 2) return mul(x, spread(div(share, safe), x.shape, axes));
  const still = eq(x, 0);
  const size = where(still, 1, abs(x));
  const slope = where(still, 0, mul(sign(x), p === 1 ? 1 : pow(div(size, spread(safe, x.shape, axes)), p - 1)));
  return mul(slope, spread(share, x.shape, axes));
}

/** Options of {@link norm}. */
export interface NormOptions extends ReduceOptions {
  /** Which norm. Default 2. */
  p?: number | 'fro' | undefined;
}

const normSpec: Spec<NormOptions> = {
  p: either(number(), oneOf('fro')).or(2),
  dim: axes.orNull(),
  keepdim: boolean.or(false),
  dtype: dtypeParam.optional(),
};
type NormArguments = InOrderOrByName<[p?: number | 'fro', dim?: Axes, keepdim?: boolean, dtype?: DType], NormOptions>;

/**
 * The p-norm over `axes`: (sum |x|^p)^(1/p). `p` defaults to 2 (`'fro'`); infinite: the largest |x| (or, for -Infinity,
 * the smallest), 0: how many are not 0.
 */
export function norm(t: Tensor, ...args: NormArguments): Tensor {
  needTensor('norm', t);
  const { p = 2, dim, keepdim, dtype } = readArguments('norm', normSpec, args);
  const power = p === 'fro' ? 2 : p;
  const x = dtype ? cast(t, dtype) : t;
  if (!isFloat(x.dtype))
    throw new DTypeError(`[norm] needs a floating-point tensor, got ${x.dtype}; pass { dtype: 'float32' }`);
  if (power === Infinity && x.numel > 0) return amax(abs(x), dim, { keepdim });
  if (power === -Infinity && x.numel > 0) return amin(abs(x), dim, { keepdim });
  if (power === 0) return sum(add(mul(x, 0), cast(ne(x, 0), x.dtype)), dim, { keepdim });
  return powerNorm({ x }, { power, list: checkAxes('norm', dim, x.ndim), keepdim });
}

const powerNorm = definePrimitive<
  { x: Tensor },
  { power: number; list: readonly number[]; keepdim: boolean | undefined },
  Tensor,
  { y: Tensor }
>({
  name: 'norm',
  inputs: ['x'],
  forward({ x }, { power, list, keepdim }) {
    const total =
      power === 2
        ? runReduce(sumsq, x, list, keepdim, x.dtype)
        : sum(power === 1 ? abs(x) : pow(abs(x), power), list, { keepdim });
    const y = power === 1 ? total : power === 2 ? sqrt(total) : pow(total, 1 / power);
    return { out: y, kept: { y } };
  },
  reads: ['x', 'y'],
  derivative: (g, { x, y }, { power, list }) => ({ x: normGrad(g, x, y, power, list) }),
});

/** Arguments of {@link dist} by name. */
export interface DistArguments {
  other: Tensor;
  /** Default 2. */
  p?: number | undefined;
}
const distSpec: Spec<DistArguments> = { other: tensorParam, p: number().or(2) };
/** The p-norm of a - other. */
export function dist(a: Tensor, ...args: InOrderOrByName<[other: Tensor, p?: number], DistArguments>): Tensor {
  needTensor('dist', a);
  const { other, p } = readArguments('dist', distSpec, args);
  return norm(sub(a, other), p);
}

// --- log-sum-exp ----------------------------------------------------------------------------------------------------

/** log(sum(exp(x))) over `axes`, without overflow. */
export function logsumexp(t: Tensor, ...args: KeepdimArguments): Tensor {
  needTensor('logsumexp', t);
  const { dim, keepdim } = readArguments('logsumexp', keepdimSpec, args);
  const x = isFloat(t.dtype) ? t : cast(t, 'float32');
  const list = checkAxes('logsumexp', dim, x.ndim);
  if (x.numel === 0) return log(sum(exp(x), list, { keepdim }));
  return logOfSum({ x }, { list, keepdim });
}

const logOfSum = definePrimitive<
  { x: Tensor },
  { list: readonly number[]; keepdim: boolean | undefined },
  Tensor,
  { y: Tensor }
>({
  name: 'logsumexp',
  inputs: ['x'],
  forward({ x }, { list, keepdim }) {
    const top = amax(x, list, { keepdim: true });
    // An infinite maximum is the result itself; subtracting it would give NaN.
    const shift = where(isfinite(top), top, 0);
    const kept = add(log(sum(exp(sub(x, shift)), list, { keepdim: true })), shift);
    const y = keepdim ? kept : squeeze(kept, list);
    return { out: y, kept: { y } };
  },
  reads: ['x', 'y'],
  derivative: (g, { x, y }, { list }) => ({
    x: mul(spread(g, x.shape, list), exp(sub(x, spread(y, x.shape, list)))),
  }),
});

// --- without NaN ----------------------------------------------------------------------------------------------------

/** The sum over `axes` of all elements that are not NaN. */
export function nansum(t: Tensor, ...args: ReduceArguments): Tensor {
  needTensor('nansum', t);
  const options = readArguments('nansum', reduceSpec, args);
  return sum(isFloat(t.dtype) ? where(isnan(t), 0, t) : t, options);
}

/** The mean over `axes` of all elements that are not NaN. */
export function nanmean(t: Tensor, ...args: ReduceArguments): Tensor {
  needTensor('nanmean', t);
  const options = readArguments('nanmean', reduceSpec, args);
  const x = options.dtype ? cast(t, options.dtype) : t;
  if (!isFloat(x.dtype))
    throw new DTypeError(`[nanmean] needs a floating-point tensor, got ${x.dtype}; pass { dtype: 'float32' }`);
  const { dim, keepdim } = options;
  return div(nansum(x, dim, { keepdim }), cast(sum(logicalNot(isnan(x)), dim, { keepdim }), x.dtype));
}

/** How many elements over `axes` are not 0 (int64). */
export function countNonzero(t: Tensor, ...args: KeepdimArguments): Tensor {
  needTensor('countNonzero', t);
  const { dim, keepdim } = readArguments('countNonzero', keepdimSpec, args);
  return sum(ne(t, 0), dim, { keepdim });
}

const methods = { std, norm, dist, logsumexp, nansum, nanmean, countNonzero };
addMethods({ ...methods, var: variance });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<
    typeof import('./statistics'),
    'std' | 'norm' | 'dist' | 'logsumexp' | 'nansum' | 'nanmean' | 'countNonzero'
  > {
    /** {@link variance} */
    var: Method<typeof variance>;
  }
}
