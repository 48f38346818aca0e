/** @file Rows of the losses: lib/ops/losses/losses.ts and the files that it gathers. */
import * as ng from '../../../lib';
import * as losses from '../../../lib/ops/losses/losses';
import { at, broadcast, build, exact, indices, lines, type Nd, nd, size, sum, zip } from '../nd';
import type { Row, Sample } from '../row';
import { from, of, these } from '../samples';
import { softplus } from '../special';

type Options = { reduction?: string } & Record<string, unknown>;
const F = losses as never as Record<string, (...args: unknown[]) => ng.Tensor>;
const mean = (a: Nd): Nd => nd([], [sum(a.data) / a.data.length]);
const reduced = (a: Nd, o: Options): Nd =>
  o.reduction === 'none' ? a : o.reduction === 'sum' ? nd([], [sum(a.data)]) : mean(a);

/** A row for a loss: `f` gives the losses of elements; the samples are repeated for each reduction. */
function loss(name: string, f: (inputs: Nd[], o: Options) => Nd, samples: Sample[], more: Partial<Row> = {}): Row {
  const own = samples[0]!;
  const kinds = ['none', 'sum'].map((reduction) => ({ ...own, args: [{ ...(own.args?.[0] as object), reduction }] }));
  return {
    fn: (inputs, [o = {}]) => F[name]!(...inputs, o),
    reference: (inputs, [o = {}]) => reduced(f(inputs, o as Options), o as Options),
    samples: [...samples, ...kinds],
    grad: true,
    errors: [
      [() => F[name]!('x', ng.ones([2])), 'ERR_INVALID_ARG'],
      [
        () => F[name]!(ng.ones([2, 2], { dtype: 'int32' }), ...own.inputs.slice(1).map(() => ng.ones([2, 2]))),
        'ERR_DTYPE',
      ],
      ...(more.errors ?? []),
    ],
    ...(({ errors: _, ...rest }) => rest)(more),
  };
}
const withArgs = (sample: Sample, options: object): Sample => ({ ...sample, args: [options] });
const elementwise = (
  name: string,
  f: (x: number, t: number, o: Options) => number,
  samples: Sample[],
  more: Partial<Row> = {},
): Row =>
  loss(name, ([x, t], o) => zip(x!, t!, (v, w) => f(v, w, o)), samples, {
    ...more,
    errors: [[() => F[name]!(ng.ones([2, 3]), ng.ones([3])), 'ERR_SHAPE'], ...(more.errors ?? [])],
  });

const pair = of([3, 4], [3, 4]);
const chances = of(from(0.05, 0.95, 3, 4), from(0.05, 0.95, 3, 4));
const bend = (d: number, at: number): number => (d < at ? d * d * 0.5 : at * (d - 0.5 * at));
const signs = (shape: number[]): ReturnType<typeof these> =>
  these(
    Array.from({ length: size(shape) }, (_, i) => (i % 3 === 1 ? -1 : 1)),
    shape,
    'int32',
  );

// --- classes --------------------------------------------------------------------------------------------------------

const logSoftmax = (list: number[]): number[] => {
  const top = Math.max(...list);
  const total = Math.log(sum(list.map((x) => Math.exp(x - top)))) + top;
  return list.map((x) => x - total);
};

// Losses of rows [N, C]: weight and ignored rows as in PyTorch.
function classLosses(logs: Nd, y: Nd, o: Options): Nd {
  const [n, c] = logs.shape as [number, number];
  const { ignoreIndex = -100, labelSmoothing = 0 } = o as { ignoreIndex?: number; labelSmoothing?: number };
  const used = y.data.map((k) => k !== ignoreIndex);
  const rows = Array.from({ length: n }, (_, i) => {
    if (!used[i]) return 0;
    const row = logs.data.slice(i * c, (i + 1) * c);
    return -(1 - labelSmoothing) * row[y.data[i]!]! - (labelSmoothing / c) * sum(row);
  });
  if (o.reduction === 'none') return nd([n], rows);
  // The mean counts only rows that are not ignored: scaled here, since the row's reduction divides by all.
  const factor = o.reduction === 'sum' ? 1 : n / used.filter(Boolean).length;
  return nd(
    [n],
    rows.map((v) => v * factor),
  );
}
const classes = (values: number[], shape = [values.length]): ReturnType<typeof these> => these(values, shape, 'int64');
const classSamples = [
  of([5, 4], classes([0, 3, 1, 2, 3])),
  withArgs(of([4, 3], classes([0, -100, 2, 1])), {}),
  withArgs(of([3, 3], classes([0, 1, 2])), { ignoreIndex: 1 }),
];
const classErrors: Row['errors'] = [
  [() => losses.crossEntropy(ng.ones([2, 3]), ng.ones([2])), 'ERR_DTYPE'],
  [() => losses.nllLoss(ng.ones([2, 3]), ng.ones([3], { dtype: 'int64' })), 'ERR_SHAPE'],
];

// --- vectors --------------------------------------------------------------------------------------------------------

const rowsOf = (a: Nd): number[][] => {
  const d = a.shape[a.shape.length - 1]!;
  return Array.from({ length: a.data.length / d }, (_, i) => a.data.slice(i * d, (i + 1) * d));
};
const length = (v: readonly number[], p = 2): number => sum(v.map((x) => Math.abs(x) ** p)) ** (1 / p);
const dot = (v: readonly number[], w: readonly number[]): number => sum(v.map((x, i) => x * w[i]!));
const cosine = (v: number[], w: number[]): number => dot(v, w) / (length(v) * length(w));
const distance = (v: number[], w: number[], p = 2, eps = 1e-6): number =>
  length(
    v.map((x, i) => x - w[i]! + eps),
    p,
  );
const vector = (list: number[], like: Nd): Nd => nd(like.shape.slice(0, -1), list);
const vectors = of([5, 3], [5, 3]);
const triple = of([5, 3], [5, 3], [5, 3]);
const triplet: (inputs: Nd[], o: Options) => Nd = ([a, p, n], o) => {
  const { margin = 1, p: power = 2, swap = false } = o as { margin?: number; p?: number; swap?: boolean };
  const [A, P, N] = [a!, p!, n!].map(rowsOf) as [number[][], number[][], number[][]];
  return vector(
    A.map((v, i) => {
      const far = distance(v, N[i]!, power);
      return Math.max(
        0,
        margin + distance(v, P[i]!, power) - (swap ? Math.min(far, distance(P[i]!, N[i]!, power)) : far),
      );
    }),
    a!,
  );
};

// --- probabilities --------------------------------------------------------------------------------------------------

const shares = (list: number[]): number[] => list.map((v) => v / sum(list));
const oneHot = [0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1];

// Every path of labels, merged and without blanks: feasible for short sequences only.
function pathLoss(x: Nd, y: number[], blank: number): number {
  const [steps, c] = x.shape as [number, number];
  const chance = (path: number[]): number => Math.exp(sum(path.map((k, t) => exact(x, [t, k]))));
  const label = (path: number[]): string => path.filter((k, t) => k !== blank && k !== path[t - 1]).join();
  const paths = indices(new Array<number>(steps).fill(c)).filter((path) => label(path) === y.join());
  return -Math.log(sum(paths.map(chance)));
}

export const lossRows = {
  mseLoss: elementwise('mseLoss', (x, t) => (x - t) ** 2, [pair, of([1], [1])]),
  l1Loss: elementwise('l1Loss', (x, t) => Math.abs(x - t), [pair, of([], [])]),
  smoothL1Loss: elementwise(
    'smoothL1Loss',
    (x, t, { beta = 1 }) => bend(Math.abs(x - t), beta as number) / (beta as number),
    [pair, withArgs(pair, { beta: 0.4 })],
  ),
  huberLoss: elementwise(
    'huberLoss',
    (x, t, { delta = 1 }) => bend(Math.abs(x - t), delta as number),
    [pair, withArgs(pair, { delta: 0.4 })],
    {
      errors: [[() => losses.huberLoss(ng.ones([2]), ng.ones([2]), { delta: 0 }), 'ERR_INVALID_ARG']],
    },
  ),
  binaryCrossEntropy: elementwise('binaryCrossEntropy', (x, t) => -(t * Math.log(x) + (1 - t) * Math.log(1 - x)), [
    chances,
  ]),
  binaryCrossEntropyWithLogits: elementwise(
    'binaryCrossEntropyWithLogits',
    (x, t) => t * softplus(-x) + (1 - t) * softplus(x),
    [of([3, 4], from(0, 1, 3, 4)), of(from(-30, 30, 3, 4), from(0, 1, 3, 4))],
  ),
  klDiv: elementwise('klDiv', (x, t, { logTarget }) => (logTarget ? Math.exp(t) * (t - x) : t * (Math.log(t) - x)), [
    of([3, 4], from(0.1, 1, 3, 4)),
    withArgs(of([3, 4], from(-3, 0, 3, 4)), { logTarget: true }),
  ]),
  poissonNllLoss: elementwise(
    'poissonNllLoss',
    (x, t, { logInput = true }) => (logInput ? Math.exp(x) - t * x : x - t * Math.log(x + 1e-8)),
    [of([3, 4], from(0, 5, 3, 4)), withArgs(of(from(0.2, 2, 3, 4), from(0, 5, 3, 4)), { logInput: false })],
  ),
  gaussianNllLoss: loss(
    'gaussianNllLoss',
    ([x, t, v]) => {
      const wide = build(x!.shape, (i) => at(v!, v!.shape.length < i.length ? i.slice(0, -1) : i));
      return build(
        x!.shape,
        (i) => 0.5 * (Math.log(exact(wide, i)) + (exact(x!, i) - exact(t!, i)) ** 2 / exact(wide, i)),
      );
    },
    [
      of([3, 4], [3, 4], from(0.2, 2, 3, 4)),
      of([3, 4], [3, 4], from(0.2, 2, 3, 1)),
      of([3, 4], [3, 4], from(0.2, 2, 3)),
    ],
  ),
  softMarginLoss: elementwise('softMarginLoss', (x, t) => softplus(-t * x), [pair]),
  crossEntropy: loss(
    'crossEntropy',
    ([x, y], o) => classLosses(lines(x!, 1, logSoftmax), y!, o),
    [...classSamples, withArgs(classSamples[0]!, { labelSmoothing: 0.2 })],
    {
      errors: classErrors,
      perf: [{ inputs: [[64, 10], { shape: [64], low: 0, high: 10, ints: true, dtype: 'int64' }] }],
    },
  ),
  nllLoss: loss('nllLoss', ([x, y], o) => classLosses(x!, y!, o), classSamples, { errors: classErrors }),
  cosineSimilarity: {
    fn: ([a, b], args) => losses.cosineSimilarity(a!, b!, ...(args as [number?])),
    reference: ([a, b], [dim = 1]) => {
      const shape = broadcast(a!.shape, b!.shape);
      const full = (v: Nd): Nd => build(shape, (i) => at(v, i));
      const [x, y] = [full(a!), full(b!)];
      const kept = shape.map((d, i) => (i === dim ? 1 : d));
      const line = (v: Nd, i: number[]): number[] =>
        Array.from({ length: shape[dim as number]! }, (_, k) =>
          exact(
            v,
            i.map((p, j) => (j === dim ? k : p)),
          ),
        );
      return nd(
        shape.filter((_, i) => i !== dim),
        build(kept, (i) => cosine(line(x, i), line(y, i))).data,
      );
    },
    samples: [
      vectors,
      of([4, 3], [1, 3]),
      {
        inputs: [
          [2, 3, 4],
          [2, 3, 4],
        ],
        args: [2],
      },
    ],
    grad: true,
    errors: [[() => losses.cosineSimilarity(ng.ones([2, 3]), ng.ones([2, 4])), 'ERR_SHAPE']],
  },
  pairwiseDistance: {
    fn: ([a, b], args) => losses.pairwiseDistance(a!, b!, ...(args as [number?])),
    reference: ([a, b], [p = 2]) =>
      vector(
        rowsOf(a!).map((v, i) => distance(v, rowsOf(b!)[i]!, p as number)),
        a!,
      ),
    samples: [
      vectors,
      {
        inputs: [
          [2, 2, 3],
          [2, 2, 3],
        ],
        args: [1],
      },
      { inputs: [[4], [4]], args: [3] },
    ],
    grad: true,
    errors: [[() => losses.pairwiseDistance(ng.ones([2, 3]), ng.ones([2, 4])), 'ERR_SHAPE']],
  },
  cosineEmbeddingLoss: loss(
    'cosineEmbeddingLoss',
    ([a, b, t], { margin = 0 }) =>
      vector(
        rowsOf(a!).map((v, i) =>
          ((c) => (t!.data[i] === 1 ? 1 - c : Math.max(0, c - (margin as number))))(cosine(v, rowsOf(b!)[i]!)),
        ),
        a!,
      ),
    [of([5, 3], [5, 3], signs([5])), withArgs(of([5, 3], [5, 3], signs([5])), { margin: -0.5 })],
  ),
  tripletMarginLoss: loss('tripletMarginLoss', triplet, [
    triple,
    withArgs(triple, { margin: 2, p: 3 }),
    withArgs(triple, { swap: true }),
  ]),
  tripletMarginWithDistanceLoss: loss('tripletMarginWithDistanceLoss', triplet, [
    triple,
    withArgs(triple, { margin: 2, swap: true }),
  ]),
  marginRankingLoss: loss(
    'marginRankingLoss',
    ([a, b, t], { margin = 0 }) =>
      build(a!.shape, (i) => Math.max(0, (margin as number) - exact(t!, i) * (exact(a!, i) - exact(b!, i)))),
    [of([6], [6], signs([6])), withArgs(of([6], [6], signs([6])), { margin: 0.7 })],
  ),
  hingeEmbeddingLoss: loss(
    'hingeEmbeddingLoss',
    ([x, t], { margin = 1 }) => zip(x!, t!, (v, w) => (w === 1 ? v : Math.max(0, (margin as number) - v))),
    [of([3, 4], signs([3, 4])), withArgs(of([5], signs([5])), { margin: 0.4 })],
  ),
  hingeLoss: loss(
    'hingeLoss',
    ([x, t]) => {
      const binary = t!.data.every((v) => v === 0 || v === 1);
      const all = zip(x!, t!, (v, w) => Math.max(0, 1 - v * (binary ? 2 * w - 1 : w)));
      return x!.shape.length > 1
        ? vector(
            rowsOf(all).map((r) => sum(r) / r.length),
            x!,
          )
        : all;
    },
    [of([3, 4], signs([3, 4])), of([4], these([0, 1, 1, 0], [4], 'int32'))],
  ),
  multiMarginLoss: loss(
    'multiMarginLoss',
    ([x, y], o) => {
      const { p = 1, margin = 1 } = o as { p?: number; margin?: number };
      return vector(
        rowsOf(x!).map(
          (r, n) =>
            sum(r.map((v, i) => (i === y!.data[n] ? 0 : Math.max(0, margin - r[y!.data[n]!]! + v) ** p))) / r.length,
        ),
        x!,
      );
    },
    [
      of([5, 4], classes([0, 3, 1, 2, 3])),
      withArgs(of([2, 4], classes([1, 2])), { p: 2, margin: 0.5 }),
      of([4], classes([2], [])),
    ],
  ),
  multilabelMarginLoss: loss(
    'multilabelMarginLoss',
    ([x, y]) =>
      vector(
        rowsOf(x!).map((r, n) => {
          const row = rowsOf(y!)[n]!;
          const named = row.slice(0, row.includes(-1) ? row.indexOf(-1) : undefined);
          return (
            sum(named.flatMap((j) => r.map((v, i) => (named.includes(i) ? 0 : Math.max(0, 1 - r[j]! + v))))) / r.length
          );
        }),
        x!,
      ),
    [of([3, 4], classes([3, 0, -1, 1, 2, -1, -1, -1, -1, 0, 1, 2], [3, 4])), of([3], classes([1, -1, 0]))],
  ),
  multilabelSoftMarginLoss: loss(
    'multilabelSoftMarginLoss',
    ([x, t]) =>
      vector(
        rowsOf(zip(x!, t!, (v, w) => w * softplus(-v) + (1 - w) * softplus(v))).map((r) => sum(r) / r.length),
        x!,
      ),
    [of([3, 4], from(0, 1, 3, 4))],
  ),
  categoricalCrossentropy: loss(
    'categoricalCrossentropy',
    ([x, t], { labelSmoothing: s = 0 }) =>
      vector(
        rowsOf(x!).map(
          (r, n) =>
            -sum(
              shares(r).map(
                (p, i) => (rowsOf(t!)[n]![i]! * (1 - (s as number)) + (s as number) / r.length) * Math.log(p),
              ),
            ),
        ),
        x!,
      ),
    [of(from(0.1, 1, 3, 4), these(oneHot, [3, 4], 'int32')), withArgs(chances, { labelSmoothing: 0.3 })],
  ),
  sparseCategoricalCrossentropy: loss(
    'sparseCategoricalCrossentropy',
    ([x, y]) =>
      vector(
        rowsOf(x!).map((r, n) => -Math.log(shares(r)[y!.data[n]!]!)),
        x!,
      ),
    [of(from(0.1, 1, 5, 4), classes([0, 3, 1, 2, 3])), of(from(0.1, 1, 2, 2, 3), classes([0, 2, 1, 1], [2, 2]))],
  ),
  ctcLoss: {
    // From logits, where PyTorch's gradient is the derivative.
    fn: ([x, y], [lengths, o = {}]) => losses.ctcLoss(x!.logSoftmax(2), y!, [4, 5], lengths as number[], o as object),
    reference: ([x, y], [lengths, o = {}]) => {
      const { blank = 0 } = o as { blank?: number };
      const logs = lines(x!, 2, logSoftmax);
      const all = [4, 5].map((steps, n) => {
        const own = build([steps, 3], ([t, c]) => exact(logs, [t!, n, c!]));
        const label = y!.data.slice(2 * n, 2 * n + (lengths as number[])[n]!);
        return pathLoss(own, label, blank) / ((o as Options).reduction === undefined ? Math.max(1, label.length) : 1);
      });
      return reduced(nd([2], all), o as Options);
    },
    samples: [
      [2, 2],
      [1, 2],
      [0, 1],
    ].flatMap((lengths) => [
      { inputs: [[5, 2, 3], classes([1, 2, 1, 1], [2, 2])], args: [lengths] },
      { inputs: [[5, 2, 3], classes([0, 1, 1, 1], [2, 2])], args: [lengths, { blank: 2, reduction: 'none' }] },
    ]),
    grad: 'first',
    errors: [
      [
        () => losses.ctcLoss(ng.ones([4, 2, 3]), ng.ones([2, 2], { dtype: 'int64' }), [5, 4], [2, 2]),
        'ERR_INVALID_ARG',
      ],
      [() => losses.ctcLoss(ng.ones([4, 2, 3]), ng.ones([2, 2]), [4, 4], [2, 2]), 'ERR_DTYPE'],
      [() => losses.ctcLoss(ng.ones([4]), ng.ones([2], { dtype: 'int64' }), [4], [2]), 'ERR_SHAPE'],
    ],
  },
} satisfies Record<string, Row>;
