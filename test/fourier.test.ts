/** @file Fourier transforms against PyTorch, and what follows from their definition. */
import * as ng from '../lib';
import { type Calls, testCases } from './torch-cases';

describe('as PyTorch', () => {
  testCases('fourier.json', Object.fromEntries(Object.entries(ng.fft).map(([name, f]) => [`fft.${name}`, f])) as Calls);
});

const far = (a: ng.Tensor, b: ng.Tensor): number => a.sub(b).abs().max().itemSync();

test.each([1, 2, 3, 16, 45, 100, 127, 512, 1009])('there and back, and Parseval, for %i samples', (n) => {
  ng.manualSeed(n);
  const x = ng.randn([3, n], { dtype: 'float64' });
  const spectrum = ng.fft.rfft(x);
  expect(spectrum.shape).toEqual([3, Math.floor(n / 2) + 1, 2]);
  expect(far(ng.fft.irfft(spectrum, n), x)).toBeLessThan(1e-12);
  const pairs = ng.stack([x, ng.randn([3, n], { dtype: 'float64' })], -1);
  const f = ng.fft.fft(pairs, { norm: 'ortho' });
  expect(far(f.square().sum([1, 2]), pairs.square().sum([1, 2]))).toBeLessThan(1e-9);
  expect(far(ng.fft.ifft(f, { norm: 'ortho' }), pairs)).toBeLessThan(1e-12);
  // In single precision the errors grow with the logarithm of the length only.
  expect(far(ng.fft.fft(pairs.float(), { norm: 'ortho' }).double(), f)).toBeLessThan(3e-6);
});

test('finds the frequencies of a signal', () => {
  const [n, rate] = [200, 100];
  const t = ng.arange(n, { dtype: 'float64' }).mul(1 / rate);
  const wave = (f: number): ng.Tensor => t.mul(2 * Math.PI * f).sin();
  const size = ng.fft
    .rfft(wave(12.5).add(wave(30).mul(0.5)))
    .square()
    .sum(-1)
    .sqrt();
  const { values, indices } = size.topk(2);
  const found = ng.fft.rfftfreq(n, 1 / rate).indexSelect(0, indices);
  expect(found.arraySync()).toEqual([12.5, 30]);
  expect(far(values, ng.tensor([100, 50], { dtype: 'float64' }))).toBeLessThan(1e-9);
});

test('a product of spectra is a convolution', () => {
  const x = ng.randn([1, 1, 40], { dtype: 'float64' });
  const k = ng.randn([1, 1, 7], { dtype: 'float64' });
  const n = 46;
  const [a, b] = [ng.fft.rfft(x, n), ng.fft.rfft(k, n)];
  const [ar, ai, br, bi] = [...a.unbind(-1), ...b.unbind(-1)] as [ng.Tensor, ng.Tensor, ng.Tensor, ng.Tensor];
  const product = ng.stack([ar.mul(br).sub(ai.mul(bi)), ar.mul(bi).add(ai.mul(br))], -1);
  const want = ng.nn.functional.conv1d(x, k.flip(-1), { padding: 6 });
  expect(far(ng.fft.irfft(product, n), want)).toBeLessThan(1e-12);
});

test('integers, halves, empty batches, and what is refused', () => {
  expect(ng.fft.rfft(ng.tensor([1, 2, 3, 4], { dtype: 'int32' })).arraySync()).toEqual([
    [10, 0],
    [-2, 2],
    [-2, 0],
  ]);
  expect(ng.fft.rfft(ng.ones([4], { dtype: 'float16' })).dtype).toBe('float32');
  expect(ng.fft.fft(ng.zeros([0, 4, 2])).shape).toEqual([0, 4, 2]);
  expect(ng.fft.fft(ng.zeros([3, 0, 2]), { n: 4 }).arraySync()).toEqual(ng.zeros([3, 4, 2]).arraySync());
  expect(() => ng.fft.fft(ng.ones([4]))).toThrow('rfft takes real ones');
  expect(() => ng.fft.irfft(ng.ones([1, 2]))).toThrow('an integer of at least 1');
  expect(() => ng.fft.fftfreq(0)).toThrow('[fft.fftfreq]');
  expect(() => ng.fft.rfft('x' as never)).toThrow(ng.ArgumentError);
});

test('the same bits for any number of threads', () => {
  const x = ng.randn([70, 300]);
  const before = ng.getNumThreads();
  ng.setNumThreads(1);
  const a = ng.fft.rfft(x).arraySync();
  ng.setNumThreads(4);
  const b = ng.fft.rfft(x).arraySync();
  ng.setNumThreads(before);
  expect(b).toEqual(a);
});
