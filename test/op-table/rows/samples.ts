/** @file Rows of lib/ops/reduce/covariance.ts, calculus.ts and lib/ops/shape/combinations.ts, histogram.ts and distributions.ts. */
import * as ng from '../../../lib';
import * as m from '../matrices';
import { build, exact, lines, map, type Nd, nd, scalar, sum } from '../nd';
import type { Row } from '../row';

const average = (v: number[]): number => sum(v) / v.length;
const rowsOf = (a: Nd): number[][] =>
  a.shape.length === 2
    ? Array.from({ length: a.shape[0]! }, (_, i) => a.data.slice(i * a.shape[1]!, (i + 1) * a.shape[1]!))
    : [a.data];

function covariance(a: Nd, correction: number): Nd {
  const rows = rowsOf(a).map((r) => r.map((v) => v - average(r)));
  const c = m.product(rows, m.transposed(rows)).map((r) => r.map((v) => v / (rows[0]!.length - correction)));
  return a.shape.length === 2 ? nd([rows.length, rows.length], c.flat()) : scalar(c[0]![0]!);
}

const trapezoidRow: Row = {
  reference: ([y, x], [options]) => {
    const { dim = -1, dx = 1 } = (options ?? {}) as { dim?: number; dx?: number };
    const axis = dim < 0 ? dim + y!.shape.length : dim;
    const at = (k: number): number => (x ? x.data[k]! : k * dx);
    const out = lines(y!, axis, (v) => [sum(v.slice(1).map((b, k) => ((b + v[k]!) * (at(k + 1) - at(k))) / 2))]);
    return nd(
      out.shape.filter((_, i) => i !== axis),
      out.data,
    );
  },
  samples: [
    { inputs: [[3, 4]] },
    { inputs: [[3, 4], [4]] },
    { inputs: [[3, 4]], args: [{ dim: 0, dx: 0.5 }] },
    { inputs: [[3, 4], [3]], args: [{ dim: 0 }] },
  ],
  grad: true,
  errors: [[() => ng.trapezoid(ng.ones([3]), ng.ones([4])), 'ERR_SHAPE']],
};

const bins = (a: Nd, edges: number[]): Nd =>
  nd(
    [edges.length - 1],
    edges.slice(1).map((top, k) => {
      const last = k === edges.length - 2;
      return a.data.filter((v) => v >= edges[k]! && (v < top || (last && v === top))).length;
    }),
  );
const even = (low: number, high: number, n: number): number[] =>
  Array.from({ length: n + 1 }, (_, i) => low + ((high - low) * i) / n);

export const samplesRows = {
  histc: {
    reference: ([a], [n, low, high]) => bins(a!, even(low as number, high as number, n as number)),
    samples: [
      { inputs: [[5, 6]], args: [4, -1, 1] },
      { inputs: [[20]], args: [3, -2, 2] },
    ],
    grad: false,
    errors: [
      [() => ng.histc(ng.ones([3]), 0), 'ERR_INVALID_ARG'],
      [() => ng.histc(ng.ones([3]), 3, 2, 1), 'ERR_INVALID_ARG'],
      [() => ng.histc(ng.tensor([1, NaN]), 3), 'ERR_INVALID_ARG'],
      [() => ng.histc(ng.ones([3], { dtype: 'int32' })), 'ERR_DTYPE'],
    ],
  },
  histogram: {
    reference: ([a], [n, options]) => {
      const [low, high] = (options as { range: [number, number] }).range;
      const edges = even(low, high, n as number);
      return [bins(a!, edges), nd([edges.length], edges)];
    },
    samples: [
      { inputs: [[5, 6]], args: [4, { range: [-1, 1] }] },
      { inputs: [[20]], args: [1, { range: [-2, 2] }] },
    ],
    grad: false,
    errors: [
      [() => ng.histogram(ng.ones([3]), 2, { weight: ng.ones([2]) }), 'ERR_SHAPE'],
      [() => ng.histogram(ng.ones([3]), ng.ones([1])), 'ERR_SHAPE'],
    ],
  },
  cov: {
    reference: ([a], [options]) => covariance(a!, (options as { correction: number } | undefined)?.correction ?? 1),
    samples: [{ inputs: [[3, 5]] }, { inputs: [[6]] }, { inputs: [[2, 4]], args: [{ correction: 0 }] }],
    grad: true,
    errors: [
      [() => ng.cov(ng.ones([2, 2, 2])), 'ERR_SHAPE'],
      [() => ng.cov(ng.ones([2, 3]), { aweights: ng.ones([2]) }), 'ERR_SHAPE'],
      [() => ng.cov(ng.ones([2, 3]), { fweights: ng.ones([3]) }), 'ERR_DTYPE'],
    ],
  },
  corrcoef: {
    broadcast: false,
    reference: ([a]) => {
      const c = covariance(a!, 1);
      if (c.shape.length === 0) return scalar(1);
      return build(c.shape, ([i, j]) => exact(c, [i!, j!]) / Math.sqrt(exact(c, [i!, i!]) * exact(c, [j!, j!])));
    },
    samples: [{ inputs: [[3, 5]] }, { inputs: [[6]] }],
    // The diagonal is exactly at the bound of the clamp.
    grad: false,
    errors: [[() => ng.corrcoef(ng.ones([2, 2, 2])), 'ERR_SHAPE']],
  },
  trapezoid: trapezoidRow,
  trapz: trapezoidRow,
  interp: {
    reference: ([x, xp, fp]) =>
      map(x!, (v) => {
        const [at, f] = [xp!.data, fp!.data];
        if (v <= at[0]!) return f[0]!;
        const k = at.findIndex((p) => p >= v);
        if (k < 0) return f[f.length - 1]!;
        return f[k - 1]! + ((f[k]! - f[k - 1]!) * (v - at[k - 1]!)) / (at[k]! - at[k - 1]!);
      }),
    samples: [
      { inputs: [[2, 5], { shape: [4], values: [-1.5, -0.25, 0.5, 1.75] }, [4]] },
      { inputs: [[3], { shape: [2], values: [-1, 1] }, [2]] },
    ],
    grad: true,
    errors: [[() => ng.interp(ng.ones([2]), ng.ones([3]), ng.ones([2])), 'ERR_SHAPE']],
  },
  cartesianProd: {
    fn: (list) => ng.cartesianProd(...list),
    reference: (list) => {
      const rows = list.reduce<number[][]>((all, t) => all.flatMap((row) => t.data.map((v) => [...row, v])), [[]]);
      return list.length === 1 ? list[0]! : nd([rows.length, list.length], rows.flat());
    },
    samples: [{ inputs: [[2], [3]] }, { inputs: [[2], [1], [3]] }, { inputs: [[4]] }],
    grad: true,
    errors: [[() => ng.cartesianProd(ng.ones([2, 2])), 'ERR_SHAPE']],
  },
  combinations: {
    reference: ([a], [r, again]) => {
      const choose = (from: number, left: number): number[][] =>
        left === 0
          ? [[]]
          : a!.data.flatMap((v, i) =>
              i < from ? [] : choose(again ? i : i + 1, left - 1).map((rest) => [v, ...rest]),
            );
      const rows = choose(0, r as number);
      return nd([rows.length, r as number], rows.flat());
    },
    samples: [
      { inputs: [[4]], args: [2] },
      { inputs: [[3]], args: [2, true] },
      { inputs: [[5]], args: [3] },
    ],
    grad: true,
    errors: [
      [() => ng.combinations(ng.ones([2, 2])), 'ERR_SHAPE'],
      [() => ng.combinations(ng.ones([2]), -1), 'ERR_INVALID_ARG'],
    ],
  },
  // What is drawn is tested in samples.test.ts; with rate 0 it is known.
  poisson: {
    reference: ([a]) => map(a!, () => 0),
    samples: [{ inputs: [{ shape: [3, 4], low: 0, high: 0 }] }],
    grad: false,
    errors: [[() => ng.poisson(ng.ones([2], { dtype: 'int64' })), 'ERR_DTYPE']],
  },
} satisfies Record<string, Row>;
