/** @file Returns, windows and splits; and that none of them shows the future to the past. */
import * as ng from '../lib';
import { data } from '../lib';
import { caught, codeOf } from './caught';
import fixture from './fixtures/tables.json';
import { shareOut } from '../lib/data/stratified';

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const list = (t: ng.Tensor): number[] => t.arraySync() as number[];

describe('returns', () => {
  test('by hand, of arrays, tensors and several series', () => {
    expect(list(data.logReturns([100, 110, 99]))).toEqual(
      [Math.log(1.1), Math.log(0.9)].map((v) => expect.closeTo(v, 6)),
    );
    expect(list(data.returns([100, 110, 99]))).toEqual([0.1, -0.1].map((v) => expect.closeTo(v, 6)));
    const two = data.logReturns(
      ng.tensor(
        [
          [1, 10],
          [2, 10],
          [1, 20],
        ],
        { dtype: 'float64' },
      ),
    );
    expect([two.dtype, two.arraySync()]).toEqual([
      'float64',
      [
        [Math.LN2, 0],
        [-Math.LN2, Math.LN2],
      ],
    ]);
    expect(data.returns(Int32Array.of(1, 2)).dtype).toBe('float32');
    expect(list(data.logReturns([1, NaN, 2]))).toEqual([NaN, NaN]);
  });

  test('back to prices', () => {
    const prices = Float64Array.from({ length: 1000 }, (_, i) => 100 + 50 * Math.sin(i / 7) + i);
    const back = data.fromLogReturns(data.logReturns(prices), prices[0]!);
    expect(back.shape).toEqual([1000]);
    expect(ng.allclose(back, ng.tensor(prices), { rtol: 1e-12 })).toBe(true);
    const two = ng.tensor([
      [1, 10],
      [2, 10],
      [1, 20],
    ]);
    expect(ng.allclose(data.fromLogReturns(data.logReturns(two), [1, 10]), two)).toBe(true);
    expect(list(data.fromLogReturns([0, 0], 5))).toEqual([5, 5, 5]);
    expect(list(data.fromLogReturns({ returns: [0], first: 2 }))).toEqual([2, 2]);
  });

  test('errors are coded', () => {
    expect(codeOf(() => data.logReturns([1, 0, 2]))).toBe('ERR_NUMERIC');
    expect(codeOf(() => data.returns([0, 2]))).toBe('ERR_NUMERIC');
    expect(codeOf(() => data.returns([1]))).toBe('ERR_SHAPE');
    expect(codeOf(() => data.logReturns(3 as never))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => data.fromLogReturns([0.1], -1))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => data.fromLogReturns([[0.1, 0.2]], [1, 2, 3]))).toBe('ERR_SHAPE');
  });
});

describe('windows', () => {
  test('shapes and values', () => {
    const { x, y, gap } = data.windows([1, 2, 3, 4, 5], { size: 3 });
    expect([x.arraySync(), y.arraySync(), gap]).toEqual([
      [
        [1, 2, 3],
        [2, 3, 4],
      ],
      [4, 5],
      0,
    ]);
    const far = data.windows(ng.arange(10), { size: 2, horizon: 3, stride: 2 });
    expect([far.x.arraySync(), far.y.arraySync()]).toEqual([
      [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
      [4, 6, 8],
    ]);
    const several = data.windows(Float64Array.from(upTo(8)), { size: 2, steps: 3 });
    expect([several.y.dtype, several.y.arraySync()]).toEqual([
      'float64',
      [
        [2, 3, 4],
        [3, 4, 5],
        [4, 5, 6],
        [5, 6, 7],
      ],
    ]);
    const table = ng.arange(12).reshape([6, 2]);
    const multi = data.windows(table, { size: 3, horizon: 2 });
    expect([multi.x.shape, multi.y.arraySync()]).toEqual([
      [2, 3, 2],
      [
        [8, 9],
        [10, 11],
      ],
    ]);
    expect(data.windows(table, { size: 3, steps: 2 }).y.shape).toEqual([2, 2, 2]);
    // Of a view, too, and a copy: the series may change.
    const column = data.windows(table.select(1, 1), { size: 5 });
    table.zero_();
    expect([column.x.arraySync(), column.y.arraySync()]).toEqual([[[1, 3, 5, 7, 9]], [11]]);
  });

  test('errors are coded', () => {
    expect(codeOf(() => data.windows([1, 2, 3], { size: 3 }))).toBe('ERR_SHAPE');
    expect(codeOf(() => data.windows(ng.ones([2, 2, 2]), { size: 1 }))).toBe('ERR_SHAPE');
    for (const bad of [
      {},
      { size: 0 },
      { size: 1.5 },
      { size: 1, horizon: 0 },
      { size: 1, steps: 0 },
      { size: 1, step: 1 },
    ])
      expect(codeOf(() => data.windows([1, 2, 3], bad as never))).toBe('ERR_INVALID_ARG');
  });
});

describe('split', () => {
  const [x, y] = [ng.arange(20).reshape([10, 2]), ng.arange(10)];

  test('sizes as of scikit-learn', () => {
    for (const [n, share, train, held] of fixture.sizes as [number, number, number, number][]) {
      const parts = data.split(upTo(n), upTo(n), { test: share });
      expect([n, share, ...parts.map((p) => p.x.shape[0])]).toEqual([n, share, train, held]);
    }
  });

  test('rows stay together, each once, by seed', () => {
    const parts = data.split(x, y, { test: 0.2, validation: 0.3, seed: 4 });
    expect(parts.map((p) => p.x.shape[0])).toEqual([5, 3, 2]);
    for (const p of parts) expect(list(p.x.select(1, 0))).toEqual(list(p.y).map((v) => 2 * v));
    expect(parts.flatMap((p) => list(p.y)).sort()).toEqual(upTo(10));
    const again = data.split(x, y, { test: 0.2, validation: 0.3, seed: 4 });
    expect(again.map((p) => list(p.y))).toEqual(parts.map((p) => list(p.y)));
    expect(data.split(x, y, { seed: 5 }).map((p) => list(p.y))).not.toEqual(
      data.split(x, y, { seed: 6 }).map((p) => list(p.y)),
    );
  });

  test('stratified: the shares of scikit-learn, in each part', () => {
    for (const { counts, total, out } of fixture.shares)
      expect(shareOut(counts, total, (n) => Int32Array.from(upTo(n)))).toEqual(out);
    const labels = upTo(100).map((i) => (i < 10 ? 'rare' : i < 40 ? 'some' : 'most'));
    for (const seed of [1, 2, 3]) {
      const parts = data.split(upTo(100), upTo(100), { test: 0.2, validation: 0.1, stratify: labels, seed });
      const counts = parts.map((p) =>
        ['rare', 'some', 'most'].map((l) => list(p.y).filter((i) => labels[i] === l).length),
      );
      expect(counts).toEqual([
        [7, 21, 42],
        [1, 3, 6],
        [2, 6, 12],
      ]);
      expect(parts.flatMap((p) => list(p.y)).sort((a, b) => a - b)).toEqual(upTo(100));
    }
    const byTensor = data.split(x, y, { test: 0.5, stratify: ng.tensor(Int32Array.of(0, 0, 0, 0, 0, 0, 1, 1, 1, 1)) });
    expect(byTensor.map((p) => list(p.y).filter((i) => i > 5).length)).toEqual([2, 2]);
  });

  test('groups are on one side only', () => {
    const groups = upTo(60).map((i) => `g${(i * 7) % 11}`);
    for (const seed of upTo(10)) {
      const parts = data.split(upTo(60), upTo(60), { test: 0.3, validation: 0.2, groups, seed });
      const sides = parts.map((p) => new Set(list(p.y).map((i) => groups[i])));
      expect(sides.map((s) => s.size)).toEqual([4, 3, 4]);
      expect(new Set(sides.flatMap((s) => [...s])).size).toBe(11);
      expect(parts.flatMap((p) => list(p.y)).sort((a, b) => a - b)).toEqual(upTo(60));
    }
    const days = [0, 0, 0, 1, 1, 2, 2, 2, 3, 3];
    expect(data.split(x, y, { test: 0.5, groups: days, shuffle: false }).map((p) => list(p.y))).toEqual([
      upTo(5),
      [5, 6, 7, 8, 9],
    ]);
    expect(
      String(caught(() => data.split(x, y, { groups: [0, 1, 0, 1, 0, 1, 0, 1, 0, 1], test: 0.5, shuffle: false }))),
    ).toContain('overlap in time');
  });

  test('datasets come back in parts', () => {
    const dataset = new data.TensorDataset(x, y);
    const [train, test] = data.split(dataset, { test: 3, shuffle: false });
    expect([train.length, Array.from(test.indices)]).toEqual([7, [7, 8, 9]]);
    const [[bx, by]] = [...new data.DataLoader(test, { batchSize: 8 })] as [[ng.Tensor, ng.Tensor]];
    expect([bx.shape, list(by)]).toEqual([
      [3, 2],
      [7, 8, 9],
    ]);
    const parts = data.split({ length: 10, get: (i: number) => i }, { test: 0.5, validation: 0.1, seed: 1 });
    expect(parts.map((p) => p.length)).toEqual([4, 1, 5]);
  });

  test('errors are coded', () => {
    const bad: object[] = [
      { test: 0 }, { test: 1.5 }, { test: 10 }, { test: 0.5, validation: 0.5 }, { size: 1 }, { seed: 1, generator: new ng.Generator(1) },
      { stratify: upTo(10) }, { stratify: [0, 0, 0, 0, 0, 1, 1, 1, 1, 1], shuffle: false }, { gap: 1 }, { shuffle: false, gap: 9 },
      { stratify: [0, 0, 0, 0, 0, 1, 1, 1, 1, 1], groups: upTo(10) }, { stratify: 3 }, { groups: [null] },
    ]; // prettier-ignore
    for (const options of bad)
      expect([options, codeOf(() => data.split(x, y, options))]).toEqual([options, 'ERR_INVALID_ARG']);
    expect(codeOf(() => data.split(x, ng.arange(9)))).toBe('ERR_SHAPE');
    expect(codeOf(() => data.split(x, y, { stratify: [0, 1] }))).toBe('ERR_SHAPE');
    expect(codeOf(() => data.split(ng.ones([0]), ng.ones([0])))).toBe('ERR_INVALID_ARG');
  });
});

describe('the future stays unknown', () => {
  // Each value is its own time.
  const time = upTo(200);
  const settings = [1, 2, 5].flatMap((horizon) =>
    [1, 2, 3, 7].flatMap((stride) => [undefined, 1, 2, 4].map((steps) => ({ size: 6, horizon, stride, steps }))),
  );

  test('a window ends `horizon` before its first target', () => {
    for (const o of settings) {
      const { x, y } = data.windows(time, o);
      const ends = list(x.amax(1));
      const firsts = list(y.ndim === 2 ? y.amin(1) : y);
      expect(firsts).toEqual(ends.map((t) => t + o.horizon));
    }
  });

  test('changing the future changes no window that ends before', () => {
    const changed = time.map((t) => (t < 100 ? t : -1));
    for (const o of settings) {
      const [a, b] = [time, changed].map((s) => data.windows(s, o).x.arraySync() as number[][]) as [
        number[][],
        number[][],
      ];
      a.forEach((w, i) => w[o.size - 1]! < 100 && expect(b[i]).toEqual(w));
    }
  });

  test('shuffle: false: training before validation before test', () => {
    const parts = data.split(time, time, { test: 0.2, validation: 0.1, shuffle: false });
    expect(parts.map((p) => [list(p.y)[0], list(p.y).at(-1)])).toEqual([
      [0, 139],
      [140, 159],
      [160, 199],
    ]);
    expect(data.split(time, time, { shuffle: false, test: 10, gap: 5 }).map((p) => p.y.shape[0])).toEqual([185, 10]);
  });

  test('with the gap, every target of the training is known when the first test window ends', () => {
    let tight = 0;
    for (const o of settings) {
      const { x, y, gap } = data.windows(time, o);
      const lastKnown = (p: data.Part): number => list(p.y.reshape([-1])).reduce((a, b) => Math.max(a, b));
      const [train, valid, test] = data.split(x, y, { test: 0.2, validation: 0.2, shuffle: false, gap });
      expect(lastKnown(train)).toBeLessThanOrEqual((valid.x.arraySync() as number[][])[0]!.at(-1)!);
      expect(lastKnown(valid)).toBeLessThanOrEqual((test.x.arraySync() as number[][])[0]!.at(-1)!);
      if (gap === 0) continue;
      const [early, late] = data.split(x, y, { test: 0.2, shuffle: false, gap: gap - 1 });
      if (lastKnown(early) > (late.x.arraySync() as number[][])[0]!.at(-1)!) tight++;
    }
    // The gap is no wider than it must be.
    expect(tight).toBe(settings.filter((o) => data.windows(time, o).gap > 0).length);
  });

  test('what is fitted on the training does not depend on the test', () => {
    const series = upTo(60).map((t) => [Math.sin(t), t % 5 === 0 ? NaN : t]);
    const other = series.map((row, t) => (t < 48 ? row : [1e6, -1e6]));
    const makers = [data.StandardScaler, data.MinMaxScaler, data.RobustScaler, data.Imputer];
    for (const make of makers) {
      const states = [series, other].map((s) => {
        const [train] = data.split(s, upTo(60), { test: 0.2, shuffle: false });
        const fitted = new make().fit(train.x);
        return JSON.stringify([fitted, fitted.transform(train.x).arraySync()]);
      });
      expect(states[0]).toBe(states[1]);
      // transform learns nothing.
      const fitted = new make().fit(series);
      const before = JSON.stringify(fitted);
      fitted.transform(other);
      expect(JSON.stringify(fitted)).toBe(before);
    }
  });

  test('returns know the past only', () => {
    const prices = upTo(50).map((t) => 100 + 10 * Math.sin(t));
    for (const of of [data.logReturns, data.returns])
      expect(list(of(prices.slice(0, 30)))).toEqual(list(of(prices)).slice(0, 29));
  });
});
