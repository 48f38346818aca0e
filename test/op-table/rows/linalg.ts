/** @file Rows of lib/ops/linalg but for the decompositions. */
import * as ng from '../../../lib';
import * as m from '../matrices';
import { build, exact, nd, reduce, sum, type Nd } from '../nd';
import type { Row } from '../row';
import { mT, regular, regularRef, square, notSquare, anyMatrix, singular } from './linalg-inputs';
import { refMatmul } from './matmul';

const { linalg } = ng;

const invRow: Row = {
  fn: ([a]) => linalg.inv(regular(a!)),
  reference: ([a]) => m.eachMatrix(regularRef(a!), m.inverse),
  samples: square,
  grad: true,
  errors: [...notSquare(linalg.inv), [() => linalg.inv(singular), 'ERR_NUMERIC']],
};

const pinvRow: Row = {
  broadcast: false,
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
  matrixRank: {
    broadcast: false,
    fn: ([a]) => linalg.matrixRank(a!.matmul(mT(a!))),
    reference: ([a]) => m.eachNumber(a!, (x) => Math.min(x.length, x[0]!.length)),
    samples: [{ inputs: [[4, 2]] }, { inputs: [[2, 3, 1]] }, { inputs: [[2, 4]] }],
    grad: false,
    errors: anyMatrix((t) => linalg.matrixRank(t)),
  },
  pinv: pinvRow,
  pinverse: { ...pinvRow, fn: ([a]) => a!.pinverse() },
  lstsq: {
    broadcast: false,
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
    broadcast: false,
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
