/** @file The example service: its routes, what it refuses, its page, and how it ends and begins again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FastifyInstance } from 'fastify';
import puppeteer from 'puppeteer-core';
import { service, type ServiceOptions } from '../examples/service/server';
import { type Job } from '../examples/service/jobs';
import * as ng from '../lib';

const folder = mkdtempSync(join(tmpdir(), 'nodegrad-service-'));
const apps: FastifyInstance[] = [];
const children: ChildProcess[] = [];
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(apps.map((app) => app.close()));
  rmSync(folder, { recursive: true });
});

let made = 0;
/** The address of a new service. */
async function started(options: Partial<ServiceOptions> = {}): Promise<string> {
  const app = await service({ folder: join(folder, String(made++)), ...options });
  apps.push(app);
  return app.listen({ port: 0, host: '127.0.0.1' });
}

const y = Array.from({ length: 60 }, (_, i) => i % 2);
const x = y.map((c, i) => [c + 0.3 * Math.sin(i), c + 0.3 * Math.cos(3 * i), 1]);
const small = { data: { x, y }, epochs: 5, hidden: [8] };
/** Trains until it is ended. */
const long = { ...small, epochs: 10_000 };

const get = async (url: string, headers: Record<string, string> = {}): Promise<[type: string | null, text: string]> => {
  const r = await fetch(url, { headers });
  return [r.headers.get('content-type'), await r.text()];
};
async function ask<T = { error: string }>(
  app: string,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object | string,
  type = 'application/json',
): Promise<{ status: number; body: T }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const r = await fetch(app + path, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': type }, body: text }),
  });
  return { status: r.status, body: (await r.json()) as T };
}
const add = async (app: string, settings: object): Promise<Job> => {
  const { status, body } = await ask<Job>(app, 'POST', '/jobs', settings);
  expect([status, body]).toEqual([201, expect.objectContaining({ epochs: expect.any(Number) as number })]);
  return body;
};
async function until(app: string, { id }: Job, holds: (job: Job) => boolean): Promise<Job> {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    const { body } = await ask<Job>(app, 'GET', `/jobs/${id}`);
    if (holds(body)) return body;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nothing comes of job ${id}`);
}
const over = (job: Job): boolean => !['queued', 'running'].includes(job.status);

test('a job from its data to weights and predictions', async () => {
  const app = await started();
  expect(await ask(app, 'POST', '/predict', { x: [0, 0, 1] })).toMatchObject({ status: 409 });
  const job = await add(app, small);
  const [type, events] = await get(`${app}/jobs/${job.id}/events`);
  expect(type).toBe('text/event-stream');
  expect(events.match(/^event: .*$/gm)).toEqual([...Array<string>(5).fill('event: epoch'), 'event: over']);
  expect(events).toMatch('data: {"status":"done"}');
  const [, rest] = await get(`${app}/jobs/${job.id}/events`, { 'last-event-id': '3' });
  expect(rest.match(/^id: .*$/gm)).toEqual(['id: 4']);

  const done = await until(app, job, over);
  expect(done).toMatchObject({ status: 'done', log: { length: 5 } });
  expect((await ask<Job[]>(app, 'GET', '/jobs')).body).toMatchObject([{ id: job.id, log: [{ epoch: 4 }] }]);
  const predicted = await ask<{ class: number; probabilities: number[] }>(app, 'POST', '/predict', { x: [1, 1, 1] });
  expect(predicted.body.class).toBe(1);
  expect(predicted.body.probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 5);

  const weights = await fetch(`${app}/jobs/${job.id}/weights`);
  const file = join(folder, 'downloaded.safetensors');
  writeFileSync(file, new Uint8Array(await weights.arrayBuffer()));
  expect(Object.values(await ng.load(file)).map((t) => t.shape)).toEqual([[8, 3], [8], [2, 8], [2]]);

  const [, metrics] = await get(`${app}/metrics`);
  expect(metrics).toMatch('service_jobs{status="done"} 1');
  expect(metrics).toMatch('service_predictions 1');
  expect(metrics).toMatch('nodejs_eventloop_lag');
  expect(await ask(app, 'DELETE', `/jobs/${job.id}`)).toMatchObject({ status: 409 });
  expect((await ask(app, 'POST', `/jobs/${job.id}/serve`)).body).toEqual({ serving: job.id });
});

test('data by the name of a file, and jobs that fail with their reason', async () => {
  const app = await started();
  const rows = y.map((c, i) => `${x[i]![0]},${x[i]![1]},${c ? 'cat' : 'dog'}`);
  writeFileSync(join(folder, String(made - 1), 'data', 'animals.csv'), ['a,b,kind', ...rows].join('\n'));
  const good = await add(app, { ...small, data: { path: 'animals.csv', target: 'kind' } });
  const missing = await add(app, { ...small, data: { path: 'none.csv', target: 'kind' } });
  const huge = await add(app, { ...small, data: { x: x.map(() => [1e300]), y } });
  const numbers = await add(app, { ...small, data: { path: 'animals.csv', target: 'a' } });
  expect(await until(app, good, over)).toMatchObject({ status: 'done' });
  expect((await until(app, missing, over)).reason).toMatch('none.csv');
  expect((await until(app, huge, over)).reason).toMatch('the loss became NaN');
  expect((await until(app, numbers, over)).reason).toMatch('has numbers');
});

test('what a client sends wrong gets a 4xx with the reason, and the service goes on', async () => {
  const app = await started({ limits: { uploadBytes: 100_000 } });
  await until(app, await add(app, small), over);
  const bad: [url: string, body: object | string, status: number, reason: string][] = [
    ['/predict', { x: [1, 2] }, 400, 'does not fit'],
    ['/predict', { x: [[1, 2, 3]] }, 400, 'body/x/0 must be number'],
    ['/predict', { x: 'three' }, 400, 'body/x must be array'],
    ['/predict', { x: [1, null, 3] }, 400, 'body/x/1 must be number'],
    ['/predict', '{"x": [1, NaN, 3]}', 400, 'not valid JSON'],
    ['/predict', '{"x": [1, 1e999, 3]}', 400, 'body/x/1 must be number'],
    ['/predict', '{"x": [1, 2', 400, 'JSON'],
    ['/predict', [], 400, 'body must be object'],
    ['/predict', { x: [1, 2, 3], y: 1 }, 400, 'additional properties'],
    ['/predict', `{"x": [${'1,'.repeat(100_000)}1]}`, 413, 'too large'],
    ['/jobs', {}, 400, "'data'"],
    ['/jobs', { ...small, data: { x, y: [0] } }, 400, 'body/data'],
    ['/jobs', { ...small, data: { x, y: y.slice(1) } }, 400, 'data.x has 60 rows and data.y 59'],
    ['/jobs', { ...small, data: { x: [[1], [1, 2]], y: [0, 1] } }, 400, 'data.x/1 has 2 numbers'],
    ['/jobs', { ...small, data: { x: [[1], ['2']], y: [0, 1] } }, 400, 'body/data'],
    ['/jobs', { ...small, data: { path: '../../etc/passwd.csv', target: 'a' } }, 400, 'body/data'],
    ['/jobs', { ...small, epochs: 1e9 }, 400, 'body/epochs must be <= 10000'],
    ['/jobs', { ...small, epochs: '5' }, 400, 'body/epochs must be integer'],
    ['/jobs/none/serve', {}, 404, 'there is no job none'],
    ['/nowhere', {}, 404, 'not found'],
  ];
  for (const [url, body, status, reason] of bad) {
    const answer = await ask<{ error?: string; message?: string }>(app, 'POST', url, body);
    expect([url, answer.status]).toEqual([url, status]);
    expect(answer.body.error === 'Not Found' ? answer.body.message : answer.body.error).toMatch(reason);
  }
  expect((await ask(app, 'POST', '/predict', 'x', 'application/octet-stream')).status).toBe(415);
  expect(await ask(app, 'POST', '/predict', { x: [1, 2, 3] })).toMatchObject({ status: 200 });
});

test('jobs are cancelled, wait for each other, and keep to their limits', async () => {
  const app = await started({ limits: { queued: 1 } });
  const [first, second] = [await add(app, long), await add(app, long)];
  expect(await ask(app, 'POST', '/jobs', long)).toMatchObject({ status: 503 });
  expect(second.status).toBe('queued');
  await until(app, first, (job) => job.log.length > 2);
  expect((await ask<Job>(app, 'DELETE', `/jobs/${second.id}`)).body.status).toBe('cancelled');
  expect((await ask<Job>(app, 'DELETE', `/jobs/${first.id}`)).body.status).toBe('cancelled');
  const late = await add(app, { ...long, maxSeconds: 0.5 });
  expect(await until(app, late, over)).toMatchObject({ status: 'failed', reason: 'it took longer than 0.5 s' });
  expect((await ask(app, 'GET', `/jobs/${late.id}/weights`)).status).toBe(409);

  const tight = await started({ limits: { megabytes: 24 } });
  const large = await until(tight, await add(tight, { ...small, hidden: [4096, 4096] }), over);
  expect(large.status).toBe('failed');
  expect(large.reason).toMatch('the limit is 24.0 MiB');
  expect(await until(tight, await add(tight, small), over)).toMatchObject({ status: 'done' });
});

const program = join(__dirname, '..', 'examples', 'service.js');
/** The program in a process of its own, and its address. */
async function running(data: string): Promise<{ child: ChildProcess; address: string; exit: Promise<unknown> }> {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const child = spawn(process.execPath, [program, '--port', String(port), '--folder', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const exit = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
  await new Promise((resolve) => child.stdout!.once('data', resolve));
  return { child, address: `http://127.0.0.1:${port}`, exit };
}

test('killed or terminated, it goes on with its jobs when it begins again', async () => {
  const data = join(folder, 'restarts');
  mkdirSync(data);
  const waited = async (address: string, id: string, more: number): Promise<Job> => {
    for (;;) {
      const job = (await ask<Job>(address, 'GET', `/jobs/${id}`)).body;
      if (job.log.length > more || over(job)) return job;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const one = await running(data);
  const { id } = await add(one.address, long);
  await waited(one.address, id, 3);
  one.child.kill('SIGKILL');
  expect(await one.exit).toBe('SIGKILL');

  const two = await running(data);
  const resumed = await waited(two.address, id, 10);
  expect(resumed.log.map((e) => e.epoch)).toEqual(resumed.log.map((_, i) => i));
  // A follower is told the end, and does not hold the process.
  const events = await fetch(`${two.address}/jobs/${id}/events`);
  two.child.kill('SIGTERM');
  expect(await two.exit).toBe(0);
  expect(await events.text()).toMatch('event: epoch');
  expect(existsSync(join(data, 'jobs', id, 'backup'))).toBe(true);

  const three = await running(data);
  const before = (await ask<Job>(three.address, 'GET', `/jobs/${id}`)).body.log.length;
  expect(before).toBeGreaterThan(10);
  expect((await waited(three.address, id, before + 2)).status).toBe('running');
  three.child.kill('SIGTERM');
  expect(await three.exit).toBe(0);
});

test('the page shows the jobs', async () => {
  const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  const executablePath = process.env['CHROME_PATH'] ?? browsers.find(existsSync);
  if (!executablePath) return console.log('skipped: there is no Chromium (CHROME_PATH names one)');
  const app = await started();
  const browser = await puppeteer.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const tab = await browser.newPage();
    const errors: unknown[] = [];
    tab.on('pageerror', (e) => errors.push(e)).on('requestfailed', (r) => errors.push(r.url()));
    await tab.goto(app);
    await tab.waitForFunction("document.getElementById('note').textContent === 'No jobs yet'");
    await until(app, await add(app, small), over);
    await add(app, long);
    const shown = "document.querySelector('tbody').innerText";
    await tab.waitForFunction(`/done/.test(${shown}) && /running/.test(${shown})`);
    expect(await tab.evaluate(shown)).toMatch(
      /running\s+\d+ of 10000.*Cancel[^]*done\s+5 of 5\s+0\.\d+\s+\d+\.\d %\s+Weights/,
    );
    await tab.click('button');
    await tab.waitForFunction(`/cancelled/.test(${shown})`);
    expect(errors).toEqual([]);
  } finally {
    await browser.close();
  }
});
