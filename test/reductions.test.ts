/** @file Reductions, scans and order statistics against PyTorch: values, dtypes, shapes, gradients, bad input. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ng from '../lib';
import { expectParity } from './parity';

interface Encoded {
  data: (number | string)[];
  shape: number[];
  dtype: ng.DType;
}
interface Row {
  name: string;
  x: Encoded;
  args: unknown[];
  y: Encoded[];
  start: (Encoded | null)[];
  grad: Encoded | null;
}
const file = join(__dirname, '..', '..', 'test', 'fixtures', 'reductions.json');
const rows = JSON.parse(readFileSync(file, 'utf8')) as Row[];

const number = (v: number | string): number => (typeof v === 'number' ? v : Number(v.replace('inf', 'Infinity')));
const decode = (e: Encoded): ng.Tensor => ng.tensor(e.data.map(number), { dtype: e.dtype }).reshape(e.shape);
const values = (t: ng.Tensor): number[] => Array.from(t.dataSync() as Float64Array, Number);
const outputs = (r: unknown): ng.Tensor[] =>
  r instanceof ng.Tensor ? [r] : Object.values(r as Record<string, ng.Tensor>);

function expectSame(name: string, what: string, t: ng.Tensor, want: Encoded): void {
  expect([what, t.dtype, ...t.shape]).toEqual([what, want.dtype, ...want.shape]);
  expectParity(t, want.data, { kind: 'op', name, label: `${name} ${what}`, tolerance: 2e-11 });
}

const lib = ng as unknown as Record<string, (...args: unknown[]) => unknown>;
// JSON has no infinity; p of a norm comes as text.
const argOf = (v: unknown): unknown => (typeof v === 'string' ? number(v) : v);

test.each(rows.map((r, i) => [`${i} ${r.name} [${r.x.shape.join(', ')}] ${JSON.stringify(r.args)}`, r] as const))(
  '%s',
  (_title, r) => {
    const args = r.args.map(argOf);
    for (const createGraph of [false, true]) {
      const x = decode(r.x);
      if (r.grad) x.requiresGrad = true;
      const ys = outputs(lib[r.name]!(x, ...args));
      ys.forEach((y, i) => expectSame(r.name, `output ${i}`, y, r.y[i]!));
      if (!r.grad) continue;
      const loss = ys
        .flatMap((y, i) => (r.start[i] ? [y.mul(decode(r.start[i])).sum()] : []))
        .reduce((a, b) => a.add(b));
      const [g] = ng.grad(loss, x, { createGraph });
      // The slope at NaN is left open.
      const holes = r.x.data.map((v) => v === 'nan');
      const mask = (e: Encoded): Encoded => ({ ...e, data: e.data.map((v, i) => (holes[i] || v === 'nan' ? 0 : v)) });
      const got = { ...r.grad, data: values(g!).map((v) => (Number.isNaN(v) ? 'nan' : v)) };
      const skip = r.grad.data.map((v, i) => holes[i] || v === 'nan');
      expectSame(r.name, 'gradient', decode({ ...got, data: got.data.map((v, i) => (skip[i] ? 0 : v)) }), mask(r.grad));
    }
  },
);

test('as methods', () => {
  const t = ng.tensor([
    [1, 5, 3],
    [4, 2, 6],
  ]);
  expect(t.max(1).values.arraySync()).toEqual([5, 6]);
  expect(t.min(0).indices.arraySync()).toEqual([0, 1, 0]);
  expect(t.max(ng.full([3], 4)).arraySync()).toEqual([
    [4, 5, 4],
    [4, 4, 6],
  ]);
  expect(t.argmax(-1).arraySync()).toEqual([1, 2]);
  expect(t.var().itemSync()).toBeCloseTo(3.5);
  expect(t.std(0, { correction: 0 }).arraySync()).toEqual([1.5, 1.5, 1.5]);
  expect(t.median(1).values.arraySync()).toEqual([3, 4]);
  expect(t.cumsum(0).arraySync()).toEqual([
    [1, 5, 3],
    [5, 7, 9],
  ]);
  expect(t.norm('fro').itemSync()).toBeCloseTo(Math.sqrt(91), 5);
  expect(t.to('int32').cumsum(1).dtype).toBe('int64');
  expect(t.quantile(0.5, 1).arraySync()).toEqual([3, 4]);
});

test('empty tensors: an identity where there is one, else an error', () => {
  const e = ng.zeros([0, 3]);
  expect(e.amax(1).shape).toEqual([0]);
  expect(e.cumsum(0).shape).toEqual([0, 3]);
  expect(e.logsumexp(0).arraySync()).toEqual([-Infinity, -Infinity, -Infinity]);
  expect(e.norm().itemSync()).toBe(0);
  expect(values(e.var(0))).toEqual([NaN, NaN, NaN]);
  for (const f of [
    () => e.max(),
    () => e.max(0),
    () => e.argmax(0),
    () => e.amin(0),
    () => e.median(),
    () => e.median(0),
    () => e.quantile(0.5),
  ])
    expect(f).toThrow(ng.ShapeError);
});

test('bad axes, dtypes and settings are errors at once', () => {
  const t = ng.ones([2, 3]);
  const whole = t.to('int32');
  expect(() => t.max(2)).toThrow(ng.IndexError);
  expect(() => t.argmax(0.5)).toThrow(ng.ArgumentError);
  expect(() => t.cumsum(-3)).toThrow(ng.IndexError);
  expect(() => whole.std()).toThrow(ng.DTypeError);
  expect(() => whole.norm()).toThrow(ng.DTypeError);
  expect(() => t.norm('nuc' as never)).toThrow(ng.ArgumentError);
  expect(() => t.quantile(1.5)).toThrow(ng.ArgumentError);
  expect(() => whole.quantile(0.5)).toThrow(ng.DTypeError);
  expect(() => t.diff(-1)).toThrow(ng.ArgumentError);
});
