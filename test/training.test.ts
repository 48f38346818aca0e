/** @file Training as a whole: PyTorch's losses, the same bits for any number of threads, memory, a free event loop. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ng from '../lib';
import { nn, optim } from '../lib';
import { expectParity } from './parity';
import type { Delay } from './programs/event-loop';

const file = join(__dirname, '..', '..', 'test', 'fixtures', 'training.json');
const runs = JSON.parse(readFileSync(file, 'utf8')) as { name: 'SGD' | 'Adam'; options: object; losses: number[] }[];

function train<R>(task: string, env: NodeJS.ProcessEnv = {}, flags: string[] = []): R {
  const program = join(__dirname, 'programs', 'train.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, program, task], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as R;
}

describe('the losses of 784-128-10 are those of PyTorch', () => {
  // The formulas of test/fixtures/make_training.py.
  const modulus = 2 ** 31 - 1;
  // Jest looks globals up in a sandbox, which is slow.
  const { floor, fround, max, min } = Math;
  const lehmer = (n: number, seed: number): Float64Array => {
    const out = new Float64Array(n);
    for (let i = 0, x = seed; i < n; i++) out[i] = x = (x * 48271) % modulus;
    return out;
  };
  const uniform = (n: number, seed: number, bound: number): Float32Array => {
    const words = lehmer(n, seed);
    const out = new Float32Array(n);
    for (let i = 0; i < n; i++) out[i] = (2 * (words[i]! / modulus) - 1) * bound;
    return out;
  };
  const prototypes = uniform(10 * 784, 15, 1);
  const batch = (step: number): [ng.Tensor, ng.Tensor] => {
    const y = Int32Array.from(lehmer(64, 1000 + step), (v) => v % 10);
    const x = uniform(64 * 784, 2000 + step, 0.5);
    for (let i = 0; i < x.length; i++) {
      const clean = max(prototypes[y[floor(i / 784)]! * 784 + (i % 784)]!, 0) * 0.25;
      x[i] = min(max(fround(clean + x[i]!), 0), 1);
    }
    return [ng.tensor(x, { shape: [64, 784] }), ng.tensor(y)];
  };
  const state = {
    '0.weight': ng.tensor(uniform(128 * 784, 11, 1 / 28), { shape: [128, 784] }),
    '0.bias': ng.tensor(uniform(128, 12, 1 / 28)),
    '2.weight': ng.tensor(uniform(1280, 13, 0.08), { shape: [10, 128] }),
    '2.bias': ng.tensor(uniform(10, 14, 0.08)),
  };

  test.each(runs)('$name', ({ name, options, losses }) => {
    const model = new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10));
    model.loadStateDict(state);
    const optimizer = new optim[name](model.parameters(), options);
    const criterion = new nn.CrossEntropyLoss();
    const got = losses.map((_, step) => {
      const [x, y] = batch(step);
      const loss = criterion.forward(model.forward(x) as ng.Tensor, y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return loss.itemSync();
    });
    expect(got[0]).toBeGreaterThan(2);
    expect(got.at(-1)).toBeLessThan(0.3);
    expectParity(got, losses, { kind: 'training', name: `784-128-10 with ${name}`, tolerance: 1e-4, dtype: 'float32' });
  });
});

describe('200 steps from one seed give the same bits', () => {
  test.each(['portable', 'avx2', 'avx512'])('with 1, 2 and 4 threads: %s', (isa) => {
    interface Bits {
      isa: string;
      threads: number;
      hash: string;
    }
    let one: Bits;
    try {
      one = train('bits', { NODEGRAD_ISA: isa, THREADS: '1' });
    } catch (e) {
      // This machine has no such instructions, and says so.
      expect(isa).not.toBe('portable');
      return expect((e as Error).message).toMatch('NODEGRAD_ISA');
    }
    expect(one).toMatchObject({ isa, threads: 1 });
    for (const threads of [2, 4])
      expect(train<Bits>('bits', { NODEGRAD_ISA: isa, THREADS: String(threads) })).toEqual({ ...one, threads });
  });
});

test('20,000 steps in a loop that never awaits: memory is flat', () => {
  // Unbound, V8 doubles its young generation now and then, up to 16 MiB, each time at another step: this is about ours.
  const flags = ['--max-semi-space-size=1'];
  const { samples, loss, live } = train<{ samples: number[]; loss: number; live: number }>('rss', {}, flags);
  expect(loss).toBeLessThan(0.01);
  expect(live).toBeLessThan(400e6);
  // The first samples are warm-up: the compiler's code, the heap's and the pool's first growth.
  const [, , before, ...after] = samples as [number, number, number, ...number[]];
  expect(Math.max(...after) / before).toBeLessThan(1.05);
});

test('the event loop is free while a `for await` loop trains', () => {
  // On a machine that is busy with something else, no loop gets its turn in time: that much is allowed.
  const attempts: unknown[] = [];
  for (let i = 0; i < 5; i++) {
    const result = train<{ busy: Delay; training: Delay; steps: number }>('delay');
    attempts.push(result);
    expect(result.steps).toBeGreaterThan(50);
    if (result.training.p99 < Math.max(10, 2 * result.busy.p99)) return;
  }
  throw new Error(`p99 must be below 10 ms: ${JSON.stringify(attempts)}`);
});
