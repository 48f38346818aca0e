/** @file Rows of lib/ops/indexing/gather.ts, slices.ts, put.ts and scatter-reduce.ts. */
import * as ng from '../../../lib';
import type { Tensor } from '../../../lib';
import { build, exact, indices, type Nd, nd } from '../nd';
import type { Input, Row, Sample } from '../row';

export const int64 = (shape: readonly number[], values: readonly number[]): Input => ({
  shape,
  values,
  dtype: 'int64',
});
export const position = (shape: readonly number[], index: readonly number[]): number =>
  index.reduce((p, v, i) => p * shape[i]! + v, 0);
const replaced = (index: readonly number[], axis: number, v: number): number[] =>
  index.map((x, i) => (i === axis ? v : x));

/** A copy of `a` with f(old, new) at each place that `to` names for an index of `src`, in order. */
export function put(
  a: Nd,
  src: Nd,
  to: (index: number[]) => number[],
  f: (old: number, value: number) => number = (_, v) => v,
): Nd {
  const out = nd(a.shape, a.data);
  for (const i of indices(src.shape)) {
    const p = position(a.shape, to(i));
    out.data[p] = f(out.data[p]!, exact(src, i));
  }
  return out;
}

// Of [a, index, src]: src goes to where index says along the axis.
const scattered = (a: Nd, index: Nd, src: Nd, axis: number, f?: (old: number, value: number) => number): Nd => {
  const used = build(index.shape, (i) => exact(src, i));
  return put(a, used, (i) => replaced(i, axis, exact(index, i)), f);
};

const x = (): Tensor => ng.ones([3, 4]);
const i64 = (v: ng.NestedArray): Tensor => ng.tensor(v, { dtype: 'int64' });
const wait = (t: Tensor): unknown => t.dataSync();

const distinct: Sample[] = [
  { inputs: [[3, 4], int64([2, 4], [0, 2, 1, 0, 2, 0, 0, 1]), [2, 4]], args: [0] },
  { inputs: [[2, 3, 3], int64([2, 2, 2], [2, 0, 1, 2, 0, 1, 2, 0]), [2, 3, 3]], args: [2] },
];
const repeated: Sample[] = [
  { inputs: [[3, 4], int64([3, 2], [3, 3, 0, 1, 2, 2]), [3, 3]], args: [1] },
  { inputs: [[5], int64([4], [1, 1, 4, 1]), [4]], args: [0] },
];
type Scatter = (a: Tensor, axis: number, index: Tensor, src: Tensor) => Tensor;
const badScatter = (f: Scatter): Row['errors'] => [
  [() => f(x(), 2, i64([[0]]), x()), 'ERR_INDEX'],
  [() => f(x(), 0, i64([0]), x()), 'ERR_SHAPE'],
  [() => f(x(), 0, ng.ones([1, 1]), x()), 'ERR_DTYPE'],
  [() => f(x(), 0, i64([[0]]), x().to('float64')), 'ERR_DTYPE'],
  [() => wait(f(x(), 0, i64([[3]]), x())), 'ERR_INDEX'],
];
const scatterRow = (f: Scatter, samples: Sample[], combine?: (old: number, v: number) => number): Row => ({
  fn: ([a, i, s], [axis]) => f(a!, axis as number, i!, s!),
  reference: ([a, i, s], [axis]) => scattered(a!, i!, s!, axis as number, combine),
  samples,
  grad: true,
  dtypes: ['int32', 'int64'],
  errors: badScatter(f),
});

const slices: Sample[] = [
  { inputs: [[4, 3], int64([2], [3, 1]), [2, 3]], args: [0] },
  { inputs: [[2, 3, 2], int64([2], [2, 0]), [2, 2, 2]], args: [1] },
];
const twice: Sample = { inputs: [[3, 2], int64([4], [2, 0, 2, 2]), [4, 2]], args: [0] };
const sliceRow = (f: Scatter, samples: Sample[], combine?: (old: number, v: number) => number): Row => ({
  fn: ([a, i, s], [axis]) => f(a!, axis as number, i!, s!),
  reference: ([a, index, s], [axis]) =>
    put(a!, s!, (i) => replaced(i, axis as number, index!.data[i[axis as number]!]!), combine),
  samples,
  grad: true,
  errors: [
    [() => f(x(), 0, i64([0]), ng.ones([2, 4])), 'ERR_SHAPE'],
    [() => f(x(), 0, i64([[0]]), ng.ones([1, 4])), 'ERR_SHAPE'],
    [() => f(x(), 0, i64([0]), ng.ones([1, 4], { dtype: 'float64' })), 'ERR_DTYPE'],
    [() => wait(f(x(), 0, i64([3]), ng.ones([1, 4]))), 'ERR_INDEX'],
  ],
});
const fillRow = (f: (a: Tensor, axis: number, index: Tensor, value: number) => Tensor): Row => ({
  fn: ([a, i], [axis]) => f(a!, axis as number, i!, 1.5),
  reference: ([a, i], [axis]) => build(a!.shape, (p) => (i!.data.includes(p[axis as number]!) ? 1.5 : exact(a!, p))),
  samples: [
    { inputs: [[3, 4], int64([2], [2, 0])], args: [1] },
    { inputs: [[3], int64([1], [1])], args: [0] },
  ],
  grad: true,
  errors: [[() => f(x(), 2, i64([0]), 1), 'ERR_INDEX']],
});
const add = (a: number, b: number): number => a + b;

const reductions = { sum: add, prod: (a: number, b: number) => a * b, amax: Math.max, amin: Math.min };
type Reduction = ng.ScatterReduction;

function reduced([a, index, src]: Nd[], [axis, how, includeSelf]: unknown[]): Nd {
  const ax = axis as number;
  const used = build(index!.shape, (i) => exact(src!, i));
  const to = (i: number[]): number[] => replaced(i, ax, exact(index!, i));
  const hits = put(
    nd(
      a!.shape,
      a!.data.map(() => 0),
    ),
    used,
    to,
    (n) => n + 1,
  );
  const neutral = { sum: 0, mean: 0, prod: 1, amax: -Infinity, amin: Infinity }[how as Reduction];
  const start = includeSelf
    ? a!
    : nd(
        a!.shape,
        a!.data.map((v, i) => (hits.data[i] ? neutral : v)),
      );
  const total = put(start, used, to, reductions[how === 'mean' ? 'sum' : (how as 'sum')]);
  const count = (i: number): number => Math.max(1, hits.data[i]! + (includeSelf ? 1 : 0));
  return how === 'mean'
    ? nd(
        total.shape,
        total.data.map((v, i) => v / count(i)),
      )
    : total;
}
type Reduce = (
  t: Tensor,
  axis: number,
  i: Tensor,
  s: Tensor,
  how: Reduction,
  o: Partial<ng.ScatterReduceArguments>,
) => Tensor;
const reduceRow = (f: Reduce): Row => ({
  fn: ([a, i, s], [axis, how, includeSelf]) =>
    f(a!, axis as number, i!, s!, how as Reduction, { includeSelf: includeSelf as boolean }),
  reference: reduced,
  samples: (['sum', 'prod', 'mean', 'amax', 'amin'] as const).flatMap((how) =>
    [true, false].map((includeSelf) => ({ inputs: repeated[0]!.inputs, args: [1, how, includeSelf] })),
  ),
  grad: true,
  errors: [
    ...badScatter((t, axis, i, s) => f(t, axis, i, s, 'sum', {}))!,
    [() => f(x(), 0, i64([[0]]), x(), 'median' as never, {}), 'ERR_INVALID_ARG'],
  ],
});

type SliceReduction = Exclude<Reduction, 'sum'>;
const indexReduceRow = (
  f: (t: Tensor, axis: number, i: Tensor, s: Tensor, how: SliceReduction, includeSelf?: boolean) => Tensor,
): Row => ({
  fn: ([a, i, s], [axis, how, includeSelf]) =>
    f(a!, axis as number, i!, s!, how as SliceReduction, includeSelf as boolean),
  // The index of each slice as one of each element.
  reference: ([a, index, s], [axis, ...how]) =>
    reduced([a!, build(s!.shape, (i) => index!.data[i[axis as number]!]!), s!], [axis, ...how]),
  samples: (['prod', 'mean', 'amax', 'amin'] as const).flatMap((how) =>
    [true, false].map((includeSelf) => ({ inputs: twice.inputs, args: [0, how, includeSelf] })),
  ),
  grad: true,
  errors: [
    [() => f(x(), 0, i64([0]), ng.ones([2, 4]), 'prod'), 'ERR_SHAPE'],
    [() => f(x(), 0, i64([[0]]), ng.ones([1, 4]), 'prod'), 'ERR_SHAPE'],
    [() => f(x(), 2, i64([0]), ng.ones([1, 4]), 'prod'), 'ERR_INDEX'],
    [() => f(x(), 0, i64([0]), ng.ones([1, 4], { dtype: 'float64' }), 'prod'), 'ERR_DTYPE'],
    [() => f(x(), 0, i64([0]), ng.ones([1, 4]), 'sum' as never), 'ERR_INVALID_ARG'],
    [() => wait(f(x(), 0, i64([3]), ng.ones([1, 4]), 'mean')), 'ERR_INDEX'],
  ],
});

const putRow = (f: (t: Tensor, index: Tensor, source: Tensor, accumulate?: boolean) => Tensor): Row => ({
  fn: ([a, i, s], [accumulate]) => f(a!, i!, s!, accumulate as boolean),
  reference: ([a, index, s], [accumulate]) => {
    const out = nd(a!.shape, a!.data);
    index!.data.forEach((p, k) => {
      const to = p < 0 ? p + out.data.length : p;
      out.data[to] = s!.data[k]! + (accumulate ? out.data[to]! : 0);
    });
    return out;
  },
  samples: [
    { inputs: [[3, 4], int64([2, 2], [0, -1, 5, 7]), [4]] },
    { inputs: [[3, 4], int64([2, 2], [0, -12, 5, 5]), [2, 2]], args: [true] },
    { inputs: [[], int64([], [0]), []] },
    { inputs: [[3], int64([0], []), [0]] },
  ],
  grad: true,
  dtypes: ['int32', 'int64'],
  errors: [
    [() => f(x(), i64([0, 1]), ng.ones([1])), 'ERR_SHAPE'],
    [() => f(x(), ng.ones([1]), ng.ones([1])), 'ERR_DTYPE'],
    [() => f(x(), i64([0]), ng.ones([1], { dtype: 'float64' })), 'ERR_DTYPE'],
    [() => f(x(), i64([0]), 1 as never), 'ERR_INVALID_ARG'],
    [() => wait(f(x(), i64([12]), ng.ones([1]))), 'ERR_INDEX'],
  ],
});

export const gatherRows = {
  indexSelect: {
    fn: ([a, i], [axis]) => ng.indexSelect(a!, axis as number, i!),
    reference: ([a, index], [axis]) => {
      const shape = replaced(a!.shape, axis as number, index!.data.length);
      return build(shape, (i) => exact(a!, replaced(i, axis as number, index!.data[i[axis as number]!]!)));
    },
    samples: [
      { inputs: [[4, 3], int64([3], [3, 0, 3])], args: [0] },
      { inputs: [[2, 3, 2], int64([2], [2, 1])], args: [1] },
    ],
    grad: true,
    dtypes: ['int32', 'int64', 'uint8', 'bool'],
    errors: [
      [() => ng.indexSelect(x(), 2, [0]), 'ERR_INDEX'],
      [() => ng.indexSelect(x(), 0, [[0]]), 'ERR_SHAPE'],
      [() => ng.indexSelect(x(), 0, ng.ones([1])), 'ERR_DTYPE'],
      [() => wait(ng.indexSelect(x(), 0, [3])), 'ERR_INDEX'],
    ],
  },
  gather: {
    perf: [{ inputs: [[4096, 256], { shape: [4096, 64], low: 0, high: 256, ints: true, dtype: 'int64' }], args: [1] }],
    fn: ([a, i], [axis]) => ng.gather(a!, axis as number, i!),
    reference: ([a, index], [axis]) =>
      build(index!.shape, (i) => exact(a!, replaced(i, axis as number, exact(index!, i)))),
    samples: [...distinct, ...repeated].map(({ inputs, args }) => ({ inputs: inputs.slice(0, 2), args: args! })),
    grad: true,
    dtypes: ['int32', 'int64', 'uint8', 'bool'],
    errors: [
      [() => ng.gather(x(), 2, [[0]]), 'ERR_INDEX'],
      [() => ng.gather(x(), 0, [0]), 'ERR_SHAPE'],
      [() => ng.gather(x(), 0, ng.ones([1, 1])), 'ERR_DTYPE'],
      [() => wait(ng.gather(x(), 1, [[-1]])), 'ERR_INDEX'],
    ],
  },
  scatter: scatterRow((a, axis, i, s) => ng.scatter(a, axis, i, s), distinct),
  scatter_: scatterRow((a, axis, i, s) => ng.scatter_(a.clone(), axis, i, s), distinct),
  scatterAdd: scatterRow(ng.scatterAdd, [...distinct, ...repeated], add),
  scatterAdd_: scatterRow((a, axis, i, s) => ng.scatterAdd_(a.clone(), axis, i, s), repeated, add),
  scatterReduce: reduceRow(ng.scatterReduce),
  scatterReduce_: reduceRow((t, ...more) => ng.scatterReduce_(t.clone(), ...more)),
  indexReduce: indexReduceRow(ng.indexReduce),
  indexReduce_: indexReduceRow((t, ...more) => ng.indexReduce_(t.clone(), ...more)),
  put: putRow(ng.put),
  put_: putRow((t, ...more) => ng.put_(t.clone(), ...more)),
  indexAdd: sliceRow((a, axis, i, s) => ng.indexAdd(a, axis, i, s), [...slices, twice], add),
  indexAdd_: sliceRow((a, axis, i, s) => ng.indexAdd_(a.clone(), axis, i, s), [...slices, twice], add),
  indexCopy: sliceRow(ng.indexCopy, slices),
  indexCopy_: sliceRow((a, axis, i, s) => ng.indexCopy_(a.clone(), axis, i, s), slices),
  indexFill: fillRow(ng.indexFill),
  indexFill_: fillRow((a, axis, i, v) => ng.indexFill_(a.clone(), axis, i, v)),
  take: {
    reference: ([a, i]) =>
      nd(
        i!.shape,
        i!.data.map((p) => a!.data[p < 0 ? p + a!.data.length : p]!),
      ),
    samples: [{ inputs: [[3, 4], int64([2, 2], [0, -1, 5, 5])] }, { inputs: [[4], int64([], [2])] }],
    grad: true,
    errors: [
      [() => ng.take(x(), ng.ones([1])), 'ERR_DTYPE'],
      [() => wait(ng.take(x(), [12])), 'ERR_INDEX'],
    ],
  },
  takeAlongDim: {
    fn: ([a, i], [axis]) => ng.takeAlongDim(a!, i!, axis as number),
    reference: ([a, index], [axis]) =>
      build([3, 2], (i) => exact(a!, replaced(i, axis as number, index!.data[i[axis as number]!]!))),
    samples: [{ inputs: [[3, 4], int64([1, 2], [3, 1])], args: [1] }],
    grad: true,
    errors: [[() => ng.takeAlongDim(x(), [0], 0), 'ERR_SHAPE']],
  },
} satisfies Record<string, Row>;
