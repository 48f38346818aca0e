/** @file `npm start`: trains a network of 784-128-10 units on the MNIST digits, saves it, and shows what it reads. */
import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as ng from 'nodegrad';
import { data, datasets, nn, optim } from 'nodegrad';
import { commandLine } from './support/options';
import { gallery } from './support/picture';
import { Progress } from './support/progress';

class SimpleNet extends nn.Module {
  fc1 = new nn.Linear(784, 128);
  fc2 = new nn.Linear(128, 10);
  forward(x: ng.Tensor): ng.Tensor {
    return this.fc2.forward(ng.relu(this.fc1.forward(x)));
  }
}

type Loader = AsyncIterable<[ng.Tensor, ng.Tensor]>;
type Model = nn.Module<[ng.Tensor], ng.Tensor>;

/** One pass over the training images. The loop waits for nothing but the next batch. */
async function trainEpoch(model: Model, optimizer: optim.Optimizer, loader: Loader, progress: Progress): Promise<void> {
  const criterion = new nn.CrossEntropyLoss();
  model.train();
  for await (const [x, y] of loader) {
    const loss = criterion.forward(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    await progress.advance(x.shape[0]!, () => loss.item());
  }
  progress.finish();
}

/** The share of images that the model reads correctly. */
async function accuracy(model: Model, loader: Loader): Promise<number> {
  model.eval();
  const right = ng.zeros([], { dtype: 'int64' });
  let total = 0;
  for await (const [x, y] of loader) {
    right.add_(ng.noGrad(() => model.forward(x).argmax(1).eq(y).sum()));
    total += y.numel;
  }
  return (await right.item()) / total;
}

/** Saves the weights, and checks that a new model that loads them is the same, bit for bit. */
async function saveAndVerify(path: string, model: SimpleNet): Promise<void> {
  await ng.save(path, model.stateDict());
  const copy = new SimpleNet();
  copy.loadStateDict(await ng.load(path));
  const loaded = copy.stateDict();
  for (const [name, t] of Object.entries(model.stateDict())) {
    const [a, b] = await Promise.all([t.data(), loaded[name]!.data()]);
    if (Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer)) !== 0)
      throw new Error(`${path}: "${name}" is not what was saved`);
  }
  console.log(`saved ${path}, loaded it back: all weights are equal`);
}

/** Pictures of a few test images, each with the digit that the model reads. */
async function show(model: SimpleNet, test: datasets.MnistDataset, count: number): Promise<void> {
  const positions = Int32Array.from({ length: count }, (_, i) => Math.floor((i * test.length) / count));
  const [x, y] = test.getBatch(positions);
  const best = ng.noGrad(() => ng.softmax(model.forward(x), 1).max(1));
  const [pixels, sure, digits, labels] = await Promise.all([
    x.data<Float32Array>(),
    best.values.array<number[]>(),
    best.indices.array<number[]>(),
    y.array<number[]>(),
  ]);
  const images = digits.map((digit, i) => {
    const good = digit === labels[i];
    const text = `${digit} (${(100 * sure[i]!).toFixed(0)} %)${good ? '' : `, is ${labels[i]}`}`;
    return { pixels: pixels.subarray(i * 784, (i + 1) * 784), text, good };
  });
  console.log(`\n${gallery(images, 28)}`);
}

async function main(): Promise<void> {
  const options = commandLine('mnist', 'Trains a 784-128-10 network on the MNIST digits.', {
    device: { default: 'cpu', help: 'where to train, e.g. cuda' },
    epochs: { default: 5, least: 1, help: 'passes over the training images' },
    batchSize: { default: 64, least: 1, help: 'images per step' },
    seed: { default: 0, help: 'the same seed gives the same network, bit for bit' },
    out: { default: 'mnist.safetensors', help: 'where to save the weights' },
    quick: { default: false, help: 'one epoch of a few images, to see that it runs' },
  });
  const { batchSize, quick } = options;
  const epochs = quick ? 1 : options.epochs;
  // Before the training, not after it.
  await access(dirname(options.out), constants.W_OK).catch((e: Error) => {
    throw new ng.ArgumentError(`--out ${options.out}: ${e.message}`);
  });
  ng.setDefaultDevice(options.device as ng.Device);
  ng.manualSeed(options.seed);

  const [train, test] = await Promise.all([
    datasets.mnist({ split: 'train', flatten: true, limit: quick ? 5000 : undefined }),
    datasets.mnist({ split: 'test', flatten: true, limit: quick ? 1000 : undefined }),
  ]);
  const model = new SimpleNet();
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const loader = new data.DataLoader(train, { batchSize, shuffle: true });
  const testLoader = new data.DataLoader(test, { batchSize: 1000 });

  const started = performance.now();
  for (let epoch = 1; epoch <= epochs; epoch++) {
    await trainEpoch(model, optimizer, loader, new Progress(`epoch ${epoch}/${epochs}`, train.length));
    console.log(`test accuracy: ${(100 * (await accuracy(model, testLoader))).toFixed(2)} %`);
  }
  console.log(`trained for ${((performance.now() - started) / 1000).toFixed(1)} s`);
  await saveAndVerify(options.out, model);
  await show(model, test, 6);
}

main().catch((e: unknown) => {
  // What nodegrad throws on purpose (no such device, no images) says what to do; anything else is a bug.
  console.error(e instanceof ng.NodegradError ? e.message : e);
  process.exitCode = 1;
});
