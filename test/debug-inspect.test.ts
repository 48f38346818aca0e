/** @file Data looked at before training. */
import { inspect as print } from 'node:util';
import * as ng from '../lib';

const { inspect } = ng.debug;
const kinds = (r: ng.debug.Inspection): string[] => r.findings.map((f) => f.kind);

/** Six standardised columns, and classes that depend on them. */
function healthy(n = 120): { x: ng.Tensor; y: ng.Tensor } {
  const x = ng.randn([n, 6]);
  const noise = ng.randn([n, 3]).mul(0.3);
  return {
    x,
    y: x
      .matmul(ng.randn([6, 3]))
      .add(noise)
      .argmax(1),
  };
}
const withColumn = (x: ng.Tensor, column: ng.Tensor): ng.Tensor => ng.cat([x, column.reshape([-1, 1])], 1);

test('healthy data: nothing stands out', async () => {
  const { x, y } = healthy();
  const r = await inspect(x, y, { test: healthy(40).x });
  expect(r.findings).toEqual([]);
  expect(r.examples).toBe(120);
  expect(String(r)).toMatch(/^120 examples, 0 findings\nNothing stands out/);
  expect(kinds(await inspect(x, x.matmul(ng.ones([6, 1])).add(ng.randn([120, 1]))))).toEqual([]);
});

test.each<[string, (x: ng.Tensor) => ng.Tensor, string, string, RegExp]>([
  ['NaN', (x) => x.where(x.lt(2.5), NaN), 'nan', 'error', /^\d+ values \(.* %\) are NaN, in x\[/],
  ['infinity', (x) => x.where(x.lt(2.5), Infinity), 'infinite', 'error', /values are infinite/],
  ['a constant column', (x) => withColumn(x, ng.full([120], 3)), 'constant', 'warning', /^always the same: x\[6\]$/],
  ['a column twice', (x) => withColumn(x, x.select(1, 2)), 'duplicate-columns', 'warning', /x\[6\] \(as x\[2\]\)/],
  [
    'scales that differ',
    (x) => withColumn(x, ng.randn([120]).mul(5000)),
    'scale',
    'warning',
    /differ in scale.*x\[6\]/,
  ],
  ['values that are not scaled', (x) => x.mul(50).add(128), 'scale', 'warning', /6 of 6 columns of x are not scaled/],
  ['values that are all small', (x) => x.mul(1e-4), 'scale', 'warning', /all values of x are small/],
  ['rows twice', (x) => ng.cat([x.narrow(0, 0, 100), x.narrow(0, 0, 20)]), 'duplicate-rows', 'warning', /^20 examples/],
])('inputs: %s', async (_name, spoil, kind, severity, what) => {
  const r = await inspect(spoil(healthy().x));
  expect(r.findings.map((f) => [f.kind, f.severity])).toEqual([[kind, severity]]);
  expect(r.findings[0]!.what).toMatch(what);
  expect(r.advice).toBe(r.findings[0]!.advice);
  expect(print(r)).toContain(r.findings[0]!.what);
});

test.each<[string, (y: ng.Tensor) => ng.Tensor, string[], RegExp]>([
  ['from 1', (y) => y.add(1), ['label-gaps'], /labels go up to 3, but there is no example of 0/],
  ['negative', (y) => y.sub(1), ['label-range'], /labels are negative, the least is -1/],
  ['one for all', (y) => y.mul(0), ['constant-target'], /all examples have the label 0/],
  ['unbalanced', (y) => ng.cat([y.narrow(0, 0, 4), ng.ones([116], { dtype: 'int64' })]), ['imbalance'], /class 1 is 9/],
  ['NaN', (y) => y.to('float32').where(y.ne(1), NaN), ['nan-target'], /values of y are NaN/],
  [
    'large',
    (y) =>
      y
        .add(0.5)
        .mul(ng.rand([120]))
        .mul(1e5),
    ['target-scale'],
    /y has mean/,
  ],
])('targets: %s', async (_name, spoil, expected, what) => {
  const { x, y } = healthy();
  const r = await inspect(x, spoil(y));
  expect(kinds(r)).toEqual(expected);
  expect(r.findings[0]!.what).toMatch(what);
});

test('one-hot targets are classes', async () => {
  const { x, y } = healthy();
  expect(kinds(await inspect(x, ng.oneHot(y, 3).to('float32')))).toEqual([]);
  const rare = ng.cat([y.narrow(0, 0, 4), ng.ones([116], { dtype: 'int64' })]);
  expect(kinds(await inspect(x, ng.oneHot(rare, 3)))).toEqual(['imbalance']);
});

describe('leaks', () => {
  test('a column that is the target, scaled', async () => {
    const { x, y } = healthy();
    const r = await inspect(withColumn(x, y.to('float32').mul(-0.5).add(1)), y);
    expect(r.findings[0]).toMatchObject({ kind: 'leaked-target', severity: 'error' });
    expect(r.findings[0]!.what).toMatch(/x\[6\] is the target/);
    const price = ng.randn([120, 1]);
    expect(kinds(await inspect(withColumn(x, price.mul(3)), price))).toEqual(['leaked-target']);
  });

  test('a column from which the class follows: by ranges, by values', async () => {
    const { x, y } = healthy();
    const ranges = y
      .to('float32')
      .square()
      .add(ng.rand([120]).mul(0.4))
      .sub(1.5);
    const a = await inspect(withColumn(x, ranges), y);
    expect(a.findings).toMatchObject([{ kind: 'leaked-target', severity: 'warning' }]);
    const codes = ng
      .tensor([2, 0, 1], { dtype: 'float32' })
      .indexSelect(0, y)
      .add(ng.randint(0, 2, [120]).mul(3));
    expect(kinds(await inspect(withColumn(x, codes.sub(2.5)), y))).toEqual(['leaked-target']);
  });

  test('a column that only helps is none', async () => {
    const { x, y } = healthy();
    const helps = y
      .to('float32')
      .add(ng.randn([120]).mul(0.7))
      .sub(1);
    expect(kinds(await inspect(withColumn(x, helps), y))).toEqual([]);
  });

  test('test rows that are in the training part', async () => {
    const { x, y } = healthy();
    const other = ng.cat([ng.randn([30, 6]), x.narrow(0, 5, 10)]);
    for (const test of [other, [other, ng.zeros([40])]] as const) {
      const r = await inspect(x, y, { test: test as never });
      expect(r.findings).toMatchObject([{ kind: 'test-leak', severity: 'error' }]);
      expect(r.findings[0]!.what).toMatch(/^10 of 40 test examples \(25 %\)/);
    }
  });

  test('equal inputs with different targets', async () => {
    const { x, y } = healthy();
    const r = await inspect(ng.cat([x, x.narrow(0, 0, 3)]), ng.cat([y, y.narrow(0, 0, 3).add(1).remainder(3)]));
    expect(kinds(r)).toEqual(['contradictions', 'duplicate-rows']);
  });
});

test('several inputs by name, nested arrays, images; the worst comes first', async () => {
  const { x, y } = healthy();
  const r = await inspect({ table: x.mul(1000), tokens: ng.randint(0, 500, [120, 4]), bad: x.log() }, y);
  expect(r.findings.map((f) => [f.severity, f.kind])).toEqual([
    ['error', 'nan'],
    ['warning', 'scale'],
  ]);
  expect(r.findings[1]!.what).toMatch(/^6 of 6 columns of table|columns of x\.table/);
  expect((await inspect([[0.5], [0.1], [-0.4]], [1, 0, 1])).findings).toEqual([]);
  // Pixels at the border are always 0: no reason for a warning.
  const images = ng.rand([50, 1, 10, 10]).pad([1, 1, 1, 1]);
  expect((await inspect(images)).findings).toMatchObject([{ kind: 'constant', severity: 'note' }]);
});

test('errors', async () => {
  const { x, y } = healthy();
  await expect(inspect(x, y.narrow(0, 0, 5))).rejects.toThrow('[inspect] y has 5 rows, x has 120');
  await expect(inspect(ng.zeros([0, 3]))).rejects.toThrow('[inspect] x must have a row for each example');
  await expect(inspect('x' as never)).rejects.toThrow('[inspect] x must be a tensor');
  await expect(inspect(x, y, { tset: x } as never)).rejects.toThrow('[inspect] has no option "tset"');
  await expect(inspect(x, y, { test: ng.ones([2, 3]) })).rejects.toThrow('[inspect] test must have the inputs of x');
});
