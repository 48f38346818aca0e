/**
 * @file Special functions with kernels of their own: entropy, the normal distribution, Bessel functions, zeta and the
 * derivatives of the logarithm of gamma. `ng.special` (lib/special.ts) names them, with others that lie elsewhere.
 */
import { type InOrderOrByName, readArguments } from '../../core/arguments';
import { AutogradError } from '../../core/errors';
import { checkCount, integer, tensor } from '../../core/params';
import { addMethods, needTensor, Tensor } from '../../core/tensor';
import { add, div, eq, le, log, mul, neg, sub } from './arithmetic';
import { logicalAnd } from './binary';
import { arange } from '../tensors/create';
import { defineBinary, defineUnary } from '../kit/define';
import { digamma, erfc, exp, lgamma, log1p, sign, square } from './math';
import { remembered } from '../kit/overwrite';
import { sum } from '../reduce/reduce';
import { unsqueeze } from '../shape/views';
import { where } from './where';

const { PI, SQRT1_2 } = Math;

// --- entropy and the normal distribution ----------------------------------------------------------------------------

/** -x log(x), 0 at 0 and -infinity below */
export const entr = defineUnary('entr', { save: 'x', grad: (g, x) => neg(mul(g, add(log(x), 1))) });
/** exp(x^2) erfc(x), which neither overflows nor vanishes for large x */
export const erfcx = defineUnary('erfcx', {
  save: 'x',
  grad: (g, x) => mul(g, sub(mul(mul(x, 2), erfcx(x)), 2 / Math.sqrt(PI))),
});
/** The distribution function of the standard normal distribution */
export const ndtr = (x: Tensor): Tensor => mul(erfc(mul(x, -SQRT1_2)), 0.5);
/** The logarithm of {@link ndtr}, accurate where that vanishes */
export const logNdtr = defineUnary('logNdtr', {
  save: 'x',
  grad: (g, x) => mul(g, div(Math.sqrt(2 / PI), erfcx(mul(x, -SQRT1_2)))),
});
/** The inverse of {@link ndtr}: infinite at 0 and 1, NaN beyond */
export const ndtri = defineUnary('ndtri', {
  save: 'y',
  grad: (g, y) => mul(g, mul(exp(mul(square(y), 0.5)), Math.sqrt(2 * PI))),
});
/** a log(1 + b), and 0 where a is 0 (even if b is -1) */
export const xlog1py = defineBinary('xlog1py', {
  save: 'ab',
  result: 'float',
  gradA: (g, a, b) => {
    const logarithm = b instanceof Tensor ? mul(g, log1p(b)) : mul(g, Math.log1p(Number(b)));
    const undefinedAt = b instanceof Tensor ? le(b, -1) : Number(b) <= -1;
    return undefinedAt === false ? logarithm : where(logicalAnd(eq(a as Tensor, 0), undefinedAt), 0, logarithm);
  },
  gradB: (g, a, b) => mul(g, div(a, add(b as Tensor, 1))),
});

// --- Bessel functions -----------------------------------------------------------------------------------------------

// f(x) / x, and its limit 1/2 at 0.
function halved(f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  const zero = eq(x, 0);
  return where(zero, 0.5, div(f(x), where(zero, 1, x)));
}

/** The modified Bessel function of the first kind of order 0 */
export const i0 = defineUnary('i0', { save: 'x', grad: (g, x) => mul(g, i1(x)) });
/** exp(-|x|) {@link i0}(x) */
export const i0e = defineUnary('i0e', {
  save: 'x',
  grad: (g, x) => mul(g, sub(i1e(x), mul(sign(x), i0e(x)))),
});
/** The modified Bessel function of the first kind of order 1 */
export const i1 = defineUnary('i1', { save: 'x', grad: (g, x) => mul(g, sub(i0(x), halved(i1, x))) });
/** exp(-|x|) {@link i1}(x) */
export const i1e = defineUnary('i1e', {
  save: 'x',
  grad: (g, x) => mul(g, sub(sub(i0e(x), mul(sign(x), i1e(x))), halved(i1e, x))),
});
/** The Bessel function of the first kind of order 0. As in PyTorch it has no gradient, like the three below. */
export const besselJ0 = defineUnary('besselJ0', {});
/** The Bessel function of the first kind of order 1 */
export const besselJ1 = defineUnary('besselJ1', {});
/** The Bessel function of the second kind of order 0: -infinity at 0, NaN below */
export const besselY0 = defineUnary('besselY0', {});
/** The Bessel function of the second kind of order 1: -infinity at 0, NaN below */
export const besselY1 = defineUnary('besselY1', {});

// --- zeta and gamma -------------------------------------------------------------------------------------------------

/**
 * Hurwitz's zeta function: the sum of (q + k)^-s over k = 0, 1, .. for s > 1. Differentiable for q only, as in PyTorch.
 */
export const zeta = defineBinary('zeta', {
  save: 'ab',
  result: 'float',
  gradA: () => {
    throw new AutogradError('[zeta] has no gradient for its first argument; detach() it');
  },
  gradB: (g, s, q) =>
    s instanceof Tensor ? neg(mul(g, mul(s, zeta(add(s, 1), q)))) : mul(g, mul(zeta(Number(s) + 1, q), -Number(s))),
});

// n!, infinite where it is too large for a number.
function factorial(n: number): number {
  let f = 1;
  for (let k = 2; k <= n && f < Infinity; k++) f *= k;
  return f;
}

const order = { n: integer({ least: 0 }) };
const polygammaSpec = { ...order, input: tensor };

// psi^(n)(x) = (-1)^(n + 1) n! zeta(n + 1, x). Abramowitz and Stegun 6.4.10.
function derivativeOf(op: string, n: number, x: Tensor): Tensor {
  needTensor(op, x);
  return n === 0 ? digamma(x) : mul(zeta(n + 1, x), (n % 2 === 1 ? 1 : -1) * factorial(n));
}

/** The n-th derivative of digamma. Second argument of the function, first of the method. */
export function polygamma(...args: InOrderOrByName<[n: number, input: Tensor], { n: number; input: Tensor }>): Tensor {
  const { n, input } = readArguments('polygamma', polygammaSpec, args);
  return derivativeOf('polygamma', n, input);
}

const dimension = { p: integer({ least: 1 }) };
type Dimension = InOrderOrByName<[p: number], { p: number }>;

function logMultigamma(op: string, a: Tensor, args: Dimension): Tensor {
  needTensor(op, a);
  const { p } = readArguments(op, dimension, args);
  const halves = mul(arange(checkCount(op, 'dimensions', p), { dtype: 'float64', device: a.device }), -0.5);
  const terms = lgamma(add(unsqueeze(a, -1), halves.to(a.dtype === 'float64' ? 'float64' : 'float32')));
  return add(sum(terms, -1), ((p * (p - 1)) / 4) * Math.log(PI));
}

/** The logarithm of the gamma function of p dimensions, for a > (p - 1) / 2. */
export const mvlgamma = (a: Tensor, ...args: Dimension): Tensor => logMultigamma('mvlgamma', a, args);
/** {@link mvlgamma} under its name in `ng.special`. */
export const multigammaln = (a: Tensor, ...args: Dimension): Tensor => logMultigamma('multigammaln', a, args);

// --- methods --------------------------------------------------------------------------------------------------------

type Order = InOrderOrByName<[n: number], { n: number }>;
const methods = {
  i0: (self: Tensor): Tensor => i0(self),
  i0_: (self: Tensor): Tensor => i0.inPlace(self),
  mvlgamma,
  mvlgamma_: (self: Tensor, ...args: Dimension): Tensor =>
    self.copy_(logMultigamma('mvlgamma_', remembered(self), args)),
  polygamma: (self: Tensor, ...args: Order): Tensor =>
    derivativeOf('polygamma', readArguments('polygamma', order, args).n, self),
  polygamma_: (self: Tensor, ...args: Order): Tensor =>
    self.copy_(derivativeOf('polygamma_', readArguments('polygamma_', order, args).n, remembered(self))),
};
addMethods(methods);
declare module '../../core/tensor' {
  interface Tensor
    extends
      MethodsOf<typeof import('./special-functions'), 'mvlgamma'>,
      MethodsAs<typeof import('./special-functions'), 'i0', () => Tensor>,
      MethodsAs<typeof import('./special-functions'), 'polygamma', (...args: Order) => Tensor> {
    /** {@link i0} in place. */
    i0_(): Tensor;
    /** {@link mvlgamma} in place. */
    mvlgamma_: Method<typeof mvlgamma>;
    /** {@link polygamma} in place. */
    polygamma_(...args: Order): Tensor;
  }
}
