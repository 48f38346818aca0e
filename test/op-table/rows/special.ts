/** @file Rows of lib/ops/elementwise/special.ts, calculus.ts, generators.ts and regions.ts, and of parts, pairs and factors. */
import * as ng from '../../../lib';
import * as m from '../matrices';
import { at, build, exact, lines, map, type Nd, nd, sum, zip } from '../nd';
import type { Row } from '../row';
import { anyShapes, call, from, of, these, whole } from '../samples';
import { notSquare, positive, positiveRef, square } from './linalg-inputs';
import { refMatmul } from './matmul';

const errors: Row['errors'] = [[() => ng.sinc('x' as never), 'ERR_INVALID_ARG']];
const unary = (f: (x: number) => number, more: Partial<Row> = {}): Row => ({
  reference: ([a]) => map(a!, f),
  samples: anyShapes,
  grad: true,
  errors,
  ...more,
});
const pairs = [of([3, 4], [3, 4]), of([3, 4], [4]), of([2, 1, 3], [5, 1]), of([], [2, 3])];
const logAdd = (x: number, y: number, ln: number): number =>
  x === y ? x + Math.LN2 / ln : Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y) * ln)) / ln;
const sumRow = (ln: number, f: typeof ng.logaddexp): Row => ({
  reference: ([a, b]) => zip(a!, b!, (x, y) => logAdd(x, y, ln)),
  samples: pairs,
  grad: true,
  extremes: true,
  errors: [[() => f(ng.ones([2], { dtype: 'int32' }), ng.ones([2], { dtype: 'int32' })), 'ERR_DTYPE']],
});
const zeros = these([-1, 0, 2, -0, 0, -3]);

const axisOf = (a: Nd, axis: number): number => (axis < 0 ? axis + a.shape.length : axis);
const step = (i: number[], axis: number, by: number): number[] => i.map((v, k) => (k === axis ? v + by : v));

// The derivative of the parabola (or, with two places, the line) through the samples at `places`, at x[k].
function slopeAt(f: number[], x: number[], places: number[], k: number): number {
  return sum(
    places.map((p) => {
      const others = places.filter((q) => q !== p);
      const below = others.map((q) => x[p]! - x[q]!).reduce((a, b) => a * b, 1);
      const above =
        others.length === 1
          ? 1
          : sum(others.map((q) => others.filter((r) => r !== q).reduce((v, r) => v * (x[k]! - x[r]!), 1)));
      return (f[p]! * above) / below;
    }),
  );
}
function slopes(a: Nd, axis: number, x: number[] | number, order: number): Nd {
  return lines(a, axis, (f) =>
    f.map((_, k) => {
      const n = f.length;
      const first = Math.min(Math.max(k - 1, 0), Math.max(n - 3, 0));
      const edge = k === 0 || k === n - 1;
      const places = edge && order === 1 ? (k === 0 ? [0, 1] : [n - 2, n - 1]) : [first, first + 1, first + 2];
      return slopeAt(f, typeof x === 'number' ? f.map((_v, i) => i * x) : x, places, k);
    }),
  );
}
type Spacing = { spacing?: number | number[]; edgeOrder?: 1 | 2; dim?: number };

const cumulative: Row = {
  reference: ([y, x], [o]) => {
    const { dim = -1, dx = 1 } = (o ?? {}) as { dim?: number; dx?: number };
    const place = (k: number): number => (x ? x.data[k]! : k * dx);
    return lines(y!, axisOf(y!, dim), (v) =>
      v.slice(1).map((_, i) => sum(v.slice(1, i + 2).map((b, k) => ((b + v[k]!) * (place(k + 1) - place(k))) / 2))),
    );
  },
  samples: [
    of([3, 4]),
    of([3, 4], [4]),
    call([3, 4], { dim: 0, dx: 0.5 }),
    { inputs: [[3, 4], [3]], args: [{ dim: 0 }] },
  ],
  grad: true,
  errors: [[() => ng.cumulativeTrapezoid(ng.ones([3]), ng.ones([4])), 'ERR_SHAPE']],
};

// Parts [from, to) of a dimension.
const cut = (a: Nd, axis: number, start: number, end: number): Nd =>
  build(
    a.shape.map((d, i) => (i === axis ? end - start : d)),
    (i) => exact(a, step(i, axis, start)),
  );
const parts = (axis: (a: Nd) => number, fn: typeof ng.hsplit, shapes: number[][], least: number): Row => ({
  reference: ([a], [sections]) => {
    const n = a!.shape[axis(a!)]!;
    const ends = Array.isArray(sections)
      ? [...(sections as number[]), n]
      : Array.from({ length: sections as number }, (_, i) => ((i + 1) * n) / (sections as number));
    return ends.map((end, i) => cut(a!, axis(a!), ends[i - 1] ?? 0, end));
  },
  samples: shapes.flatMap((s) => [call(s, 2), call(s, [1, 3])]),
  grad: true,
  errors: [
    [() => fn(ng.ones(shapes[0]!), 3), 'ERR_SHAPE'],
    [() => fn(ng.ones(new Array<number>(least - 1).fill(2)), 2), 'ERR_SHAPE'],
  ],
});

const renormRow = (f: (t: ng.Tensor, p: number, dim: number, maxnorm: number) => ng.Tensor): Row => ({
  fn: ([t], how) => f(t!, ...(how as [number, number, number])),
  reference: ([a], [p, dim, top]) => {
    const axis = axisOf(a!, dim as number);
    const length = (k: number): number =>
      sum(build(a!.shape, (i) => (i[axis] === k ? Math.abs(at(a!, i)) ** (p as number) : 0)).data) **
      (1 / (p as number));
    return build(a!.shape, (i) => {
      const l = length(i[axis]!);
      return at(a!, i) * (l > (top as number) ? (top as number) / (l + 1e-7) : 1);
    });
  },
  samples: [call([3, 4], 2, 0, 1.5), call([3, 4], 1, -1, 2), call([2, 3, 2], 3, 1, 1)],
  grad: true,
  errors: [
    [() => f(ng.ones([2, 2]), 0, 0, 1), 'ERR_INVALID_ARG'],
    [() => f(ng.ones([2, 2]), 2, 0, -1), 'ERR_INVALID_ARG'],
    [() => f(ng.ones([2, 2]), 2, 2, 1), 'ERR_INDEX'],
  ],
});

export const specialRows = {
  deg2rad: unary((x) => (x * Math.PI) / 180),
  rad2deg: unary((x) => (x * 180) / Math.PI),
  sinc: unary((x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)), {
    samples: [...anyShapes, of(these([0, 1, -0, 2.5]))],
    grad: 'first',
  }),
  logaddexp: sumRow(1, ng.logaddexp),
  logaddexp2: sumRow(Math.LN2, ng.logaddexp2),
  heaviside: {
    reference: ([a, v]) => zip(a!, v!, (x, y) => (x === 0 ? y : Number(x > 0))),
    samples: [of(zeros, these([0.5])), of([3, 4], [4]), of(zeros, [6])],
    grad: false,
    errors: [[() => ng.heaviside(ng.ones([2]), ng.ones([2], { dtype: 'int32' })), 'ERR_DTYPE']],
  },
  signbit: unary((x) => Number(x < 0 || Object.is(x, -0)), {
    samples: [...anyShapes, of(zeros)],
    grad: false,
  }),
  isposinf: unary((x) => Number(x === Infinity), { grad: false, extremes: true, dtypes: ['int32'] }),
  isneginf: unary((x) => Number(x === -Infinity), { grad: false, extremes: true, dtypes: ['int32'] }),
  ldexp: {
    reference: ([a, e]) => zip(a!, e!, (x, y) => x * 2 ** y),
    samples: [...pairs, of([3, 4], whole(-9, 9, [4], 'int32'))],
    grad: true,
    errors: [[() => ng.ldexp(ng.ones([2]), 1 as never), 'ERR_INVALID_ARG']],
  },
  floatPower: {
    reference: ([a, b], [p]) => (b ? zip(a!, b, Math.pow) : map(a!, (x) => x ** (p as number))),
    samples: [of(from(0.2, 2, 3, 4), [3, 4]), call([5], 2), { inputs: [from(0.2, 2, 2, 3), [3]] }],
    grad: true,
    errors: [[() => ng.floatPower(1, 2), 'ERR_INVALID_ARG']],
  },
  renorm: renormRow(ng.renorm),
  renorm_: renormRow((t, ...how) => ng.renorm_(t.clone(), ...how)),
  cumulativeTrapezoid: cumulative,
  gradient: {
    fn: ([a, x], [o]) => ng.gradient(a!, { ...(o as Spacing), ...(x && { spacing: [x] }) }),
    reference: ([a, x], [o]) => {
      const { spacing = 1, edgeOrder = 1, dim } = (o ?? {}) as Spacing;
      const axes = dim === undefined ? a!.shape.map((_, i) => i) : [axisOf(a!, dim)];
      return axes.map((axis, i) =>
        slopes(a!, axis, x ? x.data : typeof spacing === 'number' ? spacing : spacing[i]!, edgeOrder),
      );
    },
    samples: [
      of([3, 4]),
      call([4, 5], { spacing: [0.5, 2], edgeOrder: 2 }),
      call([2, 5], { dim: -1, spacing: 0.25 }),
      { inputs: [[2, 4], these([0, 1, 2.5, 3])], args: [{ dim: 1, edgeOrder: 2 }] },
      { inputs: [[4], these([-1, 0, 2, 2.5])], args: [{ edgeOrder: 1 }] },
      of([2]),
    ],
    grad: true,
    errors: [
      [() => ng.gradient(ng.ones([1])), 'ERR_SHAPE'],
      [() => ng.gradient(ng.ones([2]), { edgeOrder: 2 }), 'ERR_SHAPE'],
      [() => ng.gradient(ng.ones([4]), { edgeOrder: 3 as never }), 'ERR_INVALID_ARG'],
      [() => ng.gradient(ng.ones([4]), { spacing: [1, 2] }), 'ERR_INVALID_ARG'],
      [() => ng.gradient(ng.ones([4]), { spacing: [ng.ones([3])] }), 'ERR_SHAPE'],
    ],
  },
  vander: {
    reference: ([x], [n, increasing]) => {
      const count = (n as number | undefined) ?? x!.data.length;
      return build([x!.data.length, count], ([i, k]) => x!.data[i!]! ** (increasing ? k! : count - 1 - k!));
    },
    samples: [of([4]), call([3], 5, true), call([3], 1), call([2], 0), of(these([0, 1, -2]))],
    grad: true,
    errors: [
      [() => ng.vander(ng.ones([2, 2])), 'ERR_SHAPE'],
      [() => ng.vander(ng.ones([2]), -1), 'ERR_INVALID_ARG'],
    ],
  },
  blockDiag: {
    reference: (list) => {
      const blocks = list.map((a) => (a.shape.length === 2 ? a : nd([1, a.data.length], a.data)));
      const out = nd([sum(blocks.map((b) => b.shape[0]!)), sum(blocks.map((b) => b.shape[1]!))], []);
      let [top, left] = [0, 0];
      out.data = new Array<number>(out.shape[0]! * out.shape[1]!).fill(0);
      for (const b of blocks) {
        b.data.forEach((v, i) => {
          const [r, c] = [Math.floor(i / b.shape[1]!), i % b.shape[1]!];
          out.data[(top + r) * out.shape[1]! + left + c] = v;
        });
        top += b.shape[0]!;
        left += b.shape[1]!;
      }
      return out;
    },
    samples: [of([2, 3], [3, 2]), of([2, 2], [4], []), of([1, 1])],
    grad: true,
    errors: [
      [() => ng.blockDiag(), 'ERR_INVALID_ARG'],
      [() => ng.blockDiag(ng.ones([2, 2, 2])), 'ERR_SHAPE'],
    ],
  },
  selectScatter: {
    reference: ([a, s], [dim, index]) => {
      const axis = axisOf(a!, dim as number);
      const k = (index as number) < 0 ? (index as number) + a!.shape[axis]! : index;
      return build(a!.shape, (i) =>
        i[axis] === k
          ? exact(
              s!,
              i.filter((_, d) => d !== axis),
            )
          : exact(a!, i),
      );
    },
    samples: [
      { inputs: [[3, 4], [4]], args: [0, 1] },
      {
        inputs: [
          [2, 3, 2],
          [2, 3],
        ],
        args: [-1, -2],
      },
    ],
    grad: true,
    errors: [
      [() => ng.selectScatter(ng.ones([3, 4]), ng.ones([3]), 0, 1), 'ERR_SHAPE'],
      [() => ng.selectScatter(ng.ones([3, 4]), ng.ones([4]), 0, 3), 'ERR_INDEX'],
    ],
  },
  sliceScatter: {
    reference: ([a, s], [o]) => {
      const { dim = 0, start = 0, step: by = 1 } = (o ?? {}) as { dim?: number; start?: number; step?: number };
      const axis = axisOf(a!, dim);
      const first = start < 0 ? start + a!.shape[axis]! : start;
      return build(a!.shape, (i) => {
        const k = (i[axis]! - first) / by;
        const inside = Number.isInteger(k) && k >= 0 && k < s!.shape[axis]!;
        return inside
          ? exact(
              s!,
              i.map((v, d) => (d === axis ? k : v)),
            )
          : exact(a!, i);
      });
    },
    samples: [
      {
        inputs: [
          [5, 2],
          [2, 2],
        ],
        args: [{ start: 1, end: 3 }],
      },
      {
        inputs: [
          [2, 7],
          [2, 3],
        ],
        args: [{ dim: 1, start: 1, end: 7, step: 2 }],
      },
      { inputs: [[4], [2]], args: [{ start: -2 }] },
      {
        inputs: [
          [3, 2],
          [3, 2],
        ],
      },
    ],
    grad: true,
    errors: [
      [() => ng.sliceScatter(ng.ones([5]), ng.ones([3]), { end: 2 }), 'ERR_SHAPE'],
      [() => ng.sliceScatter(ng.ones([5]), ng.ones([5]), { step: 0 }), 'ERR_INVALID_ARG'],
    ],
  },
  diagonalScatter: {
    reference: ([a, s], [offset = 0, p = 0, q = 1]) => {
      const [x, y] = [axisOf(a!, p as number), axisOf(a!, q as number)];
      const k = offset as number;
      return build(a!.shape, (i) => {
        if (i[y]! - i[x]! !== k) return exact(a!, i);
        return exact(s!, [...i.filter((_, d) => d !== x && d !== y), Math.min(i[x]!, i[y]!)]);
      });
    },
    samples: [
      { inputs: [[3, 4], [3]] },
      { inputs: [[3, 4], [3]], args: [1] },
      { inputs: [[4, 3], [2]], args: [-2] },
      {
        inputs: [
          [2, 3, 4],
          [3, 2],
        ],
        args: [0, 0, 2],
      },
      {
        inputs: [
          [2, 4, 3],
          [2, 3],
        ],
        args: [-1, -2, -1],
      },
    ],
    grad: true,
    errors: [
      [() => ng.diagonalScatter(ng.ones([3, 3]), ng.ones([2])), 'ERR_SHAPE'],
      [() => ng.diagonalScatter(ng.ones([3, 3]), ng.ones([3]), 0, 1, 1), 'ERR_INVALID_ARG'],
    ],
  },
  splitWithSizes: {
    reference: ([a], [sizes, axis = 0]) => {
      let start = 0;
      return (sizes as number[]).map((n) => cut(a!, axis as number, start, (start += n)));
    },
    samples: [call([5, 2], [1, 4]), call([2, 5], [2, 0, 3], 1)],
    grad: true,
    errors: [[() => ng.splitWithSizes(ng.ones([3]), [1, 1]), 'ERR_SHAPE']],
  },
  hsplit: parts((a) => Math.min(1, a.shape.length - 1), ng.hsplit, [[2, 4], [4]], 1),
  vsplit: parts(() => 0, ng.vsplit, [[4, 2]], 2),
  dsplit: parts(() => 2, ng.dsplit, [[2, 1, 4]], 3),
  pdist: {
    reference: ([x], [p = 2]) => {
      const [n, d] = x!.shape as [number, number];
      const distance = (i: number, j: number): number =>
        sum(Array.from({ length: d }, (_, k) => Math.abs(exact(x!, [i, k]) - exact(x!, [j, k])) ** (p as number))) **
        (1 / (p as number));
      const list = Array.from({ length: n }, (_, i) =>
        Array.from({ length: n - i - 1 }, (_v, j) => distance(i, i + j + 1)),
      ).flat();
      return nd([list.length], list);
    },
    samples: [of([4, 3]), call([3, 2], 1), call([5, 2], 3), of([1, 3])],
    grad: true,
    errors: [
      [() => ng.pdist(ng.ones([3])), 'ERR_SHAPE'],
      [() => ng.pdist(ng.ones([3, 2]), -1), 'ERR_INVALID_ARG'],
    ],
  },
  choleskySolve: {
    fn: ([a, b], [upper]) => {
      const l = ng.cholesky(positive(a!));
      return ng.choleskySolve(b!, upper ? l.mT : l, upper as boolean);
    },
    reference: ([a, b]) => refMatmul(m.eachMatrix(positiveRef(a!), m.inverse), b!),
    samples: [
      of([3, 3], [3, 2]),
      {
        inputs: [
          [2, 2, 2],
          [2, 2, 1],
        ],
        args: [true],
      },
    ],
    grad: true,
    tolerance: 2e-4,
    errors: [
      ...notSquare((t) => ng.choleskySolve(ng.ones([2, 1]), t)),
      [() => ng.choleskySolve(ng.ones([3, 1]), ng.eye(2)), 'ERR_SHAPE'],
    ],
  },
  choleskyInverse: {
    fn: ([a], [o]) => {
      const l = ng.cholesky(positive(a!));
      return ng.choleskyInverse(o ? l.mT : l, o as { upper: boolean });
    },
    reference: ([a]) => m.eachMatrix(positiveRef(a!), m.inverse),
    samples: [...square, call([3, 3], { upper: true })],
    grad: true,
    tolerance: 2e-4,
    errors: notSquare(ng.choleskyInverse),
  },
} satisfies Record<string, Row>;
