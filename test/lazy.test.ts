/** @file Layers that learn the size of their input. */
import * as ng from '../lib';
import { nn, optim } from '../lib';
import { codeOf } from './caught';

test('LazyLinear becomes a Linear, and an optimizer made before trains it', () => {
  ng.manualSeed(1);
  const layer = new nn.LazyLinear(3);
  expect(String(layer)).toBe('LazyLinear(in_features=0, out_features=3, bias=True)');
  const optimizer = new optim.SGD(layer.parameters(), { lr: 0.1 });
  const before = layer.weight;
  const y = layer.forward(ng.ones([2, 5]));
  expect(String(layer)).toBe('Linear(in_features=5, out_features=3, bias=True)');
  expect(layer.weight).toBe(before);
  expect(layer.weight.shape).toEqual([3, 5]);
  const start = Array.from(layer.weight.dataSync() as Float32Array);
  expect(Math.max(...start.map(Math.abs))).toBeLessThanOrEqual(1 / Math.sqrt(5));
  y.sum().backward();
  optimizer.step();
  const now = Array.from(layer.weight.dataSync() as Float32Array);
  now.forEach((v, i) => expect(v).toBeCloseTo(start[i]! - 0.2, 5));
  expect(codeOf(() => layer.forward(ng.ones([2, 4])))).toBe('ERR_SHAPE');
});

test('a state dict sizes a lazy layer', () => {
  const from = new nn.Linear(4, 2);
  const to = new nn.LazyLinear(2);
  to.loadStateDict(from.stateDict());
  const x = ng.randn([3, 4]);
  expect(to.forward(x).arraySync()).toEqual(from.forward(x).arraySync());
});

describe('layers that learn their channels', () => {
  test('become the plain class with its first values, and an optimizer made before trains them', () => {
    const lazy = new nn.Sequential(new nn.LazyConv2d(6, 3, { groups: 3 }), new nn.LazyBatchNorm2d(), new nn.ReLU());
    const plain = new nn.Sequential(new nn.Conv2d(3, 6, 3, { groups: 3 }), new nn.BatchNorm2d(6), new nn.ReLU());
    expect(Object.keys(lazy.stateDict())).toEqual(Object.keys(plain.stateDict()));
    const optimizer = new optim.SGD(lazy.parameters(), { lr: 0.1 });
    const weight = (lazy[0] as nn.Conv2d).weight;
    const x = ng.randn([2, 3, 5, 5]);
    ng.noGrad(() => lazy.forward(x));
    expect(String(lazy)).toBe(String(plain));
    expect(lazy[0]).toBeInstanceOf(nn.Conv2d);
    expect(lazy[0]).not.toBeInstanceOf(nn.LazyConv2d);
    expect((lazy[0] as nn.Conv2d).weight).toBe(weight);
    // Uniform within 1 / sqrt(fan in), as the plain layer draws them.
    const start = Array.from(weight.dataSync() as Float32Array);
    expect(Math.max(...start.map(Math.abs))).toBeLessThanOrEqual(1 / 3);
    expect(new Set(start).size).toBe(start.length);
    (lazy.forward(x) as ng.Tensor).square().sum().backward();
    optimizer.step();
    expect(Array.from(weight.dataSync() as Float32Array)).not.toEqual(start);
    expect((lazy[1] as nn.BatchNorm2d).numBatchesTracked!.itemSync()).toBe(2);
    expect(codeOf(() => lazy.forward(ng.ones([2, 4, 5, 5])))).toBe('ERR_SHAPE');
  });
  test('a state dict of the plain layer sizes them, without losing its values', () => {
    const from = new nn.Sequential(new nn.ConvTranspose1d(2, 4, 3), new nn.InstanceNorm1d(4, { affine: true }));
    ng.noGrad(() => from.parameters().forEach((p) => p.normal_()));
    const to = new nn.Sequential(
      new nn.LazyConvTranspose1d(4, 3),
      new nn.LazyInstanceNorm1d({ trackRunningStats: false }),
    );
    to.loadStateDict(from.stateDict());
    expect([(to[0] as nn.ConvTranspose1d).inChannels, (from[0] as nn.ConvTranspose1d).inChannels]).toEqual([2, 2]);
    const x = ng.randn([3, 2, 6]);
    expect((to.forward(x) as ng.Tensor).arraySync()).toEqual((from.forward(x) as ng.Tensor).arraySync());
    expect(String(to)).toBe(String(from));
  });
  test('bad input is refused, and the layer still learns from good input', () => {
    const conv = new nn.LazyConv2d(4, 3, { groups: 2 });
    expect(codeOf(() => conv.forward(ng.ones([3, 3])))).toBe('ERR_SHAPE');
    expect(codeOf(() => conv.forward([1] as never))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => conv.forward(ng.ones([1, 3, 4, 4])))).toBe('ERR_INVALID_ARG');
    expect(conv.forward(ng.ones([1, 2, 4, 4])).shape).toEqual([1, 4, 2, 2]);
    expect(codeOf(() => new nn.LazyBatchNorm2d().forward(ng.ones([2, 3])))).toBe('ERR_SHAPE');
    expect(codeOf(() => new nn.LazyConv2d(4, 3).loadStateDict(new nn.Conv2d(2, 5, 3).stateDict()))).toBe(
      'ERR_STATE_DICT',
    );
    expect(codeOf(() => new nn.LazyConv2d(4, 3).loadStateDict(new nn.Conv2d(2, 4, 2).stateDict()))).toBe(
      'ERR_STATE_DICT',
    );
    expect(codeOf(() => new nn.Conv2d(0, 4, 3))).toBe('ERR_INVALID_ARG');
  });
  test('dtype, hooks and unbatched input', () => {
    const conv = new nn.LazyConv1d(2, 3, { dtype: 'float64' });
    let ran = 0;
    conv.registerForwardHook(() => void ran++);
    const x = ng.ones([4, 5], { dtype: 'float64' });
    expect([conv.forward(x).dtype, conv.forward(x).shape]).toEqual(['float64', [2, 3]]);
    expect([ran, String(conv)]).toEqual([2, 'Conv1d(4, 2, kernel_size=(3,), stride=(1,))']);
    const norm = new nn.LazyInstanceNorm2d();
    expect(norm.forward(ng.ones([3, 2, 2])).shape).toEqual([3, 2, 2]);
    expect(norm.numFeatures).toBe(3);
    const bare = new nn.LazyBatchNorm1d({ affine: false, trackRunningStats: false });
    bare.forward(ng.ones([3, 2]));
    expect(bare.numFeatures).toBe(2);
  });
});

describe('Dense', () => {
  test('infers its input, or is told', () => {
    const lazy = new nn.Dense(4, { activation: 'relu' });
    expect(lazy.forward(ng.randn([7, 2, 3])).shape).toEqual([7, 2, 4]);
    expect(lazy.inFeatures).toBe(3);
    const told = new nn.Dense(2, { inputShape: [5], bias: false });
    expect(told.weight.shape).toEqual([2, 5]);
    expect(told.bias).toBeNull();
    expect(Object.keys(new nn.Dense(2, { inputShape: [5] }).stateDict())).toEqual(['weight', 'bias']);
  });
  test('applies its activation: by name, function or layer', () => {
    const x = ng.randn([6, 3]);
    const like = new nn.Linear(3, 4);
    const dense = (activation: nn.ActivationLike | null): ng.Tensor => {
      const layer = new nn.Dense(4, { activation });
      layer.loadStateDict(like.stateDict());
      return layer.forward(x);
    };
    const plain = like.forward(x);
    expect(dense(null).arraySync()).toEqual(plain.arraySync());
    expect(dense('softmax').arraySync()).toEqual(plain.softmax(-1).arraySync());
    expect(dense((t) => t.tanh()).arraySync()).toEqual(plain.tanh().arraySync());
    expect(dense(new nn.LeakyReLU(0.2)).arraySync()).toEqual(plain.leakyRelu(0.2).arraySync());
  });
  test('prints, and refuses what it does not know', () => {
    expect(String(new nn.Dense(2, { activation: 'relu', inputShape: [5] }))).toBe(
      "Dense(in_features=5, out_features=2, bias=True, activation='relu')",
    );
    expect(codeOf(() => new nn.Dense(2, { activation: 'rely' as never }))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => new nn.Dense(2, { inputShape: 5 as never }))).toBe('ERR_INVALID_ARG');
    expect(codeOf(() => new nn.Dense(2).forward(ng.tensor(1)))).toBe('ERR_SHAPE');
  });
  test('trains', () => {
    ng.manualSeed(3);
    const model = new nn.Sequential(new nn.Dense(16, { activation: 'tanh' }), new nn.Dense(1));
    const x = ng.randn([64, 2]);
    const y = x
      .at([ng.s(), 0])
      .mul(x.at([ng.s(), 1]))
      .unsqueeze(1);
    model.forward(x);
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
    const loss = (): ng.Tensor => nn.functional.mseLoss(model.forward(x) as ng.Tensor, y);
    const first = loss().itemSync();
    for (let i = 0; i < 200; i++) {
      optimizer.zeroGrad();
      loss().backward();
      optimizer.step();
    }
    expect(loss().itemSync()).toBeLessThan(first / 10);
  });
});
