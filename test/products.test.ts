/** @file einsum and the products of vectors and matrices: against PyTorch, and on bad input. */
import * as ng from '../lib';
import { testCases } from './torch-cases';

describe('as PyTorch', () => {
  testCases('products.json', {
    // JSON has no infinity.
    cdist: (a: ng.Tensor, b: ng.Tensor, how?: number | { p: string }) =>
      ng.cdist(a, b, typeof how === 'object' ? Infinity : how),
  });
});

test('cdist of many vectors goes through a matrix product', () => {
  const x = ng.randn([30, 4], { dtype: 'float64' });
  const y = ng.randn([40, 4], { dtype: 'float64' });
  const direct = ng.cdist(x, y, { computeMode: 'donotUseMmForEuclidDist' });
  expect(ng.cdist(x, y).sub(direct).abs().sum().itemSync()).toBeLessThan(1e-9);
  const leaf = x.requiresGrad_();
  const [g] = ng.grad(ng.cdist(leaf, leaf).sum(), leaf);
  expect(ng.isfinite(g!).all().itemSync()).toBe(1);
});

test('einsum: a list of operands, bool and empty sums, second derivatives', () => {
  const a = ng.arange(6).reshape([2, 3]);
  expect(ng.einsum('ij,kj->ik', [a, a]).arraySync()).toEqual(a.matmul(a.T).arraySync());
  expect(ng.einsum('ij,jk->ik', ng.ones([2, 0]), ng.ones([0, 2])).arraySync()).toEqual([
    [0, 0],
    [0, 0],
  ]);
  const [x, y] = [0, 1].map((i) => ng.arange(1, 5, { dtype: 'float64' }).add(i).reshape([2, 2]).requiresGrad_());
  expect(ng.gradgradcheck((p, q) => ng.einsum('ij,jk,ik->i', p!, q!, p!), [x!, y!])).toBe(true);
});

describe('bad input', () => {
  const x = ng.ones([3, 4]);
  test.each<[string, () => unknown, string]>([
    ['einsum: too few operands', () => ng.einsum('ij,jk', x), 'ERR_INVALID_ARG'],
    ['einsum: no operand', () => ng.einsum(''), 'ERR_INVALID_ARG'],
    ['einsum: too many letters', () => ng.einsum('ijk', x), 'ERR_SHAPE'],
    ['einsum: too few letters', () => ng.einsum('i', x), 'ERR_SHAPE'],
    ['einsum: lengths that differ', () => ng.einsum('ij,ij', x, x.T), 'ERR_SHAPE'],
    ['einsum: an output from nowhere', () => ng.einsum('ij->k', x), 'ERR_INVALID_ARG'],
    ['einsum: an output twice', () => ng.einsum('ij->ii', x), 'ERR_INVALID_ARG'],
    ['einsum: a digit', () => ng.einsum('1j', x), 'ERR_INVALID_ARG'],
    ['einsum: dots that are no ellipsis', () => ng.einsum('..ij', x), 'ERR_SHAPE'],
    ['mm: three dimensions', () => ng.mm(x, ng.ones([1, 4, 2])), 'ERR_SHAPE'],
    ['mm: inner dimensions', () => ng.mm(x, x), 'ERR_SHAPE'],
    ['mm: other dtypes', () => ng.mm(x, ng.ones([4, 2], { dtype: 'float64' })), 'ERR_DTYPE'],
    ['bmm: other batches', () => ng.bmm(ng.ones([2, 3, 4]), ng.ones([3, 4, 2])), 'ERR_SHAPE'],
    ['mv: lengths', () => ng.mv(x, ng.ones([3])), 'ERR_SHAPE'],
    ['dot: matrices', () => ng.dot(x, x), 'ERR_SHAPE'],
    ['inner: last dimensions', () => ng.inner(x, ng.ones([3])), 'ERR_SHAPE'],
    ['outer: a matrix', () => ng.outer(x, ng.ones([2])), 'ERR_SHAPE'],
    ['tensordot: lengths', () => ng.tensordot(x, x, 1), 'ERR_SHAPE'],
    ['tensordot: too many dimensions', () => ng.tensordot(x, x, 3), 'ERR_INVALID_ARG'],
    ['addmm: a bias that does not fit', () => ng.addmm(ng.ones([3]), x, x.T.narrow(1, 0, 2)), 'ERR_SHAPE'],
  ])('%s', (_name, call, code) => {
    expect(call).toThrow(expect.objectContaining({ code }) as Error);
  });
});
