/** @file Linear algebra against PyTorch: values and gradients, results with names, methods, errors, threads. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ng from '../lib';
import type { Tensor } from '../lib';
import { expectParity, unstore } from './parity';

interface Packed {
  shape: number[];
  data: number[];
}
interface Row {
  name: string;
  args: unknown[];
  x: Packed[];
  y: Packed[];
  grads: Packed[];
}
const rows = JSON.parse(readFileSync(join(__dirname, '..', '..', 'test', 'fixtures', 'linalg.json'), 'utf8')) as Row[];

const { linalg } = ng;
const unpack = ({ shape, data }: Packed, dtype: ng.DType): Tensor =>
  ng.tensor(Float64Array.from(data), { shape, dtype });
const values = (t: Tensor): number[] => Array.from(t.dataSync() as Float64Array, Number);
const mT = (t: Tensor): Tensor => t.transpose(-1, -2);

// What the fixture compares instead of results whose signs are free (see make_linalg.py).
const signFree: Record<string, (list: Tensor[], args: unknown[]) => Tensor[]> = {
  eigh: ([a], [uplo]) => {
    const [w, v] = linalg.eigh(a!.add(mT(a!)), uplo as 'L');
    return [w, v.mul(w.sin().unsqueeze(-2)).matmul(mT(v))];
  },
  svd: ([a], [full]) => {
    const { U, S, Vh } = linalg.svd(a!, { fullMatrices: full as boolean });
    const k = S.shape[S.ndim - 1]!;
    return [
      S,
      U.narrow(-1, 0, k)
        .mul(S.sin().unsqueeze(-2))
        .matmul(Vh.narrow(-2, 0, k)),
    ];
  },
  lstsq: ([a, b]) => [linalg.lstsq(a!, b!).solution],
  multiDot: (list) => [linalg.multiDot(list)],
};

function call(r: Row, list: Tensor[]): Tensor[] {
  const own = signFree[r.name];
  if (own) return own(list, r.args);
  const fn = (linalg as never as Record<string, (...a: unknown[]) => Tensor | Tensor[]>)[r.name]!;
  const out = fn(...list, ...r.args.map((a) => (String(a).endsWith('inf') ? unstore(a as string) : a)));
  return out instanceof ng.Tensor ? [out] : out;
}

function expectSame(r: Row, label: string, got: Tensor, want: Packed, tolerance: number): void {
  expect(got.shape).toEqual(want.shape);
  expectParity(got, want.data, {
    kind: 'op',
    name: `linalg.${r.name}`,
    label: `${r.name} ${label}`,
    tolerance,
    floor: 'scale',
  });
}

describe.each(rows.map((r) => [`${r.name} [${r.x.map((x) => x.shape.join('x')).join('], [')}]`, r] as const))(
  '%s',
  (_label, r) => {
    const weigh = (outs: Tensor[]): Tensor => {
      let k = 0;
      const parts = outs.map((o) => {
        const w = ng
          .arange(k, k + o.numel, { dtype: 'float64' })
          .mul(0.1)
          .add(0.3)
          .reshape(o.shape);
        k += o.numel;
        return ng.mul(o, w).sum();
      });
      return parts.filter((p) => p.requiresGrad).reduce((a, b) => a.add(b));
    };

    test('values', () => {
      for (const [dtype, tolerance] of [
        ['float64', 1e-11],
        ['float32', 2e-5],
      ] as const) {
        const outs = call(
          r,
          r.x.map((x) => unpack(x, dtype)),
        );
        outs.forEach((o, i) => expectSame(r, `output ${i}`, o, r.y[i]!, tolerance));
      }
    });

    // A rank has none.
    if (r.grads.length === 0) return;
    test('gradients, with the graph of the gradient and without', () => {
      for (const createGraph of [false, true]) {
        const leaves = r.x.map((x) => unpack(x, 'float64').requiresGrad_());
        const grads = ng.grad(weigh(call(r, leaves)), leaves, { createGraph });
        grads.forEach((g, i) => expectSame(r, `gradient ${i}`, g, r.grads[i]!, 1e-9));
      }
    });
  },
);

test('results are lists with names', () => {
  const a = ng.eye(3);
  const { Q, R } = linalg.qr(a);
  const [q, r] = linalg.qr(a);
  expect([values(Q), values(R)]).toEqual([values(q), values(r)]);
  expect(Object.keys(linalg.svd(a))).toEqual(['0', '1', '2']);
  const { sign, logabsdet } = ng.slogdet(a.mul(-2));
  expect([sign.itemSync(), logabsdet.itemSync()]).toEqual([-1, expect.closeTo(Math.log(8), 6)]);
  const fit = linalg.lstsq(ng.tensor([[1], [1], [1]]), ng.tensor([1, 2, 6]));
  expect([values(fit.solution), values(fit.residuals), values(fit.rank)]).toEqual([
    [expect.closeTo(3, 6)],
    [expect.closeTo(14, 5)],
    [1],
  ]);
});

test('full and reduced shapes', () => {
  const shapes = (list: readonly Tensor[]): string => list.map((t) => t.shape.join('x')).join(' ');
  const a = ng.ones([2, 5, 3]);
  expect(shapes(linalg.svd(a))).toBe('2x5x5 2x3 2x3x3');
  expect(shapes(linalg.svd(a, { fullMatrices: false }))).toBe('2x5x3 2x3 2x3x3');
  expect(shapes(linalg.qr(a))).toBe('2x5x3 2x3x3');
  expect(shapes(linalg.qr(a, 'complete'))).toBe('2x5x5 2x5x3');
  expect(shapes(linalg.qr(a, 'r'))).toBe('0 2x3x3');
  expect(shapes(linalg.svd(ng.zeros([0, 3])))).toBe('0x0 0 3x3');
  expect(linalg.det(ng.zeros([0, 0])).itemSync()).toBe(1);
  expect(linalg.inv(ng.zeros([4, 0, 0])).shape).toEqual([4, 0, 0]);
});

test('a failure names the matrix and leaves the next call alone', () => {
  const batch = ng.stack([ng.eye(2), ng.eye(2).neg(), ng.zeros([2, 2])]);
  expect(() => linalg.cholesky(batch)).toThrow(/batch item 1 is not positive definite/);
  expect(() => linalg.inv(batch)).toThrow(/batch item 2 is singular/);
  expect(() => linalg.solve(batch, ng.ones([2, 1]))).toThrow(/^\[solve\].*batch item 2/);
  expect(() => linalg.eigh(ng.full([2, 2], Infinity))).toThrow(/not finite/);
  expect(values(linalg.inv(ng.eye(2)))).toEqual([1, 0, 0, 1]);
});

test('the gradient of a determinant at rank n - 1 is the cofactor matrix, at rank n - 2 zero', () => {
  for (const [rows2, want] of [
    [
      [1, 2, 2, 4],
      [4, -2, -2, 1],
    ],
    [
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ],
  ] as const) {
    const a = ng.tensor(Float64Array.from(rows2), { shape: [2, 2] }).requiresGrad_();
    linalg.det(a).backward();
    values(a.grad!).forEach((v, i) => expect(v).toBeCloseTo(want[i]!, 12));
  }
});

test('condition numbers', () => {
  expect(values(linalg.cond(ng.eye(3)))).toEqual([expect.closeTo(1, 6)]);
  expect(values(linalg.cond(ng.stack([ng.eye(2), ng.zeros([2, 2])]), 1))).toEqual([1, Infinity]);
  expect(() => linalg.norm(ng.ones([2, 2, 2]), 1)).toThrow('[norm]');
  expect(() => linalg.matrixNorm(ng.ones([2, 2]), 3)).toThrow('[matrixNorm]');
});

test('repeated eigenvalues: their sum still has a gradient', () => {
  const a = ng.eye(3, { dtype: 'float64' }).requiresGrad_();
  linalg.eigvalsh(a).sum().backward();
  values(a.grad!).forEach((v, i) => expect(v).toBeCloseTo(i % 4 === 0 ? 1 : 0, 12));
});

test('the same bits for any number of threads', () => {
  const a = ng.tensor(
    Float64Array.from({ length: 64 * 24 * 24 }, (_, i) => Math.sin(i * i)),
    { shape: [64, 24, 24] },
  );
  const run = (threads: number): number[][] => {
    ng.setNumThreads(threads);
    return [...linalg.svd(a), linalg.inv(a), ...linalg.qr(a)].map(values);
  };
  const before = ng.getNumThreads();
  const one = run(1);
  expect(run(4)).toEqual(one);
  ng.setNumThreads(before);
});

test('eig of matrices without a basis, of zeros, and its gradient by differences', () => {
  expect(values(linalg.eigvals(ng.zeros([3, 3])))).toEqual([0, 0, 0, 0, 0, 0]);
  expect(values(linalg.eig(ng.zeros([2, 2])).eigenvectors)).toEqual([1, 0, 0, 0, 0, 0, 1, 0]);
  expect(
    values(
      linalg.eigvals(
        ng.tensor([
          [0, 1],
          [-1, 0],
        ]),
      ),
    ),
  ).toEqual([0, 1, 0, -1]);
  // Absolute values of the vectors do not depend on their phases.
  const a = ng
    .tensor(
      [
        [1, 2, 0.5],
        [-3, 1, 0.2],
        [0.1, 0.4, 5],
      ],
      { dtype: 'float64' },
    )
    .requiresGrad_();
  const lengths = (t: ng.Tensor): ng.Tensor[] => {
    const { eigenvalues: w, eigenvectors: v } = linalg.eig(t);
    return [v.square().sum(-1), w];
  };
  expect(ng.gradcheck((t) => lengths(t!), [a])).toBe(true);
  expect(ng.gradgradcheck((t) => lengths(t!), [a])).toBe(true);
});

test('lu of any shape has a gradient, and solves both ways', () => {
  for (const shape of [
    [3, 3],
    [2, 3, 5],
    [5, 3],
  ]) {
    const a = ng
      .tensor(
        Float64Array.from({ length: shape.reduce((p, d) => p * d) }, (_, i) => Math.sin(i * i + 1)),
        {
          shape,
          dtype: 'float64',
        },
      )
      .requiresGrad_();
    const factors = (t: ng.Tensor | undefined): ng.Tensor[] => linalg.lu(t!).slice(1);
    expect(ng.gradcheck(factors, [a])).toBe(true);
    expect(ng.gradgradcheck(factors, [a])).toBe(true);
  }
  const a = ng.tensor(
    [
      [0, 2],
      [3, 1],
    ],
    { dtype: 'float64' },
  );
  const b = ng.tensor(
    [
      [2, 4],
      [5, 7],
    ],
    { dtype: 'float64' },
  );
  const { LU, pivots } = linalg.luFactor(a);
  expect(pivots.arraySync()).toEqual([2, 2]);
  expect(ng.allclose(a.matmul(linalg.luSolve(LU, pivots, b)), b)).toBe(true);
  expect(ng.allclose(linalg.luSolve(LU, pivots, b, { left: false }).matmul(a), b)).toBe(true);
});
