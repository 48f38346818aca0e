/** @file Indexing, gather and scatter, masks: against PyTorch, in place, and on bad input. */
import * as ng from '../lib';
import { testCases } from './torch-cases';

type Strided = [number[], number[], number?];

describe('as PyTorch', () => {
  testCases('indexing.json', {
    setCopy: (x: ng.Tensor, index: ng.Index, value: ng.Assignable) => {
      const y = x.clone();
      y.set(index, value);
      return y;
    },
    // The method takes the tensor first, then the condition.
    where: ng.where as never,
  });
  testCases('places.json', {
    asStridedPart: (x: ng.Tensor, ...view: Strided) => x.at([ng.s(1), ng.s(1)]).asStrided(...view),
    asStridedTurned: (x: ng.Tensor, ...view: Strided) => x.T.asStrided(...view),
    asStridedRepeated: (x: ng.Tensor, ...view: Strided) => x.expand([2, 3]).asStrided(...view),
  });
});

describe('in place', () => {
  const x = (): ng.Tensor => ng.arange(12).reshape([3, 4]);
  const index = ng.tensor([[3, 0, 1, 2]], { dtype: 'int64' });
  const src = ng.tensor([[10, 20, 30, 40]]);
  const mask = ng.tensor([true, false, true, false]);

  test.each<[string, (t: ng.Tensor) => ng.Tensor, (t: ng.Tensor) => ng.Tensor]>([
    ['scatter', (t) => t.scatter(1, index, src), (t) => t.scatter_(1, index, src)],
    ['scatterAdd', (t) => t.scatterAdd(1, index, src), (t) => t.scatterAdd_(1, index, src)],
    ['scatterReduce', (t) => t.scatterReduce(1, index, src, 'amax'), (t) => t.scatterReduce_(1, index, src, 'amax')],
    [
      'indexReduce',
      (t) => t.indexReduce(0, [2, 2], ng.cat([src, src]), 'prod'),
      (t) => t.indexReduce_(0, [2, 2], ng.cat([src, src]), 'prod'),
    ],
    ['put', (t) => t.put(index, src, true), (t) => t.put_(index, src, true)],
    [
      'maskedScatter',
      (t) => t.maskedScatter(mask, src.repeat([2, 1])),
      (t) => t.maskedScatter_(mask, src.repeat([2, 1])),
    ],
    ['renorm', (t) => t.renorm(2, 0, 5), (t) => t.renorm_(2, 0, 5)],
    ['asStrided', (t) => t.asStrided([2, 3], [5, 1], 1), (t) => t.asStrided_([2, 3], [5, 1], 1)],
    ['indexAdd', (t) => t.indexAdd(0, [2], src), (t) => t.indexAdd_(0, [2], src)],
    ['indexCopy', (t) => t.indexCopy(0, [2], src), (t) => t.indexCopy_(0, [2], src)],
    ['indexFill', (t) => t.indexFill(1, [0, -1], 9), (t) => t.indexFill_(1, [0, -1], 9)],
    [
      'indexPut',
      (t) =>
        t.indexPut(
          [
            [0, 1],
            [2, 2],
          ],
          7,
        ),
      (t) =>
        t.indexPut_(
          [
            [0, 1],
            [2, 2],
          ],
          7,
        ),
    ],
    ['maskedFill', (t) => t.maskedFill(t.gt(5), -1), (t) => t.maskedFill_(t.gt(5), -1)],
  ])('%s_ changes the tensor itself, as a leaf of a graph too', (_name, copy, inPlace) => {
    const t = x();
    const want = copy(t).arraySync();
    expect(t.arraySync()).toEqual(x().arraySync());
    expect(inPlace(t)).toBe(t);
    expect(t.arraySync()).toEqual(want);
    const grads = [copy, inPlace].map((f) => {
      const leaf = x().requiresGrad_();
      return ng.grad(f(leaf.mul(2)).pow(2).sum(), leaf)[0]!.arraySync();
    });
    expect(grads[1]).toEqual(grads[0]);
  });

  test('a view of the tensor may be what is written to it', () => {
    const t = x();
    t.set(ng.s(0, 2), t.at(ng.s(1, 3)));
    expect(t.arraySync()).toEqual([
      [4, 5, 6, 7],
      [8, 9, 10, 11],
      [8, 9, 10, 11],
    ]);
    const u = x();
    u.set([ng.s(), ng.tensor([0, 1], { dtype: 'int64' })], u.at([ng.s(), ng.s(1, 3)]));
    expect(u.at(0).arraySync()).toEqual([1, 2, 2, 3]);
  });

  test('views show what is assigned', () => {
    const t = x();
    t.at(1).set('...', 0);
    t.at([ng.s(), ng.s(null, null, 2)]).add_(100);
    expect(t.arraySync()).toEqual([
      [100, 1, 102, 3],
      [100, 0, 100, 0],
      [108, 9, 110, 11],
    ]);
  });
});

describe('bad input', () => {
  const x = ng.ones([3, 4]);
  const i64 = (v: number[]): ng.Tensor => ng.tensor(v, { dtype: 'int64' });
  const wait = (t: ng.Tensor): unknown => t.dataSync();
  test.each<[string, () => unknown, string]>([
    ['an integer out of range', () => x.at(3), 'ERR_INDEX'],
    ['a negative one', () => x.at([0, -5]), 'ERR_INDEX'],
    ['too many indices', () => x.at([0, 0, 0]), 'ERR_INDEX'],
    ['two ellipses', () => x.at(['...', '...']), 'ERR_INDEX'],
    ['a fraction', () => x.at(0.5), 'ERR_INVALID_ARG'],
    ['a step of 0', () => ng.s(0, 3, 0), 'ERR_INVALID_ARG'],
    ['a float index tensor', () => x.at(ng.tensor([0, 1])), 'ERR_DTYPE'],
    ['a mask of another shape', () => x.at(ng.ones([4], { dtype: 'bool' })), 'ERR_SHAPE'],
    ['index tensors that do not broadcast', () => x.at([i64([0, 1]), i64([0, 1, 2])]), 'ERR_SHAPE'],
    ['an index tensor out of range', () => wait(x.at(i64([0, 3]))), 'ERR_INDEX'],
    ['assigning another shape', () => x.clone().set(0, ng.ones([3])), 'ERR_SHAPE'],
    ['gather: another number of dimensions', () => x.gather(0, i64([0])), 'ERR_SHAPE'],
    ['gather: an axis out of range', () => x.gather(2, [[0]]), 'ERR_INDEX'],
    ['gather: an index out of range', () => wait(x.gather(1, [[4]])), 'ERR_INDEX'],
    ['indexSelect: an index out of range', () => wait(x.indexSelect(0, [-4])), 'ERR_INDEX'],
    ['indexSelect: a matrix of indices', () => x.indexSelect(0, [[0]]), 'ERR_SHAPE'],
    ['scatter: another dtype', () => x.scatter(0, [[0]], ng.ones([1, 1], { dtype: 'float64' })), 'ERR_DTYPE'],
    ['scatter: a source too small', () => x.scatter(0, [[0, 1]], ng.ones([1, 1])), 'ERR_SHAPE'],
    ['scatterReduce: an unknown reduction', () => x.scatterReduce(0, [[0]], x, 'median' as never), 'ERR_INVALID_ARG'],
    ['indexAdd: a source of another shape', () => x.indexAdd(0, [0], ng.ones([2, 4])), 'ERR_SHAPE'],
    ['maskedFill: a mask of floats', () => x.maskedFill(x, 0), 'ERR_DTYPE'],
    ['maskedScatter: too few elements', () => x.maskedScatter(x.gt(0), ng.ones([3])), 'ERR_SHAPE'],
    ['a leaf in place', () => ng.ones([2]).requiresGrad_().set(0, 1), 'ERR_INPLACE'],
  ])('%s', (_name, call, code) => {
    expect(call).toThrow(expect.objectContaining({ code }) as Error);
  });
});

test('second derivatives through what an op in place has overwritten', () => {
  const x = ng.tensor([0.5, 2], { dtype: 'float64' }).requiresGrad_();
  const y = ng.tensor([3, 4], { dtype: 'float64' }).requiresGrad_();
  const inPlace = (...calls: ((t: ng.Tensor) => ng.Tensor)[]): unknown =>
    calls.map((f) => expect(ng.gradgradcheck((p) => f(p!.mul(1)), [x])).toBe(true));
  inPlace(
    (t) => t.sin_(),
    (t) => t.mul_(t),
    (t) => t.pow_(3),
  );
  expect(ng.gradgradcheck((p, q) => p!.mul(1).mul_(q!).div_(p!), [x, y])).toBe(true);
});
