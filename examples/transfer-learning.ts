/**
 * @file Transfer learning: a network that has learned to tell the digits 0 to 4 learns 5 to 9 from a handful of images. What its
 * convolutions have found out about strokes is saved, loaded into a new network and frozen; only a new last layer
 * learns. Ten images are few, and which ten they are matters, so that the figures are means over five draws. With 10 images
 * of each new digit it must read 80 % of the test images of 5 to 9; the same network, trained from scratch on the same
 * images, reads 78 %. A dense layer between the convolutions and the head would not do as features: it has already
 * forgotten what does not tell 0 to 4 apart.
 */
import fs from 'node:fs';
import path from 'node:path';
import * as ng from 'nodegrad';
import { datasets, nn, optim } from 'nodegrad';
import { drawCurves } from './support/chart';
import { lesson } from './support/lesson';

/** What is taken over: 32 maps of 7x7, of strokes and how they join. */
const convolutions = (): nn.Sequential =>
  new nn.Sequential(
    new nn.Conv2d(1, 16, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(16, 32, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
  );

/** Features, and a new layer on top that tells five digits. */
const withHead = (features: nn.Sequential): nn.Sequential =>
  new nn.Sequential(features, new nn.Flatten(), new nn.Linear(32 * 7 * 7, 5));

type Examples = [images: ng.Tensor, labels: ng.Tensor];

/** Images of five digits, and which of the five each is: so many of each after the first `skip`. */
async function digits(of: datasets.MnistDataset, from: number, perDigit: number, skip = 0): Promise<Examples> {
  const seen = [0, 0, 0, 0, 0];
  const positions = (await of.labels.array<number[]>()).flatMap((digit, i) => {
    const kind = digit - from;
    if (!(kind in seen)) return [];
    const nth = seen[kind]!++;
    return nth >= skip && nth < skip + perDigit ? [i] : [];
  });
  const [x, y] = of.getBatch(Int32Array.from(positions));
  return [x, y.sub(from)];
}

/** Trains whatever of the network is not frozen, on all examples at once. */
function learn(model: nn.Sequential, [x, y]: Examples, steps: number): void {
  const learning = model.parameters().filter((p) => p.requiresGrad);
  const optimizer = new optim.AdamW(learning, { lr: 3e-3, weightDecay: 0.1 });
  for (let step = 0; step < steps; step++) {
    const loss = nn.functional.crossEntropy(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
  }
}

async function accuracy(model: nn.Sequential, [x, y]: Examples): Promise<number> {
  const trained = ng.trainer(model, { loss: 'crossEntropy', metrics: ['accuracy'] });
  return (await trained.evaluate(x, y, { batchSize: 250 }))['accuracy']!;
}

lesson('transfer-learning', 'Learns 5 to 9 from few images, after 0 to 4.', async ({ quick, reached }) => {
  ng.manualSeed(0);
  const [train, test] = await Promise.all([
    datasets.mnist({ split: 'train', limit: quick ? 1000 : undefined }),
    datasets.mnist({ split: 'test', limit: quick ? 200 : undefined }),
  ]);

  console.log('learning 0 to 4 from many images');
  const [x, y] = await digits(train, 0, quick ? 20 : 3000);
  const taught = convolutions();
  const first = ng.trainer(withHead(taught), { optimizer: 'adam', loss: 'crossEntropy', metrics: ['accuracy'] });
  await first.fit(x, y, { epochs: quick ? 1 : 3, batchSize: 64, validationData: await digits(test, 0, Infinity) });
  const file = path.join('out', 'transfer-learning.safetensors');
  fs.mkdirSync('out', { recursive: true });
  await ng.save(file, taught.stateDict());

  console.log('learning 5 to 9 from few images');
  const unseen = await digits(test, 5, Infinity);
  const counts = quick ? [2, 10] : [2, 5, 10, 20];
  const [draws, steps] = quick ? [1, 5] : [5, 100];
  const [frozen, scratch]: [number[], number[]] = [[], []];
  for (const perDigit of counts) {
    const sums = [0, 0];
    for (let draw = 0; draw < draws; draw++) {
      const few = await digits(train, 5, perDigit, draw * perDigit);
      const features = convolutions();
      features.loadStateDict(await ng.load(file));
      features.requiresGrad_(false);
      const [transferred, fresh] = [withHead(features), withHead(convolutions())];
      learn(transferred, few, steps);
      learn(fresh, few, steps);
      sums[0]! += await accuracy(transferred, unseen);
      sums[1]! += await accuracy(fresh, unseen);
    }
    frozen.push(sums[0]! / draws);
    scratch.push(sums[1]! / draws);
    const [a, b] = sums.map((sum) => `${((100 * sum) / draws).toFixed(1)} %`);
    console.log(`${String(perDigit).padStart(2)} images of each: ${a} with what 0 to 4 taught, ${b} from scratch`);
  }
  const curves = [
    { name: 'convolutions of 0 to 4, frozen', values: frozen },
    { name: 'from scratch', values: scratch },
  ];
  drawCurves('transfer-learning', curves, {
    title: 'Test images of 5 to 9 that are read',
    x: 'training images per digit',
    y: 'share',
    places: counts,
  });
  const ten = counts.indexOf(10);
  const naive = { what: 'from scratch', value: scratch[ten]! };
  reached({ what: 'read after 10 images of each', value: frozen[ten]!, must: 0.8, naive, percent: true });
});
