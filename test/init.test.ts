/** @file nn.init: where values lie, and their mean and deviation, by the formulas; structure of those that have one. */
import * as ng from '../lib';
import { nn } from '../lib';

const { init } = nn;
const values = (t: ng.Tensor): number[] => Array.from(t.dataSync() as Float64Array);

// Kolmogorov and Smirnov: the largest distance of the empirical distribution from the wanted one, times sqrt(n).
function distance(t: ng.Tensor, cdf: (x: number) => number): number {
  const v = values(t).sort((a, b) => a - b);
  const n = v.length;
  const far = v.reduce((m, x, i) => Math.max(m, Math.abs(cdf(x) - i / n), Math.abs(cdf(x) - (i + 1) / n)), 0);
  return far * Math.sqrt(n);
}
const uniform =
  (a: number, b: number) =>
  (x: number): number =>
    Math.min(1, Math.max(0, (x - a) / (b - a)));
const phi = (x: number): number => 0.5 * (1 + ng.erf(ng.tensor(x / Math.SQRT2, { dtype: 'float64' })).itemSync());
const grid = Float64Array.from({ length: 1601 }, (_, i) => phi(-8 + i / 100));
// Linear between the points of a grid: tens of thousands of values are looked up.
const normalCdf = (x: number): number => {
  const at = Math.min(1599.999, Math.max(0, (x + 8) * 100));
  const i = Math.floor(at);
  return grid[i]! + (at - i) * (grid[i + 1]! - grid[i]!);
};
const normal =
  (mean: number, std: number) =>
  (x: number): number =>
    normalCdf((x - mean) / std);

// 1.95 is exceeded by chance once in a thousand times; the seed is fixed.
const limit = 1.95;
// Layers of [out, in, ...kernel]; fanIn 300 or 90, fanOut 100 or 60.
const dense = (): ng.Tensor => ng.empty([100, 300]);
const conv = (): ng.Tensor => ng.empty([20, 30, 3]);
beforeEach(() => ng.manualSeed(11));

const root = Math.sqrt;
const bound = (b: number): ((x: number) => number) => uniform(-b, b);

test.each<[string, () => ng.Tensor, (x: number) => number]>([
  ['uniform_', () => init.uniform_(dense()), uniform(0, 1)],
  ['uniform_ by position', () => init.uniform_(dense(), -3, 5), uniform(-3, 5)],
  ['uniform_ by name', () => init.uniform_(dense(), { a: -3, b: 5 }), uniform(-3, 5)],
  ['normal_', () => init.normal_(dense()), normal(0, 1)],
  ['normal_ by position', () => init.normal_(dense(), 2, 0.5), normal(2, 0.5)],
  ['xavierUniform_', () => init.xavierUniform_(dense()), bound(root(6 / 400))],
  ['xavierUniform_ of a convolution, gain', () => init.xavierUniform_(conv(), 2), bound(2 * root(6 / 150))],
  ['xavierNormal_', () => init.xavierNormal_(dense(), { gain: 0.5 }), normal(0, 0.5 * root(2 / 400))],
  ['kaimingUniform_', () => init.kaimingUniform_(dense()), bound(root(6 / 300))],
  ['kaimingUniform_ as layers do', () => init.kaimingUniform_(dense(), { a: root(5) }), bound(1 / root(300))],
  ['kaimingUniform_ of fanOut', () => init.kaimingUniform_(conv(), 0, 'fan_out', 'relu'), bound(root(6 / 60))],
  ['kaimingNormal_', () => init.kaimingNormal_(dense()), normal(0, root(2 / 300))],
  ['kaimingNormal_ for tanh', () => init.kaimingNormal_(conv(), { nonlinearity: 'tanh' }), normal(0, 5 / 3 / root(90))],
  [
    'kaimingNormal_ for leaky ReLU, fanOut',
    () => init.kaimingNormal_(conv(), 0.5, 'fanOut', 'leaky_relu'),
    normal(0, root(2 / 1.25 / 60)),
  ],
  [
    'truncNormal_',
    () => init.truncNormal_(dense()),
    (x) => (normalCdf(x) - normalCdf(-2)) / (normalCdf(2) - normalCdf(-2)),
  ],
  [
    'truncNormal_ far from its mean',
    () => init.truncNormal_(dense(), 1, 2, 2, 4),
    (x) => (normalCdf((x - 1) / 2) - normalCdf(0.5)) / (normalCdf(1.5) - normalCdf(0.5)),
  ],
])('%s', (_name, make, cdf) => {
  const t = make();
  expect(distance(t, cdf)).toBeLessThan(limit);
  // The same test tells the wanted distribution from one that is a tenth wider.
  expect(distance(t.mul(1.1), cdf)).toBeGreaterThan(limit);
});

test('constants', () => {
  expect(values(init.constant_(ng.empty([2, 2]), 0.3))).toEqual(new Array(4).fill(Math.fround(0.3)));
  expect(values(init.ones_(ng.empty([3])))).toEqual([1, 1, 1]);
  expect(values(init.zeros_(ng.ones([3])))).toEqual([0, 0, 0]);
  expect(init.eye_(ng.empty([2, 3])).arraySync()).toEqual([
    [1, 0, 0],
    [0, 1, 0],
  ]);
});

test.each([
  [4, 7],
  [7, 4],
  [5, 5],
])('orthogonal_ of %i x %i', (rows, cols) => {
  const t = init.orthogonal_(ng.empty([rows, cols], { dtype: 'float64' }), 2);
  const product = rows < cols ? ng.matmul(t, t.T) : ng.matmul(t.T, t);
  const n = Math.min(rows, cols);
  values(product.sub(ng.eye(n, { dtype: 'float64' }).mul(4))).forEach((v) => expect(v).toBeCloseTo(0, 12));
});

test('orthogonal_: dimensions behind the first are one; signs are evenly spread', () => {
  const t = init.orthogonal_(ng.empty([6, 4, 3, 3])).reshape([6, 36]);
  values(ng.matmul(t, t.T).sub(ng.eye(6))).forEach((v) => expect(v).toBeCloseTo(0, 5));
  // Q of a QR decomposition alone would have a diagonal of one sign.
  const first = Array.from({ length: 200 }, () => values(init.orthogonal_(ng.empty([3, 3])))[0]!);
  const positive = first.filter((v) => v > 0).length;
  expect(Math.abs(positive - 100)).toBeLessThan(40);
  expect(init.orthogonal_(ng.empty([0, 3])).numel).toBe(0);
});

test('sparse_: so many zeros in each column, the others normal', () => {
  const t = init.sparse_(ng.empty([1000, 30]), 0.25, 2);
  const columns = t.T.arraySync() as number[][];
  for (const c of columns) expect(c.filter((v) => v === 0)).toHaveLength(250);
  const rest = ng.tensor(columns.flat().filter((v) => v !== 0));
  expect(distance(rest, normal(0, 2))).toBeLessThan(limit);
  const whole = columns.map((c) => c.findIndex((v) => v === 0));
  expect(new Set(whole).size).toBeGreaterThan(3);
});

test.each([
  [[3, 3, 3], 1],
  [[4, 2, 3, 5], 2],
  [[2, 3, 3, 3, 4], 1],
])('dirac_ of %j in %i groups passes channels on', (shape, groups) => {
  const t = init.dirac_(ng.ones(shape), groups);
  const [out, inputs, ...kernel] = shape as [number, number, ...number[]];
  const taps = kernel.reduce((a, b) => a * b, 1);
  const center = kernel.reduce((at, k) => at * k + Math.floor(k / 2), 0);
  const perGroup = out / groups;
  const expected = new Array<number>(t.numel).fill(0);
  for (let o = 0; o < out; o++) {
    const c = o % perGroup;
    if (c < inputs) expected[(o * inputs + c) * taps + center] = 1;
  }
  expect(values(t)).toEqual(expected);
});

test('gains', () => {
  expect(init.calculateGain('linear')).toBe(1);
  expect(init.calculateGain('conv_transpose2d')).toBe(1);
  expect(init.calculateGain('sigmoid')).toBe(1);
  expect(init.calculateGain('tanh')).toBe(5 / 3);
  expect(init.calculateGain('relu')).toBe(Math.SQRT2);
  expect(init.calculateGain('leaky_relu')).toBeCloseTo(root(2 / 1.0001), 15);
  expect(init.calculateGain('leakyRelu', 0.2)).toBeCloseTo(root(2 / 1.04), 15);
  expect(init.calculateGain('selu')).toBe(0.75);
});

test('a parameter is changed in place without a history; the same seed gives the same values', () => {
  const p = new nn.Parameter(ng.zeros([3, 4]));
  expect(init.kaimingUniform_(p)).toBe(p);
  expect([p.requiresGrad, p.isLeaf]).toEqual([true, true]);
  const generator = (): ng.Generator => new ng.Generator(4);
  for (const draw of [
    (t: ng.Tensor) => init.uniform_(t, { generator: generator() }),
    (t: ng.Tensor) => init.normal_(t, { generator: generator() }),
    (t: ng.Tensor) => init.truncNormal_(t, { generator: generator() }),
    (t: ng.Tensor) => init.xavierNormal_(t, { generator: generator() }),
    (t: ng.Tensor) => init.kaimingNormal_(t, { generator: generator() }),
    (t: ng.Tensor) => init.orthogonal_(t, { generator: generator() }),
    (t: ng.Tensor) => init.sparse_(t, 0.5, { generator: generator() }),
  ])
    expect(values(draw(ng.empty([4, 4])))).toEqual(values(draw(ng.empty([4, 4]))));
});

test('bad use is named', () => {
  const bad = (run: () => unknown, text: string): void => expect(run).toThrow(text);
  bad(() => init.uniform_(3 as never), '[uniform_] expected a tensor');
  bad(() => init.uniform_(dense(), 2, 1), 'is above');
  bad(() => init.xavierUniform_(ng.empty([3])), 'at least two dimensions');
  bad(() => init.kaimingNormal_(dense(), { mode: 'fan' as never }), "mode must be one of 'fanIn', 'fanOut'");
  bad(() => init.kaimingNormal_(dense(), { nonlinearity: 'swish' as never }), 'unknown nonlinearity');
  bad(() => init.kaimingNormal_(dense(), { slope: 1 } as never), 'has no setting "slope"');
  bad(() => init.eye_(ng.empty([2])), 'two dimensions');
  bad(() => init.dirac_(ng.empty([2, 2])), '3, 4 or 5 dimensions');
  bad(() => init.dirac_(ng.empty([3, 2, 3]), 2), 'not divisible');
  bad(() => init.sparse_(ng.empty([3, 3]), 2), 'sparsity must be a number of at least 0 and of at most 1');
  bad(() => init.orthogonal_(ng.empty([3])), 'two dimensions');
  bad(() => init.truncNormal_(dense(), { a: 2, b: 1 }), 'a < b');
});
