/**
 * @file Activation functions. Each gradient is a fused kernel, with a composite of differentiable ops for higher orders;
 * neither gives NaN for a finite input. A single setting is taken as a number or as `{ name: number }`.
 */
import { ArgumentError, ShapeError } from '../core/errors';
import { checkAxis, describe, showShape } from '../core/shape';
import { addMethods, needTensor, type Tensor } from '../core/tensor';
import { type Arguments, checkOptions, readArguments } from '../core/arguments';
import { abs, clamp, clampMax, erfc, exp, square, tanh } from './math';
import { add, div, ge, gt, le, lt, mul, neg, sub } from './arithmetic';
import { logicalAnd } from './binary';
import { defineUnary } from './define';
import { reshape, slice } from './views';
import { where } from './where';

type Setting<K extends string> = number | { [k in K]?: number };
const setting = <K extends string>(v: Setting<K> | undefined, name: K, byDefault: number): number => {
  if (typeof v !== 'object') return v ?? byDefault;
  checkOptions(name, v, [name]);
  return v[name] ?? byDefault;
};

const inside = (x: Tensor, lo: number, hi: number): Tensor => logicalAnd(gt(x, lo), lt(x, hi));

/** max(x, 0) (integers stay integers). The gradient at 0 is 0. */
export const relu = defineUnary('relu', {
  ints: 'keep',
  save: 'y',
  fused: 'reluGrad',
  cost: 0.25,
  grad: (g, y) => where(gt(y, 0), g, 0),
});
/** min(max(x, 0), 6) */
export const relu6 = defineUnary('relu6', {
  save: 'x',
  fused: 'relu6Grad',
  cost: 0.25,
  grad: (g, x) => where(inside(x, 0, 6), g, 0),
});
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
  cost: 2,
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
  cost: 3,
  grad: (g, x) => {
    const t = tanh(neg(logSigmoid(neg(x))));
    return mul(g, add(t, mul(mul(x, sub(1, square(t))), sigmoid(x))));
  },
});

const geluExact = defineUnary('gelu', {
  save: 'x',
  fused: 'geluGrad',
  cost: 2,
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
const geluDefaults = { approximate: 'none' as 'none' | 'tanh' };
/** x times the standard normal distribution function at x, exactly (`'none'`) or by the tanh formula. Hendrycks and Gimpel 2016. */
export function gelu(x: Tensor, approximate: 'none' | 'tanh' | { approximate?: 'none' | 'tanh' } = 'none'): Tensor {
  const { approximate: which } = readArguments('gelu', geluDefaults, [approximate]);
  if (which !== 'none' && which !== 'tanh')
    throw new ArgumentError(`[gelu] approximate is 'none' or 'tanh', got ${describe(which)}`);
  return which === 'tanh' ? geluTanh(x) : geluExact(x);
}

// g where x > 0, g slope exp(x / scale) elsewhere
const expBranch = (g: Tensor, x: Tensor, slope: number, scale: number): Tensor =>
  where(gt(x, 0), g, mul(g, mul(exp(div(clampMax(x, 0), scale)), slope)));

const leakyReluOp = defineUnary('leakyRelu', {
  save: 'x',
  fused: 'leakyReluGrad',
  cost: 0.25,
  grad: (g, x, slope) => where(gt(x, 0), g, mul(g, slope)),
});
const eluOp = defineUnary('elu', { save: 'x', fused: 'eluGrad', grad: (g, x, alpha) => expBranch(g, x, alpha, 1) });
const celuOp = defineUnary('celu', { save: 'x', fused: 'celuGrad', grad: (g, x, alpha) => expBranch(g, x, 1, alpha) });

/** x where positive, `negativeSlope` (default 0.01) times x elsewhere */
export const leakyRelu = (x: Tensor, negativeSlope?: Setting<'negativeSlope'>): Tensor =>
  leakyReluOp(x, setting(negativeSlope, 'negativeSlope', 0.01));
/** x where positive, alpha (exp(x) - 1) elsewhere; alpha defaults to 1 */
export const elu = (x: Tensor, alpha?: Setting<'alpha'>): Tensor => eluOp(x, setting(alpha, 'alpha', 1));
/** x where positive, alpha (exp(x / alpha) - 1) elsewhere; alpha defaults to 1 */
export function celu(x: Tensor, alpha?: Setting<'alpha'>): Tensor {
  const a = setting(alpha, 'alpha', 1);
  if (a === 0) throw new ArgumentError('[celu] alpha must not be 0');
  return celuOp(x, a);
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
  cost: 2,
  grad: (g, x, beta, threshold) => where(gt(mul(x, beta), threshold), g, mul(g, sigmoid(mul(x, beta)))),
});
/** Options of {@link softplus}. */
export interface SoftplusOptions {
  /** Steepness. Default 1. */
  beta?: number;
  /** Where beta x exceeds this, the result is x. Default 20. */
  threshold?: number;
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
  cost: 0.5,
  grad: (g, x) => div(g, square(add(abs(x), 1))),
});
/** x / 6 + 1 / 2, within 0 and 1 */
export const hardsigmoid = defineUnary('hardsigmoid', {
  save: 'x',
  fused: 'hardsigmoidGrad',
  cost: 0.5,
  grad: (g, x) => where(inside(x, -3, 3), div(g, 6), 0),
});
/** x hardsigmoid(x) */
export const hardswish = defineUnary('hardswish', {
  save: 'x',
  fused: 'hardswishGrad',
  cost: 0.5,
  grad: (g, x) => where(le(x, -3), 0, where(lt(x, 3), mul(g, add(div(x, 3), 0.5)), g)),
});

const hardtanhOp = defineUnary('hardtanh', {
  save: 'x',
  fused: 'hardtanhGrad',
  cost: 0.25,
  grad: (g, x, lo, hi) => where(inside(x, lo, hi), g, 0),
});
/** Options of {@link hardtanh}. */
export interface HardtanhOptions {
  /** Default -1. */
  minVal?: number;
  /** Default 1. */
  maxVal?: number;
}
const hardtanhDefaults = { minVal: -1, maxVal: 1 };
/** x within `minVal` (default -1) and `maxVal` (default 1). The gradient at the bounds is 0. */
export function hardtanh(x: Tensor, ...args: Arguments<HardtanhOptions>): Tensor {
  const { minVal: lo, maxVal: hi } = readArguments('hardtanh', hardtanhDefaults, args);
  if (lo > hi) throw new ArgumentError(`[hardtanh] minVal ${lo} is above maxVal ${hi}`);
  return hardtanhOp(x, lo, hi);
}

const thresholdOp = defineUnary('threshold', {
  ints: 'keep',
  save: 'x',
  fused: 'thresholdGrad',
  cost: 0.25,
  grad: (g, x, limit) => where(gt(x, limit), g, 0),
});
/** x where it exceeds `limit`, `value` elsewhere */
export const threshold = (x: Tensor, limit: number, value: number): Tensor => thresholdOp(x, limit, value);

/** x - tanh(x) */
export const tanhshrink = (x: Tensor): Tensor => sub(x, tanh(x));
/** x moved towards 0 by `lambd` (default 0.5), and 0 within */
export function softshrink(x: Tensor, lambd?: Setting<'lambd'>): Tensor {
  const l = setting(lambd, 'lambd', 0.5);
  if (!(l >= 0)) throw new ArgumentError(`[softshrink] lambd must not be negative, got ${l}`);
  return where(gt(x, l), sub(x, l), where(lt(x, -l), add(x, l), mul(x, 0)));
}
/** x, but 0 where |x| <= `lambd` (default 0.5) */
export function hardshrink(x: Tensor, lambd?: Setting<'lambd'>): Tensor {
  const l = setting(lambd, 'lambd', 0.5);
  return where(logicalAnd(ge(x, -l), le(x, l)), 0, x);
}

/**
 * x where positive, weight x elsewhere, with a learned weight.
 * @param weight - one value, or one per channel (dimension 1 of x)
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  needTensor('prelu', x);
  needTensor('prelu', weight);
  const channels = x.ndim >= 2 ? x.shape[1]! : 1;
  if (weight.ndim > 1 || (weight.numel !== 1 && weight.numel !== channels))
    throw new ShapeError(
      `[prelu] weight ${showShape(weight.shape)} must have 1 value or one for each of the ${channels} channels of ${showShape(x.shape)}`,
    );
  const w =
    weight.numel === 1 ? reshape(weight, []) : reshape(weight, [channels, ...new Array<number>(x.ndim - 2).fill(1)]);
  return where(gt(x, 0), x, mul(x, w));
}

/** a sigmoid(b), where a and b are the two halves of dimension `axis` (default the last) */
export function glu(x: Tensor, axis = -1): Tensor {
  needTensor('glu', x);
  const a = checkAxis('glu', axis, x.ndim);
  const n = x.shape[a];
  if (n === undefined || n % 2 !== 0)
    throw new ShapeError(`[glu] dimension ${a} of ${showShape(x.shape)} cannot be halved`);
  return mul(slice(x, a, 0, n / 2, 1), sigmoid(slice(x, a, n / 2, n / 2, 1)));
}

const plain = { relu, relu6, sigmoid, logSigmoid, silu, mish, selu, softsign, hardsigmoid, hardswish };
type Plain = keyof typeof plain;
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
addMethods({
  leakyRelu_: (self: Tensor, slope?: Setting<'negativeSlope'>) =>
    leakyReluOp.inPlace(self, setting(slope, 'negativeSlope', 0.01)),
  elu_: (self: Tensor, alpha?: Setting<'alpha'>) => eluOp.inPlace(self, setting(alpha, 'alpha', 1)),
  celu_: (self: Tensor, alpha?: Setting<'alpha'>) => celuOp.inPlace(self, setting(alpha, 'alpha', 1)),
  hardtanh_: (self: Tensor, lo = -1, hi = 1) => hardtanhOp.inPlace(self, lo, hi),
  threshold_: (self: Tensor, limit: number, value: number) => thresholdOp.inPlace(self, limit, value),
});

declare module '../core/tensor' {
  interface Tensor extends Record<Plain | `${Plain}_` | 'tanhshrink', () => Tensor> {
    gelu(approximate?: 'none' | 'tanh' | { approximate?: 'none' | 'tanh' }): Tensor;
    leakyRelu(negativeSlope?: Setting<'negativeSlope'>): Tensor;
    leakyRelu_(negativeSlope?: Setting<'negativeSlope'>): Tensor;
    elu(alpha?: Setting<'alpha'>): Tensor;
    elu_(alpha?: Setting<'alpha'>): Tensor;
    celu(alpha?: Setting<'alpha'>): Tensor;
    celu_(alpha?: Setting<'alpha'>): Tensor;
    softplus: Method<typeof softplus>;
    hardtanh: Method<typeof hardtanh>;
    hardtanh_(minVal?: number, maxVal?: number): Tensor;
    threshold(limit: number, value: number): Tensor;
    threshold_(limit: number, value: number): Tensor;
    softshrink(lambd?: Setting<'lambd'>): Tensor;
    hardshrink(lambd?: Setting<'lambd'>): Tensor;
    prelu(weight: Tensor): Tensor;
    glu(axis?: number): Tensor;
  }
}
