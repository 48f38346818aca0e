/** @file Functional models trained by `fit`: several inputs by name or in a list, several outputs with a loss each. */
import * as ng from '../lib';
import { nn } from '../lib';

const n = 48;

function twoInputs(): ng.FunctionalModel {
  const series = ng.input([16, 3], { name: 'timeseries' });
  const x = new nn.Dense(8, { activation: 'relu' }).apply(new nn.Flatten().apply(series));
  const table = ng.input([5], { name: 'tabular' });
  const y = new nn.Dense(4, { activation: 'relu' }).apply(table);
  const out = new nn.Dense(3, { activation: 'softmax' }).apply(ng.concatenate([x, y]));
  return ng.model({ inputs: [series, table], outputs: out });
}

// The class is the sign pattern of one feature of each input.
function examples(): { xs: ng.Tensor; xt: ng.Tensor; labels: ng.Tensor } {
  const [xs, xt] = [ng.randn([n, 16, 3]), ng.randn([n, 5])];
  const labels = xs
    .at([ng.s(), 0, 0])
    .gt(0)
    .to('int64')
    .add(xt.at([ng.s(), 0]).gt(0).to('int64'));
  return { xs, xt, labels };
}

test('inputs by name and in a list are the same training', async () => {
  const { xs, xt, labels } = examples();
  const [a, b] = [twoInputs(), twoInputs()];
  b.loadStateDict(a.stateDict());
  const settings = { epochs: 3, batchSize: 16, shuffle: false, verbose: 0 as const };
  for (const model of [a, b])
    model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  const byName = await a.fit({ timeseries: xs, tabular: xt }, labels, settings);
  const inList = await b.fit([xs, xt], labels, settings);
  expect(byName.history).toEqual(inList.history);
  expect(byName.history.loss!.at(-1)).toBeLessThan(byName.history.loss![0]!);
  const scores = await a.evaluate({ timeseries: xs, tabular: xt }, labels, { verbose: 0 });
  expect(Object.keys(scores)).toEqual(['loss', 'accuracy']);
  const p = await a.predict({ timeseries: xs, tabular: xt });
  expect(p.shape).toEqual([n, 3]);
  await expect(a.fit({ timeseries: xs }, labels, settings)).rejects.toMatchObject({ code: expect.any(String) });
});

test('several outputs with a loss each', async () => {
  const x = ng.input([4]);
  const body = new nn.Dense(8, { activation: 'tanh' }).apply(x);
  const price = new nn.Dense(1).apply(body);
  const label = new nn.Dense(3).apply(body);
  const model = ng.model({ inputs: x, outputs: { price, label } });
  const data = ng.randn([n, 4]);
  const targets = { price: data.sum(1, { keepdim: true }), label: data.argmax(1).clamp(0, 2) };
  model.compile({
    optimizer: { name: 'adam', lr: 0.02 },
    loss: { price: 'mse', label: 'crossEntropy' },
    lossWeights: { price: 0.5, label: 2 },
  });
  const { history } = await model.fit(data, targets, { epochs: 6, batchSize: 12, verbose: 0 });
  expect(history.loss!.at(-1)).toBeLessThan(0.8 * history.loss![0]!);
  const lines: string[] = [];
  model.summary({ print: (text) => lines.push(text) });
  expect(lines.join('\n')).toContain('Connected to');
  expect(lines.join('\n')).toContain('(None, 8)');
});
