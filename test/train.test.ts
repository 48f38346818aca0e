/** @file `fit` against the same training written by hand, and everything that `fit` takes. */
import * as ng from '../lib';
import { nn, optim } from '../lib';

const net = (): ng.Sequential =>
  ng.sequential([new nn.Dense(8, { activation: 'relu', inputShape: [4] }), new nn.Dense(3)]);

/** Three clouds that overlap. */
function clouds(n: number, seed = 1): [x: ng.Tensor, y: ng.Tensor] {
  const generator = new ng.Generator(seed);
  const y = ng.randint(0, 3, [n], { generator, dtype: 'int64' });
  const x = ng.randn([n, 4], { generator }).add(y.unsqueeze(1));
  return [x, y];
}

/** Two of them with the same weights. */
function twins(): [ng.Sequential, ng.Sequential] {
  const [a, b] = [net(), net()];
  b.loadStateDict(a.stateDict());
  return [a, b];
}

/** The same by hand: means over examples of each epoch. */
function byHand(model: nn.Module, x: ng.Tensor, y: ng.Tensor, batchSize: number, epochs: number): number[] {
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-2 });
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    let total = 0;
    for (let i = 0; i < x.shape[0]!; i += batchSize) {
      const n = Math.min(batchSize, x.shape[0]! - i);
      const loss = nn.functional.crossEntropy(model.forward(x.narrow(0, i, n)) as ng.Tensor, y.narrow(0, i, n));
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      total += n * loss.itemSync();
    }
    losses.push(total / x.shape[0]!);
  }
  return losses;
}

const adam = { optimizer: { name: 'adam', lr: 1e-2 }, loss: 'crossEntropy' };
const quiet = { verbose: 0, shuffle: false } as const;

const near = (got: readonly number[] | undefined, want: readonly number[], digits = 6): void => {
  expect(got).toHaveLength(want.length);
  want.forEach((v, i) => expect(got![i]).toBeCloseTo(v, digits));
};

describe('fit is the loop written by hand', () => {
  test('losses, weights and an uneven last batch', async () => {
    const [x, y] = clouds(70);
    const [a, b] = twins();
    a.compile(adam);
    const { epoch, history, aborted } = await a.fit(x, y, { ...quiet, epochs: 3, batchSize: 32 });
    expect([epoch, aborted]).toEqual([[0, 1, 2], false]);
    near(history['loss'], byHand(b, x, y, 32, 3));
    for (const [name, t] of Object.entries(a.stateDict()))
      near([...(await t.data())].map(Number), [...(await b.stateDict()[name]!.data())].map(Number));
  });

  test('accumulate: batches of 8, four to a step, are batches of 32', async () => {
    const [x, y] = clouds(70);
    const [a, b] = twins();
    a.compile(adam);
    b.compile(adam);
    await a.fit(x, y, { ...quiet, epochs: 2, batchSize: 8, accumulate: 4 });
    await b.fit(x, y, { ...quiet, epochs: 2, batchSize: 32 });
    expect((await a.evaluate(x, y))['loss']).toBeCloseTo((await b.evaluate(x, y))['loss']!, 5);
  });
});
