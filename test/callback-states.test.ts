/** @file What callbacks remember goes on with a training that was interrupted: in backups and in checkpoints of one's own. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ng from '../lib';
import { callbacks, data, nn } from '../lib';
import { caught } from './caught';
import { Dies } from './train-cases';

const folder = mkdtempSync(join(tmpdir(), 'nodegrad-states-'));
afterAll(() => rmSync(folder, { recursive: true }));

const generator = new ng.Generator(3);
const x = ng.randn([40, 6], { generator });
const y = ng.randint(0, 3, [40], { generator, dtype: 'int64' });
const validationData = [ng.randn([16, 6], { generator }), ng.randint(0, 3, [16], { generator })] as const;

function fresh(): ng.Sequential {
  ng.manualSeed(5);
  const layers = [new nn.Dense(16, { activation: 'relu', inputShape: [6] }), new nn.BatchNorm1d(16)];
  const model = ng.sequential([...layers, new nn.Dropout(0.3), new nn.Dense(3)]);
  return model.compile({ optimizer: { name: 'adam', lr: 0.03 }, loss: 'crossEntropy', metrics: ['accuracy'] });
}
const weights = (m: nn.Module): unknown => Object.values(m.stateDict()).map((t) => t.arraySync());
// A report says with which callbacks a run was begun.
const begun = (v: string): string => v.replace(' Dies', '');
const plain = (v: unknown): unknown =>
  v instanceof ng.Tensor
    ? v.arraySync()
    : typeof v === 'object' && v !== null
      ? Object.fromEntries(Object.entries(v).map(([name, e]) => [name, plain(e)]))
      : typeof v === 'string'
        ? begun(v)
        : v;

/** One of the program's own. */
class Counts extends callbacks.Callback {
  epochs = 0;
  override onTrainBegin(): void {
    this.epochs = 0;
  }
  override onEpochEnd(_: number, logs: ng.Logs): void {
    logs['own'] = ++this.epochs;
  }
  stateDict(): object {
    return { epochs: this.epochs };
  }
  loadStateDict({ epochs }: { epochs: number }): void {
    this.epochs = epochs;
  }
}

function kit(dir: string): {
  list: ng.callbacks.Callback[];
  states: () => unknown;
  files: () => string[];
} {
  const path = (name: string): string => join(dir, name);
  const stateful = [
    new callbacks.EarlyStopping({ patience: 4, restoreBestWeights: true }),
    new callbacks.EarlyStopping({ monitor: 'loss', patience: 9 }),
    new callbacks.ReduceLROnPlateau({ monitor: 'valLoss', factor: 0.5, patience: 1, cooldown: 1 }),
    new callbacks.ExponentialMovingAverage({ decay: 0.9 }),
    new callbacks.ModelCheckpoint(path('best.safetensors'), { saveBestOnly: true }),
    new callbacks.ModelCheckpoint(path('often-{epoch}.safetensors'), { saveFreq: 7 }),
    new callbacks.HTMLReport(path('report.html')),
    new callbacks.TensorBoard({ logDir: path('board') }),
  ];
  const list = [...stateful, new callbacks.CSVLogger(path('log.csv')), new Counts()];
  return {
    list,
    states: () => stateful.map((c) => plain(c.stateDict())),
    // And when the fit began that went on.
    files: () =>
      ['log.csv', 'report.html', 'best.safetensors'].map((name) =>
        begun(readFileSync(path(name), 'latin1')).replace(/"started":"[^"]*"/, ''),
      ),
  };
}
const settings = { epochs: 12, batchSize: 8, seed: 11, verbose: 0 as const, validationData } as const;

test('a backup holds what all callbacks remember, wherever it stands among them', async () => {
  const [whole, apart] = [fresh(), kit(join(folder, 'whole'))];
  mkdirSync(join(folder, 'whole'));
  const want = await whole.fit(x, y, { ...settings, callbacks: apart.list });
  // They have something to remember: a stop before the end, reductions.
  expect(want.epoch.length).toBeLessThan(12);
  expect(new Set(want.history['learningRate']).size).toBeGreaterThan(1);
  const dir = join(folder, 'again');
  mkdirSync(dir);
  const backup = (): ng.callbacks.Callback => new callbacks.BackupAndRestore(join(dir, 'backup'));
  for (let at = 0; at < want.epoch.length; at++) {
    const list = [backup(), ...kit(dir).list, new Dies(at)];
    await expect(fresh().fit(x, y, { ...settings, callbacks: list })).rejects.toThrow('the power failed');
  }
  // And between the last save and the end.
  const end = new callbacks.Lambda({
    onTrainEnd: () => {
      throw new Error('the power failed');
    },
  });
  const last = fresh().fit(x, y, { ...settings, callbacks: [backup(), ...kit(dir).list, end] });
  await expect(last).rejects.toThrow('the power failed');
  const [model, resumed] = [fresh(), kit(dir)];
  expect(await model.fit(x, y, { ...settings, callbacks: [backup(), ...resumed.list] })).toEqual(want);
  expect(weights(model)).toEqual(weights(whole));
  expect(resumed.states()).toEqual(apart.states());
  expect(resumed.files()).toEqual(apart.files());
  expect(existsSync(join(dir, 'backup'))).toBe(false);
});

test.each([undefined, 3])('a DataLoader with a seed of its own, %s steps per epoch', async (stepsPerEpoch) => {
  const loader = (): data.DataLoader<unknown> =>
    new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 8, shuffle: true, seed: 4 }) as never;
  const options = { epochs: 5, verbose: 0, stepsPerEpoch, seed: 2 } as const;
  const whole = fresh();
  const want = await whole.fit(loader(), options);
  const dir = join(folder, `loader-${stepsPerEpoch}`);
  const backup = (): ng.callbacks.Callback => new callbacks.BackupAndRestore(dir);
  for (const at of [1, 3]) {
    const fit = fresh().fit(loader(), { ...options, callbacks: [new Dies(at), backup()] });
    await expect(fit).rejects.toThrow('the power failed');
  }
  const model = fresh();
  expect(await model.fit(loader(), { ...options, callbacks: [backup()] })).toEqual(want);
  expect(weights(model)).toEqual(weights(whole));
});

test("a checkpoint of one's own, in the middle of an epoch", async () => {
  const dir = join(folder, 'own');
  const parts = () => {
    const model = fresh();
    const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 8, shuffle: true });
    const stopping = new callbacks.EarlyStopping({ patience: 3, restoreBestWeights: true });
    const plateau = new callbacks.ReduceLROnPlateau({ factor: 0.5, patience: 1, cooldown: 1 });
    const average = new callbacks.ExponentialMovingAverage({ decay: 0.8 });
    return { model, optimizer: model.optimizer, loader, stopping, plateau, average };
  };
  const listOf = (p: ReturnType<typeof parts>): ng.callbacks.Callback[] => [p.stopping, p.plateau, p.average];
  const whole = parts();
  let epoch = 0;
  const saves = new callbacks.Lambda({
    onEpochBegin: (n) => void (epoch = n),
    onTrainBatchEnd: async (batch) => {
      if (batch === 2) await ng.saveCheckpoint(dir, { ...whole, epoch }, { keep: 99 });
    },
  });
  const options = { epochs: 9, verbose: 0, validationData } as const;
  const want = await whole.model.fit(whole.loader, { ...options, callbacks: [...listOf(whole), saves] });
  const last = want.epoch.length;
  expect(last).toBeLessThan(9);
  for (const number of [1, 2, last - 1, last]) {
    const again = parts();
    const held = await ng.loadCheckpoint<{ epoch: number }>(dir, again, { number });
    expect(plain(again.average.stateDict())).toHaveProperty('average.n_averaged');
    const callbackList = listOf(again);
    const rest = { ...options, initialEpoch: held.epoch, callbacks: callbackList };
    const got = await again.model.fit(again.loader, rest);
    expect(got.epoch).toEqual(want.epoch.slice(held.epoch));
    expect(got.history['valLoss']).toEqual(want.history['valLoss']!.slice(held.epoch));
    expect(got.history['learningRate']).toEqual(want.history['learningRate']!.slice(held.epoch));
    expect(weights(again.model)).toEqual(weights(whole.model));
    expect(plain(again.stopping.stateDict())).toEqual(plain(whole.stopping.stateDict()));
    expect(plain(again.average.stateDict())).toEqual(plain(whole.average.stateDict()));
  }
});

test("a state that was loaded is there until a training goes on; in a loop of one's own too", async () => {
  const stopping = new callbacks.EarlyStopping({ patience: 3 });
  for (const v of [0.03, 0.02, 0.025]) stopping.update(v);
  const other = new callbacks.EarlyStopping({ patience: 3 });
  other.loadStateDict(stopping.stateDict());
  expect([other.update(0.026), other.update(0.027)]).toEqual([false, true]);
  expect([stopping.update(0.026), stopping.update(0.027)]).toEqual([false, true]);
  // Two trainings after another: the second begins anew.
  await fresh().fit(x, y, { ...settings, epochs: 1, callbacks: [other] });
  expect(other.bestEpoch).toBe(1);
  await fresh().fit(x, y, { ...settings, epochs: 1, callbacks: [other] });
  expect([other.best !== 0.02, other.bestEpoch]).toEqual([true, 0]);
});

test('a state of something else is refused, and changes nothing', () => {
  const stopping = new callbacks.EarlyStopping();
  stopping.update(1);
  const before = stopping.stateDict();
  const states: unknown[] = [
    null,
    5,
    {},
    { ...before, wait: -1 },
    { ...before, weights: { a: 1 } },
    { ...before, b: 1 },
  ];
  for (const state of states) {
    expect(caught(() => stopping.loadStateDict(state as never))).toMatchObject({ code: 'ERR_STATE_DICT' });
    expect(stopping.stateDict()).toEqual(before);
  }
});

test('NaN is never the best value', async () => {
  const stopping = new callbacks.EarlyStopping({ patience: 3 });
  expect([NaN, NaN, 2, 3, 1].map((v) => stopping.update(v))).toEqual([false, false, false, false, false]);
  expect([stopping.best, stopping.bestEpoch]).toEqual([1, 4]);
  const values = [NaN, 4, 5];
  const pretend = new callbacks.Lambda({ onEpochEnd: (epoch, logs) => void (logs['valLoss'] = values[epoch]!) });
  const best = new callbacks.ModelCheckpoint(join(folder, 'nan', '{epoch}.safetensors'), { saveBestOnly: true });
  await fresh().fit(x, y, { epochs: 3, verbose: 0, callbacks: [pretend, best] });
  expect([1, 2, 3].map((n) => existsSync(join(folder, 'nan', `${n}.safetensors`)))).toEqual([false, true, false]);
});
