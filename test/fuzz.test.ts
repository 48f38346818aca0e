/** @file The fuzzer itself: that it is repeatable, knows the surface, makes failures short, and finds a planted fault. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { replayChains } from '../scripts/fuzz/chains';
import { malformed } from '../scripts/fuzz/files';
import { minimise, simpler } from '../scripts/fuzz/minimise';
import { print, type Statement } from '../scripts/fuzz/program';
import { Random } from '../scripts/fuzz/random';
import { runChild, type Setting } from '../scripts/fuzz/run-child';
import { readSurface } from '../scripts/fuzz/surface';
import * as ng from '../lib';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'nodegrad-fuzz-test-'));
const setting: Setting = { dir, env: { NODEGRAD_GUARD: '1' }, silence: 3000, resident: 2 ** 31 };
afterAll(() => fs.rmSync(dir, { recursive: true }));

const program = (...exprs: string[]): Statement[] => exprs.map((expr, i) => ({ target: `v${i}`, expr }));

test('random numbers depend on the seeds alone', () => {
  const draw = (...seeds: number[]): number[] => {
    const r = new Random(...seeds);
    return [r.below(1000), r.below(1000), r.bits()];
  };
  expect(draw(1, 2)).toEqual(draw(1, 2));
  expect(draw(1, 2)).not.toEqual(draw(2, 1));
  expect(malformed(3, 4)).toEqual(malformed(3, 4));
});

test('the surface holds functions, constructors, methods and setters of all rooms', () => {
  const surface = readSurface(path.join(__dirname, '..', 'lib', 'index.d.ts'));
  const names = new Set(surface.map((c) => `${c.kind} ${c.owner ? `${c.owner}.` : ''}${c.path}`));
  for (const n of [
    'function ng.add',
    'function ng.linalg.svd',
    'function ng.nn.functional.conv2d',
    'function ng.save',
    'method ng.Tensor.add_',
    'method ng.nn.Module.loadStateDict',
    'new ng.nn.LSTM',
    'new ng.optim.lrScheduler.StepLR',
    'set ng.Tensor.grad',
    'set ng.nn.Linear.weight',
  ])
    expect(names).toContain(n);
  // Everything that a program finds at run time.
  for (const name of Object.keys(ng)) {
    const value = (ng as Record<string, unknown>)[name];
    if (typeof value === 'function' && !/^[A-Z]/.test(name)) expect(names).toContain(`function ng.${name}`);
  }
});

test('simpler expressions are JavaScript, and shorter', () => {
  const list = simpler('ng.conv2d(v1.mul(2).T, [1, NaN], { stride: v3, padding: () => 1 })');
  expect(list).toContain('v1.mul(2).T');
  expect(list).toContain('ng.conv2d(v1.mul(2).T, [1, NaN], { padding: () => 1 })');
  for (const s of list) expect(() => new Function(`return (${s})`)).not.toThrow();
});

test('a failing program is made short', async () => {
  const long = program(
    'ng.ones([3])',
    'v0.mul(2)',
    'v1.sum()',
    "ng.add(v1.T, { a: [1, 'x'] })",
    'v3.exp()',
    'v4.log()',
  );
  // "Fails" if something is added to something of v1.
  const fails = (c: Statement[][]): Promise<number> =>
    Promise.resolve(c.findIndex((p) => p.some((s) => s.target === 'v1') && p.some((s) => /add\(v1/.test(s.expr))));
  const short = await minimise(long, fails, Date.now() + 5000);
  expect(short.map((s) => s.expr)).toEqual(['2', 'ng.add(v1)']);
  expect(print(short, ['why'])).toMatch('const v3 = await tried(() => ng.add(v1));');
});

const judged = async (...exprs: string[]): Promise<string | undefined> => {
  const { ran } = await runChild({ programs: [program(...exprs)], repeat: 1 }, setting);
  return ran.at(-1)!.failure?.kind;
};

test('faults are told from errors that are as they should be', async () => {
  expect(await judged('ng.ones([2])', 'v0.add(1)', 'v0.reshape([3])', 'v9.sum()')).toBeUndefined();
  // What a user's own callback throws is the user's.
  expect(await judged('ng.noGrad(() => { throw new Error("mine"); })')).toBeUndefined();
  expect(await judged('ng.noGrad(() => null.x)')).toBeUndefined();
  expect(await judged('ng.Tensor.prototype.add.call(1, Symbol.iterator)')).toBeUndefined();
  // Planted: each child has its own copy of the library.
  const plant = (code: string): string => `(() => { ${code} })()`;
  expect(await judged(plant('Object.defineProperty(ng.Tensor.prototype, "numel", { get: () => 1 }); setTimeout(() => process.kill(process.pid, "SIGSEGV"))'), 'new Promise((r) => setTimeout(r, 500))')).toBe('crash'); // prettier-ignore
  expect(await judged(plant('for (;;);'))).toBe('hang');
  expect(await judged(plant('try { ng.zeros("x"); } catch (e) { void Promise.reject(e); }'))).toBe('unhandled');
});

test('chains of ops give what PyTorch gave, with the same bits for one thread and three', async () => {
  const { isa } = ng.backendInfo();
  const one = await replayChains(isa, 1);
  expect(one!.failures).toEqual([]);
  expect(one!.chains).toBeGreaterThan(400);
  expect(await replayChains(isa, 3)).toEqual(one);
}, 240_000);
