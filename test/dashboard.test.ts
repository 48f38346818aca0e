/** @file The page that follows a training: what is served, and that it works in a browser. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import type * as ng from '../lib';
import { callbacks } from '../lib';
import type { RunRecord } from '../lib/train/report/record';
import { browserTests, chartOf, dragOver } from './browser';
import { command, compiled, http, later, listen, runOf, token, training } from './dashboard-cases';
import { temporaryFolder } from './temporary-files';
import { clouds, quiet } from './train-cases';

const folder = temporaryFolder('dashboard');
const { inBrowser, open } = browserTests();

describe('what is served', () => {
  test('the page, with a policy that lets it speak to its server alone', async () => {
    const { url } = await training({ title: '</title><script>' });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const { status, text, headers } = await http(url);
    expect(status).toBe(200);
    expect(text).toContain('&#60;/title&#62;&#60;script&#62;');
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'sha256-.*connect-src 'self'.*frame-ancestors 'none'$/,
    );
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  test('other paths, other methods, other hosts', async () => {
    const { url } = await training();
    const status = async (o: Parameters<typeof http>[1]): Promise<number> => (await http(url, o)).status;
    expect(await status({ path: 'package.json' })).toBe(404);
    expect(await status({ path: 'constructor' })).toBe(404);
    expect(await status({ path: '..%2f..%2fetc/passwd' })).toBe(404);
    const post = await http(url, { method: 'POST' });
    expect([post.status, post.headers['allow']]).toEqual([405, 'GET']);
    expect(await status({ path: 'control' })).toBe(405);
    expect(await status({ path: 'control', method: 'OPTIONS' })).toBe(405);
    for (const host of ['evil.example', 'evil.example:6007', '127.0.0.1.evil.example', 'a:b:c'])
      expect([host, await status({ headers: { host } })]).toEqual([host, 421]);
    for (const host of ['127.0.0.1', 'localhost:6007', 'LOCALHOST', '[::1]:1'])
      expect([host, await status({ headers: { host } })]).toEqual([host, 200]);
  });

  test('all that is known at once, then what is new, then the end', async () => {
    const { url, slow, done } = await training({ classes: ['a', 'b', 'c'] });
    const first = await runOf(url);
    expect(first).toMatchObject({ status: 'running', title: 'Sequential', plannedEpochs: 1e6 });
    const stop = (runs: Map<string, RunRecord>): void => {
      if (([...runs.values()][0]?.epochs.length ?? 0) >= 4) slow.trainer.stopTraining = true;
    };
    const runs = await listen(url, (all, ended) => (stop(all), ended));
    const { epoch, history } = await done;
    const run = [...runs.values()][0]!;
    // Every epoch and step, once.
    expect(run.status).toBe('stopped');
    expect(run.epochs.map((e) => e.epoch)).toEqual(epoch);
    expect(run.epochs.map((e) => e.logs['loss'])).toEqual(history['loss']);
    expect(run.steps.at).toEqual(Array.from({ length: run.steps.count }, (_, i) => i + 1));
    expect(run.seen).toMatchObject({ examples: 10, classes: ['a', 'b', 'c'] });
    expect(run.model).toContain('Total params');
  });

  test('a server is closed when the training is over, and nothing keeps the process alive', async () => {
    const { url, slow, done, dashboard } = await training();
    const reader = listen(url, (_, ended) => ended);
    // A connection that asks for nothing, as browsers open them.
    const idle = connect(Number(new URL(url).port), '127.0.0.1');
    idle.on('error', () => {});
    const gone = new Promise((resolve) => idle.on('close', resolve));
    await new Promise((resolve) => idle.on('connect', resolve));
    slow.trainer.stopTraining = true;
    await done;
    await Promise.all([reader, gone]);
    expect(dashboard.url).toBeUndefined();
    await expect(http(url)).rejects.toThrow('ECONNREFUSED');
    const program = `
      const ng = require(${JSON.stringify(join(__dirname, '../lib'))});
      const model = ng.sequential([new ng.nn.Dense(1, { inputShape: [1] })]).compile({ loss: 'mse' });
      const x = ng.ones([4, 1]);
      const dashboard = new ng.callbacks.Dashboard({ port: 0 });
      model.fit(x, x, { verbose: 2, callbacks: [dashboard] }).then(() => console.log('over'));`;
    const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', program], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^Dashboard: http:\/\/127\.0\.0\.1:\d+\/\n[^]*over\n$/);
    expect(status).toBe(0);
  });

  test('kept open it is there afterwards, and lists all fits of one dashboard', async () => {
    const dashboard = new callbacks.Dashboard({ port: 0, keepOpen: true });
    const fit = (): Promise<ng.History> =>
      compiled().fit(...clouds(16), { ...quiet, epochs: 2, callbacks: [dashboard] });
    await fit();
    const url = dashboard.url!;
    await fit();
    expect(dashboard.url).toBe(url);
    const runs = [...(await listen(url, (all) => all.size === 2)).values()];
    expect(runs.map((r) => [r.status, r.epochs.length])).toEqual([
      ['ended', 2],
      ['ended', 2],
    ]);
    await dashboard.close();
    await dashboard.close();
    await expect(http(url)).rejects.toThrow('ECONNREFUSED');
  });

  test('a port that another program has: fit rejects at once, and the callback can be used again', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const dashboard = new callbacks.Dashboard({ port });
    const model = compiled();
    const fit = (): Promise<ng.History> => model.fit(...clouds(8), { ...quiet, callbacks: [dashboard] });
    const error = await fit().catch((e: unknown) => e as ng.NodegradError);
    expect(error).toMatchObject({
      code: 'ERR_PORT_IN_USE',
      message: `[Dashboard] port ${port} of 127.0.0.1 is in use; give another one, or 0 for any that is free`,
    });
    await new Promise((resolve) => other.close(resolve));
    expect((await fit()).epoch).toEqual([0]);
    const nowhere = new callbacks.Dashboard({ port: 0, host: '192.0.2.1' });
    await expect(nowhere.start()).rejects.toMatchObject({ code: 'ERR_LISTEN' });
  });

  test('dashboards with one port share a server until the last is over', async () => {
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const one = await training({ port, title: 'one' });
    const two = await training({ port, title: 'two', token: 'another secret' });
    expect(two.url).toBe(one.url);
    const titles = async (): Promise<string[]> =>
      [...(await listen(one.url, (runs) => runs.size === 2)).values()].map((r) => `${r.title} ${r.status}`);
    expect(await titles()).toEqual(['one running', 'two running']);
    // Each has a token of its own.
    const second = [...(await listen(one.url, (runs) => runs.size === 2)).values()][1]!;
    expect((await command(one.url, { run: second.id, action: 'pause' })).status).toBe(403);
    one.slow.trainer.stopTraining = true;
    await one.done;
    expect(await titles()).toEqual(['one stopped', 'two running']);
    two.slow.trainer.stopTraining = true;
    await two.done;
    await expect(http(one.url)).rejects.toThrow('ECONNREFUSED');
  });

  test('runs of a folder: kept, listed, and what is none is left out', async () => {
    const dir = join(folder.dir, 'runs');
    const fit = (title: string): Promise<ng.History> => {
      const list = [new callbacks.Dashboard({ port: 0, dir, title })];
      return compiled().fit(...clouds(16), { ...quiet, epochs: 3, callbacks: list });
    };
    await fit('first');
    const [name] = readdirSync(dir) as [string];
    expect(readdirSync(dir)).toHaveLength(1);
    const saved = JSON.parse(readFileSync(join(dir, name), 'utf8')) as RunRecord;
    expect(saved).toMatchObject({ title: 'first', status: 'ended', steps: { count: 3 } });
    writeFileSync(join(dir, 'run-1.json'), '{"format": 1}');
    writeFileSync(join(dir, 'run-2.json'), 'half a fi');
    writeFileSync(join(dir, 'run-3.json'), JSON.stringify({ ...saved, id: '3', status: 'running' }));
    mkdirSync(join(dir, 'run-4.json'));
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { url } = await training({ dir, title: 'second' });
    const runs = [...(await listen(url, (all) => all.size === 3)).values()];
    expect(runs.map((r) => `${r.title} ${r.status}`)).toEqual(['first ended', 'first failed', 'second running']);
    expect(runs[0]).toEqual(saved);
    const said = warned.mock.calls.map(([w]) => String(w));
    warned.mockRestore();
    expect(said).toEqual([1, 2].map((n) => `[Dashboard] ${join(dir, `run-${n}.json`)} is no run, and is left out`));
  });

  test('what it remembers is part of backups', async () => {
    const dir = join(folder.dir, 'backup');
    const run = async (ends: boolean): Promise<ng.callbacks.Dashboard> => {
      const dashboard = new callbacks.Dashboard({ port: 0 });
      const fails = new callbacks.Lambda({
        onEpochBegin: (epoch) => {
          if (ends && epoch === 2) throw new Error('the power failed');
        },
      });
      const list = [dashboard, new callbacks.BackupAndRestore(dir), fails];
      const fit = compiled().fit(...clouds(16), { ...quiet, epochs: 4, callbacks: list });
      if (ends) await expect(fit).rejects.toThrow('the power failed');
      else await fit;
      return dashboard;
    };
    await run(true);
    const { epochs, steps } = (await run(false)).stateDict();
    expect(epochs.map((e) => e.epoch)).toEqual([0, 1, 2, 3]);
    expect(steps.at).toEqual([1, 2, 3, 4]);
  });
});

describe('in a browser', () => {
  inBrowser('it opens, goes on while training, keeps a zoom, and survives a reload', async () => {
    const { url } = await training();
    const { page, problems } = await open(url);
    const points = async (): Promise<number> => (await chartOf(page, 'step:loss')).points;
    const drawn = (): Promise<unknown> => page.waitForSelector('[data-chart="step:loss"] canvas');
    await drawn();
    const before = await points();
    await page.waitForFunction(
      `document.querySelector('[data-chart="step:loss"]').plot.data[0].length > ${before + 50}`,
    );
    expect((await chartOf(page, 'step:loss')).coloured).toBeGreaterThan(100);
    await dragOver(page, 'step:loss');
    const zoomed = await chartOf(page, 'step:loss');
    await page.waitForFunction(
      `document.querySelector('[data-chart="step:loss"]').plot.data[0].length > ${zoomed.points + 50}`,
    );
    const after = await chartOf(page, 'step:loss');
    expect([after.min, after.max]).toEqual([zoomed.min, zoomed.max]);
    expect(after.max).toBeLessThan(zoomed.points);
    await page.reload();
    await drawn();
    expect(await points()).toBeGreaterThanOrEqual(after.points);
    expect(await page.$eval('#status', (e) => e.textContent)).toMatch(/^running, \d+ of 1000000 epochs, [\d,]+ steps$/);
    expect(await page.$('#confusion td')).not.toBeNull();
    expect(problems).toEqual([]);
    await page.close();
  });

  inBrowser('its controls work, with the token of the address', async () => {
    const { url, slow, model, done } = await training({}, {});
    const { page, problems } = await open(`${url}#token=${encodeURIComponent(token)}`);
    await page.waitForSelector('#controls:not([hidden])');
    expect(page.url()).toBe(url);
    const says = (text: string): Promise<unknown> =>
      page.waitForFunction(
        (t) =>
          (globalThis as never as { document: { querySelector(s: string): { textContent: string } } }).document
            .querySelector('#answer')
            .textContent.includes(t),
        {},
        text,
      );
    await page.click('#pause');
    await says('Paused');
    await page.waitForFunction(`document.querySelector('#status').textContent.startsWith('paused')`);
    const { steps } = slow;
    await later(50);
    expect(slow.steps).toBe(steps);
    // The token is there after a reload.
    await page.reload();
    await page.waitForSelector('#controls:not([hidden])');
    await page.type('#rate', '0.125');
    await page.click('#set-rate');
    await says('The learning rate is 0.125');
    expect(model.optimizer.paramGroups[0]!.lr).toBe(0.125);
    await page.click('#resume');
    await says('Resumed');
    await slow.goesOn();
    await page.click('#stop');
    await done;
    await page.waitForFunction(`document.querySelector('#connection').textContent.includes('closed')`);
    await page.waitForFunction(`document.querySelector('#status').textContent.startsWith('stopped')`);
    expect(await page.$eval('#interventions', (e) => e.textContent)).toContain('learning rate 0.125');
    expect(problems).toEqual([]);
    await page.close();
  });

  inBrowser('runs stand side by side, and what they are called stays text', async () => {
    const nasty = '<img src=x onerror="window.hit = 1">';
    const dir = join(folder.dir, 'side');
    const list = [new callbacks.Dashboard({ port: 0, dir, title: nasty })];
    await compiled().fit(...clouds(16), { ...quiet, epochs: 3, callbacks: list });
    const { url } = await training({ dir, title: 'second', classes: [nasty] });
    const { page, problems } = await open(url);
    await page.waitForFunction(`document.querySelectorAll('#runs li').length === 2`);
    expect(await page.$$eval('#runs button', (all) => all.map((b) => b.textContent))).toEqual([nasty, 'second']);
    await page.waitForFunction(`document.querySelector('[data-chart="epoch:loss"] .u-legend')`);
    expect((await chartOf(page, 'epoch:loss')).labels).toEqual(['epoch', 'loss', 'valLoss']);
    await page.click('#runs li:nth-child(1) input');
    await page.waitForFunction(`document.querySelectorAll('[data-chart="epoch:loss"] .u-legend tr').length === 4`);
    expect((await chartOf(page, 'epoch:loss')).labels).toEqual([
      'epoch',
      `${nasty} loss`,
      'second loss',
      'second valLoss',
    ]);
    // One is left out, and the other is looked at.
    await page.click('#runs li:nth-child(2) input');
    await page.waitForFunction(`document.querySelectorAll('[data-chart="epoch:loss"] .u-legend tr').length === 2`);
    await page.click('#runs li:nth-child(1) button');
    await page.waitForFunction(`document.querySelector('#status').textContent.startsWith('ended, 3 of 3')`);
    expect(await page.evaluate('window.hit')).toBeUndefined();
    expect(problems).toEqual([]);
    await page.close();
  });
});
