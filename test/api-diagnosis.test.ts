/** @file The program of "Diagnosis" in the documentation: every result prints as a table and has advice. */
import { inspect } from 'node:util';
import * as ng from '../lib';
import { data, nn, optim } from '../lib';

test('all tools, on one model', async () => {
  const x = ng.randn([64, 4]);
  const y = x.sum(1).gt(0).to('int64');
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 2));
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-2 });
  const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 16, shuffle: true });
  const loss = 'crossEntropy';
  const step = (a: ng.Tensor, b: ng.Tensor): ng.Tensor => {
    const l = nn.functional.crossEntropy(model.forward(a), b);
    optimizer.zeroGrad();
    l.backward();
    optimizer.step();
    return l;
  };

  const results = [
    await ng.debug.overfitBatch(model, [x, y], { loss: 'crossEntropy', steps: 200 }),
    ng.debug.trace(model, x),
    await ng.debug.findNaN({ data: x, model }),
    await ng.debug.gradients(model),
    await ng.debug.deadReLU(model, x),
    await ng.debug.saturation(model, x),
    await ng.debug.findLearningRate(model, loader, { loss }),
    await ng.debug.inspect(x, y),
    await ng.debug.diagnose(model, loader, { loss }),
  ];
  for (const r of results) {
    expect(r).toBeInstanceOf(ng.debug.Report);
    // One sentence.
    expect(r.advice).toMatch(/^[A-Z][^\n]*\.$/);
    const text = String(r);
    expect(inspect(r)).toBe(text);
    const lines = text.split('\n');
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.length).toBeLessThan(25);
    expect(lines.at(-1)).toBe(r.advice);
    expect(text).not.toMatch(/undefined|\[object/);
  }
  expect(Number.isFinite(ng.debug.detectAnomaly(() => step(x, y)).itemSync())).toBe(true);
});
