/** @file Elementwise functions that are expressions in others: angles, sinc, sums of exponentials, steps, signs. */
import { isFloat } from '../../core/dtype';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { DTypeError } from '../../core/errors';
import { axis as axisParam, number, operand, tensor } from '../../core/params';
import { checkAxis } from '../../core/shape';
import { addMethods, needTensor, type Tensor } from '../../core/tensor';
import { sigmoid } from '../layers/activations';
import { add, div, eq, gt, lt, maximum, mul, neg, pow, sub } from './arithmetic';
import { copysign, logicalAnd } from './binary';
import { cast } from '../tensors/cast';
import { onesLike } from '../tensors/create';
import { type Operand, type Second, secondOf } from '../kit/define';
import { inPlaceOf } from '../kit/in-place';
import { definePrimitive } from '../kit/primitive';
import { abs, exp, exp2, isinf, log1p, sin } from './math';
import { norm } from '../reduce/statistics';
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

const otherSpec = { other: tensor };
type Other = InOrderOrByName<[other: Tensor], { other: Tensor }>;
type OfTwo = (a: Tensor, ...args: Other) => Tensor;

// Equal infinities: their difference is no number.
const difference = (x: Tensor, z: Tensor): Tensor => where(logicalAnd(eq(x, z), isinf(x)), 0, sub(x, z));

// log(base^a + base^b) to that base; `scale` is the logarithm of the base.
const logOfPowers = definePrimitive<{ a: Tensor; b: Tensor }, { scale: number }>({
  name: 'logaddexp',
  inputs: ['a', 'b'],
  forward({ a, b }, { scale }) {
    const gap = abs(difference(a, b));
    return add(maximum(a, b), mul(log1p(exp(mul(gap, -scale))), 1 / scale));
  },
  reads: ['a', 'b'],
  derivative(g, { a, b }, { scale }, needs) {
    const gap = mul(difference(a, b), scale);
    return { a: needs.a ? mul(g, sigmoid(gap)) : null, b: needs.b ? mul(g, sigmoid(neg(gap))) : null };
  },
});

function sumOfPowers(op: string, a: Tensor, args: Other, scale: number): Tensor {
  needTensor(op, a);
  const { other: b } = readArguments(op, otherSpec, args);
  for (const t of [a, b]) {
    if (!isFloat(t.dtype)) throw new DTypeError(`[${op}] needs floating-point tensors, got ${t.dtype}`);
  }
  return logOfPowers({ a, b }, { scale }, op);
}
/** log(exp(a) + exp(b)), without overflow. Shapes broadcast. @throws DTypeError for integers */
export const logaddexp: OfTwo = (a, ...args) => sumOfPowers('logaddexp', a, args, 1);
/** log2(2^a + 2^b), without overflow. Shapes broadcast. @throws DTypeError for integers */
export const logaddexp2: OfTwo = (a, ...args) => sumOfPowers('logaddexp2', a, args, LN2);

const valuesSpec = { values: tensor };

/** 0 where x is negative, 1 where it is positive, and `values` (which broadcasts) where it is 0. No gradient flows. */
export function heaviside(x: Tensor, ...args: InOrderOrByName<[values: Tensor], { values: Tensor }>): Tensor {
  needTensor('heaviside', x);
  const { values } = readArguments('heaviside', valuesSpec, args);
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

/** x 2^other */
export function ldexp(x: Tensor, ...args: Other): Tensor {
  needTensor('ldexp', x);
  const { other: exponent } = readArguments('ldexp', otherSpec, args);
  return mul(x, exp2(isFloat(exponent.dtype) ? exponent : cast(exponent, isFloat(x.dtype) ? x.dtype : 'float32')));
}

const wide = (v: Operand): Operand => (typeof v === 'object' ? cast(v, 'float64') : v);
const exponentSpec = { exponent: operand };
/** a to the power b in float64, whatever the dtypes */
export function floatPower(a: Operand, exponent: Second<'exponent'>): Tensor {
  return pow(wide(operand.check('floatPower', 'input', a)), wide(secondOf('floatPower', exponent, exponentSpec)));
}

/** Arguments of {@link renorm} by name. */
export interface RenormArguments {
  /** Which norm. */
  p: number;
  dim: number;
  maxnorm: number;
}
const renormSpec: Spec<RenormArguments> = { p: number({ above: 0 }), dim: axisParam, maxnorm: number({ least: 0 }) };
type Renorm = InOrderOrByName<[p: number, dim: number, maxnorm: number], RenormArguments>;

function renormed(op: string, x: Tensor, args: Renorm): Tensor {
  needTensor(op, x);
  const { p, dim, maxnorm } = readArguments(op, renormSpec, args);
  const axis = checkAxis(op, dim, x.ndim);
  const others = x.shape.flatMap((_, i) => (i === axis ? [] : [i]));
  const length = others.length > 0 ? norm(x, p, others, { keepdim: true }) : abs(x);
  return mul(x, where(gt(length, maxnorm), div(maxnorm, add(length, 1e-7)), 1));
}

/**
 * Scales the slices of one dimension whose p-norm exceeds `maxnorm` down to it.
 * @throws ArgumentError unless p is positive and maxnorm not negative; IndexError for a dimension that is not there
 */
export const renorm = (x: Tensor, ...args: Renorm): Tensor => renormed('renorm', x, args);
/** {@link renorm} in place. */
export const renorm_: typeof renorm = inPlaceOf('renorm_', (x, ...args: Renorm) => renormed('renorm_', x, args));

const heaviside_: typeof heaviside = inPlaceOf('heaviside_', heaviside);
const ldexp_: typeof ldexp = inPlaceOf('ldexp_', ldexp);
const floatPower_: (x: Tensor, exponent: Second<'exponent'>) => Tensor = inPlaceOf('floatPower_', (x, exponent) => {
  if (x.dtype !== 'float64')
    throw new DTypeError(`[floatPower_] the result is float64 and does not fit into a tensor of ${x.dtype}`);
  return floatPower(x, exponent);
});

const methods = {
  ...{ deg2rad, rad2deg, sinc, logaddexp, logaddexp2, heaviside, signbit, isposinf, isneginf },
  ...{ ldexp, floatPower, renorm, renorm_ },
  sinc_: inPlaceOf('sinc_', sinc),
  deg2rad_: inPlaceOf('deg2rad_', deg2rad),
  rad2deg_: inPlaceOf('rad2deg_', rad2deg),
  ...{ heaviside_, ldexp_, floatPower_ },
};
addMethods(methods);
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<
    typeof import('./special'),
    | 'ldexp'
    | 'floatPower'
    | 'renorm'
    | 'renorm_'
    | 'deg2rad'
    | 'rad2deg'
    | 'sinc'
    | 'logaddexp'
    | 'logaddexp2'
    | 'heaviside'
    | 'signbit'
    | 'isposinf'
    | 'isneginf'
  > {
    /** {@link heaviside} in place. */
    heaviside_: Method<typeof heaviside_>;
    /** {@link ldexp} in place. */
    ldexp_: Method<typeof ldexp_>;
    /** {@link floatPower} in place. */
    floatPower_: Method<typeof floatPower_>;
    /** {@link sinc} in place. */
    sinc_: Method<typeof sinc>;
    /** {@link deg2rad} in place. */
    deg2rad_: Method<typeof deg2rad>;
    /** {@link rad2deg} in place. */
    rad2deg_: Method<typeof rad2deg>;
  }
}
