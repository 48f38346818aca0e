/** @file Callbacks: the order of events, and what each of them does. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import * as ng from '../lib';
import { callbacks, nn } from '../lib';
import { caught } from './caught';

const folder = mkdtempSync(join(tmpdir(), 'nodegrad-callbacks-'));
afterAll(() => rmSync(folder, { recursive: true }));

const quiet = { verbose: 0, shuffle: false } as const;
const x = ng.linspace(-1, 1, 12).unsqueeze(1);
const y = x.mul(3);
const line = (lr = 0.1): ng.Sequential =>
  ng.sequential([new nn.Dense(1, { inputShape: [1] })]).compile({ loss: 'mse', optimizer: { name: 'sgd', lr } });

/** Puts values in place of what was computed, epoch by epoch. */
class Pretend extends callbacks.Callback {
  constructor(
    private readonly name: string,
    private readonly values: readonly number[],
  ) {
    super();
  }
  override onEpochEnd(epoch: number, logs: ng.Logs): void {
    logs[this.name] = this.values[epoch]!;
  }
}

test("events come in Keras's order", async () => {
  const seen: string[] = [];
  const names = Object.getOwnPropertyNames(callbacks.Callback.prototype).filter((n) => n.startsWith('on'));
  const ear = new callbacks.Lambda(
    Object.fromEntries(
      names.map((n) => [n, (at: unknown) => void seen.push(typeof at === 'number' ? `${n} ${at}` : n)]),
    ),
  );
  const options = { ...quiet, batchSize: 6, callbacks: [ear] };
  await line().fit(x, y, { ...options, epochs: 2, validationData: [x, y], validationFreq: 2, validationBatchSize: 12 });
  const batches = ['onTrainBatchBegin 0', 'onTrainBatchEnd 0', 'onTrainBatchBegin 1', 'onTrainBatchEnd 1'];
  const tests = ['onTestBegin', 'onTestBatchBegin 0', 'onTestBatchEnd 0', 'onTestEnd'];
  expect(seen).toEqual([
    'onTrainBegin',
    ...['onEpochBegin 0', ...batches, 'onEpochEnd 0'],
    ...['onEpochBegin 1', ...batches, ...tests, 'onEpochEnd 1'],
    'onTrainEnd',
  ]);
  seen.length = 0;
  await line().evaluate(x, y, { callbacks: [ear] });
  await line().predict(x, { callbacks: [ear] });
  expect(seen).toEqual([...tests, 'onPredictBegin', 'onPredictBatchBegin 0', 'onPredictBatchEnd 0', 'onPredictEnd']);
});

test('logs: means over the epoch so far at each batch, own entries in the history', async () => {
  const means: number[] = [];
  const ear = new callbacks.Lambda({
    onTrainBatchEnd: async (_, logs) => void means.push((await logs.means())['loss']!),
    onEpochEnd: (epoch, logs) => void (logs['own'] = epoch * 2),
  });
  const { history } = await line(0).fit(x, y, { ...quiet, batchSize: 5, epochs: 2, callbacks: [ear] });
  expect(means).toHaveLength(6);
  expect([means[2], means[5]]).toEqual(history['loss']);
  expect(history['own']).toEqual([0, 2]);
});

describe('EarlyStopping', () => {
  const stopped = async (values: number[], options: ng.callbacks.EarlyStoppingOptions): Promise<number[]> =>
    (
      await line().fit(x, y, {
        ...quiet,
        epochs: values.length,
        callbacks: [new Pretend(options.monitor ?? 'valLoss', values), new callbacks.EarlyStopping(options)],
      })
    ).epoch;

  test("patience, minDelta, baseline, mode and startFromEpoch are Keras's", async () => {
    expect(await stopped([5, 4, 4, 3, 3, 3, 3], { patience: 2 })).toHaveLength(6);
    expect(await stopped([5, 6, 7], {})).toHaveLength(2);
    expect(await stopped([5, 4.9, 4.8, 4.7], { patience: 2, minDelta: 0.5 })).toHaveLength(3);
    expect(await stopped([5, 4, 3, 2], { patience: 2, baseline: 1 })).toHaveLength(2);
    expect(await stopped([1, 2, 3, 2, 2], { monitor: 'score', mode: 'max', patience: 1 })).toHaveLength(4);
    expect(await stopped([1, 2, 3, 4, 5], { startFromEpoch: 3 })).toHaveLength(5);
    const wrong = line().fit(x, y, {
      ...quiet,
      epochs: 3,
      callbacks: [new Pretend('score', [1, 2, 3]), new callbacks.EarlyStopping({ monitor: 'score' })],
    });
    await expect(wrong).rejects.toThrow("give mode 'min' or 'max'");
  });

  test('restoreBestWeights gives the weights of the best epoch', async () => {
    const m = line();
    const weights: number[] = [];
    const watch = new callbacks.Lambda({ onEpochEnd: () => void weights.push(m.parameters()[0]!.itemSync()) });
    const stopping = new callbacks.EarlyStopping({ patience: 2, restoreBestWeights: true });
    const fit = m.fit(x, y, {
      ...quiet,
      epochs: 9,
      callbacks: [new Pretend('valLoss', [3, 2, 4, 4, 4]), watch, stopping],
    });
    expect((await fit).epoch).toEqual([0, 1, 2, 3]);
    expect([stopping.best, stopping.bestEpoch, stopping.stoppedEpoch]).toEqual([2, 1, 3]);
    expect(m.parameters()[0]!.itemSync()).toBe(weights[1]);
  });

  test("'auto' asks the metric; a name that is not there warns once; it works in a loop of one's own", async () => {
    const m = ng.sequential([new nn.Dense(3, { inputShape: [1] })]);
    m.compile({ loss: 'crossEntropy', metrics: ['accuracy'], optimizer: { name: 'sgd', lr: 0 } });
    const labels = ng.zeros([12], { dtype: 'int64' });
    const stopping = new callbacks.EarlyStopping({ monitor: 'accuracy' });
    expect((await m.fit(x, labels, { ...quiet, epochs: 5, callbacks: [stopping] })).epoch).toHaveLength(2);
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    await m.fit(x, labels, { ...quiet, epochs: 3, callbacks: [new callbacks.EarlyStopping()] });
    const text = '[EarlyStopping] the logs of this epoch have no "valLoss"; there are loss, accuracy';
    expect(warn.mock.calls).toEqual([[text]]);
    warn.mockRestore();
    const own = new callbacks.EarlyStopping({ patience: 2 });
    expect([3, 2, 2.5, 2.6].map((v) => own.update(v))).toEqual([false, false, false, true]);
  });
});

test('ModelCheckpoint names files by epoch and logs, and keeps the best', async () => {
  const m = line();
  const each = new callbacks.ModelCheckpoint(join(folder, 'each', '{epoch:02d}-{loss:.1f}.safetensors'));
  const best = new callbacks.ModelCheckpoint(join(folder, 'best.safetensors'), { saveBestOnly: true });
  const kept: ng.Tensor[] = [];
  const watch = new callbacks.Lambda({ onEpochEnd: () => void kept.push(m.parameters()[0]!.detach().clone()) });
  const pretend = [new Pretend('valLoss', [3, 1, 2]), new Pretend('loss', [3, 1, 2])];
  await m.fit(x, y, { ...quiet, epochs: 3, callbacks: [...pretend, watch, each, best] });
  for (const name of ['01-3.0', '02-1.0', '03-2.0'])
    expect(existsSync(join(folder, 'each', `${name}.safetensors`))).toBe(true);
  const saved = await ng.load(join(folder, 'best.safetensors'));
  expect(saved['0.weight']!.arraySync()).toEqual(kept[1]!.arraySync());
  const often = new callbacks.ModelCheckpoint(join(folder, 'often-{epoch}.safetensors'), { saveFreq: 5 });
  await m.fit(x, y, { ...quiet, batchSize: 4, epochs: 2, callbacks: [often] });
  expect([1, 2].map((n) => existsSync(join(folder, `often-${n}.safetensors`)))).toEqual([false, true]);
  const unknown = m.fit(x, y, { ...quiet, callbacks: [new callbacks.ModelCheckpoint(join(folder, '{valLoss}'))] });
  await expect(unknown).rejects.toThrow('filepath names "valLoss"; there are loss, epoch');
});

test('LearningRateScheduler and ReduceLROnPlateau', async () => {
  const scheduled = await line().fit(x, y, {
    ...quiet,
    epochs: 3,
    callbacks: [new callbacks.LearningRateScheduler((epoch, lr) => (epoch === 0 ? lr : lr / 2))],
  });
  expect(scheduled.history['learningRate']).toEqual([0.1, 0.05, 0.025]);
  const values = [5, 4, 4, 4, 4, 4, 4, 4];
  const rates = async (options: ng.callbacks.PlateauOptions): Promise<number[]> =>
    (
      await line(1).fit(x, y, {
        ...quiet,
        epochs: values.length,
        callbacks: [new Pretend('valLoss', values), new callbacks.ReduceLROnPlateau({ factor: 0.5, ...options })],
      })
    ).history['learningRate']!;
  expect(await rates({ patience: 2 })).toEqual([1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25]);
  expect(await rates({ patience: 2, minLr: 0.4 })).toEqual([1, 1, 1, 1, 0.5, 0.5, 0.4, 0.4]);
  expect(await rates({ patience: 2, cooldown: 2 })).toEqual([1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25]);
  expect((caught(() => new callbacks.ReduceLROnPlateau({ factor: 1 })) as Error).message).toContain('factor must be');
});

test('CSVLogger writes a header and a line per epoch, NA for what is not there, and goes on with append', async () => {
  const path = join(folder, 'log.csv');
  const m = line(0);
  const pretend = new Pretend('loss', [1, 2, 3, 4]);
  const run = (options: ng.FitOptions, log: ng.callbacks.CSVLoggerOptions = {}): Promise<ng.History> =>
    m.fit(x, y, { ...quiet, callbacks: [pretend, new callbacks.CSVLogger(path, log)], ...options });
  await run({ epochs: 2 });
  expect(readFileSync(path, 'utf8')).toBe('epoch,loss\n0,1\n1,2\n');
  await run({ initialEpoch: 2, epochs: 3 }, { append: true });
  expect(readFileSync(path, 'utf8')).toBe('epoch,loss\n0,1\n1,2\n2,3\n');
  await run({ epochs: 2, validationData: [x, y], validationFreq: [1] }, { separator: ';' });
  expect(readFileSync(path, 'utf8')).toMatch(/^epoch;loss;valLoss\n0;1;[\d.]+\n1;2;NA\n$/);
});

test('TerminateOnNaN ends the training without a wait per step', async () => {
  const log = jest.spyOn(console, 'log').mockImplementation(() => {});
  const bad = y.clone();
  bad.fill_(NaN);
  const { epoch, history } = await line().fit(x, bad, {
    ...quiet,
    batchSize: 1,
    epochs: 5,
    callbacks: [new callbacks.TerminateOnNaN()],
  });
  expect([epoch, history['loss']]).toEqual([[0], [NaN]]);
  expect(log).toHaveBeenCalledTimes(1);
  log.mockRestore();
});

test('ExponentialMovingAverage: validation sees the averages, the end keeps them, an error gives the weights back', async () => {
  const m = line();
  const weight = (): number => m.parameters()[0]!.itemSync();
  const own: number[] = [];
  const tested: number[] = [];
  const watch = new callbacks.Lambda({
    onTrainBatchEnd: () => void own.push(weight()),
    onTestBatchEnd: () => void tested.push(weight()),
  });
  const ema = new callbacks.ExponentialMovingAverage({ decay: 0.5 });
  await m.fit(x, y, {
    ...quiet,
    batchSize: 6,
    epochs: 2,
    validationData: [x, y],
    validationBatchSize: 12,
    callbacks: [ema, watch],
  });
  const averages = own.slice(1).reduce((list, w) => [...list, 0.5 * list.at(-1)! + 0.5 * w], [own[0]!]);
  expect(tested[0]).toBeCloseTo(averages[1]!, 6);
  expect(tested[1]).toBeCloseTo(averages[3]!, 6);
  expect(weight()).toBeCloseTo(averages[3]!, 6);
  const broken = new callbacks.Lambda({
    onTestBatchEnd: () => {
      throw new Error('boom');
    },
  });
  own.length = 0;
  const fit = m.fit(x, y, { ...quiet, validationData: [x, y], batchSize: 4, callbacks: [ema, watch, broken] });
  await expect(fit).rejects.toThrow('boom');
  expect(weight()).toBe(own.at(-1));
});

describe('ProgressBar', () => {
  class Screen extends Writable {
    text = '';
    columns = 120;
    constructor(readonly isTTY: boolean) {
      super();
    }
    override _write(chunk: Buffer, _: string, done: () => void): void {
      this.text += chunk.toString();
      done();
    }
    cursorTo(): void {}
    clearLine(): void {}
    moveCursor(): void {}
  }
  const shown = async (isTTY: boolean, verbose: 1 | 2, noColor?: string): Promise<string> => {
    const before = process.env['NO_COLOR'];
    delete process.env['NO_COLOR'];
    if (noColor !== undefined) process.env['NO_COLOR'] = noColor;
    const stream = new Screen(isTTY);
    const bar = new callbacks.ProgressBar({ stream: stream as unknown as NodeJS.WritableStream });
    try {
      await line().fit(x, y, { batchSize: 1, epochs: 2, verbose, callbacks: [bar] });
    } finally {
      delete process.env['NO_COLOR'];
      if (before !== undefined) process.env['NO_COLOR'] = before;
    }
    return stream.text;
  };

  test('a stream that nothing can be written to is refused at once', () => {
    const wrong = { stream: 5 as unknown as NodeJS.WritableStream };
    expect(() => new callbacks.ProgressBar(wrong)).toThrow(
      '[ProgressBar] stream must be something with write(), got number 5',
    );
  });

  test('a bar on a terminal, with colours unless NO_COLOR is set', async () => {
    const text = await shown(true, 1);
    expect(text).toContain('Epoch 1/2 \u001b[36m');
    expect(text).toContain('examples/s');
    expect(text).toContain('12/12');
    expect(await shown(true, 1, '1')).not.toContain('\u001b[36m');
  });
  test('a line per epoch elsewhere, or if asked for', async () => {
    for (const text of [await shown(false, 1), await shown(true, 2), await shown(false, 2)])
      expect(text).toMatch(/^Epoch 1\/2: [\d.]+ s, [\d,]+ examples\/s, loss [\d.]+\nEpoch 2\/2: .*\n$/);
  });
});
