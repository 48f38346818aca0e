/**
 * @file What a program that trains leaves of its process: memory that dies by garbage collection, and the event loop's
 * delay. The figures of docs/benchmarks.md:
 *
 *   node dist/scripts/bench-runtime.js [--epochs n]
 */
import { parseArgs } from 'node:util';
import * as ng from '../lib';
import { data, datasets, nn, optim } from '../lib';
import { collectGarbage } from '../lib/native';
import { type Delay, delayOf, delayOfBusyLoop } from '../test/programs/event-loop';

// 1 MB of float32.
const shape = [250_000];

const line = (what: string, value: string): void => console.log(`${what.padEnd(64)}${value}`);
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

/** The most that was resident since the process began. */
const peak = (): number => process.resourceUsage().maxRSS * 1024;

function allocation(count: number): void {
  const loop = (n: number): void => {
    for (let i = 0; i < n; i++) ng.empty(shape);
  };
  loop(count / 10);
  const started = performance.now();
  loop(count);
  const each = ((performance.now() - started) * 1e6) / count;
  line('allocation of 1 MB, collection included', `${each.toFixed(0)} ns`);
}

function minorCollection(): void {
  const times: number[] = [];
  for (let i = 0; i < 200; i++) {
    // As many as die between two collections that the allocator asks for.
    for (let k = 0; k < 192; k++) ng.empty(shape);
    const started = performance.now();
    collectGarbage(false);
    times.push((performance.now() - started) * 1000);
  }
  times.sort((a, b) => a - b);
  line('minor collection of 192 dead tensors, median', `${times[100]!.toFixed(0)} us`);
}

// Outputs that die by garbage collection are spread over more memory than the caches hold; a disposed one is next.
function largeOutputs(): void {
  const x = ng.rand([1 << 20]);
  const median = (op: () => void): number => {
    const rounds: number[] = [];
    for (let i = 0; i < 40; i++) {
      const started = performance.now();
      for (let k = 0; k < 50; k++) op();
      ng.synchronizeSync();
      rounds.push((performance.now() - started) * 20);
    }
    return rounds.sort((a, b) => a - b)[20]!;
  };
  line('add of a million elements, median', `${median(() => x.add(x)).toFixed(0)} us`);
  line('the same, its output disposed', `${median(() => x.add(x).dispose()).toFixed(0)} us`);
}

/** Zeros, since memory that nothing was written to is not resident. */
function residence(count: number): void {
  line('resident before', megabytes(process.memoryUsage.rss()));
  for (let i = 0; i < count; i++) ng.zeros(shape);
  line(`peak resident after ${count.toLocaleString('en-US')} zeros of 1 MB without a pause`, megabytes(peak()));
}

function report(what: string, { p50, p99, max }: Delay): void {
  line(`${what}: median, p99, max`, [p50, p99, max].map((v) => v.toFixed(1)).join(' / ') + ' ms');
}

async function eventLoop(epochs: number): Promise<void> {
  ng.manualSeed(0);
  const train = await datasets.mnist({ split: 'train', flatten: true });
  const loader = new data.DataLoader(train, { batchSize: 64, shuffle: true });
  const model = new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10));
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const criterion = new nn.CrossEntropyLoss();
  const run = async (): Promise<void> => {
    for (let epoch = 0; epoch < epochs; epoch++) {
      for await (const [x, y] of loader) {
        const loss = criterion.forward(model.forward(x), y);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
      }
    }
    await ng.synchronize();
  };
  report('event loop delay, a plain loop of 2 ms turns', await delayOfBusyLoop(2000));
  const started = performance.now();
  report(`event loop delay, ${epochs} epochs of MNIST`, await delayOf(run));
  line('seconds per epoch', ((performance.now() - started) / 1000 / epochs).toFixed(2));
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { epochs: { type: 'string', default: '3' } } });
  const { isa, threads } = ng.backendInfo();
  console.log(`nodegrad, ${isa}, ${threads} threads, Node ${process.versions.node}\n`);
  allocation(400_000);
  minorCollection();
  residence(400_000);
  largeOutputs();
  await eventLoop(Number(values.epochs));
}

main().catch((e: unknown) => {
  console.error(`bench: ${(e as Error).message}`);
  process.exitCode = 1;
});
