/** @file `fit` against the same training written by hand, and everything that `fit` takes. */
import * as ng from '../lib';
import { data, nn, optim } from '../lib';
import { caught } from './caught';
import { net, clouds, twins, byHand, adam, quiet, near } from './train-cases';

describe('fit is the loop written by hand', () => {
  test('losses, weights and an uneven last batch', async () => {
    const [x, y] = clouds(70);
    const [a, b] = twins();
    a.compile(adam);
    const { epoch, history, aborted } = await a.fit(x, y, { ...quiet, epochs: 3, batchSize: 32 });
    expect([epoch, aborted]).toEqual([[0, 1, 2], false]);
    near(history['loss'], byHand(b, x, y, 32, 3));
    for (const [name, t] of Object.entries(a.stateDict()))
      near([...(await t.data())].map(Number), [...(await b.stateDict()[name]!.data())].map(Number));
  });

  test('accumulate: batches of 8, four to a step, are batches of 32', async () => {
    const [x, y] = clouds(70);
    const [a, b] = twins();
    a.compile(adam);
    b.compile(adam);
    await a.fit(x, y, { ...quiet, epochs: 2, batchSize: 8, accumulate: 4 });
    await b.fit(x, y, { ...quiet, epochs: 2, batchSize: 32 });
    expect((await a.evaluate(x, y))['loss']).toBeCloseTo((await b.evaluate(x, y))['loss']!, 5);
  });
});

/** What the promise is rejected with. */
const rejection = (p: Promise<unknown>): Promise<Error> =>
  p.then(
    () => new Error('nothing was thrown'),
    (e: Error) => e,
  );

describe('what fit takes', () => {
  const [x, y] = clouds(40);
  const rows = x.arraySync() as number[][];
  const labels = y.arraySync() as number[];
  const floats = new Float32Array(rows.flat());
  const dataset = new data.TensorDataset(x, y);
  const batches = (): [ng.Tensor, ng.Tensor][] =>
    [0, 16, 32].map((i) => [x.narrow(0, i, Math.min(16, 40 - i)), y.narrow(0, i, Math.min(16, 40 - i))]);
  async function* later(as: (t: ng.Tensor) => unknown = (t) => t): AsyncGenerator<unknown[]> {
    for (const b of batches()) yield Promise.resolve(b.map((t) => as(t)));
  }
  const forms: Record<string, (m: ng.Sequential) => Promise<ng.History>> = {
    tensors: (m) => m.fit(x, y, { ...quiet, batchSize: 16 }),
    'nested arrays': (m) => m.fit(rows, labels, { ...quiet, batchSize: 16 }),
    'typed arrays and their shape': (m) =>
      m.fit({ data: floats, shape: [40, 4] }, Int32Array.from(labels), { ...quiet, batchSize: 16 }),
    'a typed array that has a shape': (m) =>
      m.fit(Object.assign(new Float64Array(floats), { shape: [40, 4] }), labels, { ...quiet, batchSize: 16 }),
    'a dataset': (m) => m.fit(dataset, { ...quiet, batchSize: 16 }),
    'a DataLoader': (m) => m.fit(new data.DataLoader(dataset, { batchSize: 16 }), { verbose: 0 }),
    'an array of batches': (m) => m.fit(batches(), { verbose: 0 }),
    'an async generator': (m) => m.fit(later(), { verbose: 0 }),
    'batches of arrays': (m) =>
      m.fit(
        later((t) => t.arraySync()),
        { verbose: 0 },
      ),
  };

  test.each(Object.keys(forms))('%s', async (form) => {
    const [a, b] = twins();
    a.compile(adam);
    near((await forms[form]!(a)).history['loss'], byHand(b, x, y, 16, 1), 5);
  });

  test('what cannot be is said', async () => {
    const m = net().compile(adam);
    const loader = new data.DataLoader(dataset, { batchSize: 16 });
    const says = async (p: Promise<unknown>, text: string): Promise<void> =>
      expect((await rejection(p)).message).toContain(text);
    await says(m.fit(x, undefined, quiet), 'y is missing');
    await says(m.fit(x, y.narrow(0, 0, 7), quiet), 'one row per example: [40, 4], [7]');
    await says(m.fit(loader, { verbose: 0, batchSize: 3 }), 'batchSize is for arrays and datasets');
    await says(m.fit(loader, { verbose: 0, shuffle: true }), 'shuffle is for arrays and datasets');
    await says(m.fit(loader, { verbose: 0, validationSplit: 0.5 }), 'validationSplit is for arrays');
    await says(m.fit(x, y, { ...quiet, validationSplit: 0.5, validationData: [x, y] }), 'not both');
    await says(m.fit(x, y, { ...quiet, epoch: 3 } as object), 'has no option "epoch"; it takes epochs');
    await says(m.fit(x, y, { ...quiet, classWeight: { cat: 1 } as never }), 'classWeight must be factors');
    await says(m.fit(x, y, { ...quiet, callbacks: [{}] as never }), 'callbacks must be an array of');
    await says(net().fit(x, y), 'compiled first');
    const once = later();
    await says(m.fit(once, { verbose: 0, epochs: 2 }), 'looped over again');
    const names = (run: () => unknown): string => (caught(run) as Error).message;
    expect(names(() => net().compile({ loss: 'huuber' }))).toContain("unknown loss 'huuber'; there are crossEntropy");
    expect(names(() => net().compile({ loss: 'mse', optimizer: 'adm' }))).toContain('there are sgd, adam');
    expect(names(() => net().compile({ loss: 'mse', metrics: ['acuracy'] }))).toContain('there are accuracy, acc');
  });

  test('names are in tables that users extend', async () => {
    ng.registerLoss('zero', (p) => p.mul(0).mean());
    ng.registerMetric('one', () => new ng.metrics.MeanOf(() => ng.tensor(1)));
    ng.registerOptimizer('still', (parameters) => new optim.SGD(parameters, { lr: 0 }));
    const m = net().compile({ loss: 'zero', optimizer: 'still', metrics: ['one'] });
    expect((await m.fit(x, y, quiet)).history).toEqual({ loss: [0], one: [1] });
  });

  test('stepsPerEpoch goes on where the epoch before stopped, and begins again at the end', async () => {
    const seen: number[] = [];
    class Seen extends ng.Trainer {
      override trainStep([a]: ng.Batch): ng.StepValues {
        seen.push(((a as ng.Tensor).arraySync() as number[])[0]!);
        return { loss: 0 };
      }
    }
    const all = ng.arange(0, 5);
    await new Seen(net()).fit(all, undefined, { ...quiet, batchSize: 1, epochs: 3, stepsPerEpoch: 3 });
    expect(seen).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3]);
  });

  test('shuffle: every example once, in an order that the seed alone decides', async () => {
    const orders: number[][] = [];
    class Seen extends ng.Trainer {
      override trainStep([a]: ng.Batch): ng.StepValues {
        orders.at(-1)!.push(...((a as ng.Tensor).arraySync() as number[]));
        return { loss: 0 };
      }
    }
    for (const seed of [1, 1, 2]) {
      orders.push([]);
      await new Seen(net()).fit(ng.arange(0, 20), undefined, { verbose: 0, seed });
    }
    expect([...orders[0]!].sort((a, b) => a - b)).toEqual([...Array(20).keys()]);
    expect(orders[1]).toEqual(orders[0]);
    expect(orders[2]).not.toEqual(orders[0]);
    expect(orders[0]).not.toEqual([...Array(20).keys()]);
  });
});

describe('validation', () => {
  const [x, y] = clouds(50);

  test('validationSplit takes the last part before shuffling; metrics are over the epoch', async () => {
    const m = net().compile({ ...adam, metrics: ['accuracy'] });
    const { history } = await m.fit(x, y, { verbose: 0, validationSplit: 0.3, batchSize: 16, epochs: 2 });
    const last = await m.evaluate(x.narrow(0, 35, 15), y.narrow(0, 35, 15), { batchSize: 4 });
    expect(history['valLoss']).toHaveLength(2);
    expect(history['valLoss']![1]).toBeCloseTo(last['loss']!, 6);
    expect(history['valAccuracy']![1]).toBeCloseTo(last['accuracy']!, 6);
    const right = (await m.predict(x.narrow(0, 35, 15)))
      .argmax(1)
      .eq(y.narrow(0, 35, 15))
      .sum()
      .itemSync();
    expect(last['accuracy']).toBeCloseTo(right / 15, 6);
  });

  test('validationData in every form, and validationFreq', async () => {
    const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 7 });
    const values: number[] = [];
    for (const validationData of [[x, y], loader, new data.TensorDataset(x, y)] as ng.ValidationData[]) {
      ng.manualSeed(0);
      const m = net().compile(adam);
      values.push(
        (await m.fit(x, y, { ...quiet, validationData, validationBatchSize: undefined })).history['valLoss']![0]!,
      );
    }
    expect(values[1]).toBeCloseTo(values[0]!, 5);
    expect(values[2]).toBeCloseTo(values[0]!, 5);
    const counts = async (validationFreq: number | number[]): Promise<number> =>
      (
        await net()
          .compile(adam)
          .fit(x, y, { ...quiet, epochs: 5, validationData: [x, y], validationFreq })
      ).history['valLoss']!.length;
    expect(await counts(2)).toBe(2);
    expect(await counts([1, 2, 5])).toBe(3);
  });

  test('dropout and modes: off in evaluation, on in training, and afterwards as before', async () => {
    const drop = new nn.Dropout(0.5);
    const m = ng.sequential([new nn.Dense(8, { inputShape: [4] }), drop, new nn.Dense(3)]).compile(adam);
    m.at(0).training = false;
    const modes: boolean[] = [];
    const handle = drop.registerForwardHook(() => void modes.push(drop.training));
    await m.fit(x, y, { ...quiet, batchSize: 50, validationData: [x, y] });
    await m.evaluate(x, y);
    const [first, second] = [await m.predict(x), await m.predict(x)];
    handle.remove();
    expect(modes.slice(0, 2)).toEqual([true, false]);
    expect(modes.slice(2)).not.toContain(true);
    expect(first.arraySync()).toEqual(second.arraySync());
    expect([m.training, m.at(0).training, drop.training]).toEqual([true, false, true]);
  });
});

describe('weights of examples and classes, as Keras has them', () => {
  const [x, y] = clouds(24);
  // sum(weight * loss) / number of examples
  const byFormula = (m: nn.Module, w: readonly number[]): number => {
    const losses = nn.functional
      .crossEntropy(m.forward(x) as ng.Tensor, y, { reduction: 'none' })
      .arraySync() as number[];
    return losses.reduce((sum, l, i) => sum + l * w[i]!, 0) / losses.length;
  };
  const weights = Array.from({ length: 24 }, (_, i) => (i % 5) / 2);
  const classWeight = { 0: 3, 2: 0.5 };
  const ofClass = (y.arraySync() as number[]).map((c) => (classWeight as Record<number, number>)[c] ?? 1);

  test.each([
    'crossEntropy',
    new nn.CrossEntropyLoss(),
    (p: ng.Tensor, t: ng.Tensor) => nn.functional.crossEntropy(p, t, { reduction: 'none' }),
  ])('loss %#', async (loss) => {
    const m = net().compile({ loss, optimizer: { name: 'sgd', lr: 0 } });
    const lossOf = async (options: ng.FitOptions): Promise<number> =>
      (await m.fit(x, y, { ...quiet, batchSize: 24, ...options })).history['loss']![0]!;
    expect(await lossOf({})).toBeCloseTo(byFormula(m, Array(24).fill(1) as number[]), 5);
    expect(await lossOf({ sampleWeight: weights })).toBeCloseTo(byFormula(m, weights), 5);
    expect(await lossOf({ classWeight })).toBeCloseTo(byFormula(m, ofClass), 5);
    const both = weights.map((w, i) => w * ofClass[i]!);
    expect(await lossOf({ sampleWeight: weights, classWeight })).toBeCloseTo(byFormula(m, both), 5);
    expect((await m.evaluate(x, y, { sampleWeight: weights, batchSize: 24 }))['loss']).toBeCloseTo(
      byFormula(m, weights),
      5,
    );
  });

  test('one-hot targets have classes too; a loss of one number takes no weights', async () => {
    const m = net();
    const soft = ng.sequential([...m.layers, new nn.Softmax(-1)]);
    soft.compile({ loss: 'categoricalCrossentropy', optimizer: { name: 'sgd', lr: 0 } });
    const fitted = await soft.fit(x, ng.oneHot(y, 3), { ...quiet, batchSize: 24, classWeight });
    expect(fitted.history['loss']![0]).toBeCloseTo(byFormula(m, ofClass), 4);
    const one = net().compile({ loss: (p, t) => nn.functional.crossEntropy(p, t) });
    expect((await rejection(one.fit(x, y, { ...quiet, sampleWeight: weights }))).message).toContain(
      'one value per example',
    );
  });
});
