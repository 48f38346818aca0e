/** @file What the tests of `fit` share: a small network, data, and the training written by hand. */
import * as ng from '../lib';
import { nn, optim } from '../lib';

export const net = (): ng.Sequential =>
  ng.sequential([new nn.Dense(8, { activation: 'relu', inputShape: [4] }), new nn.Dense(3)]);

/** Three clouds that overlap. */
export function clouds(n: number, seed = 1): [x: ng.Tensor, y: ng.Tensor] {
  const generator = new ng.Generator(seed);
  const y = ng.randint(0, 3, [n], { generator, dtype: 'int64' });
  const x = ng.randn([n, 4], { generator }).add(y.unsqueeze(1));
  return [x, y];
}

/** Two of them with the same weights. */
export function twins(): [ng.Sequential, ng.Sequential] {
  const [a, b] = [net(), net()];
  b.loadStateDict(a.stateDict());
  return [a, b];
}

/** The same by hand: means over examples of each epoch. */
export function byHand(model: nn.Module, x: ng.Tensor, y: ng.Tensor, batchSize: number, epochs: number): number[] {
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

export const adam = { optimizer: { name: 'adam', lr: 1e-2 }, loss: 'crossEntropy' };
export const quiet = { verbose: 0, shuffle: false } as const;

export const near = (got: readonly number[] | undefined, want: readonly number[], digits = 6): void => {
  expect(got).toHaveLength(want.length);
  want.forEach((v, i) => expect(got![i]).toBeCloseTo(v, digits));
};

/** Ends the training by an error, as a process that dies does, in the middle of an epoch. */
export class Dies extends ng.callbacks.Callback {
  private epoch = 0;
  constructor(private readonly at: number) {
    super();
  }
  override onEpochBegin(epoch: number): void {
    this.epoch = epoch;
  }
  override onTrainBatchEnd(batch: number): void {
    if (this.epoch === this.at && batch === 2) throw new Error('the power failed');
  }
}
