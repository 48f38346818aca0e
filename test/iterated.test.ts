/** @file Loaders of examples that come one after the other: generators, streams, without end. */
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { setTimeout as sleep } from 'node:timers/promises';
import * as ng from '../lib';
import { data, nn } from '../lib';
import { caught, codeOf } from './caught';

type Pair = [number[], number];
const example = (i: number): Pair => [[i, -i], i % 2];
const numbersOf = async (loader: AsyncIterable<[ng.Tensor, ng.Tensor]>): Promise<number[][]> => {
  const out: number[][] = [];
  for await (const [x] of loader) out.push((x.arraySync() as number[][]).map((r) => r[0]!));
  return out;
};
const failure = async (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => 'nothing was thrown',
    (e: ng.NodegradError) => `${e.code} ${e.message}`,
  );

test('a generator function begins anew for each pass; the last batch is smaller, or left out', async () => {
  const five = async function* (): AsyncGenerator<Pair> {
    for (let i = 0; i < 5; i++) yield example(i);
  };
  const loader = new data.DataLoader(five, { batchSize: 2 });
  expect(await numbersOf(loader)).toEqual([[0, 1], [2, 3], [4]]); // prettier-ignore
  expect(await numbersOf(loader)).toEqual([[0, 1], [2, 3], [4]]); // prettier-ignore
  expect(await numbersOf(new data.DataLoader(five, { batchSize: 2, dropLast: true }))).toEqual([[0, 1], [2, 3]]); // prettier-ignore
  for await (const [x, y] of loader) {
    expect([x.shape, y.shape]).toEqual([[2, 2], [2]]); // prettier-ignore
    break;
  }
  const changed = new data.DataLoader(five, {
    batchSize: 5,
    collate: (list: Pair[]) => list.map(([, y]) => y),
    transform: (list: number[]) => Promise.resolve(list.join('')),
  });
  for await (const text of changed) expect(text).toBe('01010');
  expect(caught(() => [...loader])).toMatchObject({ message: expect.stringContaining('use for await') as string });
});

test('synchronous ones go through a plain for too', () => {
  const three = function* (): Generator<Pair> {
    for (let i = 0; i < 3; i++) yield example(i);
  };
  expect([...new data.DataLoader(three, { batchSize: 2 })].map(([x]) => x.shape)).toEqual([[2, 2], [1, 2]]); // prettier-ignore
  expect([...new data.DataLoader(() => [example(1)], { batchSize: 2 })].length).toBe(1);
  expect([...new data.DataLoader(() => [example(1)], null as never)].length).toBe(1);
  const once = new data.DataLoader(three(), { batchSize: 2 });
  expect([...once].length).toBe(2);
  expect(codeOf(() => [...once])).toBe('ERR_ITERATED_TWICE');
});

test('streams: read no further than asked for, closed by break, gone through once', async () => {
  let made = 0;
  const stream = new Readable({
    objectMode: true,
    highWaterMark: 4,
    read() {
      this.push(example(made++));
    },
  });
  const loader = new data.DataLoader<Pair>(stream as AsyncIterable<Pair>, { batchSize: 2 });
  let seen = 0;
  for await (const [x] of loader) {
    expect(x.shape).toEqual([2, 2]);
    await sleep(5);
    // What was given out, and what the stream holds ready.
    expect(made).toBeLessThanOrEqual(2 * (seen + 1) + 6);
    if (++seen === 3) break;
  }
  expect([stream.destroyed, loader.position]).toEqual([true, 0]);
  expect(await failure(numbersOf(loader))).toMatch(
    /^ERR_ITERATED_TWICE \[DataLoader\] .* can be gone through once, and was/,
  );

  let cancelled = false;
  let pulled = 0;
  const web = new ReadableStream<Pair>(
    {
      pull: (c) => c.enqueue(example(pulled++)),
      cancel: () => void (cancelled = true),
    },
    { highWaterMark: 1 },
  );
  for await (const [x] of new data.DataLoader<Pair>(web as AsyncIterable<Pair>, { batchSize: 3 })) {
    expect(x.arraySync()).toEqual([0, 1, 2].map((i) => [i, -i]));
    break;
  }
  expect(cancelled).toBe(true);
  expect(pulled).toBeLessThanOrEqual(5);

  let closed = false;

  const endless = async function* (): AsyncGenerator<Pair> {
    try {
      for (let i = 0; ; i++) yield example(i);
    } finally {
      closed = true;
    }
  };
  for await (const b of new data.DataLoader(endless, { batchSize: 4 })) if (b) break;
  expect(closed).toBe(true);
  const ended = Readable.from([example(0), example(1), example(2)]);
  expect(await numbersOf(new data.DataLoader<Pair>(ended as AsyncIterable<Pair>, { batchSize: 2 }))).toEqual([
    [0, 1],
    [2],
  ]);
});

test('what the source throws comes out, also in the middle', async () => {
  const broken = async function* (): AsyncGenerator<Pair> {
    yield example(0);
    yield example(1);
    throw new Error('the line is dead');
  };
  const loader = new data.DataLoader(broken, { batchSize: 2 });
  const got: unknown[] = [];
  await expect(
    (async () => {
      for await (const [x] of loader) got.push(x.shape);
    })(),
  ).rejects.toThrow('the line is dead');
  expect([got, loader.position]).toEqual([[[2, 2]], 0]);
});

test('shuffleBuffer mixes: all are there, no further ahead than the buffer, by the seed', async () => {
  const hundred = function* (): Generator<Pair> {
    for (let i = 0; i < 100; i++) yield example(i);
  };
  const run = async (seed: number): Promise<number[]> =>
    (await numbersOf(new data.DataLoader(hundred, { batchSize: 8, shuffleBuffer: 10, seed }))).flat();
  const [a, b, c] = [await run(1), await run(1), await run(2)];
  expect([...a].sort((x, y) => x - y)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect([b, c.join()]).toEqual([a, expect.not.stringMatching(a.join())]);
  a.forEach((v, at) => expect(v).toBeLessThanOrEqual(at + 10));
  expect(a.slice(0, 20)).not.toEqual([...a.slice(0, 20)].sort((x, y) => x - y));
});

test('fit on an endless loader, so many steps an epoch', async () => {
  let passes = 0;
  let examples = 0;
  let closed = 0;

  const endless = async function* (): AsyncGenerator<[number[], number]> {
    passes++;
    try {
      for (;;) {
        const x = examples++ % 7;
        yield [[x / 7], x > 3 ? 1 : 0];
      }
    } finally {
      closed++;
    }
  };
  const model = ng.sequential([new nn.Linear(1, 2)]);
  model.compile({ optimizer: { name: 'sgd', lr: 0.1 }, loss: 'crossEntropy' });
  const loader = new data.DataLoader(endless, {
    batchSize: 4,
    transform: ([x, y]) => [x, y.to('int32')] as [ng.Tensor, ng.Tensor],
  });
  const { history, epoch } = await model.fit(loader, { epochs: 3, stepsPerEpoch: 5, verbose: 0 });
  expect([epoch, history.loss!.length, passes, closed]).toEqual([[0, 1, 2], 3, 1, 1]);
  // Three epochs of five steps, in one pass.
  expect(examples).toBeLessThanOrEqual(4 * 15 + 4);
  expect(history.loss![2]!).toBeLessThan(history.loss![0]!);
});

test('lengths, orders and states that cannot be', async () => {
  const one = function* (): Generator<Pair> {
    yield example(1);
    yield example(2);
  };
  const loader = new data.DataLoader(one);
  expect([codeOf(() => loader.length), loader.isIterable]).toEqual(['ERR_NO_LENGTH', true]);
  for (const options of [{ shuffle: true }, { sampler: [0] }, { batchSampler: [[0]] }])
    expect(caught(() => new data.DataLoader(one, options))).toMatchObject({
      code: 'ERR_INVALID_ARG',
      message: expect.stringContaining('cannot be chosen by number') as string,
    });
  expect(codeOf(() => new data.DataLoader(new data.TensorDataset(ng.ones([2])), { shuffleBuffer: 3 }))).toBe('ERR_INVALID_ARG'); // prettier-ignore
  expect(codeOf(() => new data.DataLoader(one, { shuffleBuffer: 0 }))).toBe('ERR_INVALID_ARG');
  expect(await failure(numbersOf(new data.DataLoader((() => 3) as never)))).toMatch(
    /^ERR_INVALID_ARG \[DataLoader\] the function must return what can be looped over, got number 3/,
  );
  for (const bad of [[example(1)], 'text', new Map(), new Set([1]), {}])
    expect(codeOf(() => new data.DataLoader(bad as never))).toBe('ERR_INVALID_ARG');
  const between = loader.stateDict();
  for await (const b of loader) if (b) expect(codeOf(() => loader.stateDict())).toBe('ERR_STATE_DICT');
  loader.loadStateDict(between);
});
