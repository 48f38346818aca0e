/** @file Randomness that belongs to one training: `withGenerator`, and the `generator` of layers. */
import { AsyncLocalStorage } from 'node:async_hooks';
import * as ng from '../lib';
import { data, nn, optim } from '../lib';
import { caught } from './caught';

type Bits = number[];
const bits = (t: ng.Tensor): Bits => Array.from(t.dataSync() as Float32Array);
const drawn = (): Bits => bits(ng.rand([3]));
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('withGenerator', () => {
  test('everything inside draws from it, and nothing outside does', () => {
    const before = ng.getRngState();
    const own = ng.withGenerator(new ng.Generator(5), drawn);
    expect(ng.getRngState()).toEqual(before);
    expect(own).toEqual(bits(ng.rand([3], { generator: new ng.Generator(5) })));
    expect(drawn()).not.toEqual(own);
  });

  test('it ends with an exception, nests, and gives way to a generator that is named', () => {
    const g = new ng.Generator(5);
    expect(() => ng.withGenerator(g, () => { throw new RangeError('mine'); })).toThrow(RangeError); // prettier-ignore
    const [outer, inner, again, named] = ng.withGenerator(new ng.Generator(1), () => [
      drawn(),
      ng.withGenerator(new ng.Generator(2), drawn),
      drawn(),
      bits(ng.rand([3], { generator: new ng.Generator(2) })),
    ]) as [Bits, Bits, Bits, Bits];
    expect(inner).toEqual(named);
    const alone = new ng.Generator(1);
    expect([outer, again]).toEqual([1, 2].map(() => bits(ng.rand([3], { generator: alone }))));
  });

  test('manualSeed and the state are those of the generator in use', () => {
    const [before, g] = [ng.getRngState(), new ng.Generator(1)];
    ng.withGenerator(g, () => {
      expect(ng.manualSeed(9)).toBe(g);
      drawn();
      expect(ng.getRngState()).toEqual(g.getState());
      ng.setRngState({ seed: 4, offset: 2 });
    });
    expect(g.getState()).toEqual({ seed: 4, offset: 2 });
    expect(ng.getRngState()).toEqual(before);
  });

  test('holds after awaits of promises, of reads, of timers, and in what fn starts', async () => {
    const g = new ng.Generator(3);
    const seen = await ng.withGenerator(g, async () => {
      const out = [drawn()];
      await Promise.resolve();
      out.push(drawn());
      await ng.rand([2]).data();
      out.push(drawn());
      await sleep(1);
      out.push(drawn());
      await new Promise<void>((resolve) => setImmediate(() => (out.push(drawn()), resolve())));
      return out;
    });
    expect(ng.getRngState()).toEqual({ seed: 0, offset: 0 });
    const alone = new ng.Generator(3);
    const next = (n = 3): Bits => bits(ng.rand([n], { generator: alone }));
    expect(seen).toEqual([next(), next(), (next(2), next()), next(), next()]);
  });

  test('what is wrong is said', () => {
    expect(caught(() => ng.withGenerator(3 as never, drawn))).toMatchObject({
      code: 'ERR_INVALID_ARG',
      message: expect.stringContaining('[withGenerator] generator must be a Generator') as string,
    });
    expect(caught(() => ng.withGenerator(new ng.Generator(), 3 as never))).toMatchObject({ code: 'ERR_INVALID_ARG' });
  });
});

describe('layers with a generator of their own', () => {
  const x = ng.ones([4, 6, 8]);
  const generator = (): ng.Generator => new ng.Generator(11);
  const cases: [string, (g: ng.Generator) => nn.Module, ng.Tensor?][] = [
    ['Dropout', (g) => new nn.Dropout(0.5, { generator: g })],
    ['Dropout in place', (g) => new nn.Dropout({ p: 0.5, inplace: true, generator: g })],
    ['Dropout1d', (g) => new nn.Dropout1d(0.5, { generator: g })],
    ['Dropout2d', (g) => new nn.Dropout2d(0.5, { generator: g })],
    ['Dropout3d', (g) => new nn.Dropout3d(0.5, { generator: g }), ng.ones([4, 4, 2, 2, 2])],
    ['AlphaDropout', (g) => new nn.AlphaDropout(0.5, { generator: g })],
    ['FeatureAlphaDropout', (g) => new nn.FeatureAlphaDropout(0.5, { generator: g })],
    ['RReLU', (g) => new nn.RReLU({ generator: g }), ng.full([4, 6, 8], -1)],
    ['FractionalMaxPool2d', (g) => new nn.FractionalMaxPool2d(2, { outputSize: 3, generator: g }), ng.arange(64 * 3).reshape([1, 3, 8, 8]).float()], // prettier-ignore
    ['LSTM', (g) => new nn.LSTM(8, 5, { numLayers: 2, dropout: 0.5, generator: g })],
    ['GRU', (g) => new nn.GRU(8, 5, { numLayers: 2, dropout: 0.5, generator: g })],
    ['RNN', (g) => new nn.RNN(8, 5, { numLayers: 2, dropout: 0.5, generator: g })],
    ['TransformerEncoderLayer', (g) => new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, dropout: 0.5, generator: g })], // prettier-ignore
    ['Transformer', (g) => new nn.Transformer({ dModel: 8, nhead: 2, dimFeedforward: 16, dropout: 0.5, generator: g, numEncoderLayers: 1, numDecoderLayers: 1 })], // prettier-ignore
    ['SinusoidalPositionalEncoding', (g) => new nn.SinusoidalPositionalEncoding(8, { dropout: 0.5, generator: g })],
  ];
  test.each(cases)('%s', (name, make, input = x) => {
    const run = (seedOutside: number): Bits => {
      ng.manualSeed(1);
      const m = make(generator());
      ng.manualSeed(seedOutside);
      const state = ng.getRngState();
      const args = name === 'Transformer' ? [input.clone(), input.clone()] : [input.clone()];
      const y = (m.forward as (...t: ng.Tensor[]) => ng.Tensor | [ng.Tensor])(...args);
      expect(ng.getRngState()).toEqual(state);
      return bits(Array.isArray(y) ? y[0] : y);
    };
    const a = run(1);
    expect(run(2)).toEqual(a);
    // Not the decisions of another generator.
    const other = make(new ng.Generator(12));
    expect(other.modules().some((m) => (m as { generator?: unknown }).generator instanceof ng.Generator)).toBe(true);
  });

  test('MultiheadAttention, with and without weights', () => {
    const run = (needWeights: boolean): Bits => {
      ng.manualSeed(1);
      const m = new nn.MultiheadAttention(8, 2, { dropout: 0.5, generator: generator() });
      ng.manualSeed(Number(needWeights));
      const state = ng.getRngState();
      const y = bits(m.forward(x, x, x, { needWeights })[0]);
      expect(ng.getRngState()).toEqual(state);
      return y;
    };
    for (const needWeights of [true, false]) expect(run(needWeights)).toEqual(run(needWeights));
  });

  test('the setting is checked, and is not printed', () => {
    expect(caught(() => new nn.Dropout({ generator: 3 as never }))).toMatchObject({ code: 'ERR_INVALID_ARG' });
    expect(String(new nn.Dropout(0.5, { generator: generator() }))).toBe('Dropout(p=0.5, inplace=False)');
  });
});

// Weights after a few epochs; `pause` lets others run between steps.
async function train(pause: () => Promise<unknown>): Promise<Bits> {
  const n = 24;
  const x = ng.rand([n, 6]);
  const set = new data.TensorDataset(x, x.sum(1, { keepdim: true }).add(ng.randn([n, 1]).mul(0.1)));
  const model = new nn.Sequential(new nn.Linear(6, 16), new nn.RReLU(), new nn.Dropout(0.3), new nn.Linear(16, 1));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
  const loader = new data.DataLoader(set, { batchSize: 5, shuffle: true, transform: async (b) => (await pause(), b) });
  for (let epoch = 0; epoch < 3; epoch++)
    for await (const [input, target] of loader) {
      const noisy = input.add(ng.randn(input.shape).mul(0.01));
      const loss = nn.functional.mseLoss(model.forward(noisy), target);
      optimizer.zeroGrad();
      await pause();
      loss.backward();
      optimizer.step();
      await loss.item();
    }
  return model.parameters().flatMap(bits);
}

describe('two trainings at once', () => {
  const own = (seed: number, pause: () => Promise<unknown>): Promise<Bits> =>
    ng.withGenerator(new ng.Generator(seed), () => train(pause));

  test('give the bits that each gives alone', async () => {
    const pauses = [
      (): Promise<void> => sleep(1),
      (): Promise<void> => Promise.resolve(),
      (): Promise<void> => sleep(0),
    ];
    const alone = [await own(1, pauses[1]!), await own(2, pauses[1]!), await own(1, pauses[1]!)];
    expect(alone[0]).toEqual(alone[2]);
    expect(alone[0]).not.toEqual(alone[1]);
    const outside = ng.getRngState();
    expect(await Promise.all([own(1, pauses[0]!), own(2, pauses[1]!), own(1, pauses[2]!)])).toEqual(alone);
    expect(ng.getRngState()).toEqual(outside);
  });

  test('also inside contexts of the program itself', async () => {
    const requests = new AsyncLocalStorage<number>();
    const both = await Promise.all([1, 2].map((seed) => requests.run(seed, () => own(seed, () => sleep(0)))));
    expect(both).toEqual([await own(1, () => sleep(0)), await own(2, () => sleep(0))]);
  });
});
