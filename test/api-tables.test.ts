/** @file The lines of the API's contract on time series and tables, as they stand there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ng from '../lib';
import { data, nn, optim } from '../lib';

const dir = mkdtempSync(join(tmpdir(), 'nodegrad-api-'));
afterAll(() => rmSync(dir, { recursive: true }));

test('time series: returns, windows, split, scaler', () => {
  const prices = Array.from({ length: 301 }, (_, i) => 100 * Math.exp(0.001 * i + 0.05 * Math.sin(i)));
  const returns = data.logReturns(prices);
  const back = data.fromLogReturns(returns, prices[0]!);
  const { x, y } = data.windows(returns, { size: 20, horizon: 1, stride: 1 });
  const [train, test] = data.split(x, y, { test: 0.2, shuffle: false });
  const scaler = new data.StandardScaler();
  const xs = scaler.fitTransform(train.x);

  expect([returns.shape, back.shape, x.shape, y.shape]).toEqual([[300], [301], [280, 20], [280]]);
  expect([train.x.shape, train.y.shape, test.x.shape, test.y.shape, xs.shape]).toEqual([
    [224, 20],
    [224],
    [56, 20],
    [56],
    [224, 20],
  ]);
  expect(ng.allclose(back, ng.tensor(prices), { rtol: 1e-5 })).toBe(true);
  expect(ng.allclose(xs.mean(0), ng.zeros([20]), { atol: 1e-5 })).toBe(true);
  expect(ng.allclose(scaler.inverseTransform(xs), train.x, { atol: 1e-6 })).toBe(true);
  expect(data.windows(ng.ones([300, 3]), { size: 20, horizon: 1, stride: 1 }).x.shape).toEqual([280, 20, 3]);
  expect(data.windows(returns, { size: 20, steps: 5 }).y.shape).toEqual([276, 5]);
});

test('a table: from the file to a model that learned', async () => {
  const path = join(dir, 'houses.csv');
  const rows = Array.from({ length: 120 }, (_, i) => {
    const [rooms, town] = [1 + (i % 7), ['Boston', 'Lynn', 'Salem'][i % 3]!];
    return `${i % 11 === 5 ? '' : rooms},${town},${20 * rooms + (town === 'Boston' ? 50 : 0)}`;
  });
  writeFileSync(path, `rooms,town,price\n${rows.join('\n')}\n`);

  const houses = await data.csv(path, { target: 'price', dropMissing: true });
  expect(houses.columns).toEqual(['rooms', 'town_Boston', 'town_Lynn', 'town_Salem']);
  const [train, test] = data.split(houses, { test: 0.2, seed: 1 });
  const model = new nn.Linear(houses.columns.length, 1);
  const optimizer = new optim.Adam(model.parameters(), { lr: 1 });
  const criterion = new nn.MSELoss();
  for (let epoch = 0; epoch < 60; epoch++)
    for await (const [x, y] of new data.DataLoader(train, { batchSize: 16, shuffle: true, seed: epoch })) {
      const loss = criterion.forward(model.forward(x), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
    }
  for await (const [x, y] of new data.DataLoader(test, { batchSize: 64 }))
    expect(await criterion.forward(model.forward(x), y).item()).toBeLessThan(4);
  const [price] = (await model.forward(houses.encode([{ rooms: 3, town: 'Boston' }])).array()) as number[][];
  expect(Math.abs(price![0]! - 110)).toBeLessThan(5);
});
