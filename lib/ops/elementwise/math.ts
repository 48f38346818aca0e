/** @file Elementwise functions of one tensor, and clamp. Integers are computed as float32 unless noted. */
import { finfo } from '../../core/limits';
import { addMethods, needTensor, Tensor } from '../../core/tensor';
import { type DType, isFloat, resultTypeScalar } from '../../core/dtype';
import { ArgumentError, DTypeError } from '../../core/errors';
import { type Arguments, type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { integer, number, operand, scalar } from '../../core/params';
import { add, div, eq, ge, le, log, lt, mul, neg, sub, trunc } from './arithmetic';
import { cast } from '../tensors/cast';
import { zerosLike } from '../tensors/create';
import { inPlaceOf } from '../kit/in-place';
import { defineUnary, type Operand, type UnaryOp } from '../kit/define';
import { where } from './where';

const none = (g: Tensor): Tensor => zerosLike(g);
const { LN2, LN10, PI } = Math;

/** |x| (integers stay integers) */
export const abs = defineUnary('abs', {
  ints: 'keep',
  save: 'x',
  fused: 'absGrad',
  grad: (g, x) => mul(g, sign(x)),
});
/** -1, 0 or 1 (integers stay integers) */
export const sign = defineUnary('sign', { ints: 'keep', grad: none });
const squared = defineUnary('square', { ints: 'keep', save: 'x', grad: (g, x) => mul(g, mul(x, 2)) });
/** x * x (integers stay integers, bool is counted in int64) */
export const square = Object.assign(
  (x: Tensor): Tensor => squared(x instanceof Tensor && x.dtype === 'bool' ? cast(x, 'int64') : x),
  { inPlace: (x: Tensor): Tensor => squared.inPlace(x) },
);
/** The square root; NaN below 0. */
export const sqrt = defineUnary('sqrt', { save: 'y', fused: 'sqrtGrad', grad: (g, y) => div(g, mul(y, 2)) });
/** 1 / sqrt(x) */
export const rsqrt = defineUnary('rsqrt', {
  save: 'y',
  fused: 'rsqrtGrad',
  grad: (g, y) => mul(g, mul(mul(square(y), y), -0.5)),
});
/** 1 / x */
export const reciprocal = defineUnary('reciprocal', {
  save: 'y',
  fused: 'reciprocalGrad',
  grad: (g, y) => neg(mul(g, square(y))),
});
/** e to the power of each element. */
export const exp = defineUnary('exp', { save: 'y', grad: (g, y) => mul(g, y) });
/** 2 to the power x */
export const exp2 = defineUnary('exp2', { save: 'y', grad: (g, y) => mul(g, mul(y, LN2)) });
/** exp(x) - 1, accurate near 0 */
export const expm1 = defineUnary('expm1', { save: 'y', grad: (g, y) => mul(g, add(y, 1)) });
/** The logarithm to base 2; NaN below 0. */
export const log2 = defineUnary('log2', { save: 'x', grad: (g, x) => div(g, mul(x, LN2)) });
/** The logarithm to base 10; NaN below 0. */
export const log10 = defineUnary('log10', { save: 'x', grad: (g, x) => div(g, mul(x, LN10)) });
/** log(1 + x), accurate near 0 */
export const log1p = defineUnary('log1p', { save: 'x', grad: (g, x) => div(g, add(x, 1)) });

/** The sine of an angle in radians. */
export const sin = defineUnary('sin', { save: 'x', grad: (g, x) => mul(g, cos(x)) });
/** The cosine of an angle in radians. */
export const cos = defineUnary('cos', { save: 'x', grad: (g, x) => neg(mul(g, sin(x))) });
/** The tangent of an angle in radians. */
export const tan = defineUnary('tan', { save: 'y', grad: (g, y) => mul(g, add(square(y), 1)) });
/** The arc sine in radians, from -pi/2 to pi/2; NaN outside [-1, 1]. */
export const asin = defineUnary('asin', { save: 'x', grad: (g, x) => mul(g, rsqrt(sub(1, square(x)))) });
/** The arc cosine in radians, from 0 to pi; NaN outside [-1, 1]. */
export const acos = defineUnary('acos', { save: 'x', grad: (g, x) => neg(mul(g, rsqrt(sub(1, square(x))))) });
/** The arc tangent in radians, from -pi/2 to pi/2. */
export const atan = defineUnary('atan', { save: 'x', grad: (g, x) => div(g, add(square(x), 1)) });
/** The hyperbolic sine. */
export const sinh = defineUnary('sinh', { save: 'x', grad: (g, x) => mul(g, cosh(x)) });
/** The hyperbolic cosine. */
export const cosh = defineUnary('cosh', { save: 'x', grad: (g, x) => mul(g, sinh(x)) });
/** The hyperbolic tangent. */
export const tanh = defineUnary('tanh', { save: 'y', grad: (g, y) => mul(g, sub(1, square(y))), fused: 'tanhGrad' });
/** The inverse of the hyperbolic sine. */
export const asinh = defineUnary('asinh', { save: 'x', grad: (g, x) => mul(g, rsqrt(add(square(x), 1))) });
/** The inverse of the hyperbolic cosine; NaN below 1. */
export const acosh = defineUnary('acosh', { save: 'x', grad: (g, x) => mul(g, rsqrt(sub(square(x), 1))) });
/** The inverse of the hyperbolic tangent; NaN outside [-1, 1]. */
export const atanh = defineUnary('atanh', { save: 'x', grad: (g, x) => div(g, sub(1, square(x))) });

// d erf / dx = 2 / sqrt(pi) exp(-x^2)
const gauss = (g: Tensor, x: Tensor): Tensor => mul(g, mul(exp(neg(square(x))), 2 / Math.sqrt(PI)));
/** The error function: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
export const erf = defineUnary('erf', { save: 'x', fused: 'erfGrad', grad: gauss });
/** 1 - erf(x), accurate for large x */
export const erfc = defineUnary('erfc', { save: 'x', grad: (g, x) => neg(gauss(g, x)) });
/** log |Gamma(x)| */
export const lgamma = defineUnary('lgamma', { save: 'x', grad: (g, x) => mul(g, digamma(x)) });
/** The derivative of lgamma */
export const digamma = defineUnary('digamma', { save: 'x', grad: (g, x) => mul(g, trigamma(x)) });

/**
 * The derivative of digamma: the recurrence psi1(x) = psi1(x + 1) + 1 / x^2 up to x + 10, there the asymptotic series
 * with Bernoulli numbers; below 1/2 by reflection, psi1(x) = pi^2 / sin^2(pi x) - psi1(1 - x). Abramowitz and Stegun 6.4.
 */
function trigamma(x: Tensor): Tensor {
  const low = lt(x, 0.5);
  const z = where(low, sub(1, x), x);
  let s = zerosLike(z);
  for (let k = 0; k < 10; k++) s = add(s, reciprocal(square(add(z, k))));
  const r = reciprocal(add(z, 10));
  const r2 = square(r);
  let series = mul(r2, 5 / 66);
  for (const b of [-1 / 30, 1 / 42, -1 / 30]) series = mul(r2, add(series, b));
  s = add(s, mul(r, add(add(mul(r, 0.5), mul(r2, add(series, 1 / 6))), 1)));
  return where(low, sub(mul(reciprocal(square(sin(mul(where(low, x, 0.5), PI)))), PI * PI), s), s);
}

/** The largest integer that is not larger. */
export const floor = defineUnary('floor', { ints: 'keep', grad: none });
/** The smallest integer that is not smaller. */
export const ceil = defineUnary('ceil', { ints: 'keep', grad: none });
const nearest = defineUnary('round', { ints: 'keep', grad: none });
const roundSpec: Spec<{ decimals: number }> = { decimals: integer().or(0) };
type RoundArguments = InOrderOrByName<[decimals?: number], { decimals?: number | undefined }>;
/** To the nearest integer, or to `decimals` places after (negative: before) the point; halves to the even one. */
export function round(x: Tensor, ...args: RoundArguments): Tensor {
  const { decimals } = readArguments('round', roundSpec, args);
  needTensor('round', x);
  if (decimals === 0 || !isFloat(x.dtype)) return nearest(x);
  const scale = 10 ** Math.abs(decimals);
  return decimals > 0 ? div(nearest(mul(x, scale)), scale) : mul(nearest(div(x, scale)), scale);
}
export { trunc };
/** x - trunc(x) */
export const frac = defineUnary('frac', { grad: (g) => g });

/** Where an element is NaN, as bool. */
export const isnan = defineUnary('isnan', { result: 'bool' });
/** Where an element is infinite, as bool. */
export const isinf = defineUnary('isinf', { result: 'bool' });
/** Where an element is neither NaN nor infinite, as bool. */
export const isfinite = defineUnary('isfinite', { result: 'bool' });
/** Whether x is 0 */
export const logicalNot = defineUnary('logicalNot', { result: 'bool' });
const invert = defineUnary('bitwiseNot', { ints: 'keep' });

/** All bits of an integer inverted; of a bool, its opposite. */
export function bitwiseNot(x: Tensor): Tensor {
  needTensor('bitwiseNot', x);
  if (isFloat(x.dtype)) throw new DTypeError(`[bitwiseNot] takes integers or bool, not ${x.dtype}`);
  return x.dtype === 'bool' ? logicalNot(x) : invert(x);
}

const logitSpec: Spec<{ eps: number | null }> = { eps: number().orNull() };
/** log(x / (1 - x)); with `eps`, x is first clamped to [eps, 1 - eps]. */
export function logit(
  x: Tensor,
  ...args: InOrderOrByName<[eps?: number | null], { eps?: number | null | undefined }>
): Tensor {
  needTensor('logit', x);
  const { eps } = readArguments('logit', logitSpec, args);
  const real = isFloat(x.dtype) ? x : cast(x, 'float32');
  const p = eps === null ? real : clamp(real, eps, 1 - eps);
  return sub(log(p), log1p(neg(p)));
}

/** What {@link nanToNum} puts in place. */
export interface NanToNumOptions {
  /** For NaN. Default 0. */
  nan?: number | undefined;
  /** For +infinity. Default the largest finite number of the dtype. */
  posinf?: number | undefined;
  /** For -infinity. Default the smallest finite number of the dtype. */
  neginf?: number | undefined;
}

const finite = defineUnary('nanToNum', { save: 'x', grad: (g, x) => where(isfinite(x), g, 0) });

const nanSpec: Spec<NanToNumOptions> = {
  nan: scalar.or(0),
  posinf: scalar.optional(),
  neginf: scalar.optional(),
};

/** Replaces NaN and infinities by finite numbers; no gradient flows through them. */
export function nanToNum(x: Tensor, ...args: Arguments<NanToNumOptions>): Tensor {
  needTensor('nanToNum', x);
  const options = readArguments('nanToNum', nanSpec, args);
  const defaults = options.posinf === undefined && options.neginf === undefined;
  if (defaults && !Number.isNaN(options.nan) && (x.dtype === 'float32' || x.dtype === 'float64'))
    return finite(x, options.nan ?? 0);
  if (!isFloat(x.dtype)) return x.clone();
  const { max } = finfo(x.dtype);
  const { nan = 0, posinf = max, neginf = -max } = options;
  return where(eq(x, -Infinity), neginf, where(eq(x, Infinity), posinf, where(isnan(x), nan, x)));
}

// --- clamp ----------------------------------------------------------------------------------------------------------

const clampNumbers = defineUnary('clamp', {
  ints: 'keep',
  save: 'x',
  fused: 'clampGrad',
  grad: (g, x, lo, hi) => where(ge(x, lo), where(le(x, hi), g, 0), 0),
});

/** The bounds of {@link clamp}; at least one is needed. */
export interface ClampBounds {
  min?: Operand | null | undefined;
  max?: Operand | null | undefined;
}

const intRange: Partial<Record<DType, readonly [number, number]>> = {
  uint8: [0, 255],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63 - 1024],
};

// Both bounds as numbers the kernel can take in x's dtype, or undefined if one is a tensor.
function numericBounds(x: Tensor, { min, max }: ClampBounds): [number, number] | undefined {
  if (min instanceof Tensor || max instanceof Tensor || Number.isNaN(min) || Number.isNaN(max)) return undefined;
  const hi = max === undefined || max === null ? Infinity : Number(max);
  // Where the bounds cross, all become the upper one.
  const lo = Math.min(min === undefined || min === null ? -Infinity : Number(min), hi);
  const [least, most] = intRange[x.dtype] ?? [-Infinity, Infinity];
  return [Math.max(lo, least), Math.min(hi, most)];
}

const clampSpec: Spec<ClampBounds> = { min: operand.orNull(), max: operand.orNull() };
/** {@link ClampBounds} in order or by name. */
export type ClampArguments = InOrderOrByName<[min?: Operand | null, max?: Operand | null], ClampBounds>;

function readBounds(op: string, x: Tensor, args: ClampArguments): ClampBounds {
  needTensor(op, x);
  const bounds = readArguments(op, clampSpec, args);
  if ((bounds.min ?? null) === null && (bounds.max ?? null) === null)
    throw new ArgumentError(`[${op}] needs a lower or an upper bound`);
  return bounds;
}

// The dtype in which x and the numeric bounds meet: an integer tensor becomes float32 for a bound like 0.5.
const clampType = (x: Tensor, { min, max }: ClampBounds): DType =>
  [min, max].reduce<DType>(
    (d, v) => (typeof v === 'number' && Math.abs(v) !== Infinity ? resultTypeScalar(d, v) : d),
    x.dtype,
  );

/**
 * x bounded from below and above: `clamp(x, min, max)`, either null, or `clamp(x, { min, max })`. Bounds may be tensors
 * that broadcast. Gradients flow where x is inside (bounds included), and to a tensor bound where it applies.
 */
export function clamp(x: Tensor, ...args: ClampArguments): Tensor {
  const bounds = readBounds('clamp', x, args);
  const a = cast(x, clampType(x, bounds));
  const numbers = numericBounds(a, bounds);
  if (numbers) return clampNumbers(a, ...numbers);
  let y: Tensor = a;
  const { min: lo = null, max: hi = null } = bounds;
  // NaN stays NaN, and a bound that is NaN gives NaN.
  if (lo !== null) y = where(isnan(y), y, where(ge(y, lo), y, lo));
  if (hi !== null) y = where(isnan(y), y, where(le(y, hi), y, hi));
  return y;
}
const minSpec: Spec<{ min: Operand }> = { min: operand };
const maxSpec: Spec<{ max: Operand }> = { max: operand };
type MinArguments = InOrderOrByName<[min: Operand], { min: Operand }>;
type MaxArguments = InOrderOrByName<[max: Operand], { max: Operand }>;
/** max(x, min) elementwise */
export const clampMin = (x: Tensor, ...args: MinArguments): Tensor =>
  clamp(x, readArguments('clampMin', minSpec, args).min, null);
/** min(x, max) elementwise */
export const clampMax = (x: Tensor, ...args: MaxArguments): Tensor =>
  clamp(x, null, readArguments('clampMax', maxSpec, args).max);

const clampTo = inPlaceOf('clamp_', clamp);
function clamp_(x: Tensor, ...args: ClampArguments): Tensor {
  const bounds = readBounds('clamp_', x, args);
  const numbers = clampType(x, bounds) === x.dtype ? numericBounds(x, bounds) : undefined;
  return numbers ? clampNumbers.inPlace(x, ...numbers) : clampTo(x, bounds);
}

// --- methods --------------------------------------------------------------------------------------------------------

type Differentiable =
  | (
      | 'abs'
      | 'sign'
      | 'square'
      | 'sqrt'
      | 'rsqrt'
      | 'reciprocal'
      | 'exp'
      | 'exp2'
      | 'expm1'
      | 'log2'
      | 'log10'
      | 'log1p'
    )
  | ('sin' | 'cos' | 'tan' | 'asin' | 'acos' | 'atan' | 'sinh' | 'cosh' | 'tanh' | 'asinh' | 'acosh' | 'atanh')
  | ('erf' | 'erfc' | 'lgamma' | 'digamma' | 'floor' | 'ceil' | 'trunc' | 'frac');

const differentiable: Record<Differentiable, Pick<UnaryOp, 'inPlace'> & ((x: Tensor) => Tensor)> = {
  ...{ abs, sign, square, sqrt, rsqrt, reciprocal, exp, exp2, expm1, log2, log10, log1p },
  ...{ sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh },
  ...{ erf, erfc, lgamma, digamma, floor, ceil, trunc, frac },
};
for (const [name, op] of Object.entries(differentiable)) {
  addMethods({ [name]: (self: Tensor) => op(self), [`${name}_`]: (self: Tensor) => op.inPlace(self) });
}
addMethods({
  ...{ bitwiseNot, logit, nanToNum, clamp, clampMin, clampMax, clamp_, round },
  isnan: (self: Tensor) => isnan(self),
  isinf: (self: Tensor) => isinf(self),
  isfinite: (self: Tensor) => isfinite(self),
  logicalNot: (self: Tensor) => logicalNot(self),
  logicalNot_: (self: Tensor) => logicalNot.inPlace(self),
  bitwiseNot_: (self: Tensor) => {
    if (isFloat(self.dtype)) throw new DTypeError(`[bitwiseNot_] takes integers or bool, not ${self.dtype}`);
    return self.dtype === 'bool' ? logicalNot.inPlace(self) : invert.inPlace(self);
  },
  clampMin_: (self: Tensor, ...args: MinArguments) => clamp_(self, readArguments('clampMin_', minSpec, args).min, null),
  clampMax_: (self: Tensor, ...args: MaxArguments) => clamp_(self, null, readArguments('clampMax_', maxSpec, args).max),
  round_: inPlaceOf('round_', round),
  logit_: inPlaceOf('logit_', logit),
  nanToNum_: inPlaceOf('nanToNum_', nanToNum),
});

declare module '../../core/tensor' {
  interface Tensor
    extends
      MethodsOf<typeof import('./math'), 'clamp' | 'clampMin' | 'clampMax' | 'round' | 'logit' | 'nanToNum'>,
      MethodsAs<
        typeof import('./math'),
        Exclude<Differentiable, 'trunc'> | 'isnan' | 'isinf' | 'isfinite' | 'logicalNot' | 'bitwiseNot',
        () => Tensor
      >,
      MethodsAs<
        typeof import('../in-place-functions'),
        Exclude<`${Differentiable}_`, 'sign_' | 'lgamma_' | 'digamma_'>,
        () => Tensor
      > {
    /** {@link sign} in place. */
    sign_(): Tensor;
    /** {@link lgamma} in place. */
    lgamma_(): Tensor;
    /** {@link digamma} in place. */
    digamma_(): Tensor;
    /** {@link logicalNot} in place. */
    logicalNot_(): Tensor;
    /** {@link bitwiseNot} in place. */
    bitwiseNot_(): Tensor;
    /** {@link clamp} in place. */
    clamp_: Method<typeof clamp>;
    /** {@link clampMin} in place. */
    clampMin_: Method<typeof clampMin>;
    /** {@link clampMax} in place. */
    clampMax_: Method<typeof clampMax>;
    /** {@link round} in place. */
    round_: Method<typeof round>;
    /** {@link logit} in place. */
    logit_: Method<typeof logit>;
    /** {@link nanToNum} in place. */
    nanToNum_: Method<typeof nanToNum>;
  }
}
