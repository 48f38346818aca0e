/** @file What `fit` is given wrongly: an error that says so, never other numbers. */
import * as ng from '../lib';
import { nn } from '../lib';
import { clouds, net } from './train-cases';

const [x, y] = clouds(12);
const line = (): ng.Sequential => ng.sequential([new nn.Dense(1, { inputShape: [4] })]).compile({ loss: 'mse' });
const refused = async (p: Promise<unknown>, text: string, code = 'ERR_INVALID_ARG'): Promise<void> =>
  expect(await p.catch((e: unknown) => e)).toMatchObject({ code, message: expect.stringContaining(text) as string });

test('batches without rows', async () => {
  for (const batch of [
    [5, 6],
    [[], x.sum(1)],
  ]) {
    await refused(line().fit(new Set([batch]), { verbose: 0 }), 'one row per example', 'ERR_SHAPE');
    await refused(line().evaluate(new Set([batch])), 'one row per example', 'ERR_SHAPE');
  }
  expect(
    await line()
      .trainOnBatch(5, 6)
      .catch((e: unknown) => e),
  ).toBeInstanceOf(ng.NodegradError);
});

test("a step of one's own that returns no values by name", async () => {
  const wrong: unknown[] = [undefined, null, 3, ng.ones([1]), [1], Promise.resolve(1)];
  for (const value of wrong) {
    class Own extends ng.Trainer {
      override trainStep(): ng.StepValues {
        return value as ng.StepValues;
      }
    }
    await refused(new Own(net()).fit(x, undefined, { verbose: 0 }), '[trainStep] must return');
  }
  class Wrong extends ng.Trainer {
    override testStep(): ng.StepValues {
      return 3 as unknown as ng.StepValues;
    }
  }
  await refused(new Wrong(net(), { loss: 'crossEntropy' }).evaluate(x, y), '[testStep] must return');
});

test('a schedule that is none', async () => {
  for (const made of [undefined, {}, 3])
    await refused(
      net()
        .compile({ loss: 'crossEntropy' })
        .fit(x, y, { verbose: 0, schedule: () => made as never }),
      '[fit] schedule must return a schedule',
    );
});

test('a dataset may be a plain object', async () => {
  const rows = { length: 12, get: (i: number): ng.Tensor[] => [x.at(i), y.at(i)] };
  const m = net().compile({ loss: 'crossEntropy', optimizer: { name: 'sgd', lr: 0 } });
  const { history } = await m.fit(rows as never, { verbose: 0, shuffle: false });
  expect(history['loss']![0]).toBeCloseTo((await m.evaluate(x, y))['loss']!, 5);
});

test('an epoch of validation before the first one', async () => {
  const m = net().compile({ loss: 'crossEntropy' });
  await refused(m.fit(x, y, { verbose: 0, validationData: [x, y], validationFreq: [0] }), 'validationFreq');
});

test('resume takes what a history holds, and keeps a copy', () => {
  const trainer = new ng.Trainer(net());
  const wrong: unknown[] = [undefined, 3, { epoch: 0 }, { epoch: [0], history: 1 }, { epoch: 0, history: {} }];
  for (const before of [...wrong, { epoch: [0], history: { loss: 'a' } }])
    expect(() => trainer.resume(before as never)).toThrow(ng.ArgumentError);
  const history = { loss: [1] };
  trainer.resume({ epoch: [0], history });
  history.loss[0] = 2;
  expect(trainer.before).toEqual({ epoch: [0], history: { loss: [1] } });
});
