/** @file Elementwise functions of one tensor, and clamp. Integers are computed as float32 unless noted. */
import { finfo } from '../core/limits';
import { addMethods, needTensor, Tensor } from '../core/tensor';
import { type DType, isFloat, resultTypeScalar } from '../core/dtype';
import { ArgumentError, DTypeError } from '../core/errors';
import { type Arguments, checkOptions, readArguments } from '../core/arguments';
import { add, div, eq, ge, gt, le, log, lt, mul, neg, sub } from './arithmetic';
import { cast } from './cast';
import { zerosLike } from './create';
import { defineUnary, type Operand, type UnaryOp } from './define';
import { where } from './where';

const none = (g: Tensor): Tensor => zerosLike(g);
const { LN2, LN10, PI } = Math;

/** |x| (integers stay integers) */
export const abs = defineUnary('abs', {
  ints: 'keep',
  save: 'x',
  fused: 'absGrad',
  grad: (g, x) => mul(g, sign(x)),
  cost: 0.25,
});
/** -1, 0 or 1 (integers stay integers) */
export const sign = defineUnary('sign', { ints: 'keep', grad: none, cost: 0.25 });
/** x * x (integers stay integers) */
export const square = defineUnary('square', { ints: 'keep', save: 'x', grad: (g, x) => mul(g, mul(x, 2)), cost: 0.25 });
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
  cost: 0.5,
});
export const exp = defineUnary('exp', { save: 'y', grad: (g, y) => mul(g, y) });
/** 2 to the power x */
export const exp2 = defineUnary('exp2', { save: 'y', grad: (g, y) => mul(g, mul(y, LN2)) });
/** exp(x) - 1, accurate near 0 */
export const expm1 = defineUnary('expm1', { save: 'y', grad: (g, y) => mul(g, add(y, 1)) });
export const log2 = defineUnary('log2', { save: 'x', grad: (g, x) => div(g, mul(x, LN2)) });
export const log10 = defineUnary('log10', { save: 'x', grad: (g, x) => div(g, mul(x, LN10)) });
/** log(1 + x), accurate near 0 */
export const log1p = defineUnary('log1p', { save: 'x', grad: (g, x) => div(g, add(x, 1)) });

export const sin = defineUnary('sin', { save: 'x', grad: (g, x) => mul(g, cos(x)), cost: 2 });
export const cos = defineUnary('cos', { save: 'x', grad: (g, x) => neg(mul(g, sin(x))), cost: 2 });
export const tan = defineUnary('tan', { save: 'y', grad: (g, y) => mul(g, add(square(y), 1)), cost: 3 });
export const asin = defineUnary('asin', { save: 'x', grad: (g, x) => mul(g, rsqrt(sub(1, square(x)))), cost: 3 });
export const acos = defineUnary('acos', { save: 'x', grad: (g, x) => neg(mul(g, rsqrt(sub(1, square(x))))), cost: 3 });
export const atan = defineUnary('atan', { save: 'x', grad: (g, x) => div(g, add(square(x), 1)), cost: 3 });
export const sinh = defineUnary('sinh', { save: 'x', grad: (g, x) => mul(g, cosh(x)), cost: 2 });
export const cosh = defineUnary('cosh', { save: 'x', grad: (g, x) => mul(g, sinh(x)), cost: 2 });
export const tanh = defineUnary('tanh', { save: 'y', grad: (g, y) => mul(g, sub(1, square(y))), fused: 'tanhGrad' });
export const asinh = defineUnary('asinh', { save: 'x', grad: (g, x) => mul(g, rsqrt(add(square(x), 1))), cost: 3 });
export const acosh = defineUnary('acosh', { save: 'x', grad: (g, x) => mul(g, rsqrt(sub(square(x), 1))), cost: 3 });
export const atanh = defineUnary('atanh', { save: 'x', grad: (g, x) => div(g, sub(1, square(x))), cost: 3 });

// d erf / dx = 2 / sqrt(pi) exp(-x^2)
const gauss = (g: Tensor, x: Tensor): Tensor => mul(g, mul(exp(neg(square(x))), 2 / Math.sqrt(PI)));
export const erf = defineUnary('erf', { save: 'x', fused: 'erfGrad', grad: gauss, cost: 2 });
/** 1 - erf(x), accurate for large x */
export const erfc = defineUnary('erfc', { save: 'x', grad: (g, x) => neg(gauss(g, x)), cost: 3 });
/** log |Gamma(x)| */
export const lgamma = defineUnary('lgamma', { save: 'x', grad: (g, x) => mul(g, digamma(x)), cost: 20 });
/** The derivative of lgamma */
export const digamma = defineUnary('digamma', { save: 'x', grad: (g, x) => mul(g, trigamma(x)), cost: 20 });

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

export const floor = defineUnary('floor', { ints: 'keep', grad: none, cost: 0.25 });
export const ceil = defineUnary('ceil', { ints: 'keep', grad: none, cost: 0.25 });
const nearest = defineUnary('round', { ints: 'keep', grad: none, cost: 0.25 });
const roundDefaults = { decimals: 0 };
/** To the nearest integer, or to `decimals` places after (negative: before) the point; halves to the even one. */
export const round = Object.assign(
  (x: Tensor, how?: number | { decimals?: number }): Tensor => {
    const { decimals } = readArguments('round', roundDefaults, [how]);
    if (!Number.isInteger(decimals)) throw new ArgumentError(`[round] decimals must be an integer, got ${decimals}`);
    if (decimals === 0 || !isFloat(x.dtype)) return nearest(x);
    const scale = 10 ** Math.abs(decimals);
    return decimals > 0 ? div(nearest(mul(x, scale)), scale) : mul(nearest(div(x, scale)), scale);
  },
  { inPlace: nearest.inPlace },
);
/** Towards zero */
export const trunc = defineUnary('trunc', { ints: 'keep', grad: none, cost: 0.25 });
/** x - trunc(x) */
export const frac = defineUnary('frac', { grad: (g) => g, cost: 0.25 });

export const isnan = defineUnary('isnan', { result: 'bool', cost: 0.25 });
export const isinf = defineUnary('isinf', { result: 'bool', cost: 0.25 });
export const isfinite = defineUnary('isfinite', { result: 'bool', cost: 0.25 });
/** Whether x is 0 */
export const logicalNot = defineUnary('logicalNot', { result: 'bool', cost: 0.25 });
const invert = defineUnary('bitwiseNot', { ints: 'keep', cost: 0.25 });

/** All bits of an integer inverted; of a bool, its opposite. */
export function bitwiseNot(x: Tensor): Tensor {
  needTensor('bitwiseNot', x);
  if (isFloat(x.dtype)) throw new DTypeError(`[bitwiseNot] takes integers or bool, not ${x.dtype}`);
  return x.dtype === 'bool' ? logicalNot(x) : invert(x);
}

const logitDefaults = { eps: null as number | null };
/** log(x / (1 - x)); with `eps`, x is first clamped to [eps, 1 - eps]. */
export function logit(x: Tensor, how?: number | null | { eps?: number | null }): Tensor {
  const { eps } = readArguments('logit', logitDefaults, [how]);
  const p = eps === null ? x : clamp(x, eps, 1 - eps);
  return sub(log(p), log1p(neg(p)));
}

/** What {@link nanToNum} puts in place. */
export interface NanToNumOptions {
  /** For NaN. Default 0. */
  nan?: number;
  /** For +infinity. Default the largest finite number of the dtype. */
  posinf?: number;
  /** For -infinity. Default the smallest finite number of the dtype. */
  neginf?: number;
}

const finite = defineUnary('nanToNum', { save: 'x', grad: (g, x) => where(isfinite(x), g, 0), cost: 0.5 });

const nanDefaults: NanToNumOptions = { nan: 0, posinf: undefined, neginf: undefined };

/** Replaces NaN and infinities by finite numbers; no gradient flows through them. */
export function nanToNum(x: Tensor, ...args: Arguments<NanToNumOptions>): Tensor {
  needTensor('nanToNum', x);
  const options = readArguments<NanToNumOptions>('nanToNum', nanDefaults, args);
  const defaults = options.posinf === undefined && options.neginf === undefined;
  if (defaults && (x.dtype === 'float32' || x.dtype === 'float64')) return finite(x, options.nan ?? 0);
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
  cost: 0.25,
});

/** The bounds of {@link clamp}; at least one is needed. */
export interface ClampBounds {
  min?: Operand | null;
  max?: Operand | null;
}

const intRange: Partial<Record<DType, readonly [number, number]>> = {
  uint8: [0, 255],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63 - 1024],
};

// Both bounds as numbers the kernel can take in x's dtype, or undefined if one is a tensor.
function numericBounds(x: Tensor, { min, max }: ClampBounds): [number, number] | undefined {
  if (min instanceof Tensor || max instanceof Tensor) return undefined;
  const hi = max === undefined || max === null ? Infinity : Number(max);
  // Where the bounds cross, all become the upper one.
  const lo = Math.min(min === undefined || min === null ? -Infinity : Number(min), hi);
  const [least, most] = intRange[x.dtype] ?? [-Infinity, Infinity];
  return [Math.max(lo, least), Math.min(hi, most)];
}

function readBounds(
  op: string,
  x: Tensor,
  first: Operand | ClampBounds | null | undefined,
  second?: Operand | null,
): ClampBounds {
  needTensor(op, x);
  const isBounds = typeof first === 'object' && first !== null && !(first instanceof Tensor);
  if (isBounds) checkOptions(op, first, ['min', 'max']);
  const bounds: ClampBounds = isBounds ? first : { min: first as Operand | null, max: second };
  if ((bounds.min ?? null) === null && (bounds.max ?? null) === null)
    throw new ArgumentError(`[${op}] needs a lower or an upper bound`);
  return bounds;
}

// The dtype in which x and the numeric bounds meet: an integer tensor becomes float32 for a bound like 0.5.
const clampType = (x: Tensor, { min, max }: ClampBounds): DType =>
  [min, max].reduce<DType>(
    (d, v) => (typeof v === 'number' && Number.isFinite(v) ? resultTypeScalar(d, v) : d),
    x.dtype,
  );

/**
 * x bounded from below and above: `clamp(x, min, max)`, either null, or `clamp(x, { min, max })`. Bounds may be tensors
 * that broadcast. Gradients flow where x is inside (bounds included), and to a tensor bound where it applies.
 */
export function clamp(x: Tensor, min: Operand | ClampBounds | null | undefined, max?: Operand | null): Tensor {
  const bounds = readBounds('clamp', x, min, max);
  const a = cast(x, clampType(x, bounds));
  const numbers = numericBounds(a, bounds);
  if (numbers) return clampNumbers(a, ...numbers);
  let y: Tensor = a;
  if (bounds.min !== undefined && bounds.min !== null) y = where(lt(y, bounds.min), bounds.min, y);
  if (bounds.max !== undefined && bounds.max !== null) y = where(gt(y, bounds.max), bounds.max, y);
  return y;
}
/** max(x, min) elementwise */
export const clampMin = (x: Tensor, min: Operand): Tensor => clamp(x, min, null);
/** min(x, max) elementwise */
export const clampMax = (x: Tensor, max: Operand): Tensor => clamp(x, null, max);

function clamp_(x: Tensor, min: Operand | ClampBounds | null | undefined, max?: Operand | null): Tensor {
  const bounds = readBounds('clamp_', x, min, max);
  const numbers = clampType(x, bounds) === x.dtype ? numericBounds(x, bounds) : undefined;
  if (!numbers)
    throw new DTypeError(`[clamp_] takes bounds that are numbers of the tensor's dtype ${x.dtype}; use clamp()`);
  return clampNumbers.inPlace(x, ...numbers);
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
  | ('erf' | 'erfc' | 'lgamma' | 'digamma' | 'floor' | 'ceil' | 'round' | 'trunc' | 'frac');

const differentiable: Record<Differentiable, UnaryOp> = {
  ...{ abs, sign, square, sqrt, rsqrt, reciprocal, exp, exp2, expm1, log2, log10, log1p },
  ...{ sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh },
  ...{ erf, erfc, lgamma, digamma, floor, ceil, round, trunc, frac },
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
  clampMin_: (self: Tensor, min: Operand) => clamp_(self, min, null),
  clampMax_: (self: Tensor, max: Operand) => clamp_(self, null, max),
});

type Clamp = (min: Operand | ClampBounds | null | undefined, max?: Operand | null) => Tensor;
declare module '../core/tensor' {
  interface Tensor
    extends
      Record<Differentiable | `${Differentiable}_`, () => Tensor>,
      Record<
        'isnan' | 'isinf' | 'isfinite' | 'logicalNot' | 'bitwiseNot' | 'logicalNot_' | 'bitwiseNot_',
        () => Tensor
      >,
      Record<'clampMin' | 'clampMax' | 'clampMin_' | 'clampMax_', (bound: Operand) => Tensor>,
      Record<'clamp' | 'clamp_', Clamp> {
    round: Method<typeof round>;
    logit: Method<typeof logit>;
    nanToNum: Method<typeof nanToNum>;
  }
}
