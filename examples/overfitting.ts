/**
 * @file Overfitting, and what helps: dropout, weight decay, early stopping, and all of them together. A network with more
 * than half a million weights learns 1000 MNIST images by heart, even those three in ten whose label was redrawn at random;
 * its loss falls on them and rises on images that it has not seen. With all remedies it must read 80 % of the test images,
 * whose labels are right; without any it reads about 73 %.
 */
import * as ng from 'nodegrad';
import { datasets, nn } from 'nodegrad';
import { type Curve, drawCurves } from './support/chart';
import { lesson } from './support/lesson';

interface Remedies {
  dropout?: number;
  weightDecay?: number;
  stop?: boolean;
}

const remedies: Record<string, Remedies> = {
  none: {},
  dropout: { dropout: 0.7 },
  'weight decay': { weightDecay: 7 },
  'early stopping': { stop: true },
  // Together, weight decay may be weaker.
  all: { dropout: 0.7, weightDecay: 2, stop: true },
};

function network({ dropout = 0, weightDecay = 0 }: Remedies): ng.Sequential {
  const model = ng.sequential([
    new nn.Dense(512, { activation: 'relu', inputShape: [784] }),
    new nn.Dropout(dropout),
    new nn.Dense(512, { activation: 'relu' }),
    new nn.Dropout(dropout),
    new nn.Dense(10),
  ]);
  const optimizer = { name: 'adamw', lr: 1e-3, weightDecay } as const;
  model.compile({ optimizer, loss: 'crossEntropy', metrics: ['accuracy'] });
  return model;
}

const range = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, i) => from + i);
/** A curve of n values; a training that stopped keeps its best weights from then on. */
const filled = (values: number[], n: number, best: number): number[] =>
  Array.from({ length: n }, (_, i) => values[i] ?? values[best]!);

lesson('overfitting', 'Compares remedies against overfitting.', async ({ quick, reached }) => {
  ng.manualSeed(0);
  const [n, held, epochs] = quick ? [100, 100, 2] : [1000, 500, 60];
  const train = await datasets.mnist({ flatten: true, limit: n + held });
  const test = await datasets.mnist({ split: 'test', flatten: true, limit: quick ? 100 : undefined });
  const [x, clean] = train.getBatch(range(0, n));
  const y = ng.where(ng.rand([n]).lt(0.3), ng.randint(0, 10, [n], { dtype: 'int32' }), clean);
  const validationData = train.getBatch(range(n, n + held));
  const wrong = await y.ne(clean).to('float32').mean().item();
  console.log(`${n} images to learn from, ${(100 * wrong).toFixed(1)} % of them with a wrong label\n`);

  const [training, validation]: [Curve[], Curve[]] = [[], []];
  const accuracies = new Map<string, number>();
  console.log('remedy          epochs  training: loss, accuracy   test: loss, accuracy');
  for (const [name, remedy] of Object.entries(remedies)) {
    // The same weights and batches for each.
    ng.manualSeed(1);
    const model = network(remedy);
    const stopping = new ng.callbacks.EarlyStopping({ monitor: 'valLoss', patience: 10, restoreBestWeights: true });
    const callbacks = remedy.stop ? [stopping] : [];
    const { epoch, history } = await model.fit(x, y, { epochs, validationData, callbacks, verbose: 0 });
    const [seen, unseen] = [await model.evaluate(x, y, { verbose: 0 }), await model.evaluate(test, { verbose: 0 })];
    const figures = [seen, unseen].map((r) => `${r['loss']!.toFixed(3)}    ${(100 * r['accuracy']!).toFixed(2)} %`);
    console.log(`${name.padEnd(15)} ${String(epoch.length).padStart(6)}        ${figures.join('        ')}`);
    training.push({ name, values: filled(history['loss']!, epochs, stopping.bestEpoch) });
    validation.push({ name, values: filled(history['valLoss']!, epochs, stopping.bestEpoch) });
    accuracies.set(name, unseen['accuracy']!);
  }
  const axes = { x: 'epoch', y: 'cross-entropy' };
  drawCurves('overfitting-training', training, { title: 'Loss of the images learnt from', ...axes });
  drawCurves('overfitting-validation', validation, { title: 'Loss of images not learnt from', ...axes });
  const naive = { what: 'without any', value: accuracies.get('none')! };
  const what = 'test images read with all remedies';
  reached({ what, value: accuracies.get('all')!, must: 0.8, naive, percent: true });
});
