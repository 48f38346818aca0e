/** @file `ng.progress`: the line on a terminal, and silence elsewhere. */
import * as ng from '../lib';
import { data } from '../lib';
import { caught } from './caught';

interface Terminal extends ng.ProgressStream {
  text: string;
}
const terminal = (o: Partial<ng.ProgressStream> = { isTTY: true }): Terminal => ({
  text: '',
  write(text: string) {
    this.text += text;
  },
  ...o,
});
const before = { ...process.env };
beforeEach(() => {
  process.env['NO_COLOR'] = '1';
  process.env['TERM'] = 'xterm';
});
afterEach(() => {
  process.env = { ...before };
});
const busy = (ms: number): void => {
  for (const end = performance.now() + ms; performance.now() < end;);
};
// What was written over and over, without what clears the rest of the line.
const lines = (t: Terminal): string[] => t.text.replaceAll('\x1b[K', '').split('\r').slice(1);

test('values pass through, in both kinds of loops', async () => {
  const stream = terminal();
  expect([...ng.progress([3, 1, 2], { stream })]).toEqual([3, 1, 2]);
  const seen: number[] = [];
  for await (const v of ng.progress(new Set([3, 1, 2]), { stream })) seen.push(v);
  async function* later(): AsyncGenerator<number> {
    yield 7;
  }
  for await (const v of ng.progress(later(), { stream })) seen.push(v);
  expect(seen).toEqual([3, 1, 2, 7]);
  expect(caught(() => [...ng.progress(later(), { stream })])).toMatchObject({ code: 'ERR_INVALID_ARG' });
  // A loader of examples that nobody has counted.
  for await (const v of ng.progress(new data.DataLoader(later), { stream })) seen.push(v.itemSync() as number);
  expect(seen.at(-1)).toBe(7);
});

test('on a terminal: share, count, rate and time left; then the time it took', () => {
  const stream = terminal();
  for (const ms of ng.progress([110, 110, 110, 110], { stream, label: 'epoch 1' })) busy(ms);
  const all = lines(stream);
  expect(all[0]).toBe(`epoch 1 ${'░'.repeat(24)}   0 % 0/4`);
  expect(all[2]).toMatch(/^epoch 1 █{12}░{12} {2}50 % 2\/4, [\d.]+\/s, 0\.\d s left$/);
  expect(all.at(-1)).toMatch(/^epoch 1 █{24} 100 % 4\/4, [\d.]+\/s, in [\d.]+ s\n$/);
});

test('a loop that is left, or throws, ends its line', () => {
  const stream = terminal();
  for (const v of ng.progress([1, 2, 3], { stream })) if (v === 2) break;
  expect(lines(stream).at(-1)).toMatch(/ {2}33 % 1\/3, .*\n$/);
  const failing = terminal();
  const fail = (): void => {
    for (const v of ng.progress([1], { stream: failing })) throw new RangeError(String(v));
  };
  expect(fail).toThrow(RangeError);
  expect(failing.text).toMatch(/\n$/);
});

test('without a number of turns there is no bar', () => {
  const stream = terminal();
  const endless = { *[Symbol.iterator]() { yield 1; } }; // prettier-ignore
  expect([...ng.progress(endless, { stream })].length).toBe(1);
  expect(lines(stream)[0]).toBe('0');
  expect([...ng.progress(endless, { stream, total: 4 })].length).toBe(1);
  expect(stream.text).toContain(' 25 % 1/4');
});

test('the line fits the terminal', () => {
  const stream = terminal({ isTTY: true, columns: 30 });
  expect([...ng.progress([1], { stream, label: 'a label of some length' })]).toEqual([1]);
  for (const line of lines(stream)) expect(line.trimEnd().length).toBeLessThan(30);
});

test('colours, unless NO_COLOR says no', () => {
  const draw = (): string => {
    const stream = terminal();
    expect([...ng.progress([1], { stream })]).toEqual([1]);
    return stream.text;
  };
  expect(draw()).not.toContain('\x1b[32m');
  process.env['NO_COLOR'] = '';
  expect(draw()).toContain('\x1b[32m');
});

test('elsewhere silent, unless asked: plain lines then', () => {
  for (const stream of [terminal({}), terminal({ isTTY: false })]) {
    expect([...ng.progress([1, 2], { stream })]).toEqual([1, 2]);
    expect(stream.text).toBe('');
    expect([...ng.progress([1, 2], { stream, show: true })]).toEqual([1, 2]);
    expect(stream.text).toMatch(/^100 % 2\/2, [\d,.]+\/s, in 0\.0 s\n$/);
  }
  const hidden = terminal();
  expect([...ng.progress([1], { stream: hidden, show: false })]).toEqual([1]);
  expect(hidden.text).toBe('');
  process.env['TERM'] = 'dumb';
  const dumb = terminal();
  expect([...ng.progress([1], { stream: dumb })]).toEqual([1]);
  expect(dumb.text).not.toContain('\r');
});

test('a loader that goes on within an epoch starts there', async () => {
  const make = () => new data.DataLoader(new data.TensorDataset(ng.arange(10)), { batchSize: 2 });
  const first = make();
  let state = first.stateDict();
  for (const b of first) if (b && first.position === 3) state = first.stateDict();
  const loader = make();
  loader.loadStateDict(state);
  const stream = terminal();
  let batches = 0;
  for await (const b of ng.progress(loader, { stream })) batches += Number(Boolean(b));
  expect(batches).toBe(2);
  expect(lines(stream)[0]).toContain(' 60 % 3/5');
  expect(stream.text).toContain('5/5');
});

test('what is wrong is said', () => {
  for (const wrong of [
    () => ng.progress(3 as never),
    () => ng.progress([], { total: -1 }),
    () => ng.progress([], { stream: {} as never }),
    () => ng.progress([], { colour: 1 } as never),
  ])
    // prettier-ignore
    expect(caught(wrong)).toMatchObject({ code: 'ERR_INVALID_ARG' });
});
