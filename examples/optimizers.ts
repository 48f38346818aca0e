/**
 * @file Optimizers compared: the same network on MNIST by SGD, momentum, RMSprop, Adam, AdamW, and LAMB with a large batch.
 * What is learned: at the learning rates that one usually begins with they are far apart, at ten times those rates much less,
 * so a comparison at one rate says little; a batch eight times as large allows a rate larger by the square root of eight, and
 * then each step goes further, at the price of eight times the images. LAMB is made for large batches: the step of a layer
 * is in proportion to its weights. The best must read 97.5 % of the test images after 900 steps, and plain SGD, at the
 * better of its rates, reads fewer.
 */
import * as ng from 'nodegrad';
import { data, datasets, nn, optim } from 'nodegrad';
import { drawCurves } from './support/chart';
import { lesson } from './support/lesson';

type Weights = Iterable<nn.Parameter>;
interface Entry {
  name: string;
  lr: number;
  make: (weights: Weights, lr: number) => optim.Optimizer;
  batchSize?: number;
}

const adam = (weights: Weights, lr: number): optim.Optimizer => new optim.Adam(weights, { lr });
/** A rate found with batches of 64, for those of 512. */
const forLarge = (lr: number): number =>
  optim.lrScheduler.scaleLearningRate(lr, { batchSize: 512, baseBatchSize: 64, rule: 'sqrt' });

// With the rates that one usually begins with.
const entries: Entry[] = [
  { name: 'SGD', lr: 0.1, make: (w, lr) => new optim.SGD(w, { lr }) },
  { name: 'momentum', lr: 0.01, make: (w, lr) => new optim.SGD(w, { lr, momentum: 0.9 }) },
  { name: 'RMSprop', lr: 1e-3, make: (w, lr) => new optim.RMSprop(w, { lr }) },
  { name: 'Adam', lr: 1e-3, make: adam },
  { name: 'AdamW', lr: 1e-3, make: (w, lr) => new optim.AdamW(w, { lr, weightDecay: 0.1 }) },
  { name: 'Adam, batch 512', lr: forLarge(1e-3), make: adam, batchSize: 512 },
  { name: 'LAMB, batch 512', lr: forLarge(1e-3), make: (w, lr) => new optim.LAMB(w, { lr }), batchSize: 512 },
];

/** Trains for so many steps; the losses, and the trained network. */
async function train(
  images: datasets.MnistDataset,
  entry: Entry,
  lr: number,
  steps: number,
): Promise<[number[], nn.Sequential]> {
  ng.manualSeed(0); // The same first weights for all, and where batches are equal, the same batches.
  const model = new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10));
  const optimizer = entry.make(model.parameters(), lr);
  // Large rates need a careful beginning, and LAMB, which never makes smaller steps by itself, an end.
  const schedule = new optim.lrScheduler.WarmupLinearLR(optimizer, { warmupSteps: steps / 10, totalSteps: steps });
  const loader = new data.DataLoader(images, { batchSize: entry.batchSize ?? 64, shuffle: true, dropLast: true });
  const losses: ng.Tensor[] = [];
  while (losses.length < steps)
    for await (const [x, y] of loader) {
      const loss = nn.functional.crossEntropy(model.forward(x), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      schedule.step();
      losses.push(loss.detach());
      if (losses.length === steps) break;
    }
  return [(await ng.stack(losses).array()) as number[], model];
}

lesson('optimizers', 'The same network by several optimizers.', async ({ quick, reached }) => {
  const steps = quick ? 20 : 900;
  const limit = quick ? 1000 : 60000;
  const images = await datasets.mnist({ split: 'train', flatten: true, limit });
  const test = await datasets.mnist({ split: 'test', flatten: true, limit });
  const [x, y] = test.getBatch(Int32Array.from({ length: test.length }, (_, i) => i));

  const best: { name: string; accuracy: number; losses: number[] }[] = [];
  console.log(`test images read after ${steps} steps, at the usual learning rate and at ten times that rate`);
  for (const entry of entries) {
    const runs: typeof best = [];
    for (const lr of [entry.lr, 10 * entry.lr]) {
      const [losses, model] = await train(images, entry, lr, steps);
      const accuracy = await ng.noGrad(() => model.forward(x).argmax(1).eq(y).to('float32').mean()).item();
      runs.push({ name: `${entry.name} at ${lr.toPrecision(1)}`, accuracy, losses });
    }
    const shown = runs.map((r) => `${(100 * r.accuracy).toFixed(2)} %`.padStart(10));
    console.log(entry.name.padEnd(18) + entry.lr.toPrecision(2).padStart(8) + shown.join(''));
    best.push(runs.reduce((a, b) => (b.accuracy > a.accuracy ? b : a)));
  }
  // Single batches differ more than optimizers do: means of ten.
  const tens = async (losses: number[]): Promise<number[]> =>
    (await ng.tensor(losses).reshape([-1, 10]).mean(1).array()) as number[];
  const curves = await Promise.all(best.map(async ({ name, losses }) => ({ name, values: await tens(losses) })));
  drawCurves('optimizers', curves, {
    title: 'Training loss, each at the better rate',
    x: 'step',
    y: 'cross-entropy',
    log: true,
    places: Array.from({ length: steps / 10 }, (_, i) => 10 * i + 5),
  });
  const first = best.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
  const naive = { what: `plain ${best[0]!.name}`, value: best[0]!.accuracy };
  reached({ what: `test images read by ${first.name}`, value: first.accuracy, must: 0.975, naive, percent: true });
});
