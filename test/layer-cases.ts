/**
 * @file Runs layers and calls that PyTorch recorded: outputs, gradients, printed form, buffers (fixtures/make_layers.py,
 * make_vision.py, make_sequence.py).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import * as ng from '../lib';
import { nn } from '../lib';
import { expectParity, type Kind, recorded, unstore } from './parity';

interface Stored {
  shape: number[];
  dtype: 'float' | 'int64' | 'bool';
  data: (number | string | boolean)[];
}

/** One recorded call. */
interface LayerCase {
  /** What it stands for in the parity table, where `code` and `call` do not say it. */
  as?: [Kind, string];
  code: string;
  call: string;
  /** What PyTorch prints. */
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

const layerCases = (file: string): LayerCase[] =>
  JSON.parse(readFileSync(join(__dirname, '..', '..', 'test', 'fixtures', file), 'utf8')) as LayerCase[];

const build = (s: Stored, dtype: Real): ng.Tensor =>
  ng.tensor(Float64Array.from(s.data, unstore), { shape: s.shape, dtype: s.dtype === 'float' ? dtype : s.dtype });

type Check = (label: string, got: ng.Tensor | null | undefined, want: Stored) => void;

function checkOf(c: LayerCase, dtype: Real, tolerance: number): Check {
  const what = c.as ? { kind: c.as[0], name: c.as[1] } : recorded(c.code, c.call);
  return (label, got, want) => {
    if (!got) throw new Error(`${label} is missing`);
    expect([label, ...got.shape]).toEqual([label, ...want.shape]);
    expect([label, got.dtype]).toEqual([label, want.dtype === 'float' ? dtype : want.dtype]);
    expectParity(got, want.data, { ...what, label, tolerance, floor: 'scale', dtype });
  };
}

function flat(out: unknown): ng.Tensor[] {
  if (out instanceof ng.Tensor) return [out];
  if (out instanceof nn.utils.rnn.PackedSequence) return [out.data];
  return Object.values(out as Record<string, unknown>).flatMap((o) => (o === null ? [] : flat(o)));
}

/** Layers with a call of each, which is to give the same for the layer and for what stands for it. */
export const layersToCall = (files: readonly string[]): [string, nn.Module, (m: nn.Module) => ng.Tensor[]][] =>
  files
    .flatMap(layerCases)
    .filter((c) => c.code)
    .map((c) => {
      const inputs = Object.fromEntries(Object.entries(c.inputs).map(([k, v]) => [k, build(v, 'float32')]));
      const call = (m: nn.Module): ng.Tensor[] =>
        flat(runInNewContext(c.call, { m, ng, nn, optim: ng.optim, F: nn.functional, rnn: nn.utils.rnn, ...inputs }));
      return [`${c.code} ${c.call}`, runInNewContext(c.code, { nn, ng }) as nn.Module, call];
    });

/** Runs a case and compares everything that was recorded. */
function runCase(c: LayerCase, dtype: Real, tolerance: number, createGraph: boolean): void {
  const compare = checkOf(c, dtype, tolerance);
  const m = c.code ? (runInNewContext(c.code, { nn, ng }) as nn.Module).to(dtype) : null;
  if (m) {
    expect(String(m)).toBe(c.text);
    const state = Object.entries(c.state!).map(([k, v]) => [k, build(v, dtype)] as const);
    m.loadStateDict(Object.fromEntries(state));
    expect(Object.keys(m.stateDict())).toEqual(state.map(([k]) => k));
  }
  const inputs = Object.fromEntries(Object.entries(c.inputs).map(([k, v]) => [k, build(v, dtype)]));
  for (const t of Object.values(inputs)) if (t.dtype === dtype) t.requiresGrad = true;
  const run = (): ng.Tensor[] =>
    flat(runInNewContext(c.call, { m, ng, nn, optim: ng.optim, F: nn.functional, rnn: nn.utils.rnn, ...inputs }));
  for (let i = 1; i < (c.calls ?? 1); i++) run();
  const outs = run();
  if (c.plain) expect(String(m)).toBe(c.plain);
  expect(outs).toHaveLength(c.outputs.length);
  outs.forEach((o, i) => compare(`${c.call} output ${i}`, o, c.outputs[i]!));
  const buffers = m ? Object.fromEntries(m.namedBuffers()) : {};
  for (const [name, b] of Object.entries(c.after ?? {})) compare(`buffer ${name}`, buffers[name], b);
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
    compare(`${c.call} gradient of ${name}`, (inputs[name] ?? own[name])?.grad, g);
}

/** Tests of the cases of fixture files, with the largest relative error that is allowed. */
export function testLayerCases(files: readonly string[], tolerance: Record<Real, number>): void {
  describe.each(files.flatMap(layerCases).map((c) => [`${c.code} ${c.call}`, c] as const))('%s', (_name, c) => {
    test.each(['float32', 'float64'] as const)('%s', (dtype) => runCase(c, dtype, tolerance[dtype], false));
    test('with a recorded backward pass', () => runCase(c, 'float64', tolerance.float64, true));
  });
}
