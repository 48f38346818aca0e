/** @file From a row to checks: forward, gradient, strides, broadcast, empty, extremes, errors, leaks, guard bytes. */
import * as ng from '../../lib';
import type { DType, Tensor } from '../../lib';
import { collectGarbage, memoryStats } from '../../lib/native';
import * as ops from '../../lib/ops';
import { slice } from '../../lib/ops/shape/views';
import { caught } from '../caught';
import { type Nd, nd, size } from './nd';
import type { Input, Row, Result, Sample } from './row';

// A small deterministic generator: tests must not depend on the library's own random numbers.
export function lcg(seed: number): () => number {
  let s = BigInt(seed) + 12345n;
  return () => {
    s = (s * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(s >> 11n) / 2 ** 53;
  };
}

export const asInput = (i: readonly number[] | Input): Input =>
  Array.isArray(i) ? { shape: i as readonly number[] } : (i as Input);

export function makeNd(input: Input, random: () => number): Nd {
  const { shape, low = -2, high = 2, ints, values } = input;
  const data = values ?? Array.from({ length: size(shape) }, () => low + (high - low) * random());
  return nd(shape, ints && !values ? data.map(Math.floor) : data);
}

/** How an input lies in memory: as it comes, transposed, every second element, or one slice broadcast. */
export type Layout = 'contiguous' | 'transposed' | 'strided' | 'broadcast';

// The dimension that is broadcast: the last that has more than one element.
const broadcastDim = (shape: readonly number[]): number => shape.reduce((last, d, i) => (d > 1 ? i : last), -1);

// An array whose slices along that dimension are all its first.
function repeated(a: Nd): Nd {
  const dim = broadcastDim(a.shape);
  if (dim < 0) return a;
  const inner = size(a.shape.slice(dim + 1));
  const block = inner * a.shape[dim]!;
  return nd(
    a.shape,
    a.data.map((_, i) => a.data[i - (i % block) + (i % inner)]!),
  );
}

export function toTensor(a: Nd, dtype: DType, layout: Layout): Tensor {
  const dense = (shape: readonly number[], data: readonly number[]): Tensor =>
    ng.tensor(Float64Array.from(data), { shape, dtype });
  const n = a.shape.length;
  if (layout === 'transposed' && n >= 2) {
    const order = a.shape.map((_, i) => n - 1 - i);
    return dense(a.shape, a.data).permute(order).contiguous().permute(order);
  }
  if (layout === 'strided' && n >= 1) {
    // Embedded in a larger tensor of NaN: reading a neighbour would show.
    const last = a.shape[n - 1]!;
    const wide = [...a.shape.slice(0, -1), 2 * last + 1];
    const data = new Array<number>(size(wide)).fill(dtype.startsWith('float') ? NaN : 1);
    a.data.forEach((v, i) => (data[Math.floor(i / last) * (2 * last + 1) + 1 + 2 * (i % last)] = v));
    const t = dense(wide, data);
    return slice(t, n - 1, 1, last, 2);
  }
  const all = dense(a.shape, a.data);
  const dim = broadcastDim(a.shape);
  return layout === 'broadcast' && dim >= 0 ? slice(all, dim, 0, 1, 1).expand([...a.shape]) : all;
}

export function call(name: string, row: Row, inputs: Tensor[], args: unknown[]): Tensor[] {
  const fn =
    row.fn ??
    ((list: Tensor[], more: unknown[]) =>
      (ops as never as Record<string, (...a: unknown[]) => Result>)[name]!(...list, ...more));
  const out = fn(inputs, args);
  if (out instanceof ng.Tensor) return [out];
  return Array.isArray(out) ? (out as Tensor[]) : Object.values(out as Record<string, Tensor>);
}

const refs = (row: Row, inputs: Nd[], args: unknown[]): readonly Nd[] => {
  const r = row.reference(inputs, args);
  return Array.isArray(r) ? (r as Nd[]) : [r as Nd];
};

function compare(label: string, got: Tensor, want: Nd, tolerance: number): void {
  expect([label, ...got.shape]).toEqual([label, ...want.shape]);
  const values = Array.from(got.dataSync() as Float64Array, Number);
  const scale = Math.max(1e-30, ...want.data.filter(Number.isFinite).map(Math.abs));
  want.data.forEach((w, i) => {
    const g = values[i]!;
    const ok = Number.isNaN(w)
      ? Number.isNaN(g)
      : Math.abs(w) === Infinity
        ? g === w
        : Math.abs(g - w) <= tolerance * (Math.abs(w) + 0.1 * scale + 1e-3);
    if (!ok)
      throw new Error(`${label}: element ${i} is ${g}, the reference says ${w} (shape [${want.shape.join(', ')}])`);
  });
}

// Inputs as the dtype under test would hold them, so that the reference starts from the same numbers.
function rounded(a: Nd, dtype: DType): Nd {
  if (dtype === 'float64') return a;
  if (dtype === 'float32') return nd(a.shape, a.data.map(Math.fround));
  return nd(
    a.shape,
    a.data.map(
      dtype === 'bool' ? (v) => (v !== 0 ? 1 : 0) : dtype === 'uint8' ? (v) => Math.abs(Math.trunc(v)) : Math.trunc,
    ),
  );
}

function prepare(sample: Sample, dtype: DType, layout: Layout, seed: number): { arrays: Nd[]; tensors: Tensor[] } {
  const random = lcg(seed);
  const inputs = sample.inputs.map(asInput);
  // Values that a row chose are not exchanged for others.
  const layoutOf = (i: Input): Layout => (layout === 'broadcast' && i.values ? 'contiguous' : layout);
  const arrays = inputs.map((i) => {
    const a = rounded(makeNd(i, random), i.dtype ?? dtype);
    return layoutOf(i) === 'broadcast' ? repeated(a) : a;
  });
  return { arrays, tensors: arrays.map((a, k) => toTensor(a, inputs[k]!.dtype ?? dtype, layoutOf(inputs[k]!))) };
}

const show = (s: Sample): string => JSON.stringify([s.inputs.map((i) => asInput(i).shape), s.args ?? []]);

// Ops in place, by their name; all others leave their inputs as they are.
const changesInputs = (name: string): boolean => name.endsWith('_');

const layoutsOf = (row: Row, name: string): Layout[] => {
  const all: Layout[] = ['contiguous', 'transposed', 'strided'];
  // What is written into must not lie upon itself: an error, as in PyTorch.
  return changesInputs(name) || row.broadcast === false ? all : [...all, 'broadcast'];
};

export function checkForward(name: string, row: Row): void {
  for (const [k, sample] of row.samples.entries()) {
    for (const layout of layoutsOf(row, name)) {
      for (const dtype of ['float64', 'float32', ...(row.dtypes ?? [])] as DType[]) {
        const { arrays, tensors } = prepare(sample, dtype, layout, k);
        const want = refs(row, arrays, sample.args ?? []);
        const before = tensors.map((t) => t.dataSync());
        const got = call(name, row, tensors, sample.args ?? []);
        if (!changesInputs(name)) expect(tensors.map((t) => t.dataSync())).toEqual(before);
        const tolerance = dtype === 'float64' ? 1e-9 : (row.tolerance ?? 2e-5);
        got.forEach((g, i) =>
          compare(`${name} ${show(sample)} ${layout} ${dtype} output ${i}`, g, want[i]!, tolerance),
        );
      }
    }
  }
}

// The numbers that a 16-bit dtype has for those of an array.
const halved = (a: Nd, dtype: DType): Nd =>
  nd(
    a.shape,
    Array.from(ng.tensor(Float64Array.from(a.data), { shape: a.shape, dtype }).to('float64').dataSync(), Number),
  );

const otherDTypes = ['bfloat16', 'float16', 'int32', 'int64', 'uint8', 'bool'] as const;

/** An op computes with a dtype, right to 16 bits where those are floats, or refuses it at once, by a stable code. */
export function checkDTypes(name: string, row: Row): void {
  for (const dtype of otherDTypes) {
    const half = dtype === 'bfloat16' || dtype === 'float16';
    const [sample] = row.samples as [Sample];
    const random = lcg(0);
    const inputs = sample.inputs.map(asInput);
    const arrays = inputs.map((i) => {
      const a = makeNd(i, random);
      return half && !i.dtype ? halved(a, dtype) : rounded(a, i.dtype ?? dtype);
    });
    const tensors = arrays.map((a, k) => toTensor(a, inputs[k]!.dtype ?? dtype, 'contiguous'));
    let got: Tensor[];
    try {
      got = call(name, row, tensors, sample.args ?? []);
    } catch (e) {
      if (!(e instanceof ng.NodegradError)) throw e;
      continue;
    }
    if (!half) {
      // What a kernel cannot do must not come out only now; what is wrong with the values (0 as a divisor) may.
      const late = got.map((g) => caught(() => g.dataSync())).find((e) => e !== 'nothing was thrown');
      if (late !== undefined && !(late instanceof ng.NumericError)) throw late as Error;
      continue;
    }
    const want = refs(row, arrays, sample.args ?? []);
    got.forEach((g, i) => compare(`${name} ${show(sample)} ${dtype} output ${i}`, g, want[i]!, 0.05));
  }
}

const extremes = [
  0,
  -0,
  1,
  -1,
  1e-40,
  -1e-40,
  1e-20,
  0.5,
  -0.5,
  3,
  -3,
  20,
  -20,
  88,
  -88,
  100,
  -100,
  1e4,
  -1e4,
  3e38,
  -3e38,
  Infinity,
  -Infinity,
  NaN,
];

export function checkExtremes(name: string, row: Row): void {
  if (!row.extremes) return;
  const sample = row.samples[0]!;
  const pairs = sample.inputs.length === 2;
  const first = pairs ? extremes.flatMap((v) => extremes.map(() => v)) : extremes;
  const second = pairs ? extremes.flatMap(() => extremes) : [];
  for (const dtype of ['float32', 'float64'] as const) {
    const arrays = (pairs ? [first, second] : [first]).map((v) => rounded(nd([v.length], v), dtype));
    const got = call(
      name,
      row,
      arrays.map((a) => toTensor(a, dtype, 'contiguous')),
      sample.args ?? [],
    );
    const want = refs(row, arrays, sample.args ?? []).map((w) =>
      dtype === 'float32' ? nd(w.shape, w.data.map(flush32)) : w,
    );
    got.forEach((g, i) =>
      compareEach(`${name} extremes ${dtype}`, g, want[i]!, arrays, dtype === 'float32' ? 1e-5 : 1e-12),
    );
  }
}

// A reference value as float32 would hold it.
const flush32 = (v: number): number => Math.fround(v);

function compareEach(label: string, got: Tensor, want: Nd, arrays: Nd[], rtol: number): void {
  const values = Array.from(got.dataSync() as Float64Array, Number);
  want.data.forEach((w, i) => {
    const g = values[i]!;
    const tiny = rtol > 1e-6 ? 1.2e-38 : 1e-300;
    const near = Math.abs(g - w) <= rtol * Math.abs(w) + tiny;
    // At the edge of the range float32 may round to either side of infinity.
    const edge = rtol > 1e-6 && Math.abs(w) > 3.3e38 && Math.abs(g) > 3.3e38 && Math.sign(g) === Math.sign(w);
    if (!(Number.isNaN(w) ? Number.isNaN(g) : near || g === w || edge))
      throw new Error(`${label}: op(${arrays.map((a) => a.data[i]).join(', ')}) = ${g}, the reference says ${w}`);
  });
}

export function checkGradients(name: string, row: Row): void {
  if (row.grad === false) return;
  for (const [k, sample] of row.samples.entries()) {
    if (sample.inputs.map(asInput).some((i) => size(i.shape) === 0)) continue;
    for (const layout of ['contiguous', 'transposed'] as const) {
      const { tensors } = prepare(sample, 'float64', layout, k + 100);
      for (const t of tensors) if (t.dtype === 'float64') t.requiresGrad = true;
      const fn = (...list: Tensor[]): Tensor[] =>
        call(name, row, list, sample.args ?? []).filter((t) => t.requiresGrad);
      expect(ng.gradcheck(fn, tensors)).toBe(true);
      if (row.grad !== 'first' && layout === 'contiguous') expect(ng.gradgradcheck(fn, tensors)).toBe(true);
    }
  }
}

// A gradient that does not exist is zero.
const valuesOr0 = (g: Tensor | null, like: Tensor): Nd =>
  nd(like.shape, g ? Array.from(g.dataSync() as Float64Array, Number) : new Array<number>(like.numel).fill(0));

/** float32 gradients take the fused kernels; they must agree with the float64 composite. */
export function checkFusedGradients(name: string, row: Row): void {
  if (row.grad === false) return;
  for (const [k, sample] of row.samples.entries()) {
    const run = (dtype: DType, createGraph: boolean): Nd[] => {
      const { tensors } = prepare(sample, 'float32', 'contiguous', k + 200);
      const leaves = tensors.map((t, i) => {
        const cast = asInput(sample.inputs[i]!).dtype ? t : ng.cast(t, dtype);
        return cast.dtype === dtype ? cast.detach().requiresGrad_() : cast;
      });
      const outs = call(name, row, leaves, sample.args ?? []).filter((t) => t.requiresGrad);
      const inputs = leaves.filter((t) => t.requiresGrad);
      if (outs.length === 0) return [];
      const loss = outs
        .map((o) => ng.mul(o, ng.arange(o.numel, { dtype: o.dtype }).reshape(o.shape).mul(0.1).add(0.3)).sum())
        .reduce((a, b) => a.add(b));
      return ng.grad(loss, inputs, { createGraph, allowUnused: true }).map((g, i) => valuesOr0(g, inputs[i]!));
    };
    const want = run('float64', true);
    const got = run('float32', false);
    got.forEach((g, i) =>
      compare(
        `${name} ${show(sample)} float32 gradient ${i}`,
        ng.tensor(g.data, { shape: g.shape, dtype: 'float64' }),
        want[i]!,
        5 * (row.tolerance ?? 2e-5),
      ),
    );
  }
}

// What is thrown; that the device has no such kernel goes on to op-table.test.ts, which decides.
function refusal(run: () => unknown): unknown {
  const thrown = caught(run);
  if ((thrown as { code?: string } | undefined)?.code === 'ERR_UNSUPPORTED_ON_DEVICE') throw thrown;
  return thrown;
}

/** Empty inputs: every dimension that samples agree on set to 0 in turn must give an empty result or a named error. */
export function checkEmpty(name: string, row: Row): void {
  const sample = row.samples[0]!;
  for (const dtype of ['float32', 'float64'] as const) {
    const tensors = sample.inputs.map(asInput).map((i) =>
      ng.zeros(
        i.shape.map((d, k) => (k === 0 ? 0 : d)),
        { dtype: i.dtype ?? dtype },
      ),
    );
    try {
      for (const t of call(name, row, tensors, sample.args ?? [])) t.dataSync();
    } catch (e) {
      if (!(e instanceof ng.NodegradError)) throw e;
      expect(e.code).toMatch(/^ERR_/);
    }
  }
}

export function checkErrors(row: Row): void {
  for (const [bad, code] of row.errors ?? []) {
    const thrown = refusal(bad);
    if (!(thrown instanceof ng.NodegradError))
      throw new Error(`expected ${code} from ${String(bad)}, got ${String(thrown)}`);
    expect([String(bad), thrown.code]).toEqual([String(bad), code]);
    expect(thrown.message).toMatch(/^\[/);
  }
}

/** A misspelt option is refused: samples that give options are called with one more. */
export function checkOptions(name: string, row: Row): void {
  for (const [k, sample] of row.samples.entries()) {
    const args = sample.args ?? [];
    const last: unknown = args[args.length - 1];
    if (typeof last !== 'object' || last === null || Object.getPrototypeOf(last) !== Object.prototype) continue;
    const { tensors } = prepare(sample, 'float32', 'contiguous', k);
    const bad = [...args.slice(0, -1), { ...last, noSuchOption: 1 }];
    expect(refusal(() => call(name, row, tensors, bad))).toMatchObject({ code: 'ERR_INVALID_ARG' });
  }
}

/** Forward and backward leave no tensor behind once garbage is collected. */
export function checkLeaks(name: string, row: Row): void {
  const sample = row.samples[0]!;
  const once = (): void => {
    const { tensors } = prepare(sample, 'float32', 'contiguous', 1);
    for (const t of tensors) if (row.grad !== false && t.dtype === 'float32') t.requiresGrad = true;
    const outs = call(name, row, tensors, sample.args ?? []).filter((t) => t.requiresGrad);
    if (outs.length > 0)
      outs
        .map((o) => o.sum())
        .reduce((a, b) => a.add(b))
        .backward();
  };
  const kept = (): number => {
    for (let i = 0; i < 20; i++) once();
    ng.synchronizeSync();
    collectGarbage(true);
    return ng.memory().tensors;
  };
  // What the engine holds in registers may outlive one collection; what leaks grows in every round.
  const counts = [kept(), kept(), kept(), kept()];
  const growth = counts.slice(1).map((n, i) => n - counts[i]!);
  expect(Math.min(...growth)).toBeLessThan(10);
}

/** With NODEGRAD_GUARD=1 every block ends in a canary; none may have been overwritten. */
export function checkGuards(): void {
  collectGarbage(true);
  expect(memoryStats(0)[5]).toBe(0);
}
