/**
 * @file The example service under load, over loopback: predictions per second and their time, alone and beside a training;
 * requests over hot swaps; resident memory over many requests and many jobs. The load comes from a process of its own.
 * The first argument: seconds per row (default 10), the second: requests of the memory row (default 200,000).
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ng from '../lib';
import { type Job } from '../examples/service/jobs';
import { service } from '../examples/service/server';
import { network } from '../examples/service/training';

const [seconds = 10, requests = 200_000] = process.argv.slice(2).map(Number);
const features = 32;
const connections = 32;
const row = Array.from({ length: features }, (_, i) => Math.sin(i));
const settings = {
  data: {
    x: Array.from({ length: 2000 }, (_, i) => row.map((v) => v * Math.cos(i))),
    y: [...Array(2000).keys()].map((i) => i % 10),
  },
  hidden: [128],
};

interface Load {
  requests: { average: number; total: number };
  latency: { p50: number; p99: number };
  '2xx': number;
  non2xx: number;
  errors: number;
  timeouts: number;
}

/** Requests of 32 connections: for so many seconds (`-d`), or so many of them (`-a`). */
function load(address: string, ...amount: [flag: '-d' | '-a', n: number]): Promise<Load> {
  const args = ['-j', '-n', '-c', connections, ...amount, '-m', 'POST', '-H', 'content-type=application/json'];
  const body = ['-b', JSON.stringify({ x: row }), `${address}/predict`];
  const program = join(__dirname, '..', '..', 'node_modules/autocannon/autocannon.js');
  const child = spawn(process.execPath, [program, ...args.map(String), ...body], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let out = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  return new Promise((resolve) => child.once('close', () => resolve(JSON.parse(out) as Load)));
}

async function post<T>(url: string, body?: object, method = 'POST'): Promise<T> {
  const headers: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
  const r = await fetch(url, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  if (!r.ok) throw new Error(`${url}: ${r.status} ${await r.text()}`);
  return (await r.json()) as T;
}

/** A job to its end; its id. */
async function trained(address: string, epochs: number): Promise<string> {
  const { id } = await post<Job>(`${address}/jobs`, { ...settings, epochs });
  await (await fetch(`${address}/jobs/${id}/events`)).text();
  return id;
}

const failed = (l: Load): number => l.non2xx + l.errors + l.timeouts;
const rss = (): number => process.memoryUsage().rss / 2 ** 20;

/** The 99th percentile of the time between two turns of the event loop, in ms. */
interface Gaps {
  all: number;
  /** Without the time in which this thread waited for a processor that another one had; NaN where nobody tells. */
  own: number;
}

/** How long timers of 1 ms are kept waiting while `run` is under way. */
async function gapsOf(run: () => Promise<void>): Promise<Gaps> {
  const buffer = Buffer.alloc(128);
  const file = process.platform === 'linux' ? openSync(`/proc/self/task/${process.pid}/schedstat`, 'r') : undefined;
  // The second number: nanoseconds in which the thread was ready and had no processor.
  const waited = (): number =>
    file === undefined
      ? NaN
      : Number(buffer.toString('latin1', 0, readSync(file, buffer, 0, 128, 0)).split(' ')[1]) / 1e6;
  let [time, wait] = [performance.now(), waited()];
  const [all, own]: [number[], number[]] = [[], []];
  let timer = setTimeout(function tick() {
    const [now, w] = [performance.now(), waited()];
    all.push(now - time);
    own.push(now - time - (w - wait));
    [time, wait] = [now, w];
    timer = setTimeout(tick, 1);
  }, 1);
  await run();
  clearTimeout(timer);
  if (file !== undefined) closeSync(file);
  const p99 = (list: number[]): number => list.sort((a, b) => a - b)[Math.floor(list.length * 0.99)]!;
  return { all: p99(all), own: p99(own) };
}

async function shown(name: string, address: string): Promise<void> {
  let l!: Load;
  const gaps = await gapsOf(async () => void (l = await load(address, '-d', seconds)));
  console.log(
    `${name.padEnd(28)} ${Math.round(l.requests.average).toString().padStart(6)} per second, p50 ${l.latency.p50} ms, ` +
      `p99 ${l.latency.p99} ms, ${failed(l)} failed; event loop p99 ${gaps.all.toFixed(1)} ms, ` +
      `${gaps.own.toFixed(1)} ms without waiting for a processor`,
  );
}

async function swaps(address: string, ids: string[]): Promise<void> {
  let done = false;
  const loading = load(address, '-d', seconds).finally(() => (done = true));
  let swapped = 0;
  for (; !done && swapped < 10; swapped++) {
    await new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / 14));
    await post(`${address}/jobs/${ids[swapped % 2]}/serve`);
  }
  const l = await loading;
  console.log(`${swapped} hot swaps: ${l['2xx']} of ${l.requests.total} answered, ${failed(l)} failed`);
}

const change = (before: number, after: number): string =>
  `${before.toFixed(0)} to ${after.toFixed(0)} MiB (${((100 * (after - before)) / before).toFixed(1)} %)`;

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'nodegrad-bench-'));
  const app = await service({ folder });
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  const ids = [await trained(address, 2), await trained(address, 2)];
  await load(address, '-d', 2);

  await shown('alone', address);

  const { id } = await post<Job>(`${address}/jobs`, { ...settings, epochs: 10_000 });
  await shown('a training in a worker', address);
  await post(`${address}/jobs/${id}`, undefined, 'DELETE');

  const model = network({ features, hidden: [128], classes: 10 }).compile({ optimizer: 'adam', loss: 'crossEntropy' });
  const controller = new AbortController();
  const [x, y] = [ng.tensor(settings.data.x), ng.tensor(settings.data.y, { dtype: 'int64' })];
  const fitting = model.fit(x, y, { epochs: 1e6, verbose: 0, signal: controller.signal });
  await shown('a training in this thread', address);
  controller.abort();
  await fitting;

  await swaps(address, ids);

  await load(address, '-a', requests / 4);
  const before = rss();
  const l = await load(address, '-a', requests);
  console.log(`${l['2xx']} requests: resident ${change(before, rss())}, ${failed(l)} failed`);

  for (let i = 0; i < 15; i++) await trained(address, 2);
  const early = rss();
  for (let i = 0; i < 50; i++) await trained(address, 2);
  console.log(`50 jobs: resident ${change(early, rss())}`);
  await app.close();
  rmSync(folder, { recursive: true });
}

main().catch((e: unknown) => {
  console.error(e);
  process.exitCode = 1;
});
