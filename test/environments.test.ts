/** @file The addon in several environments: worker threads (also terminated at any moment), import and require. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
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

test('as many threads as processors that the process may use, or as NODEGRAD_NUM_THREADS says', () => {
  const threads = (command: string[], variable?: string): unknown => {
    const [file, ...args] = [
      ...command,
      process.execPath,
      '-e',
      `console.log(require(${JSON.stringify(lib)}).getNumThreads())`,
    ];
    const env = { ...process.env, NODEGRAD_NUM_THREADS: variable };
    const r = spawnSync(file!, args, { env, encoding: 'utf8' });
    return r.status === 0 ? Number(r.stdout) : /NODEGRAD_NUM_THREADS must be .*/.exec(r.stderr)?.[0];
  };
  expect(threads([])).toBeLessThanOrEqual(availableParallelism());
  expect(threads([], '5')).toBe(5);
  for (const bad of ['0', 'many', '1.5', '257'])
    expect(threads([], bad)).toBe('NODEGRAD_NUM_THREADS must be an integer from 1 to 256');
  if (process.platform !== 'linux' || spawnSync('taskset', ['--version']).status !== 0)
    return console.log('skipped the affinity mask: there is no taskset');
  const [cpu] = execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' }).match(/(?<=: )\d+/)!;
  expect(threads(['taskset', '-c', cpu])).toBe(1);
  expect(threads(['taskset', '-c', cpu], '3')).toBe(3);
});

/** Runs a program that has `ng` and `Worker`; the answer is what it printed. Fails unless it ends well by itself. */
function program(code: string, timeout = 50000): string {
  const prelude = `const { Worker } = require('node:worker_threads'); const lib = ${JSON.stringify(lib)};`;
  const r = spawnSync(process.execPath, ['-e', prelude + code], { timeout, encoding: 'utf8' });
  expect([r.status, r.signal, r.stderr]).toEqual([0, null, '']);
  return r.stdout.trim();
}

// An integer product of this size takes a minute or more on one core.
const long = 'const a = ng.ones([5000, 5000], { dtype: "int64" }); ng.matmul(a, a);';

test('process.exit does not wait for a running kernel', () => {
  program(`const ng = require(lib); ${long} setTimeout(() => process.exit(0), 200);`, 10000);
});

test('neither process.exit nor terminate() waits for a kernel of a worker', () => {
  const worker = `const ng = require(require('node:worker_threads').workerData); ${long}
    require('node:worker_threads').parentPort.postMessage(1); setInterval(() => 0, 1000);`;
  const start = `const w = new Worker(${JSON.stringify(worker)}, { eval: true, workerData: lib });`;
  program(`${start} w.once('message', () => setTimeout(() => process.exit(0), 200));`, 10000);
  program(
    `const ng = require(lib); ${start}
    w.once('message', async () => {
      await w.terminate();
      if (ng.ones([5]).sum().itemSync() !== 5) throw new Error('wrong');
      process.exit(0);
    });`,
    10000,
  );
});

test('only workers load the addon, one after the other', () => {
  const worker = `const ng = require(require('node:worker_threads').workerData);
    const a = ng.ones([300, 300]); ng.matmul(a, a).sum().itemSync();`;
  program(`(async () => {
    for (let i = 0; i < 10; i++)
      await new Promise((r) => new Worker(${JSON.stringify(worker)}, { eval: true, workerData: lib }).once('exit', r));
  })();`);
});

test('workers that end while they load the addon do not end the process', () => {
  program(`(async () => {
    for (let i = 0; i < 60; i++) {
      const w = new Worker('require(require("node:worker_threads").workerData)', { eval: true, workerData: lib });
      await new Promise((r) => setTimeout(r, 20 + i));
      await w.terminate();
    }
  })();`);
});

test('terminated workers give their memory back', () => {
  const worker = `const ng = require(require('node:worker_threads').workerData);
    const keep = []; for (let i = 0; i < 16; i++) keep.push(ng.ones([500000]));
    ng.ones([1]).itemSync(); require('node:worker_threads').parentPort.postMessage(1);
    for (;;) ng.ones([1000]).add(1);`;
  const grown = program(`(async () => {
    let before = 0;
    for (let i = 0; i < 50; i++) {
      const w = new Worker(${JSON.stringify(worker)}, { eval: true, workerData: lib });
      await new Promise((r) => w.once('message', r));
      await w.terminate();
      if (i === 9) before = process.memoryUsage().rss;
    }
    console.log((process.memoryUsage().rss - before) / 2 ** 20);
  })();`);
  // Each worker holds 32 MiB: losing one in five would cost 256.
  expect(Number(grown)).toBeLessThan(120);
});

test('native code is looked for in the package only', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nodegrad-planted-'));
  try {
    const copy = join(folder, 'a', 'nodegrad');
    cpSync(join(lib, '..'), join(copy, 'dist', 'lib'), { recursive: true });
    writeFileSync(join(copy, 'package.json'), '{ "name": "nodegrad" }');
    for (const dir of [folder, join(folder, 'a'), join(copy, 'dist')]) {
      mkdirSync(join(dir, 'build', 'Release'), { recursive: true });
      mkdirSync(join(dir, 'build', 'cuda'), { recursive: true });
      writeFileSync(join(dir, 'build', 'Release', 'nodegrad.node'), 'planted');
      writeFileSync(join(dir, 'build', 'cuda', 'libnodegrad_cuda.so'), 'planted');
    }
    const code = `require(${JSON.stringify(join(copy, 'dist', 'lib', 'native', 'index.js'))})`;
    const env = { ...process.env, NODEGRAD_ADDON: '' };
    const r = spawnSync(process.execPath, ['-e', code], { env, encoding: 'utf8' });
    expect(r.stderr).toMatch('ERR_ADDON_NOT_FOUND');
    expect(r.stderr).toMatch(`Tried: ${join(copy, 'build', 'Release', 'nodegrad.node')}`);
    // With an addon, the library beside it is still the package's own.
    const addon = process.env['NODEGRAD_ADDON'] || join(__dirname, '..', '..', 'build', 'Release', 'nodegrad.node');
    const look = `console.log(${code}.gpus().reason)`;
    const cuda = { ...process.env, NODEGRAD_ADDON: addon, NODEGRAD_CUDA_LIBRARY: '' };
    const found = spawnSync(process.execPath, ['-e', look], { env: cuda, encoding: 'utf8' });
    expect(found.stdout).toMatch(process.platform === 'linux' ? 'there is no CUDA library' : 'Linux only');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a workspace beyond the memory limit is an error, and the next call works', async () => {
  const a = ng.ones([600, 600]);
  ng.setMemoryLimit(ng.memory().live + 1024 * 1024 + 600 * 600 * 4);
  try {
    await expect(ng.matmul(a, a).data()).rejects.toMatchObject({ code: 'ERR_OUT_OF_MEMORY' });
  } finally {
    ng.setMemoryLimit(Infinity);
  }
  expect(ng.matmul(a, a).sum().itemSync()).toBe(600 ** 3);
});
