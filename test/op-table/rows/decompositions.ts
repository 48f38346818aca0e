/** @file Rows of the decompositions of lib/ops/linalg. Where signs or a basis are free, rows compare what does not depend on them. */
import * as ng from '../../../lib';
import * as m from '../matrices';
import { type Nd, scalar, sum } from '../nd';
import type { Tensor } from '../../../lib';
import type { Row } from '../row';
import {
  mT,
  swap,
  symmetric,
  symmetricRef,
  positive,
  positiveRef,
  square,
  anyShape,
  notSquare,
  anyMatrix,
  regular,
  regularRef,
  singular,
  notFinite,
} from './linalg-inputs';
import { refMatmul } from './matmul';

const { linalg } = ng;

// Diagonally dominant matrices of any shape: no pivot is needed.
const dominant = (t: Tensor): Tensor => ng.eye(t.shape.at(-2)!, t.shape.at(-1)!, { dtype: t.dtype }).mul(9);
const dominantRef = (a: Nd): Nd => m.shifted(a, 9);
const solved = [
  {
    inputs: [
      [3, 3],
      [3, 2],
    ],
  },
  {
    inputs: [
      [2, 3, 3],
      [3, 2],
    ],
  },
];

// With as many singular values as there are, the product is the matrix, whatever was drawn.
type LowRank = (a: Tensor, q: number) => { U: Tensor; S: Tensor; V: Tensor };
function linalgLowRank(f: LowRank, a: Tensor): Tensor {
  ng.manualSeed(1);
  const { U, S, V } = f(a, Math.min(...a.shape.slice(-2)));
  return U.mul(S.unsqueeze(-2)).matmul(mT(V));
}
const lowRankRow = (fn: (a: Tensor) => Tensor, want: (a: Tensor) => Tensor, f: LowRank): Row => ({
  fn: ([a]) => fn(a!),
  reference: ([a]) => {
    const t = want(ng.tensor(a!.data, { shape: a!.shape, dtype: 'float64' }));
    return { shape: a!.shape, data: Array.from(t.dataSync() as Float64Array) };
  },
  samples: [{ inputs: [[4, 3]] }, { inputs: [[2, 2, 4]] }],
  // The centred rows have lower rank, where singular vectors have no derivative.
  grad: f === (ng.svdLowrank as LowRank) ? 'first' : false,
  tolerance: 1e-4,
  errors: [...anyMatrix((t) => f(t, 1)), [() => f(ng.ones([3, 4]), 4), 'ERR_INVALID_ARG']],
});

export const decompositionRows = {
  cholesky: {
    fn: ([a], [options]) => {
      const l = linalg.cholesky(positive(a!), options as { upper?: boolean });
      return [l, l.matmul(mT(l))];
    },
    reference: ([a], [options]) => {
      const l = m.eachMatrix(positiveRef(a!), (x) => {
        const out = x.map((row) => row.map(() => 0));
        x.forEach((row, i) => {
          for (let j = 0; j <= i; j++) {
            const left = row[j]! - sum(out[j]!.slice(0, j).map((v, k) => v * out[i]![k]!));
            out[i]![j] = i === j ? Math.sqrt(left) : left / out[j]![j]!;
          }
        });
        return options ? m.transposed(out) : out;
      });
      return [l, refMatmul(l, swap(l))];
    },
    samples: [...square, { inputs: [[3, 3]], args: [{ upper: true }] }],
    grad: true,
    errors: [...notSquare(linalg.cholesky), [() => linalg.cholesky(singular.neg()), 'ERR_NUMERIC']],
  },
  qr: {
    broadcast: false,
    fn: ([a]) => {
      const { Q, R } = linalg.qr(a!);
      return [Q.matmul(R), R.abs(), Q.matmul(mT(Q))];
    },
    // Gram-Schmidt: |r| is unique, and q q^T projects onto the columns.
    reference: ([a]) => {
      const gramSchmidt = (x: m.Matrix): [m.Matrix, m.Matrix] => {
        const basis: number[][] = [];
        for (const column of m.transposed(x)) {
          if (basis.length === x.length) break;
          const rest = basis.reduce((v, q) => {
            const s = sum(v.map((y, i) => y * q[i]!));
            return v.map((y, i) => y - s * q[i]!);
          }, column);
          const norm = Math.hypot(...rest);
          basis.push(rest.map((y) => y / norm));
        }
        return [m.transposed(basis), m.product(basis, x)];
      };
      return [
        a!,
        m.eachMatrix(a!, (x) => gramSchmidt(x)[1].map((row, i) => row.map((v, j) => (j < i ? 0 : Math.abs(v))))),
        m.eachMatrix(a!, (x) => m.product(gramSchmidt(x)[0], m.transposed(gramSchmidt(x)[0]))),
      ];
    },
    samples: anyShape,
    grad: true,
    tolerance: 1e-4,
    errors: [...anyMatrix((t) => linalg.qr(t)), [() => linalg.qr(singular, 'full' as 'r'), 'ERR_INVALID_ARG']],
  },
  eigh: {
    fn: ([a]) => {
      const { eigenvalues: w, eigenvectors: v } = linalg.eigh(symmetric(a!));
      return [w, v.mul(w.mul(0.1).exp().unsqueeze(-2)).matmul(mT(v))];
    },
    reference: ([a]) => [
      m.eachVector(symmetricRef(a!), (x) => m.symmetric(x).values),
      m.eachMatrix(symmetricRef(a!), (x) => {
        const { values, vectors } = m.symmetric(x);
        const gain = m.diagonal(values.map((w) => Math.exp(0.1 * w)));
        return m.product(vectors, m.product(gain, m.transposed(vectors)));
      }),
    ],
    samples: square,
    grad: true,
    tolerance: 1e-4,
    errors: [...notSquare((t) => linalg.eigh(t)), [() => linalg.eigh(notFinite), 'ERR_NUMERIC']],
  },
  eigvalsh: {
    fn: ([a], [uplo]) => linalg.eigvalsh(symmetric(a!), uplo as 'L' | 'U' | undefined),
    reference: ([a]) => m.eachVector(symmetricRef(a!), (x) => m.symmetric(x).values),
    samples: [...square, { inputs: [[3, 3]], args: ['U'] }],
    grad: true,
    tolerance: 1e-4,
    errors: notSquare((t) => linalg.eigvalsh(t)),
  },
  lu: {
    fn: ([a]) => {
      const { P, L, U } = linalg.lu(a!);
      return [P.matmul(L).matmul(U), L.triu(1).abs().sum(), U.tril(-1).abs().sum(), L.abs().amax()];
    },
    reference: ([a]) => [a!, scalar(0), scalar(0), scalar(1)],
    samples: anyShape,
    grad: false,
    errors: anyMatrix(linalg.lu),
  },
  luFactor: {
    fn: ([a]) => linalg.luFactor(a!.add(dominant(a!)), { pivot: false }).LU,
    reference: ([a]) => m.eachMatrix(dominantRef(a!), m.eliminated),
    samples: anyShape,
    grad: true,
    errors: [...anyMatrix((t) => linalg.luFactor(t)), [() => linalg.luFactor(singular), 'ERR_NUMERIC']],
  },
  luSolve: {
    fn: ([a, b], [options]) => {
      const { LU, pivots } = linalg.luFactor(regular(a!));
      return linalg.luSolve(LU, pivots, b!, options as { adjoint?: boolean });
    },
    reference: ([a, b], [options]) => {
      const system = regularRef(a!);
      return refMatmul(m.eachMatrix(options ? swap(system) : system, m.inverse), b!);
    },
    samples: [...solved, { ...solved[0]!, args: [{ adjoint: true }] }],
    grad: true,
    errors: [
      [() => linalg.luSolve(ng.eye(2), ng.ones([2]), ng.ones([2, 1])), 'ERR_DTYPE'],
      [() => linalg.luSolve(ng.eye(2), ng.ones([3], { dtype: 'int32' }), ng.ones([2, 1])), 'ERR_SHAPE'],
      [() => linalg.luSolve(ng.eye(2), ng.full([2], 3, { dtype: 'int32' }), ng.ones([2, 1])), 'ERR_INDEX'],
      [() => linalg.luSolve(ng.eye(2), ng.ones([2], { dtype: 'int32' }), ng.ones([3, 1])), 'ERR_SHAPE'],
    ],
  },
  eig: {
    // a v - v diag(w) is 0 (beside a, which gives the scale of errors) and vectors have length 1; the eigenvalues' sums and products are those of the matrix.
    fn: ([a]) => {
      const { eigenvalues: w, eigenvectors: v } = linalg.eig(a!);
      const [wr, wi, vr, vi] = [w.select(-1, 0), w.select(-1, 1), v.select(-1, 0), v.select(-1, 1)];
      const row = (t: Tensor): Tensor => t.unsqueeze(-2);
      return [
        a!
          .matmul(vr)
          .sub(vr.mul(row(wr)).sub(vi.mul(row(wi))))
          .add(a!),
        a!
          .matmul(vi)
          .sub(vr.mul(row(wi)).add(vi.mul(row(wr))))
          .add(a!),
        v.square().sum([-1, -3]),
        wr.sum(-1),
      ];
    },
    reference: ([a]) => [
      a!,
      a!,
      m.eachVector(a!, (x) => x.map(() => 1)),
      m.eachNumber(a!, (x) => sum(x.map((r, i) => r[i]!))),
    ],
    samples: [...square, { inputs: [[5, 5]] }],
    grad: false,
    errors: [...notSquare(linalg.eig), [() => linalg.eig(notFinite), 'ERR_NUMERIC']],
  },
  eigvals: {
    // Sums of powers are traces of powers, whatever the order of the eigenvalues.
    fn: ([a]) => {
      const w = linalg.eigvals(a!);
      return [w.select(-1, 0).sum(-1), w.select(-1, 0).square().sub(w.select(-1, 1).square()).sum(-1)];
    },
    reference: ([a]) => {
      const trace = (t: Nd): Nd => m.eachNumber(t, (x) => sum(x.map((r, i) => r[i]!)));
      return [trace(a!), trace(refMatmul(a!, a!))];
    },
    samples: [...square, { inputs: [[5, 5]] }],
    grad: true,
    errors: notSquare(linalg.eigvals),
  },
  svd: {
    broadcast: false,
    fn: ([a]) => {
      const { U, S, Vh } = linalg.svd(a!);
      const k = S.shape[S.ndim - 1]!;
      return [
        S,
        U.narrow(-1, 0, k)
          .mul(S.square().unsqueeze(-2))
          .matmul(Vh.narrow(-2, 0, k)),
      ];
    },
    reference: ([a]) => [m.eachVector(a!, m.singularValues), m.eachMatrix(a!, (x) => m.ofSingular(x, (s) => s * s))],
    samples: anyShape,
    grad: true,
    tolerance: 1e-4,
    errors: [...anyMatrix((t) => linalg.svd(t)), [() => linalg.svd(notFinite), 'ERR_NUMERIC']],
  },
  svdLowrank: lowRankRow(
    (a) => linalgLowRank(ng.svdLowrank, a),
    (a) => a,
    ng.svdLowrank,
  ),
  pcaLowrank: lowRankRow(
    (a) => linalgLowRank(ng.pcaLowrank, a),
    (a) => a.sub(a.mean(-2, { keepdim: true })),
    ng.pcaLowrank,
  ),
  svdvals: {
    broadcast: false,
    reference: ([a]) => m.eachVector(a!, m.singularValues),
    samples: anyShape,
    grad: true,
    errors: anyMatrix(linalg.svdvals),
  },
} satisfies Record<string, Row>;
