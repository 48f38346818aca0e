/** @file Special functions, windows of signal processing and short-time transforms: values PyTorch gives, and bad input. */
import * as ng from '../lib';

const float64 = { dtype: 'float64' } as const;
const values = (t: ng.Tensor): number[] => Array.from(t.contiguous().dataSync() as Float64Array, Number);

test('special functions where others lose digits or overflow', () => {
  const at = (f: (x: ng.Tensor) => ng.Tensor, ...x: number[]): number[] => values(f(ng.tensor(x, float64)));
  const { special } = ng;
  // torch.special in float64.
  expect(at(special.erfcx, 30, -3, -Infinity)).toEqual([
    expect.closeTo(0.018795888861416751, 16),
    expect.closeTo(16205.988853999586, 10),
    Infinity,
  ]);
  expect(at(special.logNdtr, -30, -Infinity)).toEqual([expect.closeTo(-454.32124395634, 10), -Infinity]);
  expect(at(special.ndtri, 0, 1, -1, 1e-300)).toEqual([-Infinity, Infinity, NaN, expect.closeTo(-37.0471, 4)]);
  expect(at(special.i0e, 1e4)).toEqual([expect.closeTo(0.0039894726746047314, 16)]);
  expect(at(special.i0, Infinity, -Infinity)).toEqual([Infinity, Infinity]);
  expect(at(special.i1, 0)).toEqual([0]);
  expect(at((x) => special.zeta(2, x), 1, Infinity, 0)).toEqual([expect.closeTo(Math.PI ** 2 / 6, 14), 0, Infinity]);
  // As fast far below 0 as near it.
  expect(at((x) => special.zeta(2, x), -1e15 + 0.5)).toEqual([expect.closeTo(Math.PI ** 2, 12)]);
  expect(at(special.besselY0, 0, -1)).toEqual([-Infinity, NaN]);
});

test('what special functions refuse', () => {
  const s = ng.ones([1]).requiresGrad_();
  expect(() => ng.special.zeta(s, 2).backward()).toThrow('[zeta] has no gradient');
  expect(() => ng.ones([1]).polygamma({ m: 1 } as never)).toThrow('has no argument "m"');
  expect(() => ng.mvlgamma(ng.ones([1]), 2 ** 50)).toThrow('too many');
});

test('gcd and lcm: signs, zeros, the least integer, in place', () => {
  const [a, b] = [ng.tensor([12, -18, 0, 7], { dtype: 'int64' }), ng.tensor([18, 12, 0, 0], { dtype: 'int64' })];
  expect(ng.gcd(a, b).arraySync()).toEqual([6, 6, 0, 7]);
  expect(ng.lcm(a, b).arraySync()).toEqual([36, 36, 0, 0]);
  expect(ng.gcd(ng.tensor([-(2 ** 31)], { dtype: 'int32' }), 6).arraySync()).toEqual([2]);
  expect(a.gcd_(b).arraySync()).toEqual([6, 6, 0, 7]);
  expect(a.lcm_(4).arraySync()).toEqual([12, 12, 0, 28]);
});

test('windows: symmetric and periodic, of one sample and of none', () => {
  const { windows } = ng.signal;
  const all: ((...args: [{ M: number; sym?: boolean; dtype?: 'float64'; a: number[] }]) => ng.Tensor)[] = [
    windows.bartlett,
    windows.blackman,
    windows.cosine,
    windows.exponential,
    windows.gaussian,
    windows.hamming,
    windows.hann,
    windows.kaiser,
    windows.nuttall,
    windows.generalHamming,
    windows.generalCosine,
  ].map(
    (f) =>
      ({ a, ...o }) =>
        (f as (o: object) => ng.Tensor)(f === windows.generalCosine ? { ...o, a } : o),
  );
  for (const f of all) {
    const make = (M: number, sym: boolean): number[] => values(f({ M, sym, a: [0.5, 0.3, 0.2], ...float64 }));
    expect(make(0, true)).toEqual([]);
    expect(make(1, false)).toEqual([1]);
    const whole = make(8, true);
    whole.forEach((v, i) => expect(v).toBeCloseTo(whole[7 - i]!, 14));
    make(7, false).forEach((v, i) => expect(v).toBeCloseTo(whole[i]!, 14));
  }
  // torch.kaiser_window(4, beta=5), torch.signal.windows.gaussian(3, std=2.)
  expect(values(windows.gaussian(3, { std: 2, ...float64 }))[0]).toBeCloseTo(Math.exp(-1 / 8), 15);
  expect(ng.kaiserWindow(4, true, 5).arraySync()).toEqual(
    ng.signal.windows.kaiser(4, { beta: 5, sym: false }).arraySync(),
  );
  expect(() => windows.gaussian(3, { std: 0 })).toThrow('std must be a number above 0');
  expect(() => windows.exponential(3, { center: 1 })).toThrow('symmetric');
  expect(() => windows.hann(3, { periodic: true } as never)).toThrow('has no argument "periodic"');
  expect(() => windows.generalCosine({ M: 3 } as never)).toThrow('the argument a is missing');
});

test('stft by position and by name, and back', () => {
  const x = ng.randn([2, 40], float64);
  const window = ng.hannWindow(8, float64);
  const y = x.stft(8, 2, 8, window);
  expect(y.shape).toEqual([2, 5, 21, 2]);
  expect(x.stft({ nFft: 8, hopLength: 2, window }).equal(y)).toBe(true);
  expect(y.istft(8, 2, { window }).sub(x).abs().amax().itemSync()).toBeLessThan(1e-14);
  expect(y.istft(8, 2, { window, length: 45 }).shape).toEqual([2, 45]);
  expect(() => x.stft(8, { hop: 2 } as never)).toThrow('has no argument "hop"');
});
