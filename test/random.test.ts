/** @file Random tensors: distributions, reproducibility, generators, dropout. */
import * as ng from '../lib';

const values = (t: ng.Tensor): number[] => Array.from(t.dataSync() as Float64Array, Number);
const average = (v: number[]): number => v.reduce((a, b) => a + b, 0) / v.length;
const deviation = (v: number[]): number => {
  const m = average(v);
  return Math.sqrt(average(v.map((x) => (x - m) ** 2)));
};

beforeEach(() => void ng.manualSeed(1234));

test('the same seed gives the same numbers, further calls give others', () => {
  const draw = (): number[] => [ng.rand([5]), ng.randn([5]), ng.randint(100, [5]), ng.randperm(5)].flatMap(values);
  const a = draw();
  const b = draw();
  ng.manualSeed(1234);
  expect(draw()).toEqual(a);
  expect(b).not.toEqual(a);
});

test.each([1, 2, 3, 4, 5, 7])('consecutive calls of %i elements share no random word', (n) => {
  // If ranges overlapped, the second call's numbers would appear again within one long call at the same place.
  for (const dtype of ['float32', 'float64'] as const) {
    const seen = new Set<number>();
    for (let i = 0; i < 50; i++) for (const v of values(ng.rand([n], { dtype }))) seen.add(v);
    expect(seen.size).toBe(50 * n);
  }
});

test('results do not depend on the number of threads', () => {
  const draw = (): number[] => {
    ng.manualSeed(5);
    const x = ng.ones([100_000]);
    return [ng.rand([100_000]), ng.randn([100_000]), ng.dropout(x, 0.3), ng.multinomial(ng.rand([64, 50]), 20)].flatMap(
      values,
    );
  };
  const before = ng.getNumThreads();
  ng.setNumThreads(1);
  const a = draw();
  ng.setNumThreads(4);
  const b = draw();
  ng.setNumThreads(before);
  expect(b).toEqual(a);
});

test('generators are independent of the default one and of each other; states can be restored', () => {
  const g = new ng.Generator(7);
  const a = values(ng.rand([4], { generator: g }));
  const state = g.getState();
  const b = values(ng.randn([4], { generator: g }));
  g.setState(JSON.parse(JSON.stringify(state)) as ng.RngState);
  expect(values(ng.randn([4], { generator: g }))).toEqual(b);
  expect(values(ng.rand([4], { generator: new ng.Generator(7) }))).toEqual(a);
  const global = ng.getRngState();
  const c = values(ng.rand([4]));
  ng.setRngState(global);
  expect(values(ng.rand([4]))).toEqual(c);
  expect(new ng.Generator().initialSeed()).not.toBe(new ng.Generator().initialSeed());
  expect(() => ng.rand([1], { generator: 5 as never })).toThrow(ng.ArgumentError);
  expect(() => ng.manualSeed(0.5)).toThrow(ng.ArgumentError);
});

test('moments and ranges', () => {
  const u = values(ng.rand([20_000]));
  expect(Math.min(...u)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...u)).toBeLessThan(1);
  expect(average(u)).toBeCloseTo(0.5, 1.5);
  const z = values(ng.randn([20_000], { dtype: 'float64' }));
  expect(average(z)).toBeCloseTo(0, 1);
  expect(deviation(z)).toBeCloseTo(1, 1.5);
  const e = values(ng.zeros([20_000]).exponential_(2));
  expect(Math.min(...e)).toBeGreaterThanOrEqual(0);
  expect(average(e)).toBeCloseTo(0.5, 1.5);
  const n = values(ng.zeros([100, 200]).transpose(0, 1).normal_(3, 0.5));
  expect(average(n)).toBeCloseTo(3, 1.5);
  expect(deviation(n)).toBeCloseTo(0.5, 1.5);
  const t = values(ng.truncNormal_(ng.zeros([20_000]), 1, 2, 0, 2.5));
  expect(Math.min(...t)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...t)).toBeLessThanOrEqual(2.5);
  // scipy.stats.truncnorm(-0.5, 0.75, 1, 2): mean 1.2210, std 0.6972
  expect(average(t)).toBeCloseTo(1.221, 1.5);
  expect(deviation(t)).toBeCloseTo(0.6972, 1.5);
  expect(average(values(ng.zeros([20_000]).bernoulli_(0.25)))).toBeCloseTo(0.25, 1.5);
  expect(average(values(ng.cast(ng.rand([5000], { dtype: 'bfloat16' }), 'float32')))).toBeCloseTo(0.5, 1);
});

test('randint: bounds, dtypes, forms', () => {
  const v = values(ng.randint(-3, 4, [3000]));
  expect([...new Set(v)].sort((a, b) => a - b)).toEqual([-3, -2, -1, 0, 1, 2, 3]);
  expect(ng.randint(10, [2]).dtype).toBe('int64');
  expect(ng.randint(0, 256, [2], { dtype: 'uint8' }).dtype).toBe('uint8');
  expect(ng.randintLike(ng.zeros([2, 3]), 5).dtype).toBe('float32');
  expect(ng.randintLike(ng.zeros([2, 3]), 5, 6).arraySync()).toEqual([
    [5, 5, 5],
    [5, 5, 5],
  ]);
  expect(() => ng.randint(0, 257, [2], { dtype: 'uint8' })).toThrow(ng.ArgumentError);
  expect(() => ng.randint(3, 3, [2])).toThrow(/low 3/);
});

test('randperm is a permutation; multinomial draws by weight', () => {
  expect(values(ng.randperm(100)).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  const w = ng.tensor([1, 0, 3]);
  const drawn = values(ng.multinomial(w, 8000, { replacement: true }));
  expect(drawn).not.toContain(1);
  expect(average(drawn.map((k) => (k === 2 ? 1 : 0)))).toBeCloseTo(0.75, 1.5);
  expect(values(w.multinomial(2)).sort()).toEqual([0, 2]);
  expect(ng.multinomial(ng.rand([3, 5]), 4).shape).toEqual([3, 4]);
  expect(() => ng.multinomial(w, 4)).toThrow(ng.ArgumentError);
  expect(() => ng.multinomial(ng.ones([2], { dtype: 'int32' }), 1)).toThrow(ng.DTypeError);
});

test('weights that are none fail when the result is read', async () => {
  await expect(ng.multinomial(ng.tensor([0, 0]), 1).data()).rejects.toBeInstanceOf(ng.NumericError);
});

test('dropout: scaling, extremes, the mask of the gradient and of its gradient', () => {
  const x = ng.full([10_000], 2).requiresGrad_();
  const y = ng.dropout(x, 0.25);
  const v = values(y);
  const kept = v.map((a) => (a === 0 ? 0 : 1));
  expect(average(kept)).toBeCloseTo(0.75, 1.5);
  expect(v.every((a) => a === 0 || Math.abs(a - 2 / 0.75) < 1e-6)).toBe(true);
  const start = ng.full([10_000], 3).requiresGrad_();
  const [g] = ng.grad(y, x, { gradOutputs: start, createGraph: true });
  expect(values(g!)).toEqual(kept.map((k) => k * 4));
  const [gg] = ng.grad(g!.sum(), start);
  expect(values(gg!).map((a) => (a === 0 ? 0 : 1))).toEqual(kept);
  expect(ng.dropout(x, 0)).toBe(x);
  expect(ng.dropout(x, 0.5, false)).toBe(x);
  const zero = ng.dropout(x, 1);
  expect(values(zero).every((a) => a === 0)).toBe(true);
  zero.sum().backward();
  expect(values(x.grad!).every((a) => a === 0)).toBe(true);
  expect(() => ng.dropout(x, 1.5)).toThrow(ng.ArgumentError);
  expect(() => ng.dropout(ng.ones([2], { dtype: 'int32' }))).toThrow(ng.DTypeError);
});

test('dropout of a strided tensor masks gradients at the same places', () => {
  const x = ng.ones([3, 4], { requiresGrad: true });
  const y = ng.dropout(x.T, { p: 0.5 });
  y.sum().backward();
  expect(x.grad!.T.arraySync()).toEqual(y.arraySync());
});

test('channel and alpha dropout', () => {
  const y = ng
    .dropout2d(ng.ones([8, 16, 3, 3]), 0.5)
    .reshape([128, 9])
    .arraySync() as number[][];
  for (const channel of y) expect(new Set(channel).size).toBe(1);
  expect(new Set(y.map((c) => c[0])).size).toBe(2);
  const a = values(ng.alphaDropout(ng.randn([50_000]), 0.2, true));
  expect(average(a)).toBeCloseTo(0, 1.2);
  expect(deviation(a)).toBeCloseTo(1, 1.2);
});

test('in-place filling obeys autograd', () => {
  const leaf = ng.zeros([3], { requiresGrad: true });
  expect(() => leaf.normal_()).toThrow(ng.AutogradError);
  expect(values(ng.noGrad(() => leaf.uniform_(1, 2))).every((v) => v >= 1 && v < 2)).toBe(true);
  const y = leaf.mul(2);
  y.uniform_();
  y.sum().backward();
  expect(leaf.grad === null || values(leaf.grad).every((v) => v === 0)).toBe(true);
});

test('feature alpha dropout decides for whole channels and keeps mean and deviation', () => {
  const x = ng.randn([400, 50, 4]);
  const y = ng.featureAlphaDropout(x, 0.2, true);
  const same = y
    .sub(y.at([ng.s(), ng.s(), ng.s(0, 1)]))
    .abs()
    .amax(-1);
  expect(average(values(same.lt(1e-6)))).toBeCloseTo(0.2, 1.5);
  expect(average(values(y))).toBeCloseTo(0, 1);
  expect(deviation(values(y))).toBeCloseTo(1, 1.5);
});

test('rrelu draws slopes within the bounds in training', () => {
  const x = ng.full([20_000], -1).requiresGrad_();
  const y = ng.rrelu(x, { lower: 0.1, upper: 0.5, training: true });
  const v = values(y).map((a) => -a);
  expect(Math.min(...v)).toBeGreaterThanOrEqual(0.1);
  expect(Math.max(...v)).toBeLessThanOrEqual(0.5);
  expect(average(v)).toBeCloseTo(0.3, 1.5);
  expect(deviation(v)).toBeCloseTo(0.4 / Math.sqrt(12), 1.5);
  y.sum().backward();
  expect(values(x.grad!)).toEqual(v);
  const layer = new ng.nn.RReLU(0.1, 0.5);
  expect(
    layer
      .forward(ng.full([3], -1))
      .std()
      .itemSync(),
  ).toBeGreaterThan(0);
  layer.eval();
  for (const a of values(layer.forward(ng.full([3], -1)))) expect(a).toBeCloseTo(-0.3, 6);
  expect(values(ng.rrelu(ng.ones([2]), 0.1, 0.5, true))).toEqual([1, 1]);
});

test('gumbelSoftmax: its largest entries are drawn by the softmax of the logits', () => {
  const p = [0.1, 0.2, 0.7];
  const logits = ng.tensor(p).log().expand([20_000, 3]);
  const hard = ng.nn.functional.gumbelSoftmax(logits, { hard: true });
  p.forEach((want, k) => expect(average(values(hard.at([ng.s(), k])))).toBeCloseTo(want, 1.5));
  const soft = ng.nn.functional.gumbelSoftmax(logits, 0.5, false, 1e-10, -1);
  expect(soft.sum(-1).sub(1).abs().max().itemSync()).toBeLessThan(1e-5);
  const won = soft.eq(soft.amax(-1, { keepdim: true })).to('float32');
  p.forEach((want, k) => expect(average(values(won.at([ng.s(), k])))).toBeCloseTo(want, 1.5));
});

test('hard gumbelSoftmax has the gradient of the soft one', () => {
  const gradient = (hard: boolean): unknown => {
    const x = ng.tensor([[1, 2, 3]], { dtype: 'float64', requiresGrad: true });
    const y = ng.gumbelSoftmax(x, { tau: 2, hard, generator: new ng.Generator(3) });
    y.mul(ng.tensor([1, 5, 2], { dtype: 'float64' }))
      .sum()
      .backward();
    return x.grad!.arraySync();
  };
  expect(gradient(true)).toEqual(gradient(false));
});
