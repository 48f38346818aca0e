/** @file Rows of lib/ops/linear/products.ts, einsum.ts and distances.ts. */
import * as ng from '../../../lib';
import type { Tensor } from '../../../lib';
import { at, build, exact, indices, type Nd, nd, sum } from '../nd';
import type { Row, Sample } from '../row';

const x = (): Tensor => ng.ones([2, 3]);

/** The definition: for every output index the sum over all values of all other letters. */
export function refEinsum(equation: string, arrays: readonly Nd[]): Nd {
  const [left, output] = equation.split('->') as [string, string];
  const terms = left.split(',');
  const length = new Map<string, number>();
  terms.forEach((term, k) => [...term].forEach((c, i) => length.set(c, arrays[k]!.shape[i]!)));
  const summed = [...length.keys()].filter((c) => !output.includes(c));
  return build(
    [...output].map((c) => length.get(c)!),
    (out) =>
      sum(
        indices(summed.map((c) => length.get(c)!)).map((rest) => {
          const value = (c: string): number =>
            output.includes(c) ? out[output.indexOf(c)]! : rest[summed.indexOf(c)]!;
          return terms.reduce((p, term, k) => p * exact(arrays[k]!, [...term].map(value)), 1);
        }),
      ),
  );
}

type Pair = (a: Tensor, b: Tensor) => Tensor;
const pairRow = (f: Pair, equation: string, inputs: number[][], bad: [number[], number[]][]): Row => ({
  reference: (arrays) => refEinsum(equation, arrays),
  samples: [{ inputs }],
  grad: true,
  dtypes: ['int64'],
  errors: bad.map(([p, q]) => [() => f(ng.ones(p), ng.ones(q)), 'ERR_SHAPE']),
});
const dotRow = (f: Pair): Row =>
  pairRow(
    f,
    'i,i->',
    [[4], [4]],
    [
      [[3], [4]],
      [[2, 2], [2]],
    ],
  );
const outerRow = (f: Pair): Row =>
  pairRow(
    f,
    'i,j->ij',
    [[2], [3]],
    [
      [[2, 2], [2]],
      [[2], []],
    ],
  );

type Sum = (t: Tensor, a: Tensor, b: Tensor, o?: ng.ProductOptions) => Tensor;
const sumRow = (f: Sum, equation: string, inputs: number[][]): Row => ({
  fn: ([t, a, b], [beta, alpha]) => f(t!, a!, b!, { beta: beta as number, alpha: alpha as number }),
  reference: ([t, a, b], [beta, alpha]) => {
    const product = refEinsum(equation, [a!, b!]);
    const [p, q] = [(beta as number) ?? 1, (alpha as number) ?? 1];
    return build(product.shape, (i) => p * at(t!, i) + q * exact(product, i));
  },
  samples: [{ inputs }, { inputs, args: [0.5, -2] }, { inputs: [[1], ...inputs.slice(1)], args: [2, 1] }],
  grad: true,
  errors: [
    [() => f(ng.ones([7, 7]), ng.ones(inputs[1]!), ng.ones(inputs[2]!)), 'ERR_SHAPE'],
    [() => f(ng.ones(inputs[0]!), ng.ones([]), ng.ones(inputs[2]!)), 'ERR_SHAPE'],
  ],
});

const equations: [string, ...number[][]][] = [
  ['ij,jk->ik', [2, 3], [3, 4]],
  ['bij,bjk->bki', [2, 2, 3], [2, 3, 2]],
  ['iij->j', [3, 3, 2]],
  ['ij->', [2, 3]],
  ['ij,j,kj->ki', [2, 3], [3], [2, 3]],
  ['i,j->ji', [2], [3]],
  ['ij,ij->i', [2, 3], [2, 3]],
];
const pairs: Sample[] = [
  {
    inputs: [
      [3, 2],
      [4, 2],
    ],
  },
  {
    inputs: [
      [2, 2, 3],
      [2, 1, 3],
    ],
  },
];

export const productRows = {
  einsum: {
    fn: (list, [equation]) => ng.einsum(equation as string, list),
    reference: (arrays, [equation]) => refEinsum(equation as string, arrays),
    samples: equations.map(([equation, ...inputs]) => ({ inputs, args: [equation] })),
    grad: true,
    dtypes: ['int64'],
    errors: [
      [() => ng.einsum('ij,jk', x()), 'ERR_INVALID_ARG'],
      [() => ng.einsum('ijk', x()), 'ERR_SHAPE'],
      [() => ng.einsum('ij,jk', x(), x()), 'ERR_SHAPE'],
      [() => ng.einsum('ij->k', x()), 'ERR_INVALID_ARG'],
    ],
  },
  mm: pairRow(
    ng.mm,
    'ij,jk->ik',
    [
      [2, 3],
      [3, 4],
    ],
    [
      [
        [2, 3],
        [2, 3],
      ],
      [[3], [3]],
    ],
  ),
  bmm: pairRow(
    ng.bmm,
    'bij,bjk->bik',
    [
      [2, 2, 3],
      [2, 3, 2],
    ],
    [
      [
        [2, 2, 3],
        [1, 3, 2],
      ],
      [
        [2, 3],
        [3, 2],
      ],
    ],
  ),
  mv: pairRow(
    ng.mv,
    'ij,j->i',
    [[2, 3], [3]],
    [
      [[2, 3], [2]],
      [[3], [3]],
    ],
  ),
  dot: dotRow(ng.dot),
  vdot: dotRow(ng.vdot),
  inner: pairRow(
    ng.inner,
    'ik,jlk->ijl',
    [
      [2, 3],
      [2, 2, 3],
    ],
    [[[2, 3], [2]]],
  ),
  outer: outerRow(ng.outer),
  ger: outerRow(ng.ger),
  tensordot: {
    fn: ([a, b], [axes]) => ng.tensordot(a!, b!, axes as number),
    reference: (arrays, [, equation]) => refEinsum(equation as string, arrays),
    samples: [
      {
        inputs: [
          [2, 3, 4],
          [3, 4, 2],
        ],
        args: [2, 'abc,bcd->ad'],
      },
      { inputs: [[2, 3], [2]], args: [0, 'ab,c->abc'] },
      {
        inputs: [
          [2, 3, 4],
          [4, 2, 2],
        ],
        args: [
          [
            [2, 0],
            [0, 2],
          ],
          'abc,cda->bd',
        ],
      },
    ],
    grad: true,
    errors: [
      [() => ng.tensordot(x(), x(), 1), 'ERR_SHAPE'],
      [() => ng.tensordot(x(), x(), 3), 'ERR_INVALID_ARG'],
      [() => ng.tensordot(x(), x(), [[2], [0]]), 'ERR_INDEX'],
    ],
  },
  kron: {
    reference: ([a, b]) => {
      const n = Math.max(a!.shape.length, b!.shape.length);
      const wide = (t: Nd): Nd => nd([...new Array<number>(n - t.shape.length).fill(1), ...t.shape], t.data);
      const [p, q] = [wide(a!), wide(b!)];
      return build(
        p.shape.map((d, i) => d * q.shape[i]!),
        (index) =>
          exact(
            p,
            index.map((v, i) => Math.floor(v / q.shape[i]!)),
          ) *
          exact(
            q,
            index.map((v, i) => v % q.shape[i]!),
          ),
      );
    },
    samples: [
      {
        inputs: [
          [2, 3],
          [3, 2],
        ],
      },
      { inputs: [[2], [2, 2]] },
      { inputs: [[], [2]] },
    ],
    grad: true,
  },
  addmm: sumRow(ng.addmm, 'ij,jk->ik', [[4], [2, 3], [3, 4]]),
  baddbmm: sumRow(ng.baddbmm, 'bij,bjk->bik', [
    [2, 2],
    [3, 2, 3],
    [3, 3, 2],
  ]),
  addbmm: sumRow(ng.addbmm, 'bij,bjk->ik', [
    [2, 2],
    [3, 2, 3],
    [3, 3, 2],
  ]),
  addmv: sumRow(ng.addmv, 'ij,j->i', [[2], [2, 3], [3]]),
  addr: sumRow(ng.addr, 'i,j->ij', [[2, 3], [2], [3]]),
  cdist: {
    reference: ([a, b], [how]) => {
      const p = (how as number | undefined) ?? 2;
      const size = (list: number[]): number =>
        p === Infinity
          ? Math.max(...list)
          : p === 0
            ? list.filter((v) => v !== 0).length
            : sum(list.map((v) => v ** p)) ** (1 / p);
      const [m, n] = [a!.shape.slice(-2)[0]!, b!.shape.slice(-2)[0]!];
      const d = a!.shape[a!.shape.length - 1]!;
      const lead = a!.shape.slice(0, -2);
      return build([...lead, m, n], (i) => {
        const [r, c] = i.slice(-2) as [number, number];
        const own = (t: Nd, k: number, e: number): number => at(t, [...i.slice(0, -2), k, e]);
        return size(Array.from({ length: d }, (_, e) => Math.abs(own(a!, r, e) - own(b!, c, e))));
      });
    },
    samples: [...pairs, ...[0, 1, 1.5, 3, Infinity].map((p) => ({ inputs: pairs[0]!.inputs, args: [p] }))],
    grad: true,
    errors: [
      [() => ng.cdist(x(), ng.ones([2, 2])), 'ERR_SHAPE'],
      [() => ng.cdist(x(), x(), -1), 'ERR_INVALID_ARG'],
      [() => ng.cdist(x(), x().to('float64')), 'ERR_DTYPE'],
    ],
  },
} satisfies Record<string, Row>;
