/** @file ng.share: tensors between the threads of a process. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import * as ng from '../lib';
import { nn } from '../lib';
import { assertClose } from '../lib/testing';

const lib = join(__dirname, '..', 'lib', 'index.js');

/** The message with which a worker answers; its code has `ng`, `workerData` and `answer`. */
const inWorker = (code: string, workerData: unknown): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const prelude = `const { parentPort, workerData } = require('node:worker_threads');
      const ng = require(${JSON.stringify(lib)}); const answer = (v) => parentPort.postMessage(v);`;
    const w = new Worker(`${prelude} (async () => { ${code} })();`, { eval: true, workerData });
    w.once('message', resolve);
    w.once('error', reject);
  });

test('a worker trains, and this thread gets its weights', async () => {
  const code = `
    const model = ng.sequential([new ng.nn.Dense(1, { inputShape: [2] })]);
    model.loadStateDict(ng.share.open(workerData));
    model.compile({ optimizer: { name: 'sgd', lr: 0.1 }, loss: 'mse' });
    const x = ng.randn([64, 2]);
    await model.fit(x, x.sum(1, true), { epochs: 40, verbose: 0 });
    answer(await ng.share(model.stateDict()));`;
  const model = ng.sequential([new nn.Dense(1, { inputShape: [2] })]);
  const shared = await ng.share(model.stateDict());
  model.loadStateDict(ng.share.open(await inWorker(code, shared)));
  assertClose((await model.predict([[3, 4]])) as ng.Tensor, [[7]], { rtol: 0, atol: 0.01 });
});

test('all dtypes, views, shapes, at any depth; values are those of the moment', async () => {
  const tied = ng.arange(6).reshape([2, 3]);
  const value = {
    views: [tied.t(), tied.narrow(1, 1, 2)],
    all: (['float64', 'int64', 'uint8', 'bool', 'bfloat16', 'float16'] as const).map((d) => tied.to(d)),
    none: ng.zeros([0, 2]),
    scalar: ng.tensor(4),
    plain: { text: 'x', number: 3, list: new Float32Array([1, 2]), nothing: null },
    again: [tied, tied],
  };
  const sharing = ng.share(value);
  const want = value.views.map((t) => t.arraySync());
  tied.add_(100);
  const shared = structuredClone(await sharing);
  const got = ng.share.open<typeof value>(shared);
  expect(got.views.map((t) => t.arraySync())).toEqual(want);
  expect(got.all.map((t) => t.dtype)).toEqual(value.all.map((t) => t.dtype));
  got.all.forEach((t, i) => assertClose(t, value.all[i]!));
  expect([got.none.shape, got.scalar.itemSync(), got.plain]).toEqual([[0, 2], 4, value.plain]);
  // Nothing is copied on the way, and what was opened is one's own.
  const packed = (v: ng.Shared): { bytes: Uint8Array }[] => (v.value as { again: { bytes: Uint8Array }[] }).again;
  expect(Object.prototype.toString.call(packed(shared)[0]!.bytes.buffer)).toBe('[object SharedArrayBuffer]');
  expect(packed(shared)[0]!.bytes.buffer).toBe(packed(shared)[1]!.bytes.buffer);
  got.again[0]!.add_(1);
  assertClose(ng.share.open<typeof value>(shared).again[0]!, [
    [0, 1, 2],
    [3, 4, 5],
  ]);
});

test('what cannot be shared, or was not, is refused', async () => {
  await expect(ng.share({ f: () => 1 })).rejects.toThrow('[share] tensors, arrays, numbers');
  await expect(ng.share(new nn.Linear(1, 1))).rejects.toThrow('not a Linear');
  const gone = ng.ones([1]);
  gone.dispose();
  await expect(ng.share([gone])).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  for (const v of [undefined, {}, { kind: 'tensor' }]) expect(() => ng.share.open(v)).toThrow('what ng.share gave');
});
