/**
 * @file Activation functions. Each gradient is a fused kernel, with a composite of differentiable ops for higher orders;
 * neither gives NaN for a finite input. A single setting is taken as a number or as `{ name: number }`.
 */
import { isFloat } from '../../core/dtype';
import { ArgumentError, DTypeError, ShapeError } from '../../core/errors';
import { checkAxis, showShape } from '../../core/shape';
import { addMethods, needTensor, shapeOf, type Tensor } from '../../core/tensor';
import { type Arguments, type Given, type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { axis as axisParam, number, oneOf, scalar } from '../../core/params';
import { abs, clamp, clampMax, erfc, exp, square, tanh } from '../elementwise/math';
import { add, div, ge, gt, le, lt, mul, neg, sub } from '../elementwise/arithmetic';
import { logicalAnd } from '../elementwise/binary';
import { defineUnary } from '../kit/define';
import { reshape, slice } from '../shape/views';
import { where } from '../elementwise/where';

type Setting<K extends string> = InOrderOrByName<[value?: number], { [k in K]?: number }>;
const slopeSpec: Spec<{ negativeSlope: number }> = { negativeSlope: number().or(0.01) };
const alphaSpec: Spec<{ alpha: number }> = { alpha: number().or(1) };
const lambdSpec: Spec<{ lambd: number }> = { lambd: number().or(0.5) };
const slopeOf = (op: string, args: Setting<'negativeSlope'>): number =>
  readArguments(op, slopeSpec, args).negativeSlope;
const alphaOf = (op: string, args: Setting<'alpha'>): number => readArguments(op, alphaSpec, args).alpha;

const inside = (x: Tensor, lo: number, hi: number): Tensor => logicalAnd(gt(x, lo), lt(x, hi));

/** max(x, 0) (integers stay integers). The gradient at 0 is 0. */
export const relu = defineUnary('relu', {
  ints: 'keep',
  save: 'y',
  fused: 'reluGrad',
  grad: (g, y) => where(gt(y, 0), g, 0),
});
const relu6Op = defineUnary('relu6', {
  save: 'x',
  fused: 'relu6Grad',
  grad: (g, x) => where(inside(x, 0, 6), g, 0),
});
/** min(max(x, 0), 6) (integers stay integers) */
export const relu6 = Object.assign(
  (x: Tensor): Tensor => {
    needNumbers('relu6', x);
    return isFloat(x.dtype) ? relu6Op(x) : clamp(x, 0, 6);
  },
  {
    inPlace: (x: Tensor): Tensor => {
      needNumbers('relu6_', x);
      return isFloat(x.dtype) ? relu6Op.inPlace(x) : x.clamp_(0, 6);
    },
  },
);
/** 1 / (1 + exp(-x)) */
export const sigmoid = defineUnary('sigmoid', {
  save: 'y',
  fused: 'sigmoidGrad',
  grad: (g, y) => mul(g, mul(y, sub(1, y))),
});
/** log(sigmoid(x)), without underflow */
export const logSigmoid = defineUnary('logSigmoid', {
  save: 'x',
  fused: 'logSigmoidGrad',
  grad: (g, x) => mul(g, sigmoid(neg(x))),
});
/** x sigmoid(x) */
export const silu = defineUnary('silu', {
  save: 'x',
  fused: 'siluGrad',
  grad: (g, x) => {
    const s = sigmoid(x);
    return mul(g, mul(s, add(mul(x, sub(1, s)), 1)));
  },
});
/** {@link silu} under its other name */
export const swish = silu;
/** x tanh(softplus(x)) */
export const mish = defineUnary('mish', {
  save: 'x',
  fused: 'mishGrad',
  grad: (g, x) => {
    const t = tanh(neg(logSigmoid(neg(x))));
    return mul(g, add(t, mul(mul(x, sub(1, square(t))), sigmoid(x))));
  },
});

const geluExact = defineUnary('gelu', {
  save: 'x',
  fused: 'geluGrad',
  // Phi(x) + x phi(x), with the distribution function and density of the standard normal
  grad: (g, x) =>
    mul(
      g,
      add(mul(erfc(mul(x, -Math.SQRT1_2)), 0.5), mul(x, mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI)))),
    ),
});
const geluTanh = defineUnary('geluTanh', {
  save: 'x',
  fused: 'geluTanhGrad',
  // x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3). Beyond 10 the sigmoid is flat, and the polynomial must not overflow.
  grad: (g, x) => {
    const c = 2 * Math.sqrt(2 / Math.PI);
    const z = clamp(x, -10, 10);
    const z2 = square(z);
    const s = sigmoid(mul(mul(z, add(mul(z2, 0.044715), 1)), c));
    return mul(g, add(s, mul(mul(mul(z, s), sub(1, s)), add(mul(z2, 3 * 0.044715 * c), c))));
  },
});
interface GeluOptions {
  approximate: 'none' | 'tanh';
}
const geluSpec: Spec<GeluOptions> = { approximate: oneOf('none', 'tanh').or('none') };
/** x times the standard normal distribution function at x, exactly (`'none'`) or by the tanh formula. Hendrycks and Gimpel 2016. */
export function gelu(x: Tensor, ...args: InOrderOrByName<[approximate?: 'none' | 'tanh'], Given<GeluOptions>>): Tensor {
  const which = readArguments('gelu', geluSpec, args).approximate;
  return which === 'tanh' ? geluTanh(x) : geluExact(x);
}

// g where x > 0, g slope exp(x / scale) elsewhere
const expBranch = (g: Tensor, x: Tensor, slope: number, scale: number): Tensor =>
  where(gt(x, 0), g, mul(g, mul(exp(div(clampMax(x, 0), scale)), slope)));

const leakyReluOp = defineUnary('leakyRelu', {
  save: 'x',
  fused: 'leakyReluGrad',
  grad: (g, x, slope) => where(gt(x, 0), g, mul(g, slope)),
});
const eluOp = defineUnary('elu', { save: 'x', fused: 'eluGrad', grad: (g, x, alpha) => expBranch(g, x, alpha, 1) });
const celuOp = defineUnary('celu', { save: 'x', fused: 'celuGrad', grad: (g, x, alpha) => expBranch(g, x, 1, alpha) });

/** x where positive, `negativeSlope` (default 0.01) times x elsewhere */
export const leakyRelu = (x: Tensor, ...args: Setting<'negativeSlope'>): Tensor =>
  leakyReluOp(x, slopeOf('leakyRelu', args));
/** x where positive, alpha (exp(x) - 1) elsewhere; alpha defaults to 1 */
export const elu = (x: Tensor, ...args: Setting<'alpha'>): Tensor => eluOp(x, alphaOf('elu', args));
/** x where positive, alpha (exp(x / alpha) - 1) elsewhere; alpha defaults to 1 */
export const celu = (x: Tensor, ...args: Setting<'alpha'>): Tensor => celuOp(x, celuAlpha('celu', args));
function celuAlpha(op: string, args: Setting<'alpha'>): number {
  const a = alphaOf(op, args);
  if (a === 0) throw new ArgumentError(`[${op}] alpha must not be 0`);
  return a;
}
// Klambauer et al. 2017, equation 14
const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;
/** The self-normalizing scaled elu */
export const selu = defineUnary('selu', {
  save: 'x',
  fused: 'seluGrad',
  grad: (g, x) => mul(expBranch(g, x, seluAlpha, 1), seluScale),
});

const softplusOp = defineUnary('softplus', {
  save: 'x',
  fused: 'softplusGrad',
  grad: (g, x, beta, threshold) => where(gt(mul(x, beta), threshold), g, mul(g, sigmoid(mul(x, beta)))),
});
/** Options of {@link softplus}. */
export interface SoftplusOptions {
  /** Steepness. Default 1. */
  beta?: number | undefined;
  /** Where beta x exceeds this, the result is x. Default 20. */
  threshold?: number | undefined;
}
const softplusDefaults = { beta: 1, threshold: 20 };
/** log(1 + exp(beta x)) / beta */
export function softplus(x: Tensor, ...args: Arguments<SoftplusOptions>): Tensor {
  const { beta, threshold } = readArguments('softplus', softplusDefaults, args);
  return softplusOp(x, beta, threshold);
}
/** x / (1 + |x|) */
export const softsign = defineUnary('softsign', {
  save: 'x',
  fused: 'softsignGrad',
  grad: (g, x) => div(g, square(add(abs(x), 1))),
});
/** x / 6 + 1 / 2, within 0 and 1 */
export const hardsigmoid = defineUnary('hardsigmoid', {
  save: 'x',
  fused: 'hardsigmoidGrad',
  grad: (g, x) => where(inside(x, -3, 3), div(g, 6), 0),
});
/** x hardsigmoid(x) */
export const hardswish = defineUnary('hardswish', {
  save: 'x',
  fused: 'hardswishGrad',
  grad: (g, x) => where(le(x, -3), 0, where(lt(x, 3), mul(g, add(div(x, 3), 0.5)), g)),
});

const hardtanhOp = defineUnary('hardtanh', {
  save: 'x',
  fused: 'hardtanhGrad',
  grad: (g, x, lo, hi) => where(inside(x, lo, hi), g, 0),
});
/** Options of {@link hardtanh}. */
export interface HardtanhOptions {
  /** Default -1. */
  minVal?: number | undefined;
  /** Default 1. */
  maxVal?: number | undefined;
}
const hardtanhDefaults = { minVal: -1, maxVal: 1 };
/** x within `minVal` (default -1) and `maxVal` (default 1). The gradient at the bounds is 0. */
export function hardtanh(x: Tensor, ...args: Arguments<HardtanhOptions>): Tensor {
  const [lo, hi] = hardtanhBounds('hardtanh', x, args);
  return isFloat(x.dtype) ? hardtanhOp(x, lo, hi) : clamp(x, lo, hi);
}
function hardtanh_(x: Tensor, ...args: Arguments<HardtanhOptions>): Tensor {
  const [lo, hi] = hardtanhBounds('hardtanh_', x, args);
  return isFloat(x.dtype) ? hardtanhOp.inPlace(x, lo, hi) : x.clamp_(lo, hi);
}
function hardtanhBounds(op: string, x: Tensor, args: readonly unknown[]): [number, number] {
  const { minVal: lo, maxVal: hi } = readArguments(op, hardtanhDefaults, args);
  if (lo > hi) throw new ArgumentError(`[${op}] minVal ${lo} is above maxVal ${hi}`);
  needNumbers(op, x);
  return [lo, hi];
}
function needNumbers(op: string, x: Tensor): void {
  needTensor(op, x);
  if (x.dtype === 'bool') throw new DTypeError(`[${op}] takes numbers, not bool`);
}

const thresholdOp = defineUnary('threshold', {
  ints: 'keep',
  save: 'x',
  fused: 'thresholdGrad',
  grad: (g, x, limit) => where(gt(x, limit), g, 0),
});
/** Arguments of {@link threshold}. */
export interface ThresholdOptions {
  /** Above which x stays. */
  threshold: number;
  /** What stands elsewhere. */
  value: number;
}
const thresholdSpec: Spec<ThresholdOptions> = { threshold: scalar, value: scalar };
type ThresholdArguments = InOrderOrByName<[threshold: number, value: number], ThresholdOptions>;
/** x where it exceeds `threshold`, `value` elsewhere */
export function threshold(x: Tensor, ...args: ThresholdArguments): Tensor {
  const { threshold: limit, value } = readArguments('threshold', thresholdSpec, args);
  return thresholdOp(x, limit, value);
}
function threshold_(x: Tensor, ...args: ThresholdArguments): Tensor {
  const { threshold: limit, value } = readArguments('threshold_', thresholdSpec, args);
  return thresholdOp.inPlace(x, limit, value);
}

/** x - tanh(x) */
export const tanhshrink = (x: Tensor): Tensor => sub(x, tanh(x));
/** x moved towards 0 by `lambd` (default 0.5), and 0 within */
export function softshrink(x: Tensor, ...args: Setting<'lambd'>): Tensor {
  const l = readArguments('softshrink', lambdSpec, args).lambd;
  if (!(l >= 0)) throw new ArgumentError(`[softshrink] lambd must not be negative, got ${l}`);
  return where(gt(x, l), sub(x, l), where(lt(x, -l), add(x, l), mul(x, 0)));
}
/** x, but 0 where |x| <= `lambd` (default 0.5) */
export function hardshrink(x: Tensor, ...args: Setting<'lambd'>): Tensor {
  const l = readArguments('hardshrink', lambdSpec, args).lambd;
  return where(logicalAnd(ge(x, -l), le(x, l)), 0, x);
}

/**
 * x where positive, weight x elsewhere, with a learned weight.
 * @param weight - one value, or one per channel (dimension 1 of x)
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  needTensor('prelu', x);
  needTensor('prelu', weight);
  const channels = x.ndim >= 2 ? shapeOf(x)[1]! : 1;
  if (weight.ndim > 1 || (weight.numel !== 1 && weight.numel !== channels))
    throw new ShapeError(
      `[prelu] weight ${showShape(shapeOf(weight))} must have 1 value or one for each of the ${channels} channels of ${showShape(shapeOf(x))}`,
    );
  const w =
    weight.numel === 1 ? reshape(weight, []) : reshape(weight, [channels, ...new Array<number>(x.ndim - 2).fill(1)]);
  return where(gt(x, 0), x, mul(x, w));
}

const gluSpec: Spec<{ dim: number }> = { dim: axisParam.or(-1) };
/** a sigmoid(b), where a and b are the two halves of dimension `dim` (default the last) */
export function glu(x: Tensor, ...args: InOrderOrByName<[dim?: number], { dim?: number | undefined }>): Tensor {
  needTensor('glu', x);
  const a = checkAxis('glu', readArguments('glu', gluSpec, args).dim, x.ndim);
  const n = shapeOf(x)[a];
  if (n === undefined || n % 2 !== 0)
    throw new ShapeError(`[glu] dimension ${a} of ${showShape(shapeOf(x))} cannot be halved`);
  return mul(slice(x, a, 0, n / 2, 1), sigmoid(slice(x, a, n / 2, n / 2, 1)));
}

const plain = { relu, relu6, sigmoid, logSigmoid, silu, mish, selu, softsign, hardsigmoid, hardswish };
for (const [name, op] of Object.entries(plain)) {
  addMethods({ [name]: (self: Tensor) => op(self), [`${name}_`]: (self: Tensor) => op.inPlace(self) });
}
addMethods({
  gelu,
  leakyRelu,
  elu,
  celu,
  softplus,
  hardtanh,
  threshold,
  tanhshrink,
  softshrink,
  hardshrink,
  prelu,
  glu,
});
const leakyRelu_ = (x: Tensor, ...args: Setting<'negativeSlope'>): Tensor =>
  leakyReluOp.inPlace(x, slopeOf('leakyRelu_', args));
const elu_ = (x: Tensor, ...args: Setting<'alpha'>): Tensor => eluOp.inPlace(x, alphaOf('elu_', args));
const celu_ = (x: Tensor, ...args: Setting<'alpha'>): Tensor => celuOp.inPlace(x, celuAlpha('celu_', args));
addMethods({ leakyRelu_, elu_, celu_, hardtanh_, threshold_ });

declare module '../../core/tensor' {
  interface Tensor
    extends
      MethodsOf<
        typeof import('./activations'),
        | 'gelu'
        | 'leakyRelu'
        | 'elu'
        | 'celu'
        | 'softplus'
        | 'hardtanh'
        | 'threshold'
        | 'softshrink'
        | 'hardshrink'
        | 'glu'
      >,
      MethodsAs<
        typeof import('./activations'),
        | 'relu'
        | 'relu6'
        | 'sigmoid'
        | 'logSigmoid'
        | 'silu'
        | 'mish'
        | 'selu'
        | 'softsign'
        | 'hardsigmoid'
        | 'hardswish'
        | 'tanhshrink',
        () => Tensor
      >,
      MethodsAs<typeof import('./activations'), 'prelu', (weight: Tensor) => Tensor> {
    /** {@link relu} in place. */
    relu_(): Tensor;
    /** {@link relu6} in place. */
    relu6_(): Tensor;
    /** {@link sigmoid} in place. */
    sigmoid_(): Tensor;
    /** {@link logSigmoid} in place. */
    logSigmoid_(): Tensor;
    /** {@link silu} in place. */
    silu_(): Tensor;
    /** {@link mish} in place. */
    mish_(): Tensor;
    /** {@link selu} in place. */
    selu_(): Tensor;
    /** {@link softsign} in place. */
    softsign_(): Tensor;
    /** {@link hardsigmoid} in place. */
    hardsigmoid_(): Tensor;
    /** {@link hardswish} in place. */
    hardswish_(): Tensor;
    /** {@link leakyRelu} in place. */
    leakyRelu_: Method<typeof leakyRelu>;
    /** {@link elu} in place. */
    elu_: Method<typeof elu>;
    /** {@link celu} in place. */
    celu_: Method<typeof celu>;
    /** {@link hardtanh} in place. */
    hardtanh_: Method<typeof hardtanh>;
    /** {@link threshold} in place. */
    threshold_: Method<typeof threshold>;
  }
}
