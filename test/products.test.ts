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

test('operands that no wanted gradient reads may be overwritten', () => {
  const x = ng.ones([3, 3]);
  // The weight is overwritten: only its own gradient is asked for, and that reads x.
  for (const op of [(w: ng.Tensor) => x.matmul(w), (w: ng.Tensor) => ng.nn.functional.linear(x, w)]) {
    const v = ng.ones([3, 3]).requiresGrad_();
    const moved = v.mul(2);
    const y = op(moved);
    moved.mul_(2);
    y.sum().backward();
    expect(v.grad!.arraySync()).toEqual(ng.full([3, 3], 6).arraySync());
  }
  // Where it is read, overwriting is still refused.
  const both = ng.ones([3, 3]).requiresGrad_().mul(2);
  const y = x.requiresGrad_().matmul(both);
  both.mul_(2);
  expect(() => y.sum().backward()).toThrow(expect.objectContaining({ code: 'ERR_INPLACE' }) as Error);
});

test('integers keep their width in products, and sums of one operand are int64', () => {
  const a = ng.ones([2, 2], { dtype: 'int32' });
  const batch = ng.ones([3, 2, 2], { dtype: 'int32' });
  expect(ng.addbmm(a, batch, batch).dtype).toBe('int32');
  expect(ng.einsum('ij,jk->ik', a, a).dtype).toBe('int32');
  expect(ng.einsum('ij->i', a).dtype).toBe('int64');
  expect(ng.einsum('ii->', ng.eye(3, { dtype: 'bool' })).itemSync()).toBe(3);
  expect(() => ng.addmm(a, a, a, { alpha: 0.5 })).toThrow('factors of integer tensors');
});

test('addmm_ and its kin: values, gradients, what does not fit', () => {
  const t = ng.randn([2, 2], { dtype: 'float64' });
  const a = ng.randn([3, 2, 2], { dtype: 'float64' });
  const m = a.at(0).clone();
  const v = m.at(0).clone();
  const calls: [string, ng.Tensor, ng.Tensor, ng.Tensor][] = [
    ['addmm', t, m, m],
    ['addbmm', t, a, a],
    ['baddbmm', a, a, a],
    ['addmv', v, m, v],
    ['addr', t, v, v],
  ];
  type Call = (a: ng.Tensor, b: ng.Tensor, options?: ng.ProductOptions) => ng.Tensor;
  for (const [name, start, p, q] of calls) {
    const method = (x: ng.Tensor, n: string): Call => (x[n as 'addmm'] as Call).bind(x);
    for (const options of [undefined, { beta: 0.5, alpha: -2 }, { beta: 0 }]) {
      const leaves = [start, p, q].map((x) => x.detach().clone().requiresGrad_());
      const [l0, l1, l2] = leaves as [ng.Tensor, ng.Tensor, ng.Tensor];
      const plain = method(l0.mul(1), name)(l1, l2, options);
      const inPlace = method(l0.mul(1), `${name}_`)(l1, l2, options);
      expect(ng.allclose(inPlace, plain)).toBe(true);
      const grads = [plain, inPlace].map((y) => ng.grad(y.square().sum(), leaves, { allowUnused: true }));
      grads[0]!.forEach((g, i) => expect(ng.allclose(g ?? ng.zeros([1]), grads[1]![i] ?? ng.zeros([1]))).toBe(true));
    }
  }
  const before = t.arraySync();
  expect(() => t.addmm_(m, m, { gamma: 1 } as never)).toThrow('has no option "gamma"');
  expect(() => ng.ones([2], { dtype: 'float64' }).addmm_(m, m)).toThrow('[addmm_]');
  expect(() => t.float().addmm_(m, m, { beta: 2 })).toThrow('does not fit into a tensor of float32');
  expect(t.arraySync()).toEqual(before);
});

test('arguments by name', () => {
  const m = ng.tensor([
    [4, 1],
    [1, 3],
  ]);
  const same = (p: ng.Tensor, q: ng.Tensor): void => expect(p.arraySync()).toEqual(q.arraySync());
  same(m.matrixPower({ n: 2 }), m.matmul(m));
  same(ng.tensordot(m, m, { dims: 1 }), ng.tensordot(m, m, 1));
  same(ng.linalg.solveTriangular(m, m, true), ng.linalg.solveTriangular(m, m, { upper: true }));
  same(ng.linalg.cond(m, { p: 1 }), ng.linalg.cond(m, 1));
  same(ng.fft.fftfreq({ n: 4, d: 2 }), ng.fft.fftfreq(4, 2));
  same(ng.nn.functional.linear(m, m, { bias: ng.ones([2]) }), ng.nn.functional.linear(m, m, ng.ones([2])));
  for (const bad of [
    () => m.matrixPower({ power: 2 } as never),
    () => m.matrixPower('2' as never),
    () => ng.tensordot(m, m, [[0], ['1']] as never),
    () => ng.linalg.solveTriangular(m, m, {} as never),
    () => ng.linalg.eigh(m, { uplo: 'L' } as never),
    () => ng.linalg.pinv(m, { rcond: NaN } as never),
    () => ng.linalg.norm(m, { axis: 0 } as never),
    () => ng.fft.fftshift(m, { axis: 0 } as never),
    () => ng.nn.functional.linear(m, m, { biass: m } as never),
  ])
    expect(bad).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG' }) as Error);
});
