/** @file What reaches the kernels: numbers that are numbers, shapes that nobody else holds. */
import * as ng from '../lib';
import { kernel, written } from '../lib/native';
import { caught } from './caught';

const fill = kernel('fill');
const copy = kernel('copy');
const invalid = { code: 'ERR_INVALID_ARG' };

test('arguments of another type are refused by name before anything runs', () => {
  const t = ng.zeros([3]);
  let asked = 0;
  const sly = {
    valueOf: () => {
      asked++;
      return ng.ones([3]).itemSync();
    },
  };
  const m = ng.ones([2, 3]).T.sum();
  for (const value of [m, sly, '1', null, undefined, [1], 1n, Symbol('x')]) {
    expect(caught(() => fill(written(t), [3], [1], value as never))).toMatchObject(invalid);
    expect(caught(() => fill(written(t), [value as never], [1], 1))).toMatchObject(invalid);
    if (!Array.isArray(value)) expect(caught(() => fill(written(t), value as never, [1], 1))).toMatchObject(invalid);
    if (value !== null && value !== m) expect(caught(() => fill(value as never, [3], [1], 1))).toMatchObject(invalid);
  }
  for (const n of [NaN, 1.5, Infinity]) expect(caught(() => fill(written(t), [n], [1], 1))).toMatchObject(invalid);
  expect(asked).toBe(0);
  expect(t.arraySync()).toEqual([0, 0, 0]);
  expect((caught(() => fill(written(t), [3], [1], 'x' as never)) as Error).message).toBe(
    "[fill] expected a number, got 'x'",
  );
});

test('numbers that users give are refused, not converted', () => {
  const m = ng.ones([3, 2]).T.at(0) as never;
  for (const run of [
    () => ng.zeros([3]).normal_(m),
    () => ng.ones([3]).pow({ valueOf: () => 2 } as never),
    () => ng.ones([3]).mul('2' as never),
  ])
    expect(caught(run)).toHaveProperty('code');
});

test('a list that runs operations while it is read spoils its own call only', () => {
  const t = ng.zeros([3]);
  const other = ng.zeros([2, 2]);
  const list = [3];
  Object.defineProperty(list, 0, { get: () => (other.add_(1), 3) });
  expect(caught(() => copy(written(t), ng.ones([3]), list, [1], [1]))).toMatchObject(invalid);
  expect([t.arraySync(), other.sum().itemSync() > 0]).toEqual([[0, 0, 0], true]);
});

test('a tensor that would start outside its memory is refused', () => {
  const t = ng.zeros([3]);
  for (const offset of [NaN, -1, 1e9]) {
    const bad = { storage: t.storage, offset, dtypeCode: t.dtypeCode };
    expect(() => fill(written(bad), [1], [1], 1)).toThrow('starts outside its memory');
  }
});

test('shape and strides are copies, and those given are not kept', () => {
  const x = ng.ones([2, 3]);
  const v = x.T;
  for (const t of [x, v, x.reshape([3, 2]), new ng.nn.Parameter(ng.ones([2]))]) {
    const [shape, strides] = [t.shape.slice(), t.strides.slice()];
    (t.shape as number[])[0] = 1e8;
    (t.strides as number[])[0] = 1e8;
    expect([t.shape, t.strides]).toEqual([shape, strides]);
  }
  expect(x.sum().itemSync()).toBe(6);

  const own = [2, 3];
  const made = [
    ng.zeros(own),
    ng.rand(own),
    ng.tensor(new Float32Array(6), { shape: own }),
    ng.ones([6]).reshape(own),
    ng.ones([6]).view(own),
    ng.ones([1, 3]).expand(own),
    ng.empty(own),
    ng.full(own, 1),
    ng.randint(0, 2, own),
  ];
  own[0] = 1e8;
  for (const t of made) expect(t.shape).toEqual([2, 3]);
});
