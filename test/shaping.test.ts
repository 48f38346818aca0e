/** @file Shapes, padding, repetition, diagonals, joining: against PyTorch, and on bad input. */
import * as ng from '../lib';
import { testCases } from './torch-cases';

describe('as PyTorch', () => {
  testCases('shaping.json', {
    // Here a method of the first vector only.
    meshgrid: ng.meshgrid as never,
  });
});

test('views share memory, copies do not', () => {
  const x = ng.arange(12).reshape([3, 4]);
  x.diagonal().zero_();
  expect(x.arraySync()).toEqual([
    [0, 1, 2, 3],
    [4, 0, 6, 7],
    [8, 9, 0, 11],
  ]);
  x.unfold(1, 2, 2).at([2, 1, 1]).fill_(-1);
  expect(x.at([2, 3]).itemSync()).toBe(-1);
  for (const copy of [x.flip(0), x.roll(0), x.rot90(0), x.repeat([1, 1]), x.pad([0, 0]), x.tril(3)]) {
    copy.zero_();
    expect(x.at([0, 1]).itemSync()).toBe(1);
  }
});

describe('bad input', () => {
  const x = ng.ones([3, 4]);
  test.each<[string, () => unknown, string]>([
    ['pad: an odd number', () => x.pad([1]), 'ERR_INVALID_ARG'],
    ['pad: too many pairs', () => x.pad([1, 1, 1, 1, 1, 1]), 'ERR_SHAPE'],
    ['pad: more taken than there is', () => x.pad([-3, -2]), 'ERR_SHAPE'],
    ['pad: an unknown mode', () => x.pad([1, 1], 'mirror' as never), 'ERR_INVALID_ARG'],
    ['pad: reflecting further than the edge', () => x.pad([4, 0], { mode: 'reflect' }), 'ERR_SHAPE'],
    ['pad: around more than once', () => x.pad([5, 0], { mode: 'circular' }), 'ERR_SHAPE'],
    ['flip: an axis out of range', () => x.flip(2), 'ERR_INDEX'],
    ['flip: an axis twice', () => x.flip([0, -2]), 'ERR_INVALID_ARG'],
    ['roll: shifts without axes', () => x.roll([1, 2]), 'ERR_INVALID_ARG'],
    ['rot90: one axis twice', () => x.rot90(1, [0, 0]), 'ERR_INVALID_ARG'],
    ['repeat: too few sizes', () => x.repeat([2]), 'ERR_SHAPE'],
    ['repeat: a negative size', () => x.repeat([2, -1]), 'ERR_INVALID_ARG'],
    ['repeatInterleave: another number of repeats', () => x.repeatInterleave([1, 2], 0), 'ERR_SHAPE'],
    ['meshgrid: a matrix', () => ng.meshgrid(x, x), 'ERR_SHAPE'],
    ['tril: a vector', () => ng.ones([3]).tril(), 'ERR_SHAPE'],
    ['diag: three dimensions', () => ng.ones([2, 2, 2]).diag(), 'ERR_SHAPE'],
    ['diagonal: one axis twice', () => x.diagonal(0, 1, -1), 'ERR_INVALID_ARG'],
    ['hstack: other lengths', () => ng.hstack([x, ng.ones([2, 4])]), 'ERR_SHAPE'],
    ['movedim: one axis twice', () => x.movedim([0, 0], [0, 1]), 'ERR_INVALID_ARG'],
    ['unfold: a window too long', () => x.unfold(0, 4, 1), 'ERR_SHAPE'],
    ['unfold: a step of 0', () => x.unfold(0, 2, 0), 'ERR_INVALID_ARG'],
    ['oneHot: floats', () => ng.oneHot(x), 'ERR_DTYPE'],
    ['oneHot: a class out of range', () => ng.oneHot(ng.tensor([3], { dtype: 'int64' }), 3).dataSync(), 'ERR_INDEX'],
    ['oneHot: a negative class', () => ng.oneHot(ng.tensor([-1], { dtype: 'int64' })), 'ERR_INDEX'],
    ['bincount: a negative class', () => ng.bincount(ng.tensor([-1], { dtype: 'int64' })), 'ERR_INDEX'],
    ['bincount: a matrix', () => ng.bincount(ng.zeros([2, 2], { dtype: 'int64' })), 'ERR_SHAPE'],
  ])('%s', (_name, call, code) => {
    expect(call).toThrow(expect.objectContaining({ code }) as Error);
  });
});

test('settings by name', () => {
  const x = ng.tensor([
    [3, 1, 2],
    [0, 5, 4],
  ]);
  const same = (a: ng.Tensor, b: ng.Tensor): void => expect(a.arraySync()).toEqual(b.arraySync());
  same(x.sort({ descending: true }).values, x.sort(-1, true).values);
  same(x.sort({ dim: 0 }).indices, x.sort(0).indices);
  same(x.argsort({ dim: 0, descending: true }), x.argsort(0, { descending: true }));
  same(x.topk(2, { largest: false }).values, x.topk(2, 1, false).values);
  same(x.kthvalue(2, { dim: 0, keepdim: true }).values, x.kthvalue(2, 0, true).values);
  same(x.flip({ dims: [1] }), x.flip(1));
  same(x.roll(1, { dims: 0 }), x.roll(1, 0));
  same(x.rot90({ k: 3 }), x.rot90(3));
  same(x.repeatInterleave(2, { dim: 1 }), x.repeatInterleave(2, 1));
  same(ng.cat([x, x], { dim: 1 }), ng.cat([x, x], 1));
  same(ng.stack([x, x], { dim: 1 }), ng.stack([x, x], 1));
  same(x.split(2, { dim: 1 })[1]!, x.split(2, 1)[1]!);
  same(x.tril({ diagonal: 1 }), x.tril(1));
  same(x.diagonal({ offset: 1 }), x.diagonal(1));
  same(ng.tensordot(x, x, { dims: [[1], [1]] }), x.matmul(x.T));
  same(x.unsqueeze(0).flatten({ startDim: 1 }), x.unsqueeze(0).flatten(1));
  const classes = ng.tensor([0, 2], { dtype: 'int64' });
  same(ng.oneHot(classes, { numClasses: 4 }), ng.oneHot(classes, 4));
  same(ng.bincount(classes, { minlength: 5 }), ng.bincount(classes, null, 5));
  expect(() => x.sort({ axis: 0 } as never)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG' }) as Error);
});

test("concatenate is Keras's: along the last axis unless another is said", () => {
  const [a, b] = [ng.ones([2, 1]), ng.zeros([2, 2])];
  expect(ng.concatenate([a, b]).arraySync()).toEqual([
    [1, 0, 0],
    [1, 0, 0],
  ]);
  expect(ng.concatenate([b, b], 0).shape).toEqual([4, 2]);
  expect(ng.concatenate([b, b], { axis: 1 }).shape).toEqual([2, 4]);
  expect(() => ng.concatenate([a, b], { dim: 1 } as never)).toThrow('[concatenate] has no argument "dim"');
});
