/**
 * @file A convolutional network for the whole of MNIST, with augmentation and early stopping. Convolutions share their weights
 * over all places, so that a stroke learned in one place is known everywhere; turning, resizing and shifting each image a
 * little, anew in every epoch, stands for handwriting that is not in the data. 5,000 of the 60,000 training images are kept
 * for validation: when they are not read better any more, the training ends, and the best weights are taken. It must read
 * 99.2 % of the test images; who always says "1" reads 11.35 %.
 */
import * as ng from 'nodegrad';
import { data, datasets, nn } from 'nodegrad';
import { drawCurves } from './support/chart';
import { lesson } from './support/lesson';
import { gallery } from './support/picture';
import { drawSheet } from './support/sheet';

/** Numbers of the range from -most to most, for n images. */
const between = (most: number, n: number): ng.Tensor =>
  ng
    .rand([n])
    .sub(0.5)
    .mul(2 * most);

/** Each image by itself turned by up to 12 degrees, resized by up to 10 % and shifted by up to 2 pixels. */
function augment(images: ng.Tensor): ng.Tensor {
  const n = images.shape[0]!;
  const angle = between((12 * Math.PI) / 180, n);
  const size = between(0.1, n).add(1);
  const [cos, sin] = [angle.cos().mul(size), angle.sin().mul(size)];
  // In affineGrid's measure an image reaches from -1 to 1, so that a pixel is 2 / 28.
  const [dx, dy] = [between(4 / 28, n), between(4 / 28, n)];
  const map = ng.stack([cos, sin.neg(), dx, sin, cos, dy], 1).reshape([n, 2, 3]);
  const grid = nn.functional.affineGrid(map, images.shape, { alignCorners: false });
  return nn.functional.gridSample(images, grid, { alignCorners: false });
}

/** Two convolutions, each with its normalisation, then half the size. */
const block = (from: number, to: number): nn.Module<[ng.Tensor], ng.Tensor>[] => [
  new nn.Conv2d(from, to, 3, { padding: 1, bias: false }),
  new nn.BatchNorm2d(to),
  new nn.ReLU(),
  new nn.Conv2d(to, to, 3, { padding: 1, bias: false }),
  new nn.BatchNorm2d(to),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
];

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

lesson('cnn-mnist', 'A convolutional network reads MNIST.', async ({ quick, reached }) => {
  ng.manualSeed(0);
  const [all, test] = await Promise.all([
    datasets.mnist({ split: 'train' }),
    datasets.mnist({ split: 'test', limit: quick ? 250 : undefined }),
  ]);
  const train = new data.Subset(all, range(0, quick ? 384 : 55000));
  const valid = new data.Subset(all, range(55000, quick ? 55250 : 60000));

  const model = ng.sequential([
    ...block(1, 16),
    ...block(16, 32),
    new nn.Flatten(),
    new nn.Dropout(0.3),
    new nn.Linear(32 * 7 * 7, 10),
  ]);
  model.compile({ optimizer: { name: 'adam', lr: 3e-3 }, loss: 'crossEntropy', metrics: ['accuracy'] });
  const { history } = await model.fit(
    new data.DataLoader(train, { batchSize: 128, shuffle: true, transform: ([x, y]) => [augment(x), y] as const }),
    {
      epochs: quick ? 2 : 8,
      validationData: new data.DataLoader(valid, { batchSize: 500 }),
      schedule: (optimizer) => new ng.optim.lrScheduler.ExponentialLR(optimizer, 0.6),
      callbacks: [
        new ng.callbacks.EarlyStopping({ monitor: 'valLoss', patience: 2, restoreBestWeights: true }),
        new ng.callbacks.HTMLReport('out/cnn-mnist.html', { title: 'MNIST by convolutions', samples: 48 }),
      ],
    },
  );
  const curves = [
    { name: 'training (augmented, dropout on)', values: history['loss']! },
    { name: 'validation', values: history['valLoss']! },
  ];
  drawCurves('cnn-mnist-loss', curves, {
    title: 'Cross-entropy',
    x: 'epoch',
    y: 'nats per image',
    places: range(1, curves[0]!.values.length + 1),
  });

  const best = ng.softmax(await model.predict(new data.DataLoader(test, { batchSize: 500 })), 1).max(1);
  const [sure, digits, labels] = await Promise.all([
    best.values.array<number[]>(),
    best.indices.array<number[]>(),
    test.labels.array<number[]>(),
  ]);
  const wrong = range(0, test.length).filter((i) => digits[i] !== labels[i]);
  const images = wrong.slice(0, 60).map((i) => test.get(i)[0]);
  const pixels = await Promise.all(images.map((x) => x.data<Float32Array>()));
  const texts = wrong.slice(0, 60).map((i) => `${labels[i]} as ${digits[i]}`);
  console.log(`\n${wrong.length} of ${test.length} test images are misread, the first of them:\n`);
  const shown = pixels.slice(0, 6).map((p, i) => {
    const text = `${texts[i]!} (${(100 * sure[wrong[i]!]!).toFixed(0)} %)`;
    return { pixels: p, text, good: false };
  });
  console.log(gallery(shown, 28));
  const rows = range(0, Math.ceil(pixels.length / 12)).map((r) => ({
    images: pixels.slice(12 * r, 12 * r + 12),
    texts: texts.slice(12 * r, 12 * r + 12),
  }));
  drawSheet('cnn-mnist', `Misread: ${wrong.length} of ${test.length} test images`, rows);
  const ones = await test.labels.eq(1).to('float32').mean().item();
  const value = 1 - wrong.length / test.length;
  reached({
    what: 'test images read',
    value,
    must: 0.992,
    naive: { what: 'always "1"', value: ones },
    percent: true,
  });
});
