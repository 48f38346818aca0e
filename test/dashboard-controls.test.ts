/** @file Who may do what to a training from outside. */
import { callbacks } from '../lib';
import { command, http, later, runOf, token, training } from './dashboard-cases';

test('pause holds the training between two steps, and nothing else', async () => {
  const { url, slow } = await training();
  const { id } = await runOf(url);
  expect(await command(url, { run: id, action: 'pause' })).toMatchObject({
    status: 200,
    text: 'Paused after the current step.',
  });
  const { steps } = slow;
  await later(60);
  expect(slow.steps).toBe(steps);
  expect(await runOf(url)).toMatchObject({ status: 'paused', interventions: [{ what: 'paused' }] });
  expect((await command(url, { run: id, action: 'pause' })).text).toBe('It is paused.');
  expect((await command(url, { run: id, action: 'resume' })).status).toBe(200);
  await slow.goesOn();
  expect((await runOf(url)).status).toBe('running');
  expect((await command(url, { run: id, action: 'resume' })).text).toBe('It is running.');
});

test('stop, also while paused; afterwards the run is over', async () => {
  const { url, done, dashboard } = await training({ keepOpen: true });
  const { id } = await runOf(url);
  await command(url, { run: id, action: 'pause' });
  expect((await command(url, { run: id, action: 'stop' })).status).toBe(200);
  expect(await done).toMatchObject({ aborted: false });
  expect((await runOf(url)).status).toBe('stopped');
  expect(await command(url, { run: id, action: 'pause' })).toMatchObject({ status: 409, text: 'This run is over.' });
  await dashboard.close();
});

test('a learning rate, for all groups of parameters', async () => {
  const { url, model } = await training();
  const { id } = await runOf(url);
  expect(await command(url, { run: id, action: 'learningRate', value: 0.25 })).toMatchObject({ status: 200 });
  expect(model.optimizer.paramGroups.map((g) => g.lr)).toEqual([0.25]);
  for (const value of [-1, '0.1', null, undefined, Infinity]) {
    const { status, text } = await command(url, { run: id, action: 'learningRate', value });
    expect([value, status, text]).toEqual([value, 400, expect.stringContaining('must be a number of at least 0')]);
  }
  expect(model.optimizer.paramGroups[0]!.lr).toBe(0.25);
  expect((await runOf(url)).interventions.map((i) => i.what)).toEqual(['learning rate 0.25']);
});

test('an abort ends a pause', async () => {
  const abort = new AbortController();
  const { url, done } = await training({}, { signal: abort.signal });
  await command(url, { run: (await runOf(url)).id, action: 'pause' });
  abort.abort();
  expect(await done).toMatchObject({ aborted: true });
});

test('not without the token, nor for others', async () => {
  const { url, slow } = await training();
  const run = (await runOf(url)).id;
  const pause = { run, action: 'pause' };
  const status = async (headers: Record<string, string>, body: object = pause): Promise<number> =>
    (await command(url, body, headers)).status;
  expect(await status({ authorization: '' })).toBe(403);
  expect(await status({ authorization: 'Bearer ' })).toBe(403);
  expect(await status({ authorization: 'Bearer open sesame!' })).toBe(403);
  expect(await status({ authorization: `Basic ${token}` })).toBe(403);
  // What forms of other pages can send.
  expect(await status({ 'content-type': 'text/plain' })).toBe(415);
  expect(await status({ 'content-type': 'application/x-www-form-urlencoded' })).toBe(415);
  expect(await status({ origin: 'http://evil.example' })).toBe(403);
  expect(await status({ origin: 'null' })).toBe(403);
  expect(await status({ host: 'evil.example' })).toBe(421);
  expect(await status({}, { run: 'another', action: 'pause' })).toBe(403);
  expect(await status({}, { run, action: 'explode' })).toBe(400);
  expect(await status({}, { run })).toBe(400);
  expect(await status({}, { ...pause, more: 'x'.repeat(5000) })).toBe(413);
  const bad = { path: 'control', method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' };
  expect((await http(url, bad)).status).toBe(400);
  expect((await http(url, { ...bad, body: 'null' })).status).toBe(400);
  await slow.goesOn();
  // Nothing of it was taken for the right one.
  expect(await status({ origin: url.slice(0, -1) })).toBe(200);
});

test('without a token there are none', async () => {
  const { url } = await training({ token: undefined });
  expect((await http(url)).text).not.toContain('id="controls"');
  const answer = await command(url, { run: (await runOf(url)).id, action: 'stop' });
  expect(answer).toMatchObject({ status: 403, text: 'This run has no controls.' });
  expect((await http((await training()).url)).text).toContain('id="controls"');
});

test('what it does not take', () => {
  const make = (options: object) => () => new callbacks.Dashboard(options);
  expect(make({ port: 70000 })).toThrow('[Dashboard] port must be an integer of at least 0 and of at most 65535');
  // Without the token.
  expect(make({ token: 'short' })).toThrow(/^\[Dashboard\] token must be a string of at least 8 characters$/);
  expect(make({ prot: 1 })).toThrow('[Dashboard] has no option "prot"');
});

test('closing the dashboard ends a pause: nobody else could', async () => {
  const { url, slow, dashboard } = await training();
  await command(url, { run: (await runOf(url)).id, action: 'pause' });
  await dashboard.close();
  await slow.goesOn();
});
