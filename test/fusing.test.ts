/** @file Batch norms folded into layers, and the two halves of clipping by norm. */
import * as ng from '../lib';
import { nn } from '../lib';
import { caught } from './caught';

const { utils } = nn;
const close = (a: ng.Tensor, b: ng.Tensor): void => expect(ng.allclose(a, b, { rtol: 1e-5, atol: 1e-6 })).toBe(true);

type Norm = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d;
function trained<N extends Norm>(bn: N): N {
  ng.noGrad(() => {
    bn.runningMean!.normal_();
    bn.runningVar!.uniform_(0.5, 2);
    bn.weight?.normal_();
    bn.bias?.normal_();
  });
  bn.eval();
  return bn;
}

const convs: [string, () => nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d, () => Norm, number[]][] = [
  ['Conv1d', () => new nn.Conv1d(2, 4, 3, { padding: 'same', dilation: 2 }), () => new nn.BatchNorm1d(4), [2, 2, 9]],
  [
    'Conv2d',
    () => new nn.Conv2d(4, 4, [3, 2], { stride: 2, groups: 2, bias: false, padding: 1, paddingMode: 'reflect' }),
    () => new nn.BatchNorm2d(4, { affine: false }),
    [2, 4, 6, 6],
  ],
  [
    'ConvTranspose2d',
    () => new nn.ConvTranspose2d(3, 4, 3, { stride: 2, outputPadding: 1, bias: false }),
    () => new nn.BatchNorm2d(4),
    [1, 3, 4, 4],
  ],
];

test.each(convs)('%s and a batch norm become one layer', (_name, make, norm, shape) => {
  ng.manualSeed(2);
  const conv = make().eval() as nn.Conv2d;
  const bn = trained(norm());
  const state = ng.getRngState();
  const one = utils.fuseConvBnEval(conv, bn);
  expect(ng.getRngState()).toEqual(state);
  expect(one).toBeInstanceOf(conv.constructor);
  expect([one.training, one.weight.requiresGrad, one === conv]).toEqual([false, true, false]);
  const x = ng.randn(shape);
  close(one.forward(x), bn.forward(conv.forward(x)));
  expect(String(one)).toBe(String(conv).replace(', bias=False', ''));
});

test('Linear and a batch norm become one layer; what cannot is refused', () => {
  const linear = new nn.Linear(3, 4).eval() as nn.Linear;
  const bn = trained(new nn.BatchNorm1d(4));
  const x = ng.randn([5, 3]);
  close(utils.fuseLinearBnEval(linear, bn).forward(x), bn.forward(linear.forward(x)));
  const refused: [() => unknown, string][] = [
    [() => utils.fuseLinearBnEval(new nn.Linear(3, 4), bn), 'ERR_INVALID_ARG'],
    [() => utils.fuseLinearBnEval(linear, new nn.BatchNorm1d(4)), 'ERR_INVALID_ARG'],
    [() => utils.fuseLinearBnEval(linear, trained(new nn.BatchNorm1d(5))), 'ERR_INVALID_ARG'],
    [() => utils.fuseLinearBnEval(linear, new nn.ReLU().eval() as never), 'ERR_INVALID_ARG'],
    [() => utils.fuseConvBnEval(linear as never, bn), 'ERR_INVALID_ARG'],
    [
      () => utils.fuseLinearBnEval(linear, new nn.BatchNorm1d(4, { trackRunningStats: false }).eval() as never),
      'ERR_INVALID_ARG',
    ],
    [() => utils.fuseConvBnWeights({ weight: ng.ones([1, 1, 1]) } as never), 'ERR_INVALID_ARG'],
  ];
  for (const [call, code] of refused) expect(caught(call)).toMatchObject({ code });
});

test('the norm of tensors, and scaling by it, are the halves of clipGradNorm_', () => {
  const make = (): nn.Parameter[] =>
    [[3, 4], [12]].map((g) => {
      const p = new nn.Parameter(ng.zeros([g.length]));
      p.grad = ng.tensor(g);
      return p;
    });
  for (const normType of [1, 2, 3, Infinity]) {
    const [a, b] = [make(), make()];
    const norm = utils.getTotalNorm(
      a.map((p) => p.grad!),
      normType,
    );
    utils.clipGradsWithNorm_(a, 2, norm);
    const whole = utils.clipGradNorm_(b, 2, normType);
    expect(norm.itemSync()).toBe(whole.itemSync());
    a.forEach((p, i) => expect(p.grad!.arraySync()).toEqual(b[i]!.grad!.arraySync()));
  }
  expect(utils.getTotalNorm(make().map((p) => p.grad!)).itemSync()).toBe(13);
  expect(utils.getTotalNorm([]).itemSync()).toBe(0);
  const bad = ng.tensor([NaN]);
  expect(caught(() => utils.getTotalNorm(bad, { errorIfNonfinite: true }))).toMatchObject({ code: 'ERR_NUMERIC' });
  expect(caught(() => utils.getTotalNorm(bad, 0))).toMatchObject({ code: 'ERR_INVALID_ARG' });
  expect(caught(() => utils.clipGradsWithNorm_(make(), -1, bad))).toMatchObject({ code: 'ERR_INVALID_ARG' });
  expect(caught(() => utils.clipGradsWithNorm_(make(), 1, 3 as never))).toMatchObject({ code: 'ERR_INVALID_ARG' });
});
