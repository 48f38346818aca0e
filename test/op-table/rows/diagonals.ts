/** @file Rows of lib/ops/shape/diagonals.ts and counting.ts. */
import * as ng from '../../../lib';
import type { Tensor } from '../../../lib';
import { build, exact, indices, type Nd, nd, sum } from '../nd';
import type { Input, Row } from '../row';
import { int64 } from './gather';

const matrix = (): Tensor => ng.ones([2, 3]);
const offsetOf = (args: unknown[]): number => (args[0] as number) ?? 0;

// The diagonal of the last two dimensions.
function diagonalOf(a: Nd, offset: number): Nd {
  const [rows, cols] = a.shape.slice(-2) as [number, number];
  const [down, right] = [Math.max(0, -offset), Math.max(0, offset)];
  const n = Math.max(0, Math.min(rows - down, cols - right));
  return build([...a.shape.slice(0, -2), n], (i) => {
    const k = i[i.length - 1]!;
    return exact(a, [...i.slice(0, -1), k + down, k + right]);
  });
}
function onDiagonal(a: Nd, offset: number): Nd {
  const n = a.shape[a.shape.length - 1]! + Math.abs(offset);
  return build([...a.shape.slice(0, -1), n, n], (i) => {
    const [r, c] = i.slice(-2) as [number, number];
    return c - r === offset ? exact(a, [...i.slice(0, -2), Math.min(r, c)]) : 0;
  });
}
const triangleRow = (f: (t: Tensor, offset?: number) => Tensor, keep: (above: number) => boolean): Row => ({
  reference: ([a], args) =>
    build(a!.shape, (i) => {
      const [r, c] = i.slice(-2) as [number, number];
      return keep(c - r - offsetOf(args)) ? exact(a!, i) : 0;
    }),
  samples: [{ inputs: [[3, 4]] }, { inputs: [[4, 3]], args: [1] }, { inputs: [[2, 3, 3]], args: [-1] }],
  grad: true,
  dtypes: ['int32', 'bool'],
  errors: [
    [() => f(ng.ones([3])), 'ERR_SHAPE'],
    [() => f(matrix(), 0.5), 'ERR_INVALID_ARG'],
  ],
});
const classes: Input = int64([2, 3], [0, 2, 1, 3, 3, 0]);

export const diagonalRows = {
  diagonal: {
    fn: ([a], [offset, swapped]) =>
      swapped ? ng.diagonal(a!, offset as number, 1, 0) : ng.diagonal(a!, offset as number, -2, -1),
    reference: ([a], [offset, swapped]) => diagonalOf(a!, (offset as number) * (swapped ? -1 : 1)),
    samples: [
      { inputs: [[3, 4]], args: [0] },
      { inputs: [[2, 3, 3]], args: [1] },
      { inputs: [[4, 3]], args: [-2, true] },
      { inputs: [[2, 2]], args: [3] },
    ],
    grad: true,
    dtypes: ['int64', 'bool'],
    errors: [
      [() => ng.diagonal(ng.ones([3])), 'ERR_SHAPE'],
      [() => ng.diagonal(matrix(), 0, 0, 0), 'ERR_INVALID_ARG'],
      [() => ng.diagonal(matrix(), 0, 0, 2), 'ERR_INDEX'],
    ],
  },
  diagEmbed: {
    reference: ([a], args) => onDiagonal(a!, offsetOf(args)),
    samples: [{ inputs: [[3]] }, { inputs: [[2, 3]], args: [-1] }, { inputs: [[2]], args: [2] }],
    grad: true,
    errors: [
      [() => ng.diagEmbed(ng.ones([])), 'ERR_SHAPE'],
      [() => ng.diagEmbed(matrix(), 0, 1, 1), 'ERR_INVALID_ARG'],
    ],
  },
  diag: {
    reference: ([a], args) => (a!.shape.length === 1 ? onDiagonal : diagonalOf)(a!, offsetOf(args)),
    samples: [
      { inputs: [[3]], args: [1] },
      { inputs: [[3, 4]], args: [-1] },
    ],
    grad: true,
    errors: [[() => ng.diag(ng.ones([1, 2, 3])), 'ERR_SHAPE']],
  },
  diagflat: {
    reference: ([a], args) => onDiagonal(nd([a!.data.length], a!.data), offsetOf(args)),
    samples: [{ inputs: [[2, 2]] }, { inputs: [[3]], args: [-2] }],
    grad: true,
  },
  trace: {
    reference: ([a]) => nd([], [sum(diagonalOf(a!, 0).data)]),
    samples: [{ inputs: [[3, 4]] }, { inputs: [[1, 1]] }],
    grad: true,
    dtypes: ['int64'],
    errors: [[() => ng.trace(ng.ones([3])), 'ERR_SHAPE']],
  },
  tril: triangleRow(ng.tril, (above) => above <= 0),
  triu: triangleRow(ng.triu, (above) => above >= 0),
  oneHot: {
    reference: ([a], [n]) => {
      const width = (n as number | undefined) ?? Math.max(...a!.data) + 1;
      return build([...a!.shape, width], (i) => Number(exact(a!, i.slice(0, -1)) === i[i.length - 1]));
    },
    samples: [{ inputs: [classes] }, { inputs: [classes], args: [6] }, { inputs: [int64([], [1])], args: [2] }],
    grad: false,
    errors: [
      [() => ng.oneHot(matrix()), 'ERR_DTYPE'],
      [() => ng.oneHot(ng.tensor([3], { dtype: 'int64' }), 3).dataSync(), 'ERR_INDEX'],
      [() => ng.oneHot(ng.tensor([-1], { dtype: 'int64' })), 'ERR_INDEX'],
      [() => ng.oneHot(ng.zeros([0], { dtype: 'int64' })), 'ERR_INVALID_ARG'],
    ],
  },
  bincount: {
    fn: ([a, w], [minlength]) => ng.bincount(a!, w ?? null, minlength as number),
    reference: ([a, w], [minlength]) => {
      const n = Math.max((minlength as number) ?? 0, ...a!.data.map((v) => v + 1));
      return build([n], ([k]) => sum(indices(a!.shape).map(([i]) => (a!.data[i!] === k ? (w ? w.data[i!]! : 1) : 0))));
    },
    samples: [
      { inputs: [int64([6], [1, 0, 3, 3, 1, 1])] },
      { inputs: [int64([4], [1, 0, 3, 1]), [4]], args: [6] },
      { inputs: [int64([0], [])], args: [2] },
    ],
    grad: false,
    errors: [
      [() => ng.bincount(matrix()), 'ERR_DTYPE'],
      [() => ng.bincount(ng.zeros([2, 2], { dtype: 'int64' })), 'ERR_SHAPE'],
      [() => ng.bincount(ng.zeros([2], { dtype: 'int64' }), ng.ones([3])), 'ERR_SHAPE'],
      [() => ng.bincount(ng.tensor([-1], { dtype: 'int64' })), 'ERR_INDEX'],
    ],
  },
} satisfies Record<string, Row>;
