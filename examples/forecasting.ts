/**
 * @file Forecasting shares: tomorrow's S&P 500 from the last 20 days, by a network on prices and by one on returns.
 * What is learned: a network knows what it was trained on. Prices of 2000 to 2012 are its world, and as its units saturate, it
 * cannot follow when they rise to twice as much; returns (the change of a day, as a logarithm) look alike in all years, and
 * make prices again. The error of the forecast from returns must be below 30 points, that of the network on prices is above 500.
 * The honest part: relu units go on in straight lines and get away with prices, and nothing here is better than "tomorrow is
 * like today". Returns are nearly noise; were they not, everybody would be rich.
 */
import * as ng from 'nodegrad';
import { data, nn } from 'nodegrad';
import { drawCurves } from './support/chart';
import { lesson } from './support/lesson';
import { shipped } from './support/shipped';

const [size, testDays] = [20, 2000];

/** What a network trained on windows before the test says of each day of the test. */
async function forecast(series: ng.Tensor, activation: 'tanh' | 'relu', epochs: number): Promise<ng.Tensor> {
  const { x, y, gap } = data.windows(series, { size });
  // Not at random: windows overlap, and a shuffled test would lie between days of the training.
  const [past, future] = data.split(x, y, { test: testDays, shuffle: false, gap });
  // A window's places are days of one series, so they share one mean and one deviation: those of the past.
  const scaler = new data.StandardScaler().fit(past.y);
  const scaled = (t: ng.Tensor): ng.Tensor => scaler.transform(t.flatten()).reshape(t.shape).to('float32');
  const model = ng.sequential([
    new nn.Dense(32, { activation, inputShape: [size] }),
    new nn.Dense(32, { activation }),
    new nn.Dense(1),
  ]);
  model.compile({ optimizer: { name: 'adamw', lr: 1e-3, weightDecay: 0.1 }, loss: 'mse' });
  await model.fit(scaled(past.x), scaled(past.y).unsqueeze(1), { epochs, verbose: 0 });
  const answer = await model.predict(scaled(future.x));
  return scaler.inverseTransform(answer.squeeze(1).to('float64'));
}

lesson('forecasting', 'Prices of shares from prices and from returns.', async ({ quick, reached }) => {
  ng.manualSeed(0);
  const file = shipped('vega-datasets', 'data/sp500-2000.csv');
  const table = await data.csv(file, { features: ['close'], dtype: 'float64' });
  const prices = table.tensors[0].squeeze(1);
  const epochs = quick ? 1 : 20;

  const truth = prices.at(ng.s(-testDays));
  // The close of the day before each day of the test: what "tomorrow is like today" says.
  const before = prices.at(ng.s(-testDays - 1, -1));
  const returns = await forecast(data.logReturns(prices), 'tanh', epochs);
  const forecasts = {
    'tomorrow is like today': before,
    // Each day starts from the true price of the day before: 2000 series of one step.
    'on returns, tanh': data.fromLogReturns(returns.unsqueeze(0), before).at(-1),
    'on prices, tanh': await forecast(prices, 'tanh', epochs),
    'on prices, relu': await forecast(prices, 'relu', epochs),
  };

  const highest = async (p: ng.Tensor): Promise<string> => (await p.max().item()).toFixed(0);
  console.log(
    `highest price in training ${await highest(prices.at(ng.s(0, -testDays)))}, in test ${await highest(truth)}`,
  );
  const error = (guess: ng.Tensor): Promise<number> => guess.sub(truth).square().mean().sqrt().item();
  console.log('error of the forecast of the next close (RMSE, points)');
  for (const [name, guess] of Object.entries(forecasts))
    console.log(`  ${name.padEnd(24)} ${(await error(guess)).toFixed(1).padStart(6)}`);
  const rose = truth.gt(before);
  const right = await returns.gt(0).eq(rose).to('float32').mean().item();
  const rising = await rose.to('float32').mean().item();
  console.log(
    `up or down: told right by the returns ${(100 * right).toFixed(1)} %, "always up" ${(100 * rising).toFixed(1)} %`,
  );

  const list = async (t: ng.Tensor): Promise<number[]> => (await t.array()) as number[];
  const curves = [
    { name: 'true', values: await list(truth) },
    { name: 'network on returns', values: await list(forecasts['on returns, tanh']) },
    { name: 'network on prices', values: await list(forecasts['on prices, tanh']) },
  ];
  drawCurves('forecasting', curves, { title: 'S&P 500, next close', x: 'day of the test', y: 'points' });
  const naive = { what: 'the same network on prices', value: await error(forecasts['on prices, tanh']) };
  reached({
    what: 'error of the forecast from returns',
    value: await error(forecasts['on returns, tanh']),
    must: 30,
    naive,
  });
});
