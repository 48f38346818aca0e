/** @file ng.testing: assertClose and matchers. */
import * as ng from '../lib';
import { assertClose, matchers } from '../lib/testing';
import { codeOf } from './caught';

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- how types of matchers are said to jest
  namespace jest {
    interface Matchers<R> extends ng.testing.TensorMatchers<R> {}
  }
}
expect.extend(matchers);

test('tolerances are those of the dtype, as in torch.testing.assert_close', () => {
  const off = (dtype: ng.DType, by: number): unknown =>
    codeOf(() => assertClose(ng.tensor([1 + by], { dtype }), ng.tensor([1], { dtype })));
  expect(off('float32', 1.1e-5)).toBe('nothing was thrown');
  expect(off('float32', 1.2e-5)).toBe('ERR_ASSERTION');
  expect(off('float64', 1.9e-7)).toBe('nothing was thrown');
  expect(off('float64', 2.1e-7)).toBe('ERR_ASSERTION');
  expect(off('bfloat16', 0.0078125)).toBe('nothing was thrown');
  expect(off('bfloat16', 0.03125)).toBe('ERR_ASSERTION');
  expect(off('int64', 1)).toBe('ERR_ASSERTION');
  assertClose([1.1], [1], { rtol: 0, atol: 0.11 });
  expect(codeOf(() => assertClose([1.1], [1], { rtol: 0, atol: 0.09 }))).toBe('ERR_ASSERTION');
  // Against arrays, which have no dtype in mind, the tensor's counts.
  assertClose(ng.tensor([1e8], { dtype: 'float32' }), [1e8 + 4]);
  assertClose([1 + 1e-5], ng.tensor([1]));
  expect(codeOf(() => assertClose(ng.tensor([1 + 1e-6], { dtype: 'float64' }), [1]))).toBe('ERR_ASSERTION');
});

test('the message counts, and says where the greatest differences are', () => {
  const [a, e] = [
    ng.tensor([
      [1, 2],
      [3.5, 4],
    ]),
    ng.tensor([
      [1, 2.25],
      [3, 4],
    ]),
  ];
  expect(() => assertClose(a, e, { message: 'weights' })).toThrow(
    [
      '[assertClose] weights: 2 of 4 elements (50.0 %) are not close',
      'greatest absolute difference: 0.5 at [1, 0] (3.5, expected 3; up to 0.00001 allowed)',
      'greatest relative difference: 0.16666666666666666 at [1, 0] (3.5, expected 3; up to 0.0000013 allowed)',
    ].join('\n'),
  );
  expect(() => assertClose(ng.ones([2]), ng.ones([1, 2]))).toThrow('the shapes differ: [2], expected [1, 2]');
  expect(() => assertClose(ng.ones([2]), ng.ones([2], { dtype: 'float64' }))).toThrow('the dtypes differ: float32');
  assertClose(ng.ones([2]), ng.ones([2], { dtype: 'float64' }), { checkDtype: false });
});

test('NaN, infinities, large integers, nothing', () => {
  assertClose([Infinity, -Infinity], [Infinity, -Infinity]);
  for (const [a, e] of [
    [Infinity, 1],
    [1, Infinity],
    [Infinity, -Infinity],
    [NaN, NaN],
    [NaN, 1],
  ])
    expect(codeOf(() => assertClose(a!, e!))).toBe('ERR_ASSERTION');
  assertClose([NaN, 1], [NaN, 1], { equalNan: true });
  expect(() => assertClose([1, NaN, 9], [1, 2, 3])).toThrow('greatest absolute difference: NaN at [1]');
  const big = new BigInt64Array([2n ** 62n]);
  assertClose(big, big.slice());
  expect(() => assertClose(big, new BigInt64Array([2n ** 62n + 1n]))).toThrow('difference: 1 at [0]');
  assertClose(ng.ones([0, 3]), ng.zeros([0, 3]));
});

test('lists and records, and what cannot be compared', () => {
  const state = { w: ng.ones([2]), list: [new Float32Array([1]), ng.zeros([])] };
  assertClose(state, { w: [1, 1], list: [[1], 0] });
  expect(() => assertClose(state, { w: [1, 1], list: [[1], 2] })).toThrow('[assertClose] list[1]: 1 of 1 elements');
  expect(() => assertClose(state, { w: [1, 1] })).toThrow('only one side has list');
  expect(() => assertClose('a' as never, 1)).toThrow("cannot compare 'a' and number 1");
  expect(codeOf(() => assertClose(1, 1, { rtol: 1 }))).toBe('ERR_INVALID_ARG');
  expect(codeOf(() => assertClose(1, 1, { tolerance: 1 } as never))).toBe('ERR_INVALID_ARG');
});

test('matchers of expect', () => {
  const t = ng.tensor([[1, 2]]);
  expect(t).toBeCloseToTensor([[1, 2 + 1e-6]]);
  expect(t).not.toBeCloseToTensor([[1, 3]]);
  expect(t).toHaveShape([1, 2]);
  expect(t).not.toHaveShape([2]);
  expect(t).toHaveDtype('float32');
  expect(() => expect(t).toBeCloseToTensor([[1, 3]])).toThrow('1 of 2 elements (50.0 %) are not close');
  expect(() => expect(t).not.toBeCloseToTensor([[1, 2]])).toThrow('all elements are close');
  expect(() => expect(t).toHaveShape([2])).toThrow('the shape is [1, 2], expected [2]');
  expect(() => expect(t).not.toHaveShape([1, 2])).toThrow('the shape is [1, 2]');
  expect(() => expect(t).toHaveDtype('int32')).toThrow('the dtype is float32, expected int32');
  expect(() => expect([1]).toHaveShape([1])).toThrow('[toHaveShape] expected a tensor');
});
