/** @file Rows of lib/ops/elementwise/binary.ts, where.ts, and what arithmetic.ts adds to the four operations. */
import * as ng from '../../../lib';
import { at, broadcast, build, type Nd, zip } from '../nd';
import type { Row, Sample } from '../row';
import { from, of, these, whole } from '../samples';

const pairs: Sample[] = [of([3, 4], [3, 4]), of([3, 4], [4]), of([2, 1, 3], [5, 1]), of([], [2, 3]), of([1], [1])];
const errors: Row['errors'] = [
  [() => ng.atan2(ng.ones([2, 3]), ng.ones([4])), 'ERR_SHAPE'],
  [() => ng.fmod(ng.ones([2]), 'x' as never), 'ERR_INVALID_ARG'],
  [() => ng.hypot(1, 2), 'ERR_INVALID_ARG'],
];
const binary = (f: (x: number, y: number) => number, more: Partial<Row> = {}): Row => ({
  reference: ([a, b]) => zip(a!, b!, f),
  samples: pairs,
  grad: true,
  extremes: true,
  errors,
  ...more,
});
const threefold = (a: Nd, b: Nd, c: Nd, f: (x: number, y: number, z: number) => number): Nd =>
  build(broadcast(a.shape, b.shape, c.shape), (i) => f(at(a, i), at(b, i), at(c, i)));
const negative = (x: number): boolean => x < 0 || Object.is(x, -0);

const logical = (f: (x: boolean, y: boolean) => boolean): Row =>
  binary((x, y) => Number(f(x !== 0, y !== 0)), { grad: false, dtypes: ['int32', 'uint8', 'bool'] });
const bits = (f: (x: number, y: number) => number, low: number, high: number): Row => ({
  reference: ([a, b]) => zip(a!, b!, f),
  samples: (['int32', 'int64'] as const).flatMap((d) => [
    of(whole(-99, 99, [3, 4], d), whole(low, high, [4], d)),
    of(whole(-9, 9, [1], d), whole(low, high, [], d)),
  ]),
  grad: false,
  errors: [[() => ng.bitwiseAnd(ng.ones([2]), 1), 'ERR_DTYPE']],
});
const apart = from(0.5, 2, 4);

export const binaryRows = {
  rsub: {
    reference: ([a, b], [o]) => zip(a!, b!, (x, y) => y - ((o as { alpha?: number } | undefined)?.alpha ?? 1) * x),
    samples: [...pairs, { inputs: [[3], [3]], args: [{ alpha: 0.5 }] }],
    grad: true,
    errors,
  },
  fmod: binary((x, y) => x % y, {
    samples: [of(from(-9, 9, 3, 4), apart), of(from(-9, 9, 2, 1, 4), from(0.5, 2, 3, 1))],
  }),
  atan2: binary(Math.atan2),
  hypot: binary(Math.hypot),
  copysign: binary((x, y) => (negative(y) ? -Math.abs(x) : Math.abs(x))),
  xlogy: binary((x, y) => (Number.isNaN(y) ? NaN : x === 0 ? 0 : x * Math.log(y)), {
    samples: [of([3, 4], apart), of([2, 1, 4], from(0.2, 2, 3, 1)), of([], apart)],
  }),
  fmax: binary((x, y) => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.max(x, y))),
  fmin: binary((x, y) => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.min(x, y))),
  logicalAnd: logical((x, y) => x && y),
  logicalOr: logical((x, y) => x || y),
  logicalXor: logical((x, y) => x !== y),
  bitwiseAnd: bits((x, y) => x & y, -99, 99),
  bitwiseOr: bits((x, y) => x | y, -99, 99),
  bitwiseXor: bits((x, y) => x ^ y, -99, 99),
  bitwiseLeftShift: bits((x, y) => x << y, 0, 9),
  bitwiseRightShift: bits((x, y) => x >> y, 0, 9),
  lerp: {
    reference: ([a, b, w], [n]) =>
      w ? threefold(a!, b!, w, (x, y, z) => x + z * (y - x)) : zip(a!, b!, (x, y) => x + (n as number) * (y - x)),
    samples: [of([3, 4], [4], [3, 1]), { inputs: [[3, 4], [4]], args: [0.3] }, { inputs: [[2], [2]], args: [0.9] }],
    grad: true,
    errors: [[() => ng.lerp(ng.ones([2]), ng.ones([3]), 0.5), 'ERR_SHAPE']],
  },
  addcmul: {
    reference: ([a, b, c], [o]) =>
      threefold(a!, b!, c!, (x, y, z) => x + ((o as { value?: number } | undefined)?.value ?? 1) * y * z),
    samples: [of([3, 4], [4], [3, 1]), { inputs: [[2], [1], [2]], args: [{ value: -0.5 }] }],
    grad: true,
    errors: [[() => ng.addcmul(ng.ones([2]), ng.ones([3]), ng.ones([2])), 'ERR_SHAPE']],
  },
  addcdiv: {
    reference: ([a, b, c], [o]) =>
      threefold(a!, b!, c!, (x, y, z) => x + (((o as { value?: number } | undefined)?.value ?? 1) * y) / z),
    samples: [of([3, 4], [4], from(0.5, 2, 3, 1)), { inputs: [[2], [1], from(0.5, 2, 2)], args: [{ value: 3 }] }],
    grad: true,
    errors: [[() => ng.addcdiv(ng.ones([2]), ng.ones([3]), ng.ones([2])), 'ERR_SHAPE']],
  },
  isclose: {
    reference: ([a, b], [o]) => {
      const {
        rtol = 1e-5,
        atol = 1e-8,
        equalNan = false,
      } = (o ?? {}) as { rtol?: number; atol?: number; equalNan?: boolean };
      return zip(a!, b!, (x, y) =>
        Number(
          x === y ||
            (equalNan && Number.isNaN(x) && Number.isNaN(y)) ||
            (Number.isFinite(x) && Number.isFinite(y) && Math.abs(x - y) <= atol + rtol * Math.abs(y)),
        ),
      );
    },
    samples: [
      of([3, 4], [4]),
      of(these([1, NaN, Infinity, 5, 0]), these([1.000001, NaN, Infinity, 4.9, 1e-9])),
      { inputs: [these([1, NaN, -Infinity]), these([1.05, NaN, Infinity])], args: [{ rtol: 0.1, equalNan: true }] },
    ],
    grad: false,
    extremes: true,
    errors: [[() => ng.isclose(ng.ones([2]), ng.ones([2]), { rtol: -1 }), 'ERR_INVALID_ARG']],
  },
  where: {
    reference: ([c, a, b]) => threefold(c!, a!, b!, (x, y, z) => (x !== 0 ? y : z)),
    samples: [
      of(these([1, 0, 0, 1, 1, 0], [2, 3], 'bool'), [2, 3], [3]),
      of(these([1, 0], [2, 1], 'bool'), [], [2, 3]),
      of(these([0], [1], 'bool'), [1], [1]),
    ],
    grad: true,
    dtypes: ['int32', 'int64', 'uint8', 'bool'],
    errors: [
      [() => ng.where(ng.ones([2]), 1, 2), 'ERR_DTYPE'],
      [() => ng.where(ng.ones([2], { dtype: 'bool' }), ng.ones([3]), 2), 'ERR_SHAPE'],
      [() => ng.where(ng.ones([2], { dtype: 'bool' }), 'x' as never, 2), 'ERR_INVALID_ARG'],
    ],
  },
} satisfies Record<string, Row>;
