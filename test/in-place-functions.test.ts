/** @file In-place forms as functions, the argument inplace of nn.functional, and layers that have it as a setting. */
import * as ng from '../lib';
import { nn, type Tensor } from '../lib';
import * as functions from '../lib/ops/in-place-functions';
import { caught } from './caught';

const F = nn.functional;
const values = (dtype: ng.DType = 'float64'): Tensor => ng.tensor([[0.25, 0.5, 0.75]], { dtype });

// What functions of more than one argument get besides.
const more: Record<string, unknown[]> = {
  addmv_: [ng.ones([1, 2]), ng.ones([2])],
  clamp_: [0.3, 0.6],
  clip_: [0.3, 0.6],
  clampMax_: [0.6],
  clampMin_: [0.3],
  gcd_: [ng.tensor([6], { dtype: 'int64' })],
  lcm_: [ng.tensor([6], { dtype: 'int64' })],
  ldexp_: [ng.tensor([2])],
  threshold_: [0.3, 7],
  xlogy_: [ng.tensor([2], { dtype: 'float64' })],
};
const inputs: Record<string, () => Tensor> = {
  gcd_: () => ng.tensor([4, 9], { dtype: 'int64' }),
  lcm_: () => ng.tensor([4, 9], { dtype: 'int64' }),
  addmv_: () => ng.ones([1]),
  acosh_: () => values().add(1),
  arccosh_: () => values().add(1),
};

test.each(Object.keys(functions))('%s is the method, and changes its tensor', (name) => {
  const input = inputs[name] ?? values;
  const fn = (functions as unknown as Record<string, (...args: unknown[]) => Tensor>)[name]!;
  const methods = input() as unknown as Record<string, (...args: unknown[]) => Tensor>;
  const x = input();
  expect(fn(x, ...(more[name] ?? []))).toBe(x);
  expect(x.arraySync()).toEqual(methods[name]!(...(more[name] ?? [])).arraySync());
  expect(x.arraySync()).not.toContain(NaN);
  expect((ng as unknown as Record<string, unknown>)[name]).toBe(fn);
  expect(caught(() => fn('x'))).toMatchObject({ code: 'ERR_INVALID_ARG' });
});

type Fn = (x: Tensor, ...args: unknown[]) => Tensor;
const cases: [keyof typeof F, unknown[], object][] = [
  ['relu', [], {}],
  ['relu6', [], {}],
  ['silu', [], {}],
  ['mish', [], {}],
  ['selu', [], {}],
  ['hardsigmoid', [], {}],
  ['hardswish', [], {}],
  ['elu', [0.5], { alpha: 0.5 }],
  ['celu', [0.5], { alpha: 0.5 }],
  ['leakyRelu', [0.2], { negativeSlope: 0.2 }],
  ['hardtanh', [-0.5, 2], { minVal: -0.5, maxVal: 2 }],
  ['threshold', [0.1, 5], { threshold: 0.1, value: 5 }],
  ['rrelu', [0.2, 0.2, true], { lower: 0.2, upper: 0.2, training: true }],
  ['dropout', [0.5, true], { p: 0.5, training: true }],
  ['alphaDropout', [0.5, true], { p: 0.5, training: true }],
  ['featureAlphaDropout', [0.5, true], { p: 0.5, training: true }],
];
const spread = (): Tensor => ng.linspace(-3, 4, 12, { dtype: 'float64' }).reshape([3, 4]);

test.each(cases)('nn.functional.%s takes inplace last, or by name', (name, inOrder, byName) => {
  const fn = F[name] as Fn;
  const seeded = (run: () => Tensor): unknown => {
    ng.manualSeed(3);
    return run().arraySync();
  };
  const gradient = (run: (x: Tensor) => Tensor): unknown => {
    ng.manualSeed(3);
    const x = spread().requiresGrad_();
    return ng.grad(run(x.mul(1.5)).square().sum(), x)[0]!.arraySync();
  };
  const want = seeded(() => fn(spread(), ...inOrder));
  for (const args of [[...inOrder, true], [{ ...byName, inplace: true }]]) {
    const x = spread();
    expect(seeded(() => fn(x, ...args))).toEqual(want);
    expect(x.arraySync()).toEqual(want);
    expect(gradient((t) => fn(t, ...args))).toEqual(gradient((t) => fn(t, ...inOrder)));
  }
  const kept = spread();
  expect(seeded(() => fn(kept, ...inOrder, false))).toEqual(want);
  expect(seeded(() => fn(kept, { ...byName }))).toEqual(want);
  expect(kept.arraySync()).toEqual(spread().arraySync());
  expect(caught(() => fn(kept, ...inOrder, 1))).toMatchObject({ code: 'ERR_INVALID_ARG' });
  expect(caught(() => fn(kept, { ...byName, inPlace: true }))).toMatchObject({ code: 'ERR_INVALID_ARG' });
  expect(caught(() => fn(spread().requiresGrad_(), ...inOrder, true))).toMatchObject({ code: 'ERR_INPLACE' });
});

test('layers with inplace change their input, in training', () => {
  for (const layer of [new nn.RReLU({ inplace: true }), new nn.Dropout(0.5, true), new nn.AlphaDropout(0.5, true)]) {
    const x = ng.linspace(-3, 4, 12);
    expect(layer.forward(x)).toBe(x);
    expect(x.arraySync()).not.toEqual(ng.linspace(-3, 4, 12).arraySync());
  }
  const x = ng.linspace(-3, 4, 12);
  expect(new nn.Dropout(0.5, true).eval().forward(x)).toBe(x);
  expect(x.arraySync()).toEqual(ng.linspace(-3, 4, 12).arraySync());
});

test('alpha dropout happens in training only, which must be said, as in PyTorch', () => {
  const x = ng.ones([4, 4]);
  expect(F.alphaDropout(x)).toBe(x);
  expect(F.featureAlphaDropout(x, 0.5)).toBe(x);
  expect(F.dropout(x, 0.9).arraySync()).not.toEqual(x.arraySync());
});
