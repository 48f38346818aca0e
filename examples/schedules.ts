/**
 * @file Learning-rate schedules compared: the same network on MNIST at constant rates and by five schedules.
 * What is learned: a high rate is fast and then jumps about the minimum, a low one is slow; a schedule has both, by going down
 * in steps, along a cosine, after a warm-up, in one cycle up to a rate that would be too high to begin with, or when the
 * validation loss has stopped falling. The best test loss must be below 0.075, and below that of the better constant rate.
 */
import * as ng from 'nodegrad';
import { data, datasets, nn, optim } from 'nodegrad';
import { drawCurves } from './support/chart';
import { lesson } from './support/lesson';

const rate = 0.1;
const { ConstantLR, StepLR, CosineAnnealingLR, OneCycleLR, WarmupLinearLR, ReduceLROnPlateau } = optim.lrScheduler;

const schedules: Record<string, (o: optim.Optimizer, steps: number) => optim.lrScheduler.LRScheduler | undefined> = {
  constant: () => undefined,
  'constant, a tenth': (o, steps) => new ConstantLR(o, { factor: 0.1, totalIters: steps }),
  StepLR: (o, steps) => new StepLR(o, { stepSize: Math.ceil(steps / 4), gamma: 0.3 }),
  CosineAnnealingLR: (o, steps) => new CosineAnnealingLR(o, { tMax: steps }),
  'warm-up, linear decay': (o, steps) =>
    new WarmupLinearLR(o, { warmupSteps: Math.ceil(steps / 10), totalSteps: steps }),
  OneCycleLR: (o, steps) => new OneCycleLR(o, { maxLr: 2 * rate, totalSteps: steps }),
  ReduceLROnPlateau: (o) => new ReduceLROnPlateau(o, { factor: 0.3, patience: 3 }),
};

const lossOf = (model: nn.Sequential, x: ng.Tensor, y: ng.Tensor): ng.Tensor =>
  nn.functional.crossEntropy(model.forward(x), y);
const firstOf = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);

lesson('schedules', 'A constant learning rate and five schedules.', async ({ quick, reached }) => {
  const [steps, every] = quick ? [20, 4] : [4000, 80];
  const limit = quick ? 1000 : 60000;
  const images = await datasets.mnist({ split: 'train', flatten: true, limit });
  const test = await datasets.mnist({ split: 'test', flatten: true, limit });
  const [testX, testY] = test.getBatch(firstOf(test.length));
  // The first images are for validation.
  const size = limit / 20;
  const [validX, validY] = images.getBatch(firstOf(size));
  const train = new data.Subset(
    images,
    firstOf(limit - size).map((i) => i + size),
  );

  const rates: { name: string; values: number[] }[] = [];
  const losses: typeof rates = [];
  const scores: { name: string; loss: number }[] = [];
  for (const [name, make] of Object.entries(schedules)) {
    ng.manualSeed(0); // The same first weights and batches for all.
    const model = new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10));
    const optimizer = new optim.SGD(model.parameters(), { lr: rate, momentum: 0.9 });
    const schedule = make(optimizer, steps);
    const loader = new data.DataLoader(train, { batchSize: 64, shuffle: true, dropLast: true });
    const lrs: number[] = [];
    const validation: number[] = [];
    let step = 0;
    while (step < steps)
      for await (const [x, y] of loader) {
        const loss = lossOf(model, x, y);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        const looked = step % every === 0;
        if (looked) {
          lrs.push(optimizer.paramGroups[0]!.lr);
          validation.push(await ng.noGrad(() => lossOf(model, validX, validY)).item());
        }
        // One schedule watches the validation loss, the others count steps.
        if (!(schedule instanceof ReduceLROnPlateau)) schedule?.step();
        else if (looked) schedule.step(validation.at(-1)!);
        if (++step === steps) break;
      }
    rates.push({ name, values: lrs });
    losses.push({ name, values: validation });
    scores.push({ name, loss: await ng.noGrad(() => lossOf(model, testX, testY)).item() });
  }

  const options = { x: 'step', places: rates[0]!.values.map((_, i) => i * every) };
  drawCurves('schedules-rates', rates, { title: 'Learning rate', y: 'rate', ...options });
  drawCurves('schedules', losses, { title: 'Validation loss', y: 'cross-entropy', log: true, ...options });
  console.log(`\n${steps} steps each           last rate   test loss`);
  scores.forEach(({ name, loss }, i) => {
    const last = rates[i]!.values.at(-1)!.toFixed(4);
    console.log(`  ${name.padEnd(22)} ${last.padStart(10)} ${loss.toFixed(4).padStart(11)}`);
  });
  const best = scores.reduce((a, b) => (b.loss < a.loss ? b : a));
  const naive = { what: 'the better constant rate', value: Math.min(scores[0]!.loss, scores[1]!.loss) };
  reached({ what: `test loss of ${best.name}`, value: best.loss, must: 0.075, naive });
});
