/** @file Rows of lib/ops/elementwise/arithmetic.ts. */
import * as ng from '../../../lib';
import { map, zip } from '../nd';
import type { Input, Row, Sample } from '../row';

const pairs: Sample[] = [
  {
    inputs: [
      [3, 4],
      [3, 4],
    ],
  },
  { inputs: [[3, 4], [4]] },
  {
    inputs: [
      [2, 1, 3],
      [5, 1],
    ],
  },
  { inputs: [[], [2, 3]] },
  { inputs: [[1], [1]] },
];

const badPair: Row['errors'] = [
  [() => ng.add(ng.ones([2, 3]), ng.ones([4])), 'ERR_SHAPE'],
  [() => ng.add(ng.ones([2]), 'x' as never), 'ERR_INVALID_ARG'],
  [() => ng.add(1, 2), 'ERR_INVALID_ARG'],
];

const binary = (f: (x: number, y: number) => number, more: Partial<Row> = {}): Row => ({
  reference: ([a, b]) => zip(a!, b!, f),
  samples: pairs,
  grad: true,
  errors: badPair,
  ...more,
});

const positive = (shape: readonly number[]): Input => ({ shape, low: 0.3, high: 2 });
// Whole numbers of both signs, so that quotients are exact, and no zero divisors.
const wholes: Sample[] = [
  {
    inputs: [
      { shape: [4, 3], low: -9, high: 9, ints: true },
      { shape: [3], values: [2, -3, 4] },
    ],
  },
  {
    inputs: [
      { shape: [5], low: -9, high: 9, ints: true },
      { shape: [1], values: [-4] },
    ],
  },
];
const compare = (f: (x: number, y: number) => boolean): Row =>
  binary((x, y) => Number(f(x, y)), {
    grad: false,
    dtypes: ['int32', 'int64', 'uint8', 'bool'],
    samples: [
      ...pairs,
      {
        inputs: [
          { shape: [20], low: 0, high: 3, ints: true },
          { shape: [20], low: 0, high: 3, ints: true },
        ],
      },
    ],
    extremes: true,
  });
const nanMax = (x: number, y: number): number => (Number.isNaN(x) || Number.isNaN(y) ? NaN : Math.max(x, y));
const nanMin = (x: number, y: number): number => (Number.isNaN(x) || Number.isNaN(y) ? NaN : Math.min(x, y));
const ints = ['int32', 'int64'] as const;

export const arithmeticRows = {
  add: binary((x, y) => x + y, { extremes: true, dtypes: ints }),
  sub: binary((x, y) => x - y, { extremes: true, dtypes: ints }),
  mul: binary((x, y) => x * y, { extremes: true, dtypes: ints }),
  div: binary((x, y) => x / y, {
    extremes: true,
    samples: [{ inputs: [[3, 4], positive([4])] }, { inputs: [[2, 3], positive([2, 1])] }],
  }),
  pow: binary((x, y) => x ** y, {
    samples: [{ inputs: [positive([3, 4]), [4]] }, { inputs: [positive([2, 3]), [2, 1]] }],
  }),
  maximum: binary(nanMax, { extremes: true, dtypes: ints }),
  minimum: binary(nanMin, { extremes: true, dtypes: ints }),
  remainder: binary((x, y) => x - y * Math.floor(x / y), { samples: wholes, grad: false, dtypes: ints }),
  floorDivide: binary((x, y) => Math.floor(x / y), { samples: wholes, grad: false, dtypes: ints }),
  eq: compare((x, y) => x === y),
  ne: compare((x, y) => x !== y),
  lt: compare((x, y) => x < y),
  le: compare((x, y) => x <= y),
  gt: compare((x, y) => x > y),
  ge: compare((x, y) => x >= y),
  neg: {
    reference: ([a]) => map(a!, (x) => -x),
    samples: [{ inputs: [[3, 4]] }, { inputs: [[]] }],
    grad: true,
    extremes: true,
    dtypes: ints,
    errors: [[() => ng.neg('x' as never), 'ERR_INVALID_ARG']],
  },
} satisfies Record<string, Row>;
