/** @file Embeddings, recurrent layers, attention and transformers against PyTorch (fixtures/make_sequence.py). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import * as ng from '../lib';
import { nn } from '../lib';
import { expectParity, recorded } from './parity';

interface Stored {
  shape: number[];
  dtype: 'float' | 'int64' | 'bool';
  data: number[];
}
interface Case {
  code: string;
  /** What PyTorch prints. */
  text?: string;
  call: string;
  inputs: Record<string, Stored>;
  state?: Record<string, Stored>;
  outputs: Stored[];
  grads?: Record<string, Stored>;
}

const fixtures = join(__dirname, '..', '..', 'test', 'fixtures');
const cases = ['recurrent.json', 'attention.json'].flatMap(
  (f) => JSON.parse(readFileSync(join(fixtures, f), 'utf8')) as Case[],
);
type Real = 'float32' | 'float64';

const build = (s: Stored, dtype: Real): ng.Tensor =>
  ng.tensor(Float64Array.from(s.data, Number), { shape: s.shape, dtype: s.dtype === 'float' ? dtype : s.dtype });

function flat(out: unknown): ng.Tensor[] {
  if (out instanceof ng.Tensor) return [out];
  if (out instanceof nn.utils.rnn.PackedSequence) return [out.data];
  return (out as unknown[]).flatMap((o) => (o === null ? [] : flat(o)));
}

function compare(c: Case, label: string, got: ng.Tensor | null | undefined, want: Stored, dtype: Real): void {
  if (!got) throw new Error(`${label} is missing`);
  expect([label, ...got.shape]).toEqual([label, ...want.shape]);
  const tolerance = dtype === 'float64' ? 1e-7 : 1e-5;
  expectParity(got, want.data, { ...recorded(c.code, c.call), label, tolerance, floor: 'scale', dtype });
}

function run(c: Case, dtype: Real, createGraph: boolean): void {
  const m = c.code ? (runInNewContext(c.code, { nn, ng }) as nn.Module).to(dtype) : null;
  if (m) {
    const state = Object.entries(c.state!).map(([k, v]) => [k, build(v, dtype)] as const);
    m.loadStateDict(Object.fromEntries(state));
    expect(Object.keys(m.stateDict())).toEqual(state.map(([k]) => k));
    expect(String(m)).toBe(c.text);
  }
  const inputs = Object.fromEntries(Object.entries(c.inputs).map(([k, v]) => [k, build(v, dtype)]));
  for (const t of Object.values(inputs)) if (t.dtype === dtype) t.requiresGrad = true;
  const outs = flat(runInNewContext(c.call, { m, ng, nn, F: nn.functional, rnn: nn.utils.rnn, ...inputs }));
  expect(outs).toHaveLength(c.outputs.length);
  outs.forEach((o, i) => compare(c, `${c.call} output ${i}`, o, c.outputs[i]!, dtype));
  if (!c.grads) return;
  outs
    .filter((o) => o.requiresGrad)
    .map((o) =>
      o
        .mul(
          ng
            .arange(1, o.numel + 1, { dtype })
            .sin()
            .reshape(o.shape),
        )
        .sum(),
    )
    .reduce((a, b) => a.add(b))
    .backward(null, { createGraph });
  const own = m ? Object.fromEntries(m.namedParameters()) : {};
  for (const [name, g] of Object.entries(c.grads))
    compare(c, `${c.call} gradient of ${name}`, (inputs[name] ?? own[name])?.grad, g, dtype);
}

describe.each(cases.map((c) => [`${c.code} ${c.call}`, c] as const))('%s', (_name, c) => {
  test.each(['float32', 'float64'] as const)('%s', (dtype) => run(c, dtype, false));
  test('with a recorded backward pass', () => run(c, 'float64', true));
});
