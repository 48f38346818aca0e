/** @file Metrics against their definitions, batch by batch. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ng from '../lib';
import { metrics } from '../lib';
import { caught } from './caught';

const file = join(__dirname, '..', '..', 'test', 'fixtures', 'metrics.json');
const { data, values } = JSON.parse(readFileSync(file, 'utf8')) as {
  data: Record<'logits' | 'labels' | 'scores' | 'binary' | 'truth' | 'guess', number[] | number[][]>;
  values: Record<string, number> & { binary: number[]; macro: number[]; ConfusionMatrix: number[][] };
};
const tensors = Object.fromEntries(Object.entries(data).map(([name, v]) => [name, ng.tensor(v, { dtype: 'float64' })]));
const labels = tensors['labels']!.to('int64');
const { logits, scores, binary, truth, guess } = tensors as Record<string, ng.Tensor>;

/** The metric over batches of 5, with a reset before. */
async function over<R>(m: ng.metrics.Metric<R>, prediction: ng.Tensor, target: ng.Tensor): Promise<R> {
  m.update(prediction.narrow(0, 0, 3), target.narrow(0, 0, 3));
  m.reset();
  const n = prediction.shape[0]!;
  for (let i = 0; i < n; i += 5)
    m.update(prediction.narrow(0, i, Math.min(5, n - i)), target.narrow(0, i, Math.min(5, n - i)));
  const first = await m.compute();
  expect(await m.compute()).toEqual(first);
  return first;
}

const column = (t: ng.Tensor): ng.Tensor => t.unsqueeze(1);
const rows: [name: string, make: () => ng.metrics.Metric, prediction: ng.Tensor, target: ng.Tensor, want: number][] = [
  ['Accuracy', () => new metrics.Accuracy(), logits!, labels, values['Accuracy']!],
  ['Accuracy, one-hot', () => new metrics.Accuracy(), logits!, ng.oneHot(labels, 4), values['Accuracy']!],
  ['Accuracy, labels [n, 1]', () => new metrics.Accuracy(), logits!, column(labels), values['Accuracy']!],
  ['Accuracy, float labels', () => new metrics.Accuracy(), logits!, tensors['labels']!, values['Accuracy']!],
  ['Accuracy, two classes', () => new metrics.Accuracy(), column(scores!), binary!, values['BinaryAccuracy']!],
  ['BinaryAccuracy', () => new metrics.BinaryAccuracy(), scores!, binary!, values['BinaryAccuracy']!],
  ['TopK', () => new metrics.TopK(2), logits!, labels, values['TopK']!],
  ['Precision', () => new metrics.Precision(), scores!, binary!, values.binary[0]!],
  ['Recall', () => new metrics.Recall(), column(scores!), binary!, values.binary[1]!],
  ['F1', () => new metrics.F1(), scores!, column(binary!), values.binary[2]!],
  ['Precision of classes', () => new metrics.Precision(), logits!, labels, values.macro[0]!],
  ['Recall of classes', () => new metrics.Recall(), logits!, ng.oneHot(labels, 4), values.macro[1]!],
  ['F1 of classes', () => new metrics.F1(), logits!, labels, values.macro[2]!],
  ['F1, all decisions', () => new metrics.F1({ average: 'micro' }), logits!, labels, values['Accuracy']!],
  ['AUC', () => new metrics.AUC(), scores!, binary!, values['AUC']!],
  ['MeanAbsoluteError', () => new metrics.MeanAbsoluteError(), guess!, truth!, values['MeanAbsoluteError']!],
  ['MeanSquaredError', () => new metrics.MeanSquaredError(), guess!, truth!, values['MeanSquaredError']!],
  ['RootMeanSquaredError', () => new metrics.RootMeanSquaredError(), guess!, truth!, values['RootMeanSquaredError']!],
  ['R2', () => new metrics.R2(), guess!, truth!, values['R2']!],
  ['Perplexity', () => new metrics.Perplexity(), logits!, labels, values['Perplexity']!],
];

test.each(rows)('%s', async (_, make, prediction, target, want) => {
  expect(await over(make(), prediction, target)).toBeCloseTo(want, 9);
  expect(await over(make().fresh(), prediction.to('float32'), target)).toBeCloseTo(want, 5);
});

test('ConfusionMatrix', async () => {
  expect(await over(new metrics.ConfusionMatrix(), logits!, labels)).toEqual(values.ConfusionMatrix);
});

test('images: classes in the second dimension', async () => {
  const prediction = ng.randn([2, 3, 4, 5]);
  const target = prediction.argmax(1);
  expect(await over(new metrics.Accuracy(), prediction.repeat([4, 1, 1, 1]), target.repeat([4, 1, 1]))).toBe(1);
  expect(
    await over(new metrics.Perplexity(), prediction.repeat([4, 1, 1, 1]).mul(99), target.repeat([4, 1, 1])),
  ).toBeCloseTo(1, 2);
});

test('Mean of tensors and numbers, weighted; nothing seen is 0', async () => {
  const m = new metrics.Mean();
  expect(await m.compute()).toBe(0);
  m.update(ng.tensor([1, 2, 3]));
  m.update(10, 2);
  expect(await m.compute()).toBeCloseTo(26 / 5, 12);
  expect(await new metrics.Accuracy().compute()).toBe(0);
});

test('shapes that do not fit are named', () => {
  const message = (run: () => void): string => (caught(run) as Error).message;
  expect(message(() => new metrics.Accuracy().update(ng.zeros([4, 3]), ng.zeros([5])))).toBe(
    '[Accuracy] a target of shape [5] does not fit [4, 3]',
  );
  expect(message(() => new metrics.R2().update(ng.zeros([4, 3]), ng.zeros([4, 2])))).toContain('[R2]');
  expect(message(() => new metrics.TopK({ k: 0 }))).toContain('[TopK] k must be');
});

test('names, also of logits: two classes begin at 0', async () => {
  const trainer = ng.trainer(new ng.nn.Identity(), {
    loss: 'bceWithLogits',
    optimizer: () => new ng.optim.SGD([new ng.nn.Parameter(ng.zeros([1]))]),
    metrics: ['accuracy', 'precision', 'auc', new metrics.TopK(3), 'mae', 'mae'],
  });
  const got = await trainer.evaluate(scores!.sub(0.5), binary!);
  expect(Object.keys(got)).toEqual(['loss', 'accuracy', 'precision', 'auc', 'topK', 'mae', 'mae1']);
  expect(got['accuracy']).toBeCloseTo(values['BinaryAccuracy']!, 9);
});
