/** @file Tensors as text: digits and layout against PyTorch; what follows the values; console.log. */
import { caught } from './caught';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import * as ng from '../lib';

interface Row {
  shape: number[];
  dtype: ng.DType;
  data: (number | boolean | string)[];
  text: string;
}
const file = join(__dirname, '..', '..', 'test', 'fixtures', 'prints.json');
const rows = JSON.parse(readFileSync(file, 'utf8')) as Row[];

function decode({ dtype, shape, data }: Row): ng.Tensor {
  if (dtype === 'int64')
    return ng.tensor(
      BigInt64Array.from(data, (v) => BigInt(v)),
      { shape },
    );
  return ng.tensor(
    data.map((v) => Number(typeof v === 'string' ? v.replace('inf', 'Infinity') : v)),
    { dtype, shape },
  );
}

test.each(rows.map((r, i) => [`${i} ${r.dtype} [${r.shape.join(', ')}]`, r] as const))('%s as PyTorch', (_n, r) => {
  const t = decode(r);
  const text = String(t);
  expect(text.slice(0, 7 + r.text.length)).toBe(`tensor(${r.text}`);
  const rest = text.slice(7 + r.text.length).replace(/\s+/g, ' ');
  expect(rest).toBe(`, shape=[${r.shape.join(', ')}], dtype=${r.dtype})`);
  if (t.ndim > 1) expect(String(t.transpose(0, 1).contiguous().transpose(0, 1))).toBe(text);
});

test('history, gradients, parameters', () => {
  const x = ng.tensor([1, 2], { requiresGrad: true });
  expect(String(x)).toBe('tensor([1., 2.], shape=[2], dtype=float32, requires_grad=True)');
  expect(String(x.mul(2))).toBe('tensor([2., 4.], shape=[2], dtype=float32, grad_fn=<MulBackward>)');
  expect(String(x.mul(2).detach())).toBe('tensor([2., 4.], shape=[2], dtype=float32)');
  expect(String(new ng.nn.Parameter(ng.ones([1])))).toBe(
    'Parameter containing:\ntensor([1.], shape=[1], dtype=float32, requires_grad=True)',
  );
});

test('what does not fit into a line goes to the next', () => {
  const x = ng.ones([16]).requiresGrad_();
  const line = 'tensor([1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1.],';
  expect(String(x)).toBe(`${line}\n       shape=[16], dtype=float32, requires_grad=True)`);
});

test('console.log', () => {
  const x = ng.tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(inspect(x)).toBe(String(x));
  expect(inspect({ x })).toBe('{\n  x: tensor([[1., 2.],\n          [3., 4.]], shape=[2, 2], dtype=float32)\n}');
  expect(inspect({ a: { b: { c: { x } } } }, { depth: 2 })).toContain('c: [Object]');
  expect(inspect([[[x]]], { depth: 2 })).toContain('[Tensor [2, 2] float32]');
  x.dispose();
  expect(inspect(x)).toBe('tensor(disposed, shape=[2, 2], dtype=float32)');
});

test('settings', () => {
  const x = ng.tensor([1.23456, 1000]);
  ng.setPrintoptions({ precision: 2 });
  expect(String(x)).toBe('tensor([   1.23, 1000.00], shape=[2], dtype=float32)');
  ng.setPrintoptions({ sciMode: true, precision: 1 });
  expect(String(x)).toBe('tensor([1.2e+00, 1.0e+03], shape=[2], dtype=float32)');
  ng.setPrintoptions({ threshold: 4, edgeitems: 1 });
  expect(String(ng.arange(6))).toBe('tensor([0.,  ..., 5.], shape=[6], dtype=float32)');
  ng.setPrintoptions({ profile: 'default' });
  expect(String(x)).toBe('tensor([   1.2346, 1000.0000], shape=[2], dtype=float32)');
  expect(() => ng.setPrintoptions({ precision: -1 })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG' }) as Error,
  );
});

test('a tensor is no primitive: only strings show it', () => {
  const t = ng.tensor([1, 2]);
  expect(`${t as unknown as string}`).toBe(String(t));
  expect([t].join()).toBe(String(t));
  const sums = [
    () => (t as never) + 1,
    () => 'a' + (t as never),
    () => Number(t),
    () => +(t as never),
    () => (t as never) < 1,
  ];
  for (const run of sums) expect(caught(run)).toMatchObject({ code: 'ERR_INVALID_ARG' });
  expect(() => JSON.stringify({ t })).toThrow('await t.array()');
});
