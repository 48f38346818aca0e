/** @file finfo and iinfo: what PyTorch gives. */
import * as ng from '../lib';

test.each<[ng.DType, number, number, number, number, number]>([
  // bits, eps, max, smallest normal, resolution
  ['float64', 64, 2.220446049250313e-16, 1.7976931348623157e308, 2.2250738585072014e-308, 1e-15],
  ['float32', 32, 1.1920928955078125e-7, 3.4028234663852886e38, 1.1754943508222875e-38, 1e-6],
  ['bfloat16', 16, 0.0078125, 3.3895313892515355e38, 1.1754943508222875e-38, 0.01],
  ['float16', 16, 0.0009765625, 65504, 6.103515625e-5, 0.001],
])('finfo of %s', (dtype, bits, eps, max, tiny, resolution) => {
  expect(ng.finfo(dtype)).toEqual({ dtype, bits, eps, max, min: -max, tiny, smallestNormal: tiny, resolution });
  // The numbers survive in the dtype, and 1 + eps differs from 1.
  const t = ng
    .tensor([max, tiny, 1 + eps, 1 + eps / 4], { dtype: 'float64' })
    .to(dtype)
    .to('float64');
  expect(t.arraySync()).toEqual([max, tiny, 1 + eps, 1]);
});

test('iinfo', () => {
  expect(ng.iinfo('uint8')).toEqual({ dtype: 'uint8', bits: 8, max: 255, min: 0 });
  expect(ng.iinfo('int32')).toEqual({ dtype: 'int32', bits: 32, max: 2147483647, min: -2147483648 });
  expect([ng.iinfo('int64').max, ng.iinfo('int64').min]).toEqual([2 ** 63, -(2 ** 63)]);
  expect(() => ng.iinfo('float32')).toThrow(ng.DTypeError);
  expect(() => ng.iinfo('bool')).toThrow(ng.DTypeError);
  expect(() => ng.finfo('int32')).toThrow(ng.DTypeError);
  expect(() => ng.finfo('float8' as never)).toThrow(ng.ArgumentError);
  expect(ng.finfo().dtype).toBe('float32');
});
