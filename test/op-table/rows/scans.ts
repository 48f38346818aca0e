/** @file Rows of lib/ops/reduce/scans.ts and order.ts. */
import * as ng from '../../../lib';
import { axesOf, build, exact, lines, type Nd, nd, reduce, sum } from '../nd';
import type { Row, Sample } from '../row';
import { call, from, of, these } from '../samples';

const running =
  (f: (prefix: number[]) => number) =>
  (list: number[]): number[] =>
    list.map((_, k) => f(list.slice(0, k + 1)));
const scanned = (a: Nd, axis: number, f: (prefix: number[]) => number): Nd =>
  a.shape.length === 0 ? nd([], running(f)(a.data)) : lines(a, axis, running(f));
const product = (list: number[]): number => list.reduce((x, y) => x * y, 1);
const logSum = (list: number[]): number => {
  const top = Math.max(...list);
  return Math.log(sum(list.map((x) => Math.exp(x - top)))) + top;
};

const axes: Sample[] = [call([3, 4], 1), call([2, 3, 4], -2), call([4, 2], 0), call([3, 1], -1), call([], 0)];
const errors = (f: (t: ng.Tensor, axis: number) => unknown): Row['errors'] => [
  [() => f(ng.ones([2, 3]), 2), 'ERR_INDEX'],
  [() => f(ng.ones([2, 3]), 0.5), 'ERR_INVALID_ARG'],
  [() => f('x' as never, 0), 'ERR_INVALID_ARG'],
];
const ints = ['int32', 'int64', 'uint8'] as const;
const scan = (
  op: (t: ng.Tensor, axis: number) => unknown,
  f: (prefix: number[]) => number,
  more: Partial<Row> = {},
): Row => ({
  reference: ([a], [axis]) => scanned(a!, axis as number, f),
  samples: axes,
  perf: [{ inputs: [[1024, 1024]], args: [1] }],
  grad: true,
  errors: errors(op),
  ...more,
});
const cumulative = (op: (t: ng.Tensor, axis: number) => unknown, best: (list: number[]) => number): Row => ({
  reference: ([a], [axis]) => [
    scanned(a!, axis as number, best),
    scanned(a!, axis as number, (p) => p.lastIndexOf(best(p))),
  ],
  samples: axes,
  grad: true,
  dtypes: ints,
  errors: errors(op),
});

// --- order statistics -----------------------------------------------------------------------------------------------

const sorted = (list: number[]): number[] => list.slice().sort((x, y) => x - y);
const middle = (list: number[]): number => sorted(list)[(list.length - 1) >> 1]!;
const numbers = (list: number[]): number[] => list.filter((x) => !Number.isNaN(x));
const median = (list: number[]): number => (list.some(Number.isNaN) ? NaN : middle(list));
const keep = { keepdim: true };

// Values, and positions that lead to them.
const chosen =
  (f: (list: number[]) => number): Row['reference'] =>
  ([a], [axis, o]) => {
    if (axis === undefined) return reduce(a!, null, false, f);
    const keepdim = (o as { keepdim?: boolean } | undefined)?.keepdim ?? false;
    const at = (list: number[]): number =>
      Number.isNaN(f(list)) ? list.findIndex(Number.isNaN) : list.indexOf(f(list));
    return [reduce(a!, axis as number, keepdim, f), reduce(a!, axis as number, keepdim, at)];
  };
const choosing: Sample[] = [
  of([3, 4]),
  of([3, 5]),
  call([3, 4], 1),
  call([2, 5, 3], -2, keep),
  call([3, 1], 1),
  call([], 0),
];
const ordering = (op: (t: ng.Tensor) => unknown): Row['errors'] => [
  [() => op(ng.zeros([3, 0])), 'ERR_SHAPE'],
  [() => op(ng.ones([2], { dtype: 'bool' })), 'ERR_DTYPE'],
  [() => op('x' as never), 'ERR_INVALID_ARG'],
];

function mode(list: number[]): number {
  const counts = list.map((x) => list.filter((y) => y === x).length);
  return Math.min(...list.filter((_, i) => counts[i] === Math.max(...counts)));
}

type How = 'linear' | 'lower' | 'higher' | 'midpoint' | 'nearest';
function level(list: number[], q: number, how: How): number {
  const rank = q * (list.length - 1);
  const [low, high] = [list[Math.floor(rank)]!, list[Math.ceil(rank)]!];
  const nearest = rank % 1 === 0.5 ? 2 * Math.round(rank / 2) : Math.round(rank);
  return {
    linear: low + (rank % 1) * (high - low),
    lower: low,
    higher: high,
    midpoint: (low + high) / 2,
    nearest: list[nearest]!,
  }[how];
}
const quantiles =
  (skipNan: boolean): Row['reference'] =>
  ([a], [q, axis, o]) => {
    const { keepdim = false, interpolation = 'linear' } = (o ?? {}) as { keepdim?: boolean; interpolation?: How };
    const one = (p: number): Nd =>
      reduce(a!, axis as number | null, keepdim, (list) => {
        const usable = skipNan ? numbers(list) : list;
        return usable.some(Number.isNaN) || usable.length === 0 ? NaN : level(sorted(usable), p, interpolation);
      });
    if (typeof q === 'number') return one(q);
    const all = (q as number[]).map(one);
    return nd(
      [all.length, ...all[0]!.shape],
      all.flatMap((r) => r.data),
    );
  };
const quantileErrors = (op: (t: ng.Tensor, q: number) => unknown): Row['errors'] => [
  [() => op(ng.ones([2]), 1.5), 'ERR_INVALID_ARG'],
  [() => op(ng.ones([2], { dtype: 'int32' }), 0.5), 'ERR_DTYPE'],
  [() => op(ng.zeros([0]), 0.5), 'ERR_SHAPE'],
];
const quantileSamples: Sample[] = [
  call([3, 4], 0.3),
  call([3, 4], 0.3, 1),
  call([2, 5, 3], [0.1, 0.5, 1], -2),
  call([2, 5, 3], [0.25, 0.6], 1, keep),
  call([7], 0.9, null, keep),
  ...(['lower', 'higher', 'midpoint', 'nearest'] as const).map((interpolation) =>
    call([3, 6], 0.37, 1, { interpolation }),
  ),
];

export const scanRows = {
  cumsum: scan(ng.cumsum, sum, { dtypes: [...ints, 'bool'] }),
  cumprod: scan(ng.cumprod, product, {
    dtypes: ints,
    samples: [...axes, call(these([1, 0, 2, 0, 3, 0, 4, 5], [2, 4]), 1)],
  }),
  cummax: cumulative(ng.cummax, (p) => Math.max(...p)),
  cummin: cumulative(ng.cummin, (p) => Math.min(...p)),
  logcumsumexp: scan(ng.logcumsumexp, logSum, { samples: [...axes, call(from(-300, 300, 3, 5), 1)] }),
  diff: {
    reference: ([a, p], [n = 1, axis = -1]) => {
      const ax = axesOf(a!, axis as number)[0]!;
      let y = a!;
      if (p)
        y = build(
          a!.shape.map((d, i) => (i === ax ? d + 1 : d)),
          (i) =>
            i[ax] === 0
              ? exact(p, i)
              : exact(
                  a!,
                  i.map((v, j) => (j === ax ? v - 1 : v)),
                ),
        );
      for (let k = 0; k < (n as number); k++) y = lines(y, ax, (list) => list.slice(1).map((v, i) => v - list[i]!));
      return y;
    },
    fn: ([a, p], args) => (p ? ng.diff(a!, 1, -1, { prepend: p }) : ng.diff(a!, ...(args as [number?, number?]))),
    samples: [of([3, 4]), call([4, 3], 2, 0), call([5], 0), of([3, 4], [3, 1])],
    grad: true,
    dtypes: ['int32', 'int64'],
    errors: [
      [() => ng.diff(ng.ones([2]), -1), 'ERR_INVALID_ARG'],
      [() => ng.diff(ng.ones([])), 'ERR_SHAPE'],
      [() => ng.diff(ng.ones([2]), 1, 1), 'ERR_INDEX'],
    ],
  },
  median: { broadcast: false, reference: chosen(median), samples: choosing, grad: true, errors: ordering(ng.median) },
  nanmedian: {
    broadcast: false,
    reference: chosen((list) => (numbers(list).length === 0 ? NaN : middle(numbers(list)))),
    samples: [...choosing, call(these([3, NaN, 1, NaN, NaN, 2, 5, 4], [2, 4]), 1)],
    grad: 'first',
    errors: ordering(ng.nanmedian),
  },
  mode: {
    reference: ([a], [axis = -1, o]) => {
      const keepdim = (o as { keepdim?: boolean } | undefined)?.keepdim ?? false;
      const last = (list: number[]): number => list.lastIndexOf(mode(list));
      return [reduce(a!, axis as number, keepdim, mode), reduce(a!, axis as number, keepdim, last)];
    },
    samples: [of([3, 4]), call([2, 9, 3], 1, keep), call([7], 0)],
    grad: true,
    // Whole numbers: many are equal.
    dtypes: ints,
    errors: ordering(ng.mode),
  },
  quantile: { reference: quantiles(false), samples: quantileSamples, grad: true, errors: quantileErrors(ng.quantile) },
  nanquantile: {
    reference: quantiles(true),
    samples: [...quantileSamples, call(these([3, NaN, 1, NaN, NaN, 2, 5, 4], [2, 4]), 0.4, 1)],
    grad: 'first',
    errors: quantileErrors(ng.nanquantile),
  },
} satisfies Record<string, Row>;
