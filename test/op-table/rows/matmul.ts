/** @file Rows of lib/ops/linear/matmul.ts. */
import * as ng from '../../../lib';
import { broadcast, build, exact, type Nd, nd, sum } from '../nd';
import type { Row } from '../row';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

export function refMatmul(a: Nd, b: Nd): Nd {
  const x = a.shape.length === 1 ? nd([1, ...a.shape], a.data) : a;
  const y = b.shape.length === 1 ? nd([...b.shape, 1], b.data) : b;
  const [m, k] = x.shape.slice(-2) as [number, number];
  const n = y.shape[y.shape.length - 1]!;
  const batch = broadcast(x.shape.slice(0, -2), y.shape.slice(0, -2));
  const out = build([...batch, m, n], (i) => {
    const lead = i.slice(0, -2);
    const [r, c] = i.slice(-2) as [number, number];
    return sum(range(k).map((p) => pick(x, lead, r, p) * pick(y, lead, p, c)));
  });
  const shape = [...batch, ...(a.shape.length === 1 ? [] : [m]), ...(b.shape.length === 1 ? [] : [n])];
  return nd(shape, out.data);
}

// Element (r, c) of the matrix that broadcasts to batch index `lead`.
function pick(a: Nd, lead: number[], r: number, c: number): number {
  const own = a.shape.slice(0, -2);
  const index = own.map((d, i) => (d === 1 ? 0 : lead[lead.length - own.length + i]!));
  return exact(a, [...index, r, c]);
}

export const matmulRows = {
  matmul: {
    perf: [
      { inputs: [[128, 64], [64, 784]] }, // prettier-ignore
      { inputs: [[512, 512], [512, 512]] }, // prettier-ignore
    ],
    reference: ([a, b]) => refMatmul(a!, b!),
    samples: [
      {
        inputs: [
          [3, 4],
          [4, 5],
        ],
      },
      { inputs: [[4], [4]] },
      { inputs: [[3, 4], [4]] },
      { inputs: [[4], [4, 2]] },
      {
        inputs: [
          [2, 3, 4],
          [4, 5],
        ],
      },
      {
        inputs: [
          [2, 1, 3, 4],
          [5, 4, 2],
        ],
      },
      {
        inputs: [
          [1, 1],
          [1, 1],
        ],
      },
    ],
    grad: true,
    dtypes: ['int32', 'int64'],
    errors: [
      [() => ng.matmul(ng.ones([2, 3]), ng.ones([2, 3])), 'ERR_SHAPE'],
      [() => ng.matmul(ng.ones([2, 2, 3]), ng.ones([3, 3, 2])), 'ERR_SHAPE'],
      [() => ng.matmul(ng.ones([]), ng.ones([2])), 'ERR_SHAPE'],
    ],
  },
  linear: {
    perf: [{ inputs: [[64, 784], [128, 784], [128]] }],
    reference: ([x, w, b]) => {
      const wt = build([w!.shape[1]!, w!.shape[0]!], ([i, j]) => exact(w!, [j!, i!]));
      const y = refMatmul(x!, wt);
      return b ? build(y.shape, (i) => exact(y, i) + b.data[i[i.length - 1]!]!) : y;
    },
    samples: [
      { inputs: [[5, 4], [3, 4], [3]] },
      {
        inputs: [
          [2, 5, 4],
          [3, 4],
        ],
      },
      { inputs: [[4], [3, 4], [3]] },
    ],
    grad: true,
    errors: [
      [() => ng.linear(ng.ones([2, 3]), ng.ones([5, 4])), 'ERR_SHAPE'],
      [() => ng.linear(ng.ones([2, 4]), ng.ones([5, 4]), ng.ones([4])), 'ERR_SHAPE'],
      [() => ng.linear(ng.ones([2, 4], { dtype: 'float64' }), ng.ones([5, 4])), 'ERR_DTYPE'],
    ],
  },
  bilinear: {
    reference: ([x, z, w, b]) => {
      const [out, in1, in2] = w!.shape as [number, number, number];
      return build([...x!.shape.slice(0, -1), out], (i) => {
        const [lead, o] = [i.slice(0, -1), i[i.length - 1]!];
        let y = b ? b.data[o]! : 0;
        for (let j = 0; j < in1; j++)
          for (let k = 0; k < in2; k++) y += exact(x!, [...lead, j]) * exact(w!, [o, j, k]) * exact(z!, [...lead, k]);
        return y;
      });
    },
    samples: [
      { inputs: [[5, 4], [5, 3], [2, 4, 3], [2]] },
      {
        inputs: [
          [2, 3, 4],
          [2, 3, 2],
          [3, 4, 2],
        ],
      },
      { inputs: [[4], [3], [2, 4, 3], [2]] },
    ],
    grad: true,
    errors: [
      [() => ng.bilinear(ng.ones([2, 3]), ng.ones([2, 4]), ng.ones([5, 4, 3])), 'ERR_SHAPE'],
      [() => ng.bilinear(ng.ones([2, 3]), ng.ones([3, 4]), ng.ones([5, 3, 4])), 'ERR_SHAPE'],
      [() => ng.bilinear(ng.ones([2, 3]), ng.ones([2, 4]), ng.ones([5, 3, 4]), ng.ones([4])), 'ERR_SHAPE'],
    ],
  },
} satisfies Record<string, Row>;
