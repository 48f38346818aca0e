/** @file Rows of lib/ops/indexing/indexing.ts, masking.ts, nonzero.ts and where.ts. */
import * as ng from '../../../lib';
import type { Tensor } from '../../../lib';
import { at as broadcastAt, broadcast, build, exact, indices, map, type Nd, nd } from '../nd';
import type { Input, Row, Sample } from '../row';
import { int64, put } from './gather';

const x = (): Tensor => ng.ones([3, 4]);
const bool = (shape: readonly number[], values: readonly number[]): Input => ({ shape, values, dtype: 'bool' });

// An index with the shape of what it names, and where in the tensor each element of that is.
type Place = (index: number[]) => number[];
const named = (index: ng.Index, shape: number[], place: Place): unknown[] => [index, shape, place];
const places: unknown[][] = [
  named(-1, [4], ([i]) => [2, i!]),
  named([ng.s(null, null, 2), null, ng.s(1, 3)], [2, 1, 2], ([i, , j]) => [2 * i!, 1 + j!]),
  named(['...', 1], [3], ([i]) => [i!, 1]),
  named([[2, 0], ng.s(3, 0, -1)], [2, 3], ([i, j]) => [[2, 0][i!]!, 3 - j!]),
  named([ng.s(), [3, 1]], [3, 2], ([i, j]) => [i!, [3, 1][j!]!]),
  named(
    [
      [[0], [2]],
      [1, -1],
    ],
    [2, 2],
    ([i, j]) => [[0, 2][i!]!, [1, 3][j!]!],
  ),
  named([[true, false, true]], [2, 4], ([i, j]) => [[0, 2][i!]!, j!]),
];
const badIndex = (f: (t: Tensor, index: ng.Index) => unknown): Row['errors'] => [
  [() => f(x(), 3), 'ERR_INDEX'],
  [() => f(x(), [0, 0, 0]), 'ERR_INDEX'],
  [() => f(x(), ng.ones([2])), 'ERR_DTYPE'],
  [() => f(x(), 1.5), 'ERR_INVALID_ARG'],
  [() => f(x(), [[true, false]]), 'ERR_SHAPE'],
];
type Assign = (t: Tensor, index: ng.Index, value: Tensor) => Tensor;
const assignRow = (f: Assign, reverse = places): Row => ({
  fn: ([a, v], [index]) => f(a!, index as ng.Index, v!),
  reference: ([a, v], [, , place]) => put(a!, v!, place as Place),
  samples: reverse.map((args): Sample => ({ inputs: [[3, 4], args[1] as number[]], args })),
  grad: true,
  dtypes: ['int64'],
  errors: [
    ...badIndex((t, i) => f(t, i, ng.ones([])))!,
    [() => f(x(), 0, ng.ones([3])), 'ERR_SHAPE'],
    [() => f(x(), 0, ng.ones([2, 4])), 'ERR_SHAPE'],
  ],
});

// --- masks ----------------------------------------------------------------------------------------------------------

const mask = bool([3, 4], [1, 0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0]);
const masked: Sample[] = [{ inputs: [[3, 4], mask] }, { inputs: [[3, 4], bool([4], [0, 1, 1, 0])] }];
const chosen = (a: Nd, m: Nd): number[][] =>
  indices(broadcast(a.shape, m.shape)).filter((i) => broadcastAt(m, i) !== 0);
const badMask = (f: (t: Tensor, m: Tensor) => unknown): Row['errors'] => [
  [() => f(x(), x()), 'ERR_DTYPE'],
  [() => f(x(), ng.ones([3], { dtype: 'bool' })), 'ERR_SHAPE'],
];
const maskedFillRow = (f: (t: Tensor, m: Tensor, v: Tensor | number) => Tensor): Row => ({
  fn: ([a, m, v]) => f(a!, m!, v ?? -7),
  reference: ([a, m, v]) => build(a!.shape, (i) => (broadcastAt(m!, i) !== 0 ? (v ? v.data[0]! : -7) : exact(a!, i))),
  samples: [...masked, { inputs: [[3, 4], mask, []] }],
  grad: true,
  dtypes: ['int32', 'int64'],
  errors: [...badMask((t, m) => f(t, m, 0))!, [() => f(x(), x().gt(0), x()), 'ERR_SHAPE']],
});

const nonzeroRow: Row = {
  reference: ([a]) => {
    const found = indices(a!.shape).filter((i) => exact(a!, i) !== 0);
    return nd([found.length, a!.shape.length], found.flat());
  },
  samples: [
    { inputs: [{ shape: [3, 4], values: [0, 1, 0, 2, 0, 0, -1, 3, 0, 0, 0, 5] }] },
    { inputs: [{ shape: [2, 2, 2], values: [0, 1, 1, 0, 0, 0, 1, 0] }] },
    { inputs: [{ shape: [3], values: [0, 0, 0] }] },
  ],
  grad: false,
  dtypes: ['int32', 'int64', 'uint8', 'bool'],
};

const maskedScatterRow = (f: (t: Tensor, mask: Tensor, source: Tensor) => Tensor): Row => ({
  fn: ([a, m, src]) => f(a!, m!, src!),
  reference: ([a, m, src]) => {
    const list = chosen(a!, m!).map((i) => i.join());
    return build(a!.shape, (i) => (list.includes(i.join()) ? src!.data[list.indexOf(i.join())]! : exact(a!, i)));
  },
  samples: masked.map(({ inputs }) => ({ inputs: [...inputs, [2, 4]] })),
  grad: true,
  errors: [
    ...badMask((t, m) => f(t, m, x()))!,
    [() => f(x(), x().gt(0), ng.ones([2])), 'ERR_SHAPE'],
    [() => f(x(), x().gt(0), x().to('float64')), 'ERR_DTYPE'],
  ],
});

type Strided = (t: Tensor, size: readonly number[], stride: readonly number[], offset?: number) => Tensor;
const stridedRow = (f: Strided): Row => ({
  // Of a copy, so that the memory is the tensor's own whatever the harness made it of.
  fn: ([a], [size, stride, offset]) => f(a!.clone(), size as number[], stride as number[], offset as number),
  reference: ([a], [size, stride, offset]) =>
    build(
      size as number[],
      (i) => a!.data[i.reduce((p, v, k) => p + v * (stride as number[])[k]!, (offset ?? 0) as number)]!,
    ),
  samples: [
    { inputs: [[3, 4]], args: [[2, 3], [5, 1], 1] },
    // Overlapping: gradients add up.
    {
      inputs: [[7]],
      args: [
        [5, 3],
        [1, 1],
      ],
    },
    {
      inputs: [[4]],
      args: [
        [2, 2],
        [0, 3],
      ],
    },
    { inputs: [[4]], args: [[], [], 2] },
    {
      inputs: [[4]],
      args: [
        [0, 5],
        [100, 100],
      ],
    },
  ],
  grad: true,
  dtypes: ['int64', 'bool'],
  errors: [
    [() => f(x(), [3], [1, 1]), 'ERR_INVALID_ARG'],
    [() => f(x(), [3], [-1], 4), 'ERR_INVALID_ARG'],
    [() => f(x(), [2, 2], [6, 6]), 'ERR_SHAPE'],
    [() => f(x(), [1], [1], 12), 'ERR_SHAPE'],
    [() => f(x(), [2], [2 ** 53 - 1]), 'ERR_SHAPE'],
    [() => f(x(), [2], [1], -1), 'ERR_INVALID_ARG'],
  ],
});

export const indexingRows = {
  at: {
    fn: ([a], [index]) => ng.at(a!, index as ng.Index),
    reference: ([a], [, shape, place]) => build(shape as number[], (i) => exact(a!, (place as Place)(i))),
    samples: [
      ...places.map((args): Sample => ({ inputs: [[3, 4]], args })),
      // A place named twice gets both gradients.
      { inputs: [[3, 4]], args: named([[1, 1, 0]], [3, 4], ([i, j]) => [[1, 1, 0][i!]!, j!]) },
    ],
    grad: true,
    dtypes: ['int32', 'int64', 'uint8', 'bool'],
    errors: badIndex(ng.at),
  },
  set: assignRow((t, index, value) => ng.set(t.clone(), index, value)),
  indexPut: assignRow((t, index, value) => ng.indexPut(t, index, value)),
  indexPut_: {
    ...assignRow((t, index, value) => ng.indexPut_(t.clone(), index, value, { accumulate: true })),
    reference: ([a, v], [, , place]) => put(a!, v!, place as Place, (old, more) => old + more),
  },
  select: {
    reference: ([a], [axis, p]) => {
      const i = (p as number) < 0 ? (p as number) + a!.shape[axis as number]! : (p as number);
      return build(
        a!.shape.filter((_, k) => k !== axis),
        (rest) => exact(a!, [...rest.slice(0, axis as number), i, ...rest.slice(axis as number)]),
      );
    },
    samples: [
      { inputs: [[2, 3, 4]], args: [1, -1] },
      { inputs: [[3]], args: [0, 1] },
    ],
    grad: true,
    errors: [
      [() => ng.select(x(), 2, 0), 'ERR_INDEX'],
      [() => ng.select(x(), 0, 3), 'ERR_INDEX'],
    ],
  },
  maskedFill: maskedFillRow(ng.maskedFill),
  maskedFill_: maskedFillRow((t, m, v) => ng.maskedFill_(t.clone(), m, v)),
  maskedSelect: {
    reference: ([a, m]) => {
      const list = chosen(a!, m!).map((i) => broadcastAt(a!, i));
      return nd([list.length], list);
    },
    samples: [...masked, { inputs: [[4], bool([2, 1], [1, 0])] }],
    grad: true,
    dtypes: ['int64', 'bool'],
    errors: badMask(ng.maskedSelect),
  },
  maskedScatter: maskedScatterRow(ng.maskedScatter),
  maskedScatter_: maskedScatterRow((t, m, src) => ng.maskedScatter_(t.clone(), m, src)),
  asStrided: stridedRow(ng.asStrided),
  asStrided_: stridedRow((t, ...how) => ng.asStrided_(t.clone(), ...how)),
  fill_: {
    fn: ([a, v]) => ng.fill_(a!.clone(), v ?? 2.5),
    reference: ([a, v]) => map(a!, () => (v ? v.data[0]! : 2.5)),
    samples: [{ inputs: [[3, 4]] }, { inputs: [[2], []] }],
    grad: true,
    errors: [
      [() => ng.fill_(x(), x()), 'ERR_SHAPE'],
      [() => ng.fill_(x().requiresGrad_(), 1), 'ERR_INPLACE'],
    ],
  },
  zero_: {
    fn: ([a]) => ng.zero_(a!.clone()),
    reference: ([a]) => map(a!, () => 0),
    samples: [{ inputs: [[3, 4]] }],
    grad: true,
    errors: [[() => ng.zero_(x().requiresGrad_()), 'ERR_INPLACE']],
  },
  nonzero: { ...nonzeroRow, fn: ([a]) => ng.nonzero(a!) },
  argwhere: nonzeroRow,
  unravelIndex: {
    reference: ([flat], [shape]) => {
      const all = indices(shape as number[]);
      return (shape as number[]).map((_, k) => map(flat!, (p) => all[p]![k]!));
    },
    samples: [
      { inputs: [int64([4], [0, 5, 23, 12])], args: [[2, 3, 4]] },
      { inputs: [int64([2], [1, 0])], args: [[2]] },
    ],
    grad: false,
  },
  where: {
    fn: ([c, a, b]) => ng.where(c!, a!, b!),
    reference: ([c, a, b]) =>
      build(broadcast(c!.shape, a!.shape, b!.shape), (i) => broadcastAt(broadcastAt(c!, i) !== 0 ? a! : b!, i)),
    samples: [
      { inputs: [mask, [3, 4], [3, 4]] },
      { inputs: [bool([3, 1], [1, 0, 1]), [4], []] },
      { inputs: [bool([], [1]), [2], [2, 1]] },
    ],
    grad: true,
    dtypes: ['int32', 'int64', 'bool'],
    errors: [
      [() => ng.where(x(), 1, 0), 'ERR_DTYPE'],
      [() => ng.where(x().gt(0), ng.ones([3]), 0), 'ERR_SHAPE'],
      [() => ng.where(true as never, x(), 0), 'ERR_INVALID_ARG'],
    ],
  },
} satisfies Record<string, Row>;
