/**
 * @file Initialisations compared in a deep ReLU network: zeros, too small, too large, Xavier and Kaiming. Whatever factor
 * a layer changes the size of its input by, twenty layers apply twenty times: signals and gradients vanish or explode.
 * Kaiming's weights of variance 2 / inputs keep the mean square, of which ReLU drops half; Xavier's, made for tanh, halve
 * it at each layer. After the same steps on MNIST the network that began with Kaiming must read 90 % of the test images;
 * the one that began with zeros always says the same digit.
 */
import * as ng from 'nodegrad';
import { data, datasets, nn, optim } from 'nodegrad';
import { type Curve, drawCurves } from './support/chart';
import { lesson } from './support/lesson';

type Way = (weight: ng.Tensor) => ng.Tensor;

const [width, depth] = [128, 20];
const ways: Record<string, Way> = {
  zeros: (w) => nn.init.zeros_(w),
  'too small': (w) => nn.init.normal_(w, 0, 0.01),
  'too large': (w) => nn.init.normal_(w, 0, 0.5),
  Xavier: (w) => nn.init.xavierNormal_(w),
  Kaiming: (w) => nn.init.kaimingNormal_(w, { nonlinearity: 'relu' }),
};

class Deep extends nn.Module {
  layers = new nn.ModuleList(Array.from({ length: depth }, (_, i) => new nn.Linear(i === 0 ? 784 : width, width)));
  output = new nn.Linear(width, 10);
  constructor(way: Way) {
    super();
    for (const { weight, bias } of [...this.layers, this.output]) {
      way(weight);
      nn.init.zeros_(bias!);
    }
  }
  forward(x: ng.Tensor): ng.Tensor {
    return this.output.forward(this.hidden(x).at(-1)!);
  }
  /** The outputs of all hidden layers. */
  hidden(x: ng.Tensor): ng.Tensor[] {
    let h = x;
    return [...this.layers].map((layer) => (h = ng.relu(layer.forward(h))));
  }
}

/** The loss of each step, and the norm of the gradient of each layer's weights at the first. */
async function train(model: Deep, loader: AsyncIterable<[ng.Tensor, ng.Tensor]>, steps: number) {
  const criterion = new nn.CrossEntropyLoss();
  // Plain SGD: Adam divides gradients by their size, which hides half of the trouble.
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
  const [losses, norms]: ng.Tensor[][] = [[], []];
  for await (const [x, y] of loader) {
    const loss = criterion.forward(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    // In float64, since the squares of vanishing gradients are too small for float32.
    if (losses!.length === 0)
      norms!.push(...[...model.layers].map((layer) => ng.linalg.norm(layer.weight.grad!.to('float64'))));
    optimizer.step();
    if (losses!.push(loss.detach()) === steps) break;
  }
  return { losses: ng.stack(losses!), norms: await ng.stack(norms!).array<number[]>() };
}

lesson('initialisations', 'Compares ways to begin a deep network.', async ({ quick, reached }) => {
  const settings = { flatten: true, normalize: true, limit: quick ? 640 : undefined };
  const loader = new data.DataLoader(await datasets.mnist(settings), { batchSize: 64, shuffle: true });
  const test = await datasets.mnist({ ...settings, split: 'test' });
  const [x, y] = test.getBatch(Int32Array.from({ length: test.length }, (_, i) => i));
  const steps = quick ? 10 : 900;

  const deviations: Curve[] = [];
  const losses: Curve[] = [];
  const accuracies = new Map<string, number>();
  const power = (v: number): string => v.toExponential(0).padStart(6);
  console.log(`           at the first step, layer 1 to ${depth}   after ${steps} steps`);
  console.log('           std of outputs     norm of gradients  loss    images read');
  for (const [name, way] of Object.entries(ways)) {
    // The same seed, so that each way sees the same batches.
    ng.manualSeed(0);
    const model = new Deep(way);
    const std = await ng
      .noGrad(() => ng.stack(model.hidden(x.at(ng.s(0, 1000))).map((h) => h.std())))
      .array<number[]>();
    const trained = await train(model, loader, steps);
    const last = await trained.losses.at(-1).item();
    const accuracy = await ng.noGrad(() => model.forward(x).argmax(1).eq(y).to('float32').mean()).item();
    const sizes = [std, trained.norms].map((v) => `${power(v[0]!)} to ${power(v.at(-1)!)}`).join('   ');
    console.log(
      `${name.padEnd(10)} ${sizes}   ${last.toFixed(3).padStart(5)}   ${(100 * accuracy).toFixed(2).padStart(5)} %`,
    );
    // What is zero or not a number has no place on a logarithmic axis.
    if (std.every((v) => v > 0)) deviations.push({ name, values: std });
    const values = await ng.stack(trained.losses.split(10).map((part) => part.mean())).array<number[]>();
    if (values.every(Number.isFinite)) losses.push({ name, values });
    accuracies.set(name, accuracy);
  }
  const layers = Array.from({ length: depth }, (_, i) => i + 1);
  const title = 'Standard deviation of outputs before training';
  drawCurves('initialisations-outputs', deviations, { title, x: 'layer', y: 'deviation', places: layers, log: true });
  const places = losses[0]!.values.map((_, i) => 10 * i);
  drawCurves('initialisations-losses', losses, { title: 'Loss while training', x: 'step', y: 'cross-entropy', places });
  const [value, zeros] = [accuracies.get('Kaiming')!, accuracies.get('zeros')!];
  reached({
    what: 'test images read with Kaiming',
    value,
    must: 0.9,
    naive: { what: 'with zeros', value: zeros },
    percent: true,
  });
});
