/** @file Rows of lib/ops/elementwise/math.ts and erfinv.ts. */
import * as ng from '../../../lib';
import { map, zip } from '../nd';
import type { Row, Sample } from '../row';
import { anyShapes, call, from, of, these, whole } from '../samples';
import { digamma, erf, erfc, lgamma } from '../special';

const errors: Row['errors'] = [[() => ng.exp('x' as never), 'ERR_INVALID_ARG']];
const unary = (f: (x: number) => number, more: Partial<Row> = {}): Row => ({
  reference: ([a]) => map(a!, f),
  samples: anyShapes,
  grad: true,
  extremes: true,
  errors,
  ...more,
});
const inside = (low: number, high: number, more: Partial<Row> = {}): Partial<Row> => ({
  samples: [of(from(low, high, 3, 4)), of(from(low, high)), of(from(low, high, 2, 1, 3))],
  ...more,
});
const ints = ['int32', 'int64'] as const;
const steps: Partial<Row> = { grad: 'first', dtypes: ints };
const test = (f: (x: number) => boolean): Row => unary((x) => Number(f(x)), { grad: false, dtypes: ['int32', 'bool'] });

// To the nearest integer, halves to the even one.
const even = (x: number): number => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));
const range =
  (lo: number, hi: number) =>
  (x: number): number =>
    Number.isNaN(x) ? x : Math.min(Math.max(x, lo), hi);

const bounded: Sample[] = [
  call([3, 4], -0.5, 1),
  call([3, 4], null, 0.5),
  call([5], 0.3, null),
  call([4], { min: -1, max: 0.2 }),
];
type Bounds = { min?: number; max?: number };
function clampArgs([first, second]: unknown[]): [number, number] {
  const b = typeof first === 'object' && first !== null ? (first as Bounds) : { min: first, max: second };
  return [(b.min ?? -Infinity) as number, (b.max ?? Infinity) as number];
}

export const mathRows = {
  abs: unary(Math.abs, { dtypes: ints }),
  sign: unary((x) => Number(x > 0) - Number(x < 0), { ...steps, extremes: true }),
  square: unary((x) => x * x, { dtypes: ints }),
  sqrt: unary(Math.sqrt, inside(0.2, 3)),
  rsqrt: unary((x) => 1 / Math.sqrt(x), inside(0.2, 3)),
  reciprocal: unary((x) => 1 / x, inside(0.3, 3)),
  exp: unary(Math.exp),
  exp2: unary((x) => 2 ** x),
  expm1: unary(Math.expm1),
  log: unary(Math.log, inside(0.2, 3)),
  log2: unary(Math.log2, inside(0.2, 3)),
  log10: unary(Math.log10, inside(0.2, 3)),
  log1p: unary(Math.log1p, inside(-0.8, 3)),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  tan: unary(Math.tan, inside(-1.2, 1.2)),
  asin: unary(Math.asin, inside(-0.9, 0.9)),
  acos: unary(Math.acos, inside(-0.9, 0.9)),
  atan: unary(Math.atan),
  sinh: unary(Math.sinh),
  cosh: unary(Math.cosh),
  tanh: unary(Math.tanh),
  asinh: unary(Math.asinh),
  acosh: unary(Math.acosh, inside(1.2, 4)),
  atanh: unary(Math.atanh, inside(-0.9, 0.9)),
  erf: unary(erf),
  erfc: unary(erfc),
  erfinv: unary((x) => x, {
    // erf(erfinv(x)) = x
    fn: ([x]) => ng.erf(ng.erfinv(x!)),
    ...inside(-0.95, 0.95),
    extremes: false,
    errors: [[() => ng.erfinv('x' as never), 'ERR_INVALID_ARG']],
  }),
  lgamma: unary(lgamma, { extremes: false, ...inside(0.1, 6), tolerance: 1e-4 }),
  digamma: unary(digamma, { extremes: false, ...inside(0.1, 6), tolerance: 1e-4 }),
  floor: unary(Math.floor, steps),
  ceil: unary(Math.ceil, steps),
  // Halves are where the finite differences of a gradient would fail.
  round: unary(even, {
    grad: false,
    dtypes: ints,
    samples: [...anyShapes, of(these([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5]))],
  }),
  trunc: unary(Math.trunc, steps),
  frac: unary((x) => (Math.abs(x) === Infinity ? NaN : x - Math.trunc(x))),
  isnan: test(Number.isNaN),
  isinf: test((x) => Math.abs(x) === Infinity),
  isfinite: test(Number.isFinite),
  logicalNot: test((x) => x === 0),
  bitwiseNot: {
    reference: ([a, b]) => [map(a!, (x) => ~x), map(b!, (x) => 1 - x)],
    fn: ([a, b]) => [ng.bitwiseNot(a!), ng.bitwiseNot(b!)],
    samples: [
      of(whole(-9, 9, [3, 4], 'int32'), these([0, 1, 1], [3], 'bool')),
      of(whole(-9, 9, [5], 'int64'), these([1], [1], 'bool')),
    ],
    grad: false,
    errors: [[() => ng.bitwiseNot(ng.ones([2])), 'ERR_DTYPE']],
  },
  logit: {
    reference: ([a], [eps]) =>
      map(a!, (x) =>
        ((p) => Math.log(p / (1 - p)))(eps === undefined ? x : range(eps as number, 1 - (eps as number))(x)),
      ),
    samples: [of(from(0.1, 0.9, 3, 4)), call(from(0, 1, 5), 0.2)],
    grad: true,
    errors: [[() => ng.logit('x' as never), 'ERR_INVALID_ARG']],
  },
  nanToNum: {
    reference: ([a], [o]) => {
      const {
        nan = 0,
        posinf = 9e30,
        neginf = -9e30,
      } = (o ?? {}) as { nan?: number; posinf?: number; neginf?: number };
      return map(a!, (x) => (Number.isNaN(x) ? nan : x === Infinity ? posinf : x === -Infinity ? neginf : x));
    },
    samples: [of([3, 4]), call(these([NaN, 1, Infinity, -Infinity, 2]), { nan: 7, posinf: 8, neginf: -9 })],
    grad: 'first',
  },
  clamp: {
    reference: ([a], args) => map(a!, range(...clampArgs(args))),
    samples: bounded,
    grad: true,
    extremes: true,
    dtypes: ['float32'],
    errors: [
      [() => ng.clamp(ng.ones([2]), null), 'ERR_INVALID_ARG'],
      [() => ng.clamp('x' as never, 1), 'ERR_INVALID_ARG'],
    ],
  },
  clampMin: {
    reference: ([a, b], [min]) => (b ? zip(a!, b, Math.max) : map(a!, range(min as number, Infinity))),
    samples: [call([3, 4], 0.5), of([3, 4], [4])],
    grad: true,
    errors: [[() => ng.clampMin(ng.ones([2]), null as never), 'ERR_INVALID_ARG']],
  },
  clampMax: {
    reference: ([a, b], [max]) => (b ? zip(a!, b, Math.min) : map(a!, range(-Infinity, max as number))),
    samples: [call([3, 4], 0.5), of([3, 4], [3, 1])],
    grad: true,
    errors: [[() => ng.clampMax(ng.ones([2]), null as never), 'ERR_INVALID_ARG']],
  },
} satisfies Record<string, Row>;
