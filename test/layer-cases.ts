/** @file Runs layers and calls that PyTorch recorded: outputs, gradients, printed form, buffers (fixtures/make_vision.py). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import * as ng from '../lib';
import { nn } from '../lib';
import { expectParity, recorded } from './parity';

interface Stored {
  shape: number[];
  dtype: 'float' | 'int64';
  data: number[];
}

/** One recorded call. */
export interface LayerCase {
  code: string;
  call: string;
  text?: string;
  /** How the layer prints after it ran, if that is another form. */
  plain?: string;
  /** How often the layer ran on the input; the last time is recorded. */
  calls?: number;
  inputs: Record<string, Stored>;
  state?: Record<string, Stored>;
  outputs: Stored[];
  grads?: Record<string, Stored>;
  after?: Record<string, Stored>;
}

type Real = 'float32' | 'float64';

/** The cases of a fixture file. */
export const layerCases = (file: string): LayerCase[] =>
  JSON.parse(readFileSync(join(__dirname, '..', '..', 'test', 'fixtures', file), 'utf8')) as LayerCase[];

const build = (s: Stored, dtype: Real): ng.Tensor =>
  ng.tensor(Float64Array.from(s.data, Number), { shape: s.shape, dtype: s.dtype === 'float' ? dtype : s.dtype });

function compare(c: LayerCase, label: string, got: ng.Tensor | null | undefined, want: Stored, dtype: Real): void {
  if (!got) throw new Error(`${label} is missing`);
  expect([label, ...got.shape]).toEqual([label, ...want.shape]);
  expect([label, got.dtype]).toEqual([label, want.dtype === 'float' ? dtype : want.dtype]);
  const tolerance = dtype === 'float64' ? 1e-6 : 2e-5;
  expectParity(got, want.data, { ...recorded(c.code, c.call), label, tolerance, floor: 'scale', dtype });
}

const flat = (out: unknown): ng.Tensor[] =>
  out instanceof ng.Tensor ? [out] : Object.values(out as Record<string, ng.Tensor>);

/** Runs a case and compares everything that was recorded. */
export function runLayerCase(c: LayerCase, dtype: Real, createGraph = false): void {
  const m = c.code ? (runInNewContext(c.code, { nn, ng }) as nn.Module).to(dtype) : null;
  if (m) {
    expect(String(m)).toBe(c.text);
    const state = Object.entries(c.state!).map(([k, v]) => [k, build(v, dtype)] as const);
    m.loadStateDict(Object.fromEntries(state));
    expect(Object.keys(m.stateDict())).toEqual(state.map(([k]) => k));
  }
  const inputs = Object.fromEntries(Object.entries(c.inputs).map(([k, v]) => [k, build(v, dtype)]));
  for (const t of Object.values(inputs)) if (t.dtype === dtype) t.requiresGrad = true;
  const run = (): ng.Tensor[] => flat(runInNewContext(c.call, { m, ng, nn, F: nn.functional, ...inputs }));
  for (let i = 1; i < (c.calls ?? 1); i++) run();
  const outs = run();
  if (c.plain) expect(String(m)).toBe(c.plain);
  expect(outs).toHaveLength(c.outputs.length);
  outs.forEach((o, i) => compare(c, `${c.call} output ${i}`, o, c.outputs[i]!, dtype));
  const buffers = m ? Object.fromEntries(m.namedBuffers()) : {};
  for (const [name, b] of Object.entries(c.after ?? {})) compare(c, `buffer ${name}`, buffers[name], b, dtype);
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
