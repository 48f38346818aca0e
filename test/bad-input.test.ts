/**
 * @file What a service may be fed: wrong shapes, dtypes, ranks, values, sizes, memory that is gone. Each is an error with
 * a class and a code, and the process goes on.
 */
import * as ng from '../lib';
import { data, nn, optim } from '../lib';
import { caught } from './caught';

type Code =
  | 'ERR_SHAPE'
  | 'ERR_DTYPE'
  | 'ERR_INDEX'
  | 'ERR_INVALID_ARG'
  | 'ERR_STATE_DICT'
  | 'ERR_AUTOGRAD'
  | 'ERR_BACKWARD_TWICE'
  | 'ERR_INPLACE'
  | 'ERR_OUT_OF_MEMORY'
  | 'ERR_DISPOSED'
  | 'ERR_DEVICE'
  | 'ERR_NUMERIC';
type Row = [name: string, code: Code, run: () => unknown];

const { functional: F } = nn;
const ints = (...v: number[]): ng.Tensor => ng.tensor(new Int32Array(v));
const x = ng.randn([4, 3], { generator: new ng.Generator(1) });
const layer = new nn.Linear(3, 2);
// What a caller without types may pass.
const any = (v: unknown): never => v as never;

/** An error that a kernel finds (a class out of range) is thrown where the result is read. */
const caughtOrRead = (run: () => unknown): unknown =>
  caught(() => {
    const result = run();
    if (result instanceof ng.Tensor) result.dataSync();
  });

afterEach(() => {
  // Alive, and the failure does not stick.
  expect(ng.ones([3]).sum().itemSync()).toBe(3);
});

function rows(title: string, list: Row[]): void {
  describe(title, () => {
    test.each(list)('%s: %s', (_name, code, run) => {
      const e = caughtOrRead(run);
      expect(e).toBeInstanceOf(ng.NodegradError);
      expect((e as ng.NodegradError).code).toBe(code);
      expect((e as Error).message.length).toBeGreaterThan(15);
    });
  });
}

function detached<T extends ArrayBufferView>(array: T): T {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}
type Resizable = ArrayBuffer & { resize(bytes: number): void };
const ResizableBuffer = ArrayBuffer as unknown as new (bytes: number, o: { maxByteLength: number }) => Resizable;
function resized(to: number, offset?: number, length?: number): Float32Array {
  const buffer = new ResizableBuffer(32, { maxByteLength: 64 });
  const array = new Float32Array(buffer, offset, length).fill(1);
  buffer.resize(to);
  return array;
}
const cyclic: unknown[] = [];
cyclic.push(cyclic);
const cyclicLater: unknown[] = [1];
cyclicLater.push(cyclicLater);

rows('data', [
  ['a ragged array', 'ERR_SHAPE', () => ng.tensor([[1, 2], [3]])],
  ['a row that is no array', 'ERR_SHAPE', () => ng.tensor([[1], 2])],
  ['a number that is an array', 'ERR_INVALID_ARG', () => ng.tensor([1, [2]])],
  ['a string among numbers', 'ERR_INVALID_ARG', () => ng.tensor(any([1, '2']))],
  ['a hole', 'ERR_INVALID_ARG', () => ng.tensor(any([1, undefined, 2]))],
  ['an array that contains itself', 'ERR_SHAPE', () => ng.tensor(any(cyclic))],
  ['an array that contains itself later', 'ERR_INVALID_ARG', () => ng.tensor(any(cyclicLater))],
  ['null', 'ERR_INVALID_ARG', () => ng.tensor(any(null))],
  ['an object', 'ERR_INVALID_ARG', () => ng.tensor(any({ length: 3 }))],
  ['a string', 'ERR_INVALID_ARG', () => ng.tensor(any('123'))],
  ['a DataView', 'ERR_INVALID_ARG', () => ng.tensor(new DataView(new ArrayBuffer(8)))],
  ['a BigUint64Array', 'ERR_DTYPE', () => ng.tensor(new BigUint64Array(2))],
  ['NaN as an int64', 'ERR_INVALID_ARG', () => ng.tensor([NaN], { dtype: 'int64' })],
  ['a bigint of 70 bits', 'ERR_INVALID_ARG', () => ng.tensor([2n ** 70n])],
  ['a shape that does not fit', 'ERR_SHAPE', () => ng.tensor([1, 2, 3], { shape: [2] })],
  ['a detached array', 'ERR_INVALID_ARG', () => ng.tensor(detached(new Float32Array(4)))],
  ['a detached array with a shape', 'ERR_INVALID_ARG', () => ng.tensor(detached(new Int32Array(4)), { shape: [4] })],
  ['a detached Int8Array', 'ERR_INVALID_ARG', () => ng.tensor(detached(new Int8Array(4)))],
  ['rows that are detached', 'ERR_INVALID_ARG', () => ng.tensor([detached(new Float32Array(2))])],
  ['an array that lost its end', 'ERR_INVALID_ARG', () => ng.tensor(resized(8, 0, 8))],
  ['an array that lost its beginning', 'ERR_INVALID_ARG', () => ng.tensor(resized(8, 16, 2))],
]);

test('arrays that follow their buffer, and shared memory, have the length of the moment', () => {
  expect(ng.tensor(resized(8)).arraySync()).toEqual([1, 1]);
  expect(ng.tensor(resized(64)).shape).toEqual([16]);
  const shared = new Float32Array(new SharedArrayBuffer(8));
  const t = ng.tensor(shared);
  shared[0] = 5;
  expect(t.arraySync()).toEqual([0, 0]);
});

rows('sizes', [
  ['2^40 elements', 'ERR_OUT_OF_MEMORY', () => ng.zeros([2 ** 40])],
  ['2^80 elements', 'ERR_SHAPE', () => ng.zeros([2 ** 40, 2 ** 40])],
  ['2^60 elements', 'ERR_SHAPE', () => ng.eye(2 ** 30)],
  ['a size of Infinity', 'ERR_SHAPE', () => ng.zeros([Infinity])],
  ['a size of NaN', 'ERR_SHAPE', () => ng.zeros([NaN])],
  ['a negative size', 'ERR_SHAPE', () => ng.zeros([-1])],
  ['half an element', 'ERR_SHAPE', () => ng.zeros([1.5])],
  ['a size that is a string', 'ERR_SHAPE', () => ng.zeros(any(['3']))],
  ['a shape that is an object', 'ERR_INVALID_ARG', () => ng.zeros(any({}))],
  ['9 dimensions', 'ERR_SHAPE', () => ng.ones(new Array<number>(9).fill(1))],
  ['a range of 2^40', 'ERR_OUT_OF_MEMORY', () => ng.arange(0, 2 ** 40)],
  ['a range of tiny steps', 'ERR_SHAPE', () => ng.arange(0, 1, 1e-300)],
  ['2^40 random numbers', 'ERR_OUT_OF_MEMORY', () => ng.rand([2 ** 40])],
  ['a permutation of 2^40', 'ERR_OUT_OF_MEMORY', () => ng.randperm(2 ** 40)],
  [
    'a sum with a view of 2^40',
    'ERR_OUT_OF_MEMORY',
    () =>
      ng
        .ones([1])
        .expand([2 ** 40])
        .add(1),
  ],
  [
    'a product of 2^42',
    'ERR_OUT_OF_MEMORY',
    () => ng.matmul(ng.ones([1, 1]).expand([2 ** 20, 1]), ng.ones([1, 1]).expand([1, 2 ** 22])),
  ],
  ['a layer of 2^80 weights', 'ERR_SHAPE', () => new nn.Linear(2 ** 40, 2 ** 40)],
  ['a layer of 2^40 weights', 'ERR_OUT_OF_MEMORY', () => new nn.Linear(2 ** 20, 2 ** 20)],
  ['a layer of -1', 'ERR_INVALID_ARG', () => new nn.Linear(-1, 2)],
]);

rows('shapes and ranks', [
  ['a sum', 'ERR_SHAPE', () => ng.ones([2]).add(ng.ones([3]))],
  ['a sum in place', 'ERR_SHAPE', () => ng.ones([2]).add_(ng.ones([3, 2]))],
  ['a product', 'ERR_SHAPE', () => ng.matmul(ng.ones([2, 3]), ng.ones([2, 3]))],
  ['a product with a scalar', 'ERR_SHAPE', () => ng.matmul(ng.tensor(1), ng.ones([2]))],
  ['reshape', 'ERR_SHAPE', () => ng.ones([6]).reshape([4])],
  ['reshape with two unknowns', 'ERR_SHAPE', () => ng.ones([6]).reshape([-1, -1])],
  ['a view that needs a copy', 'ERR_SHAPE', () => ng.ones([2, 3]).T.view([6])],
  ['an axis', 'ERR_INDEX', () => ng.ones([2]).sum(3)],
  ['half an axis', 'ERR_INVALID_ARG', () => ng.ones([2]).sum(0.5)],
  ['transpose', 'ERR_INDEX', () => ng.ones([2]).transpose(0, 1)],
  ['permute', 'ERR_INVALID_ARG', () => ng.ones([2, 3]).permute([0, 0])],
  ['narrow', 'ERR_INDEX', () => ng.ones([2]).narrow(0, 1, 5)],
  ['cat', 'ERR_SHAPE', () => ng.cat([ng.ones([2]), ng.ones([2, 2])])],
  ['cat of nothing', 'ERR_INVALID_ARG', () => ng.cat([])],
  ['stack', 'ERR_SHAPE', () => ng.stack([ng.ones([2]), ng.ones([3])])],
  ['a layer', 'ERR_SHAPE', () => layer.forward(ng.ones([4, 5]))],
  ['a layer and a scalar', 'ERR_SHAPE', () => layer.forward(ng.tensor(1))],
  ['a layer and nothing', 'ERR_INVALID_ARG', () => layer.forward(any(undefined))],
  ['a layer and an array', 'ERR_INVALID_ARG', () => layer.forward(any([1, 2, 3]))],
  ['a setting that is not there', 'ERR_INVALID_ARG', () => new nn.Linear(3, 2, any({ bais: false }))],
  ['mseLoss', 'ERR_SHAPE', () => F.mseLoss(x, ng.ones([5, 3]))],
  ['a number that is no scalar', 'ERR_INVALID_ARG', () => ng.ones([2]).itemSync()],
  ['fill_ with a string', 'ERR_INVALID_ARG', () => ng.ones([2]).fill_(any('x'))],
  ['full of a string', 'ERR_INVALID_ARG', () => ng.full([2], any('x'))],
]);

rows('dtypes and devices', [
  ['one that is not there', 'ERR_INVALID_ARG', () => ng.ones([2], { dtype: any('float8') })],
  ['one named like a method', 'ERR_INVALID_ARG', () => ng.ones([2], { dtype: any('toString') })],
  ['a layer fed with integers', 'ERR_DTYPE', () => layer.forward(ng.ones([2, 3], { dtype: 'int32' }))],
  ['a layer fed with float64', 'ERR_DTYPE', () => layer.forward(ng.ones([2, 3], { dtype: 'float64' }))],
  ['gradients of integers', 'ERR_DTYPE', () => ng.ones([2], { dtype: 'int32', requiresGrad: true })],
  ['a fraction into integers', 'ERR_DTYPE', () => ng.ones([2], { dtype: 'int32' }).mul_(0.5)],
  ['softmax of integers', 'ERR_DTYPE', () => ng.softmax(ints(1, 2), 0)],
  ['an index of floats', 'ERR_DTYPE', () => x.gather(1, ng.ones([1, 1]))],
  ['a condition of floats', 'ERR_DTYPE', () => ng.where(ng.ones([2]), ng.ones([2]), ng.ones([2]))],
  ['a device that is not there', 'ERR_DEVICE', () => ng.ones([2], { device: any('tpu') })],
  ['a GPU too many', 'ERR_DEVICE', () => ng.ones([2]).to('cuda:63')],
]);

rows('labels and indices', [
  ['a class too large', 'ERR_INDEX', () => F.crossEntropy(x, ints(0, 1, 2, 3))],
  ['a negative class', 'ERR_INDEX', () => F.crossEntropy(x, ints(0, 1, 2, -1))],
  ['labels that are NaN', 'ERR_DTYPE', () => F.crossEntropy(x, ng.tensor([0, 1, NaN, 2]))],
  ['too few labels', 'ERR_SHAPE', () => F.crossEntropy(x, ints(0, 1))],
  ['labels of another rank', 'ERR_SHAPE', () => F.crossEntropy(x, ints(0, 1, 2, 0).reshape([4, 1]))],
  ['no labels', 'ERR_INVALID_ARG', () => F.crossEntropy(x, any(undefined))],
  ['logits that are integers', 'ERR_DTYPE', () => F.crossEntropy(ng.ones([1, 3], { dtype: 'int32' }), ints(0))],
  ['an unknown reduction', 'ERR_INVALID_ARG', () => F.crossEntropy(x, ints(0, 1, 2, 0), { reduction: any('avg') })],
  ['weights for other classes', 'ERR_SHAPE', () => F.crossEntropy(x, ints(0, 1, 2, 0), { weight: ng.ones([4]) })],
  ['nllLoss', 'ERR_INDEX', () => F.nllLoss(x, ints(0, 1, 2, 9))],
  ['indexSelect', 'ERR_INDEX', () => x.indexSelect(0, ints(5))],
  ['gather', 'ERR_INDEX', () => x.gather(1, ints(5).reshape([1, 1]))],
  ['scatter', 'ERR_INDEX', () => ng.ones([3]).scatter(0, ints(9), ng.ones([1]))],
  ['at', 'ERR_INDEX', () => x.at(7)],
  ['too many indices', 'ERR_INDEX', () => x.at([0, 0, 0])],
  ['a negative weight', 'ERR_NUMERIC', () => ng.multinomial(ng.tensor([-1, 1]), 1)],
  ['weights of zero', 'ERR_NUMERIC', () => ng.multinomial(ng.tensor([0, 0]), 1)],
  ['more draws than classes', 'ERR_INVALID_ARG', () => ng.multinomial(ng.tensor([1, 1]), 3)],
  ['a probability of 2', 'ERR_NUMERIC', () => ng.bernoulli(ng.tensor([2]))],
]);

test('the loss of no examples is NaN, that of NaN logits too; neither is an error', () => {
  expect(F.crossEntropy(ng.zeros([0, 3]), ints()).itemSync()).toBeNaN();
  expect(F.crossEntropy(ng.full([1, 3], NaN), ints(1)).itemSync()).toBeNaN();
  expect(layer.forward(ng.zeros([0, 3])).shape).toEqual([0, 2]);
  expect(ng.zeros([0]).sum().itemSync()).toBe(0);
});

rows('training', [
  ['backward from a vector', 'ERR_AUTOGRAD', () => ng.ones([2], { requiresGrad: true }).mul(2).backward()],
  ['backward from a constant', 'ERR_AUTOGRAD', () => ng.ones([]).backward()],
  [
    'backward twice',
    'ERR_BACKWARD_TWICE',
    () => {
      const y = ng.ones([], { requiresGrad: true }).exp();
      y.backward();
      y.backward();
    },
  ],
  ['a leaf changed in place', 'ERR_INPLACE', () => ng.ones([2], { requiresGrad: true }).add_(1)],
  ['noGrad of a promise', 'ERR_AUTOGRAD', () => ng.noGrad((() => Promise.resolve()) as never)],
  ['a seed that is no number', 'ERR_INVALID_ARG', () => ng.manualSeed(any('x'))],
  ['dropout of 2', 'ERR_INVALID_ARG', () => new nn.Dropout(2)],
  ['no threads', 'ERR_INVALID_ARG', () => ng.setNumThreads(0)],
  ['a learning rate of NaN', 'ERR_INVALID_ARG', () => new optim.SGD(layer.parameters(), { lr: NaN })],
  ['an optimizer of nothing', 'ERR_INVALID_ARG', () => new optim.Adam([])],
  ['a module only by its prototype', 'ERR_INVALID_ARG', () => new ng.Trainer(Object.create(new nn.ReLU()) as nn.ReLU)],
  ['batches of 0', 'ERR_INVALID_ARG', () => new data.DataLoader({ length: 1, get: () => 1 }, { batchSize: 0 })],
  ['rows that do not belong together', 'ERR_SHAPE', () => new data.TensorDataset(ng.ones([2]), ng.ones([3]))],
  ['a state without keys', 'ERR_STATE_DICT', () => layer.loadStateDict({})],
  ['a state of numbers', 'ERR_STATE_DICT', () => layer.loadStateDict(any({ weight: 1, bias: 2 }))],
  ['a state of null', 'ERR_INVALID_ARG', () => layer.loadStateDict(any(null))],
  [
    'a state of another shape',
    'ERR_STATE_DICT',
    () => layer.loadStateDict({ weight: ng.ones([2, 2]), bias: ng.ones([2]) }),
  ],
  [
    'a disposed tensor',
    'ERR_DISPOSED',
    () => {
      const t = ng.ones([2]);
      t.dispose();
      return t.add(1);
    },
  ],
]);

test('a failed read rejects its promise, and what was computed before is not lost', async () => {
  const before = ng.ones([2]).mul(3);
  const lost = F.crossEntropy(x, ints(0, 1, 2, 3));
  await expect(lost.item()).rejects.toMatchObject({ code: 'ERR_INDEX' });
  expect(await before.array()).toEqual([3, 3]);
});
