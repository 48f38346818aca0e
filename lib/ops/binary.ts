/** @file The rarer elementwise ops of two operands, combinations of three, and comparing whole tensors. */
import { isFloat, resultType } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { describe, sameShape } from '../core/shape';
import { addMethods, Tensor } from '../core/tensor';
import { type Arguments, readArguments } from '../core/arguments';
import { add, div, eq, ge, le, log, maximum, minimum, mul, neg, sub } from './arithmetic';
import { cast } from './cast';
import { full, zerosLike } from './create';
import { type BinaryOp, defineBinary, type Operand } from './define';
import { abs, isfinite, isnan, sign, square, trunc } from './math';
import { all } from './reduce';
import { where } from './where';

const sq = (v: Operand): Operand => (v instanceof Tensor ? square(v) : Number(v) ** 2);
// A number as a 0-dim tensor.
const asTensor = (v: Operand, like: Tensor): Tensor =>
  v instanceof Tensor ? v : full([], Number(v), { dtype: like.dtype, device: like.device });
const none = (g: Tensor): Tensor => zerosLike(g);

/** Remainder with the sign of a, as C's fmod */
export const fmod = defineBinary('fmod', {
  save: ['', 'ab'],
  gradA: (g) => g,
  gradB: (g, a, b) => neg(mul(g, trunc(div(a, b)))),
  cost: 4,
});
// 1 / (a^2 + b^2), and 0 for the origin, where an angle has no slope.
const inverseSquare = (a: Operand, b: Operand): Tensor => {
  const s = add(sq(a), sq(b));
  const origin = eq(s, 0);
  return where(origin, 0, div(1, where(origin, 1, s)));
};
/** The angle of the point (b, a), from -pi to pi */
export const atan2 = defineBinary('atan2', {
  save: 'ab',
  result: 'float',
  cost: 4,
  gradA: (g, a, b) => mul(g, mul(b, inverseSquare(a, b))),
  gradB: (g, a, b) => neg(mul(g, mul(a, inverseSquare(a, b)))),
});
/** sqrt(a^2 + b^2), without overflow */
export const hypot = defineBinary('hypot', {
  save: ['ay', 'by'],
  result: 'float',
  cost: 2,
  gradA: (g, a, _b, y) => mul(g, div(a, y)),
  gradB: (g, _a, b, y) => mul(g, div(b, y)),
});
/** |a| with the sign of b */
export const copysign = defineBinary('copysign', {
  save: ['ay', ''],
  result: 'float',
  // The sign that was changed or not; no slope at 0.
  gradA: (g, a, _b, y) => mul(g, mul(sign(a as Tensor), sign(y))),
  gradB: none,
});
/** a log(b), and 0 where a is 0 (even if b is 0) */
export const xlogy = defineBinary('xlogy', {
  save: 'ab',
  result: 'float',
  cost: 2,
  gradA: (g, a, b) => where(logicalAnd(eq(a, 0), le(asTensor(b, g), 0)), 0, mul(g, log(asTensor(b, g)))),
  gradB: (g, a, b) => mul(g, div(a, b)),
});
// Where no operand can be NaN.
const whole = (v: Operand): boolean => (v instanceof Tensor ? !isFloat(v.dtype) : Number.isInteger(Number(v)));
const firstWins = (g: Tensor, a: Operand, b: Operand): Tensor =>
  logicalOr(ge(asTensor(a, g), b), isnan(asTensor(b, g)));
const fmaxReal = defineBinary('fmax', {
  save: 'ab',
  gradA: (g, a, b) => where(firstWins(g, a, b), g, 0),
  gradB: (g, a, b) => where(firstWins(g, a, b), 0, g),
});
/** The larger of a and b; where one is NaN, the other */
export const fmax = (a: Operand, b: Operand): Tensor => (whole(a) && whole(b) ? maximum : fmaxReal)(a, b);
const firstLoses = (g: Tensor, a: Operand, b: Operand): Tensor =>
  logicalOr(le(asTensor(a, g), b), isnan(asTensor(b, g)));
const fminReal = defineBinary('fmin', {
  save: 'ab',
  gradA: (g, a, b) => where(firstLoses(g, a, b), g, 0),
  gradB: (g, a, b) => where(firstLoses(g, a, b), 0, g),
});
/** The smaller of a and b; where one is NaN, the other */
export const fmin = (a: Operand, b: Operand): Tensor => (whole(a) && whole(b) ? minimum : fminReal)(a, b);

export const logicalAnd = defineBinary('logicalAnd', { result: 'bool' });
export const logicalOr = defineBinary('logicalOr', { result: 'bool' });
export const logicalXor = defineBinary('logicalXor', { result: 'bool' });
export const bitwiseAnd = defineBinary('bitwiseAnd', { result: 'ints' });
export const bitwiseOr = defineBinary('bitwiseOr', { result: 'ints' });
export const bitwiseXor = defineBinary('bitwiseXor', { result: 'ints' });
/** a << b */
export const bitwiseLeftShift = defineBinary('leftShift', { result: 'ints' });
/** a >> b, keeping the sign */
export const bitwiseRightShift = defineBinary('rightShift', { result: 'ints' });

// --- three operands -------------------------------------------------------------------------------------------------

/** start + weight (end - start). Exact at both ends for a weight that is a number. */
export function lerp(start: Tensor, end: Tensor, weight: Tensor | number): Tensor {
  const d = sub(end, start);
  return typeof weight === 'number' && Math.abs(weight) >= 0.5
    ? sub(end, mul(d, 1 - weight))
    : add(start, mul(d, weight));
}

/** Options of {@link addcmul} and {@link addcdiv}. */
export interface ValueOptions {
  /** Factor of the product or quotient. Default 1. */
  value?: number;
}

const valueDefault = { value: 1 };
const scaled = (op: string, t: Tensor, options?: number | ValueOptions): Tensor => {
  const { value } = readArguments(op, valueDefault, [options]);
  return value === 1 ? t : mul(t, value);
};
/** x + value a b */
export const addcmul = (x: Tensor, a: Operand, b: Operand, options?: number | ValueOptions): Tensor =>
  add(x, scaled('addcmul', mul(a, b), options));
/** x + value a / b */
export const addcdiv = (x: Tensor, a: Operand, b: Operand, options?: number | ValueOptions): Tensor =>
  add(x, scaled('addcdiv', div(a, b), options));

// --- comparing ------------------------------------------------------------------------------------------------------

/** Options of {@link isclose} and {@link allclose}. */
export interface CloseOptions {
  /** Allowed difference relative to |b|. Default 1e-5. */
  rtol?: number;
  /** Allowed absolute difference. Default 1e-8. */
  atol?: number;
  /** Whether NaN equals NaN. Default false. */
  equalNan?: boolean;
}

const closeDefaults = { rtol: 1e-5, atol: 1e-8, equalNan: false };

/** Where |a - b| <= atol + rtol |b|, elementwise; infinities are close only to themselves. */
export function isclose(a: Tensor, b: Tensor, ...options: Arguments<CloseOptions>): Tensor {
  const { rtol, atol, equalNan } = readArguments('isclose', closeDefaults, options);
  if (!(rtol >= 0) || !(atol >= 0))
    throw new ArgumentError(`[isclose] rtol and atol must not be negative, got ${rtol} and ${atol}`);
  const common = resultType(a, b);
  const dtype = isFloat(common) ? common : 'float64';
  const x = cast(a.detach(), dtype);
  const y = cast(b.detach(), dtype);
  const difference = abs(sub(x, y));
  const near = logicalAnd(isfinite(difference), le(difference, add(abs(mul(y, rtol)), atol)));
  const close = logicalOr(eq(x, y), logicalAnd(near, isfinite(y)));
  return equalNan ? logicalOr(close, logicalAnd(isnan(x), isnan(y))) : close;
}

/** Whether all elements are close ({@link isclose}). Blocks until the values are known. */
export const allclose = (a: Tensor, b: Tensor, ...options: Arguments<CloseOptions>): boolean =>
  all(isclose(a, b, ...options)).itemSync() !== 0;

/** Whether two tensors have the same shape and equal values. Blocks until the values are known. */
export function equal(a: Tensor, b: Tensor): boolean {
  if (!(a instanceof Tensor) || !(b instanceof Tensor))
    throw new ArgumentError(`[equal] expected two tensors, got ${describe(a)} and ${describe(b)}`);
  return sameShape(a.shape, b.shape) && all(eq(a, b)).itemSync() !== 0;
}

// --- methods --------------------------------------------------------------------------------------------------------

type Names =
  | ('fmod' | 'atan2' | 'hypot' | 'copysign' | 'xlogy' | 'logicalAnd' | 'logicalOr' | 'logicalXor')
  | ('bitwiseAnd' | 'bitwiseOr' | 'bitwiseXor' | 'bitwiseLeftShift' | 'bitwiseRightShift');

const binary: Record<Names, BinaryOp> = {
  ...{ fmod, atan2, hypot, copysign, xlogy, logicalAnd, logicalOr, logicalXor },
  ...{ bitwiseAnd, bitwiseOr, bitwiseXor, bitwiseLeftShift, bitwiseRightShift },
};
for (const [name, op] of Object.entries(binary)) addMethods({ [name]: op, [`${name}_`]: op.inPlace });
addMethods({ fmax, fmin, lerp, addcmul, addcdiv, isclose, allclose, equal });
addMethods({
  lerp_: (self: Tensor, end: Tensor, weight: Tensor | number) => self.add_(mul(sub(end, self), weight)),
  addcmul_: (self: Tensor, a: Operand, b: Operand, options?: number | ValueOptions) =>
    self.add_(scaled('addcmul_', mul(a, b), options)),
  addcdiv_: (self: Tensor, a: Operand, b: Operand, options?: number | ValueOptions) =>
    self.add_(scaled('addcdiv_', div(a, b), options)),
});

type Combine = (a: Operand, b: Operand, options?: number | ValueOptions) => Tensor;
declare module '../core/tensor' {
  interface Tensor
    extends
      Record<Names | `${Names}_` | 'fmax' | 'fmin', (b: Operand) => Tensor>,
      Record<'addcmul' | 'addcdiv' | 'addcmul_' | 'addcdiv_', Combine>,
      Record<'lerp' | 'lerp_', (end: Tensor, weight: Tensor | number) => Tensor> {
    isclose: Method<typeof isclose>;
    allclose: Method<typeof allclose>;
    equal(b: Tensor): boolean;
  }
}
