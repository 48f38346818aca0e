/** @file Rows of lib/ops/elementwise/special-functions.ts (`ng.special`) and lib/ops/elementwise/divisors.ts: against series and definitions. */
import * as ng from '../../../lib';
import type { Tensor } from '../../../lib';
import { map, type Nd, sum, zip } from '../nd';
import type { Row } from '../row';
import { anyShapes, call, from, of, these, whole } from '../samples';
import { digamma, erfc, lgamma } from '../special';

const { special } = ng;

// The sum of `first`, first * ratio(1), first * ratio(1) * ratio(2), .., each weighted.
function series(first: number, ratio: (k: number) => number, weight: (k: number) => number = () => 1): number {
  let term = first;
  let total = first * weight(0);
  for (let k = 1; k < 80; k++) total += (term *= ratio(k)) * weight(k);
  return total;
}
// sum_k (+-x^2/4)^k / (k! (k + order)!) (x/2)^order
const bessel = (x: number, order: 0 | 1, sign: 1 | -1): number =>
  series(order === 0 ? 1 : x / 2, (k) => (sign * x * x) / 4 / (k * (k + order)));
export const i0 = (x: number): number => bessel(x, 0, 1);
const i1 = (x: number): number => bessel(x, 1, 1);
const harmonic = (k: number): number => sum(Array.from({ length: k }, (_, i) => 1 / (i + 1)));
const euler = 0.5772156649015329;
// Abramowitz and Stegun 9.1.13 and 9.1.11.
const y0 = (x: number): number =>
  (2 / Math.PI) * ((Math.log(x / 2) + euler) * bessel(x, 0, -1) - series(1, (k) => (-x * x) / 4 / (k * k), harmonic));
const y1 = (x: number): number =>
  (-2 / x +
    2 * Math.log(x / 2) * bessel(x, 1, -1) -
    series(
      x / 2,
      (k) => (-x * x) / 4 / (k * (k + 1)),
      (k) => harmonic(k) + harmonic(k + 1) - 2 * euler,
    )) /
  Math.PI;

const ndtr = (x: number): number => erfc(-x * Math.SQRT1_2) / 2;
function ndtri(p: number): number {
  let [low, high] = [-40, 40];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (ndtr(middle) < p) low = middle;
    else high = middle;
  }
  return low;
}

// The first terms, and the rest as an integral with its first corrections.
function zeta(s: number, q: number): number {
  const n = 500;
  const head = sum(Array.from({ length: n }, (_, k) => (q + k) ** -s));
  const a = q + n;
  return head + a ** (1 - s) / (s - 1) + a ** -s / 2 + (s * a ** (-s - 1)) / 12;
}
const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
const polygamma = (n: number, x: number): number =>
  n === 0 ? digamma(x) : (n % 2 === 1 ? 1 : -1) * factorial(n) * zeta(n + 1, x);

type Elementwise = (x: Tensor) => Tensor;
const unary = (fn: Elementwise, f: (x: number) => number, samples: Row['samples'] = anyShapes, grad = true): Row => ({
  fn: ([x]) => fn(x!),
  reference: ([x]) => map(x!, f),
  samples,
  grad,
  errors: [[() => fn(1 as never), 'ERR_INVALID_ARG']],
});
const positive = [of(from(0.1, 6, 3, 4)), of(from(0.1, 6))];
const unit = [of(from(0.01, 0.99, 3, 4)), of(these([1e-3, 0.1, 0.13, 0.5, 0.9, 0.999]))];
const wide = [...anyShapes, of(from(-12, 12, 20))];

const gamma: Row = {
  reference: ([x], [p]) =>
    map(
      x!,
      (v) =>
        (((p as number) * ((p as number) - 1)) / 4) * Math.log(Math.PI) +
        sum(Array.from({ length: p as number }, (_, j) => lgamma(v - j / 2))),
    ),
  samples: [call(from(2, 5, 3, 4), 3), call(from(1, 4, 2), 1)],
  grad: true,
};

const divisor = (a: number, b: number): number => (b === 0 ? Math.abs(a) : divisor(b, a % b));
const wholePairs = [
  of(whole(-30, 30, [3, 4], 'int64'), whole(-30, 30, [4], 'int64')),
  of(these([0, 0, 12, -18], [4], 'int32'), these([0, 5, 18, 12], [4], 'int32')),
];
const divisors = (f: (a: Tensor, b: Tensor) => Tensor, of: (a: number, b: number) => number): Row => ({
  reference: ([a, b]) => zip(a!, b!, of),
  samples: wholePairs,
  grad: false,
  errors: [
    [() => f(ng.ones([2]), ng.ones([2])), 'ERR_DTYPE'],
    [() => f(ng.tensor([true]), ng.tensor([true])), 'ERR_DTYPE'],
    [() => f(ng.ones([2], { dtype: 'int32' }), ng.ones([3], { dtype: 'int32' })), 'ERR_SHAPE'],
  ],
});

const pairs = (inputs: [Nd, Nd], f: (a: number, b: number) => number): Nd => zip(inputs[0], inputs[1], f);

export const specialFunctionRows = {
  entr: {
    ...unary(special.entr, (x) => (x > 0 ? -x * Math.log(x) : x === 0 ? 0 : x < 0 ? -Infinity : NaN), positive),
    extremes: true,
  },
  erfcx: unary(special.erfcx, (x) => Math.exp(x * x) * erfc(x), [...anyShapes, of(from(-4, 10, 20))]),
  ndtr: unary(special.ndtr, ndtr, wide),
  logNdtr: unary(special.logNdtr, (x) => Math.log(ndtr(x)), wide),
  ndtri: unary(special.ndtri, ndtri, unit),
  i0: unary(special.i0, i0, wide),
  i0e: unary(special.i0e, (x) => Math.exp(-Math.abs(x)) * i0(x), wide),
  i1: unary(special.i1, i1, wide),
  i1e: unary(special.i1e, (x) => Math.exp(-Math.abs(x)) * i1(x), wide),
  besselJ0: unary(special.besselJ0, (x) => bessel(x, 0, -1), anyShapes, false),
  besselJ1: unary(special.besselJ1, (x) => bessel(x, 1, -1), anyShapes, false),
  besselY0: unary(special.besselY0, y0, positive, false),
  besselY1: unary(special.besselY1, y1, positive, false),
  xlog1py: {
    fn: ([a, b]) => special.xlog1py(a!, b!),
    reference: ([a, b]) => pairs([a!, b!], (x, y) => (x === 0 ? 0 : x * Math.log1p(y))),
    samples: [of([3, 4], from(-0.9, 3, 3, 4)), of([3, 1], from(-0.9, 3, 4)), of(these([0, 2]), these([-0.5, 1e-9]))],
    grad: true,
  },
  zeta: {
    fn: ([q], [s]) => special.zeta(s as number, q!),
    reference: ([q], [s]) => map(q!, (x) => zeta(s as number, x)),
    samples: [call(from(0.3, 9, 3, 4), 2.5), call(from(-7.9, -7.1, 3), 4), call(from(-4.8, -4.2, 3), 3)],
    grad: true,
  },
  polygamma: {
    fn: ([x], [n]) => ng.polygamma(n as number, x!),
    reference: ([x], [n]) => map(x!, (v) => polygamma(n as number, v)),
    samples: [0, 1, 2, 5].map((n) => call(from(0.3, 6, 3, 4), n)),
    grad: true,
    errors: [
      [() => ng.polygamma(-1, ng.ones([1])), 'ERR_INVALID_ARG'],
      [() => ng.polygamma(0.5, ng.ones([1])), 'ERR_INVALID_ARG'],
    ],
  },
  mvlgamma: { ...gamma, errors: [[() => ng.mvlgamma(ng.ones([1]), 0), 'ERR_INVALID_ARG']] },
  multigammaln: { ...gamma, fn: ([x], [p]) => special.multigammaln(x!, { p: p as number }) },
  gcd: divisors(ng.gcd, (a, b) => Math.abs(divisor(a, b))),
  lcm: divisors(ng.lcm, (a, b) => (a === 0 || b === 0 ? 0 : Math.abs((a * b) / divisor(a, b)))),
} satisfies Record<string, Row>;
