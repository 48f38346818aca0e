/** @file Primitives: each derivative against finite differences, by the rows of the op table, and what the engine keeps. */
import * as ng from '../lib';
import { type PrimitiveDefinition, primitives } from '../lib/ops/kit/primitive';
import { gatesOf, recurrentLayer } from '../lib/ops/layers/recurrent';
import { caught } from './caught';
import * as h from './op-table/harness';
import type { Row } from './op-table/row';
import { table } from './op-table/table';

const rows = table as Record<string, Row>;
const f64 = { dtype: 'float64' } as const;
const leaf = (...shape: number[]): ng.Tensor => ng.randn(shape, f64).requiresGrad_();
const checked = (fn: (...list: ng.Tensor[]) => ng.Tensor | ng.Tensor[], inputs: ng.Tensor[]): void => {
  expect(ng.gradcheck(fn, inputs)).toBe(true);
  expect(ng.gradgradcheck(fn, inputs)).toBe(true);
};

// Where the row is not of the primitive's name: the op that is made of it, or a check that says more.
const others: Record<string, string | (() => void)> = {
  embed: 'narrow',
  indexAdd: 'indexSelect',
  fft: 'stft',
  pickClass: 'nllLoss',
  binaryCrossEntropies: 'binaryCrossEntropy',
  // In no order, and of any phase: what does not depend on either.
  eig: () => checked((a) => ng.linalg.eigvals(a).square().sum([0, 1]), [leaf(3, 3)]),
  recurrentLayer: () => {
    const [lstm, gru] = [new ng.nn.LSTM(3, 2).to('float64'), new ng.nn.GRU(3, 2).to('float64')];
    checked((x) => lstm.forward(x)[0], [leaf(2, 2, 3)]);
    checked((x) => gru.forward(x)[0], [leaf(2, 2, 3)]);
  },
  ctcLossGrad: () => {
    const x = leaf(4, 1, 3);
    const loss = ng.nn.functional.ctcLoss(x, ng.tensor([[1]], { dtype: 'int64' }), [4], [1]);
    const [g] = ng.grad(loss, [x], { createGraph: true });
    expect(caught(() => ng.grad(g!.sum(), [x]))).toMatchObject({ message: '[ctcLoss] has no second derivative' });
  },
};

type Spied = { derivative: () => unknown; gradient?: { run: () => unknown } };

describe.each(primitives.map((p: PrimitiveDefinition<never, never, never, never>) => [p.name, p] as const))(
  '%s',
  (name, primitive) => {
    test('its gradients are those of finite differences', () => {
      ng.manualSeed(0);
      const spied = primitive as unknown as Spied;
      const runs = [jest.spyOn(spied, 'derivative')];
      if (spied.gradient) runs.push(jest.spyOn(spied.gradient, 'run'));
      const how = others[name] ?? name;
      if (typeof how === 'function') how();
      else h.checkGradients(how, rows[how]!);
      for (const run of runs) {
        expect(run).toHaveBeenCalled();
        run.mockRestore();
      }
    });
  },
);

test('what no wanted gradient reads may be overwritten, what one reads may not', () => {
  const solved = (requires: 'a' | 'b'): { a: ng.Tensor; x: ng.Tensor; y: ng.Tensor } => {
    const [a, b] = [ng.eye(2, f64).mul(2), ng.ones([2, 2], f64)];
    (requires === 'a' ? a : b).requiresGrad = true;
    const x = ng.linalg.solve(a, b);
    return { a, x, y: x.mul(1).sum() };
  };
  // dL/db reads a, not the solution.
  const free = solved('b');
  ng.noGrad(() => free.x.zero_());
  free.y.backward();
  const read = solved('a');
  ng.noGrad(() => read.x.zero_());
  expect(caught(() => read.y.backward())).toMatchObject({ code: 'ERR_INPLACE' });
  const matrix = solved('b');
  matrix.a.zero_();
  expect(caught(() => matrix.y.backward())).toMatchObject({ code: 'ERR_INPLACE' });
});

test('results through which nothing flowed count as zeros, those that are integers have no gradient', () => {
  const t = ng.arange(6, f64).reshape([3, 2]).requiresGrad_();
  const [, , last] = t.unbind(0);
  last!.sum().backward();
  expect(t.grad!.arraySync()).toEqual([
    [0, 0],
    [0, 0],
    [1, 1],
  ]);
  const { values, indices } = t.sort(0);
  expect([values.requiresGrad, indices.requiresGrad]).toEqual([true, false]);
});

test('a list of inputs gives each its own part, and none to those that need none', () => {
  const [a, b, c] = [leaf(1, 2), ng.ones([2, 2], f64), leaf(1, 2)];
  ng.cat([a, b, c, a])
    .mul(ng.arange(10, f64).reshape([5, 2]))
    .sum()
    .backward();
  expect([a.grad!.arraySync(), b.grad, c.grad!.arraySync()]).toEqual([[[8, 10]], null, [[6, 7]]]);
});

test('a list of inputs may be longer than a call has arguments', () => {
  const x = leaf(1);
  ng.cat(new Array<ng.Tensor>(200_000).fill(x)).sum().backward();
  expect(x.grad!.itemSync()).toBe(200_000);
});

test('a recurrent layer with one of its biases gives that one its gradient', () => {
  for (const kind of ['tanh', 'lstm', 'gru'] as const) {
    const gates = gatesOf[kind] * 2;
    const [x, inputWeight, hiddenWeight, h] = [leaf(3, 3), leaf(gates, 3), leaf(gates, 2), leaf(1, 2)];
    const run = (b: ng.Tensor): ng.Tensor => {
      const weights = { inputWeight, hiddenWeight, inputBias: b };
      return recurrentLayer(kind, x, [1, 1, 1], weights, h, kind === 'lstm' ? h : null, false)[0];
    };
    expect(ng.gradcheck(run, [leaf(gates)])).toBe(true);
  }
});
