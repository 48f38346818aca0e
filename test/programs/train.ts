/**
 * @file Training in a process of its own, for tests that look at the process: `node train.js <task>` prints JSON.
 *   bits   SHA-256 of all weights after 200 steps of the network 784-128-10; NODEGRAD_ISA and THREADS say how
 *   rss    resident bytes during 20,000 steps of a small network in a loop that never awaits
 *   delay  event loop delay while the network 784-128-10 trains in a `for await` loop
 */
import { createHash } from 'node:crypto';
import * as ng from '../../lib';
import { data, nn, optim } from '../../lib';
import { delayOf, delayOfBusyLoop, within } from './event-loop';

type Step = (x: ng.Tensor, y: ng.Tensor) => ng.Tensor;

function network(...sizes: number[]): { model: nn.Module; step: Step } {
  const layers = sizes.slice(1).flatMap((out, i) => [new nn.Linear(sizes[i]!, out), new nn.ReLU()]);
  const model = new nn.Sequential(...layers.slice(0, -1));
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const criterion = sizes.at(-1) === 1 ? new nn.MSELoss() : new nn.CrossEntropyLoss();
  const step = (x: ng.Tensor, y: ng.Tensor): ng.Tensor => {
    const loss = criterion.forward(model.forward(x) as ng.Tensor, y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  };
  return { model, step };
}

function images(n: number): data.TensorDataset<[ng.Tensor, ng.Tensor]> {
  return new data.TensorDataset(ng.rand([n, 784]), ng.randint(0, 10, [n]));
}

function bits(): unknown {
  ng.setNumThreads(Number(process.env['THREADS'] ?? 1));
  ng.manualSeed(3);
  const { model, step } = network(784, 128, 10);
  const loader = new data.DataLoader(images(1280), { batchSize: 64, shuffle: true });
  for (let epoch = 0; epoch < 10; epoch++) for (const [x, y] of loader) step(x, y);
  const hash = createHash('sha256');
  for (const p of model.parameters()) hash.update(p.dataSync() as Float32Array);
  return { isa: ng.backendInfo().isa, threads: ng.getNumThreads(), hash: hash.digest('hex') };
}

function rss(): unknown {
  ng.manualSeed(3);
  const { step } = network(20, 64, 32, 1);
  const [x, y] = [ng.randn([32, 20]), ng.randn([32, 1])];
  const samples: number[] = [];
  for (let i = 1; i <= 20_000; i++) {
    step(x, y);
    if (i % 2000 === 0) samples.push(process.memoryUsage.rss());
  }
  return { samples, loss: step(x, y).itemSync(), live: ng.memory().live };
}

async function delay(): Promise<unknown> {
  const busy = await delayOfBusyLoop(700);
  ng.manualSeed(3);
  const { step } = network(784, 128, 10);
  const loader = new data.DataLoader(images(19_200), { batchSize: 64, shuffle: true });
  // One epoch to compile and to fill caches.
  for await (const [x, y] of loader) step(x, y);
  let steps = 0;
  const training = await delayOf(async () => {
    for (const more = within(1200); more();) {
      for await (const [x, y] of loader) {
        step(x, y);
        steps++;
      }
    }
  });
  return { busy, training, steps };
}

const tasks: Record<string, () => unknown> = { bits, rss, delay };
void Promise.resolve(tasks[process.argv[2]!]!()).then((result) => console.log(JSON.stringify(result)));
