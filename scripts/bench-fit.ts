/**
 * @file `fit` beside the plain loop over the same batches, in turns: how much of a training's time the training kit takes.
 * Usage: node dist/scripts/bench-fit.js [rounds, default 15] [threads, default 2]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ng from '../lib';
import { data, nn, optim } from '../lib';

const rounds = Number(process.argv[2] ?? 15);
const folder = mkdtempSync(join(tmpdir(), 'nodegrad-bench-'));
ng.setNumThreads(Number(process.argv[3] ?? 2));

interface Case {
  make(): nn.Sequential;
  x: ng.Tensor;
  y: ng.Tensor;
  batchSize: number;
}

const images = (n: number): ng.Tensor => ng.rand([n, 1, 28, 28]);
const labels = (n: number): ng.Tensor => ng.randint(10, [n]);

const cases: Record<string, Case> = {
  'mlp 784-128-10, batch 64': {
    make: () => new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10)),
    x: images(32_000).reshape([-1, 784]),
    y: labels(32_000),
    batchSize: 64,
  },
  'cnn 16-32, batch 32': {
    make: () =>
      new nn.Sequential(
        new nn.Conv2d(1, 16, 3),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Conv2d(16, 32, 3),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Flatten(),
        new nn.Linear(800, 10),
      ),
    x: images(3200),
    y: labels(3200),
    batchSize: 32,
  },
};

const median = (v: number[]): number => [...v].sort((a, b) => a - b)[v.length >> 1]!;

async function main(): Promise<void> {
  console.log('ms per epoch, medians; each ratio is the median over the rounds of fit / plain loop in one round');
  for (const [name, { make, x, y, batchSize }] of Object.entries(cases)) {
    const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize, shuffle: true });
    const model = make();
    const adam = new optim.Adam(model.parameters(), { lr: 1e-3 });
    const plain = async (): Promise<void> => {
      const total = ng.zeros([]);
      model.train();
      for await (const [a, b] of loader) {
        adam.zeroGrad();
        const loss = nn.functional.crossEntropy(model.forward(a!), b!);
        loss.backward();
        adam.step();
        ng.noGrad(() => total.add_(loss));
      }
      await total.item();
    };
    const kit = (metrics: 'accuracy'[], callbacks: ng.callbacks.Callback[] = []): (() => Promise<void>) => {
      const trainer = ng.trainer(make(), {
        optimizer: (p) => new optim.Adam(p, { lr: 1e-3 }),
        loss: 'crossEntropy',
        metrics,
      });
      return async () => void (await trainer.fit(loader, undefined, { epochs: 1, verbose: 0, callbacks }));
    };
    const ways = {
      plain,
      fit: kit([]),
      'fit with accuracy': kit(['accuracy']),
      'fit with a report': kit([], [new ng.callbacks.HTMLReport(join(folder, 'report.html'))]),
    };
    const took: Record<string, number[]> = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
    for (let i = -3; i < rounds; i++)
      for (const [way, epoch] of Object.entries(ways)) {
        const began = performance.now();
        await epoch();
        // The first three are the warm-up.
        if (i >= 0) took[way]!.push(performance.now() - began);
      }
    const shown = Object.entries(took).map(([way, list]) => {
      const ratio = median(list.map((t, i) => t / took['plain']![i]!));
      return `${way} ${median(list).toFixed(1)}${way === 'plain' ? '' : ` (${ratio.toFixed(3)})`}`;
    });
    console.log(`${name}: ${shown.join(', ')}`);
  }
}

main()
  .finally(() => rmSync(folder, { recursive: true }))
  .catch((e: unknown) => {
    console.error(e);
    process.exitCode = 1;
  });
