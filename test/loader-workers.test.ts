/** @file Batches from worker threads: the same whatever their number, and what goes wrong in them. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as ng from '../lib';
import { data, nn } from '../lib';
import { codeOf } from './caught';

const moduleAt = (name: string): string => join(__dirname, '..', '..', 'test', 'modules', name);

/** A batch of test/modules/squares.mjs. */
interface Example {
  x: ng.Tensor;
  noise: ng.Tensor;
  name: string[];
}
const squares = (settings: object): Promise<data.ModuleDataset<Example, unknown>> =>
  data.fromModule<Example>(moduleAt('squares.mjs'), settings);

const open: { close(): Promise<void> }[] = [];
afterAll(() => Promise.all(open.map((l) => l.close())));

function loader<T, B, R>(set: data.Dataset<T, B>, options: data.DataLoaderOptions<T, B, R>): data.DataLoader<T, B, R> {
  const l = new data.DataLoader(set, options);
  open.push(l);
  return l;
}

async function seen(l: AsyncIterable<unknown>): Promise<unknown[]> {
  const out: unknown[] = [];
  for await (const batch of l) {
    const { x, noise, name } = batch as Example;
    out.push([await x.array(), await noise.array(), name]);
  }
  return out;
}

test('batches, their order and their random numbers do not depend on the number of workers', async () => {
  const set = await squares({ length: 23 });
  expect(set.length).toBe(23);
  const runs: unknown[] = [];
  for (const workers of [1, 2, 3]) {
    const l = loader(set, { batchSize: 4, shuffle: true, seed: 5, workers, prefetch: workers * 3 });
    runs.push([await seen(l), await seen(l)]);
  }
  expect(runs[1]).toEqual(runs[0]);
  expect(runs[2]).toEqual(runs[0]);
  const [first, second] = runs[0] as unknown[][][];
  expect(first).toHaveLength(6);
  expect(second).not.toEqual(first);
  const numbers = (first as [number[][], number[][], string[]][]).flatMap((b) => b[1].flat());
  expect(new Set(numbers).size).toBe(23);
  // Without workers the same examples in the same order.
  const plain = (await seen(loader(set, { batchSize: 4, shuffle: true, seed: 5 }))) as unknown[][];
  expect(plain.map((b) => [b[0], b[2]])).toEqual((first as unknown[][]).map((b) => [b[0], b[2]]));
});

const shown = (v: unknown): unknown =>
  v instanceof ng.Tensor ? [v.dtype, v.arraySync()] : Array.isArray(v) ? v.map(shown) : v;

test('datasets of tensors, parts of them, several of them', async () => {
  const x = ng.arange(20).reshape([10, 2]).to('float32');
  const y = ng.arange(10).to('int64');
  const set = new data.TensorDataset(x, y);
  const both = new data.ConcatDataset([new data.Subset(set, [9, 3, 5]), set]);
  const side = new data.StackDataset(set, new data.Subset(set, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  for (const d of [set, both, side] as data.Dataset<unknown, unknown>[]) {
    const lists = [];
    for (const workers of [0, 2]) {
      const batches = [];
      for await (const b of loader(d, { batchSize: 4, workers, shuffle: true, seed: 1 })) batches.push(shown(b));
      lists.push(batches);
    }
    expect(lists[1]).toEqual(lists[0]);
  }
});

test('a CommonJS module, an async function, whole batches, typed arrays, a transform', async () => {
  const set = await data.fromModule<unknown, [ng.Tensor, { half: Float32Array }]>(moduleAt('batches.cjs'), 10);
  const got: number[][] = [];
  for await (const [a, b] of loader(set, {
    batchSize: 5,
    workers: 2,
    transform: ([p, { half }]) => [p.to('float32'), half] as const,
  }))
    got.push([...((await a.array()) as number[]), ...b]);
  expect(got).toEqual([
    [0, 1, 2, 3, 4, 0, 0.5, 1, 1.5, 2],
    [5, 6, 7, 8, 9, 2.5, 3, 3.5, 4, 4.5],
  ]);
});

test('an error has the example, the worker and its stack; the loader can be used again', async () => {
  const l = loader(await squares({ length: 12, bad: 7 }), { batchSize: 3, workers: 2 });
  const before: unknown[] = [];
  const run = async (): Promise<void> => {
    for await (const b of l) before.push(b);
  };
  const e = await run().then(
    () => undefined,
    (reason: Error & { code: string }) => reason,
  );
  expect(before).toHaveLength(2);
  expect(e!.code).toBe('ERR_WORKER');
  expect(e!.message).toBe('[DataLoader] example 7, in worker 0: no example 7');
  expect((e!.cause as Error).stack).toContain('squares.mjs');
  await expect(run()).rejects.toThrow('example 7');
  const whole = loader(await data.fromModule(moduleAt('batches.cjs'), 6, 4), { batchSize: 3, workers: 1 });
  const all = async (): Promise<void> => {
    for await (const b of whole) void b;
  };
  await expect(all()).rejects.toThrow('one of the examples 3, 4, 5, in worker 0: broken batch');
});

test('a worker that ends is an error, not a hang', async () => {
  // The other worker is late with the batch before, and loses nothing by it.
  const l = loader(await squares({ length: 8, exits: 5, late: 3 }), { batchSize: 2, workers: 2 });
  const ended = { code: 'ERR_WORKER', message: expect.stringContaining('exit code 7') as string };
  await expect(seen(l)).rejects.toMatchObject(ended);
  // New threads, which end at the same example.
  const before: unknown[] = [];
  const again = async (): Promise<void> => {
    for await (const b of l) before.push(b);
  };
  await expect(again()).rejects.toMatchObject(ended);
  expect(before).toHaveLength(2);
});

test('no more is made than was asked for, and a loop that is left leaves nothing running', async () => {
  const l = loader(await squares({ length: 400, slow: 1 }), { batchSize: 1, workers: 2, prefetch: 3 });
  for await (const b of l) {
    expect((b as Example).x.shape).toEqual([1, 2]);
    await sleep(30);
    break;
  }
  expect(l.position).toBe(0);
  const next = [];
  for await (const b of l) if (next.push(b) === 3) break;
  expect(next).toHaveLength(3);
  const closing = expect(seen(l)).rejects.toMatchObject({ code: 'ERR_WORKER' });
  await sleep(20);
  await l.close();
  await closing;
});

test('a checkpoint in the middle of an epoch goes on with the same batches, random numbers included', async () => {
  const set = await squares({ length: 20 });
  const make = (): data.DataLoader<Example, unknown> =>
    loader(set, { batchSize: 4, shuffle: true, seed: 3, workers: 2 });
  const whole = await seen(make());
  const l = make();
  let state: data.LoaderState | undefined;
  for await (const b of l) {
    void b;
    if (l.position === 2) {
      state = l.stateDict();
      break;
    }
  }
  const again = make();
  again.loadStateDict(state!);
  expect(await seen(again)).toEqual(whole.slice(2));
});

test('fit takes a loader with workers', async () => {
  const x = ng.randn([64, 3]);
  const set = new data.TensorDataset(x, x.sum(1, { keepdim: true }));
  const model = ng.sequential([new nn.Linear(3, 1)]);
  model.compile({ optimizer: { name: 'adam', lr: 0.05 }, loss: 'mse' });
  const { history } = await model.fit(loader(set, { batchSize: 16, workers: 1, shuffle: true }), {
    epochs: 3,
    verbose: 0,
  });
  expect(history['loss']![2]).toBeLessThan(history['loss']![0]!);
});

test('prefetch without workers: batches are begun ahead, errors come in their place', async () => {
  const begun: number[] = [];
  const set = {
    length: 6,
    get: (i: number): Promise<number> => {
      begun.push(i);
      return i === 4 ? Promise.reject(new Error('four')) : Promise.resolve(i);
    },
  };
  const got: number[] = [];
  const run = async (): Promise<void> => {
    for await (const b of new data.DataLoader(set, { prefetch: 2 })) {
      got.push((b as ng.Tensor).itemSync());
      if (got.length === 1) expect(begun).toEqual([0, 1, 2]);
      await sleep(1);
    }
  };
  await expect(run()).rejects.toThrow('four');
  expect(got).toEqual([0, 1, 2, 3]);
});

test('what is made by kernels or in threads of its own takes workers, which it does not need', async () => {
  const text = await data.text({ text: 'the cat sat on the mat '.repeat(20) });
  const blocks = text.blocks(8);
  const parts = new data.ConcatDataset([blocks, new data.Subset(blocks, [0, 1])]);
  for (const set of [blocks, parts] as data.Dataset<unknown, unknown>[]) {
    const lists = [];
    for (const workers of [0, 2]) {
      const batches = [];
      for await (const b of new data.DataLoader(set, { batchSize: 4, workers, shuffle: true, seed: 1 }))
        batches.push(shown(b));
      lists.push(batches);
    }
    expect(lists[1]).toEqual(lists[0]);
  }
});

test('threads do not keep the process alive', () => {
  const program = `
    const { data } = require(${JSON.stringify(join(__dirname, '..', 'lib'))});
    (async () => {
      const set = await data.fromModule(${JSON.stringify(moduleAt('batches.cjs'))}, 9);
      for await (const b of new data.DataLoader(set, { batchSize: 3, workers: 2 })) console.log(b[0].numel);
    })();`;
  expect(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8', timeout: 30_000 })).toBe('3\n3\n3\n');
});

test('what is refused', async () => {
  const own = { length: 3, get: (i: number) => i };
  expect(codeOf(() => new data.DataLoader(own, { workers: 1 }))).toBe('ERR_INVALID_ARG');
  expect(() => new data.DataLoader(own, { workers: 1 })).toThrow('data.fromModule');
  const set = new data.TensorDataset(ng.ones([3]));
  for (const options of [{ workers: -1 }, { workers: 1.5 }, { prefetch: -1 }, { workers: '2' }, { worker: 2 }])
    expect(codeOf(() => new data.DataLoader(set, options as never))).toBe('ERR_INVALID_ARG');
  expect(codeOf(() => new data.DataLoader(set, { workers: 1, collate: (e) => e as never }))).toBe('ERR_INVALID_ARG');
  expect(codeOf(() => new data.DataLoader((function* () {})() as never, { workers: 1 }))).toBe('ERR_INVALID_ARG');
  const l = loader(set, { workers: 1 });
  expect(codeOf(() => [...l])).toBe('ERR_INVALID_ARG');
  await expect(data.fromModule(moduleAt('nothing.mjs'))).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
  await expect(data.fromModule(moduleAt('missing.mjs'))).rejects.toThrow('missing.mjs');
  await expect(data.fromModule(3 as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
  await expect(data.fromModule(moduleAt('squares.mjs'), () => 1)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
});
