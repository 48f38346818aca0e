/** @file A model of a series and a table, as the functional API is meant to be written, and a loop written by hand. */
import * as ng from '../lib';
import { nn, optim } from '../lib';

test('a series and a table, two inputs of one model', async () => {
  ng.manualSeed(0);
  const numFeatures = 12;
  const n = 48;
  const labels = ng.arange(n).remainder(6).to('int32');
  // Each class has a frequency of its own in the series, and a mean of its own in the table.
  const time = ng.linspace(0, 6.28, 128).reshape([1, 128, 1]);
  const xs = time
    .mul(labels.add(1).to('float32').reshape([n, 1, 1]))
    .sin()
    .expand([n, 128, 9]);
  const xt = ng
    .randn([n, numFeatures])
    .mul(0.1)
    .add(labels.to('float32').reshape([n, 1]));

  const series = ng.input([128, 9], { name: 'timeseries' });
  const flat = new nn.Flatten().apply(series);
  const x = new nn.Dense(64, { activation: 'relu' }).apply(flat);
  const table = ng.input([numFeatures], { name: 'tabular' });
  const y = new nn.Dense(32, { activation: 'relu' }).apply(table);
  const out = new nn.Dense(6, { activation: 'softmax' }).apply(ng.concatenate([x, y]));
  const model = ng.model({ inputs: [series, table], outputs: out });

  expect(
    model.nodes().map((node) => [node.name, node.type, node.outputShapes, node.parameters, node.connectedTo]),
  ).toEqual([
    ['timeseries', 'Input', [[-1, 128, 9]], 0, []],
    ['tabular', 'Input', [[-1, 12]], 0, []],
    ['flatten', 'Flatten', [[-1, 1152]], 0, ['timeseries']],
    ['dense', 'Dense', [[-1, 64]], 73792, ['flatten']],
    ['dense_1', 'Dense', [[-1, 32]], 416, ['tabular']],
    ['concatenate', 'concatenate', [[-1, 96]], 0, ['dense', 'dense_1']],
    ['dense_2', 'Dense', [[-1, 6]], 582, ['concatenate']],
  ]);

  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const losses: number[] = [];
  for (let step = 0; step < 60; step++) {
    const loss = nn.functional.sparseCategoricalCrossentropy(model.forward({ timeseries: xs, tabular: xt }), labels);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    losses.push(await loss.item());
  }
  expect(losses.at(-1)!).toBeLessThan(losses[0]! / 10);
  model.eval();
  const guess = ng.noGrad(() => model.forward([xs, xt]).argmax(1));
  expect(guess.arraySync()).toEqual(labels.arraySync());
});
