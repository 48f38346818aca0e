/** @file Elementwise functions against PyTorch, in float64 and float32, with fused and composite gradients. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ng from '../lib';
import * as activations from '../lib/ops/layers/activations';
import { expectParity, unstore } from './parity';

type Value = number | string;
interface UnaryRow {
  name: string;
  args: unknown[];
  x: Value[];
  y: Value[];
  grad: Value[];
}
interface BinaryRow {
  name: string;
  a: Value[];
  b: Value[];
  y: Value[];
  grads: [Value[], Value[]];
}
const file = join(__dirname, '..', '..', 'test', 'fixtures', 'elementwise.json');
const rows = JSON.parse(readFileSync(file, 'utf8')) as { unary: UnaryRow[]; binary: BinaryRow[] };

const numbers = (v: Value[]): number[] => v.map(unstore);
const values = (t: ng.Tensor): number[] => Array.from(t.dataSync() as Float64Array);

/** Compares within max(rtol |want|, atol), with infinities and NaN exact; says at which point. */
function expectClose(
  name: string,
  got: number[],
  want: number[],
  at: unknown[],
  rtol: number,
  atol: number,
  dtype: ng.DType = 'float64',
): void {
  const kind = name in activations ? 'activation' : 'op';
  expectParity(got, want, { kind, name, at, tolerance: rtol, floor: atol / rtol, dtype });
}

// The gradient at NaN is left open.
const atNumbers = (v: number[], x: number[]): number[] => v.map((g, i) => (Number.isNaN(x[i]) ? 0 : g));

const lib = ng as unknown as Record<string, (...args: unknown[]) => ng.Tensor>;

describe.each(rows.unary.map((r) => [`${r.name}(${JSON.stringify(r.args)})`, r] as const))('%s', (_label, r) => {
  const x = numbers(r.x);
  const y = numbers(r.y);
  const grad = numbers(r.grad);

  // PyTorch computes the slope of hardsigmoid in float32, and trigamma with few terms.
  const rtol = r.name === 'hardsigmoid' ? 1e-7 : r.name === 'digamma' ? 1e-9 : 1e-11;

  test('float64: result and both gradients', () => {
    for (const createGraph of [false, true]) {
      const t = ng.tensor(x, { dtype: 'float64', requiresGrad: true });
      const out = lib[r.name]!(t, ...r.args);
      expectClose(r.name, values(out), y, r.x, 1e-12, 1e-14);
      const [g] = ng.grad(out, t, { gradOutputs: ng.fullLike(out, 2), createGraph });
      expectClose(r.name, atNumbers(values(g!), x), atNumbers(grad, x), r.x, rtol, 1e-13);
    }
  });

  test('float32, and the method', () => {
    const t = ng.tensor(x, { requiresGrad: true });
    const out = (t as unknown as typeof lib)[r.name]!(...r.args);
    expect(out.dtype).toBe('float32');
    const f32 = y.map((v) => (Math.abs(v) > 3.4e38 ? Math.sign(v) * Infinity : v));
    if (r.name !== 'nanToNum') expectClose(r.name, values(out), f32, r.x, 5e-6, 1.5e-6, 'float32');
    out.backward(ng.fullLike(out, 2));
    const g32 = grad.map((v) => (Math.abs(v) > 3.4e38 ? Math.sign(v) * Infinity : v));
    if (!['digamma', 'acosh', 'atanh'].includes(r.name))
      expectClose(r.name, atNumbers(values(t.grad!), x), atNumbers(g32, x), r.x, 2e-5, 1e-6, 'float32');
  });
});

describe.each(rows.binary.map((r) => [r.name, r] as const))('%s', (name, r) => {
  test('result and gradients, of tensors and of numbers', () => {
    const a = ng.tensor(numbers(r.a), { dtype: 'float64', requiresGrad: true });
    const b = ng.tensor(numbers(r.b), { dtype: 'float64', requiresGrad: true });
    const pairs = r.a.map((v, i) => `${v}, ${r.b[i]}`);
    for (const createGraph of [false, true]) {
      const out = lib[name]!(a, b);
      expectClose(name, values(out), numbers(r.y), pairs, 1e-12, 1e-14);
      const [ga, gb] = ng.grad(out, [a, b], { gradOutputs: ng.fullLike(out, 2), createGraph });
      expectClose(name, values(ga!), numbers(r.grads[0]), pairs, 1e-12, 1e-13);
      expectClose(name, values(gb!), numbers(r.grads[1]), pairs, 1e-12, 1e-13);
    }
    r.a.forEach((v, i) => {
      const one = ng.tensor([unstore(v)], { dtype: 'float64', requiresGrad: true });
      const out = lib[name]!(one, unstore(r.b[i]!));
      expectClose(name, values(out), [unstore(r.y[i]!)], [pairs[i]], 1e-12, 1e-14);
      const [g] = ng.grad(out, one, { gradOutputs: ng.fullLike(out, 2) });
      expectClose(name, values(g!), [unstore(r.grads[0][i]!)], [pairs[i]], 1e-12, 1e-13);
      const other = ng.tensor([unstore(r.b[i]!)], { dtype: 'float64', requiresGrad: true });
      const out2 = lib[name]!(unstore(v), other);
      const [g2] = ng.grad(out2, other, { gradOutputs: ng.fullLike(out2, 2) });
      expectClose(name, values(g2!), [unstore(r.grads[1][i]!)], [pairs[i]], 1e-12, 1e-13);
    });
  });
});
