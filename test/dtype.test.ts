/** @file Dtypes as users see them: the default of new tensors, what half types are refused by. */
import * as ng from '../lib';
import { caught } from './caught';

describe('the default dtype', () => {
  afterEach(() => ng.setDefaultDtype('float32'));

  test('decides what integers become when a result is no integer', () => {
    expect(ng.getDefaultDtype()).toBe('float32');
    ng.setDefaultDtype('float64');
    expect(ng.getDefaultDtype()).toBe('float64');
    const i = ng.tensor([1, 4], { dtype: 'int32' });
    expect(i.sqrt().dtype).toBe('float64');
    expect(i.div(2).dtype).toBe('float64');
    expect(i.mul(0.5).dtype).toBe('float64');
    expect(i.mul(2).dtype).toBe('int32');
  });

  test('is a floating-point one', () => {
    expect(caught(() => ng.setDefaultDtype('int32'))).toMatchObject({ code: 'ERR_DTYPE' });
    expect(caught(() => ng.setDefaultDtype('float' as never))).toMatchObject({ code: 'ERR_INVALID_ARG' });
  });
});

test('16-bit floats are stored, moved and summed; other ops refuse them by name, at once', () => {
  for (const dtype of ['float16', 'bfloat16'] as const) {
    const q = ng.tensor([[1, -2]], { dtype });
    const refused: [string, () => unknown][] = [
      ['add', () => q.add(q)],
      ['gt', () => q.gt(0)],
      ['exp', () => q.exp()],
      ['mul_', () => q.mul_(2)],
      ['matmul', () => q.matmul(q.T)],
      ['gelu', () => ng.gelu(q)],
    ];
    for (const [name, run] of refused) {
      const e = caught(run) as Error;
      expect(e).toMatchObject({ code: 'ERR_DTYPE' });
      expect(e.message).toContain(`[${name}]`);
    }
    ng.synchronizeSync();
    expect(q.sum().itemSync()).toBe(-1);
    expect(ng.cat([q, q]).T.arraySync()).toEqual([
      [1, 1],
      [-2, -2],
    ]);
  }
});

test('a bool tensor of numbers holds whether they are not 0', () => {
  const bool = { dtype: 'bool' } as const;
  expect(ng.tensor([0.5, NaN, 0, -0, 256, 1e-30], bool).arraySync()).toEqual([true, true, false, false, true, true]);
  expect(ng.tensor([2n, 0n], bool).arraySync()).toEqual([true, false]);
});

test('a tensor made of a tensor has the shape, dtype and device asked for', () => {
  const made = ng.tensor(ng.arange(3), { shape: [3, 1], dtype: 'int32', device: 'cpu' });
  expect([made.shape, made.dtype, made.arraySync()]).toEqual([[3, 1], 'int32', [[0], [1], [2]]]);
  expect(() => ng.tensor(ng.arange(3), { shape: [2] })).toThrow(ng.ShapeError);
});
