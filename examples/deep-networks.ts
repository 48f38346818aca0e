/**
 * @file Deep networks train only if the gradient finds its way back: 30 layers plain, with batch normalisation, and with
 * skip connections. A plain layer passes on less than half of a gradient, so after thirty nothing arrives. Batch
 * normalisation sets the size right on the way forward, but makes the gradient grow on its way back. A skip connection
 * gives it a way around every layer. After the same steps on MNIST the network with skip connections must read 90 % of the
 * test images; the plain one reads no more than who always says the same digit, 11.35 %.
 */
import * as ng from 'nodegrad';
import { data, datasets, nn, optim } from 'nodegrad';
import { type Curve, drawCurves } from './support/chart';
import { lesson } from './support/lesson';

const [width, depth] = [64, 30];

/** sigmoid(W x + b): its slope is at most a quarter. */
class Sigmoid extends nn.Module {
  linear = new nn.Linear(width, width);
  forward(x: ng.Tensor): ng.Tensor {
    return ng.sigmoid(this.linear.forward(x));
  }
}

/** relu(W x + b) */
class Relu extends Sigmoid {
  override forward(x: ng.Tensor): ng.Tensor {
    return ng.relu(this.linear.forward(x));
  }
}

/** relu(norm(W x + b)), after Ioffe and Szegedy (2015) */
class BatchNorm extends Sigmoid {
  norm = new nn.BatchNorm1d(width);
  override forward(x: ng.Tensor): ng.Tensor {
    return ng.relu(this.norm.forward(this.linear.forward(x)));
  }
}

/** x + W relu(x) + b, after He et al. (2016): the slope is 1 and a little. */
class Skip extends Sigmoid {
  override forward(x: ng.Tensor): ng.Tensor {
    return x.add(this.linear.forward(ng.relu(x)));
  }
}

class Deep extends nn.Module {
  input = new nn.Linear(784, width);
  layers: nn.ModuleList<Sigmoid>;
  output = new nn.Linear(width, 10);
  constructor(Layer: new () => Sigmoid) {
    super();
    this.layers = new nn.ModuleList(Array.from({ length: depth }, () => new Layer()));
  }
  forward(x: ng.Tensor): ng.Tensor {
    let h = ng.relu(this.input.forward(x));
    for (const layer of this.layers) h = layer.forward(h);
    return this.output.forward(h);
  }
}

/** The loss of each step, and the norm of the gradient of each layer's weights at the first. */
async function train(model: Deep, loader: AsyncIterable<[ng.Tensor, ng.Tensor]>, steps: number) {
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const losses: ng.Tensor[] = [];
  let norms: number[] = [];
  for await (const [x, y] of loader) {
    const loss = criterion.forward(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    // In float64, since the squares of vanishing gradients are too small for float32.
    if (losses.length === 0)
      norms = [...model.layers].map(({ linear }) => linear.weight.grad!.double().norm().itemSync());
    optimizer.step();
    if (losses.push(loss.detach()) === steps) break;
  }
  const means = ng
    .stack(losses)
    .split(10)
    .map((part) => part.mean());
  return { losses: await ng.stack(means).array<number[]>(), norms };
}

lesson('deep-networks', `Trains networks of ${depth} layers.`, async ({ quick, reached }) => {
  const settings = { flatten: true, normalize: true, limit: quick ? 320 : undefined };
  const loader = new data.DataLoader(await datasets.mnist(settings), { batchSize: 64, shuffle: true });
  const test = await datasets.mnist({ ...settings, split: 'test' });
  const [x, y] = test.getBatch(Int32Array.from({ length: test.length }, (_, i) => i));
  const steps = quick ? 5 : 900;

  const layers = {
    'plain, sigmoid': Sigmoid,
    'plain, ReLU': Relu,
    'batch normalisation': BatchNorm,
    'skip connections': Skip,
  };
  const [losses, norms]: [Curve[], Curve[]] = [[], []];
  const accuracies: number[] = [];
  console.log(`                      gradient of layer 1, of layer ${depth}   after ${steps} steps: loss, images read`);
  for (const [name, Layer] of Object.entries(layers)) {
    // The same seed, so that each sees the same batches.
    ng.manualSeed(0);
    const model = new Deep(Layer);
    const trained = await train(model, loader, steps);
    model.eval();
    const accuracy = await ng.noGrad(() => model.forward(x).argmax(1).eq(y).to('float32').mean()).item();
    const [first, last] = [trained.norms[0]!, trained.norms.at(-1)!].map((v) => v.toExponential(1).padStart(8));
    const [loss, read] = [trained.losses.at(-1)!.toFixed(3), (100 * accuracy).toFixed(2).padStart(6)];
    console.log(`${name.padEnd(20)}            ${first}      ${last}                  ${loss}      ${read} %`);
    losses.push({ name, values: trained.losses });
    norms.push({ name, values: trained.norms });
    accuracies.push(accuracy);
  }
  const numbers = Array.from({ length: depth }, (_, i) => i + 1);
  const title = 'Norm of the gradient before training';
  drawCurves('deep-networks-gradients', norms, { title, x: 'layer', y: 'norm', places: numbers, log: true });
  const places = losses[0]!.values.map((_, i) => 10 * i);
  drawCurves('deep-networks-losses', losses, { title: 'Loss while training', x: 'step', y: 'cross-entropy', places });
  const naive = { what: 'plain with ReLU', value: accuracies[1]! };
  reached({ what: 'test images read with skip connections', value: accuracies[3]!, must: 0.9, naive, percent: true });
});
