/**
 * @file A network with two inputs, by the functional API: which of six movements, from the signals of a phone and a table about its
 * owner. Human activity recognition: 128 steps of 9 channels at 50 Hz (acceleration, gyroscope), and age, height, weight and
 * heart rates. The data are made, not measured (support/movements.ts says how). The test is on people who are not in the
 * training. Accuracy must be 86 %; guessing gives 17 %, and each input alone less than both.
 */
import * as ng from 'nodegrad';
import { data, nn } from 'nodegrad';
import { drawCurves } from './support/chart';
import { lesson } from './support/lesson';
import { channels, columns, kinds, movements, rate, steps } from './support/movements';

type Input = 'timeseries' | 'tabular';

/** The network of both inputs, or of one of them. */
function network(names: readonly Input[]) {
  const series = ng.input([steps, channels], { name: 'timeseries' });
  const x = new nn.Dense(64, { activation: 'relu' }).apply(new nn.Flatten().apply(series));
  const table = ng.input([columns.length], { name: 'tabular' });
  const y = new nn.Dense(32, { activation: 'relu' }).apply(table);
  const branches = { timeseries: [series, x], tabular: [table, y] } as const;
  const joined = ng.concatenate(names.map((name) => branches[name][1]));
  const out = new nn.Dense(kinds.length, { activation: 'softmax' }).apply(joined);
  const model = ng.model({ inputs: names.map((name) => branches[name][0]), outputs: out });
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

lesson('multi-input', 'Which movement, from signals and a table.', async ({ quick, reached }) => {
  ng.manualSeed(0);
  const train = movements(quick ? 5 : 40, quick ? 4 : 15);
  const test = movements(quick ? 2 : 20, quick ? 4 : 15);
  const scaler = new data.StandardScaler();
  train.tabular = scaler.fitTransform(train.tabular);
  test.tabular = scaler.transform(test.tabular);

  const vertical = (await train.timeseries.at([ng.s(0, kinds.length), ng.s(), 6]).array()) as number[][];
  const shown = [0, 2, 5].map((i) => ({ name: kinds[i]!, values: vertical[i]! }));
  const places = Array.from({ length: steps }, (_, i) => i / rate);
  drawCurves('multi-input-signals', shown, { title: 'Acceleration along the trunk', x: 'seconds', y: 'g', places });

  const curves: { name: string; values: number[] }[] = [];
  const matrix = new ng.metrics.ConfusionMatrix();
  const alone: Record<string, number> = {};
  for (const names of [['timeseries'], ['tabular'], ['timeseries', 'tabular']] as Input[][]) {
    const model = network(names);
    const inputs = (from: typeof train): Record<string, ng.Tensor> =>
      Object.fromEntries(names.map((n) => [n, from[n]]));
    const { history } = await model.fit(inputs(train), train.labels, {
      epochs: quick ? 2 : 20,
      batchSize: 64,
      validationSplit: 0.2,
      verbose: 0,
    });
    const name = names.join(' + ');
    curves.push({ name, values: history['valAccuracy']! });
    alone[name] = (await model.evaluate(inputs(test), test.labels, { verbose: 0 }))['accuracy']!;
    if (names.length < 2) continue;
    model.summary();
    matrix.update(await model.predict(inputs(test)), test.labels);
  }
  drawCurves('multi-input', curves, {
    title: 'Accuracy on people who are not learned from',
    x: 'epoch',
    y: 'accuracy',
  });
  const line = (start: string, cells: readonly unknown[]): string =>
    start.padEnd(14) + cells.map((c) => String(c).padStart(11)).join('');
  console.log(`\n${line('is, taken for:', kinds)}`);
  (await matrix.compute()).forEach((row, i) => console.log(line(kinds[i]!, row)));
  const [signals, table, both] = Object.values(alone) as [number, number, number];
  console.log(`\nsignals alone: ${(100 * signals).toFixed(1)} %, table alone: ${(100 * table).toFixed(1)} %`);
  const naive = { what: 'guessing', value: 1 / kinds.length };
  reached({ what: 'movements of new people told', value: both, must: 0.86, naive, percent: true });
});
