/** @file BackupAndRestore: a training that was interrupted and begun again equals one that was not, bit for bit. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ng from '../lib';
import { callbacks, nn, optim } from '../lib';
import { Dies } from './train-cases';

const folder = mkdtempSync(join(tmpdir(), 'nodegrad-backup-'));
afterAll(() => rmSync(folder, { recursive: true }));

const data = new ng.Generator(3);
const x = ng.randn([40, 6], { generator: data });
const y = ng.randint(0, 3, [40], { generator: data, dtype: 'int64' });

function fresh(): ng.Sequential {
  ng.manualSeed(5);
  const layers = [
    new nn.Dense(16, { activation: 'relu', inputShape: [6] }),
    new nn.BatchNorm1d(16),
    new nn.Dropout(0.3),
  ];
  const model = ng.sequential([...layers, new nn.Dense(3)]);
  return model.compile({ optimizer: { name: 'adam', lr: 0.02 }, loss: 'crossEntropy', metrics: ['accuracy'] });
}
const settings = {
  ...{ epochs: 6, batchSize: 8, seed: 11, verbose: 0 as const },
  schedule: (o: optim.Optimizer) => new optim.lrScheduler.StepLR(o, { stepSize: 2, gamma: 0.5 }),
};
const weights = (m: ng.Sequential): unknown => Object.values(m.stateDict()).map((t) => t.arraySync());

test('interrupted in the middle of an epoch, twice, and begun again', async () => {
  const whole = fresh();
  const want = await whole.fit(x, y, settings);
  const dir = join(folder, 'twice');
  for (const at of [2, 4]) {
    const dying = [new callbacks.BackupAndRestore(dir), new Dies(at)];
    await expect(fresh().fit(x, y, { ...settings, callbacks: dying })).rejects.toThrow('the power failed');
    expect(existsSync(dir)).toBe(true);
  }
  const model = fresh();
  const got = await model.fit(x, y, { ...settings, callbacks: [new callbacks.BackupAndRestore(dir)] });
  expect(got).toEqual(want);
  expect(weights(model)).toEqual(weights(whole));
  expect(existsSync(dir)).toBe(false);
});

test('an aborted training may go on; deleteCheckpoint: false keeps what there is', async () => {
  const dir = join(folder, 'kept');
  const controller = new AbortController();
  const stop = new callbacks.Lambda({ onEpochEnd: (epoch) => void (epoch === 1 && controller.abort()) });
  const backup = (): callbacks.BackupAndRestore => new callbacks.BackupAndRestore(dir, { deleteCheckpoint: false });
  await fresh().fit(x, y, { ...settings, callbacks: [backup(), stop], signal: controller.signal });
  const rest = await fresh().fit(x, y, { ...settings, callbacks: [backup()] });
  expect(rest.epoch).toEqual([0, 1, 2, 3, 4, 5]);
  expect(existsSync(dir)).toBe(true);
  const nothing = await fresh().fit(x, y, { ...settings, callbacks: [backup()] });
  expect(nothing.history).toEqual(rest.history);
  expect(() => new callbacks.BackupAndRestore(3 as never)).toThrow('backupDir');
});
