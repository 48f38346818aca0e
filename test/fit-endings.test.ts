/** @file How a `fit` may end: whatever happens in it, model, optimizer and trainer are as good as new afterwards. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import * as ng from '../lib';
import { callbacks, data, nn } from '../lib';
import { clouds } from './train-cases';

const [x, y] = clouds(64);
const [late, labels] = clouds(32, 2);
const settings = { verbose: 0, seed: 7, batchSize: 16, epochs: 2, validationData: [late, labels] } as const;

function fresh(): ng.Sequential {
  ng.manualSeed(1);
  const layers = [new nn.Dense(32, { inputShape: [4], activation: 'relu' }), new nn.BatchNorm1d(32)];
  const model = ng.sequential([...layers, new nn.Dropout(0.3), new nn.Dense(3)]);
  return model.compile({ optimizer: { name: 'adam', lr: 1e-2 }, loss: 'crossEntropy', metrics: ['accuracy'] });
}
const weights = (m: nn.Module): unknown => Object.values(m.stateDict()).map((t) => t.arraySync());
const boom = (): never => {
  throw new Error('boom');
};

const strays: unknown[] = [];
const stray = (e: unknown): void => void strays.push(e);
let whole: { history: ng.History; weights: unknown };
beforeAll(async () => {
  process.on('unhandledRejection', stray);
  const model = fresh();
  const history = await model.fit(x, y, settings);
  whole = { history, weights: weights(model) };
});
afterAll(() => void process.off('unhandledRejection', stray));

/** Hears how trainings end. */
class Ends extends callbacks.Callback {
  readonly heard: string[] = [];
  override onTrainEnd(): void {
    this.heard.push('end');
  }
  override onTrainError(): void {
    this.heard.push('error');
  }
}

/** A model to which something happens, and which then trains as if nothing had. */
async function disturbed(
  disturb: (m: ng.Sequential, options: ng.FitOptions) => Promise<unknown>,
  heard: string[],
): Promise<unknown> {
  const m = fresh();
  m.at(1).training = false;
  const before = { model: m.stateDict({ clone: true }), optimizer: m.optimizer.stateDict() };
  const ends = new Ends();
  const outcome = await disturb(m, { ...settings, callbacks: [ends] }).catch((e: unknown) => e);
  expect(ends.heard).toEqual(heard);
  expect([0, 1, 2].map((i) => m.at(i).training)).toEqual([true, false, true]);
  if (heard.includes('error')) expect(m.parameters().filter((p) => p.grad).length).toBe(0);
  m.loadStateDict(before.model);
  m.optimizer.loadStateDict(before.optimizer);
  m.train();
  expect(await m.fit(x, y, settings)).toEqual(whole.history);
  expect(weights(m)).toEqual(whole.weights);
  await new Promise((resume) => setTimeout(resume, 5));
  expect(strays).toEqual([]);
  return outcome;
}
const withEar = (o: ng.FitOptions, ear: ng.callbacks.LambdaOptions): ng.FitOptions => ({
  ...o,
  callbacks: [...(o.callbacks ?? []), new callbacks.Lambda(ear)],
});

test.each(['onTrainBatchEnd', 'onTestBatchEnd', 'onEpochEnd', 'onEpochBegin'] as const)(
  'abort in %s',
  async (event) => {
    const controller = new AbortController();
    const outcome = await disturbed(
      (m, o) => m.fit(x, y, { ...withEar(o, { [event]: () => controller.abort() }), signal: controller.signal }),
      ['end'],
    );
    expect(outcome).toMatchObject({ aborted: true, epoch: event === 'onEpochEnd' ? [0] : [] });
  },
);

const trainEvents = Object.getOwnPropertyNames(callbacks.Callback.prototype).filter(
  (n) => n.startsWith('on') && !n.startsWith('onPredict') && n !== 'onTrainError',
);
test.each(trainEvents)('an error in %s, at once and later', async (event) => {
  // The one that hears comes first, and has heard of the end before the error.
  const heard = event === 'onTrainEnd' ? ['end', 'error'] : ['error'];
  const later = async (): Promise<void> => {
    await new Promise((resume) => setTimeout(resume, 1));
    boom();
  };
  for (const fails of [boom, later])
    expect(await disturbed((m, o) => m.fit(x, y, withEar(o, { [event]: fails })), heard)).toMatchObject({
      message: 'boom',
    });
});

test('an error in onTrainError hides neither the first error nor the ending from others', async () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const bad = new callbacks.Lambda({ onEpochEnd: boom, onTrainError: () => Promise.reject(new Error('second')) });
  const fit = (m: ng.Sequential, o: ng.FitOptions): Promise<unknown> =>
    m.fit(x, y, { ...o, callbacks: [bad, ...o.callbacks!] });
  expect(await disturbed(fit, ['error'])).toMatchObject({ message: 'boom' });
  expect(warn.mock.calls).toEqual([['[fit] onTrainError of Lambda: second']]);
  warn.mockRestore();
});

describe('an error in the data', () => {
  const batch = (): [ng.Tensor, ng.Tensor] => [x.narrow(0, 0, 16), y.narrow(0, 0, 16)];
  const plain = { ...settings, batchSize: undefined, validationBatchSize: 16 };
  const options = (o: ng.FitOptions): ng.FitOptions => ({ ...plain, callbacks: o.callbacks });
  class Broken implements data.Dataset<[ng.Tensor, ng.Tensor]> {
    readonly length = 64;
    constructor(private readonly slow: boolean) {}
    get(i: number): [ng.Tensor, ng.Tensor] | Promise<[ng.Tensor, ng.Tensor]> {
      if (i === 40) return this.slow ? Promise.reject(new Error('boom')) : boom();
      return [x.at(i), y.at(i)];
    }
  }
  const loader = (o: object): data.DataLoader<readonly [ng.Tensor, ng.Tensor]> =>
    new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 16, ...o }) as never;
  const sources: Record<string, () => ng.Data> = {
    'a generator': () =>
      (function* () {
        yield batch();
        boom();
      })(),
    'an async generator': () =>
      (async function* () {
        yield Promise.resolve(batch());
        boom();
      })(),
    'the iterator itself': () => ({ [Symbol.iterator]: boom }) as never,
    'a dataset': () => new Broken(false),
    'an asynchronous dataset': () => new Broken(true),
    'a transform': () => loader({ transform: boom }),
    'a batch of another shape': () => new Set([batch(), [x.narrow(1, 0, 3), y]]),
    'a batch that is none': () => new Set<unknown>([batch(), 5]),
    'a label that is no class': () => new Set([batch(), [x, y.add(9)], batch()]),
  };
  test.each(Object.keys(sources))('%s', async (name) => {
    for (const validation of [false, true]) {
      const outcome = await disturbed(
        (m, o) => {
          const source = sources[name]!();
          const size = source instanceof Broken ? { batchSize: 16 } : {};
          return validation
            ? m.fit(x, y, {
                ...o,
                validationBatchSize: source instanceof Broken ? 16 : undefined,
                validationData: source,
              })
            : m.fit(source, { ...options(o), ...size });
        },
        ['error'],
      );
      expect(outcome).toBeInstanceOf(Error);
    }
  });
  test('closing the data that failed hides no error', async () => {
    const source = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false, value: batch() }),
        return: () => {
          throw new Error('second');
        },
      }),
    };
    const fit = (m: ng.Sequential, o: ng.FitOptions): Promise<unknown> =>
      m.fit(source, withEar({ ...options(o), stepsPerEpoch: 3 }, { onEpochEnd: boom }));
    expect(await disturbed(fit, ['error'])).toMatchObject({ message: 'boom' });
  });
});

test('an error in a loss, a metric and a schedule', async () => {
  const m = fresh();
  m.compile({ loss: boom });
  await expect(m.fit(x, y, settings)).rejects.toThrow('boom');
  m.compile({ loss: 'crossEntropy', metrics: [boom] });
  await expect(m.fit(x, y, settings)).rejects.toThrow('boom');
  const schedule = (): ng.Schedule => ({ step: boom });
  expect(await disturbed((n, o) => n.fit(x, y, { ...o, schedule }), ['error'])).toMatchObject({ message: 'boom' });
});

describe('out of memory', () => {
  // Large enough to need blocks of its own, and workspaces.
  const [wide, classes] = [
    ng.randn([256, 64], { generator: new ng.Generator(5) }),
    ng.zeros([256], { dtype: 'int64' }),
  ];
  const options = { verbose: 0, seed: 3, batchSize: 64, epochs: 2 } as const;
  const big = (optimizer: string): ng.Sequential => {
    ng.manualSeed(2);
    const layers = [new nn.Dense(256, { inputShape: [64], activation: 'relu' }), new nn.Dense(256), new nn.Dense(3)];
    return ng.sequential(layers).compile({ optimizer, loss: 'crossEntropy', metrics: ['accuracy'] });
  };
  test.each(['sgd', 'adam', 'adafactor'])('in a step of %s, wherever it is', async (optimizer) => {
    const reference = big(optimizer);
    const history = await reference.fit(wide, classes, options);
    const [failed, kept] = [new Set<string>(), weights(reference)];
    // The last ones are enough for the first steps; some fail in the backward pass or in the optimizer.
    for (const room of [-Infinity, 300, 1000, 3160, 4400, 5200, 6560]) {
      const m = big(optimizer);
      const before = { model: m.stateDict({ clone: true }), optimizer: m.optimizer.stateDict() };
      const ends = new Ends();
      ng.setMemoryLimit(Math.max(1, ng.memory().live + room * 1024));
      const fit = m.fit(wide, classes, { ...options, callbacks: [ends] });
      const outcome = await fit.catch((e: unknown) => e).finally(() => ng.setMemoryLimit(Infinity));
      if (outcome instanceof Error) {
        expect(outcome).toMatchObject({ name: 'OutOfMemoryError', code: 'ERR_OUT_OF_MEMORY' });
        failed.add(/workspace/.test(outcome.message) ? 'workspace' : 'tensor');
        expect(ends.heard).toEqual(['error']);
        expect(m.parameters().filter((p) => p.grad).length).toBe(0);
      } else {
        // Then no step was left out.
        expect([outcome, weights(m)]).toEqual([history, kept]);
      }
      m.loadStateDict(before.model);
      m.optimizer.loadStateDict(before.optimizer);
      expect(await m.fit(wide, classes, options)).toEqual(history);
      expect(weights(m)).toEqual(kept);
    }
    expect([...failed].sort()).toEqual(['tensor', 'workspace']);
  });

  test('a step that was not made is noticed, where the loss does not show it', async () => {
    class Fails extends ng.Trainer {
      override trainStep([a, b]: ng.Batch): ng.StepValues {
        const { loss } = this.losses(this.call(a), b);
        // Its gradient depends on a class that there is not; the loss was read before.
        const own = nn.functional.crossEntropy(this.call(a) as ng.Tensor, (b as ng.Tensor).add(9));
        this.minimize(loss.add(own), 64);
        return { loss };
      }
    }
    const m = big('sgd');
    const start = weights(m);
    const trainer = new Fails(m, { loss: 'crossEntropy', optimizer: 'sgd' });
    await expect(trainer.fit(wide, classes, options)).rejects.toMatchObject({ code: 'ERR_INDEX' });
    await expect(trainer.trainOnBatch(wide, classes)).rejects.toMatchObject({ code: 'ERR_INDEX' });
    expect(weights(m)).toEqual(start);
  });

  test('a failure is noticed while the epoch goes on', async () => {
    const m = fresh();
    let batches = 0;
    function* endless(): Generator<[ng.Tensor, ng.Tensor]> {
      for (; batches < 1e6; batches++) yield [x, batches === 0 ? y.add(9) : y];
    }
    await expect(m.fit(endless(), { verbose: 0 })).rejects.toMatchObject({ code: 'ERR_INDEX' });
    expect(batches).toBeLessThan(1e6);
  });

  test('in predict and evaluate', async () => {
    const m = big('sgd');
    const want = (await m.predict(wide)).arraySync();
    ng.setMemoryLimit(1);
    try {
      await expect(m.predict(wide).then((t) => t.data())).rejects.toMatchObject({ code: 'ERR_OUT_OF_MEMORY' });
      await expect(m.evaluate(wide, classes)).rejects.toMatchObject({ code: 'ERR_OUT_OF_MEMORY' });
    } finally {
      ng.setMemoryLimit(Infinity);
    }
    expect((await m.predict(wide)).arraySync()).toEqual(want);
  });
});

test('two fits of one model, and all else that it does meanwhile', async () => {
  const outcome = await disturbed(
    async (m, o) => {
      const first = m.fit(x, y, o);
      await expect(m.fit(x, y, settings)).rejects.toMatchObject({ code: 'ERR_BUSY' });
      let [going, rounds] = [true, 0];
      const others = (async () => {
        while (going) {
          const [p, e] = await Promise.all([m.predict(x, { batchSize: 7 }), m.evaluate(late, labels)]);
          expect([p.shape, Number.isFinite(e['loss'])]).toEqual([[64, 3], true]);
          rounds++;
        }
      })();
      const got = await first.finally(() => (going = false));
      await others;
      expect(rounds).toBeGreaterThan(0);
      return got;
    },
    ['end'],
  );
  // Batch norm was in evaluation mode before: fit trains it all the same.
  expect(outcome).toEqual(whole.history);
});

describe('in a worker thread', () => {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const ng = require(workerData.lib);
    const { nn } = ng;
    ng.manualSeed(1);
    const model = ng.sequential([new nn.Dense(32, { inputShape: [4], activation: 'relu' }), new nn.BatchNorm1d(32),
      new nn.Dropout(0.3), new nn.Dense(3)]);
    model.compile({ optimizer: { name: 'adam', lr: 1e-2 }, loss: 'crossEntropy', metrics: ['accuracy'] });
    const t = (a) => ng.tensor(a.data, { shape: a.shape });
    const { x, y, late, labels, epochs, fails } = workerData;
    const callbacks = [new ng.callbacks.Lambda({
      onTrainBegin: () => parentPort.postMessage('begun'),
      onEpochEnd: () => { if (fails) throw new Error('boom'); },
    })];
    model.fit(t(x), t(y), { verbose: 0, seed: 7, batchSize: 16, epochs, validationData: [t(late), t(labels)], callbacks }).then(
      (history) => parentPort.postMessage({ history, weights: Object.values(model.stateDict()).map((w) => w.arraySync()) }));`;
  const plain = (t: ng.Tensor): object => ({ data: t.dataSync(), shape: t.shape });
  const start = (epochs: number, fails = false): Worker =>
    new Worker(code, {
      eval: true,
      workerData: {
        ...{ lib: join(__dirname, '..', 'lib', 'index.js'), epochs, fails },
        ...{ x: plain(x), y: plain(y), late: plain(late), labels: plain(labels) },
      },
    });
  const answer = (w: Worker): Promise<unknown> =>
    new Promise((resolve, reject) => {
      w.on('message', (m) => m !== 'begun' && resolve(m));
      w.once('error', reject);
    });

  test('it gives the bits of the main thread, also when both train at once', async () => {
    const m = fresh();
    const [first, second, here] = await Promise.all([answer(start(2)), answer(start(2)), m.fit(x, y, settings)]);
    expect(first).toEqual(whole);
    expect(second).toEqual(whole);
    expect([here, weights(m)]).toEqual([whole.history, whole.weights]);
  });

  test('an error in it reaches the main thread; terminated in the middle, others go on', async () => {
    await expect(answer(start(2, true))).rejects.toThrow('boom');
    for (const delay of [0, 5, 20, 60]) {
      const w = start(1e6);
      await new Promise((resolve) => w.once('message', resolve));
      const m = fresh();
      const fit = m.fit(x, y, settings);
      await new Promise((resume) => setTimeout(resume, delay));
      await w.terminate();
      expect(await fit).toEqual(whole.history);
      expect(weights(m)).toEqual(whole.weights);
    }
  });
});
