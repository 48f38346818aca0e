/** @file Averages of weights: the formulas, swapping them in and out, states. */
import * as ng from '../lib';
import { nn, optim } from '../lib';

const weights = (m: nn.Module): number[] => m.parameters().flatMap((p) => Array.from(p.dataSync() as Float64Array));
const set = (m: nn.Module, value: number): void => ng.noGrad(() => m.parameters().forEach((p) => void p.fill_(value)));
const make = (): nn.Linear => new nn.Linear(2, 1, { dtype: 'float64' });

test('AveragedModel is the mean of all updates; the model keeps its weights', () => {
  const model = make();
  const average = new optim.AveragedModel(model);
  for (const v of [1, 2, 6]) {
    set(model, v);
    average.updateParameters();
  }
  expect(average.nAveraged).toBe(3);
  weights(average).forEach((v) => expect(v).toBeCloseTo(3, 12));
  expect(weights(model)).toEqual([6, 6, 6]);
  const x = ng.ones([1, 2], { dtype: 'float64' });
  const y = average.forward(x);
  expect(y.itemSync()).toBeCloseTo(9, 12);
  expect(y.requiresGrad).toBe(false);
  expect(model.forward(x).itemSync()).toBe(18);
});

test('an exponential average starts with the first weights and follows with its decay', () => {
  const model = make();
  const ema = new optim.ExponentialMovingAverage(model, { decay: 0.75 });
  let want = NaN;
  for (const v of [4, 8, -2, 0]) {
    set(model, v);
    ema.update();
    want = Number.isNaN(want) ? v : 0.75 * want + 0.25 * v;
    weights(ema).forEach((w) => expect(w).toBeCloseTo(want, 12));
  }
});

test('averages of strided tensors and of several dtypes', () => {
  class Mixed extends nn.Module {
    a = new nn.Parameter(ng.zeros([2, 3]).T);
    b = new nn.Parameter(ng.zeros([], { dtype: 'float32' }));
    c = new nn.Parameter(ng.zeros([2], { dtype: 'float64' }));
    forward(): void {}
  }
  const model = new Mixed();
  const averages = [
    new optim.ExponentialMovingAverage(model, { decay: 0.5 }),
    new optim.AveragedModel(model, { multiAvgFn: optim.swaUtils.getEmaMultiAvgFn(0.5) }),
    new optim.AveragedModel(model, { avgFn: optim.swaUtils.getEmaAvgFn(0.5) }),
  ];
  for (const v of [4, 8, 2]) {
    set(model, v);
    for (const average of averages) average.updateParameters();
  }
  for (const average of averages)
    for (const p of average.parameters())
      expect(Array.from(p.to('float32').flatten().dataSync() as Float32Array)).toEqual(Array(p.numel).fill(4));
  const other = new Mixed();
  other.a = new nn.Parameter(ng.zeros([6]));
  expect(() => averages[0]!.updateParameters(other)).toThrow('"a" has shape [6]');
  // Stored, but not computed with.
  const half = new optim.AveragedModel(new nn.Linear(2, 1, { dtype: 'bfloat16' }));
  half.updateParameters();
  expect(() => half.updateParameters()).toThrow('[sub] takes');
});

test('swapped shows the averages to a function, also to one that waits, and always takes them back', async () => {
  const model = make();
  set(model, 1);
  const ema = new optim.ExponentialMovingAverage(model);
  ema.update();
  set(model, 5);
  const [p] = model.parameters();
  expect(ema.swapped((m) => weights(m))).toEqual([1, 1, 1]);
  expect(weights(model)).toEqual([5, 5, 5]);
  await ema.swapped(async (m) => {
    await ng.synchronize();
    expect(weights(m)).toEqual([1, 1, 1]);
  });
  expect(weights(model)).toEqual([5, 5, 5]);
  expect(() =>
    ema.swapped(() => {
      throw new Error('stop');
    }),
  ).toThrow('stop');
  expect(weights(model)).toEqual([5, 5, 5]);
  // The optimizer's tensors are the same objects, and training goes on.
  expect(model.parameters()[0]).toBe(p);
  const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
  model
    .forward(ng.ones([1, 2], { dtype: 'float64' }))
    .sum()
    .backward();
  optimizer.step();
  expect(weights(model)).toEqual([4, 4, 4]);
});

test('states: of PyTorch names, and back into a plain model', () => {
  const model = make();
  const average = new optim.AveragedModel(model);
  for (const v of [1, 3]) {
    set(model, v);
    average.updateParameters();
  }
  const state = average.stateDict();
  expect(Object.keys(state)).toEqual(['n_averaged', 'module.weight', 'module.bias']);
  expect(state['n_averaged']!.dtype).toBe('int64');
  const other = make();
  const copy = new optim.AveragedModel(other);
  set(other, 7);
  copy.loadStateDict(state);
  expect([copy.nAveraged, weights(copy), weights(other)]).toEqual([2, [2, 2, 2], [7, 7, 7]]);
  other.loadStateDict(copy.averagedState());
  expect(weights(other)).toEqual([2, 2, 2]);
  expect(() => copy.loadStateDict({})).toThrow('n_averaged');
});

test('own functions, and bad arguments', () => {
  const model = make();
  const last = new optim.AveragedModel(model, { avgFn: (_a, x) => x });
  for (const v of [1, 3]) {
    set(model, v);
    last.updateParameters();
  }
  expect(weights(last)).toEqual([3, 3, 3]);
  expect(() => new optim.AveragedModel(3 as never)).toThrow('expected a module');
  expect(() => new optim.AveragedModel(model, { avgFn: 3 as never })).toThrow('avgFn must');
  expect(() => new optim.ExponentialMovingAverage(model, { decay: 2 })).toThrow('decay');
  expect(() => last.updateParameters(new nn.ReLU())).toThrow('has no "weight"');
});

test('arguments by name; what is none is refused', () => {
  const model = new nn.Linear(2, 2);
  const { AveragedModel, getEmaAvgFn, getSwaAvgFn, getSwaMultiAvgFn, SWALR } = optim.swaUtils;
  const [a, x] = [ng.tensor([1]), ng.tensor([3])];
  expect(getEmaAvgFn({ decay: 0.5 })(a, x, 1).arraySync()).toEqual(getEmaAvgFn(0.5)(a, x, 1).arraySync());
  const bad = [
    // torch: "Only one of avg_fn and multi_avg_fn should be provided"
    () => new AveragedModel(model, { avgFn: getSwaAvgFn(), multiAvgFn: getSwaMultiAvgFn() }),
    () => new AveragedModel(model, { avg: 1 } as never),
    () => new AveragedModel(model, { useBuffers: 1 } as never),
    () => new AveragedModel(Symbol('m') as never),
    () => new AveragedModel(model).updateParameters(null as never),
    () => new AveragedModel(model).swapped({} as never),
    () => getEmaAvgFn({ decay: 2 }),
    () => new optim.ExponentialMovingAverage(model, Symbol('d') as never),
    () => new SWALR(new optim.SGD(model.parameters(), { lr: 0.1 })),
    () => new SWALR(new optim.SGD(model.parameters(), { lr: 0.1 }), 0.05, 2.5),
  ];
  for (const f of bad) expect(f).toThrow(ng.ArgumentError);
});
