/** @file Changes in place: what overlaps, what a gradient still knows, and what a gradient need not know. */
import * as ng from '../lib';
import { type Tensor } from '../lib';
import { caught } from './caught';

const inPlace = { code: 'ERR_INPLACE' };
const gradOf = (x: Tensor): unknown => x.grad!.arraySync();

describe('memory that overlaps', () => {
  const index = ng.tensor([0, 1, 2], { dtype: 'int64' });
  const ways: Record<string, (t: Tensor) => unknown> = {
    add_: (t) => t.add_(1),
    mul_: (t) => t.mul_(t),
    exp_: (t) => t.exp_(),
    gt_: (t) => t.gt_(0),
    fill_: (t) => t.fill_(1),
    zero_: (t) => t.zero_(),
    copy_: (t) => t.copy_(ng.ones([3])),
    normal_: (t) => t.normal_(),
    maskedFill_: (t) => t.maskedFill_(ng.ones([3]).gt(0), 1),
    scatter_: (t) => t.scatter_(0, index, 1),
    indexAdd_: (t) => t.indexAdd_(0, index, ng.ones([3])),
    clamp_: (t) => t.clamp_(0, 1),
  };
  test.each(Object.entries(ways))('is not written by %s', (_name, run) => {
    const one = ng.ones([1]);
    expect(caught(() => run(one.expand([3])))).toMatchObject(inPlace);
    expect(caught(() => ng.noGrad(() => run(one.expand([3]))))).toMatchObject(inPlace);
    expect(one.arraySync()).toEqual([1]);
    run(ng.ones([3]));
    run(ng.ones([3, 2]).T.at(0));
  });

  test('of source and target is copied first', () => {
    const d = ng.arange(9).reshape([3, 3]);
    expect(d.clone().copy_(d.T).arraySync()).toEqual(d.T.arraySync());
    const t = d.clone();
    expect(t.copy_(t.T).arraySync()).toEqual(d.T.arraySync());
    const u = ng.arange(5);
    u.narrow(0, 1, 4).copy_(u.narrow(0, 0, 4));
    expect(u.arraySync()).toEqual([0, 0, 1, 2, 3]);
    const v = ng.arange(5);
    v.narrow(0, 1, 4).add_(v.narrow(0, 0, 4));
    expect(v.arraySync()).toEqual([0, 1, 3, 5, 7]);
    const i = ng.tensor([2, 0, 1], { dtype: 'int64' });
    i.scatter_(0, i, i);
    expect(i.arraySync()).toEqual([0, 1, 2]);
  });

  test('in a gradient that a user gave is not written', () => {
    const x = ng.ones([3]).requiresGrad_();
    const one = ng.ones([1]);
    x.grad = one.expand([3]);
    x.sum().backward();
    expect([gradOf(x), one.arraySync()]).toEqual([[2, 2, 2], [1]]);
  });
});

describe('a view taken before the tensor that it shows was changed in place', () => {
  const x = ng.ones([2]).requiresGrad_();
  const stale: Record<string, () => unknown> = {
    'is no root': () => {
      const y = x.mul(3);
      const v = y.at(0);
      y.mul_(10);
      v.backward();
    },
    'is no input': () => {
      const y = x.mul(3);
      const v = y.at(0);
      y.mul_(10);
      v.add(1);
    },
    'has no views': () => {
      const y = x.mul(3);
      const v = y.reshape([1, 2]);
      y.relu_();
      v.at(0);
    },
    'also one that had no history': () => {
      const y = ng.zeros([2]);
      const v = y.at(0);
      y.add_(x);
      v.mul(2);
    },
    'is not multiplied in place': () => {
      const y = x.mul(3);
      const v = y.at(0);
      y.copy_(x);
      ng.ones([]).mul_(v);
    },
  };
  test.each(Object.entries(stale))('%s', (_name, run) => expect(caught(run)).toMatchObject(inPlace));

  test('can be read, and taken again', () => {
    const y = x.mul(3);
    const v = y.at(0);
    y.mul_(10);
    expect(v.itemSync()).toBe(30);
    expect(v.detach().add(1).itemSync()).toBe(31);
    const [g] = ng.grad(y.at(0), x);
    expect(g!.arraySync()).toEqual([30, 0]);
  });

  test('is up to date where nothing was recorded', () => {
    const w = ng.ones([2]).requiresGrad_();
    const v = w.at(0);
    ng.noGrad(() => w.mul_(5));
    v.mul(2).backward();
    expect(gradOf(w)).toEqual([2, 0]);
    const d = w.detach();
    d.add_(1);
    expect(w.arraySync()).toEqual([6, 6]);
  });
});

test('an op keeps only what a wanted gradient reads', () => {
  const x = ng.tensor([[1, 2]]).requiresGrad_();
  const ways: Record<string, (y: Tensor, c: Tensor) => Tensor> = {
    mul: (y, c) => y.mul(c),
    div: (y, c) => y.div(c),
    matmul: (y, c) => y.matmul(c.T),
    linear: (y, c) => ng.linear(y, c),
    fmod: (y, c) => y.fmod(c),
    hypot: (y, c) => ng.hypot(y, c),
    'scatterReduce, sum': (y, c) => y.scatterReduce(1, [[0, 0]], c, 'sum'),
    'scatterReduce, mean': (y, c) => c.scatterReduce(1, [[0, 0]], y, 'mean'),
    'indexReduce, mean': (y, c) => y.indexReduce(1, [0, 0], c, 'mean', { includeSelf: false }),
  };
  for (const run of Object.values(ways)) {
    const y = x.mul(1);
    const z = run(y, ng.tensor([[3, 4]])).sum();
    if (run !== ways['hypot']) y.mul_(2);
    z.backward();
  }
  const c = ng.tensor([3]);
  const e = ng.tensor([2]).requiresGrad_();
  const z = c.mul(e);
  const p = c.pow(2).pow(e);
  c.add_(0);
  expect(caught(() => z.sum().backward())).toMatchObject(inPlace);
  p.sum().backward();
  const k = ng.tensor([2]);
  const q = x.mul(k);
  k.add_(1);
  expect(caught(() => q.sum().backward())).toMatchObject(inPlace);
});

describe('a result that is flat', () => {
  const flat: Record<string, (y: Tensor) => Tensor> = {
    floorDivide: (y) => y.floorDivide(2),
    floorDivide_: (y) => y.floorDivide_(2),
    div: (y) => y.div(2, { roundingMode: 'floor' }),
    div_: (y) => y.div_(2, { roundingMode: 'trunc' }),
    gt_: (y) => y.gt_(1),
    eq_: (y) => y.eq_(1),
    logicalAnd_: (y) => y.logicalAnd_(1),
    sign_: (y) => y.sign_(),
    round_: (y) => y.round_(),
  };
  test.each(Object.entries(flat))('%s has a gradient of zeros', (_name, run) => {
    const x = ng.tensor([3, 5]).requiresGrad_();
    const y = run(x.mul(1));
    expect(y.requiresGrad).toBe(true);
    y.sum().backward();
    expect(gradOf(x)).toEqual([0, 0]);
  });

  test('integers that tracked floats are copied into hold no gradient', () => {
    const x = ng.tensor([3.5, 5]).requiresGrad_();
    const i = ng.zeros([2], { dtype: 'int32' });
    i.copy_(x.mul(1));
    i.at(0).copy_(x.mul(1).at(1));
    expect([i.requiresGrad, i.arraySync()]).toEqual([false, [5, 5]]);
  });
});

test('detach_ ends the history of a tensor, not of a view', () => {
  const x = ng.ones([2]).requiresGrad_();
  const y = x.mul(2);
  expect([y.detach_().requiresGrad, y.isLeaf]).toEqual([false, true]);
  expect(caught(() => x.mul(2).at(0).detach_())).toMatchObject(inPlace);
});
