/** @file Second names, functions that are expressions in others, and what tensors and dtypes are. */
import path from 'node:path';
import { readSurface } from '../scripts/fuzz/surface';
import * as ng from '../lib';
import { testCases } from './torch-cases';

const F = ng.nn.functional;
describe('as PyTorch', () => {
  testCases('names.json');
  testCases('porting.json', {
    propertyMH: (x: ng.Tensor) => x.mH,
    propertyH: (x: ng.Tensor) => x.H,
    sumToSize: (x: ng.Tensor, size: number[]) => x.sumToSize(size),
    upsample: F.upsample as never,
    upsampleNearest: F.upsampleNearest as never,
    upsampleBilinear: F.upsampleBilinear as never,
    'linalg.diagonal': ng.linalg.diagonal as never,
    'linalg.tensorinv': ng.linalg.tensorinv as never,
    'linalg.tensorsolve': ng.linalg.tensorsolve as never,
  });
});

test("constants under PyTorch's names", () => {
  expect([ng.float, ng.double, ng.half, ng.int, ng.long]).toEqual(['float32', 'float64', 'float16', 'int32', 'int64']);
  expect(ng.zeros([2], { dtype: ng.bfloat16 }).dtype).toBe('bfloat16');
  expect([ng.inf, ng.nan, ng.pi, ng.e]).toEqual([Infinity, NaN, Math.PI, Math.E]);
  expect(ng.ones([3]).at([ng.newaxis, 1]).shape).toEqual([1]);
});

test('in-place forms under second names', () => {
  const x = ng.tensor([-1.5, 2]);
  expect(x.absolute_().arraySync()).toEqual([1.5, 2]);
  expect(x.multiply_(2).subtract_(1).arraySync()).toEqual([2, 3]);
  expect(x.clip_(0, 2.5).arraySync()).toEqual([2, 2.5]);
  expect(x.positive()).toBe(x);
  const m = ng.ones([3, 3]);
  expect(m.tril_().arraySync()).toEqual([
    [1, 0, 0],
    [1, 1, 0],
    [1, 1, 1],
  ]);
  m.triu_().fillDiagonal_(7);
  expect(m.arraySync()).toEqual([
    [7, 0, 0],
    [0, 7, 0],
    [0, 0, 7],
  ]);
});

test('what a tensor is', () => {
  const x = ng.zeros([2, 3], { dtype: 'float64' });
  expect([x.size(), x.size(0), x.size(-1), x.dim(), x.nelement(), ng.numel(x)]).toEqual([[2, 3], 2, 3, 2, 6, 6]);
  expect([x.stride(), x.stride(0), x.elementSize()]).toEqual([[3, 1], 3, 8]);
  expect([x.isFloatingPoint(), ng.isFloatingPoint(x.long()), ng.isTensor(x), ng.isTensor([1])]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect([ng.isSameSize(x, ng.ones([2, 3])), x.isSameSize(ng.ones([3, 2]))]).toEqual([true, false]);
  expect([ng.isNonzero(ng.tensor([0])), ng.isNonzero(ng.tensor(-2)), ng.tensor(true).isNonzero()]).toEqual([
    false,
    true,
    true,
  ]);
  expect([x.ndimension(), x.itemsize, x.nbytes, x.isCpu, x.isCuda]).toEqual([2, 8, 48, true, false]);
  expect([x.isComplex(), x.isSigned(), ng.isSigned(x.byte()), ng.isSigned(x.bool())]).toEqual([
    false,
    true,
    false,
    false,
  ]);
  expect(() => x.sumToSize(4)).toThrow(ng.ShapeError);
  expect(() => x.sumToSize([2, 2, 3])).toThrow(ng.ShapeError);
  expect(() => x.isNonzero()).toThrow(ng.ArgumentError);
  expect(() => x.size(2)).toThrow(ng.IndexError);
  expect(() => ng.isFloatingPoint(3 as never)).toThrow('[isFloatingPoint]');
});

test('casts and tensors like another', () => {
  const x = ng.tensor([0, 1.75, -2]);
  const types = [x.double(), x.float(), x.half(), x.bfloat16(), x.int(), x.long(), x.abs().byte(), x.bool()];
  expect(types.map((t) => t.dtype)).toEqual([
    'float64',
    'float32',
    'float16',
    'bfloat16',
    'int32',
    'int64',
    'uint8',
    'bool',
  ]);
  expect([x.int().arraySync(), x.bool().arraySync()]).toEqual([
    [0, 1, -2],
    [false, true, true],
  ]);
  expect([x.float(), x.cpu()]).toEqual([x, x]);
  expect(x.typeAs(ng.zeros([1], { dtype: 'float64' })).dtype).toBe('float64');
  const like = ng.zeros([1], { dtype: 'int32' });
  expect(
    [like.newZeros([2]), like.newOnes([2]), like.newFull([2], 7), like.newTensor([3, 4])].map((t) => [
      t.dtype,
      t.arraySync(),
    ]),
  ).toEqual([
    ['int32', [0, 0]],
    ['int32', [1, 1]],
    ['int32', [7, 7]],
    ['int32', [3, 4]],
  ]);
  expect([like.newEmpty([2, 3]).shape, like.newZeros([1], { dtype: 'bool' }).dtype]).toEqual([[2, 3], 'bool']);
  expect(ng.asTensor(x)).toBe(x);
  expect([ng.asTensor(x, { dtype: 'int64' }).dtype, ng.asTensor([1, 2]).dtype, ng.scalarTensor(3).shape]).toEqual([
    'int64',
    'float32',
    [],
  ]);
  expect(ng.inferenceMode(() => x.clone().requiresGrad_().mul(2).requiresGrad)).toBe(false);
});

test('dtypes and shapes of results', () => {
  expect([ng.promoteTypes('int32', 'float16'), ng.promoteTypes('float16', 'bfloat16')]).toEqual(['float16', 'float32']);
  const [i, f] = [ng.ones([2], { dtype: 'int32' }), ng.ones([], { dtype: 'float64' })];
  expect([ng.resultType(i, f), ng.resultType(i, 2), ng.resultType(2.5, i), ng.resultType(i, true)]).toEqual([
    'float64',
    'int32',
    'float32',
    'int32',
  ]);
  expect(() => ng.resultType(1, 2)).toThrow(ng.ArgumentError);
  expect([ng.canCast('float32', 'int64'), ng.canCast('int64', 'float16'), ng.canCast('uint8', 'bool')]).toEqual([
    false,
    true,
    false,
  ]);
  expect(() => ng.canCast('float32', 'int' as never)).toThrow(ng.ArgumentError);
  expect([ng.broadcastShapes([2, 1], [3], [1, 1, 3]), ng.broadcastShapes()]).toEqual([[1, 2, 3], []]);
  expect(() => ng.broadcastShapes([2], [3])).toThrow(ng.ShapeError);
});

test('linalg.vander has ascending powers and takes batches', () => {
  const x = ng.tensor([
    [2, 3],
    [4, 0],
  ]);
  expect(ng.linalg.vander(x, { N: 3 }).arraySync()).toEqual([
    [
      [1, 2, 4],
      [1, 3, 9],
    ],
    [
      [1, 4, 16],
      [1, 0, 0],
    ],
  ]);
  expect(ng.linalg.vander(x).shape).toEqual([2, 2, 2]);
  expect(() => ng.linalg.vander(ng.tensor(1))).toThrow(ng.ShapeError);
  expect(() => ng.hannWindow(-1)).toThrow('[hannWindow]');
});

describe('what leaves is for users', () => {
  // Everything below `ng`, without a list: what another file of the library needs is easily exported with the rest.
  const leaving: [path: string, value: unknown][] = [];
  const walk = (prefix: string, room: object): void => {
    for (const [name, value] of Object.entries(room) as [string, unknown][]) {
      leaving.push([`${prefix}.${name}`, value]);
      if (typeof value === 'object' && value !== null) walk(`${prefix}.${name}`, value);
    }
  };
  walk('ng', ng);

  test('functions, classes, and rooms of them', () => {
    // Specs hold defaults and parameters. `ng.cuda.reason` is a sentence; ng.pi and its kin are numbers, newaxis is null.
    const proto = (v: unknown): unknown => Object.getPrototypeOf(v);
    const isPlain = (v: unknown): boolean =>
      typeof v === 'object' && v !== null && (proto(v) === null || proto(proto(v)) === null);
    const constants = new Set<unknown>([ng.inf, ng.nan, ng.pi, ng.e, ng.newaxis]);
    const fits = (v: unknown): boolean =>
      typeof v === 'function' || typeof v === 'string' || constants.has(v) || isPlain(v);
    expect(leaving.filter(([, v]) => !fits(v)).map(([name]) => name)).toEqual([]);
  });

  test('no helper that is told the name of the op, and none marked as internal', () => {
    const surface = readSurface(path.join(__dirname, '..', 'lib', 'index.d.ts'));
    expect(surface.filter((c) => c.params[0]?.name === 'op').map((c) => c.path)).toEqual([]);
    const known = new Set(surface.map((c) => c.path));
    const plain = leaving.filter(
      ([name, v]) => typeof v === 'function' && !/^class\b/.test(String(v)) && !known.has(name),
    );
    expect(plain.map(([name]) => name)).toEqual([]);
  });
});
