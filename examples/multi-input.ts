/**
 * @file Several inputs: six kinds of movement from a signal of 128 steps and 9 channels and a table of 4 numbers about the
 * person, by the functional API. The signals are made, not measured: sums of sines whose rate, strength and direction depend
 * on the movement, with noise, so that neither the signal nor the table alone tells all six apart. Guessing is right in 1 of 6.
 */
import * as ng from 'nodegrad';
import { nn } from 'nodegrad';
import { lesson } from './support/lesson';

const [steps, channels, kinds] = [128, 9, 6];

/** n examples: signals [n, 128, 9], tables [n, 4], and the kind of movement of each. */
function movements(n: number): [signals: ng.Tensor, tables: ng.Tensor, labels: ng.Tensor] {
  const labels = ng.randint(0, kinds, [n], { dtype: 'int64' });
  const kind = labels.to('float32').unsqueeze(1);
  // Three rhythms; kinds 0 to 2 are those of light people, 3 to 5 of heavy ones, which only the table shows.
  const rhythm = kind.remainder(3);
  const heavy = kind.div(3, { roundingMode: 'floor' });
  const t = ng.arange(steps).div(steps).reshape([1, steps, 1]);
  const rate = rhythm
    .add(ng.rand([n, 1]).mul(0.5))
    .add(1)
    .unsqueeze(2);
  const direction = ng.linspace(0, 2, channels).reshape([1, 1, channels]);
  const clean = ng.sin(
    t
      .mul(rate)
      .add(direction)
      .mul(2 * Math.PI),
  );
  const signals = clean.add(ng.randn([n, steps, channels]).mul(0.8));
  const tables = ng.cat([heavy.mul(1.5).add(ng.randn([n, 1]).mul(0.5)), ng.randn([n, 3])], 1);
  return [signals, tables, labels];
}

lesson('multi-input', 'Six kinds of movement from a signal and a table.', async ({ quick, reached }) => {
  ng.manualSeed(0);
  const series = ng.input([steps, channels], { name: 'timeseries' });
  const x = new nn.Dense(64, { activation: 'relu' }).apply(new nn.Flatten().apply(series));
  const table = ng.input([4], { name: 'tabular' });
  const y = new nn.Dense(32, { activation: 'relu' }).apply(table);
  const out = new nn.Dense(kinds, { activation: 'softmax' }).apply(ng.concatenate([x, y]));
  const model = ng.model({ inputs: [series, table], outputs: out });
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  model.summary();

  const [signals, tables, labels] = movements(quick ? 200 : 3000);
  await model.fit({ timeseries: signals, tabular: tables }, labels, { epochs: quick ? 2 : 10, validationSplit: 0.2 });
  const [newSignals, newTables, newLabels] = movements(1000);
  const { accuracy } = await model.evaluate({ timeseries: newSignals, tabular: newTables }, newLabels);
  const naive = { what: 'guessing', value: 1 / kinds };
  reached({ what: 'new examples told right', value: accuracy!, must: 0.85, naive, percent: true });
});
