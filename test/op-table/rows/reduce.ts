/** @file Rows of lib/ops/reduce/reduce.ts, extremes.ts and statistics.ts. */
import * as ng from '../../../lib';
import { type Nd, nd, reduce, sum, zip } from '../nd';
import type { Row, Sample } from '../row';
import { call, from, of, these, whole } from '../samples';

type Axes = number | readonly number[] | null | undefined;
interface Keep {
  keepdim?: boolean;
}
const keep = { keepdim: true };
const over: Sample[] = [
  of([3, 4]),
  call([3, 4], 1),
  call([2, 3, 4], [0, -1]),
  call([2, 3, 4], [1], keep),
  call([3, 1], 0, keep),
  of([]),
  call([70, 3], 0),
  call([3, 130], 1),
];
type Loose = (t: ng.Tensor, ...args: unknown[]) => unknown;
const errors = (op: (t: ng.Tensor, ...args: never) => unknown, f = op as Loose): Row['errors'] => [
  [() => f(ng.ones([2, 3]), 2), 'ERR_INDEX'],
  [() => f(ng.ones([2, 3]), [0, 0]), 'ERR_INVALID_ARG'],
  [() => f('x' as never), 'ERR_INVALID_ARG'],
];
const reduction = (f: (list: number[]) => number, more: Partial<Row> = {}): Row => ({
  reference: ([a], [axes, o]) => reduce(a!, axes as Axes, (o as Keep | undefined)?.keepdim ?? false, f),
  samples: over,
  perf: [{ inputs: [[64, 128]], args: [0] }, { inputs: [[1 << 20]] }],
  grad: true,
  ...more,
});

const product = (list: number[]): number => list.reduce((x, y) => x * y, 1);
const average = (list: number[]): number => sum(list) / list.length;
const variance = (list: number[], correction = 1): number =>
  sum(list.map((x) => (x - average(list)) ** 2)) / (list.length - correction);
const largest = (list: number[]): number => (list.some(Number.isNaN) ? NaN : Math.max(...list));
const smallest = (list: number[]): number => (list.some(Number.isNaN) ? NaN : Math.min(...list));
const firstOf =
  (f: (list: number[]) => number) =>
  (list: number[]): number => {
    const v = f(list);
    return Number.isNaN(v) ? list.findIndex(Number.isNaN) : list.indexOf(v);
  };
const ints = ['int32', 'int64', 'uint8'] as const;
const allTypes = [...ints, 'bool'] as const;
const holes: Sample[] = [of(these([0, 1, 0, 0, 0, 2], [2, 3])), call(these([0, 0, 1, 5], [2, 2]), 1)];
const withNan: Sample[] = [...over, call(these([1, NaN, 3, 4, 5, NaN], [2, 3]), 1)];
const numbers = (list: number[]): number[] => list.filter((x) => !Number.isNaN(x));

// `variance` and its kind: (axes, { correction, unbiased, keepdim }).
interface Spread extends Keep {
  correction?: number;
  unbiased?: boolean;
}
const spreadSamples: Sample[] = [
  of([3, 4]),
  call([3, 4], 1),
  call([2, 3, 4], [0, 2], { correction: 0, keepdim: true }),
  call([5], null, { unbiased: false }),
  call([70, 2], 0),
];
const spread =
  (f: (list: number[], correction: number) => number): Row['reference'] =>
  ([a], [axes, o]) => {
    const { correction, unbiased, keepdim = false } = (o ?? {}) as Spread;
    return reduce(a!, axes as Axes, keepdim, (list) => f(list, correction ?? (unbiased === false ? 0 : 1)));
  };
const deviation = (list: number[], correction: number): number => Math.sqrt(variance(list, correction));
const notFloat = (f: (t: ng.Tensor) => unknown): Row['errors'] => [
  [() => f(ng.ones([2], { dtype: 'int32' })), 'ERR_DTYPE'],
  [() => f('x' as never), 'ERR_INVALID_ARG'],
];
const spreading = (f: (list: number[], correction: number) => number, op: (t: ng.Tensor) => unknown): Row => ({
  reference: spread(f),
  samples: spreadSamples,
  grad: true,
  errors: notFloat(op),
});
const withMean = (f: (list: number[], correction: number) => number, op: (t: ng.Tensor) => unknown): Row => ({
  ...spreading(f, op),
  reference: (inputs, args) => [
    spread(f)(inputs, args) as Nd,
    reduce(inputs[0]!, args[0] as Axes, (args[1] as Keep | undefined)?.keepdim ?? false, average),
  ],
});

// `max(t, axis)`: values and positions.
const along =
  (f: (list: number[]) => number): Row['reference'] =>
  ([a, b], [axis, o]) => {
    if (b) return zip(a!, b, (x, y) => f([x, y]));
    if (axis === undefined) return reduce(a!, null, false, f);
    const keepdim = (o as Keep | undefined)?.keepdim ?? false;
    return [reduce(a!, axis as number, keepdim, f), reduce(a!, axis as number, keepdim, firstOf(f))];
  };
const choosing: Sample[] = [
  of([3, 4]),
  call([3, 4], 1),
  call([2, 3, 4], -2, keep),
  call([3, 1], 1),
  of([3, 4], [4]),
  call([], 0),
];
const empty = (f: (t: ng.Tensor) => unknown): Row['errors'] => [
  [() => f(ng.zeros([0, 3])), 'ERR_SHAPE'],
  [() => f('x' as never), 'ERR_INVALID_ARG'],
];
const position = (f: (list: number[]) => number, op: (t: ng.Tensor) => unknown): Row => ({
  ...reduction(firstOf(f)),
  samples: [of([3, 4]), call([3, 4], 1), call([2, 3, 4], -2, keep), call([3, 130], 1), of(these([1, 3, 3, 0])), of([])],
  grad: false,
  dtypes: allTypes,
  errors: empty(op),
});

// Norms: (p, axes, { keepdim }).
function refNorm(list: number[], p: number): number {
  const sizes = list.map(Math.abs);
  if (p === Infinity) return Math.max(...sizes);
  if (p === -Infinity) return Math.min(...sizes);
  if (p === 0) return sizes.filter((x) => x !== 0).length;
  return sum(sizes.map((x) => x ** p)) ** (1 / p);
}
const logSum = (list: number[]): number => {
  const top = Math.max(...list);
  return Math.log(sum(list.map((x) => Math.exp(x - top)))) + top;
};

export const reduceRows = {
  sum: reduction(sum, { dtypes: allTypes, errors: errors(ng.sum) }),
  mean: reduction(average, {
    errors: [...errors(ng.mean)!, [() => ng.mean(ng.ones([2], { dtype: 'int32' })), 'ERR_DTYPE']],
  }),
  prod: reduction(product, {
    samples: [of([3, 4]), call([3, 4], 1), call([2, 3, 2], [0, -1]), call([2, 3], 1, keep), of([]), ...holes],
    dtypes: allTypes,
    errors: errors(ng.prod),
  }),
  any: reduction((list) => Number(list.some((x) => x !== 0)), {
    samples: [...over, ...holes],
    grad: false,
    dtypes: allTypes,
    errors: errors(ng.any),
  }),
  all: reduction((list) => Number(list.every((x) => x !== 0)), {
    samples: [...over, ...holes],
    grad: false,
    dtypes: allTypes,
    errors: errors(ng.all),
  }),
  amax: reduction(largest, { dtypes: allTypes, errors: [...errors(ng.amax)!, ...empty(ng.amax)!] }),
  amin: reduction(smallest, { dtypes: allTypes, errors: [...errors(ng.amin)!, ...empty(ng.amin)!] }),
  argmax: position(largest, ng.argmax),
  argmin: position(smallest, ng.argmin),
  max: {
    reference: along(largest),
    samples: choosing,
    grad: true,
    dtypes: ints,
    errors: [...empty(ng.max)!, [() => ng.max(ng.ones([2]), 1), 'ERR_INDEX']],
  },
  min: {
    reference: along(smallest),
    samples: choosing,
    grad: true,
    dtypes: ints,
    errors: [...empty(ng.min)!, [() => ng.min(ng.ones([2]), 1), 'ERR_INDEX']],
  },
  aminmax: {
    reference: ([a], [o]) => {
      const { dim, keepdim = false } = (o ?? {}) as { dim?: number; keepdim?: boolean };
      return [reduce(a!, dim, keepdim, smallest), reduce(a!, dim, keepdim, largest)];
    },
    samples: [of([3, 4]), call([3, 4], { dim: 1 }), call([2, 3], { dim: 0, keepdim: true })],
    grad: true,
    dtypes: ints,
    errors: empty(ng.aminmax),
  },
  variance: spreading(variance, ng.variance),
  var: spreading(variance, ng.var),
  std: spreading(deviation, ng.std),
  varMean: withMean(variance, ng.varMean),
  stdMean: withMean(deviation, ng.stdMean),
  norm: {
    reference: ([a], [p = 2, axes, o]) =>
      reduce(a!, axes as Axes, (o as Keep | undefined)?.keepdim ?? false, (list) =>
        refNorm(list, p === 'fro' ? 2 : (p as number)),
      ),
    samples: [
      of([3, 4]),
      call([3, 4], 'fro', 1),
      ...[1, 2, 3, 1.5, Infinity, -Infinity].map((p) => call([2, 3, 4], p, [0, 2], keep)),
      call([130], 2),
    ],
    grad: true,
    errors: [...notFloat(ng.norm)!, [() => ng.norm(ng.ones([2]), 'nuc' as never), 'ERR_INVALID_ARG']],
  },
  dist: {
    reference: ([a, b], [p = 2]) => nd([], [refNorm(zip(a!, b!, (x, y) => x - y).data, p as number)]),
    samples: [of([3, 4], [3, 4]), { inputs: [[3, 4], [4]], args: [1] }, { inputs: [[5], [1]], args: [3] }],
    grad: true,
    errors: [[() => ng.dist(ng.ones([2]), ng.ones([3])), 'ERR_SHAPE']],
  },
  logsumexp: reduction(logSum, { samples: [...over, call(from(-300, 300, 3, 4), 1)], errors: errors(ng.logsumexp) }),
  nansum: reduction((list) => sum(numbers(list)), { samples: withNan, grad: 'first', errors: errors(ng.nansum) }),
  nanmean: reduction((list) => average(numbers(list)), {
    samples: withNan,
    grad: 'first',
    errors: [[() => ng.nanmean(ng.ones([2], { dtype: 'int32' })), 'ERR_DTYPE']],
  }),
  countNonzero: {
    ...reduction((list) => list.filter((x) => x !== 0).length),
    samples: [...holes, call(whole(-1, 2, [3, 4]), 0), call(whole(-1, 2, [2, 3, 4]), [0, 1])],
    grad: false,
    dtypes: allTypes,
    errors: errors(ng.countNonzero),
  },
} satisfies Record<string, Row>;
