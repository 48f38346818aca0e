/** @file Rows of lib/ops/shape/joining.ts. */
import * as ng from '../../../lib';
import type { Tensor } from '../../../lib';
import { build, exact, type Nd, nd } from '../nd';
import type { Row, Sample } from '../row';

/** Arrays one after the other along an axis. */
export function joined(list: readonly Nd[], axis: number): Nd {
  const lengths = list.map((a) => a.shape[axis]!);
  const shape = list[0]!.shape.map((d, i) => (i === axis ? lengths.reduce((p, q) => p + q, 0) : d));
  return build(shape, (index) => {
    let k = 0;
    let at = index[axis]!;
    while (at >= lengths[k]!) at -= lengths[k++]!;
    return exact(
      list[k]!,
      index.map((v, i) => (i === axis ? at : v)),
    );
  });
}

const shaped = (a: Nd, shape: readonly number[]): Nd => nd(shape, a.data);
const ones = (...shape: number[]): Tensor => ng.ones(shape);
const badList = (f: (list: Tensor[]) => Tensor): Row['errors'] => [
  [() => f([]), 'ERR_INVALID_ARG'],
  [() => f('x' as never), 'ERR_INVALID_ARG'],
  [() => f([ones(2, 3, 4), ones(3, 2, 5)]), 'ERR_SHAPE'],
];
const ints = ['int32', 'int64', 'bool'] as const;

const catRow = (f: (list: Tensor[], axis: number) => Tensor): Row => ({
  fn: (list, [axis]) => f(list, axis as number),
  reference: (list, [axis]) => joined(list, axis as number),
  samples: [
    {
      inputs: [
        [2, 3],
        [1, 3],
        [3, 3],
      ],
      args: [0],
    },
    {
      inputs: [
        [2, 3, 2],
        [2, 1, 2],
      ],
      args: [1],
    },
    { inputs: [[3]], args: [0] },
  ],
  grad: true,
  dtypes: ints,
  errors: [...badList((list) => f(list, 0))!, [() => f([ones(2)], 1), 'ERR_INDEX']],
});

// Stacks differ in how they shape the parts first, and along which axis they join.
const stackRow = (
  f: (list: Tensor[]) => Tensor,
  shape: (s: number[]) => number[],
  axis: (ndim: number) => number,
): Row => ({
  fn: (list) => f(list),
  reference: (list) =>
    joined(
      list.map((a) => shaped(a, shape(a.shape))),
      axis(list[0]!.shape.length),
    ),
  samples: [
    {
      inputs: [
        [2, 3],
        [2, 3],
      ],
    },
    { inputs: [[3], [3]] },
    { inputs: [[], []] },
    {
      inputs: [
        [2, 2, 2],
        [2, 2, 2],
      ],
    },
  ],
  grad: true,
  errors: badList(f),
});
const asRow = (s: number[]): number[] => (s.length < 2 ? [1, s[0] ?? 1] : s);
const asColumn = (s: number[]): number[] => (s.length < 2 ? [s[0] ?? 1, 1] : s);
const asVolume = (s: number[]): number[] => (s.length < 2 ? [1, s[0] ?? 1, 1] : s.length === 2 ? [...s, 1] : s);
const vstackRow = (f: (list: Tensor[]) => Tensor): Row => stackRow(f, asRow, () => 0);

const atleast = (shape: (s: number[]) => number[]): Row => ({
  reference: ([a]) => shaped(a!, shape(a!.shape)),
  samples: [{ inputs: [[]] }, { inputs: [[3]] }, { inputs: [[2, 3]] }, { inputs: [[1, 2, 3, 2]] }],
  grad: true,
});

// --- apart ----------------------------------------------------------------------------------------------------------

// Sample arguments: axis, the op's own argument, and the lengths of the parts.
const parts = (a: Nd, axis: number, lengths: readonly number[]): Nd[] =>
  lengths.map((n, k) => {
    const start = lengths.slice(0, k).reduce((p, q) => p + q, 0);
    return build(
      a.shape.map((d, i) => (i === axis ? n : d)),
      (index) =>
        exact(
          a,
          index.map((v, i) => (i === axis ? v + start : v)),
        ),
    );
  });
const partsRow = (f: (t: Tensor, how: number | number[], axis: number) => Tensor[], samples: Sample[]): Row => ({
  fn: ([a], [axis, how]) => f(a!, how as number, axis as number),
  reference: ([a], [axis, , lengths]) => parts(a!, axis as number, lengths as number[]),
  samples,
  grad: true,
  dtypes: ints,
  errors: [
    [() => f(ones(2, 3), 0.5, 0), 'ERR_INVALID_ARG'],
    [() => f(ones(2, 3), 1, 2), 'ERR_INDEX'],
    [() => f(ng.ones([]), 1, 0), 'ERR_SHAPE'],
  ],
});

export const joiningRows = {
  cat: catRow((list, axis) => ng.cat(list, axis)),
  concat: catRow((list, axis) => ng.concat(list, axis)),
  concatenate: catRow((list, axis) => ng.concatenate(list, { axis })),
  stack: {
    fn: (list, [axis]) => ng.stack(list, axis as number),
    reference: (list, [axis]) => {
      const a = axis as number;
      const { shape } = list[0]!;
      const wide = [...shape.slice(0, a), 1, ...shape.slice(a)];
      return joined(
        list.map((x) => shaped(x, wide)),
        a,
      );
    },
    samples: [
      {
        inputs: [
          [2, 3],
          [2, 3],
        ],
        args: [1],
      },
      { inputs: [[3], [3], [3]], args: [0] },
      { inputs: [[], []], args: [0] },
    ],
    grad: true,
    dtypes: ints,
    errors: badList((list) => ng.stack(list)),
  },
  hstack: stackRow(
    ng.hstack,
    (s) => (s.length === 0 ? [1] : s),
    (n) => (n < 2 ? 0 : 1),
  ),
  vstack: vstackRow(ng.vstack),
  rowStack: vstackRow(ng.rowStack),
  dstack: stackRow(ng.dstack, asVolume, () => 2),
  columnStack: stackRow(ng.columnStack, asColumn, () => 1),
  atleast1d: atleast((s) => (s.length === 0 ? [1] : s)),
  atleast2d: atleast(asRow),
  atleast3d: atleast(asVolume),
  split: partsRow(ng.split, [
    { inputs: [[5, 2]], args: [0, 2, [2, 2, 1]] },
    { inputs: [[2, 5]], args: [1, [1, 0, 4], [1, 0, 4]] },
  ]),
  chunk: partsRow(ng.chunk as never, [
    { inputs: [[7, 2]], args: [0, 3, [3, 3, 1]] },
    { inputs: [[2, 4]], args: [1, 3, [2, 2]] },
  ]),
  tensorSplit: partsRow(ng.tensorSplit, [
    { inputs: [[7, 2]], args: [0, 3, [3, 2, 2]] },
    { inputs: [[2, 5]], args: [1, [1, 3], [1, 2, 2]] },
  ]),
  unbind: {
    reference: ([a], [axis]) =>
      parts(a!, axis as number, new Array<number>(a!.shape[axis as number]!).fill(1)).map((p) =>
        shaped(
          p,
          p.shape.filter((_, i) => i !== axis),
        ),
      ),
    samples: [
      { inputs: [[3, 2]], args: [0] },
      { inputs: [[2, 3, 2]], args: [1] },
    ],
    grad: true,
    errors: [
      [() => ng.unbind(ng.ones([])), 'ERR_SHAPE'],
      [() => ng.unbind(ones(2), 1), 'ERR_INDEX'],
    ],
  },
} satisfies Record<string, Row>;
