/** @file What elementwise ops, reductions and scans do at ties, at NaN, for integers, and for nonsense: as in PyTorch. */
import * as ng from '../lib';
import { caught } from './caught';

const list = (t: ng.Tensor): unknown => t.arraySync();
const code = (f: () => unknown): unknown => (caught(f) as { code?: string } | undefined)?.code;

test('second derivatives of logaddexp exist at ties', () => {
  const a = ng.tensor([1], { dtype: 'float64' }).requiresGrad_();
  const [g] = ng.grad(ng.logaddexp(a, ng.tensor([1], { dtype: 'float64' })).sum(), a, { createGraph: true });
  expect(list(ng.grad(g!.sum(), a)[0]!)).toEqual([0.25]);
});

test('atan2 has slope 0 at the origin', () => {
  const a = ng.zeros([1]).requiresGrad_();
  ng.atan2(a, ng.zeros([1]))
    .sum()
    .backward();
  expect(list(a.grad!)).toEqual([0]);
});

test('clamp with a bound of NaN gives NaN, and takes tensors in place', () => {
  expect(list(ng.clamp(ng.tensor([1, 2]), NaN))).toEqual([NaN, NaN]);
  expect(list(ng.tensor([1, 5]).clamp_({ max: ng.tensor([0, 9]) }))).toEqual([0, 5]);
  expect(list(ng.clampMin(ng.tensor([1, 5]), { min: 2 }))).toEqual([2, 5]);
});

test('std of huge float32 is finite', () => {
  expect(ng.std(ng.tensor([1e30, -1e30, 2e30])).itemSync() / 1e30).toBeCloseTo(1.5275, 3);
});

test('topk of a tensor without dimensions, and diff of order 0, hold the values', () => {
  expect(list(ng.topk(ng.tensor(5), 0).values)).toBe(5);
  const x = ng.tensor([1, 2]);
  const d = ng.diff(x, { n: 0 });
  d.zero_();
  expect(list(x)).toEqual([1, 2]);
});

test('integers keep or change their dtype as in PyTorch', () => {
  const u = ng.tensor([0, 1, 7], { dtype: 'uint8' });
  expect([ng.nn.functional.relu6(u).dtype, list(ng.nn.functional.relu6(u))]).toEqual(['uint8', [0, 1, 6]]);
  expect(ng.square(ng.tensor([true])).dtype).toBe('int64');
  expect(list(ng.logit(ng.tensor([0, 1], { dtype: 'uint8' })))).toEqual([-Infinity, Infinity]);
  expect([ng.fmax(u, u).dtype, list(ng.fmin(u, ng.tensor([1, 1, 1], { dtype: 'uint8' })))]).toEqual([
    'uint8',
    [0, 1, 1],
  ]);
  expect(list(ng.trapezoid(ng.tensor([0, 1, 7], { dtype: 'int32' })))).toBe(4.5);
  expect(list(ng.gradient(ng.tensor([0, 1, 7], { dtype: 'int32' }), { spacing: 0.5 })[0]!)).toEqual([2, 7, 12]);
  expect(list(ng.div(ng.tensor([1], { dtype: 'float64' }), 0.001, { roundingMode: 'trunc' }))).toEqual([1000]);
  expect(ng.cov(ng.ones([1, 3])).shape).toEqual([]);
});

test('arguments by name and in place', () => {
  const x = ng.tensor([1, -2, 3]);
  expect(list(ng.topk(x, { k: 1 }).values)).toEqual([3]);
  expect(list(ng.nn.functional.threshold(x, { threshold: 1, value: 9 }))).toEqual([9, 9, 3]);
  expect(list(x.clone().cumsum_(0))).toEqual([1, -1, 2]);
  expect(list(x.clone().cumprod_({ dim: 0 }))).toEqual([1, -2, -6]);
  expect(list(ng.tensor([1.26]).round_({ decimals: 1 }).mul(10).round())).toEqual([13]);
  expect(list(ng.tensor([NaN, 1]).nanToNum_({ nan: 4 }))).toEqual([4, 1]);
  const leaf = ng.tensor([0.5]).requiresGrad_();
  leaf.mul(1).logit_().sum().backward();
  expect(list(leaf.grad!)).toEqual([4]);
  const q = ng.tensor([0.25]).requiresGrad_();
  ng.quantile(ng.tensor([1, 3, 9]), q)
    .sum()
    .backward();
  expect(list(q.grad!)).toEqual([4]);
});

test.each<[string, () => unknown]>([
  ['leakyRelu', () => ng.nn.functional.leakyRelu(ng.ones([1]), 'abc' as never)],
  ['elu', () => ng.nn.functional.elu(ng.ones([1]), { alpha: 'x' } as never)],
  ['logit', () => ng.logit(ng.ones([1]), NaN)],
  ['sum', () => ng.sum(ng.ones([1]), { axis: 0 } as never)],
  ['cumsum', () => ng.cumsum(ng.ones([1]), '0' as never)],
  ['argsort', () => ng.argsort(1 as never)],
  ['threshold', () => ng.nn.functional.threshold(ng.ones([1]), 'x' as never, 1)],
  ['cov', () => ng.cov(ng.ones([1, 2]), { aweights: ng.tensor([-1, 2]) })],
])('%s refuses nonsense with a code', (op, call) => {
  expect(code(call)).toBe('ERR_INVALID_ARG');
  expect(String(caught(call))).toContain(`[${op}]`);
});

test('combinations of absurd length end at once', () => {
  expect(code(() => ng.combinations(ng.ones([3]), 2 ** 53))).toBeDefined();
  expect(code(() => ng.combinations(ng.ones([1000]), 5))).toBe('ERR_SHAPE');
  expect(ng.combinations(ng.ones([2]), 3).shape).toEqual([0, 3]);
});

test('shifts by all bits and more, as in PyTorch', () => {
  const u = ng.tensor([1, 3, 255], { dtype: 'uint8' });
  expect([7, 8, 9, 255].map((s) => u.bitwiseRightShift(s).arraySync())).toEqual([
    [0, 0, 1],
    ...Array<number[]>(3).fill([0, 0, 0]),
  ]);
  expect([8, 9, 255].map((s) => u.bitwiseLeftShift(s).arraySync())).toEqual(Array(3).fill([0, 0, 0]));
  const i = ng.tensor([1, -3], { dtype: 'int64' });
  expect(i.bitwiseLeftShift(2 ** 32).arraySync()).toEqual([0, 0]);
  expect(i.bitwiseRightShift(2 ** 32).arraySync()).toEqual([0, -1]);
});
