/** @file Planted faults: each is found, and a healthy training has none of them. */
import * as ng from '../lib';
import { data, nn, optim } from '../lib';
import { stateOf } from './debug-cases';

const { diagnose } = ng.debug;
type Diagnosis = ng.debug.Diagnosis;
type Options = Parameters<typeof diagnose>[2];
const kinds = (d: Diagnosis): string[] => d.causes.map((c) => c.kind);

interface Problem {
  x: ng.Tensor;
  y: ng.Tensor;
}
/** Classes that depend on eight standardised columns. */
function problem(n = 320): Problem {
  const x = ng.randn([n, 8]);
  return {
    x,
    y: x
      .matmul(ng.randn([8, 3]))
      .add(ng.randn([n, 3]).mul(0.3))
      .argmax(1),
  };
}
const loaderOf = ({ x, y }: Problem): data.DataLoader<unknown> =>
  new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 32, shuffle: true }) as never;
const network = (activation: () => nn.Module = () => new nn.ReLU()): nn.Sequential =>
  new nn.Sequential(...[new nn.Linear(8, 32), activation(), new nn.Linear(32, 32), activation(), new nn.Linear(32, 3)]);
const healthy = { loss: 'crossEntropy', optimizer: { name: 'adam', lr: 0.01 } };
const run = (model: nn.Module, p: Problem, options: Options = healthy): Promise<Diagnosis> =>
  diagnose(model, loaderOf(p), options);
const linears = (model: nn.Sequential): nn.Linear[] => model.modules().filter((m) => m instanceof nn.Linear);

describe('healthy trainings have no cause', () => {
  test.each<[string, () => nn.Module, Options]>([
    ['Adam', () => network(), healthy],
    ['Adam at its own rate', () => network(), { loss: 'crossEntropy' }],
    ['SGD', () => network(), { loss: new nn.CrossEntropyLoss(), optimizer: (p) => new optim.SGD(p, { lr: 0.1 }) }],
    ['tanh', () => network(() => new nn.Tanh()), healthy],
    [
      'sigmoids',
      () => network(() => new nn.Sigmoid()),
      { loss: 'crossEntropy', optimizer: { name: 'adam', lr: 0.02 } },
    ],
    [
      'probabilities',
      () => new nn.Sequential(network(), new nn.Softmax({ dim: 1 })),
      { ...healthy, loss: 'sparseCategoricalCrossentropy' },
    ],
    ['a linear model', () => new nn.Linear(8, 3), healthy],
    [
      'layers that wait for their sizes',
      () => new nn.Sequential(new nn.Dense(16, { activation: 'relu' }), new nn.Dense(3)),
      healthy,
    ],
  ])('%s', async (_name, make, options) => {
    const d = await run(make(), problem(), options);
    expect(d.causes).toEqual([]);
    expect(d.symptom).toBe('learning');
    expect(d.checks.filter((c) => !c.ok)).toEqual([]);
    expect(d.advice).toMatch(/^Nothing stands out/);
  });

  test('a regression', async () => {
    const { x } = problem();
    const y = x
      .matmul(ng.randn([8, 1]))
      .tanh()
      .add(ng.randn([320, 1]).mul(0.05));
    const model = new nn.Sequential(new nn.Linear(8, 32), new nn.Tanh(), new nn.Linear(32, 1));
    expect((await run(model, { x, y }, { ...healthy, loss: 'mse' })).causes).toEqual([]);
  });
});

/** Spoils a problem or a model, and the settings. */
type Fault = (p: Problem) => { model?: nn.Module; p?: Problem; options?: Options };
const zeroed = (): nn.Module => {
  const model = network();
  linears(model).forEach((l) => ng.noGrad(() => (l.weight.zero_(), l.bias!.zero_())));
  return model;
};

test.each<[string, string, Fault]>([
  ['shuffled labels', 'labels-unrelated', ({ x, y }) => ({ p: { x, y: y.indexSelect(0, ng.randperm(320)) } })],
  ['unscaled inputs', 'scale', ({ x, y }) => ({ p: { x: x.mul(60).add(500), y } })],
  [
    'columns of different scale',
    'scale',
    ({ x, y }) => ({ p: { x: x.mul(ng.tensor([1e4, 1, 1, 1, 1, 1, 1, 1])), y } }),
  ],
  ['zero initialisation', 'zero-initialisation', () => ({ model: zeroed() })],
  [
    'a rate 100 times too high, Adam',
    'rate-too-high',
    () => ({ options: { ...healthy, optimizer: { name: 'adam', lr: 1 } } }),
  ],
  [
    'a rate 100 times too high, SGD',
    'rate-too-high',
    () => ({ options: { ...healthy, optimizer: { name: 'sgd', lr: 20 } } }),
  ],
  [
    'a rate 100 times too low, Adam',
    'rate-too-low',
    () => ({ options: { ...healthy, optimizer: { name: 'adam', lr: 1e-4 } } }),
  ],
  [
    'a rate 100 times too low, SGD',
    'rate-too-low',
    () => ({ options: { ...healthy, optimizer: (p) => new optim.SGD(p, { lr: 2e-3 }) } }),
  ],
  [
    'saturated sigmoids',
    'saturated',
    () => {
      const model = network(() => new nn.Sigmoid());
      linears(model).forEach((l) => ng.noGrad(() => l.weight.mul_(100)));
      return { model };
    },
  ],
  ['softmax twice', 'softmax-twice', () => ({ model: new nn.Sequential(network(), new nn.Softmax({ dim: 1 })) })],
  [
    'a sigmoid twice',
    'sigmoid-twice',
    ({ x, y }) => ({
      model: new nn.Sequential(new nn.Linear(8, 16), new nn.ReLU(), new nn.Dense(1, { activation: 'sigmoid' })),
      p: { x, y: y.eq(1).to('float32').unsqueeze(1) },
      options: { ...healthy, loss: 'bceWithLogits' },
    }),
  ],
  [
    'shuffled targets of a regression',
    'labels-unrelated',
    ({ x }) => ({
      model: new nn.Sequential(new nn.Linear(8, 16), new nn.ReLU(), new nn.Linear(16, 1)),
      p: { x, y: x.sum(1, { keepdim: true }).indexSelect(0, ng.randperm(320)) },
      options: { ...healthy, loss: new nn.MSELoss() },
    }),
  ],
  [
    'a frozen layer',
    'frozen',
    () => {
      const model = network();
      linears(model)[1]!.requiresGrad_(false);
      return { model };
    },
  ],
  [
    'a leaked target',
    'leaked-target',
    ({ x, y }) => ({ p: { x: ng.cat([x.narrow(1, 0, 7), y.to('float32').unsqueeze(1)], 1), y } }),
  ],
  ['NaN in the data', 'nan', ({ x, y }) => ({ p: { x: x.where(x.lt(2.5), NaN), y } })],
  [
    'dead ReLUs',
    'dead-relu',
    () => {
      const model = network();
      ng.noGrad(() => linears(model)[0]!.bias!.fill_(-50));
      return { model };
    },
  ],
  [
    'a layer that the optimizer does not know',
    'not-in-optimizer',
    () => {
      const model = network();
      return { model, options: { ...healthy, optimizer: () => new optim.Adam(linears(model)[2]!.parameters()) } };
    },
  ],
  [
    'logits for probabilities',
    'not-probabilities',
    () => ({ options: { ...healthy, loss: 'sparseCategoricalCrossentropy' } }),
  ],
  ['a number of classes that is too small', 'error', () => ({ model: new nn.Linear(8, 2) })],
  ['inputs of another size', 'error', () => ({ model: new nn.Linear(9, 3) })],
])('%s', async (_name, kind, plant) => {
  const p = problem();
  const { model = network(), p: spoilt = p, options = healthy } = plant(p);
  const before = stateOf(model);
  const d = await run(model, spoilt, options);
  expect(kinds(d)[0]).toBe(kind);
  expect(d.advice).toBe(d.causes[0]!.advice);
  expect(d.checks.some((c) => !c.ok)).toBe(true);
  expect(String(d)).toContain(`1. ${kind} (`);
  expect(stateOf(model)).toEqual(before);
});

test('a loss that fails later is a cause; a compiled model brings its settings; errors of options are thrown', async () => {
  const p = problem();
  let calls = 0;
  const fails = (prediction: ng.Tensor): ng.Tensor => {
    if (++calls > 30) ng.ones([2]).add(ng.ones([3]));
    return prediction.square().mean();
  };
  const d = await run(network(), p, { loss: fails });
  expect(kinds(d)).toContain('error');
  expect(d.symptom).toBeUndefined();

  const model = ng.sequential([new nn.Dense(16, { activation: 'relu' }), new nn.Dense(3)]);
  model.compile({ optimizer: { name: 'adam', lr: 3 }, loss: 'crossEntropy' });
  expect(kinds(await diagnose(model, loaderOf(p)))[0]).toBe('rate-too-high');

  await expect(run(network(), p, { loss: 'crossEntropie' })).rejects.toThrow('[diagnose] unknown loss');
  await expect(run(network(), p, { ...healthy, stepz: 3 } as never)).rejects.toThrow(
    '[diagnose] has no option "stepz"',
  );
  await expect(diagnose(network(), [], healthy)).rejects.toThrow('[diagnose] the data gave no batch');
  const own = (): ng.Tensor => {
    throw new RangeError('mine');
  };
  await expect(run(network(), p, { loss: own })).rejects.toThrow(RangeError);
});

test('two inputs by name, sequences, few examples, batches of one', async () => {
  const { x, y } = problem(64);
  class Two extends nn.Module {
    head = new nn.Linear(8, 3);
    forward({ a, b }: { a: ng.Tensor; b: ng.Tensor }): ng.Tensor {
      return this.head.forward(ng.cat([a, b], 1));
    }
  }
  const batches = [0, 1, 2, 3].map((i) => {
    const rows = x.narrow(0, 16 * i, 16);
    return [{ a: rows.narrow(1, 0, 3), b: rows.narrow(1, 3, 5) }, y.narrow(0, 16 * i, 16)];
  });
  expect((await diagnose(new Two(), batches, healthy)).symptom).toBe('learning');
  // One batch is cut in two.
  expect((await diagnose(new nn.Linear(8, 3), [[x, y]], healthy)).symptom).toBe('learning');
  const ones = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 1 });
  expect((await diagnose(new nn.Linear(8, 3), ones, healthy)).symptom).toBeDefined();
});
