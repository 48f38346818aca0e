/**
 * @file Creates, uses and terminates worker threads: `node workers-child.js <job file> <log file>`. Only the workers load
 * the addon, so that it is loaded and let go again and again.
 */
import fs from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { Random } from './random';

const [jobFile, logFile] = process.argv.slice(2) as [string, string];
const job = JSON.parse(fs.readFileSync(jobFile, 'utf8')) as { seed: number; from: number; count: number };
const fd = fs.openSync(logFile, 'a');
const log = (e: object): void => void fs.writeSync(fd, `${JSON.stringify(e)}\n`);
const lib = path.join(__dirname, '..', '..', 'lib', 'index.js');

/** What workers do until they are terminated; 'ready' is said when the addon is loaded. */
const tasks: Record<string, string> = {
  loading: '',
  products: 'const a = ng.randn([300, 300]); for (;;) ng.matmul(a, a).data();',
  reads: 'const a = ng.randn([400, 400]); for (;;) await a.add(1).data();',
  blocking: 'const a = ng.randn([500, 500]); for (;;) a.matmul(a).sum().itemSync();',
  training: `const m = new ng.nn.Sequential(new ng.nn.Linear(64, 256), new ng.nn.ReLU(), new ng.nn.Linear(256, 10));
    const o = new ng.optim.Adam(m.parameters()); const x = ng.randn([128, 64]);
    for (let i = 0; ; i++) { o.zeroGrad(); m.forward(x).square().mean().backward(); o.step(); if (i % 8 === 0) await x.sum().item(); }`,
  big: 'for (;;) { const a = ng.zeros([4e6]); a.add_(1); await ng.synchronize(); }',
  saving: "for (let i = 0; ; i++) await ng.save('worker.safetensors', { a: ng.full([1e5], i) });",
  loader: `const x = ng.randn([512, 32]); const l = new ng.data.DataLoader(new ng.data.TensorDataset(x), { batchSize: 8, shuffle: true });
    for (;;) for await (const [b] of l) b.matmul(b.T);`,
  ending: 'const a = ng.randn([600, 600]); for (let i = 0; i < 50; i++) a.matmul(a); process.exit(0);',
  throwing:
    'const a = ng.randn([600, 600]); for (let i = 0; i < 50; i++) a.matmul(a); a.data(); throw new Error("mine");',
};

async function churn(random: Random, i: number): Promise<void> {
  const name = random.pick(Object.keys(tasks));
  const delay = random.pick([0, 0, 1, 3, 10, 30]) + random.below(5);
  log({ worker: i, task: name, delay });
  const code = `const { parentPort } = require('node:worker_threads');
    const ng = require(${JSON.stringify(lib)}); parentPort.postMessage('ready');
    (async () => { ${tasks[name]} })();`;
  const w = new Worker(code, { eval: true, stderr: true, env: process.env });
  w.on('error', (e) => {
    if (e.message !== 'mine') log({ why: `a worker failed: ${e.message}` });
  });
  // Terminated while it loads, or while it works.
  if (name !== 'loading') await new Promise((r) => w.once('message', r).once('exit', r));
  await new Promise((r) => setTimeout(r, name === 'loading' ? random.below(60) : delay));
  await w.terminate();
}

async function main(): Promise<void> {
  for (let i = job.from; i < job.from + job.count;) {
    const many = new Random(job.seed, i, 5);
    const together = Math.min(1 + many.below(3), job.from + job.count - i);
    await Promise.all(Array.from({ length: together }, (_, k) => churn(new Random(job.seed, i + k, 6), i + k)));
    i += together;
    log({ resident: process.memoryUsage.rss() });
  }
  log({ end: true });
}

void main();
