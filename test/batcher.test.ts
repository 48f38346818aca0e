/** @file ng.batcher: examples in batches, each with its own answer or its own error. */
import * as ng from '../lib';
import { nn } from '../lib';

/** Adds a number to what it gets, and remembers the sizes of its batches. */
class Adds extends nn.Module {
  readonly sizes: number[] = [];
  constructor(private readonly n: number) {
    super();
  }
  forward(x: ng.Tensor): ng.Tensor {
    this.sizes.push(x.shape[0]!);
    return x.add(this.n);
  }
}

const open: ng.Batcher<unknown>[] = [];
function batcher<K extends ng.OutputKind = 'tensor'>(
  model: nn.Module,
  options?: ng.BatcherOptions<K>,
): ReturnType<typeof ng.batcher<K>> {
  const made = ng.batcher(model, options);
  open.push(made as ng.Batcher<unknown>);
  return made;
}
afterEach(() => Promise.all(open.splice(0).map((b) => b.close())));

const codes = async (all: Promise<unknown>[]): Promise<unknown[]> =>
  (await Promise.allSettled(all)).map((r) => (r.status === 'fulfilled' ? 'ok' : (r.reason as ng.NodegradError).code));

test('one in, one out: the answer of each example equals that of the model alone', async () => {
  ng.manualSeed(1);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(8, 3));
  const predict = batcher(model, { maxBatchSize: 16 });
  const x = ng.randn([50, 4]);
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => predict(x.select(0, i))));
  model.eval();
  const want = model.forward(x).arraySync<number[][]>();
  expect(answers.map((y) => y.shape)).toEqual(want.map(() => [3]));
  answers.forEach((y, i) => {
    expect(y.requiresGrad).toBe(false);
    y.arraySync<number[]>().forEach((v, k) => expect(v).toBeCloseTo(want[i]![k]!, 5));
  });
  const stats = predict.stats();
  expect(stats).toMatchObject({ requests: 50, batches: 4, meanBatch: 12.5, queued: 0 });
  expect(stats.p50).toBeGreaterThan(0);
  expect(stats.p99).toBeGreaterThanOrEqual(stats.p50);
});

test('arrays, typed arrays, tensors and numbers; answers as tensors, arrays or data', async () => {
  const model = new Adds(1);
  const asArray = batcher(model, { output: 'array' });
  const same = [[1, 2], new Float32Array([1, 2]), new Float64Array([1, 2]), ng.tensor([1, 2])];
  expect(await Promise.all(same.map((x) => asArray(x)))).toEqual(same.map(() => [2, 3]));
  expect(model.sizes).toEqual([4]);
  expect(await batcher(model, { output: 'data' })(new Int32Array([5, 6]))).toEqual(new Int32Array([6, 7]));
  expect(await batcher(model, { output: 'data' })({ data: new Float32Array(4), shape: [2, 2] })).toHaveLength(4);
  expect(await batcher(model, { output: 'array' })(3)).toBe(4);
  expect(await batcher(new nn.Identity(), { output: 'array' })([true, false])).toEqual([true, false]);
  const half = new nn.Linear(2, 1).to('float64');
  expect((await batcher(half)([1, 2])).dtype).toBe('float64');
});

test('an example belongs to the batcher from the call on', async () => {
  const predict = batcher(new Adds(0), { output: 'array' });
  const [typed, t] = [new Float32Array([1]), ng.tensor([2])];
  const answers = [predict(typed), predict(t)];
  typed[0] = 9;
  t.dispose();
  expect(await Promise.all(answers)).toEqual([[1], [2]]);
});

test('several inputs and outputs, in lists and by name', async () => {
  const [a, b] = [ng.input([2], { name: 'a' }), ng.input([3], { name: 'b' })];
  const model = ng.model({ inputs: { a, b }, outputs: { sums: a.sum(1).add(b.sum(1)), twice: a.mul(2) } });
  const predict = batcher(model, { output: 'array', inputShape: { a: [2], b: [3] } });
  const answers = await Promise.all([
    predict({ a: [1, 2], b: [1, 1, 1] }),
    predict({ a: new Float32Array([3, 4]), b: [0, 0, 0] }),
  ]);
  expect(answers).toEqual([
    { sums: 6, twice: [2, 4] },
    { sums: 7, twice: [6, 8] },
  ]);
  const list = batcher(ng.model({ inputs: [a, b], outputs: [a.sum(1), b.sum(1)] }), { output: 'array' });
  expect(await list([new Float32Array([1, 2]), new Float32Array([1, 1, 1])])).toEqual([3, 3]);
  await expect(predict({ a: [1, 2] })).rejects.toThrow(
    '[batcher] an example must be a record of a: [2], b: [3], got a record of a: [2]',
  );
});

test('what does not fit is refused alone, and names the form of the first example', async () => {
  const predict = batcher(new nn.Linear(2, 1));
  await predict([1, 2]);
  const [good, ...bad] = [
    predict([1, 2]),
    predict([1, 2, 3]),
    predict([[1, 2]]),
    predict(new Int32Array([1, 2])),
    predict([1, [2]] as never),
    predict('no' as never),
    predict({ x: [1, 2] }),
    predict([NaN, 'x'] as never),
  ];
  expect(await codes(bad)).toEqual([
    ...['ERR_SHAPE', 'ERR_SHAPE', 'ERR_DTYPE'],
    ...['ERR_INVALID_ARG', 'ERR_INVALID_ARG', 'ERR_SHAPE', 'ERR_INVALID_ARG'],
  ]);
  expect((await good!).shape).toEqual([1]);
  await expect(bad[0]).rejects.toThrow('[batcher] the first example was [2], got [3]');
  await expect(bad[2]).rejects.toThrow('[batcher] the first example was [2] float32, got [2] int32');
});

test('a bad first example spoils nothing: the form is that of the first one that is answered', async () => {
  const predict = batcher(new nn.Linear(2, 1));
  expect(await codes([predict([1, 2, 3]), predict([1, 2]), predict([1, 2, 3]), predict([1, 2])])).toEqual([
    ...['ERR_SHAPE', 'ok', 'ERR_SHAPE', 'ok'],
  ]);
  expect(predict.stats()).toMatchObject({ requests: 2, batches: 1 });
  // A model may take both: what waits and is unlike the first one is refused as what comes later.
  const either = batcher(new nn.Linear(2, 1));
  expect(await codes([either([1, 2]), either([[1, 2]]), either([3, 4])])).toEqual(['ok', 'ERR_SHAPE', 'ok']);
  const fixed = batcher(new nn.Linear(2, 1), { inputShape: [2] });
  await expect(fixed([[1, 2]])).rejects.toThrow('[batcher] an example must be [2], got [1, 2]');
});

test('an error of the model rejects its batch, and the next one is answered', async () => {
  const predict = batcher(new nn.Embedding(4, 2), { maxBatchSize: 2 });
  const ids = (n: number): Int32Array => new Int32Array([n]);
  const all = [predict(ids(0)), predict(ids(9)), predict(ids(1)), predict(ids(2))];
  expect(await codes(all)).toEqual(['ERR_INDEX', 'ERR_INDEX', 'ok', 'ok']);
  class Wrong extends nn.Module {
    forward(x: ng.Tensor): unknown {
      return x.numel === 2 ? x.sum() : 'no tensor';
    }
  }
  await expect(batcher(new Wrong())([1, 2])).rejects.toThrow('[batcher] the model gave [] for 1 examples');
  await expect(batcher(new Wrong())([1])).rejects.toThrow('[batcher] a model gives a tensor, or a list or record of');
});

test('beyond maxQueue it is overloaded, and takes requests again afterwards', async () => {
  const predict = batcher(new Adds(1), { maxQueue: 3, output: 'array' });
  const all = [1, 2, 3, 4, 5].map((x) => predict(x));
  expect(predict.stats().queued).toBe(3);
  expect(await codes(all)).toEqual(['ok', 'ok', 'ok', 'ERR_OVERLOADED', 'ERR_OVERLOADED']);
  expect(await predict(6)).toBe(7);
});

test('a signal ends the wait of its request alone', async () => {
  const model = new Adds(1);
  const predict = batcher(model, { output: 'array' });
  const [early, late] = [new AbortController(), new AbortController()];
  const all = [
    predict(1, { signal: early.signal }),
    predict(2),
    predict(3, { signal: late.signal }),
    predict(4, { signal: AbortSignal.abort() }),
  ];
  early.abort(new Error('the client left'));
  await expect(all[0]).rejects.toThrow('the client left');
  await expect(all[3]).rejects.toThrow('aborted');
  expect(await Promise.all(all.slice(1, 3))).toEqual([3, 4]);
  expect(model.sizes).toEqual([2]);
  late.abort();
  // Without anything left there is no timer either.
  const only = predict(5, { signal: AbortSignal.timeout(1) });
  await expect(only).rejects.toThrow('timeout');
  expect(predict.stats().queued).toBe(0);
});

test('swap: no request is lost, no answer mixes two models', async () => {
  const models = Array.from({ length: 20 }, (_, n) => new Adds(1000 * n));
  const predict = batcher(models[0]!, { maxBatchSize: 8, maxDelayMs: 0, output: 'array' });
  const answers: Promise<unknown>[] = [];
  for (let i = 0; i < 400; i++) {
    answers.push(predict([i, i]));
    if (i % 20 === 19) predict.swap(models[(i + 1) / 20] ?? models[0]!);
    if (i % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const got = (await Promise.all(answers)) as [number, number][];
  got.forEach(([a, b], i) => {
    expect(a).toBe(b);
    expect(a % 1000).toBe(i);
  });
  expect(new Set(got.map(([a]) => Math.floor(a / 1000))).size).toBeGreaterThan(10);
  expect(predict.stats().requests).toBe(400);
  // Also one of another dtype and shape.
  const late = predict([1, 2]);
  predict.swap(new nn.Linear(2, 1).to('float64'));
  expect(await late).toHaveLength(1);
  predict.swap(new nn.Linear(3, 1));
  expect((await predict([1, 2, 3])) as number[]).toHaveLength(1);
});

test('close rejects what waits, or answers it; later calls are rejected', async () => {
  const predict = batcher(new Adds(1), { maxDelayMs: 1000, output: 'array' });
  const waiting = [predict(1), predict(2)];
  const closed = predict.close();
  expect(await codes([...waiting, predict(3)])).toEqual(['ERR_CLOSED', 'ERR_CLOSED', 'ERR_CLOSED']);
  await closed;

  const drained = batcher(new Adds(1), { maxDelayMs: 60_000, maxBatchSize: 2, output: 'array' });
  const all = [1, 2, 3, 4, 5].map((x) => drained(x));
  await drained.close({ drain: true });
  expect(await Promise.all(all)).toEqual([2, 3, 4, 5, 6]);
  await expect(drained(6)).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  await drained.close();

  const stopped = new AbortController();
  const aborted = batcher(new Adds(1), { maxDelayMs: 1000, signal: stopped.signal });
  const last = aborted(1);
  stopped.abort(new Error('shutdown'));
  await expect(last).rejects.toMatchObject({ code: 'ERR_CLOSED', cause: new Error('shutdown') });
  await expect(batcher(new Adds(1), { signal: stopped.signal })(1)).rejects.toMatchObject({ code: 'ERR_CLOSED' });
});

test('a model in training stays in training, and answers are those of evaluation', async () => {
  const model = new nn.Sequential(new nn.Linear(2, 2), new nn.BatchNorm1d(2), new nn.Dropout(0.9));
  const x = ng.randn([64, 2]);
  const y = ng.randn([64, 2]);
  const predict = batcher(model, { output: 'array' });
  const fitting = ng
    .trainer(model, { optimizer: 'sgd', loss: 'mse' })
    .fit(x, y, { epochs: 30, batchSize: 8, verbose: 0 });
  let asked = 0;
  const over = fitting.then(() => true);
  while (!(await Promise.race([over, predict([1, 1]).then(() => false)]))) {
    asked++;
    expect(model.modules().every((m) => m.training)).toBe(true);
  }
  expect(asked).toBeGreaterThan(3);
  const [a, b] = [await predict([1, 1]), await predict([1, 1])];
  expect(a).toEqual(b);
});

test.each(['tensor', 'array', 'data'] as const)(
  'callers that ask again at once do not starve timers: %s',
  async (output) => {
    const predict = batcher(new nn.Linear(2, 1), { maxBatchSize: 8, output });
    let over = false;
    setTimeout(() => (over = true), 50);
    const ask = async (): Promise<void> => {
      for (let i = 0; !over && i < 1e5; i++) await predict([1, 2]);
    };
    await Promise.all(Array.from({ length: 16 }, ask));
    expect(over).toBe(true);
  },
);

test('tensors do not pile up', async () => {
  const predict = batcher(new nn.Linear(16, 4), { output: 'data' });
  const round = (): Promise<unknown> => Promise.all(Array.from({ length: 64 }, () => predict(new Float32Array(16))));
  await round();
  const before = ng.memory().tensors;
  for (let i = 0; i < 20; i++) await round();
  // One tensor of forward per batch is left to the collector at most: input and output are given back at once.
  expect(ng.memory().tensors - before).toBeLessThanOrEqual(20);
});

test('what is no model, no option or no value of one is refused', () => {
  const model = new Adds(1);
  expect(() => ng.batcher({} as never)).toThrow('[batcher] expected a module');
  expect(() => ng.batcher(model, { maxBatch: 3 } as never)).toThrow('has no option "maxBatch"');
  expect(() => ng.batcher(model, { maxBatchSize: 0 })).toThrow('maxBatchSize must be an integer of at least 1');
  expect(() => ng.batcher(model, { maxDelayMs: -1 })).toThrow('maxDelayMs');
  expect(() => ng.batcher(model, { output: 'json' as never })).toThrow("'tensor', 'array', 'data'");
  expect(() => ng.batcher(model, { inputShape: 'four' as never })).toThrow('inputShape must be a shape');
  expect(() => ng.batcher(model, { signal: {} as never })).toThrow('an AbortSignal');
  expect(() => ng.batcher(model).swap(3 as never)).toThrow('expected a module');
});

describe('priority', () => {
  const net = (): ng.Sequential =>
    ng.sequential([new nn.Linear(3, 300), new nn.BatchNorm1d(300), new nn.Linear(300, 2)]);

  test('answers from a copy with the weights of the call, and of swap', async () => {
    ng.manualSeed(2);
    const model = net();
    const x = [1, 2, 3];
    const want = (): unknown =>
      ng.noGrad(
        () =>
          model
            .clone()
            .eval()
            .forward(ng.tensor([x]))
            .arraySync<number[][]>()[0],
      );
    const before = want();
    const predict = batcher(model, { output: 'array', priority: true });
    const first = predict(x);
    ng.noGrad(() => model.parameters().forEach((p) => p.mul_(2)));
    expect(await first).toEqual(before);
    expect(await predict(x)).toEqual(before);
    await predict.swap(model);
    expect(await predict(x)).toEqual(want());
    expect(model.training).toBe(true);
    expect(model.parameters()[0]!.device).toBe('cpu');
    expect((await batcher(model, { priority: true })(x)).device).toBe('cpu:1');
    expect(await batcher(net().to('float64'), { output: 'data', priority: true })(x)).toBeInstanceOf(Float64Array);
  });

  test('answers while a training is queued, the last swap wins, and what fails is told', async () => {
    const predict = batcher(net(), { output: 'array', priority: true, maxDelayMs: 0 });
    await predict([1, 2, 3]);
    const big = ng.rand([600, 600]);
    let product = big;
    for (let i = 0; i < 200; i++) product = ng.matmul(product, big).mul(1e-3);
    let done = false;
    const training = product.sum().data().then(() => (done = true)); // prettier-ignore
    for (let i = 0; i < 3; i++) await predict([1, 2, 3]);
    expect(done).toBe(false);
    await training;
    const last = new Adds(5);
    await Promise.all([predict.swap(net()), predict.swap(last)]);
    expect(await predict([1])).toEqual([6]);
    class Private extends nn.Module {
      #n = 1;
      forward(x: ng.Tensor): ng.Tensor {
        return x.add(this.#n);
      }
    }
    expect(() => ng.batcher(new Private(), { priority: true })).toThrow(expect.objectContaining({ code: 'ERR_CLONE' }));
    await expect(predict.swap(new Private())).rejects.toMatchObject({ code: 'ERR_CLONE' });
    expect(await predict([1])).toEqual([6]);
    const bad = new nn.Linear(2, 1);
    ng.noGrad(() => bad.weight.copy_(ng.indexSelect(ng.ones([2, 2]), 0, ng.tensor([7], { dtype: 'int64' }))));
    const broken = batcher(bad, { priority: true });
    const codesOf = await codes([broken([1, 2]), broken([1, 2])]);
    expect([...codesOf, ...(await codes([broken([1, 2])]))]).toEqual(['ERR_INDEX', 'ERR_INDEX', 'ERR_CLOSED']);
  });
});
