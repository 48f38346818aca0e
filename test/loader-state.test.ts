/** @file The place of a DataLoader: kept within an epoch and between two, and refused by loaders of other settings. */
import * as ng from '../lib';
import { data } from '../lib';
import { caught } from './caught';

type Loader = data.DataLoader<ng.Tensor, ng.Tensor>;
type Options = data.DataLoaderOptions<ng.Tensor, ng.Tensor, ng.Tensor>;
const make = (options: Options = {}, n = 23): Loader =>
  new data.DataLoader(new data.TensorDataset(ng.arange(n)) as unknown as data.Dataset<ng.Tensor, ng.Tensor>, {
    batchSize: 5,
    ...options,
  });
const first = (b: unknown): number[] =>
  (Array.isArray(b) ? (b[0] as ng.Tensor) : (b as ng.Tensor)).arraySync() as number[];

// Three epochs of batches; the states before each batch's successor, and between epochs.
async function record(loader: Loader, sync: boolean): Promise<{ batches: number[][]; states: string[] }> {
  const [batches, states]: [number[][], string[]] = [[], []];
  const note = (): void => {
    const s = loader.stateDict();
    const epoch = s.epoch && { ...s.epoch, order: s.epoch.order?.arraySync() ?? null };
    states.push(JSON.stringify({ state: { ...s, epoch }, rng: ng.getRngState(), at: batches.length }));
  };
  const seen = (b: unknown): void => {
    batches.push(first(b));
    ng.rand([2]);
    note();
  };
  for (let epoch = 0; epoch < 3; epoch++) {
    note();
    if (sync) for (const b of loader) seen(b);
    else for await (const b of loader) seen(b);
  }
  return { batches, states };
}

async function resumed(loader: Loader, text: string, perEpoch: number, sync: boolean): Promise<number[][]> {
  const { state, rng, at } = JSON.parse(text) as { state: data.LoaderState; rng: ng.RngState; at: number };
  if (state.epoch?.order) state.epoch.order = ng.tensor(state.epoch.order as unknown as number[], { dtype: 'int32' });
  loader.loadStateDict(state);
  ng.setRngState(rng);
  const out: number[][] = [];
  const seen = (b: unknown): void => {
    out.push(first(b));
    ng.rand([2]);
  };
  expect(loader.position).toBe(state.epoch?.position ?? 0);
  for (let epoch = (at - (state.epoch?.position ?? 0)) / perEpoch; epoch < 3; epoch++)
    if (sync) for (const b of loader) seen(b);
    else for await (const b of loader) seen(b);
  return out;
}

const orders: [string, () => Options][] = [
  ['ascending', () => ({})],
  ['shuffled by the generator in use', () => ({ shuffle: true })],
  ['shuffled by a seed', () => ({ shuffle: true, seed: 3 })],
  ['dropLast', () => ({ shuffle: true, seed: 3, dropLast: true })],
  ['a sampler that draws anew', () => ({ sampler: { [Symbol.iterator]: () => (ng.randperm(23).arraySync() as number[])[Symbol.iterator]() } })], // prettier-ignore
];
describe.each(orders)('%s', (_name, options) => {
  test.each([true, false])('goes on from every place, for loops that are synchronous: %s', async (sync) => {
    const { batches, states } = await record(make(options()), sync);
    for (const text of states) {
      ng.manualSeed(77);
      const at = (JSON.parse(text) as { at: number }).at;
      expect(await resumed(make(options()), text, batches.length / 3, sync)).toEqual(batches.slice(at));
    }
  });
});

test('a loop that was left has ended; the next one begins anew', async () => {
  const loader = make({ shuffle: true, seed: 1 });
  for await (const b of loader) if (b) break;
  expect([loader.position, loader.stateDict().epoch]).toEqual([0, null]);
  for (const b of loader) if (b) break;
  expect([loader.position, loader.stateDict().epoch]).toEqual([0, null]);
});

test('a state that was loaded is there until a loop goes on with it', () => {
  const loader = make({ shuffle: true, seed: 1 });
  let state = loader.stateDict();
  for (const b of loader) if (b && loader.position === 2) state = loader.stateDict();
  const other = make({ shuffle: true, seed: 9 });
  other.loadStateDict(state);
  expect([other.position, other.stateDict()]).toEqual([2, state]);
  expect([...other].length).toBe(3);
  expect([...other].length).toBe(5);
});

describe('states of other loaders', () => {
  const within = (options: Options, n?: number): data.LoaderState => {
    const loader = make(options, n);
    for (const b of loader) if (b) return loader.stateDict();
    throw new Error('no batch');
  };
  test.each<[string, unknown, Options]>([
    ['another dataset', () => within({}, 24), {}],
    ['another batch size', () => within({ batchSize: 4 }), {}],
    ['another order', () => within({}), { shuffle: true }],
    ['a seed there', () => within({ shuffle: true, seed: 1 }), { shuffle: true }],
    ['a seed here', () => within({ shuffle: true }), { shuffle: true, seed: 1 }],
    ['no state', () => 3, {}],
    ['an epoch that is none', () => ({ ...within({}), epoch: 3 }), {}],
    ['a position that is none', () => ({ ...within({}), epoch: { position: -1, draw: null, order: null } }), {}],
    ['an order that is none', () => ({ ...within({}), epoch: { position: 1, draw: null, order: ng.ones([23]) } }), { sampler: [0] }], // prettier-ignore
  ])('%s', (_name, state, options) => {
    const loader = make(options);
    const error = caught(() => loader.loadStateDict((state as () => data.LoaderState)()));
    expect(error).toMatchObject({ code: 'ERR_STATE_DICT' });
    expect(loader.position).toBe(0);
  });

  test('between epochs the batch size may be another', () => {
    make({ batchSize: 3, shuffle: true }).loadStateDict(make({ shuffle: true }).stateDict());
  });
});
