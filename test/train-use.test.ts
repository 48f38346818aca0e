/** @file `fit` in use: aborts, errors, two at once, steps of one's own, clipping, summaries, seeds. */
import * as ng from '../lib';
import { data, nn, optim } from '../lib';
import { net, clouds, twins, byHand, adam, quiet, near } from './train-cases';

describe('endings', () => {
  const [x, y] = clouds(64);

  test('an abort ends fit after the step; the model can be fitted again', async () => {
    const m = net().compile(adam);
    const controller = new AbortController();
    let steps = 0;
    const counting = new ng.callbacks.Lambda({ onTrainBatchEnd: () => void (++steps === 6 && controller.abort()) });
    const h = await m.fit(x, y, {
      ...quiet,
      batchSize: 16,
      epochs: 9,
      callbacks: [counting],
      signal: controller.signal,
    });
    expect([steps, h.aborted, h.epoch, h.history['loss']!.length]).toEqual([6, true, [0], 1]);
    const again = await m.fit(x, y, { ...quiet, initialEpoch: 1, epochs: 3 });
    expect([again.aborted, again.epoch]).toEqual([false, [1, 2]]);
    const none = await m.fit(x, y, { ...quiet, signal: AbortSignal.abort() });
    expect([none.aborted, none.epoch]).toEqual([true, []]);
    await expect(m.predict(x, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });

  test('what a callback, the data or a step throws leaves model and optimizer as they were', async () => {
    const m = net().compile(adam);
    m.at(0).training = false;
    const boom = (): never => {
      throw new Error('boom');
    };
    let closed = false;
    async function* broken(): AsyncGenerator<[ng.Tensor, ng.Tensor]> {
      try {
        yield [x, y];
        await Promise.resolve();
        boom();
      } finally {
        closed = true;
      }
    }
    const told: unknown[] = [];
    const ear = new ng.callbacks.Lambda({ onTrainError: (e) => void told.push(e) });
    await expect(m.fit(broken(), { verbose: 0, callbacks: [ear] })).rejects.toThrow('boom');
    const bad = new ng.callbacks.Lambda({ onEpochEnd: boom });
    await expect(m.fit(x, y, { ...quiet, callbacks: [bad, ear] })).rejects.toThrow('boom');
    await expect(m.fit(x.narrow(1, 0, 3), y, { ...quiet, callbacks: [ear] })).rejects.toThrow('[linear]');
    expect([told.length, closed, m.at(0).training, m.at(1).training]).toEqual([3, true, false, true]);
    await expect(m.fit(x, y.add(7), quiet)).rejects.toMatchObject({ code: 'ERR_INDEX' });
    expect((await m.fit(x, y, { ...quiet, epochs: 20 })).history['loss']!.at(-1)).toBeLessThan(1);
  });

  test('two fits at once, and predictions meanwhile, do not disturb each other', async () => {
    const [a, b] = twins();
    const [c, d] = twins();
    for (const m of [a, b, c, d]) m.compile(adam);
    const options = { ...quiet, epochs: 4, batchSize: 8 };
    const alone = [await a.fit(x, y, options), await c.fit(x, y, options)];
    const together = await Promise.all([b.fit(x, y, options), d.fit(x, y, options), b.predict(x), b.evaluate(x, y)]);
    expect(together.slice(0, 2)).toEqual(alone);
    const first = a.fit(x, y, options);
    await expect(a.fit(x, y, options)).rejects.toMatchObject({ code: 'ERR_BUSY' });
    await first;
  });
});

test("a step of one's own, several outputs, and a module of the PyTorch way", async () => {
  class Net extends nn.Module {
    body = new nn.Linear(4, 8);
    price = new nn.Linear(8, 1);
    label = new nn.Linear(8, 3);
    forward(x: ng.Tensor): Record<string, ng.Tensor> {
      const h = ng.relu(this.body.forward(x));
      return { price: this.price.forward(h), label: this.label.forward(h) };
    }
  }
  const [x, y] = clouds(32);
  const price = x.sum(1);
  const trainer = ng.trainer(new Net(), {
    optimizer: (p) => new optim.Adam(p, { lr: 0.01 }),
    loss: { price: 'mse', label: 'crossEntropy' },
    lossWeights: { price: 0.5 },
    metrics: { price: ['mae'], label: 'accuracy' },
  });
  const { history } = await trainer.fit(x, { price, label: y }, { ...quiet, epochs: 5 });
  expect(Object.keys(history)).toEqual(['loss', 'priceLoss', 'labelLoss', 'priceMae', 'labelAccuracy']);
  history['loss']!.forEach((l, i) =>
    expect(l).toBeCloseTo(0.5 * history['priceLoss']![i]! + history['labelLoss']![i]!, 5),
  );
  expect(history['loss']!.at(-1)).toBeLessThan(history['loss']![0]!);
  const out = await trainer.predict<Record<string, ng.Tensor>>(x, { batchSize: 10 });
  expect([out['price']!.shape, out['label']!.shape]).toEqual([
    [32, 1],
    [32, 3],
  ]);

  class Own extends ng.Trainer {
    override trainStep([a, b]: ng.Batch): ng.StepValues {
      const loss = nn.functional.crossEntropy(this.call(a) as ng.Tensor, b as ng.Tensor);
      this.minimize(loss);
      return { ownLoss: loss, half: 0.5 };
    }
  }
  const [m, twin] = twins();
  const own = new Own(m, { optimizer: { name: 'adam', lr: 1e-2 } });
  const got = await own.fit(x, y, { ...quiet, batchSize: 10, epochs: 2 });
  near(got.history['ownLoss'], byHand(twin, x, y, 10, 2));
  expect(got.history['half']).toEqual([0.5, 0.5]);
});

test('clipping and schedules act on the optimizer', async () => {
  const [x, y] = clouds(32);
  const m = net().compile({ loss: 'crossEntropy', optimizer: { name: 'sgd', lr: 1 } });
  const before = await Promise.all(m.parameters().map((p) => p.data()));
  await m.fit(x, y, { ...quiet, batchSize: 32, clipNorm: 1e-3 });
  const after = await Promise.all(m.parameters().map((p) => p.data()));
  const moved = Math.hypot(...before.flatMap((b, i) => [...b].map((v, j) => Number(v) - Number(after[i]![j]!))));
  expect(moved).toBeGreaterThan(0.9e-3);
  expect(moved).toBeLessThan(1.1e-3);

  const rates: number[] = [];
  const watch = new ng.callbacks.Lambda({ onEpochBegin: () => void rates.push(m.optimizer.paramGroups[0]!.lr) });
  const schedule = (o: typeof m.optimizer): optim.lrScheduler.StepLR =>
    new optim.lrScheduler.StepLR(o, { stepSize: 1, gamma: 0.5 });
  await m.fit(x, y, { ...quiet, epochs: 3, callbacks: [watch], schedule });
  expect(rates).toEqual([1, 0.5, 0.25]);
  await m.fit(x, y, {
    ...quiet,
    epochs: 1,
    batchSize: 4,
    schedule: (o) => new optim.lrScheduler.OneCycleLR(o, { maxLr: 1, totalSteps: 9 }),
  });
  expect(m.optimizer.paramGroups[0]!.lr).toBeLessThan(0.01);
});

test('trainOnBatch with a step that waits: losses and metrics are those of its batch', async () => {
  class Waiting extends ng.Trainer {
    override async trainStep(batch: ng.Batch): Promise<ng.StepValues> {
      await new Promise((resume) => setImmediate(resume));
      return super.trainStep(batch);
    }
  }
  const [x, y] = clouds(20);
  const [m, twin] = twins();
  const settings = { optimizer: 'sgd', loss: 'crossEntropy', metrics: ['accuracy'] } as const;
  const waiting = new Waiting(m, settings);
  const plain = new ng.Trainer(twin, settings);
  for (let i = 0; i < 2; i++) expect(await waiting.trainOnBatch(x, y)).toEqual(await plain.trainOnBatch(x, y));
});

test('trainOnBatch, testOnBatch and predict in batches', async () => {
  const [x, y] = clouds(20);
  const m = net().compile({ ...adam, metrics: ['accuracy'] });
  const tested = await m.testOnBatch(x, y);
  expect(await m.evaluate(x, y)).toEqual(tested);
  expect(await m.trainOnBatch(x, y)).toEqual(tested);
  expect((await m.testOnBatch(x, y))['loss']).toBeLessThan(tested['loss']!);
  const all = await m.predict(x);
  expect((await m.predict(x, { batchSize: 3 })).arraySync()).toEqual(all.arraySync());
  const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 7 });
  near(((await m.predict(loader)).arraySync() as number[][]).flat(), (all.arraySync() as number[][]).flat());
});

test("summary is Keras's table", () => {
  const lines: string[] = [];
  ng.sequential([
    new nn.Dense(128, { activation: 'relu', inputShape: [784] }),
    new nn.Dropout(0.2),
    new nn.Dense(10),
  ]).summary({
    print: (table) => lines.push(...table.split('\n')),
  });
  expect(lines).toEqual([
    'Model: "Sequential"',
    '┏━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━┓',
    '┃ Layer (type) ┃ Output Shape ┃ Param # ┃',
    '┡━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━┩',
    '│ 0 (Dense)    │ (None, 128)  │ 100,480 │',
    '├──────────────┼──────────────┼─────────┤',
    '│ 1 (Dropout)  │ (None, 128)  │       0 │',
    '├──────────────┼──────────────┼─────────┤',
    '│ 2 (Dense)    │ (None, 10)   │   1,290 │',
    '└──────────────┴──────────────┴─────────┘',
    ' Total params: 101,770',
    ' Trainable params: 101,770',
    ' Non-trainable params: 0',
  ]);
});

test('seed: order and dropout are those of the training alone, whatever runs beside it', async () => {
  const [x, y] = clouds(64);
  const make = (): ng.Sequential => {
    ng.manualSeed(3);
    return ng.sequential([new nn.Dense(16, { inputShape: [4] }), new nn.Dropout(0.5), new nn.Dense(3)]).compile(adam);
  };
  const options = { verbose: 0, epochs: 3, batchSize: 16, validationSplit: 0.25 } as const;
  const [a, b, c] = [make(), make(), make()];
  const alone = await a.fit(x, y, { ...options, seed: 5 });
  const [beside, other] = await Promise.all([
    b.fit(x, y, { ...options, seed: 5 }),
    c.fit(x, y, { ...options, seed: 6 }),
  ]);
  expect(beside).toEqual(alone);
  expect(other).not.toEqual(alone);
});

test('any module prints its summary', () => {
  const lines: string[] = [];
  class Own extends nn.Module {
    fc = new nn.Linear(3, 2);
    forward = (x: ng.Tensor): ng.Tensor => this.fc.forward(x);
  }
  new Own().summary({ inputShape: [3], print: (table) => lines.push(...table.split('\n')) });
  expect([lines[0], lines[4]]).toEqual(['Model: "Own"', '│ fc (Linear)  │ (None, 2)    │       8 │']);
});

test.each([new nn.CrossEntropyLoss(), new nn.NLLLoss()])('classes of nested arrays are classes to %s', async (loss) => {
  const x = [[0.5, 1], [1, 0], [0, 0.2]]; // prettier-ignore
  const losses = async (y: number[] | ng.Tensor): Promise<number> => {
    ng.manualSeed(0);
    const trainer = ng.trainer(new nn.Linear(2, 2), { optimizer: 'sgd', loss });
    const { history } = await trainer.fit(x, y, { epochs: 1, sampleWeight: [1, 2, 3], verbose: 0 });
    return history['loss']![0]!;
  };
  expect(await losses([0, 1, 1])).toBe(await losses(ng.tensor([0, 1, 1], { dtype: 'int64' })));
});
