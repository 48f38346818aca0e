/**
 * @file `npm run bench`: steps per second of two networks, microseconds per op and per dispatch, beside PyTorch's figures
 * where a Python with torch is found (environment variable NODEGRAD_PYTHON, else python3).
 *
 *   npm run bench -- [--quick] [--threads n] [--json]
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as ng from '../lib';
import { nn, optim } from '../lib';

/** One thing that is measured; scripts/bench_torch.py does the same under the same name. */
interface Bench {
  name: string;
  /** What `run` does so many times per call. */
  times: number;
  run: () => void;
}

function network(name: string, sizes: number[], batch: number): Bench {
  const layers = sizes.slice(1).flatMap((out, i) => [new nn.Linear(sizes[i]!, out), new nn.ReLU()]);
  const model = new nn.Sequential(...layers.slice(0, -1));
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const classes = sizes.at(-1)!;
  const criterion = classes === 1 ? new nn.MSELoss() : new nn.CrossEntropyLoss();
  const x = ng.rand([batch, sizes[0]!]);
  const y = classes === 1 ? ng.rand([batch, 1]) : ng.randint(0, classes, [batch]);
  const run = (): void => {
    for (let i = 0; i < 100; i++) {
      const loss = criterion.forward(model.forward(x) as ng.Tensor, y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
    }
  };
  return { name, times: 100, run };
}

const repeat = (name: string, times: number, op: () => unknown): Bench => ({
  name,
  times,
  run: () => {
    for (let i = 0; i < times; i++) op();
  },
});

function networks(): Bench[] {
  return [
    network('784-128-10, batch 64', [784, 128, 10], 64),
    network('784-128-10, batch 512', [784, 128, 10], 512),
    network('20-64-32-1, batch 32', [20, 64, 32, 1], 32),
  ];
}

function ops(): Bench[] {
  const [x, h, logits] = [ng.rand([64, 784]), ng.rand([64, 128]), ng.rand([64, 10])];
  const [w, g] = [ng.rand([128, 784]), ng.rand([64, 128])];
  const [bias, y] = [ng.rand([128]), ng.randint(0, 10, [64])];
  const [p, big, square] = [ng.rand([101770]), ng.rand([1 << 20]), ng.rand([512, 512])];
  const parameter = new nn.Parameter(p.clone());
  parameter.grad = p.clone();
  const optimizer = new optim.Adam([parameter]);
  return [
    repeat('linear [64, 784] -> 128', 200, () => nn.functional.linear(x, w, bias)),
    repeat('matmul [128, 64] [64, 784]', 200, () => ng.matmul(g.T, x)),
    repeat('matmul [512, 512] [512, 512]', 20, () => ng.matmul(square, square)),
    repeat('relu [64, 128]', 1000, () => ng.relu(h)),
    repeat('crossEntropy [64, 10]', 500, () => nn.functional.crossEntropy(logits, y)),
    repeat('softmax [64, 10]', 1000, () => ng.softmax(logits, 1)),
    repeat('sum over rows [64, 128]', 1000, () => h.sum(0)),
    repeat('Adam, 101,770 parameters', 200, () => optimizer.step()),
    repeat('add, a million elements', 50, () => big.add(big)),
    repeat('exp, a million elements', 50, () => big.exp()),
    repeat('sum, a million elements', 50, () => big.sum()),
  ];
}

function dispatch(): Bench[] {
  const [a, b, m] = [ng.ones([4]), ng.ones([4]), ng.ones([4, 4])];
  const leaf = ng.ones([4], { requiresGrad: true });
  return [
    repeat('add [4]', 2000, () => a.add(b)),
    repeat('add [4], recorded', 2000, () => leaf.add(b)),
    repeat('add_ [4]', 2000, () => a.add_(b)),
    repeat('add [4], 10 ops and backward', 200, () => {
      let t = leaf.add(b);
      for (let i = 0; i < 8; i++) t = t.add(b);
      t.sum().backward();
      leaf.grad = null;
    }),
    repeat('matmul [4, 4]', 2000, () => ng.matmul(m, m)),
  ];
}

/** The median of several rounds, in microseconds for one. */
function measure({ run, times }: Bench, milliseconds: number): number {
  const round = (): number => {
    const started = performance.now();
    run();
    ng.synchronizeSync();
    return ((performance.now() - started) * 1000) / times;
  };
  for (const until = performance.now() + milliseconds / 4; performance.now() < until;) round();
  const rounds: number[] = [];
  for (const until = performance.now() + milliseconds; performance.now() < until || rounds.length < 5;)
    rounds.push(round());
  rounds.sort((p, q) => p - q);
  return rounds[rounds.length >> 1]!;
}

/** Microseconds by name, and PyTorch's version; undefined, with the reason printed, where it cannot be had. */
function torchFigures(
  threads: number,
  milliseconds: number,
): { version: string; micros: Record<string, number> } | undefined {
  const python = process.env['NODEGRAD_PYTHON'] ?? 'python3';
  const script = join(__dirname, '..', '..', 'scripts', 'bench_torch.py');
  const { status, stdout, stderr, error } = spawnSync(python, [script, String(threads), String(milliseconds)], {
    encoding: 'utf8',
  });
  if (status === 0) return JSON.parse(stdout) as { version: string; micros: Record<string, number> };
  console.error(`without PyTorch's figures: ${error?.message ?? stderr.trim().split('\n').at(-1)} (${python})\n`);
  return undefined;
}

function main(): void {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean' }, threads: { type: 'string' }, json: { type: 'boolean' } },
  });
  if (values.threads) ng.setNumThreads(Number(values.threads));
  const milliseconds = values.quick ? 50 : 600;
  ng.manualSeed(0);
  const { isa, threads } = ng.backendInfo();
  const sections: [string, Bench[]][] = [
    ['training steps', networks()],
    ['ops', ops()],
    ['dispatch of small ops', dispatch()],
  ];
  const micros: Record<string, number> = {};
  for (const [, list] of sections) for (const b of list) micros[b.name] = measure(b, milliseconds);
  const torch = torchFigures(threads, milliseconds);
  if (values.json) return console.log(JSON.stringify({ isa, threads, micros, torch }));

  console.log(`nodegrad, ${isa}, ${threads} threads${torch ? `; PyTorch ${torch.version}` : ''}; medians\n`);
  const line = (...cells: string[]): void =>
    console.log(cells.map((c, i) => (i === 0 ? c.padEnd(32) : c.padStart(14))).join(''));
  for (const [title, list] of sections) {
    line(title, 'microseconds', 'per second', ...(torch ? ['PyTorch', 'times as fast'] : []));
    for (const { name } of list) {
      const own = micros[name]!;
      const other = torch?.micros[name];
      const beside = other === undefined ? [] : [other.toFixed(2), (other / own).toFixed(2)];
      line(name, own.toFixed(2), Math.round(1e6 / own).toLocaleString('en-US'), ...beside);
    }
    console.log();
  }
}

try {
  main();
} catch (e) {
  console.error(`bench: ${(e as Error).message}`);
  process.exitCode = 1;
}
