/** @file Elementwise functions that are expressions in others: angles, sinc, sums of exponentials, steps, signs. */
import { noGrad, track } from '../core/autograd';
import { isFloat } from '../core/dtype';
import { ArgumentError, DTypeError } from '../core/errors';
import { checkAxis, describe } from '../core/shape';
import { addMethods, type Method, needTensor, type Tensor } from '../core/tensor';
import { sigmoid } from './activations';
import { add, div, eq, gt, lt, maximum, mul, neg, pow, sub } from './arithmetic';
import { copysign, logicalAnd } from './binary';
import { cast } from './cast';
import { onesLike } from './create';
import { type Operand } from './define';
import { abs, exp, exp2, isinf, log1p, sin } from './math';
import { norm } from './statistics';
import { where } from './where';

const { LN2, PI } = Math;

/** Radians from degrees */
export const deg2rad = (x: Tensor): Tensor => mul(x, PI / 180);
/** Degrees from radians */
export const rad2deg = (x: Tensor): Tensor => mul(x, 180 / PI);

/** sin(pi x) / (pi x), and 1 at 0 */
export function sinc(x: Tensor): Tensor {
  needTensor('sinc', x);
  const zero = eq(x, 0);
  const z = mul(where(zero, 1, x), PI);
  return where(zero, 1, div(sin(z), z));
}

// log(base^a + base^b) to that base; `scale` is the logarithm of the base.
function sumOfPowers(op: string, a: Tensor, b: Tensor, scale: number): Tensor {
  for (const t of [a, b]) {
    needTensor(op, t);
    if (!isFloat(t.dtype)) throw new DTypeError(`[${op}] needs floating-point tensors, got ${t.dtype}`);
  }
  // Equal infinities: their difference is no number.
  const difference = (x: Tensor, z: Tensor): Tensor => where(logicalAnd(eq(x, z), isinf(x)), 0, sub(x, z));
  const y = noGrad(() => {
    const gap = abs(difference(a, b));
    return add(maximum(a, b), mul(log1p(exp(mul(gap, -scale))), 1 / scale));
  });
  return track(op, y, [a, b], [a, b], ([g], [x, z], needs) => {
    const gap = mul(difference(x!, z!), scale);
    return [needs[0] ? mul(g!, sigmoid(gap)) : null, needs[1] ? mul(g!, sigmoid(neg(gap))) : null];
  });
}
/** log(exp(a) + exp(b)), without overflow. Shapes broadcast. @throws DTypeError for integers */
export const logaddexp = (a: Tensor, b: Tensor): Tensor => sumOfPowers('logaddexp', a, b, 1);
/** log2(2^a + 2^b), without overflow. Shapes broadcast. @throws DTypeError for integers */
export const logaddexp2 = (a: Tensor, b: Tensor): Tensor => sumOfPowers('logaddexp2', a, b, LN2);

/** 0 where x is negative, 1 where it is positive, and `values` (which broadcasts) where it is 0. No gradient flows. */
export function heaviside(x: Tensor, values: Tensor): Tensor {
  needTensor('heaviside', x);
  needTensor('heaviside', values);
  if (x.dtype !== values.dtype) throw new DTypeError(`[heaviside] values are ${values.dtype}, the tensor ${x.dtype}`);
  return where(eq(x, 0), values.detach(), cast(gt(x, 0), x.dtype));
}

/** Whether the sign bit is set: of negative numbers, and of -0. */
export function signbit(x: Tensor): Tensor {
  needTensor('signbit', x);
  return isFloat(x.dtype) ? lt(copysign(onesLike(x), x.detach()), 0) : lt(x, 0);
}
/** Where x is +infinity */
export const isposinf = (x: Tensor): Tensor => eq(x, Infinity);
/** Where x is -infinity */
export const isneginf = (x: Tensor): Tensor => eq(x, -Infinity);

/** x 2^exponent */
export function ldexp(x: Tensor, exponent: Tensor): Tensor {
  needTensor('ldexp', x);
  needTensor('ldexp', exponent);
  return mul(x, exp2(isFloat(exponent.dtype) ? exponent : cast(exponent, isFloat(x.dtype) ? x.dtype : 'float32')));
}

const wide = (v: Operand): Operand => (typeof v === 'object' ? cast(v, 'float64') : v);
/** a to the power b in float64, whatever the dtypes */
export const floatPower = (a: Operand, b: Operand): Tensor => pow(wide(a), wide(b));

/**
 * Scales the slices of one dimension whose p-norm exceeds `maxnorm` down to it.
 * @throws ArgumentError unless p is positive and maxnorm not negative; IndexError for a dimension that is not there
 */
export function renorm(x: Tensor, p: number, dim: number, maxnorm: number): Tensor {
  needTensor('renorm', x);
  const axis = checkAxis('renorm', dim, x.ndim);
  if (typeof p !== 'number' || !(p > 0)) throw new ArgumentError(`[renorm] p must be positive, got ${describe(p)}`);
  if (typeof maxnorm !== 'number' || !(maxnorm >= 0))
    throw new ArgumentError(`[renorm] maxnorm must not be negative, got ${describe(maxnorm)}`);
  const others = x.shape.flatMap((_, i) => (i === axis ? [] : [i]));
  const length = others.length > 0 ? norm(x, p, others, { keepdim: true }) : abs(x);
  return mul(x, where(gt(length, maxnorm), div(maxnorm, add(length, 1e-7)), 1));
}

const methods = {
  ...{ deg2rad, rad2deg, sinc, logaddexp, logaddexp2, heaviside, signbit, isposinf, isneginf },
  ...{ ldexp, floatPower, renorm },
};
addMethods(methods as Record<string, (self: Tensor, ...args: never[]) => Tensor>);
type Methods = { [K in Exclude<keyof typeof methods, 'floatPower'>]: Method<(typeof methods)[K]> };
declare module '../core/tensor' {
  interface Tensor extends Methods {
    floatPower(exponent: Operand): Tensor;
  }
}
