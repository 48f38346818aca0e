/**
 * @file A residual network, ResNet-18 (He and others 2015) in the form for small images, reads MNIST. Each block adds to its input
 * instead of replacing it, so that gradients reach the first layer through 18 of them as through one. The form for
 * small images begins with a convolution of 3x3 and no pooling; four stages of two blocks follow, each stage with half the
 * resolution and twice the channels. The published net has 64 channels in its first stage; this one has 16, a sixteenth of
 * the arithmetic, for a CPU. From 24,000 images, seen twice, it must learn to read 98.5 % of the test images. A linear
 * classifier that learns from the same images as long reads about 92 %.
 */
import * as ng from 'nodegrad';
import { data, datasets, nn, optim } from 'nodegrad';
import { drawCurves } from './support/chart';
import { lesson } from './support/lesson';

/** Two convolutions whose result is added to their input. */
class BasicBlock extends nn.Module<[ng.Tensor], ng.Tensor> {
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;
  // Where the shape changes, the input is brought to the new one by a convolution of 1x1.
  downsample?: nn.Sequential;

  constructor(from: number, to: number, stride: number) {
    super();
    this.conv1 = new nn.Conv2d(from, to, 3, { stride, padding: 1, bias: false });
    this.bn1 = new nn.BatchNorm2d(to);
    this.conv2 = new nn.Conv2d(to, to, 3, { padding: 1, bias: false });
    this.bn2 = new nn.BatchNorm2d(to);
    if (stride !== 1 || from !== to)
      this.downsample = new nn.Sequential(new nn.Conv2d(from, to, 1, { stride, bias: false }), new nn.BatchNorm2d(to));
  }

  forward(x: ng.Tensor): ng.Tensor {
    const inner = ng.relu(this.bn1.forward(this.conv1.forward(x)));
    const shortcut = this.downsample ? this.downsample.forward(x) : x;
    return ng.relu(this.bn2.forward(this.conv2.forward(inner)).add(shortcut));
  }
}

/** The names of the parameters are torchvision's. */
class ResNet18 extends nn.Module<[ng.Tensor], ng.Tensor> {
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  layer1: nn.Sequential;
  layer2: nn.Sequential;
  layer3: nn.Sequential;
  layer4: nn.Sequential;
  fc: nn.Linear;

  constructor(width: number, channels: number, classes: number) {
    super();
    const stage = (from: number, to: number, stride: number): nn.Sequential =>
      new nn.Sequential(new BasicBlock(from, to, stride), new BasicBlock(to, to, 1));
    this.conv1 = new nn.Conv2d(channels, width, 3, { padding: 1, bias: false });
    this.bn1 = new nn.BatchNorm2d(width);
    this.layer1 = stage(width, width, 1);
    this.layer2 = stage(width, 2 * width, 2);
    this.layer3 = stage(2 * width, 4 * width, 2);
    this.layer4 = stage(4 * width, 8 * width, 2);
    this.fc = new nn.Linear(8 * width, classes);
  }

  forward(x: ng.Tensor): ng.Tensor {
    let h = ng.relu(this.bn1.forward(this.conv1.forward(x)));
    for (const stage of [this.layer1, this.layer2, this.layer3, this.layer4]) h = stage.forward(h);
    return this.fc.forward(h.mean([2, 3]));
  }
}

/** Trains a classifier with a learning rate that rises and falls; returns its loss after each step. */
async function fit(
  name: string,
  model: nn.Module<[ng.Tensor], ng.Tensor>,
  loader: data.DataLoader<[ng.Tensor, ng.Tensor]>,
  epochs: number,
  maxLr: number,
): Promise<number[]> {
  const optimizer = new optim.AdamW(model.parameters(), { weightDecay: 0.01 });
  const schedule = new optim.lrScheduler.OneCycleLR(optimizer, { maxLr, totalSteps: epochs * loader.length });
  const losses: ng.Tensor[] = [];
  model.train();
  for (let epoch = 0; epoch < epochs; epoch++) {
    for await (const [x, y] of loader) {
      const loss = nn.functional.crossEntropy(model.forward(x), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      schedule.step();
      losses.push(loss.detach());
    }
    const last = await ng.stack(losses.slice(-50)).mean().item();
    console.log(`${name}, epoch ${epoch + 1} of ${epochs}: its last batches have a loss of ${last.toPrecision(3)}`);
  }
  return ng.stack(losses).array<number[]>();
}

lesson('resnet', 'ResNet-18 for small images reads MNIST.', async ({ quick, reached }) => {
  ng.manualSeed(0);
  const [train, test] = await Promise.all([
    datasets.mnist({ split: 'train', limit: quick ? 128 : 24000 }),
    datasets.mnist({ split: 'test', limit: quick ? 100 : undefined }),
  ]);
  const epochs = quick ? 1 : 2;
  const loader = new data.DataLoader(train, { batchSize: 64, shuffle: true });
  const accuracy = async (model: nn.Module<[ng.Tensor], ng.Tensor>): Promise<number> => {
    const trained = ng.trainer(model, { loss: 'crossEntropy', metrics: ['accuracy'] });
    return (await trained.evaluate(new data.DataLoader(test, { batchSize: 250 })))['accuracy']!;
  };

  const linear = new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 10));
  const linearLosses = await fit('linear', linear, loader, epochs, 0.01);
  const model = new ResNet18(quick ? 8 : 16, 1, 10);
  const count = model.parameters().reduce((sum, p) => sum + p.numel, 0);
  console.log(`ResNet-18 with ${count.toLocaleString('en-GB')} parameters`);
  const losses = await fit('ResNet-18', model, loader, epochs, 0.01);
  const curves = [
    { name: 'ResNet-18', values: losses },
    { name: 'linear', values: linearLosses },
  ];
  drawCurves('resnet-loss', curves, {
    title: 'Cross-entropy of the batches',
    x: 'step',
    y: 'nats per image',
    log: true,
  });
  const naive = { what: 'a linear classifier', value: await accuracy(linear) };
  reached({ what: 'test images read', value: await accuracy(model), must: 0.985, naive, percent: true });
});
