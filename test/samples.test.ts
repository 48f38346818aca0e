/** @file Histograms, covariance, integrals and choices against PyTorch; random numbers of further distributions. */
import * as ng from '../lib';
import { testCases } from './torch-cases';

const values = (t: ng.Tensor): number[] => Array.from(t.dataSync() as Float64Array, Number);
const average = (v: number[]): number => v.reduce((a, b) => a + b, 0) / v.length;
const variance = (v: number[]): number => {
  const m = average(v);
  return average(v.map((x) => (x - m) ** 2));
};

describe('as PyTorch', () => testCases('samples.json', { cartesianProd: ng.cartesianProd as never }));

test('interp: between the points linear, outside constant', () => {
  const xp = ng.tensor([0, 1, 3]);
  const fp = ng.tensor([10, 20, 0]).requiresGrad_();
  const y = ng.interp(ng.tensor([-1, 0, 0.5, 1, 2, 3, 9]), xp, fp);
  expect(values(y)).toEqual([10, 10, 15, 20, 10, 0, 0]);
  y.sum().backward();
  expect(values(fp.grad!)).toEqual([2.5, 2, 2.5]);
});

describe('distributions', () => {
  const n = 40_000;
  beforeEach(() => void ng.manualSeed(99));

  test.each([0, 0.1, 3, 9.9, 10, 40, 1e4])('poisson of rate %d: mean, variance, whole numbers', (rate) => {
    const v = values(ng.poisson(ng.full([n], rate)));
    expect(v.every((k) => Number.isInteger(k) && k >= 0)).toBe(true);
    const sigma = Math.sqrt(rate / n);
    expect(Math.abs(average(v) - rate)).toBeLessThanOrEqual(5 * sigma);
    // The variance of the sample variance is (mu4 - rate^2) / n with mu4 = rate + 3 rate^2.
    expect(Math.abs(variance(v) - rate)).toBeLessThanOrEqual(5 * Math.sqrt((rate + 2 * rate * rate) / n));
  });

  test('poisson: how often each number occurs', () => {
    for (const rate of [2.5, 12]) {
      const counts = values(ng.bincount(ng.cast(ng.poisson(ng.full([n], rate, { dtype: 'float64' })), 'int64')));
      let p = Math.exp(-rate);
      let chi2 = 0;
      let cells = 0;
      counts.forEach((c, k) => {
        if (p * n > 10) {
          chi2 += (c - p * n) ** 2 / (p * n);
          cells++;
        }
        p *= rate / (k + 1);
      });
      // The mean of chi^2 is the number of cells, its standard deviation sqrt(2 cells).
      expect(chi2).toBeLessThan(cells + 5 * Math.sqrt(2 * cells));
    }
  });

  test('poisson: seeds, threads, dtypes, bad rates', () => {
    const rates = ng.rand([5000]).mul(50);
    const draw = (threads: number): number[] => {
      ng.setNumThreads(threads);
      ng.manualSeed(3);
      return [...values(ng.poisson(rates)), ...values(ng.poisson(rates))];
    };
    const before = ng.getNumThreads();
    const one = draw(1);
    expect(draw(4)).toEqual(one);
    ng.setNumThreads(before);
    expect(one.slice(0, 5000)).not.toEqual(one.slice(5000));
    expect(ng.poisson(ng.ones([2], { dtype: 'bfloat16' })).dtype).toBe('bfloat16');
    expect(() => ng.poisson(ng.ones([2], { dtype: 'int32' }))).toThrow('[poisson]');
    expect(() => ng.poisson(ng.tensor([1, -1])).arraySync()).toThrow(/\[poisson\] a rate is negative/);
  });

  test('in place', () => {
    const t = ng.empty([n], { dtype: 'float64' });
    const share = (below: number): number => average(values(t).map((v) => Number(v <= below)));
    const near = (got: number, want: number): void => expect(Math.abs(got - want)).toBeLessThan(2.5 / Math.sqrt(n));
    t.cauchy_(1, 2);
    near(share(1), 0.5);
    near(share(3), 0.75);
    t.logNormal_(0.5, 0.25);
    near(share(Math.exp(0.5)), 0.5);
    near(share(Math.exp(0.75)), 0.8413447);
    t.geometric_(0.3);
    near(share(0.5), 0);
    near(share(1), 0.3);
    near(share(3), 1 - 0.7 ** 3);
    t.random_(-2, 3);
    near(share(-2), 0.2);
    near(share(2), 1);
    expect(Math.max(...values(ng.exponential([n], 2))) > 3).toBe(true);
    near(average(values(ng.exponential([n], 2)).map((v) => Number(v <= 0.5))), 1 - Math.exp(-1));
    const bytes = values(ng.empty([2000], { dtype: 'uint8' }).random_());
    expect([Math.min(...bytes) < 5, Math.max(...bytes) > 250]).toEqual([true, true]);
    expect(() => ng.ones([2], { dtype: 'uint8' }).random_(0, 300)).toThrow('[random_]');
    expect(() => t.geometric_(1)).toThrow('[geometric_]');
  });
});

test('logical and bitwise ops in place', () => {
  const b = ng.tensor([true, false, true]);
  expect(values(b.logicalNot_())).toEqual([0, 1, 0]);
  expect(values(b.logicalOr_(ng.tensor([true, false, false])))).toEqual([1, 1, 0]);
  expect(values(b.bitwiseNot_())).toEqual([0, 0, 1]);
  const i = ng.tensor([5, -1, 0], { dtype: 'int32' });
  expect(values(i.bitwiseNot_())).toEqual([-6, 0, -1]);
  expect(values(i.bitwiseAnd_(12))).toEqual([8, 0, 12]);
  expect(values(i.bitwiseLeftShift_(2).bitwiseRightShift_(3))).toEqual([4, 0, 6]);
  expect(values(i.bitwiseXor_(1))).toEqual([5, 1, 7]);
  expect(values(ng.tensor([1, 2, 3]).gt_(1.5))).toEqual([0, 1, 1]);
  expect(() => ng.ones([2]).bitwiseNot_()).toThrow('[bitwiseNot_]');
});
