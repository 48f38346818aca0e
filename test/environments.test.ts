/** @file The addon in several environments: worker threads (also terminated at any moment), import and require. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import * as ng from '../lib';

const lib = join(__dirname, '..', 'lib', 'index.js');

const run = (code: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const w = new Worker(code, { eval: true, workerData: lib });
    w.once('message', resolve);
    w.once('error', reject);
  });

test('several worker threads compute at once, each with its own memory', async () => {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const ng = require(workerData);
    (async () => {
      let s = 0;
      for (let i = 0; i < 200; i++) s += await ng.matmul(ng.ones([40, 30]), ng.ones([30, 20])).sum().item();
      parentPort.postMessage([s, ng.memory().tensors > 0]);
    })();`;
  const results = await Promise.all([run(code), run(code), run(code)]);
  for (const r of results) expect(r).toEqual([200 * 40 * 30 * 20, true]);
  expect(ng.ones([3]).sum().itemSync()).toBe(3);
});

test('a worker terminated in the middle of work leaves the process alive', async () => {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const ng = require(workerData);
    const a = ng.ones([300, 300]);
    parentPort.postMessage('started');
    for (;;) { const b = ng.matmul(a, a); b.item; b.data(); }`;
  for (let i = 0; i < 8; i++) {
    const w = new Worker(code, { eval: true, workerData: lib });
    await new Promise((resolve) => w.once('message', resolve));
    await new Promise((resolve) => setTimeout(resolve, 3 * i));
    await w.terminate();
  }
  expect(ng.ones([5]).sum().itemSync()).toBe(5);
});

test('import and require give the same native state', () => {
  const code = `
    import * as esm from 'nodegrad';
    import { createRequire } from 'node:module';
    const cjs = createRequire(import.meta.url)('nodegrad');
    if (esm.Tensor !== cjs.Tensor) throw new Error('two copies');
    console.log(esm.ones([2]).add(cjs.ones([2])).sum().itemSync());`;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: join(__dirname, '..', '..'),
    encoding: 'utf8',
  });
  expect(out.trim()).toBe('4');
});

test('a process with queued work exits by itself', () => {
  const code = `const ng = require(${JSON.stringify(lib)}); const a = ng.ones([200, 200]); for (let i = 0; i < 100; i++) ng.matmul(a, a);`;
  expect(spawnSync(process.execPath, ['-e', code], { timeout: 20000 }).status).toBe(0);
});

test('an instruction set that is not there is named at load', () => {
  const code = `require(${JSON.stringify(lib)})`;
  const r = spawnSync(process.execPath, ['-e', code], {
    env: { ...process.env, NODEGRAD_ISA: 'vax' },
    encoding: 'utf8',
  });
  expect(r.status).not.toBe(0);
  expect(r.stderr).toMatch('NODEGRAD_ISA must be portable, avx2 or avx512');
});
