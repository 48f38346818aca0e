/** @file The rarer elementwise ops of two operands, combinations of three, and comparing whole tensors. */
import { isFloat, resultType } from '../../core/dtype';
import { sameShape } from '../../core/shape';
import { addMethods, needTensor, Tensor } from '../../core/tensor';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { boolean, number, operand, type Param, scalar, tensor as tensorParam } from '../../core/params';
import { add, div, eq, ge, le, log, maximum, minimum, mul, neg, sub } from './arithmetic';
import { cast } from '../tensors/cast';
import { full, zerosLike } from '../tensors/create';
import { type BinaryOp, defineBinary, type Operand, otherOf, type Second } from '../kit/define';
import { abs, isfinite, isnan, sign, square, trunc } from './math';
import { all } from '../reduce/reduce';
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
  gradA: (g, a, b) => mul(g, mul(b, inverseSquare(a, b))),
  gradB: (g, a, b) => neg(mul(g, mul(a, inverseSquare(a, b)))),
});
/** sqrt(a^2 + b^2), without overflow */
export const hypot = defineBinary('hypot', {
  save: ['ay', 'by'],
  result: 'float',
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
  gradA: (g, a, b) => where(logicalAnd(eq(a, 0), le(asTensor(b, g), 0)), 0, mul(g, log(asTensor(b, g)))),
  gradB: (g, a, b) => mul(g, div(a, b)),
});
// Where no operand can be NaN.
const whole = (v: Operand): boolean => (v instanceof Tensor ? !isFloat(v.dtype) : Number.isInteger(Number(v)));
function skippingNan(op: string, plain: BinaryOp, real: BinaryOp, a: Operand, second: Second): Tensor {
  const [x, z] = [operand.check(op, 'input', a), otherOf(op, second)];
  return (whole(x) && whole(z) ? plain : real)(x, z);
}
const firstWins = (g: Tensor, a: Operand, b: Operand): Tensor =>
  logicalOr(ge(asTensor(a, g), b), isnan(asTensor(b, g)));
const fmaxReal = defineBinary('fmax', {
  save: 'ab',
  gradA: (g, a, b) => where(firstWins(g, a, b), g, 0),
  gradB: (g, a, b) => where(firstWins(g, a, b), 0, g),
});
/** The larger of a and b; where one is NaN, the other */
export const fmax = (a: Operand, second: Second): Tensor => skippingNan('fmax', maximum, fmaxReal, a, second);
const firstLoses = (g: Tensor, a: Operand, b: Operand): Tensor =>
  logicalOr(le(asTensor(a, g), b), isnan(asTensor(b, g)));
const fminReal = defineBinary('fmin', {
  save: 'ab',
  gradA: (g, a, b) => where(firstLoses(g, a, b), g, 0),
  gradB: (g, a, b) => where(firstLoses(g, a, b), 0, g),
});
/** The smaller of a and b; where one is NaN, the other */
export const fmin = (a: Operand, second: Second): Tensor => skippingNan('fmin', minimum, fminReal, a, second);

/** Where both are not 0, as bool; shapes broadcast. */
export const logicalAnd = defineBinary('logicalAnd', { result: 'bool' });
/** Where at least one is not 0, as bool; shapes broadcast. */
export const logicalOr = defineBinary('logicalOr', { result: 'bool' });
/** Where exactly one is not 0, as bool; shapes broadcast. */
export const logicalXor = defineBinary('logicalXor', { result: 'bool' });
/** The bits that both have, of integers or bool; shapes broadcast. */
export const bitwiseAnd = defineBinary('bitwiseAnd', { result: 'ints' });
/** The bits that at least one has, of integers or bool; shapes broadcast. */
export const bitwiseOr = defineBinary('bitwiseOr', { result: 'ints' });
/** The bits that exactly one has, of integers or bool; shapes broadcast. */
export const bitwiseXor = defineBinary('bitwiseXor', { result: 'ints' });
/** a << b */
export const bitwiseLeftShift = defineBinary('bitwiseLeftShift', { kernel: 'leftShift', result: 'ints' });
/** a >> b, keeping the sign */
export const bitwiseRightShift = defineBinary('bitwiseRightShift', { kernel: 'rightShift', result: 'ints' });

// --- three operands -------------------------------------------------------------------------------------------------

/** Arguments of {@link lerp} by name. */
export interface LerpArguments {
  end: Tensor;
  weight: Tensor | number;
}
const lerpSpec: Spec<LerpArguments> = { end: tensorParam, weight: operand as Param<Tensor | number> };
type Lerp = (t: Tensor, ...args: InOrderOrByName<[end: Tensor, weight: Tensor | number], LerpArguments>) => Tensor;

/** start + weight (end - start). Exact at both ends for a weight that is a number. */
export const lerp: Lerp = (start, ...args) => {
  needTensor('lerp', start);
  const { end, weight } = readArguments('lerp', lerpSpec, args);
  const d = sub(end, start);
  return typeof weight === 'number' && Math.abs(weight) >= 0.5
    ? sub(end, mul(d, 1 - weight))
    : add(start, mul(d, weight));
};
const lerp_: Lerp = (start, ...args) => {
  needTensor('lerp_', start);
  const { end, weight } = readArguments('lerp_', lerpSpec, args);
  return start.add_(mul(sub(end, start), weight));
};

/** Options of {@link addcmul} and {@link addcdiv}. */
export interface ValueOptions {
  /** Factor of the product or quotient. Default 1. */
  value?: number | undefined;
}
/** Arguments of {@link addcmul} and {@link addcdiv} by name. */
export interface CombineArguments extends ValueOptions {
  tensor1: Operand;
  tensor2: Operand;
}
const combineSpec: Spec<Required<CombineArguments>> = { tensor1: operand, tensor2: operand, value: scalar.or(1) };
type Combine = (
  x: Tensor,
  ...args: InOrderOrByName<[tensor1: Operand, tensor2: Operand, value?: number], CombineArguments>
) => Tensor;

// What is added: the product or the quotient, scaled.
function combined(op: string, by: (a: Operand, b: Operand) => Tensor, x: Tensor, args: readonly unknown[]): Tensor {
  needTensor(op, x);
  const { tensor1, tensor2, value } = readArguments(op, combineSpec, args);
  const t = by(tensor1, tensor2);
  return value === 1 ? t : mul(t, value);
}
/** x + value tensor1 tensor2 */
export const addcmul: Combine = (x, ...args) => add(x, combined('addcmul', mul, x, args));
/** x + value tensor1 / tensor2 */
export const addcdiv: Combine = (x, ...args) => add(x, combined('addcdiv', div, x, args));

// --- comparing ------------------------------------------------------------------------------------------------------

/** Options of {@link isclose} and {@link allclose}. */
export interface CloseOptions {
  /** Allowed difference relative to |b|. Default 1e-5. */
  rtol?: number | undefined;
  /** Allowed absolute difference. Default 1e-8. */
  atol?: number | undefined;
  /** Whether NaN equals NaN. Default false. */
  equalNan?: boolean | undefined;
}

/** Arguments of {@link isclose} and {@link allclose} by name. */
export interface CloseArguments extends CloseOptions {
  other: Tensor;
}
const tolerance = number({ least: 0 });
const closeSpec: Spec<Required<CloseArguments>> = {
  other: tensorParam,
  ...{ rtol: tolerance.or(1e-5), atol: tolerance.or(1e-8), equalNan: boolean.or(false) },
};
type Close = InOrderOrByName<[other: Tensor, rtol?: number, atol?: number, equalNan?: boolean], CloseArguments>;

function closeness(op: string, a: Tensor, args: Close): Tensor {
  needTensor(op, a);
  const { other: b, rtol, atol, equalNan } = readArguments(op, closeSpec, args);
  const common = resultType(a, b);
  const dtype = isFloat(common) ? common : 'float64';
  const x = cast(a.detach(), dtype);
  const y = cast(b.detach(), dtype);
  const difference = abs(sub(x, y));
  const near = logicalAnd(isfinite(difference), le(difference, add(abs(mul(y, rtol)), atol)));
  const close = logicalOr(eq(x, y), logicalAnd(near, isfinite(y)));
  return equalNan ? logicalOr(close, logicalAnd(isnan(x), isnan(y))) : close;
}

/** Where |a - b| <= atol + rtol |b|, elementwise; infinities are close only to themselves. */
export const isclose = (a: Tensor, ...args: Close): Tensor => closeness('isclose', a, args);

/** Whether all elements are close ({@link isclose}). Blocks until the values are known. */
export const allclose = (a: Tensor, ...args: Close): boolean => all(closeness('allclose', a, args)).itemSync() !== 0;

const equalSpec = { other: tensorParam };

/** Whether two tensors have the same shape and equal values. Blocks until the values are known. */
export function equal(a: Tensor, ...args: InOrderOrByName<[other: Tensor], { other: Tensor }>): boolean {
  needTensor('equal', a);
  const { other: b } = readArguments('equal', equalSpec, args);
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
  lerp_,
  addcmul_: (self: Tensor, ...args: never[]) => self.add_(combined('addcmul_', mul, self, args)),
  addcdiv_: (self: Tensor, ...args: never[]) => self.add_(combined('addcdiv_', div, self, args)),
});

declare module '../../core/tensor' {
  interface Tensor
    extends
      MethodsOf<typeof import('./binary'), 'addcmul' | 'addcdiv' | 'lerp' | 'isclose' | 'allclose' | 'equal'>,
      MethodsAs<
        typeof import('./binary'),
        | 'fmod'
        | 'atan2'
        | 'hypot'
        | 'copysign'
        | 'xlogy'
        | 'logicalAnd'
        | 'logicalOr'
        | 'logicalXor'
        | 'bitwiseAnd'
        | 'bitwiseOr'
        | 'bitwiseXor'
        | 'bitwiseLeftShift'
        | 'bitwiseRightShift'
        | 'fmax'
        | 'fmin',
        (b: Second) => Tensor
      > {
    /** {@link fmod} in place. */
    fmod_(b: Second): Tensor;
    /** {@link atan2} in place. */
    atan2_(b: Second): Tensor;
    /** {@link hypot} in place. */
    hypot_(b: Second): Tensor;
    /** {@link copysign} in place. */
    copysign_(b: Second): Tensor;
    /** {@link xlogy} in place. */
    xlogy_(b: Second): Tensor;
    /** {@link logicalAnd} in place. */
    logicalAnd_(b: Second): Tensor;
    /** {@link logicalOr} in place. */
    logicalOr_(b: Second): Tensor;
    /** {@link logicalXor} in place. */
    logicalXor_(b: Second): Tensor;
    /** {@link bitwiseAnd} in place. */
    bitwiseAnd_(b: Second): Tensor;
    /** {@link bitwiseOr} in place. */
    bitwiseOr_(b: Second): Tensor;
    /** {@link bitwiseXor} in place. */
    bitwiseXor_(b: Second): Tensor;
    /** {@link bitwiseLeftShift} in place. */
    bitwiseLeftShift_(b: Second): Tensor;
    /** {@link bitwiseRightShift} in place. */
    bitwiseRightShift_(b: Second): Tensor;
    /** {@link addcmul} in place. */
    addcmul_: Method<Combine>;
    /** {@link addcdiv} in place. */
    addcdiv_: Method<Combine>;
    /** {@link lerp} in place. */
    lerp_: Method<Lerp>;
  }
}
