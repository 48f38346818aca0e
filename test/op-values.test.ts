/** @file Ops as values: the composite that defines each of them, against its kernel, with gradients of first and second order. */
import * as ng from '../lib';
import { definedOps } from '../lib/ops/kit/op';

type Named = Record<string, ng.Tensor | null>;
interface Case {
  inputs: () => Named;
  settings: unknown;
  /** Inputs without a gradient. */
  constant?: string[];
}

const rand = (...shape: number[]): ng.Tensor => ng.randn(shape, { dtype: 'float64' });
const ints = (list: number[]): ng.Tensor => ng.tensor(list, { dtype: 'int64' });
const generator = undefined;
const rows = { rows: 6, groups: 2, channels: 3, inner: 4, eps: 1e-5 };
const conv = {
  n: 2,
  x: [2, 4, 1, 7, 6],
  w: [6, 2, 1, 3, 2],
  grid: [1, 4, 3],
  stride: [1, 2, 2],
  padding: [0, 1, 1],
  dilation: [1, 1, 2],
};
const windows = {
  planes: 6,
  lead: [2, 3],
  size: [1, 7, 6],
  grid: [1, 4, 3],
  kernel: [1, 3, 2],
  stride: [1, 2, 2],
  padding: [0, 1, 1],
  dilation: [1, 1, 1],
  adaptive: false,
  out: [2, 3, 4, 3],
};
const adaptive = { ...windows, adaptive: true, kernel: [1, 1, 1], stride: [1, 1, 1], padding: [0, 0, 0] };
const means = (w: object, includePad: boolean, divisor = 0): object => ({
  w,
  d: { includePad, divisor },
  shape: [2, 3, 7, 6],
});

const cases: Record<string, Case[]> = {
  layerNorm: [
    { inputs: () => ({ x: rand(3, 2, 3, 4), weight: rand(6), bias: rand(6) }), settings: { ...rows, rms: false } },
    { inputs: () => ({ x: rand(3, 2, 3, 4), weight: null, bias: null }), settings: { ...rows, rms: true } },
  ],
  batchNorm: [
    {
      inputs: () => ({ x: rand(4, 3, 5), weight: rand(3), bias: rand(3), average: null, variance: null }),
      settings: { eps: 1e-3 },
    },
    {
      inputs: () => ({ x: rand(4, 3), weight: null, bias: rand(3), average: rand(3), variance: rand(3).square() }),
      settings: { eps: 1e-3 },
      constant: ['average', 'variance'],
    },
  ],
  softmax: [
    { inputs: () => ({ x: rand(3, 5) }), settings: { log: false } },
    { inputs: () => ({ x: rand(3, 5) }), settings: { log: true } },
  ],
  crossEntropy: [
    {
      inputs: () => ({ x: rand(4, 3), labels: ints([0, 2, -100, 1]), weight: rand(3).abs() }),
      settings: { ignoreIndex: -100, smoothing: 0.1 },
      constant: ['labels', 'weight'],
    },
    {
      inputs: () => ({ x: rand(3, 4), labels: ints([3, 0, 1]), weight: null }),
      settings: { ignoreIndex: 0, smoothing: 0 },
      constant: ['labels'],
    },
  ],
  scaledDotProductAttention: [
    {
      inputs: () => ({ q: rand(2, 4, 3, 5), k: rand(2, 2, 6, 5), v: rand(2, 2, 6, 7), mask: null }),
      settings: { causal: false, scale: 0.3, dropoutP: 0, generator },
    },
    {
      inputs: () => ({ q: rand(1, 2, 4, 5), k: rand(1, 2, 4, 5), v: rand(1, 2, 4, 5), mask: null }),
      settings: { causal: true, scale: 0.5, dropoutP: 0, generator },
    },
  ],
  conv: [{ inputs: () => ({ x: rand(2, 4, 7, 6), w: rand(6, 2, 3, 2), bias: rand(6) }), settings: conv }],
  convTranspose: [{ inputs: () => ({ d: rand(2, 6, 4, 3), w: rand(6, 2, 3, 2), bias: rand(4) }), settings: conv }],
  convWeight: [{ inputs: () => ({ d: rand(2, 6, 4, 3), x: rand(2, 4, 7, 6) }), settings: conv }],
  maxPool: [
    { inputs: () => ({ x: rand(2, 3, 7, 6) }), settings: windows },
    { inputs: () => ({ x: rand(2, 3, 7, 6) }), settings: adaptive },
  ],
  avgPool: [
    { inputs: () => ({ x: rand(2, 3, 7, 6) }), settings: means(windows, true) },
    { inputs: () => ({ x: rand(2, 3, 7, 6) }), settings: means(windows, false) },
    { inputs: () => ({ x: rand(2, 3, 7, 6) }), settings: means(windows, true, 5) },
    { inputs: () => ({ x: rand(2, 3, 7, 6) }), settings: means(adaptive, true) },
  ],
  avgPoolGrad: [
    { inputs: () => ({ g: rand(2, 3, 4, 3) }), settings: means(windows, false) },
    { inputs: () => ({ g: rand(2, 3, 4, 3) }), settings: means(adaptive, true) },
  ],
};

const close = (a: ng.Tensor | null, b: ng.Tensor | null): void => {
  expect(a === null).toBe(b === null);
  if (!a || !b) return;
  expect(a.shape).toEqual(b.shape);
  expect(ng.allclose(a, b, { rtol: 1e-9, atol: 1e-9 })).toBe(true);
};

test('every op that is defined has a case here', () => {
  expect(definedOps.map((op) => op.definition.name).sort()).toEqual(Object.keys(cases).sort());
});

describe.each(definedOps.map((op) => [op.definition.name, op] as const))('%s', (name, op) => {
  test.each(cases[name]!.map((c, i) => [i, c] as const))('case %s: kernel, composite and gradients agree', (_, c) => {
    const given = c.inputs();
    const leaves = (): Named =>
      Object.fromEntries(
        Object.entries(given).map(([n, t]) => [n, t && !c.constant?.includes(n) ? t.clone().requiresGrad_() : t]),
      );
    const [a, b] = [leaves(), leaves()];
    const fused = op(a as never, c.settings as never);
    const composite = op.definition.composite(b as never, c.settings as never);
    close(fused, composite);
    const wanted = (n: Named): ng.Tensor[] => Object.values(n).filter((t) => t?.requiresGrad) as ng.Tensor[];
    const g = rand(...fused.shape).requiresGrad_();
    const grads = (out: ng.Tensor, inputs: ng.Tensor[], createGraph: boolean): ng.Tensor[] =>
      ng.grad(out, inputs, { gradOutputs: g, createGraph, retainGraph: true }) as ng.Tensor[];
    const plain = grads(fused, wanted(a), false);
    const [first, second] = [grads(fused, wanted(a), true), grads(composite, wanted(b), true)];
    second.forEach((want, i) => {
      close(plain[i]!, want);
      close(first[i]!, want);
    });
    const total = (list: ng.Tensor[]): ng.Tensor => list.map((t) => t.square().sum()).reduce((x, y) => x.add(y));
    const again = (list: ng.Tensor[], n: Named): (ng.Tensor | null)[] =>
      ng.grad(total(list), wanted(n), { allowUnused: true }) as (ng.Tensor | null)[];
    const [u, v] = [again(first, a), again(second, b)];
    v.forEach((want, i) => close(u[i] ?? null, want ?? null));
  });
});

test.each([
  [600, 70],
  [3, 130],
  [1, 5],
])('batch norm of rows [%i, %i], in strips of channels, is that of the same numbers behind one another', (n, c) => {
  ng.manualSeed(0);
  for (const [dtype, close] of [
    ['float32', 2e-5],
    ['float64', 1e-12],
  ] as const) {
    const [x, g] = [ng.randn([n, c], { dtype }).add(3), ng.randn([n, c], { dtype })];
    const [weight, bias] = [ng.randn([c], { dtype }), ng.randn([c], { dtype })];
    for (const training of [true, false].filter((t) => !t || n > 1)) {
      const run = (turn: boolean): ng.Tensor[] => {
        const inputs = [x, weight, bias].map((t) => t.clone().requiresGrad_());
        const given = turn ? inputs[0]!.T.unsqueeze(0) : inputs[0]!;
        const statistics = [ng.zeros([c], { dtype }), ng.ones([c], { dtype })] as const;
        const out = ng.nn.functional.batchNorm(given, ...statistics, {
          weight: inputs[1]!,
          bias: inputs[2]!,
          training,
        });
        const y = turn ? out.squeeze(0).T : out;
        return [y.detach(), ...ng.grad(y.mul(g).sum(), inputs), ...statistics];
      };
      const [rows, behind] = [run(false), run(true)];
      rows.forEach((t, i) => expect(ng.allclose(t, behind[i]!, { rtol: close, atol: close * 50 })).toBe(true));
    }
  }
});
