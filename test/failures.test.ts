/** @file A failure belongs to the outputs of the call that failed: who hears of it, and what stays as it was. */
import * as ng from '../lib';
import { kernel, setSynchronous, written } from '../lib/native';
import { caught } from './caught';

const { nn, optim } = ng;
type AnyOptimizer = ng.optim.Optimizer<object>;
const bad = (): ng.Tensor => ng.ones([4, 2]).indexSelect(0, ng.tensor([9], { dtype: 'int32' }));
const index = (list: number[]): ng.Tensor => ng.tensor(list, { dtype: 'int64' });
const badIndex = { code: 'ERR_INDEX' };

test('only those who read what came of it hear of a failure', async () => {
  const failed = bad();
  const made = failed.mul(2).add(1).sum();
  const good = ng.ones([3]).add(1);
  await ng.synchronize();
  ng.synchronizeSync();
  expect(await good.array()).toEqual([2, 2, 2]);
  await expect(made.item()).rejects.toMatchObject(badIndex);
  await expect(failed.data()).rejects.toThrow('[indexSelect] index 9 is out of range for size 4');
  expect(caught(() => made.itemSync())).toMatchObject(badIndex);
  expect(good.sum().itemSync()).toBe(6);
});

test('a failure that nobody reads is nobody else s', async () => {
  for (let i = 0; i < 20; i++) bad();
  expect(await ng.ones([2]).array()).toEqual([1, 1]);
});

test('writing a whole tensor anew takes the mark away, writing a part does not', () => {
  const t = bad();
  t.narrow(1, 0, 1).fill_(1);
  expect(caught(() => t.arraySync())).toMatchObject(badIndex);
  t.copy_(ng.ones([1, 2]));
  expect(t.arraySync()).toEqual([[1, 1]]);
  const u = bad();
  u.zero_();
  expect(u.arraySync()).toEqual([[0, 0]]);
  const v = bad();
  v.add_(1);
  expect(caught(() => v.arraySync())).toMatchObject(badIndex);
});

test('memory that is used again carries no mark', () => {
  for (let i = 0; i < 50; i++) {
    bad().dispose();
    expect(ng.zeros([1, 2]).arraySync()).toEqual([[0, 0]]);
  }
});

test('errors name the operation as the user did', async () => {
  const table = ng.ones([3, 2]);
  await expect(nn.functional.embedding(ng.tensor([5], { dtype: 'int64' }), table).data()).rejects.toThrow(
    '[embedding]',
  );
  await expect(nn.functional.crossEntropy(ng.zeros([1, 2]), ng.tensor([7], { dtype: 'int64' })).item()).rejects.toThrow(
    '[crossEntropy]',
  );
  expect(caught(() => ng.linalg.inv(ng.zeros([2, 2])))).toMatchObject({ code: 'ERR_NUMERIC' });
  expect(String(caught(() => ng.linalg.inv(ng.zeros([2, 2]))))).toContain('[inv]');
});

test('functions and methods are named, not what they are made of', async () => {
  const x = ng.ones([2, 3]);
  const far = index([100]);
  const calls: [string, () => ng.Tensor][] = [
    ['take', () => ng.take(x, far)],
    ['put_', () => x.clone().put_(far, ng.ones([1]))],
    ['at', () => x.at([far])],
    ['unravelIndex', () => ng.unravelIndex(far, [2, 3])[0]!],
    ['scatterAdd', () => x.scatterAdd(1, far.reshape([1, 1]), ng.ones([1, 1]))],
    ['indexCopy', () => x.indexCopy(1, far, ng.ones([2, 1]))],
    ['oneHot', () => nn.functional.oneHot(far, 3)],
    ['nllLoss', () => nn.functional.nllLoss(x, index([0, 9]))],
    ['maxUnpool1d', () => nn.functional.maxUnpool1d(ng.ones([1, 1, 1]), far.reshape([1, 1, 1]), 2)],
    ['div', () => ng.div(index([1]), index([0]), { roundingMode: 'floor' })],
  ];
  for (const [name, call] of calls) await expect(call().data()).rejects.toThrow(`[${name}]`);
});

test('gradients and hooks have their own names', () => {
  const x = ng.ones([2], { requiresGrad: true });
  let hooked: unknown;
  x.registerHook(() => {
    hooked = caught(() =>
      ng
        .ones([1, 2])
        .take(index([7]))
        .arraySync(),
    );
  });
  x.sum().backward();
  expect(String(hooked)).toContain('[take]');
});

const optimizers: Record<string, (p: Iterable<ng.Tensor>) => AnyOptimizer> = {
  sgd: (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9 }),
  adam: (p) => new optim.Adam(p),
  lamb: (p) => new optim.LAMB(p),
  rmsprop: (p) => new optim.RMSprop(p),
  adafactor: (p) => new optim.Adafactor(p),
  groups: (p) => {
    const [a, ...rest] = p;
    return new optim.AdamW([{ params: [a!] }, { params: rest, lr: 0.5 }]);
  },
};

describe.each(Object.keys(optimizers))('a step with a bad batch: %s', (name) => {
  test('changes no parameter and no state', () => {
    ng.manualSeed(0);
    const model = new nn.Sequential(new nn.Embedding(5, 4), new nn.Linear(4, 3), new nn.Linear(3, 3));
    const optimizer = optimizers[name]!(model.parameters());
    const step = (labels: number[]): ng.Tensor => {
      const loss = nn.functional.crossEntropy(model.forward(index([0, 1])), index(labels));
      optimizer.zeroGrad();
      loss.backward();
      nn.utils.clipGradNorm_(model.parameters(), 1);
      optimizer.step();
      return loss;
    };
    step([0, 1]).itemSync();
    const values = (): unknown => [
      Array.from(model.parameters(), (p) => p.arraySync()),
      Array.from(optimizer.state.values(), (s) =>
        Object.values(s as Record<string, unknown>).map((v) => (v instanceof ng.Tensor ? v.arraySync() : 0)),
      ),
    ];
    const before = values();
    expect(caught(() => step([0, 33]).itemSync())).toMatchObject(badIndex);
    expect(values()).toEqual(before);
    step([0, 1]).itemSync();
    expect(values()).not.toEqual(before);
  });
});

test('the error of one training does not reach another', async () => {
  const train = async (labels: number[], steps: number): Promise<number> => {
    const model = new nn.Linear(4, 3);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    let last = 0;
    for (let i = 0; i < steps; i++) {
      const loss = nn.functional.crossEntropy(model.forward(ng.ones([2, 4])), ng.tensor(labels, { dtype: 'int64' }));
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      last = await loss.item();
    }
    return last;
  };
  for (let round = 0; round < 40; round++) {
    const [good, wrong] = await Promise.allSettled([train([0, 1], 3), train([0, 8], 3)]);
    expect(good.status).toBe('fulfilled');
    expect(wrong).toMatchObject({ status: 'rejected', reason: badIndex });
  }
});

test('running statistics are not spoilt', () => {
  const norm = new nn.BatchNorm1d(2);
  const mean = norm.runningMean!.arraySync();
  const rows = ng.ones([4, 2]).indexSelect(0, ng.tensor([0, 9], { dtype: 'int32' }));
  expect(caught(() => norm.forward(rows).arraySync())).toMatchObject(badIndex);
  expect(norm.runningMean!.arraySync()).toEqual(mean);
  expect(norm.forward(ng.ones([4, 2])).arraySync()).toHaveLength(4);
});

test('a dtype that a kernel does not take is refused in the caller s stack', () => {
  const half = ng.ones([2, 2], { dtype: 'bfloat16' });
  const matmul = kernel('matmul');
  const product = (): void =>
    matmul(written(ng.zeros([2, 2], { dtype: 'bfloat16' })), half, half, null, [], [], [], 2, 2, 2, 2, 1, 2, 1, 0);
  expect(caught(product)).toMatchObject({ code: 'ERR_DTYPE' });
  expect(String(caught(product))).toContain('[matmul] takes float32, float64, int32, int64 or uint8, not bfloat16');
});

test('in debug mode errors are thrown in the line that asked', () => {
  ng.setDebug(true);
  try {
    const e = caught(bad) as Error;
    expect(e).toMatchObject(badIndex);
    expect(e.stack).toContain('failures.test');
    const x = ng.ones([2], { requiresGrad: true });
    const y = x.exp();
    y.detach().zero_();
    expect(String(caught(() => y.sum().backward()))).toContain('failures.test');
  } finally {
    ng.setDebug(false);
  }
  setSynchronous(false);
  expect(caught(() => ng.setDebug('yes' as never))).toMatchObject({ code: 'ERR_INVALID_ARG' });
});
