/** @file Runs the calls that test/fixtures/make_ops.py recorded with PyTorch: results, dtypes and gradients. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ng from '../lib';
import { expectParity, type Stored, unstore } from './parity';

interface Packed {
  shape: number[];
  dtype: ng.DType;
  data: Stored[];
  grad?: boolean;
}
interface Case {
  op: string;
  args: unknown[];
  outs: Packed[];
  grads?: Packed[];
}
type Results = ng.Tensor | readonly ng.Tensor[] | Record<string, ng.Tensor>;
/** How to call an op that PyTorch spells as an operator. */
export type Calls = Record<string, (...args: never[]) => Results>;

const isPacked = (v: unknown): v is Packed => typeof v === 'object' && v !== null && 'data' in v && 'shape' in v;

function decode(v: unknown, leaves: ng.Tensor[]): unknown {
  if (isPacked(v)) {
    const t = ng.tensor(v.data.map(unstore), { shape: v.shape, dtype: v.dtype });
    if (v.grad) leaves.push(t.requiresGrad_());
    return t;
  }
  if (Array.isArray(v)) return v.map((x) => decode(x, leaves));
  if (typeof v === 'object' && v !== null && 'slice' in v) return ng.s(...(v.slice as [number, number, number]));
  if (typeof v === 'object' && v !== null)
    return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, decode(x, leaves)]));
  return v;
}

const listOf = (r: Results): ng.Tensor[] =>
  r instanceof ng.Tensor ? [r] : Array.isArray(r) ? (r as ng.Tensor[]) : Object.values(r as Record<string, ng.Tensor>);

function expectSame(name: string, label: string, got: ng.Tensor, want: Packed, tolerance: number): void {
  expect([label, got.dtype, ...got.shape]).toEqual([label, want.dtype, ...want.shape]);
  expectParity(got, want.data, { kind: 'op', name, label, tolerance });
}

// Any fixed weights will do; they are those of the script.
function weighted(t: ng.Tensor): ng.Tensor {
  const k = ng.tensor(
    Array.from({ length: t.numel }, (_, i) => (((i * 7) % 11) - 5) / 4),
    { dtype: t.dtype, shape: t.shape },
  );
  return t.mul(k).sum();
}

/** One test per case of a fixture file. Functions are called as such, and as methods where tensors have one. */
export function testCases(file: string, calls: Calls = {}, rtol = 1e-10): void {
  const path = join(__dirname, '..', '..', 'test', 'fixtures', file);
  const cases = JSON.parse(readFileSync(path, 'utf8')) as Case[];
  const functions = ng as unknown as Record<string, (...args: unknown[]) => Results>;

  function check(label: string, c: Case, fn: (...args: unknown[]) => Results): void {
    const leaves: ng.Tensor[] = [];
    const outs = listOf(fn(...(decode(c.args, leaves) as unknown[])));
    expect([label, outs.length]).toEqual([label, c.outs.length]);
    c.outs.forEach((want, i) => expectSame(c.op, `${label} output ${i}`, outs[i]!, want, rtol));
    if (!c.grads) return;
    const losses = outs.filter((o) => o.requiresGrad).map(weighted);
    const loss = losses.reduce((a, b) => a.add(b), ng.zeros([], { dtype: 'float64', requiresGrad: true }));
    const grads = ng.grad(loss, leaves, { allowUnused: true }) as (ng.Tensor | null)[];
    c.grads.forEach((want, i) =>
      expectSame(c.op, `${label} gradient ${i}`, grads[i] ?? ng.zerosLike(leaves[i]!), want, 10 * rtol),
    );
  }

  const names = [...new Set(cases.map((c) => c.op))];
  test.each(names)('%s', (op) => {
    const method = (ng.Tensor.prototype as unknown as Record<string, unknown>)[op];
    for (const c of cases.filter((x) => x.op === op)) {
      const label = `${op}(${JSON.stringify(c.args)})`;
      check(label, c, (calls[op] ?? functions[op]!) as never);
      if (method && !calls[op] && isPacked(c.args[0]))
        check(`method ${label}`, c, (self, ...rest) =>
          (self as Record<string, (...a: unknown[]) => Results>)[op]!(...rest),
        );
    }
  });
}
