/** @file Diagnosis: NaN in what a training consists of, gradients by layer, units that are dead or saturated. */
import * as ng from '../lib';
import { nn, optim } from '../lib';
import { stateOf } from './debug-cases';

const { debug } = ng;

describe('findNaN', () => {
  test('names and counts, in data, weights, gradients, buffers and optimizer state', async () => {
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 2));
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    const x = ng.randn([6, 3]);
    model.forward(x).square().sum().backward();
    optimizer.step();
    const clean = await debug.findNaN({ data: { x, y: [1, 2] }, model, optimizer });
    expect(clean.found).toEqual([]);
    // x, y; 6 weights, 6 gradients, 3 buffers, 12 moments
    expect(clean.looked).toBe(2 + 6 + 6 + 3 + 12);
    ng.noGrad(() => {
      (model.at(2) as nn.Linear).weight.select(0, 1).fill_(NaN);
      (model.at(1) as nn.BatchNorm1d).runningMean!.select(0, 2).fill_(Infinity);
      (model.at(0) as nn.Linear).bias!.grad!.select(0, 0).fill_(-Infinity);
      (optimizer.state.get(model.parameters()[0]!)!['expAvg'] as ng.Tensor).select(0, 0).fill_(NaN);
    });
    const bad = ng.tensor([
      [1, NaN],
      [Infinity, 4],
      [NaN, -2],
    ] as number[][]);
    const r = await debug.findNaN({ data: [x, { deep: bad }], model, optimizer });
    expect(r.found.map((f) => [f.place, f.name, f.nan, f.infinite, f.count])).toEqual([
      ['data', 'data[1].deep', 2, 1, 6],
      ['gradient', '0.bias', 0, 1, 4],
      ['weight', '2.weight', 4, 0, 8],
      ['buffer', '1.running_mean', 0, 1, 4],
      ['optimizer', '0.weight.expAvg', 3, 0, 12],
    ]);
    expect(r.found[0]).toMatchObject({ min: -2, max: 4 });
    expect(r.advice).toMatch(/^The data itself holds them \(data\[1\]\.deep\)/);
    expect(String(r)).toMatch(/weight\s+2\.weight\s+4\s+0\s+8/);
  });

  test('errors', async () => {
    await expect(debug.findNaN({})).rejects.toThrow('[findNaN] nothing to look at');
    await expect(debug.findNaN({ data: 'x' as never })).rejects.toThrow('[findNaN] data must be a tensor');
    await expect(debug.findNaN({ mdl: 1 } as never)).rejects.toThrow('[findNaN] has no option "mdl"');
  });
});

describe('gradients', () => {
  const deep = (activation: () => nn.Module, depth: number, width = 16): nn.Sequential =>
    new nn.Sequential(
      ...Array.from({ length: depth }, () => [new nn.Linear(width, width), activation()]).flat(),
      new nn.Linear(width, 2),
    );
  const passed = (model: nn.Module, scale = 1): void => {
    const x = ng.randn([32, 16]);
    const y = ng.randint(0, 2, [32], { dtype: 'int64' });
    nn.functional
      .crossEntropy(model.forward(x) as ng.Tensor, y)
      .mul(scale)
      .backward();
  };

  test('norms and ratios are those of numbers computed by hand', async () => {
    const layer = new nn.Linear(2, 1);
    ng.noGrad(() => {
      layer.weight.copy_(ng.tensor([[3, 0]]));
      layer.bias!.copy_(ng.tensor([4]));
    });
    layer
      .forward(ng.tensor([[6, 8]]))
      .sum()
      .backward();
    // gradient (6, 8, 1), weights (3, 0, 4)
    const { layers, norm } = await debug.gradients(layer, { lr: 0.001 });
    expect(norm).toBeCloseTo(Math.sqrt(101), 12);
    expect(layers).toEqual([
      {
        layer: '',
        type: 'Linear',
        gradientNorm: Math.sqrt(101),
        weightNorm: 5,
        updateRatio: expect.closeTo((0.001 * Math.sqrt(101)) / 5, 12) as number,
        frozen: false,
        verdict: 'ok',
      },
    ]);
  });

  test('a healthy network is ok; a deep one of sigmoids vanishes; a loss that is too large explodes', async () => {
    const healthy = deep(() => new nn.ReLU(), 2);
    passed(healthy);
    const before = stateOf(healthy);
    const ok = await debug.gradients(healthy, { optimizer: new optim.SGD(healthy.parameters(), { lr: 0.01 }) });
    expect(ok.layers.map((r) => r.verdict)).toEqual(['ok', 'ok', 'ok']);
    expect(ok.layers.map((r) => r.layer)).toEqual(['0', '2', '4']);
    expect(stateOf(healthy)).toEqual(before);

    const sigmoids = deep(() => new nn.Sigmoid(), 12);
    passed(sigmoids);
    const vanishing = await debug.gradients(sigmoids);
    expect(vanishing.layers[0]!.verdict).toBe('vanishing');
    expect(vanishing.layers.at(-1)!.verdict).toBe('ok');
    expect(vanishing.advice).toMatch(/^Gradients vanish in 0/);

    const large = deep(() => new nn.ReLU(), 2);
    passed(large, 1e5);
    const exploding = await debug.gradients(large, { lr: 0.01 });
    expect(exploding.layers.map((r) => r.verdict)).toEqual(['exploding', 'exploding', 'exploding']);
    expect(exploding.advice).toMatch(/clipNorm/);
  });

  test('layers without gradients, frozen ones, NaN', async () => {
    const model = deep(() => new nn.ReLU(), 1);
    expect((await debug.gradients(model)).layers.map((r) => r.verdict)).toEqual(['none', 'none']);
    (model.at(0) as nn.Linear).requiresGrad_(false);
    passed(model);
    const r = await debug.gradients(model);
    expect(r.layers.map((row) => [row.verdict, row.frozen])).toEqual([
      ['none', true],
      ['ok', false],
    ]);
    expect(String(r)).toMatch(/frozen/);
    (model.at(2) as nn.Linear).bias!.grad = ng.tensor([NaN, 1]);
    expect((await debug.gradients(model)).layers[1]!.verdict).toBe('exploding');
    await expect(debug.gradients(model, { lr: 0 })).rejects.toThrow('[gradients] lr must be a number above 0');
  });
});

describe('deadReLU and saturation', () => {
  test('counts the units that no example activates: in modules, and in activations of layers', async () => {
    const model = new nn.Sequential(
      new nn.Linear(2, 4),
      new nn.ReLU(),
      new nn.Dense(3, { activation: 'relu', inputShape: [4] }),
      new nn.BatchNorm1d(3),
    );
    const [first, dense] = [model.at(0) as nn.Linear, model.at(2) as nn.Dense];
    ng.noGrad(() => {
      first.bias!.copy_(ng.tensor([-100, 5, -100, -100]));
      dense.weight.fill_(0);
      dense.bias!.copy_(ng.tensor([-1, 1, 0]));
    });
    const x = ng.randn([50, 2]);
    const before = stateOf(model);
    const r = await debug.deadReLU(model, x);
    expect(stateOf(model)).toEqual(before);
    expect(r.layers).toEqual([
      { layer: '1', type: 'ReLU', units: 4, count: 3, share: 0.75 },
      { layer: '2', type: 'Dense', units: 3, count: 2, share: 2 / 3 },
    ]);
    expect(r.share).toBeCloseTo(5 / 7, 12);
    expect(r.advice).toMatch(/^Many units are never active in 1 \(75 %\), 2 \(66\.7 %\)/);
    expect(String(r)).toMatch(/ReLU\s+4\s+3\s+75 %/);
  });

  test('units are channels of images and features of sequences', async () => {
    const conv = new nn.Sequential(new nn.Conv2d(1, 3, 3), new nn.ReLU());
    ng.noGrad(() => (conv.at(0) as nn.Conv2d).bias!.copy_(ng.tensor([0, -99, 0])));
    expect((await debug.deadReLU(conv, ng.randn([4, 1, 8, 8]))).layers[0]).toMatchObject({ units: 3, count: 1 });
    const steps = new nn.Sequential(new nn.Linear(2, 5), new nn.ReLU());
    ng.noGrad(() => (steps.at(0) as nn.Linear).bias!.copy_(ng.tensor([9, 9, 9, 9, -99])));
    expect((await debug.deadReLU(steps, ng.randn([4, 7, 2]))).layers[0]).toMatchObject({ units: 5, count: 1 });
  });

  test('without such layers it says so', async () => {
    const r = await debug.deadReLU(new nn.Linear(2, 2), ng.ones([1, 2]));
    expect(r.layers).toEqual([]);
    expect(r.advice).toMatch(/functions inside of forward are not seen/);
  });

  test('saturated sigmoids and tanhs; at usual weights none is', async () => {
    const model = new nn.Sequential(new nn.Linear(4, 8), new nn.Sigmoid(), new nn.Linear(8, 8), new nn.Tanh());
    const x = ng.randn([100, 4]);
    const healthy = await debug.saturation(model, x);
    expect(healthy.layers.map((r) => r.count)).toEqual([0, 0]);
    ng.noGrad(() => (model.at(0) as nn.Linear).bias!.fill_(50));
    const r = await debug.saturation(model, x);
    expect(r.layers.map((row) => row.share)).toEqual([1, 0]);
    expect(r.advice).toMatch(/^Many units are flat in 1 \(100 %\)/);
    await expect(debug.saturation(model, x, { threshold: 2 })).rejects.toThrow('[saturation] threshold must be');
  });
});
