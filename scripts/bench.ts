/**
 * @file `npm run bench`: training steps of networks, microseconds per op and per dispatch, beside PyTorch's figures where a
 * Python with torch is found (environment variable NODEGRAD_PYTHON, else python3).
 *
 *   npm run bench -- [--quick] [--threads n] [--only part-of-a-name] [--torch eager,fused,compiled] [--json file]
 *                    [--perf]: ops alone, every elementwise one too
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as ng from '../lib';
import { nn, optim } from '../lib';
import { perfCases, type PerfCase } from '../test/op-table/perf';
import { layers } from './bench-layers';
import { models } from './bench-models';
import { inTurns, type Figures } from './bench-turns';

/** One thing that is measured; scripts/bench_torch.py does the same under the same name. */
interface Bench {
  name: string;
  /** What `run` does so many times per call. */
  times: number;
  run: () => void;
}

const repeat = (name: string, times: number, op: () => unknown): Bench => ({
  name,
  times,
  run: () => {
    for (let i = 0; i < times; i++) op();
  },
});

/** Rows of the op table, as many times per call as take about two milliseconds. */
const ops = (cases: PerfCase[]): Bench[] =>
  cases.map(({ name, run }) => {
    run();
    ng.synchronizeSync();
    const started = performance.now();
    run();
    ng.synchronizeSync();
    return repeat(name, Math.max(1, Math.min(2000, Math.round(2 / (performance.now() - started)))), run);
  });

/** One step over the parameters of a network 784-128-10 (four tensors, 101,770 numbers). */
function optimizers(): Bench[] {
  const names = [
    ...['SGD', 'Adam', 'AdamW', 'NAdam', 'RAdam', 'Adamax', 'RMSprop', 'Adagrad', 'Adadelta'],
    ...['Adafactor', 'Muon', 'Lion', 'LAMB'],
  ] as const;
  const shapes = [[128, 784], [128], [10, 128], [10]];
  return names.map((name) => {
    const parameters = (name === 'Muon' ? shapes.filter((s) => s.length === 2) : shapes).map((shape) => {
      const p = new nn.Parameter(ng.rand(shape));
      p.grad = ng.rand(shape);
      return p;
    });
    const optimizer = new optim[name](parameters, { lr: 1e-3 });
    return repeat(`${name} step, 784-128-10`, name === 'Muon' ? 5 : 100, () => optimizer.step());
  });
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

/** Microseconds by name; empty, with the reason printed, where they cannot be had. */
function torchFigures(threads: number, milliseconds: number, only: string, cases: PerfCase[]): Record<string, number> {
  const python = process.env['NODEGRAD_PYTHON'] ?? 'python3';
  const script = join(__dirname, '..', '..', 'scripts', 'bench_torch.py');
  const args = [script, String(threads), String(milliseconds), only];
  const input = JSON.stringify(cases);
  const { status, stdout, stderr, error } = spawnSync(python, args, { encoding: 'utf8', input });
  if (status === 0) return JSON.parse(stdout) as Record<string, number>;
  console.error(`without PyTorch's figures: ${error?.message ?? stderr.trim().split('\n').at(-1)} (${python})\n`);
  return {};
}

const line = (...cells: string[]): void =>
  console.log(cells.map((c, i) => (i === 0 ? c.padEnd(44) : c.padStart(14))).join(''));

interface Settings {
  threads: number;
  quick: boolean;
  only: string;
  ways: string[];
}

type Turns = Awaited<ReturnType<typeof inTurns>>;

/** Measures and prints what runs in turns with PyTorch; of PyTorch's ways (eager, fused Adam, compiled) the fastest. */
async function turns(title: string, all: string[], s: Settings, ways = s.ways): Promise<Record<string, Turns>> {
  const figures: Record<string, Turns> = {};
  const names = all.filter((name) => name.includes(s.only));
  if (names.length) line(title, 'microseconds', 'per second', 'MiB', 'PyTorch', 'its way', 'its MiB', 'ratio');
  for (const name of names) {
    const { own, torch } = (figures[name] = await inTurns(name, s.threads, s.quick ? 50 : 500, s.quick ? 3 : 9, ways));
    const [way, best] = Object.entries(torch).sort((a, b) => a[1].micros - b[1].micros)[0] ?? [];
    const memory = ({ memory }: Figures): string => (memory === null ? '' : (memory / 2 ** 20).toFixed(0));
    const beside = best ? [best.micros.toFixed(1), way!, memory(best), (best.micros / own.micros).toFixed(2)] : [];
    line(name, own.micros.toFixed(1), (1e6 / own.micros).toFixed(1), memory(own), ...beside);
  }
  const version = Object.values(figures).find((f) => f.version)?.version;
  if (names.length) console.log(version ? `PyTorch ${version}\n` : '');
  return figures;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      threads: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'string' },
      torch: { type: 'string', default: 'eager,fused,compiled' },
      perf: { type: 'boolean', default: false },
    },
  });
  if (values.threads) ng.setNumThreads(Number(values.threads));
  const [quick, only] = [values.quick ?? false, values.only ?? ''];
  const milliseconds = quick ? 50 : 600;
  ng.manualSeed(0);
  const { isa, threads } = ng.backendInfo();
  console.log(`nodegrad, ${isa}, ${threads} threads; medians; ratio: PyTorch's time divided by ours\n`);
  const settings = { threads, quick, only, ways: values.torch.split(',') };
  const perf = values.perf;
  const training = await turns('training steps', perf ? [] : Object.keys(models), settings);
  const eager = settings.ways.filter((way) => way === 'eager');
  const both = await turns('forward and backward', perf ? [] : Object.keys(layers), settings, eager);
  const cases = perfCases(perf).filter(({ name }) => name.includes(only));
  const others = Object.entries(perf ? {} : { optimizers: optimizers(), 'dispatch of small ops': dispatch() }).map(
    ([title, list]) => [title, list.filter(({ name }) => name.includes(only))] as const,
  );
  const sections = [['ops', ops(cases)] as const, ...others];
  const micros: Record<string, number> = {};
  for (const [, list] of sections) for (const b of list) micros[b.name] = measure(b, milliseconds);
  const torch = Object.keys(micros).length ? torchFigures(threads, milliseconds, only, cases) : {};
  for (const [title, list] of sections) {
    if (!list.length) continue;
    line(title, 'microseconds', 'per second', 'PyTorch', 'ratio');
    for (const { name } of list) {
      const own = micros[name]!;
      const other = torch[name];
      const beside = other === undefined ? [] : [other.toFixed(2), (other / own).toFixed(2)];
      line(name, own.toFixed(2), Math.round(1e6 / own).toLocaleString('en-US'), ...beside);
    }
    console.log();
  }
  if (values.json) writeFileSync(values.json, JSON.stringify({ isa, threads, training, both, micros, torch }, null, 1));
}

main().catch((e: Error) => {
  console.error(`bench: ${e.message}`);
  process.exitCode = 1;
});
