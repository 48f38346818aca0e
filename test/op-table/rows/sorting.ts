/** @file Rows of lib/ops/sort/sorting.ts, distinct.ts and search.ts. */
import * as ng from '../../../lib';
import type { Tensor } from '../../../lib';
import { build, exact, lines, map, type Nd, nd } from '../nd';
import type { Input, Row, Sample } from '../row';

const x = (): Tensor => ng.ones([2, 3]);
const few = (...shape: number[]): Input => ({ shape, low: -2, high: 3, ints: true });

// The positions of a line's elements in sorted order; equal ones keep theirs.
const orderOf = (line: readonly number[], descending: boolean): number[] =>
  line.map((_, i) => i).sort((i, j) => (descending ? line[j]! - line[i]! : line[i]! - line[j]!));

// Values and indices of the first `count` along an axis.
function firstOf(a: Nd, axis: number, count: number | undefined, descending: boolean): [Nd, Nd] {
  const order = (line: number[]): number[] => orderOf(line, descending).slice(0, count);
  return [lines(a, axis, (line) => order(line).map((i) => line[i]!)), lines(a, axis, order)];
}

// Random numbers lie apart, so their gradients can be checked; small integers test that sorting is stable.
const shapes: Sample[] = [
  { inputs: [[3, 5]], args: [1, false] },
  { inputs: [[4, 3]], args: [0, true] },
  { inputs: [[2, 3, 2]], args: [1, true] },
  { inputs: [[40]], args: [-1, false] },
];
const dtypes = ['int32', 'int64', 'uint8'] as const;

// --- distinct values ------------------------------------------------------------------------------------------------

const runs = (list: readonly number[]): number[] => list.filter((v, i) => i === 0 || v !== list[i - 1]);
function distinct(a: Nd, values: number[], inverse: (i: number) => number): Nd[] {
  const at = a.data.map((_, i) => inverse(i));
  const counts = values.map((_, k) => at.filter((v) => v === k).length);
  return [nd([values.length], values), nd(a.shape, at), nd([values.length], counts)];
}
const everything = { returnInverse: true, returnCounts: true };
const uniqueRow = (
  f: (t: ng.Tensor, options: ng.ConsecutiveOptions) => ng.Tensor[],
  reference: Row['reference'],
): Row => ({
  fn: ([a]) => f(a!, everything),
  reference,
  samples: [
    { inputs: [few(4, 5)] },
    { inputs: [few(9)] },
    { inputs: [[6]] },
    { inputs: [few()] },
    { inputs: [few(0)] },
  ],
  grad: false,
  dtypes: ['int32', 'int64', 'bool'],
  errors: [[() => f(x(), { dim: 2 }), 'ERR_INDEX']],
});

// --- search ---------------------------------------------------------------------------------------------------------

const ascending: Input = { shape: [5], values: [-1.5, -1, 0, 0, 1.25] };
const place = (line: readonly number[], v: number, right: boolean): number =>
  line.filter((e) => (right ? e <= v : e < v)).length;

export const sortingRows = {
  sort: {
    perf: [{ inputs: [[1024, 256]], args: [1] }],
    fn: ([a], [axis, descending]) => ng.sort(a!, axis as number, { descending: descending as boolean }),
    reference: ([a], [axis, descending]) => firstOf(a!, axis as number, undefined, descending as boolean),
    samples: shapes,
    grad: true,
    dtypes,
    errors: [[() => ng.sort(x(), 2), 'ERR_INDEX']],
  },
  argsort: {
    fn: ([a], [axis, descending]) => ng.argsort(a!, axis as number, { descending: descending as boolean }),
    reference: ([a], [axis, descending]) => firstOf(a!, axis as number, undefined, descending as boolean)[1],
    samples: [...shapes, { inputs: [few(3, 30)], args: [1, true] }],
    grad: false,
    dtypes,
    errors: [[() => ng.argsort(x(), -3), 'ERR_INDEX']],
  },
  msort: {
    reference: ([a]) => firstOf(a!, 0, undefined, false)[0],
    samples: [{ inputs: [[4, 3]] }, { inputs: [[5]] }],
    grad: true,
  },
  topk: {
    fn: ([a], [axis, largest, k]) => ng.topk(a!, k as number, axis as number, { largest: largest as boolean }),
    reference: ([a], [axis, largest, k]) => firstOf(a!, axis as number, k as number, largest as boolean),
    samples: [
      { inputs: [[3, 6]], args: [1, true, 2] },
      { inputs: [[5, 3]], args: [0, false, 5] },
      { inputs: [[60, 2]], args: [0, true, 3] },
    ],
    grad: true,
    dtypes,
    errors: [
      [() => ng.topk(x(), 4), 'ERR_INDEX'],
      [() => ng.topk(x(), -1), 'ERR_INDEX'],
      [() => ng.topk(x(), 0.5), 'ERR_INVALID_ARG'],
      [() => ng.topk(x(), 1, 2), 'ERR_INDEX'],
    ],
  },
  kthvalue: {
    fn: ([a], [axis, k]) => ng.kthvalue(a!, k as number, axis as number),
    reference: ([a], [axis, k]) =>
      firstOf(a!, axis as number, k as number, false).map((r) => {
        const last = lines(r, axis as number, (line) => [line[(k as number) - 1]!]);
        return nd(
          last.shape.filter((_, i) => i !== axis),
          last.data,
        );
      }),
    samples: [
      { inputs: [[3, 5]], args: [1, 2] },
      { inputs: [[5, 2]], args: [0, 5] },
    ],
    grad: true,
    dtypes,
    errors: [
      [() => ng.kthvalue(x(), 0), 'ERR_INDEX'],
      [() => ng.kthvalue(x(), 4), 'ERR_INDEX'],
    ],
  },
  unique: uniqueRow(ng.unique, ([a]) => {
    const values = runs(a!.data.slice().sort((p, q) => p - q));
    return distinct(a!, values, (i) => values.indexOf(a!.data[i]!));
  }),
  uniqueConsecutive: uniqueRow(ng.uniqueConsecutive, ([a]) =>
    distinct(a!, runs(a!.data), (i) => runs(a!.data.slice(0, i + 1)).length - 1),
  ),
  searchsorted: {
    fn: ([e, v], [right]) => ng.searchsorted(e!, v!, { right: right as boolean }),
    reference: ([e, v], [right]) =>
      build(v!.shape, (i) => {
        const n = e!.shape[e!.shape.length - 1]!;
        const row = e!.shape.length === 1 ? 0 : i[0]!;
        return place(e!.data.slice(row * n, (row + 1) * n), exact(v!, i), right as boolean);
      }),
    samples: [
      { inputs: [ascending, [2, 7]], args: [false] },
      { inputs: [ascending, { shape: [3], values: [0, -1, 2] }], args: [true] },
      { inputs: [{ shape: [2, 3], values: [-1, 0, 1, -2, -2, 0.5] }, few(2, 6)], args: [true] },
    ],
    grad: false,
    errors: [
      [() => ng.searchsorted(x(), ng.ones([3, 1])), 'ERR_SHAPE'],
      [() => ng.searchsorted(ng.ones([]), x()), 'ERR_SHAPE'],
      [() => ng.searchsorted(ng.ones([2]), x(), { side: 'x' as never }), 'ERR_INVALID_ARG'],
    ],
  },
  bucketize: {
    fn: ([v, e], [right]) => ng.bucketize(v!, e!, { right: right as boolean }),
    reference: ([v, e], [right]) => map(v!, (k) => place(e!.data, k, right as boolean)),
    samples: [
      { inputs: [[2, 7], ascending], args: [false] },
      { inputs: [few(9), ascending], args: [true] },
    ],
    grad: false,
    errors: [[() => ng.bucketize(x(), x()), 'ERR_SHAPE']],
  },
  isin: {
    fn: ([a, b], [invert]) => ng.isin(a!, b!, { invert: invert as boolean }),
    reference: ([a, b], [invert]) => map(a!, (v) => Number(b!.data.includes(v) !== invert)),
    samples: [
      { inputs: [few(4, 5), few(3)], args: [false] },
      { inputs: [few(6), few(2, 2)], args: [true] },
    ],
    grad: false,
    dtypes: ['int32', 'int64'],
  },
} satisfies Record<string, Row>;
