/** @file Sequence layers as they are used: caches, packing, dropout, gradients of fused kernels, bad input. */
import * as ng from '../lib';
import { nn } from '../lib';

const values = (t: ng.Tensor): number[] => Array.from(t.dataSync() as Float64Array, Number);

function close(got: ng.Tensor, want: ng.Tensor, tolerance = 1e-5): void {
  expect(got.shape).toEqual(want.shape);
  const [a, b] = [values(got), values(want)];
  const scale = Math.max(1e-3, ...b.map(Math.abs));
  b.forEach((v, i) => {
    if (!(Math.abs(a[i]! - v) <= tolerance * scale)) throw new Error(`element ${i} is ${a[i]} instead of ${v}`);
  });
}

const real = { dtype: 'float64' } as const;
beforeEach(() => void ng.manualSeed(3));

describe('recurrent layers', () => {
  test.each([
    ['RNN', () => new nn.RNN(2, 3, real)],
    ['LSTM', () => new nn.LSTM(2, 3, { bidirectional: true, ...real })],
    ['GRU', () => new nn.GRU(2, 3, { numLayers: 2, ...real })],
  ] as const)('%s: first and second derivatives', (_name, make) => {
    const m = make();
    const lengths = [3, 2];
    const run = (x: ng.Tensor, ...weights: ng.Tensor[]): ng.Tensor[] => {
      weights.forEach((w, i) => void Object.assign(m, { [names[i]!]: w }));
      const packed = nn.utils.rnn.packPaddedSequence(x, lengths);
      const [y, state] = (m as nn.GRU).forward(packed);
      return [y.data, ...[state].flat()];
    };
    const names = ['weightIhL0', 'weightHhL0', 'biasHhL0'];
    const weights = names.map((n) => (m as unknown as Record<string, ng.Tensor>)[n]!);
    const x = ng.randn([3, 2, 2], { ...real, requiresGrad: true });
    expect(ng.gradcheck(run, [x, ...weights])).toBe(true);
    expect(ng.gradgradcheck(run, [x, ...weights])).toBe(true);
  });

  test.each([37, 130])('hidden size %d: fused gradients are those of the composite', (hidden) => {
    for (const m of [new nn.LSTM(9, hidden), new nn.GRU(9, hidden), new nn.RNN(9, hidden, { nonlinearity: 'relu' })]) {
      const x = ng.randn([5, 7, 9], { requiresGrad: true });
      const inputs = [x, ...m.parameters()];
      const loss = (): ng.Tensor => {
        const y = (m as nn.GRU).forward(x)[0];
        return y.mul(ng.arange(y.numel).sin().reshape(y.shape)).sum();
      };
      const fused = ng.grad(loss(), inputs);
      const composed = ng.grad(loss(), inputs, { createGraph: true });
      fused.forEach((g, i) => close(g, composed[i]!, 2e-5));
    }
  });

  test('packed sequences give what each gives alone', () => {
    const m = new nn.LSTM(4, 5, { numLayers: 2, bidirectional: true });
    const list = [3, 6, 1].map((n) => ng.randn([n, 4]));
    const [y, [h, c]] = m.forward(nn.utils.rnn.packSequence(list, { enforceSorted: false }));
    nn.utils.rnn.unpackSequence(y).forEach((own, i) => {
      const [alone, [ha, ca]] = m.forward(list[i]!);
      close(own, alone);
      close(h.narrow(1, i, 1).squeeze(1), ha);
      close(c.narrow(1, i, 1).squeeze(1), ca);
    });
  });

  test('dropout between layers: only in training, the same for the same seed', () => {
    const m = new nn.GRU(4, 5, { numLayers: 2, dropout: 0.5 });
    const x = ng.randn([3, 2, 4]);
    const run = (): number[] => values(ng.manualSeed(7) && m.forward(x)[0]);
    const first = run();
    expect(run()).toEqual(first);
    m.eval();
    const still = values(m.forward(x)[0]);
    expect(still).not.toEqual(first);
    expect(values(m.forward(x)[0])).toEqual(still);
  });

  test('the same bits for any number of threads', () => {
    const m = new nn.LSTM(64, 96);
    const x = ng.randn([20, 48, 64], { requiresGrad: true });
    const before = ng.getNumThreads();
    const run = (threads: number): number[][] => {
      ng.setNumThreads(threads);
      const y = m.forward(x)[0];
      return [values(y), ...ng.grad(y.square().sum(), [x, ...m.parameters()]).map(values)];
    };
    const one = run(1);
    expect(run(4)).toEqual(one);
    ng.setNumThreads(before);
  });
});

describe('attention', () => {
  test('several tiles: equal to the composition, in any memory layout', () => {
    const make = (length: number): ng.Tensor => ng.randn([2, length, 3, 20], { requiresGrad: true });
    const [q, k, v] = [make(150), make(250), make(250)] as [ng.Tensor, ng.Tensor, ng.Tensor];
    const heads = (t: ng.Tensor): ng.Tensor => t.transpose(1, 2);
    const mask = ng.rand([150, 250]).gt(0.4);
    for (const o of [{}, { isCausal: true }, { attnMask: mask }]) {
      const out = (createGraph: boolean): ng.Tensor[] => {
        const y = nn.functional.scaledDotProductAttention(heads(q), heads(k), heads(v), o);
        return [y, ...ng.grad(y.mul(y).sum(), [q, k, v], { createGraph })];
      };
      const composed = out(true);
      out(false).forEach((t, i) => close(t, composed[i]!, 5e-5));
    }
  });

  test('a query that sees nothing gives zeros and passes no gradient', () => {
    const x = ng.randn([1, 3, 4], { requiresGrad: true });
    const attnMask = ng.tensor([
      [true, true, true],
      [false, false, false],
      [true, false, true],
    ]);
    const y = nn.functional.scaledDotProductAttention(x, x.detach(), x.detach(), { attnMask });
    expect(values(y).slice(4, 8)).toEqual([0, 0, 0, 0]);
    y.sum().backward();
    expect(values(x.grad!).slice(4, 8)).toEqual([0, 0, 0, 0]);
    expect(values(x.grad!).every(Number.isFinite)).toBe(true);
  });

  test('dropout drops weights, and the gradient knows which', () => {
    const q = ng.randn([1, 4, 3], { ...real, requiresGrad: true });
    const fn = (x: ng.Tensor): ng.Tensor => {
      const generator = new ng.Generator(5);
      return nn.functional.scaledDotProductAttention(x, x, x, { dropoutP: 0.5, generator });
    };
    expect(ng.gradcheck(fn, [q])).toBe(true);
    expect(values(fn(q))).not.toEqual(values(nn.functional.scaledDotProductAttention(q, q, q)));
  });

  test('the key-value cache gives what the whole sequence gives', () => {
    for (const needWeights of [false, true]) {
      const m = new nn.MultiheadAttention(8, 2, { batchFirst: true });
      const x = ng.randn([2, 9, 8]);
      const [want] = m.forward(x, x, x, { isCausal: true, needWeights });
      const cache = new nn.KVCache(4);
      let at = 0;
      const parts = [4, 1, 1, 3].map((n) => {
        const fresh = x.narrow(1, at, n);
        at += n;
        return m.forward(fresh, fresh, fresh, { isCausal: true, cache, needWeights })[0];
      });
      expect(cache.length).toBe(9);
      close(ng.cat(parts, 1), want);
      expect(() => cache.update(ng.ones([1, 2, 1, 4]), ng.ones([1, 2, 1, 4]))).toThrow(ng.ShapeError);
      cache.reset();
      expect(cache.length).toBe(0);
    }
  });

  test('a stack of layers with caches', () => {
    const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
    const m = new nn.TransformerEncoder(layer, 2).eval();
    const x = ng.randn([1, 6, 8]);
    const cache = [new nn.KVCache(), new nn.KVCache()];
    const parts = ng.unbind(x, 1).map((t) => m.forward(t.unsqueeze(1), { isCausal: true, cache }));
    close(ng.cat(parts, 1), m.forward(x, { isCausal: true }));
    expect(values((m.layers.at(0) as nn.TransformerEncoderLayer).linear1.weight)).toEqual(values(layer.linear1.weight));
  });
});

describe('positions and tables', () => {
  test('sinusoids', () => {
    const p = ng.sinusoidalPositions(7, 5, real);
    const want = Array.from({ length: 7 * 5 }, (_, i) => {
      const [t, c] = [Math.floor(i / 5), i % 5];
      const angle = t / 10000 ** ((c - (c % 2)) / 5);
      return c % 2 ? Math.cos(angle) : Math.sin(angle);
    });
    close(p, ng.tensor(want, { ...real }).reshape([7, 5]), 1e-12);
    const layer = new nn.SinusoidalPositionalEncoding(5, { maxLen: 7 });
    close(layer.forward(ng.zeros([2, 3, 5]), 4).at(1), p.narrow(0, 4, 3).to('float32'));
    expect(Object.keys(layer.stateDict())).toEqual([]);
    expect(() => layer.forward(ng.zeros([2, 3, 5]), 5)).toThrow(/maxLen 7/);
  });

  test('learned positions are trained where they are used', () => {
    const layer = new nn.LearnedPositionalEncoding(2, { maxLen: 4, batchFirst: false });
    layer
      .forward(ng.zeros([3, 5, 2]))
      .sum()
      .backward();
    expect(values(layer.weight.grad!)).toEqual([5, 5, 5, 5, 5, 5, 0, 0]);
  });

  test('products of turned vectors depend on the distance only', () => {
    const rotary = new nn.RotaryEmbedding(6);
    const [q, k] = [ng.randn([1, 6]), ng.randn([1, 6])];
    const product = (a: number, b: number): number => rotary.forward(q, a).mul(rotary.forward(k, b)).sum().itemSync();
    expect(product(7, 4)).toBeCloseTo(product(3, 0), 5);
    expect(product(7, 4)).not.toBeCloseTo(product(7, 6), 5);
  });

  test('pretrained embeddings are frozen; integers may be arrays; out of range is an error', () => {
    const e = nn.Embedding.fromPretrained(
      ng.tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    expect(e.weight.requiresGrad).toBe(false);
    expect(nn.Embedding.fromPretrained(ng.ones([2, 2]), { freeze: false }).weight.requiresGrad).toBe(true);
    expect(values(e.forward([1, 0]))).toEqual([3, 4, 1, 2]);
    expect(() => e.forward([2]).dataSync()).toThrow(/index 2 is out of range for size 2/);
  });
});

const refused: [() => unknown, string][] = [
  [() => new nn.LSTM(3, 4, { numLayers: 0 }), 'ERR_INVALID_ARG'],
  [() => new nn.LSTM(3, 4, { projSize: 4 }), 'ERR_INVALID_ARG'],
  [() => new nn.RNN(3, 4, { nonlinearity: 'sigmoid' as 'tanh' }), 'ERR_INVALID_ARG'],
  [() => new nn.GRU(3, 4).forward(ng.ones([2, 2, 5])), 'ERR_SHAPE'],
  [() => new nn.GRU(3, 4).forward(ng.ones([0, 2, 3])), 'ERR_SHAPE'],
  [() => new nn.GRU(3, 4).forward(ng.ones([2, 2, 3]), ng.ones([1, 3, 4])), 'ERR_SHAPE'],
  [() => new nn.GRU(3, 4).forward(ng.ones([2, 2, 3], { dtype: 'float64' })), 'ERR_DTYPE'],
  [() => new nn.LSTM(3, 4).forward(ng.ones([2, 2, 3]), ng.ones([1, 2, 4]) as never), 'ERR_INVALID_ARG'],
  [() => new nn.LSTMCell(3, 4).forward(ng.ones([2, 4])), 'ERR_SHAPE'],
  [() => new nn.MultiheadAttention(5, 2), 'ERR_INVALID_ARG'],
  [() => new nn.MultiheadAttention(4, 2).forward(ng.ones([2, 3, 5])), 'ERR_SHAPE'],
  [() => new nn.MultiheadAttention(4, 2).forward(ng.ones([2, 3, 4]), ng.ones([2, 2, 4])), 'ERR_SHAPE'],
  [
    () =>
      new nn.MultiheadAttention(4, 2).forward(ng.ones([2, 3, 4]), undefined, undefined, { attnMask: ng.ones([3, 3]) }),
    'ERR_SHAPE',
  ],
  [() => nn.utils.rnn.packPaddedSequence(ng.ones([3, 2, 1]), [1, 2]), 'ERR_INVALID_ARG'],
  [() => nn.utils.rnn.packPaddedSequence(ng.ones([3, 2, 1]), [4, 2]), 'ERR_INVALID_ARG'],
  [() => nn.utils.rnn.packPaddedSequence(ng.ones([3, 2, 1]), [2]), 'ERR_SHAPE'],
  [() => nn.utils.rnn.padSequence([ng.ones([3, 2]), ng.ones([3, 1])]), 'ERR_SHAPE'],
  [() => new nn.RotaryEmbedding(3), 'ERR_INVALID_ARG'],
  [() => new nn.EmbeddingBag(3, 2, { mode: 'min' as 'max' }), 'ERR_INVALID_ARG'],
];
test.each(refused.map(([call, code]) => [String(call).slice(6), call, code] as const))(
  'refused: %s',
  (_name, call, code) => {
    expect(call).toThrow(expect.objectContaining({ code, message: expect.stringMatching(/^\[/) as string }) as Error);
  },
);
