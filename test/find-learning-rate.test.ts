/** @file The range test of learning rates. */
import * as ng from '../lib';
import { data, nn, optim } from '../lib';
import { stateOf } from './debug-cases';

const { debug } = ng;

function problem(): { x: ng.Tensor; y: ng.Tensor; loader: data.DataLoader<ng.Tensor[]>; model: nn.Sequential } {
  const x = ng.randn([256, 8]);
  const y = x.matmul(ng.randn([8, 3])).argmax(1);
  const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 32, shuffle: true, seed: 4 });
  const model = new nn.Sequential(new nn.Linear(8, 32), new nn.BatchNorm1d(32), new nn.ReLU(), new nn.Linear(32, 3));
  return { x, y, loader: loader as never, model };
}

test.each([
  ['adam', (p: nn.Parameter[], lr: number) => new optim.Adam(p, { lr })],
  ['sgd', (p: nn.Parameter[], lr: number) => new optim.SGD(p, { lr })],
])('%s: the suggestion trains better than rates a hundred times off', async (name, make) => {
  const { x, y, loader, model } = problem();
  const r = await debug.findLearningRate(model, loader, { loss: 'crossEntropy', optimizer: name });
  const after = (lr: number): number => {
    const m = model.clone();
    const optimizer = make(m.parameters(), lr);
    for (let i = 0; i < 60; i++) {
      const loss = nn.functional.crossEntropy(m.forward(x), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
    }
    return nn.functional.crossEntropy(m.forward(x), y).itemSync();
  };
  const found = after(r.suggestion);
  expect(found).toBeLessThan(0.3);
  expect(found).toBeLessThan(0.5 * after(r.suggestion / 100));
  // Not a number is no better.
  expect(after(r.suggestion * 100)).not.toBeLessThan(2 * found);
});

test('rates, losses, the table, the picture; model and loader stay as they were', async () => {
  const { loader, model } = problem();
  const before = [stateOf(model), loader.stateDict()];
  const r = await debug.findLearningRate(model, loader, { loss: 'crossEntropy', min: 1e-5, max: 10, steps: 60 });
  expect([stateOf(model), loader.stateDict()]).toEqual(before);
  expect(r.lrs[0]).toBe(1e-5);
  expect(r.lrs[1]! / r.lrs[0]!).toBeCloseTo(1e6 ** (1 / 59), 10);
  expect(r.losses).toHaveLength(r.lrs.length);
  expect(r.suggestion).toBeGreaterThan(1e-3);
  expect(r.suggestion).toBeLessThan(1);
  expect(String(r)).toMatch(/^\d+ rates from 0\.00001 to/);
  expect(r.advice).toMatch(/^Begin with a learning rate of 0\.\d+; /);
  const svg = r.svg();
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[\s\S]*<\/svg>$/);
  expect(svg.match(/points="([^"]*)"/)![1]!.split(' ')).toHaveLength(r.losses.filter(Number.isFinite).length);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
});

test('the average is that of the sums: weights (1 - s)^k, divided by their sum', async () => {
  const layer = new nn.Linear(1, 1);
  // Losses that do not depend on the weights' values: 1, 2, 3, ...
  let n = 0;
  const loss = (p: ng.Tensor): ng.Tensor => p.sum().mul(0).add(++n);
  const batches = [[ng.ones([2, 1]), ng.ones([2, 1])]];
  const { losses, suggestion, advice } = await debug.findLearningRate(layer, batches, {
    loss,
    steps: 10,
    smoothing: 0.5,
  });
  // (0.5^2 * 1 + 0.5 * 2 + 3) / 1.75
  expect(losses.slice(0, 3)).toEqual([1, 2.5 / 1.5, expect.closeTo(4.25 / 1.75, 12)]);
  // It ends where the average is above four times the first.
  expect(losses.at(-1)).toBeGreaterThan(4);
  expect(losses.at(-2)).toBeLessThanOrEqual(4);
  expect(suggestion).toBeNaN();
  expect(advice).toMatch(/^No rate makes the loss fall/);
});

test('errors', async () => {
  const { loader, model } = problem();
  const before = stateOf(model);
  const run = (o: object): Promise<unknown> => debug.findLearningRate(model, loader, { loss: 'crossEntropy', ...o });
  await expect(run({ min: 1, max: 0.1 })).rejects.toThrow('[findLearningRate] min 1 must be below max 0.1');
  await expect(run({ steps: 3 })).rejects.toThrow('[findLearningRate] steps must be an integer of at least 10');
  await expect(run({ optimizer: 'adamant' })).rejects.toThrow("[findLearningRate] unknown optimizer 'adamant'");
  await expect(run({ stepz: 3 })).rejects.toThrow('[findLearningRate] has no option "stepz"');
  await expect(debug.findLearningRate(model, [], { loss: 'mse' })).rejects.toThrow('the data gave no batch');
  expect(stateOf(model)).toEqual(before);
});
