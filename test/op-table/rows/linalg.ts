/** @file Rows of lib/ops/linalg. Where signs or a basis are free, rows compare what does not depend on them. */
import * as ng from '../../../lib';
import type { Tensor } from '../../../lib';
import * as m from '../matrices';
import { build, exact, type Nd, nd, reduce, sum } from '../nd';
import type { Row } from '../row';
import { refMatmul } from './matmul';

const { linalg } = ng;
const mT = (t: Tensor): Tensor => t.transpose(-1, -2);
const swap = (a: Nd): Nd => m.eachMatrix(a, m.transposed);

// Random matrices moved away from singular ones, and symmetric ones whose eigenvalues lie apart.
const eye = (t: Tensor): Tensor => ng.eye(t.shape[t.ndim - 1]!, { dtype: t.dtype });
const apart = (t: Tensor): Tensor => ng.arange(t.shape[t.ndim - 1]!, { dtype: t.dtype }).mul(3);
const regular = (t: Tensor): Tensor => t.add(eye(t).mul(5));
const regularRef = (a: Nd): Nd => m.shifted(a, 5);
const symmetric = (t: Tensor): Tensor =>
  t
    .add(mT(t))
    .mul(0.25)
    .add(eye(t).mul(apart(t)));
const symmetricRef = (a: Nd): Nd => {
  const t = swap(a);
  return m.shifted(
    build(a.shape, (i) => (exact(a, i) + exact(t, i)) * 0.25),
    0,
    3,
  );
};
const positive = (t: Tensor): Tensor => t.matmul(mT(t)).add(eye(t));
const positiveRef = (a: Nd): Nd => m.shifted(refMatmul(a, swap(a)), 1);

const square = [{ inputs: [[3, 3]] }, { inputs: [[2, 3, 3]] }, { inputs: [[1, 1]] }];
const anyShape = [{ inputs: [[4, 3]] }, { inputs: [[2, 2, 4]] }, { inputs: [[3, 3]] }];
const notSquare = (f: (t: Tensor) => unknown): [() => unknown, string][] => [
  [() => f(ng.ones([2, 3])), 'ERR_SHAPE'],
  [() => f(ng.ones([3])), 'ERR_SHAPE'],
  [() => f(ng.ones([2, 2], { dtype: 'int32' })), 'ERR_DTYPE'],
];
const anyMatrix = (f: (t: Tensor) => unknown): [() => unknown, string][] => notSquare(f).slice(1);
const singular = ng.tensor([
  [1, 2],
  [2, 4],
]);
const notFinite = ng.full([2, 2], NaN);

const invRow: Row = {
  fn: ([a]) => linalg.inv(regular(a!)),
  reference: ([a]) => m.eachMatrix(regularRef(a!), m.inverse),
  samples: square,
  grad: true,
  errors: [...notSquare(linalg.inv), [() => linalg.inv(singular), 'ERR_NUMERIC']],
};

const pinvRow: Row = {
  reference: ([a]) => m.eachMatrix(a!, (x) => m.transposed(m.ofSingular(x, (s) => 1 / s))),
  samples: [{ inputs: [[4, 2]] }, { inputs: [[2, 2, 4]] }],
  grad: true,
  tolerance: 2e-4,
  errors: anyMatrix(linalg.pinv),
};

const permuted = (a: Nd, x: Nd): Nd => nd([...a.shape], x.data);

function crossRef(a: Nd, b: Nd, axis: number): Nd {
  return build(a.shape, (i) => {
    const on = (t: Nd, step: number): number =>
      exact(
        t,
        i.map((v, k) => (k === axis ? (v + step) % 3 : v)),
      );
    return on(a, 1) * on(b, 2) - on(a, 2) * on(b, 1);
  });
}

export const linalgRows = {
  inv: invRow,
  inverse: { ...invRow, fn: ([a]) => regular(a!).inverse() },
  solve: {
    fn: ([a, b], [options]) => linalg.solve(regular(a!), b!, options as { left?: boolean }),
    reference: ([a, b], [options]) => {
      const x = m.eachMatrix(regularRef(a!), m.inverse);
      if ((options as { left?: boolean } | undefined)?.left === false) return refMatmul(b!, x);
      const vector = b!.shape.join() === a!.shape.slice(0, -1).join();
      const y = refMatmul(x, vector ? nd([...b!.shape, 1], b!.data) : b!);
      return vector ? permuted(b!, y) : y;
    },
    samples: [
      {
        inputs: [
          [3, 3],
          [3, 2],
        ],
      },
      { inputs: [[3, 3], [3]] },
      {
        inputs: [
          [2, 3, 3],
          [2, 3],
        ],
      },
      {
        inputs: [
          [2, 1, 3, 3],
          [4, 3, 1],
        ],
      },
      {
        inputs: [
          [3, 3],
          [2, 3],
        ],
        args: [{ left: false }],
      },
    ],
    grad: true,
    errors: [
      [() => linalg.solve(ng.ones([2, 2]), ng.ones([3, 1])), 'ERR_SHAPE'],
      [() => linalg.solve(ng.ones([2, 3]), ng.ones([2, 1])), 'ERR_SHAPE'],
      [() => linalg.solve(ng.ones([2, 2]), ng.ones([2], { dtype: 'float64' })), 'ERR_DTYPE'],
      [() => linalg.solve(singular, ng.ones([2])), 'ERR_NUMERIC'],
    ],
  },
  solveTriangular: {
    fn: ([a, b], [o]) => linalg.solveTriangular(regular(a!), b!, o as { upper: boolean }),
    reference: ([a, b], [o]) => {
      const { upper, left = true, unitriangular } = o as { upper: boolean; left?: boolean; unitriangular?: boolean };
      const full = regularRef(a!);
      const t = build(full.shape, (i) => {
        const [r, c] = i.slice(-2) as [number, number];
        if (r === c && unitriangular) return 1;
        return (upper ? c >= r : c <= r) ? exact(full, i) : 0;
      });
      const x = m.eachMatrix(t, m.inverse);
      return left ? refMatmul(x, b!) : refMatmul(b!, x);
    },
    samples: [
      {
        inputs: [
          [3, 3],
          [3, 2],
        ],
        args: [{ upper: true }],
      },
      {
        inputs: [
          [2, 3, 3],
          [3, 2],
        ],
        args: [{ upper: false }],
      },
      {
        inputs: [
          [3, 3],
          [2, 3],
        ],
        args: [{ upper: true, left: false }],
      },
      {
        inputs: [
          [3, 3],
          [3, 1],
        ],
        args: [{ upper: false, unitriangular: true }],
      },
    ],
    grad: true,
    tolerance: 1e-4,
    errors: [
      [() => linalg.solveTriangular(ng.ones([2, 2]), ng.ones([2, 1]), {} as { upper: boolean }), 'ERR_INVALID_ARG'],
      [() => linalg.solveTriangular(ng.ones([2, 2]), ng.ones([3, 1]), { upper: true }), 'ERR_SHAPE'],
    ],
  },
  det: {
    reference: ([a]) => m.eachNumber(a!, m.determinant),
    samples: square,
    grad: true,
    errors: notSquare(linalg.det),
  },
  slogdet: {
    fn: ([a]) => linalg.slogdet(regular(a!)),
    reference: ([a]) => [
      m.eachNumber(regularRef(a!), (x) => Math.sign(m.determinant(x))),
      m.eachNumber(regularRef(a!), (x) => Math.log(Math.abs(m.determinant(x)))),
    ],
    samples: square,
    grad: true,
    errors: notSquare(linalg.slogdet),
  },
  logdet: {
    fn: ([a]) => linalg.logdet(regular(a!)),
    reference: ([a]) => m.eachNumber(regularRef(a!), (x) => Math.log(m.determinant(x))),
    samples: square,
    grad: true,
    errors: notSquare(linalg.logdet),
  },
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
  matrixRank: {
    fn: ([a]) => linalg.matrixRank(a!.matmul(mT(a!))),
    reference: ([a]) => m.eachNumber(a!, (x) => Math.min(x.length, x[0]!.length)),
    samples: [{ inputs: [[4, 2]] }, { inputs: [[2, 3, 1]] }, { inputs: [[2, 4]] }],
    grad: false,
    errors: anyMatrix((t) => linalg.matrixRank(t)),
  },
  pinv: pinvRow,
  pinverse: { ...pinvRow, fn: ([a]) => a!.pinverse() },
  lstsq: {
    fn: ([a, b]) => linalg.lstsq(a!, b!).solution,
    reference: ([a, b]) =>
      refMatmul(
        m.eachMatrix(a!, (x) => m.transposed(m.ofSingular(x, (s) => 1 / s))),
        b!,
      ),
    samples: [
      {
        inputs: [
          [5, 2],
          [5, 3],
        ],
      },
      {
        inputs: [
          [2, 4],
          [2, 1],
        ],
      },
      { inputs: [[4, 2], [4]] },
    ],
    grad: true,
    tolerance: 2e-4,
    errors: [[() => linalg.lstsq(ng.ones([3, 2]), ng.ones([4, 1])), 'ERR_SHAPE']],
  },
  matrixPower: {
    fn: ([a], [n]) => linalg.matrixPower(regular(a!), n as number),
    reference: ([a], [n]) =>
      m.eachMatrix(regularRef(a!), (x) => {
        const base = (n as number) < 0 ? m.inverse(x) : x;
        let r = m.diagonal(x.map(() => 1));
        for (let i = 0; i < Math.abs(n as number); i++) r = m.product(r, base);
        return r;
      }),
    samples: [3, 1, 0, 6, -2].map((n) => ({ inputs: [[2, 3, 3]], args: [n] })),
    grad: true,
    tolerance: 1e-4,
    errors: [
      ...notSquare((t) => linalg.matrixPower(t, 2)),
      [() => linalg.matrixPower(singular, 0.5), 'ERR_INVALID_ARG'],
    ],
  },
  matrixExp: {
    reference: ([a]) =>
      m.eachMatrix(a!, (x) => {
        // exp(x) = exp(x / 256)^256, the power series within.
        let term = m.diagonal(x.map(() => 1));
        let r = term;
        for (let i = 1; i < 12; i++) {
          term = m.product(term, x).map((row) => row.map((v) => v / 256 / i));
          r = r.map((row, k) => row.map((v, l) => v + term[k]![l]!));
        }
        for (let i = 0; i < 8; i++) r = m.product(r, r);
        return r;
      }),
    samples: [...square, { inputs: [{ shape: [3, 3], low: -3, high: 3 }] }],
    grad: true,
    errors: notSquare(linalg.matrixExp),
  },
  vectorNorm: {
    reference: ([a], [ord = 2, dim]) =>
      reduce(a!, dim as number | undefined, false, (v) => {
        const size = v.map(Math.abs);
        return ord === Infinity
          ? Math.max(...size)
          : sum(size.map((x) => x ** (ord as number))) ** (1 / (ord as number));
      }),
    samples: [{ inputs: [[3, 4]] }, { inputs: [[2, 3, 2]], args: [3, 1] }, { inputs: [[4]], args: [Infinity] }],
    grad: true,
    errors: [[() => linalg.vectorNorm(ng.ones([2], { dtype: 'int32' })), 'ERR_DTYPE']],
  },
  matrixNorm: {
    reference: ([a], [ord = 'fro']) =>
      m.eachNumber(a!, (x) => {
        if (ord === 'fro') return Math.hypot(...x.flat());
        if (ord === 'nuc') return sum(m.singularValues(x));
        if (ord === 2) return m.singularValues(x)[0]!;
        return Math.max(...(ord === 1 ? m.transposed(x) : x).map((row) => sum(row.map(Math.abs))));
      }),
    samples: [{ inputs: [[3, 2]] }, ...['nuc', 1, 2, Infinity].map((ord) => ({ inputs: [[2, 3, 4]], args: [ord] }))],
    grad: true,
    tolerance: 1e-4,
    errors: [
      [() => linalg.matrixNorm(ng.ones([2])), 'ERR_SHAPE'],
      [() => linalg.matrixNorm(ng.ones([2, 2]), 3), 'ERR_INVALID_ARG'],
    ],
  },
  cond: {
    fn: ([a], [ord]) => linalg.cond(regular(a!), ord as 1 | undefined),
    reference: ([a], [ord]) =>
      m.eachNumber(regularRef(a!), (x) => {
        const s = m.singularValues(x);
        const columns = (y: m.Matrix): number => Math.max(...m.transposed(y).map((c) => sum(c.map(Math.abs))));
        return ord === 1 ? columns(x) * columns(m.inverse(x)) : s[0]! / s[s.length - 1]!;
      }),
    samples: [{ inputs: [[2, 3, 3]] }, { inputs: [[3, 3]], args: [1] }],
    grad: true,
    tolerance: 1e-4,
    errors: [[() => linalg.cond(ng.ones([2, 3]), 1), 'ERR_SHAPE']],
  },
  multiDot: {
    fn: (list) => linalg.multiDot(list),
    reference: (list) => list.reduce(refMatmul),
    samples: [
      {
        inputs: [
          [2, 3],
          [3, 4],
          [4, 2],
        ],
      },
      { inputs: [[3], [3, 4], [4, 2], [2]] },
      {
        inputs: [
          [1, 5],
          [5, 1],
        ],
      },
      { inputs: [[3], [3]] },
    ],
    grad: true,
    errors: [
      [() => linalg.multiDot([ng.ones([2, 3]), ng.ones([2, 3])]), 'ERR_SHAPE'],
      [() => linalg.multiDot([ng.ones([2, 2])]), 'ERR_INVALID_ARG'],
    ],
  },
  cross: {
    reference: ([a, b], [axis]) => crossRef(a!, b!, (axis as number | undefined) ?? a!.shape.length - 1),
    samples: [
      {
        inputs: [
          [2, 3],
          [2, 3],
        ],
      },
      { inputs: [[3], [3]] },
      {
        inputs: [
          [3, 2],
          [3, 2],
        ],
        args: [0],
      },
    ],
    grad: true,
    errors: [[() => linalg.cross(ng.ones([2]), ng.ones([2])), 'ERR_SHAPE']],
  },
  vecdot: {
    reference: ([a, b]) => {
      const n = a!.shape[a!.shape.length - 1]!;
      return build(a!.shape.slice(0, -1), (i) =>
        sum(
          Array.from(
            { length: n },
            (_, k) => exact(a!, [...i, k]) * exact(b!, b!.shape.length === 1 ? [k] : [...i, k]),
          ),
        ),
      );
    },
    samples: [
      {
        inputs: [
          [2, 4],
          [2, 4],
        ],
      },
      { inputs: [[2, 4], [4]] },
      { inputs: [[3], [3]] },
    ],
    grad: true,
  },
} satisfies Record<string, Row>;
