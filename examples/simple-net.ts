/**
 * @file The PyTorch way: a module, a loss, an optimizer and a loop of one's own read the MNIST digits. The loop is the one
 * that every PyTorch program has: forward, zeroGrad, backward, step. It must read at least 97 % of the test images; who
 * always says the most frequent digit of the training images reads 11.35 %.
 */
import * as ng from 'nodegrad';
import { data, datasets, nn, optim } from 'nodegrad';
import { drawCurves } from './support/chart';
import { lesson } from './support/lesson';
import { gallery } from './support/picture';

class SimpleNet extends nn.Module {
  fc1 = new nn.Linear(784, 128);
  fc2 = new nn.Linear(128, 10);
  forward(x: ng.Tensor): ng.Tensor {
    return this.fc2.forward(ng.relu(this.fc1.forward(x)));
  }
}

/** What the model answers for all test images, and the true digits. */
async function read(model: SimpleNet, loader: data.DataLoader<[ng.Tensor, ng.Tensor]>) {
  // Layers such as dropout work differently after eval(); noGrad keeps no graph for a backward that never comes.
  model.eval();
  const parts: [ng.Tensor, ng.Tensor][] = [];
  for await (const [x, y] of loader) parts.push([ng.noGrad(() => model.forward(x).argmax(1)), y]);
  model.train();
  return { answers: ng.cat(parts.map(([a]) => a)), digits: ng.cat(parts.map(([, y]) => y)) };
}

lesson('simple-net', 'Trains on MNIST by a loop of its own.', async ({ quick, reached }) => {
  ng.manualSeed(0);
  const limit = quick ? 2000 : undefined;
  const train = await datasets.mnist({ split: 'train', flatten: true, limit });
  const test = await datasets.mnist({ split: 'test', flatten: true, limit });
  const loader = new data.DataLoader(train, { batchSize: 64, shuffle: true });
  const testLoader = new data.DataLoader(test, { batchSize: 1000 });

  const model = new SimpleNet();
  console.log(String(model));
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });

  const epochs = quick ? 2 : 5;
  const losses: ng.Tensor[] = [];
  let accuracy = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for await (const [x, y] of ng.progress(loader, { label: `epoch ${epoch}/${epochs}` })) {
      const loss = criterion.forward(model.forward(x), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      // Reading the number here would wait for the step; a detached tensor does not.
      losses.push(loss.detach());
    }
    const { answers, digits } = await read(model, testLoader);
    accuracy = await answers.eq(digits).to('float32').mean().item();
    console.log(`epoch ${epoch}: ${(100 * accuracy).toFixed(2)} % of the test images read`);
  }

  // Means of twenty: a single batch's loss jumps too much to see where it goes.
  const means = ng
    .stack(losses)
    .split(20)
    .map((part) => part.mean());
  const curve = { name: 'loss', values: await ng.stack(means).array<number[]>() };
  const places = means.map((_, i) => 20 * i);
  drawCurves('simple-net', [curve], { title: 'Loss while training', x: 'step', y: 'cross-entropy', places, log: true });

  const { answers, digits } = await read(model, testLoader);
  const wrong = answers.ne(digits).nonzero().squeeze(1).at(ng.s(0, 6));
  console.log('\nsome of the images that it misreads:\n');
  const [x] = test.getBatch(await wrong.to('int32').data<Int32Array>());
  const [pixels, said, meant] = await Promise.all([
    x.array<number[][]>(),
    answers.at([wrong]).array<number[]>(),
    digits.at([wrong]).array<number[]>(),
  ]);
  console.log(
    gallery(
      pixels.map((p, i) => ({ pixels: p, text: `${said[i]}, is ${meant[i]}`, good: false })),
      28,
    ),
  );

  const frequent = train.labels.bincount().argmax(0);
  const naive = {
    what: `always "${await frequent.item()}"`,
    value: await digits.eq(frequent).to('float32').mean().item(),
  };
  reached({ what: 'test images read', value: accuracy, must: 0.97, naive, percent: true });
});
