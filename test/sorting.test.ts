/** @file Sorting, distinct values, search: against PyTorch, and on bad input. */
import * as ng from '../lib';
import { testCases } from './torch-cases';

describe('as PyTorch', () => testCases('sorting.json'));

test('isin', () => {
  const x = ng.tensor([
    [1, 2],
    [3, NaN],
  ]);
  expect(ng.isin(x, [3, 1, 7]).arraySync()).toEqual([
    [true, false],
    [true, false],
  ]);
  expect(x.isin(ng.tensor([]), { invert: true }).arraySync()).toEqual([
    [true, true],
    [true, true],
  ]);
});

test('kthvalue of many equal elements, topk of many lines: as sorted', () => {
  const x = ng.remainder(ng.arange(3000).mul(7919), 101).reshape([30, 100]);
  const { values, indices } = x.topk(7, 0);
  const all = x.sort(0, { descending: true });
  expect(values.arraySync()).toEqual(all.values.narrow(0, 0, 7).arraySync());
  expect(indices.arraySync()).toEqual(all.indices.narrow(0, 0, 7).arraySync());
  expect(x.kthvalue(3, 0).values.arraySync()).toEqual(x.sort(0).values.at(2).arraySync());
});

describe('bad input', () => {
  const x = ng.ones([3, 4]);
  test.each<[string, () => unknown, string]>([
    ['sort: an axis out of range', () => x.sort(2), 'ERR_INDEX'],
    ['topk: k too large', () => x.topk(5), 'ERR_INDEX'],
    ['topk: a fraction', () => x.topk(1.5), 'ERR_INVALID_ARG'],
    ['kthvalue: counted from 0', () => x.kthvalue(0), 'ERR_INDEX'],
    ['unique: an axis out of range', () => x.unique({ dim: 2 }), 'ERR_INDEX'],
    ['searchsorted: other leading dimensions', () => ng.searchsorted(x, ng.ones([2, 2])), 'ERR_SHAPE'],
    ['searchsorted: two sides', () => ng.searchsorted(x, x, { right: true, side: 'left' }), 'ERR_INVALID_ARG'],
    ['bucketize: a matrix of boundaries', () => ng.bucketize(x, x), 'ERR_SHAPE'],
  ])('%s', (_name, call, code) => {
    expect(call).toThrow(expect.objectContaining({ code }) as Error);
  });
});

test('numbers among integers are searched for as what they are', () => {
  const int = ng.tensor([1, 2, 2, 3], { dtype: 'int64' });
  // torch.searchsorted([1, 2, 2, 3], 2.5), torch.isin([1, 2, 2, 3], 1.5)
  expect(ng.searchsorted(int, 2.5).itemSync()).toBe(3);
  expect(ng.searchsorted(int, 2, { right: false, side: 'right' }).itemSync()).toBe(3);
  expect(ng.isin(int, 1.5).arraySync()).toEqual([false, false, false, false]);
  expect(ng.isin(int, [1.5, 2]).arraySync()).toEqual([false, true, true, false]);
});
