/** @file Samplers: what they draw, anew in each epoch, from a generator of their own, kept in the state of a loader. */
import * as ng from '../lib';
import { data } from '../lib';
import { caught, codeOf } from './caught';

const rows = (n: number): data.Dataset<ng.Tensor[], ng.Tensor[]> => new data.TensorDataset(ng.arange(n)) as never;
const sorted = (list: Iterable<number>): number[] => [...list].sort((a, b) => a - b);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
// The positions of each batch.
const batches = async (loader: AsyncIterable<ng.Tensor[]>): Promise<number[][]> => {
  const out: number[][] = [];
  for await (const [x] of loader) out.push(x!.arraySync() as number[]);
  return out;
};

test('SequentialSampler, RandomSampler, SubsetRandomSampler', () => {
  expect([...new data.SequentialSampler(rows(4))]).toEqual([0, 1, 2, 3]);
  const random = new data.RandomSampler(rows(50), { seed: 3 });
  const [first, second] = [[...random], [...random]];
  expect([sorted(first), sorted(second), random.length]).toEqual([upTo(50), upTo(50), 50]);
  expect(second).not.toEqual(first);
  const again = new data.RandomSampler({ length: 50 }, { generator: new ng.Generator(3) });
  expect([[...again], [...again]]).toEqual([first, second]);
  // More than there are: whole rounds, and a part of one.
  const more = [...new data.RandomSampler(rows(4), { numSamples: 10, seed: 1 })];
  expect([sorted(more.slice(0, 4)), sorted(more.slice(4, 8)), new Set(more.slice(8)).size]).toEqual([upTo(4), upTo(4), 2]); // prettier-ignore
  const drawn = [...new data.RandomSampler(rows(10), { replacement: true, numSamples: 10_000, seed: 1 })];
  const counts = upTo(10).map((v) => drawn.filter((d) => d === v).length);
  // Five deviations of a binomial with n = 10,000 and p = 1/10.
  for (const c of counts) expect(Math.abs(c - 1000)).toBeLessThan(150);
  const some = new data.SubsetRandomSampler([7, 3, 9], { seed: 1 });
  expect([sorted(some), some.length]).toEqual([[3, 7, 9], 3]);
});

test('without a seed they draw from the generator in use', () => {
  const sampler = new data.RandomSampler(rows(20));
  ng.manualSeed(5);
  const first = [...sampler];
  ng.manualSeed(5);
  expect([[...sampler], sampler.stateDict()]).toEqual([first, null]);
  expect([...sampler]).not.toEqual(first);
});

test('WeightedRandomSampler draws by weight, with replacement or without', () => {
  const weights = [0.1, 0, 3, 0.9];
  const drawn = [...new data.WeightedRandomSampler(weights, 20_000, { seed: 2 })];
  const share = (v: number): number => drawn.filter((d) => d === v).length / drawn.length;
  expect(share(1)).toBe(0);
  // Five deviations: sqrt(p (1 - p) / n).
  for (const [v, p] of [
    [0, 0.025],
    [2, 0.75],
    [3, 0.225],
  ] as const)
    // prettier-ignore
    expect(Math.abs(share(v) - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / drawn.length));
  const without = new data.WeightedRandomSampler(ng.tensor(weights), 3, { replacement: false, seed: 2 });
  expect(sorted(without)).toEqual([0, 2, 3]);
  const bad = (w: number[], n: number, o = {}): unknown => codeOf(() => new data.WeightedRandomSampler(w, n, o));
  expect([bad([1, -1], 1), bad([1, NaN], 1), bad([0, 0], 1), bad([1, 0], 2, { replacement: false }), bad([1], 0), bad([], 1)]).toEqual(Array(6).fill('ERR_INVALID_ARG')); // prettier-ignore
  expect(codeOf(() => new data.WeightedRandomSampler([[1]], 1))).toBe('ERR_SHAPE');
  expect(codeOf(() => new data.WeightedRandomSampler([1], 1, { replace: true } as never))).toBe('ERR_INVALID_ARG');
});

test('StratifiedSampler: each batch has the shares of the classes', async () => {
  const labels = upTo(100).map((i) => (i < 75 ? 'often' : i < 95 ? 'seldom' : 'rare'));
  const sampler = new data.StratifiedSampler(labels, { seed: 4 });
  const orders = [[...sampler], [...sampler]];
  for (const order of orders) expect(sorted(order)).toEqual(upTo(100));
  expect(orders[1]).not.toEqual(orders[0]);
  for (const order of orders)
    for (let at = 0; at < 100; at += 20) {
      const of = (name: string): number => order.slice(at, at + 20).filter((i) => labels[i] === name).length;
      expect([of('often'), of('seldom'), of('rare')]).toEqual([15, 4, 1]);
    }
  // Shares that are no whole numbers: rounded up or down.
  const odd = ng.tensor(upTo(90).map((i) => (i % 9 < 2 ? 1 : 0)), { dtype: 'int32' }); // prettier-ignore
  const values = odd.arraySync() as number[];
  const loader = new data.DataLoader(rows(90), { batchSize: 8, sampler: new data.StratifiedSampler(odd, { seed: 1 }) });
  for (const b of (await batches(loader)).slice(0, -1))
    expect([1, 2, 3]).toContain(b.filter((i) => values[i] === 1).length);
  expect(codeOf(() => new data.StratifiedSampler([]))).toBe('ERR_INVALID_ARG');
  expect(codeOf(() => new data.StratifiedSampler(ng.ones([2, 2])))).toBe('ERR_SHAPE');
});

test('BatchSampler, and batches of any sizes', async () => {
  const inOrder = new data.SequentialSampler({ length: 5 });
  expect([...new data.BatchSampler(inOrder, 2)]).toEqual([[0, 1], [2, 3], [4]]); // prettier-ignore
  expect([...new data.BatchSampler(inOrder, 2, true)]).toEqual([[0, 1], [2, 3]]); // prettier-ignore
  const named = new data.BatchSampler([4, 2, 0], { batchSize: 2, dropLast: true });
  expect([[...named], named.length]).toEqual([[[4, 2]], 1]);
  const loader = new data.DataLoader(rows(5), { batchSampler: new data.BatchSampler(inOrder, 2) });
  expect([loader.length, loader.batchSize, await batches(loader)]).toEqual([3, 2, [[0, 1], [2, 3], [4]]]); // prettier-ignore
  const bySize = new data.DataLoader(rows(6), { batchSampler: [[5], [0, 1, 2], Int32Array.of(3, 3)] });
  expect([bySize.length, await batches(bySize), [...bySize].length]).toEqual([3, [[5], [0, 1, 2], [3, 3]], 3]); // prettier-ignore
  expect(codeOf(() => [...new data.DataLoader(rows(2), { batchSampler: [[2]] })])).toBe('ERR_INDEX');
  expect(codeOf(() => [...new data.DataLoader(rows(2), { batchSampler: [[]] })])).toBe('ERR_INVALID_ARG');
  for (const other of [{ batchSize: 2 }, { shuffle: true }, { sampler: [0] }, { dropLast: true }])
    expect(caught(() => new data.DataLoader(rows(2), { batchSampler: [[0]], ...other }))).toMatchObject({
      message: `[DataLoader] a batchSampler decides the batches; leave out ${Object.keys(other)[0]}`,
    });
  expect(codeOf(() => new data.BatchSampler(5 as never, 2))).toBe('ERR_INVALID_ARG');
  expect(codeOf(() => new data.BatchSampler([1], 0))).toBe('ERR_INVALID_ARG');
});

test('the length of a loader draws nothing', () => {
  const sampler = new data.RandomSampler(rows(9), { seed: 1 });
  const before = sampler.stateDict();
  expect(new data.DataLoader(rows(9), { batchSize: 2, sampler }).length).toBe(5);
  expect(sampler.stateDict()).toEqual(before);
});

describe('a loader goes on from each place, with the epochs that follow', () => {
  const labels = upTo(23).map((i) => i % 3);
  const make: [string, () => data.DataLoaderOptions<ng.Tensor[], ng.Tensor[], ng.Tensor[]>][] = [
    ['RandomSampler', () => ({ batchSize: 5, sampler: new data.RandomSampler(rows(23), { seed: 1 }) })],
    [
      'WeightedRandomSampler',
      () => ({ batchSize: 5, sampler: new data.WeightedRandomSampler(upTo(23), 20, { seed: 1 }) }),
    ],
    ['StratifiedSampler', () => ({ batchSize: 5, sampler: new data.StratifiedSampler(labels, { seed: 1 }) })],
    ['BatchSampler', () => ({ batchSampler: new data.BatchSampler(new data.RandomSampler(rows(23), { seed: 1 }), 4) })],
    ['a BatchSampler of positions', () => ({ batchSampler: new data.BatchSampler(upTo(23), 4) })],
  ];
  test.each(make)('%s', async (_name, options) => {
    const loader = new data.DataLoader(rows(23), options());
    const all: number[][] = [];
    const states: [data.LoaderState, number][] = [];
    for (let epoch = 0; epoch < 2; epoch++) {
      states.push([loader.stateDict(), all.length]);
      for await (const [x] of loader) {
        all.push(x!.arraySync() as number[]);
        states.push([loader.stateDict(), all.length]);
      }
    }
    for (const [state, at] of states) {
      const other = new data.DataLoader(rows(23), options());
      other.loadStateDict(state);
      const rest = await batches(other);
      while (at + rest.length < all.length) rest.push(...(await batches(other)));
      expect(rest).toEqual(all.slice(at));
    }
  });

  test('states of other samplers are refused', () => {
    const seeded = new data.DataLoader(rows(5), { sampler: new data.RandomSampler(rows(5), { seed: 1 }) });
    const plain = new data.DataLoader(rows(5), { sampler: new data.RandomSampler(rows(5)) });
    const list = new data.DataLoader(rows(5), { sampler: [1, 2] });
    for (const [from, to] of [
      [seeded, plain],
      [plain, seeded],
      [seeded, list],
    ] as const)
      // prettier-ignore
      expect(codeOf(() => to.loadStateDict(from.stateDict()))).toBe('ERR_STATE_DICT');
    const batched = new data.DataLoader(rows(5), { batchSampler: [[1, 2], [0]] });
    for (const b of batched)
      if (b) expect(codeOf(() => list.loadStateDict(batched.stateDict()))).toBe('ERR_STATE_DICT');
  });
});
