/** @file Rows of lib/ops/shape/arranging.ts and padding.ts. */
import * as ng from '../../../lib';
import type { Tensor } from '../../../lib';
import { at, broadcast, build, exact, lines, type Nd, nd } from '../nd';
import type { Row } from '../row';
import { int64 } from './gather';

const x = (): Tensor => ng.ones([2, 3]);
const ints = ['int32', 'int64', 'bool'] as const;
const axisOf = (a: Nd, axis: number): number => (axis < 0 ? axis + a.shape.length : axis);
const list = (v: unknown): number[] => (typeof v === 'number' ? [v] : (v as number[]));

const flipped = (a: Nd, axes: readonly number[]): Nd =>
  axes.reduce((b, axis) => lines(b, axis, (line) => line.slice().reverse()), a);
const swapped = (a: Nd, p: number, q: number): Nd => {
  const [i, j] = [axisOf(a, p), axisOf(a, q)];
  const swap = (v: number[]): number[] => v.map((d, k) => (k === i ? v[j]! : k === j ? v[i]! : d));
  return build(swap(a.shape), (index) => exact(a, swap(index)));
};
const rolled = (a: Nd, shifts: number[], axes: number[]): Nd =>
  axes.reduce(
    (b, axis, k) =>
      lines(b, axis, (line) =>
        line.map((_, i) => line[(((i - shifts[k]!) % line.length) + line.length) % line.length]!),
      ),
    a,
  );
const repeated = (a: Nd, sizes: number[]): Nd => {
  const shape = [...new Array<number>(sizes.length - a.shape.length).fill(1), ...a.shape];
  const from = nd(shape, a.data);
  return build(
    shape.map((d, i) => d * sizes[i]!),
    (index) =>
      exact(
        from,
        index.map((v, i) => v % shape[i]!),
      ),
  );
};
const flipRow = (f: (t: Tensor) => Tensor, axis: number): Row => ({
  fn: ([a]) => f(a!),
  reference: ([a]) => flipped(a!, [axis]),
  samples: [{ inputs: [[2, 3]] }, { inputs: [[2, 3, 2]] }],
  grad: true,
  errors: [[() => f(ng.ones([])), 'ERR_SHAPE']],
});
const swapRow = (f: (t: Tensor, a: number, b: number) => Tensor): Row => ({
  reference: ([a], [p, q]) => swapped(a!, p as number, q as number),
  samples: [
    { inputs: [[2, 3, 4]], args: [0, -1] },
    { inputs: [[2, 3]], args: [0, 1] },
  ],
  grad: true,
  errors: [[() => f(x(), 0, 2), 'ERR_INDEX']],
});
const moveRow = (f: typeof ng.movedim): Row => ({
  reference: ([a], [, , order]) => {
    const o = order as number[];
    return build(
      o.map((k) => a!.shape[k]!),
      (index) =>
        exact(
          a!,
          a!.shape.map((_, k) => index[o.indexOf(k)]!),
        ),
    );
  },
  fn: ([a], [from, to]) => f(a!, from as number, to as number),
  samples: [
    { inputs: [[2, 3, 4]], args: [0, 2, [1, 2, 0]] },
    {
      inputs: [[2, 3, 4]],
      args: [
        [0, 1],
        [-1, 0],
        [1, 2, 0],
      ],
    },
  ],
  grad: true,
  errors: [
    [() => f(x(), 0, 2), 'ERR_INDEX'],
    [() => f(x(), [0, 1], 0), 'ERR_INVALID_ARG'],
  ],
});
const sameShapeRow = (f: (a: Tensor, b: Tensor) => Tensor, shapes: [number[], number[]]): Row => ({
  reference: ([a, b]) =>
    broadcast(a!.shape, b!.shape).join() === b!.shape.join()
      ? build(b!.shape, (i) => at(a!, i))
      : nd(b!.shape, a!.data),
  samples: [{ inputs: shapes }],
  grad: true,
  errors: [[() => f(x(), ng.ones([4, 2])), 'ERR_SHAPE']],
});

// Which element stands at place i of a padded line of n; undefined: none.
function source(mode: ng.PadMode, i: number, n: number): number | undefined {
  if (i >= 0 && i < n) return i;
  if (mode === 'constant') return undefined;
  if (mode === 'circular') return (i + n) % n;
  if (mode === 'replicate') return i < 0 ? 0 : n - 1;
  return i < 0 ? -i : 2 * (n - 1) - i;
}
const padded = (a: Nd, padding: number[], mode: ng.PadMode, value: number): Nd =>
  padding.reduce(
    (b, _, k) =>
      k % 2 === 1
        ? b
        : lines(b, a.shape.length - 1 - k / 2, (line) =>
            Array.from({ length: line.length + padding[k]! + padding[k + 1]! }, (_v, i) => {
              const from = source(mode, i - padding[k]!, line.length);
              return from === undefined ? value : line[from]!;
            }),
          ),
    a,
  );

export const arrangingRows = {
  pad: {
    fn: ([a], [padding, mode, value]) =>
      ng.pad(a!, padding as number[], { mode: mode as ng.PadMode, value: value as number }),
    reference: ([a], [padding, mode, value]) => padded(a!, padding as number[], mode as ng.PadMode, value as number),
    samples: [
      { inputs: [[3, 4]], args: [[1, 2], 'constant', 1.5] },
      { inputs: [[3, 4]], args: [[-1, 2, 1, -2], 'constant', 0] },
      { inputs: [[2, 3]], args: [[2, 1, 1, 0], 'reflect', 0] },
      { inputs: [[2, 3]], args: [[2, 4, 1, 0], 'replicate', 0] },
      { inputs: [[2, 3]], args: [[3, 1, 0, 2], 'circular', 0] },
    ],
    grad: true,
    errors: [
      [() => ng.pad(x(), [1]), 'ERR_INVALID_ARG'],
      [() => ng.pad(x(), [1, 1, 1, 1, 1, 1]), 'ERR_SHAPE'],
      [() => ng.pad(x(), [-4, 0]), 'ERR_SHAPE'],
      [() => ng.pad(x(), [3, 0], { mode: 'reflect' }), 'ERR_SHAPE'],
      [() => ng.pad(x(), [1, 1], { mode: 'x' as never }), 'ERR_INVALID_ARG'],
    ],
  },
  flip: {
    reference: ([a], [axes]) =>
      flipped(
        a!,
        list(axes).map((v) => axisOf(a!, v)),
      ),
    samples: [
      { inputs: [[3, 4]], args: [0] },
      { inputs: [[2, 3, 2]], args: [[0, -1]] },
      { inputs: [[3]], args: [[]] },
    ],
    grad: true,
    dtypes: ints,
    errors: [
      [() => ng.flip(x(), 2), 'ERR_INDEX'],
      [() => ng.flip(x(), [1, -1]), 'ERR_INVALID_ARG'],
    ],
  },
  fliplr: flipRow(ng.fliplr, 1),
  flipud: flipRow(ng.flipud, 0),
  roll: {
    reference: ([a], [shifts, axes]) =>
      axes === undefined
        ? nd(a!.shape, rolled(nd([a!.data.length], a!.data), list(shifts), [0]).data)
        : rolled(a!, list(shifts), list(axes)),
    samples: [
      { inputs: [[3, 4]], args: [1, 0] },
      {
        inputs: [[3, 4]],
        args: [
          [-1, 6],
          [0, 1],
        ],
      },
      { inputs: [[3, 4]], args: [5] },
      { inputs: [[3]], args: [0, 0] },
    ],
    grad: true,
    dtypes: ints,
    errors: [
      [() => ng.roll(x(), 1, 2), 'ERR_INDEX'],
      [() => ng.roll(x(), [1, 2], 0), 'ERR_INVALID_ARG'],
      [() => ng.roll(x(), 0.5, 0), 'ERR_INVALID_ARG'],
    ],
  },
  rot90: {
    reference: ([a], [k, axes]) => {
      const [p, q] = (axes ?? [0, 1]) as [number, number];
      let out = a!;
      for (let i = 0; i < (k as number); i++) out = swapped(flipped(out, [q]), p, q);
      return out;
    },
    samples: [1, 2, 3, 4]
      .map((k) => ({ inputs: [[2, 3]], args: [k] }))
      .concat([{ inputs: [[2, 2, 3]], args: [1, [2, 0]] as never }]),
    grad: true,
    errors: [
      [() => ng.rot90(x(), 1, [0, 0]), 'ERR_INVALID_ARG'],
      [() => ng.rot90(ng.ones([2])), 'ERR_SHAPE'],
    ],
  },
  repeat: {
    reference: ([a], [sizes]) => repeated(a!, sizes as number[]),
    samples: [
      { inputs: [[2, 3]], args: [[2, 3]] },
      { inputs: [[3]], args: [[2, 1, 2]] },
      { inputs: [[]], args: [[3]] },
    ],
    grad: true,
    dtypes: ints,
    errors: [
      [() => ng.repeat(x(), [2]), 'ERR_SHAPE'],
      [() => ng.repeat(x(), [1, -1]), 'ERR_INVALID_ARG'],
    ],
  },
  tile: {
    reference: ([a], [sizes]) => {
      const s = sizes as number[];
      return repeated(a!, [...new Array<number>(Math.max(0, a!.shape.length - s.length)).fill(1), ...s]);
    },
    samples: [
      { inputs: [[2, 3]], args: [[2]] },
      { inputs: [[3]], args: [[2, 2]] },
    ],
    grad: true,
    errors: [[() => ng.tile(x(), [0.5]), 'ERR_INVALID_ARG']],
  },
  repeatInterleave: {
    fn: ([a, n], [times, axis]) => ng.repeatInterleave(a!, n ?? (times as number), axis as number),
    reference: ([a, n], [times, axis]) => {
      const flat = axis === undefined ? nd([a!.data.length], a!.data) : a!;
      const count = (i: number): number => (n ? n.data[i]! : (times as number));
      return lines(flat, (axis as number) ?? 0, (line) => line.flatMap((v, i) => new Array<number>(count(i)).fill(v)));
    },
    samples: [
      { inputs: [[2, 3]], args: [2] },
      { inputs: [[2, 3]], args: [3, 1] },
      { inputs: [[2, 3], int64([3], [2, 0, 1])], args: [0, 1] },
    ],
    grad: true,
    errors: [
      [() => ng.repeatInterleave(x(), -1), 'ERR_INVALID_ARG'],
      [() => ng.repeatInterleave(x(), [1, 2], 1), 'ERR_SHAPE'],
      [() => ng.repeatInterleave(x(), 2, 2), 'ERR_INDEX'],
    ],
  },
  movedim: moveRow(ng.movedim),
  moveaxis: moveRow(ng.moveaxis),
  swapaxes: swapRow(ng.swapaxes),
  swapdims: swapRow(ng.swapdims),
  t: {
    reference: ([a]) => (a!.shape.length < 2 ? a! : swapped(a!, 0, 1)),
    samples: [{ inputs: [[2, 3]] }, { inputs: [[3]] }, { inputs: [[]] }],
    grad: true,
    errors: [[() => ng.t(ng.ones([1, 2, 3])), 'ERR_SHAPE']],
  },
  adjoint: {
    reference: ([a]) => swapped(a!, -2, -1),
    samples: [{ inputs: [[2, 3]] }, { inputs: [[2, 3, 4]] }],
    grad: true,
    errors: [[() => ng.adjoint(ng.ones([3])), 'ERR_SHAPE']],
  },
  ravel: {
    reference: ([a]) => nd([a!.data.length], a!.data),
    samples: [{ inputs: [[2, 3]] }, { inputs: [[]] }],
    grad: true,
  },
  expandAs: sameShapeRow(ng.expandAs, [
    [3, 1],
    [2, 3, 2],
  ]),
  reshapeAs: sameShapeRow(ng.reshapeAs, [
    [2, 6],
    [3, 4],
  ]),
  broadcastTensors: {
    fn: (tensors) => ng.broadcastTensors(...tensors),
    reference: (arrays) => arrays.map((a) => build(broadcast(...arrays.map((b) => b.shape)), (i) => at(a, i))),
    samples: [{ inputs: [[2, 1], [3], []] }],
    grad: true,
    errors: [[() => ng.broadcastTensors(x(), ng.ones([4])), 'ERR_SHAPE']],
  },
  meshgrid: {
    fn: (tensors, [indexing]) => ng.meshgrid(tensors, { indexing: indexing as 'ij' }),
    reference: (arrays, [indexing]) => {
      const order = arrays.map((_, i) => (indexing === 'xy' && i < 2 ? 1 - i : i));
      return arrays.map((a, k) =>
        build(
          order.map((i) => arrays[i]!.data.length),
          (index) => a.data[index[order.indexOf(k)]!]!,
        ),
      );
    },
    samples: [
      { inputs: [[2], [3]], args: ['ij'] },
      { inputs: [[2], [3], [2]], args: ['xy'] },
    ],
    grad: true,
    errors: [
      [() => ng.meshgrid(x()), 'ERR_SHAPE'],
      [() => ng.meshgrid([]), 'ERR_INVALID_ARG'],
      [() => ng.meshgrid(ng.ones([2]), { indexing: 'x' as never }), 'ERR_INVALID_ARG'],
    ],
  },
  unfold: {
    reference: ([a], [axis, size, step]) => {
      const k = axisOf(a!, axis as number);
      const [n, by] = [size as number, step as number];
      const count = Math.floor((a!.shape[k]! - n) / by) + 1;
      return build([...a!.shape.map((d, i) => (i === k ? count : d)), n], (index) =>
        exact(
          a!,
          index.slice(0, -1).map((v, i) => (i === k ? v * by + index[index.length - 1]! : v)),
        ),
      );
    },
    samples: [
      { inputs: [[5, 2]], args: [0, 3, 1] },
      { inputs: [[2, 6]], args: [-1, 2, 3] },
    ],
    grad: true,
    errors: [
      [() => ng.unfold(x(), 0, 3, 1), 'ERR_SHAPE'],
      [() => ng.unfold(x(), 0, 1, 0), 'ERR_INVALID_ARG'],
      [() => ng.unfold(x(), 2, 1, 1), 'ERR_INDEX'],
    ],
  },
} satisfies Record<string, Row>;
