/** @file The whole path in small: what to run first after any change (`npx jest tiny`, a few seconds). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ng from '../lib';
import { data, nn, optim } from '../lib';

const dir = mkdtempSync(join(tmpdir(), 'nodegrad-tiny-'));
afterAll(() => rmSync(dir, { recursive: true }));

class Net extends nn.Module {
  fc1 = new nn.Linear(2, 16);
  fc2 = new nn.Linear(16, 3);
  forward(x: ng.Tensor): ng.Tensor {
    return this.fc2.forward(ng.relu(this.fc1.forward(x)));
  }
}

// Three classes: which of three centres is nearest.
function points(n: number): data.TensorDataset<[ng.Tensor, ng.Tensor]> {
  const x = ng.randn([n, 2]);
  const values = x.dataSync() as Float32Array;
  const centres = [
    [0, 1],
    [1, -1],
    [-1, -1],
  ] as const;
  const labels = Int32Array.from({ length: n }, (_, i) => {
    const far = centres.map(([a, b]) => (values[2 * i]! - a) ** 2 + (values[2 * i + 1]! - b) ** 2);
    return far.indexOf(Math.min(...far));
  });
  return new data.TensorDataset(x, ng.tensor(labels));
}

test('tensors: values, broadcasting, views', async () => {
  const a = ng.tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(
    await ng
      .matmul(a, a.T)
      .add(ng.tensor([10, 20]))
      .array(),
  ).toEqual([
    [15, 31],
    [21, 45],
  ]);
  expect(a.reshape([4]).mean().itemSync()).toBe(2.5);
  expect(() => ng.matmul(a, ng.ones([3, 2]))).toThrow(ng.ShapeError);
});

test('autograd: the gradient of tanh(x w)^2 is what differences give', () => {
  const x = ng.tensor([0.5, -1.5], { dtype: 'float64' });
  const f = (w: ng.Tensor): ng.Tensor => ng.tanh(w.mul(x)).square().sum();
  const w = ng.tensor([0.3, 0.7], { dtype: 'float64', requiresGrad: true });
  f(w).backward();
  const h = 1e-6;
  const numeric = [0, 1].map((i) => {
    const at = (d: number): number =>
      f(ng.tensor([0.3 + (i === 0 ? d : 0), 0.7 + (i === 1 ? d : 0)], { dtype: 'float64' })).itemSync();
    return (at(h) - at(-h)) / (2 * h);
  });
  numeric.forEach((v, i) => expect((w.grad!.dataSync() as Float64Array)[i]).toBeCloseTo(v, 8));
});

test('a network learns, and is the same after saving and loading', async () => {
  ng.manualSeed(1);
  const loader = new data.DataLoader(points(512), { batchSize: 32, shuffle: true });
  const model = new Net();
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-2 });
  const losses: number[] = [];
  for (let epoch = 0; epoch < 12; epoch++) {
    let sum = 0;
    for await (const [x, y] of loader) {
      const loss = criterion.forward(model.forward(x), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      sum += await loss.item();
    }
    losses.push(sum / loader.length);
  }
  expect(losses[0]).toBeGreaterThan(0.6);
  expect(losses.at(-1)).toBeLessThan(0.25);

  const file = join(dir, 'net.safetensors');
  await ng.save(file, model.stateDict());
  const copy = new Net();
  copy.loadStateDict(await ng.load(file));
  const x = ng.randn([7, 2]);
  expect(copy.forward(x).dataSync()).toEqual(model.forward(x).dataSync());
});
