/** @file Shape and index ops: arguments by name, what owns its memory, what is refused, gradients that PyTorch gives. */
import * as ng from '../lib';
import { caught } from './caught';

const code = (f: () => unknown): string | undefined => (caught(f) as ng.NodegradError | undefined)?.code;
const F = ng.nn.functional;

test('required arguments by name', () => {
  const x = ng.arange(6).reshape({ shape: [2, 3] });
  expect(x.unsqueeze({ dim: 1 }).shape).toEqual([2, 1, 3]);
  expect(x.narrow({ dim: 1, start: 1, length: 2 }).arraySync()).toEqual([
    [1, 2],
    [4, 5],
  ]);
  expect(x.narrow(1, { start: -1, length: 1 }).shape).toEqual([2, 1]);
  expect(x.transpose({ dim0: 0, dim1: 1 }).shape).toEqual([3, 2]);
  expect(x.permute({ dims: [1, 0] }).shape).toEqual([3, 2]);
  expect(x.split({ splitSize: 2, dim: 1 }).map((t) => t.shape)).toEqual([
    [2, 2],
    [2, 1],
  ]);
  expect(ng.split(x, { splitSizeOrSections: 1 })).toHaveLength(2);
  expect(x.chunk({ chunks: 2 })).toHaveLength(2);
  expect(x.pad({ pad: [1, 0], value: 7 }).arraySync()).toEqual([
    [7, 0, 1, 2],
    [7, 3, 4, 5],
  ]);
  expect(ng.trilIndices({ row: 2, col: 2 }).shape).toEqual([2, 3]);
  expect(ng.atleast2d([ng.tensor(1), x]).map((t) => t.shape)).toEqual([
    [1, 1],
    [2, 3],
  ]);
});

test.each<[string, (x: ng.Tensor) => unknown]>([
  ['cat', (x) => ng.cat([x, x], { axis: 1 } as never)],
  ['stack', (x) => ng.stack([x, x], { axis: 1 } as never)],
  ['split', (x) => x.split(1, { axis: 1 } as never)],
  ['chunk', (x) => x.chunk(1, { axis: 1 } as never)],
  ['unbind', (x) => x.unbind({ axis: 1 } as never)],
  ['pad', (x) => x.pad([1, 1], { fill: 1 } as never)],
  ['flip', (x) => x.flip({ axis: 1 } as never)],
  ['diagonal', (x) => x.diagonal({ k: 1 } as never)],
])('%s refuses unknown names', (_, f) => expect(code(() => f(ng.ones([2, 2])))).toBe('ERR_INVALID_ARG'));

test.each<[string, (x: ng.Tensor) => ng.Tensor]>([
  ['repeat', (x) => x.repeat(3, 1)],
  ['tile', (x) => x.tile(2, 2)],
  ['repeatInterleave', (x) => x.repeatInterleave(2, 0)],
  ['repeatInterleave once', (x) => x.repeatInterleave(1, 0)],
  ['diag', (x) => x.diag()],
  ['pixelShuffle', (x) => F.pixelShuffle(x.reshape([1, 1, 1, 1]), 1)],
  ['pixelUnshuffle', (x) => F.pixelUnshuffle(x.reshape([1, 1, 1, 1]), 1)],
  ['channelShuffle', (x) => F.channelShuffle(x.reshape([1, 1, 1, 1]), 1)],
  ['interpolate', (x) => F.interpolate(x.reshape([1, 1, 1, 1]), [1, 1])],
])('%s owns its memory', (_, f) => {
  const x = ng.ones([1, 1]);
  const y = f(x);
  y.fill_(5);
  expect(x.itemSync()).toBe(1);
  expect(y.strides.every((s, i) => s > 0 || y.shape[i] === 0)).toBe(true);
});

test('a tensor of 8 dimensions is repeated', () =>
  expect(ng.ones([2, 1, 1, 1, 1, 1, 1, 1]).repeat(1, 1, 1, 1, 1, 1, 1, 2).shape).toEqual([2, 1, 1, 1, 1, 1, 1, 2]));

test.each<[string, () => unknown]>([
  ['narrow', () => ng.tensor(5, { dtype: 'uint8' }).narrow(0, 0, 1)],
  ['select', () => ng.tensor(5).select(0, 0)],
  ['unbind', () => ng.tensor(5).unbind()],
  ['split', () => ng.tensor(5).split(1)],
  ['unflatten', () => ng.tensor(5).unflatten(0, [1])],
  ['takeAlongDim', () => ng.takeAlongDim(ng.tensor(5), ng.tensor(0, { dtype: 'int64' }), 0)],
  ['nine dimensions: unfold', () => ng.ones(new Array<number>(8).fill(1)).unfold(0, 1, 1)],
  ['nine dimensions: at', () => ng.ones(new Array<number>(8).fill(1)).at([null])],
  ['nine dimensions: stack', () => ng.stack([ng.ones(new Array<number>(8).fill(1))])],
  ['nine dimensions: diagEmbed', () => ng.ones(new Array<number>(8).fill(1)).diagEmbed()],
  ['tensorSplit', () => ng.ones([3]).tensorSplit(2 ** 31)],
  ['chunk', () => ng.ones([0]).chunk(2 ** 31)],
  ['repeatInterleave', () => ng.ones([1]).repeatInterleave([2 ** 40])],
  ['pad', () => ng.ones([1, 1, 1]).pad([1e9, 1e9], 'replicate')],
  ['interpolate', () => F.interpolate(ng.ones([1, 1, 2]), 1e9)],
])('%s is refused with a shape error', (_, f) => expect(code(f)).toBe('ERR_SHAPE'));

test('axes of a tensor without dimensions may be exchanged', () => {
  const x = ng.tensor(3, { requiresGrad: true });
  for (const t of [x.transpose(0, -1), ng.swapaxes(x, 0, 0), ng.ones([]).transpose_(-1, 0)]) {
    expect(t.shape).toEqual([]);
    expect(t.strides).toEqual([]);
  }
  x.transpose(0, 0).mul(2).backward();
  expect(x.grad!.itemSync()).toBe(2);
});

test('cyclic, fractional and named indices are refused', () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  const x = ng.ones([3]);
  expect(code(() => x.at([cyclic as never]))).toBe('ERR_SHAPE');
  expect(code(() => x.gather(0, cyclic as never))).toBe('ERR_SHAPE');
  expect(code(() => x.gather(0, [0.5]))).toBe('ERR_INVALID_ARG');
  expect(code(() => x.at([[0.5]]))).toBe('ERR_INVALID_ARG');
  expect(code(() => x.unsqueeze('1' as never))).toBe('ERR_INVALID_ARG');
});

test('unfold and fold keep an infinity where it is', () => {
  const x = ng.tensor([[[[Infinity, 1, 2]]]]);
  expect(F.unfold(x, [1, 2]).arraySync()).toEqual([
    [
      [Infinity, 1],
      [1, 2],
    ],
  ]);
  const columns = ng.tensor([
    [
      [Infinity, 1],
      [1, 2],
    ],
  ]);
  expect(F.fold(columns, [1, 3], [1, 2]).arraySync()).toEqual([[[[Infinity, 2, 2]]]]);
});

test('views in place: shape, gradient, and what was saved before', () => {
  const x = ng.ones([2, 3]).requiresGrad_();
  const y = x.mul(2);
  y.t_().unsqueeze_(0);
  expect(y.shape).toEqual([1, 3, 2]);
  y.mul(ng.arange(6).reshape([1, 3, 2]))
    .sum()
    .backward();
  expect(x.grad!.arraySync()).toEqual([
    [0, 4, 8],
    [2, 6, 10],
  ]);
  const z = x.mul(1);
  const s = z.square().sum();
  z.transpose_(0, 1);
  expect(code(() => s.backward())).toBe('ERR_INPLACE');
});

test('positions', () => {
  const value = ng.tensor(5).requiresGrad_();
  ng.zeros([3]).indexFill(0, [1, 1], value).sum().backward();
  expect(value.grad!.itemSync()).toBe(1);
  expect(ng.takeAlongDim(ng.arange(4), ng.tensor([-1], { dtype: 'int64' }), 0).arraySync()).toEqual([3]);
  const at = ng.unravelIndex(ng.tensor([5, 200], { dtype: 'uint8' }), [20, 20]);
  expect(at.map((t) => t.arraySync())).toEqual([
    [0, 10],
    [5, 0],
  ]);
  expect(ng.zeros([5, 2]).fillDiagonal_({ fillValue: 1, wrap: true }).sum(1).arraySync()).toEqual([1, 1, 0, 1, 1]);
});

test('unravelIndex: from the end if negative, an error beyond', () => {
  const int = (...values: number[]): ng.Tensor => ng.tensor(values, { dtype: 'int64' });
  expect(ng.unravelIndex(int(-1, -6), [2, 3]).map((t) => t.arraySync())).toEqual([
    [1, 0],
    [2, 0],
  ]);
  for (const bad of [6, -7])
    expect(() => ng.unravelIndex(int(bad), [2, 3]).map((t) => t.arraySync())).toThrow(ng.IndexError);
  expect(() => ng.unravelIndex(int(0), [0, 3])).toThrow(ng.IndexError);
});
