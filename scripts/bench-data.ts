/**
 * @file Reading and batching beside PyTorch's DataLoader, in turns: `node dist/scripts/bench-data.js [rounds] [threads]`.
 * PyTorch is that of NODEGRAD_PYTHON, with 0 and 2 workers, of which the better counts; images need Pillow there and
 * sharp here. Both sides shuffle, 64 examples a batch.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import sharp from 'sharp';
import * as ng from '../lib';
import { data } from '../lib';

const rounds = Number(process.argv[2] ?? 7);
const threads = Number(process.argv[3] ?? 2);
ng.setNumThreads(threads);

/** A folder of 512 JPEG files of 96 x 96 noisy pixels, in two classes. */
async function jpegs(): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'nodegrad-bench-data-'));
  for (const name of ['cats', 'dogs']) {
    mkdirSync(join(root, name));
    for (let i = 0; i < 256; i++) {
      const pixels = Uint8Array.from({ length: 96 * 96 * 3 }, (_, k) => (k % 96) + ((k * (i + 1)) % 160));
      await sharp(pixels, { raw: { width: 96, height: 96, channels: 3 } })
        .jpeg()
        .toFile(join(root, name, `${i}.jpg`));
    }
  }
  return root;
}

const median = (list: number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1]!;

/** PyTorch's side; undefined where it cannot be had. */
function torch(): ((line: string) => Promise<number | undefined>) & { end(): void } {
  const script = join(__dirname, '..', '..', 'scripts', 'bench_torch_data.py');
  const child = spawn(process.env['NODEGRAD_PYTHON'] ?? 'python3', [script, String(threads)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.on('error', (e) => console.error(`without PyTorch's figures: ${e.message}`));
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (line: string): Promise<number | undefined> => {
    child.stdin.write(`${line}\n`);
    const { value, done } = await lines.next();
    return done ? undefined : Number(value);
  };
  return Object.assign(ask, { end: () => void child.kill() });
}

/** Examples per second of one pass. */
async function pass(loader: AsyncIterable<readonly [ng.Tensor, ng.Tensor]>): Promise<number> {
  const started = performance.now();
  let count = 0;
  for await (const [, y] of loader) count += y.shape[0]!;
  await ng.synchronize();
  return (1000 * count) / (performance.now() - started);
}

async function main(): Promise<void> {
  const folder = await jpegs();
  const images = new data.TensorDataset(ng.rand([60_000, 1, 28, 28]), ng.randint(0, 10, [60_000]));
  const files = await data.images(folder, { size: 64 });
  const options = { batchSize: 64, shuffle: true };
  const cases = {
    tensors: { loader: new data.DataLoader(images, options), more: '' },
    files: { loader: new data.DataLoader(files, { ...options, prefetch: 2 }), more: folder },
  };
  const ask = torch();
  try {
    for (const [name, { loader, more }] of Object.entries(cases)) {
      const own: number[] = [];
      const theirs: Record<string, number[]> = { 0: [], 2: [] };
      const delay = monitorEventLoopDelay({ resolution: 1 });
      for (let r = -1; r < rounds; r++) {
        delay.enable();
        const figure = await pass(loader as AsyncIterable<[ng.Tensor, ng.Tensor]>);
        delay.disable();
        if (r >= 0) own.push(figure);
        for (const workers of Object.keys(theirs)) {
          const other = await ask(`${name} ${workers} ${more}`);
          if (r >= 0 && other !== undefined) theirs[workers]!.push(other);
        }
      }
      const best = Math.max(...Object.values(theirs).map((l) => (l.length ? median(l) : NaN)));
      console.log(
        `${name.padEnd(8)} ${Math.round(median(own))} examples per second, PyTorch ${Math.round(best)}, ratio ${(median(own) / best).toFixed(2)}; event loop p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms`,
      );
    }
  } finally {
    ask.end();
    rmSync(folder, { recursive: true });
  }
}

void main();
