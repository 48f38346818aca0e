/**
 * @file How long an answer of a small model takes while a CNN trains in the same thread, from the model itself and with
 * `priority`: `node dist/scripts/bench-priority.js [seconds per row]`. One request every 5 ms, so that waiting shows, and not
 * the load.
 */
import * as ng from '../lib';
import { nn } from '../lib';
import { delayOf, within } from '../test/programs/event-loop';

const seconds = Number(process.argv[2] ?? 8);

const quantile = (sorted: number[], q: number): string =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!.toFixed(2);

async function row(name: string, priority: boolean): Promise<void> {
  const model = ng.sequential([new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10)]);
  const predict = ng.batcher(model, { output: 'data', maxDelayMs: 0, priority });
  const x = new Float32Array(784).fill(0.5);
  const times: number[] = [];
  const loop = await delayOf(async () => {
    for (const more = within(seconds * 1000); more();) {
      const started = performance.now();
      await predict(x);
      times.push(performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  await predict.close();
  times.sort((a, b) => a - b);
  const all = [0.5, 0.99, 1].map((q) => quantile(times, q));
  console.log(
    `${name.padEnd(40)} p50 ${all[0]} ms, p99 ${all[1]} ms, longest ${all[2]} ms; event loop p99 ${loop.p99.toFixed(1)} ms`,
  );
}

async function main(): Promise<void> {
  await row('warm-up', true);
  await row('alone', false);
  await row('alone, priority', true);
  const layers = [new nn.Conv2d(1, 32, 3), new nn.ReLU(), new nn.Conv2d(32, 64, 3), new nn.ReLU()];
  const head = [new nn.MaxPool2d(2), new nn.Flatten(), new nn.Linear(64 * 12 * 12, 128), new nn.ReLU()];
  const cnn = ng.sequential([...layers, ...head, new nn.Linear(128, 10)]);
  cnn.compile({ optimizer: 'adam', loss: 'crossEntropy' });
  const stop = new AbortController();
  const [images, classes] = [ng.randn([2048, 1, 28, 28]), ng.randint(0, 10, [2048])];
  const fit = cnn.fit(images, classes, { epochs: 1e6, batchSize: 64, verbose: 0, signal: stop.signal });
  await row('beside the training of a cnn', false);
  await row('beside the training of a cnn, priority', true);
  stop.abort();
  await fit.catch(() => {});
}

void main();
