/**
 * @file Rows of lib/ops/tensors/create.ts, random.ts and dropout.ts: what follows from an input whatever the seed. That random
 * numbers follow their distribution is the business of test/random.test.ts.
 */
import * as ng from '../../../lib';
import type { Tensor } from '../../../lib';
import { map, type Nd, nd, zip } from '../nd';
import type { Row } from '../row';
import { anyShapes, call, from, of, these } from '../samples';

const constant =
  (value: number) =>
  ([a]: Nd[]): Nd =>
    map(a!, () => value);
const notTensor = (f: (t: Tensor) => unknown): Row['errors'] => [[() => f('x' as never), 'ERR_INVALID_ARG']];
const filled = (fn: (a: Tensor) => Tensor, value: number, more: Partial<Row> = {}): Row => ({
  fn: ([a]) => fn(a!),
  reference: constant(value),
  samples: anyShapes,
  grad: false,
  dtypes: ['int32', 'int64'],
  ...more,
});
// 1 where lo <= value < hi: what can be said of every draw.
const within = (t: Tensor, lo: number, hi: number): Tensor => t.ge(lo).logicalAnd(t.lt(hi));
const drawn = (fn: (a: Tensor) => Tensor, more: Partial<Row> = {}): Row => filled(fn, 1, { dtypes: [], ...more });

// Kept elements are scaled by 1 / (1 - p); the same seed gives the same mask, so that finite differences see one function.
const halves = (drop: (x: Tensor, p: number, training: boolean) => Tensor, shapes: (readonly number[])[]): Row => ({
  fn: ([x], [p, training]) => {
    ng.manualSeed(3);
    const y = drop(x!, p as number, training as boolean);
    return p === 0.5 ? ng.where(y.eq(0), x!.mul(2), y) : y;
  },
  reference: ([a], [p]) => map(a!, (v) => (p === 0.5 ? 2 * v : p === 1 ? 0 : v)),
  samples: shapes.flatMap((shape) => [
    call(shape, 0.5, true),
    call(shape, 0, true),
    call(shape, 1, true),
    call(shape, 0.3, false),
  ]),
  grad: true,
  errors: [
    [() => drop(ng.ones([2, 3, 4]), 1.5, true), 'ERR_INVALID_ARG'],
    [() => drop('x' as never, 0.5, true), 'ERR_INVALID_ARG'],
  ],
});
const rreluRow = (f: typeof ng.rrelu): Row => ({
  fn: ([a], args) => f(a!, ...(args as [object])),
  reference: ([a], [o]) => map(a!, (v) => (v > 0 ? v : v * ((o as { upper?: number })?.upper === 0.2 ? 0.2 : 11 / 48))),
  samples: [of([3, 4]), of([]), call([5], { lower: 0.2, upper: 0.2, training: true })],
  grad: true,
  errors: [
    [() => f(ng.ones([2]), 0.5, 0.2), 'ERR_INVALID_ARG'],
    [() => f(ng.ones([2], { dtype: 'int32' })), 'ERR_DTYPE'],
  ],
});

export const createRows = {
  tensor: { ...filled(ng.tensor, 0), reference: ([a]: Nd[]) => a!, errors: notTensor(ng.tensor) },
  zerosLike: filled((a) => ng.zerosLike(a), 0),
  onesLike: filled((a) => ng.onesLike(a), 1),
  fullLike: filled((a) => ng.fullLike(a, 7), 7),
  emptyLike: filled((a) => ng.emptyLike(a).fill_(3), 3),
  randLike: drawn((a) => within(ng.randLike(a), 0, 1)),
  randnLike: drawn((a) => ng.randnLike(a).isfinite()),
  randintLike: drawn((a) => {
    const t = ng.randintLike(a, 2, 5);
    return within(t, 2, 5).logicalAnd(t.eq(t.floor()));
  }),
  multinomial: {
    // All the weight on one class.
    fn: ([w]) => ng.multinomial(w!, 3, { replacement: true }),
    reference: ([w]) => {
      const n = w!.shape[1]!;
      const rows = Array.from({ length: w!.shape[0]! }, (_, i) =>
        w!.data.slice(i * n, (i + 1) * n).findIndex((v) => v > 0),
      );
      return { shape: [rows.length, 3], data: rows.flatMap((k) => [k, k, k]) };
    },
    samples: [of(these([0, 2, 0, 0, 0, 1], [2, 3]))],
    grad: false,
    errors: [
      [() => ng.multinomial(ng.ones([2, 2, 2]), 1), 'ERR_SHAPE'],
      [() => ng.multinomial(ng.ones([3]), 4), 'ERR_INVALID_ARG'],
    ],
  },
  bernoulli: {
    reference: ([p]) => p!,
    samples: [of(these([0, 1, 1, 0, 1, 0], [2, 3]))],
    grad: false,
    errors: notTensor(ng.bernoulli),
  },
  normal: {
    // A deviation of 0 leaves the mean.
    fn: ([m, s]) => ng.normal(m!, s!),
    reference: ([m, s]) => zip(m!, s!, (x) => x),
    samples: [of([3, 4], these([0, 0, 0, 0])), of([2], these([0, 0]))],
    grad: false,
  },
  uniform_: drawn((a) => within(ng.uniform_(a.clone(), -3, 5), -3, 5)),
  normal_: filled((a) => ng.normal_(a.clone(), 4, 0), 4, { dtypes: [] }),
  bernoulli_: { ...filled((a) => ng.bernoulli_(a.clone(), 1), 1), dtypes: [] },
  exponential_: drawn((a) => within(ng.exponential_(a.clone(), 2), 0, Infinity)),
  truncNormal_: drawn((a) => within(ng.truncNormal_(a.clone(), 0, 1, -0.5, 0.5), -0.5, 0.5000001)),
  dropout: halves(ng.dropout, [[3, 4], [], [5]]),
  dropout1d: halves(ng.dropout1d, [[2, 3, 4]]),
  dropout2d: halves(ng.dropout2d, [[2, 3, 2, 2]]),
  dropout3d: halves(ng.dropout3d, [[2, 3, 2, 1, 2]]),
  alphaDropout: {
    reference: ([a]) => a!,
    samples: [call([3, 4], 0, true), call(from(-1, 1, 5), 0.4, false)],
    grad: true,
    errors: [[() => ng.alphaDropout(ng.ones([2]), -1, true), 'ERR_INVALID_ARG']],
  },
  featureAlphaDropout: {
    reference: ([a]) => a!,
    samples: [call([3, 4], 0, true), call(from(-1, 1, 2, 3, 2), 0.4, false)],
    grad: true,
    errors: [
      [() => ng.featureAlphaDropout(ng.ones([2]), 0.5), 'ERR_SHAPE'],
      [() => ng.featureAlphaDropout(ng.ones([2, 2]), 2), 'ERR_INVALID_ARG'],
    ],
  },
  // Outside training, and with equal bounds, the slope is known.
  rrelu: rreluRow(ng.rrelu),
  rrelu_: rreluRow((x, ...how) => ng.rrelu_(x.clone(), ...how)),
  // So hot that only the sum along the dimension is left; -inf classes are never drawn, which leaves one.
  gumbelSoftmax: {
    reference: ([a], [o]) =>
      map(a!, (v) => ((o as { hard?: boolean }).hard ? (v === -Infinity ? 0 : 1) : 1 / a!.shape.at(-1)!)),
    samples: [
      call([3, 4], { tau: 1e12 }),
      call(these([-Infinity, 1, -Infinity, 0.5, -Infinity, -Infinity], [2, 3]), { hard: true }),
    ],
    grad: false,
    errors: [
      [() => ng.gumbelSoftmax(ng.ones([2]), { tau: 0 }), 'ERR_INVALID_ARG'],
      [() => ng.gumbelSoftmax(ng.ones([2]), { dim: 1 }), 'ERR_INDEX'],
      [() => ng.gumbelSoftmax(ng.ones([2], { dtype: 'int32' })), 'ERR_DTYPE'],
    ],
  },
  linspace: {
    fn: (_inputs, [start, end, steps]) =>
      ng.linspace(start as number, end as number, steps as number, { dtype: 'float64' }),
    reference: (_inputs, [start, end, steps]) => {
      const n = steps as number;
      const at = (i: number): number => (start as number) + ((end as number) - (start as number)) * (i / (n - 1));
      return nd(
        [n],
        Array.from({ length: n }, (_, i) => (n === 1 ? (start as number) : at(i))),
      );
    },
    samples: [
      { inputs: [], args: [0, 1, 5] },
      { inputs: [], args: [-0.3, 0.9, 50] },
      { inputs: [], args: [3, -3, 1] },
      { inputs: [], args: [0, 1, 0] },
    ],
    grad: false,
    errors: [
      [() => ng.linspace(0, 1, -1), 'ERR_INVALID_ARG'],
      [() => ng.linspace(0, NaN, 3), 'ERR_INVALID_ARG'],
      [() => ng.linspace(ng.ones([3]), 1, 3), 'ERR_INVALID_ARG'],
      [() => ng.linspace({ start: 0, end: 1 } as never), 'ERR_INVALID_ARG'],
    ],
  },
} satisfies Record<string, Row>;
