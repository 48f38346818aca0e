/** @file Rows of the decompositions of lib/ops/linalg. Where signs or a basis are free, rows compare what does not depend on them. */
import * as ng from '../../../lib';
import * as m from '../matrices';
import { sum } from '../nd';
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
  singular,
  notFinite,
} from './linalg-inputs';
import { refMatmul } from './matmul';

const { linalg } = ng;

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
  svd: {
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
  svdvals: {
    reference: ([a]) => m.eachVector(a!, m.singularValues),
    samples: anyShape,
    grad: true,
    errors: anyMatrix(linalg.svdvals),
  },
} satisfies Record<string, Row>;
