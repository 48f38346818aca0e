/**
 * @file How functions and layers take their arguments: PyTorch's positions, or names in one object at the end, with the
 * same result; what they do not know is refused.
 */
import * as ng from '../lib';
import { nn, optim } from '../lib';

const F = nn.functional;
const x = ng.tensor([
  [0.3, -1.2, 2.5, 0.7],
  [1.1, 0.4, -0.6, 0.9],
  [-2.1, 1.7, 0.2, -0.3],
]);
const t = ng.tensor([0, 3, 1], { dtype: 'int64' });
const w = ng.tensor([0.5, 2, 1, 3]);
const q = ng.randn([1, 2, 3, 4]);

const q3 = ng.randn([3, 2, 4]);
const mha = new nn.MultiheadAttention(4, 2);
const encoder = new nn.TransformerEncoderLayer(4, 2, { dropout: 0 });
const up = new nn.ConvTranspose2d(1, 1, 3, { stride: 2, padding: 1 });

const flat = (r: unknown): unknown[] =>
  r instanceof ng.Tensor
    ? [r.shape, r.arraySync()]
    : Array.isArray(r)
      ? r.flatMap(flat)
      : [typeof r === 'object' ? JSON.stringify(r) : r];

type Call = () => unknown;
const same: [Call, Call][] = [
  [() => x.sum(1, true), () => x.sum({ dim: 1, keepdim: true })],
  [() => x.mean({ dim: 0 }), () => x.mean(0)],
  [() => x.prod(0, true), () => x.prod(0, { keepdim: true })],
  [() => x.gt(1).any(1, true), () => x.gt(1).any({ dim: 1, keepdim: true })],
  [() => x.amax([0, 1], true), () => x.amax({ keepdim: true })],
  [() => x.argmax(1, true), () => x.argmax({ dim: 1, keepdim: true })],
  [() => x.max(1, true), () => x.max({ dim: 1, keepdim: true })],
  [() => x.std(1, false), () => x.std({ dim: 1, correction: 0 })],
  [() => x.var(1, true, true), () => x.var(1, { keepdim: true })],
  [() => x.norm(1, 0, true), () => x.norm({ p: 1, dim: 0, keepdim: true })],
  [() => ng.linalg.vectorNorm(x, 3, 0, true), () => ng.linalg.vectorNorm(x, 3, { dim: 0, keepdim: true })],
  [() => x.logsumexp(1, true), () => x.logsumexp({ dim: 1, keepdim: true })],
  [() => x.nansum(1, true), () => x.nansum({ dim: 1, keepdim: true })],
  [() => x.median(1, true), () => x.median({ dim: 1, keepdim: true })],
  [() => x.mode(0, true), () => x.mode({ dim: 0, keepdim: true })],
  [() => x.quantile(0.3, 1, true), () => x.quantile(0.3, { dim: 1, keepdim: true })],
  [() => x.cumsum(1), () => x.cumsum({ dim: 1 })],
  [() => x.cummax(1), () => x.cummax({ dim: 1 })],
  [() => ng.diff(x, 1, 0), () => ng.diff(x, { dim: 0 })],
  [() => ng.histogram(x, 4), () => ng.histogram(x, { bins: 4 })],
  [() => x.softmax(0), () => x.softmax({ dim: 0 })],
  [() => x.nanToNum(1, 2, 3), () => x.nanToNum({ nan: 1, posinf: 2, neginf: 3 })],
  [() => x.addcmul(w, w, 0.5), () => x.addcmul(w, w, { value: 0.5 })],
  [() => x.roll(1, 0), () => x.roll({ shifts: 1, dims: 0 })],
  [() => x.flip(0, 1), () => x.flip([0, 1])],
  [() => x.repeat(2, 3), () => x.repeat([2, 3])],
  [() => x.tile(2, 1), () => x.tile([2, 1])],
  [() => x.reshape(2, -1), () => x.reshape([2, -1])],
  [() => x.view(-1), () => x.view([12])],
  [() => x.permute(1, 0), () => x.permute([1, 0])],
  [() => x.unsqueeze(0).expand(2, -1, -1), () => x.unsqueeze(0).expand([2, 3, 4])],
  [() => ng.triuIndices(3, 4, 1), () => ng.triuIndices(3, 4, { offset: 1 })],
  [() => F.crossEntropy(x, t, w), () => F.crossEntropy(x, t, { weight: w })],
  [() => F.nllLoss(x, t, w, 3), () => F.nllLoss(x, t, { weight: w, ignoreIndex: 3 })],
  [() => F.mseLoss(x, x.mul(2), 'sum'), () => F.mseLoss(x, x.mul(2), { reduction: 'sum' })],
  [() => F.huberLoss(x, x.neg(), 'mean', 0.3), () => F.huberLoss(x, x.neg(), { delta: 0.3 })],
  [() => F.normalize(x, 3, 0), () => F.normalize(x, { p: 3, dim: 0 })],
  [() => x.div(w, { roundingMode: 'floor' }), () => x.floorDivide(w)],
  [() => x.round(1), () => x.round({ decimals: 1 })],
  [() => new nn.PReLU(4, 0.1).forward(x), () => new nn.PReLU({ numParameters: 4, init: 0.1 }).forward(x)],
  [() => new nn.Linear(4, 2, false).bias, () => new nn.Linear(4, 2, { bias: false }).bias],
  [() => new nn.Bilinear(4, 4, 2, false).bias, () => new nn.Bilinear(4, 4, 2, { bias: false }).bias],
  [() => up.forward(x.reshape(1, 1, 3, 4), [6, 8]), () => up.forward(x.reshape(1, 1, 3, 4), { outputSize: [6, 8] })],
  [() => mha.forward(q3, q3, q3, null, false), () => mha.forward(q3, q3, q3, { needWeights: false })],
  [() => encoder.forward(q3, ng.ones([3, 3]).triu(1).gt(0)), () => encoder.forward(q3, { isCausal: true })],
  [() => F.embedding(t, ng.eye(4), 1), () => F.embedding(t, ng.eye(4), { paddingIdx: 1 })],
  [
    () => F.scaledDotProductAttention(q, q, q, null, 0, true),
    () => F.scaledDotProductAttention(q, q, q, { isCausal: true }),
  ],
  [
    () => nn.utils.rnn.padSequence([w, w.narrow(0, 0, 2)], true, -1),
    () => nn.utils.rnn.padSequence([w, w.narrow(0, 0, 2)], { batchFirst: true, paddingValue: -1 }),
  ],
];
test.each(same.map(([a, b]) => [String(a).slice(6), a, b]))('%s: by position and by name', (_, a, b) => {
  expect(flat((a as Call)())).toEqual(flat((b as Call)()));
});

test('results of two tensors are lists with names', () => {
  const [values, indices] = x.max(1);
  expect(flat([values, indices])).toEqual(flat(Object.values({ v: x.max(1).values, i: x.max(1).indices })));
  for (const two of [x.topk(2), x.sort(), x.median(0), x.mode(), x.kthvalue(2), x.cummin(0)]) {
    const [v, i] = two;
    expect([v, i]).toEqual([two.values, two.indices]);
  }
  const [hist, edges] = ng.histogram(x, 3);
  expect([hist.shape, edges.shape]).toEqual([[3], [4]]);
});

const loose = (f: () => unknown): string => {
  try {
    f();
  } catch (e) {
    return (e as ng.NodegradError).code;
  }
  return 'nothing thrown';
};
const options = { keepDim: true } as object;
const refused: Call[] = [
  () => x.sum(1, options),
  () => x.mean(1, options),
  () => x.max(1, options as never),
  () => x.sum(1, 3 as never),
  () => x.sum('x' as never),
  () => x.cumsum(0, options),
  () => F.mseLoss(x, x, { reductoin: 'sum' } as never),
  () => F.crossEntropy(x, t, { labelSmooth: 0.1 } as never),
  () => F.embedding(t, w.reshape(4, 1), { padding: 1 } as never),
  () => F.scaledDotProductAttention(q, q, q, { causal: true } as never),
  () => mha.forward(q3, q3, q3, { attn_mask: null } as never),
  () => encoder.forward(q3, { causal: true } as never),
  () => new nn.TransformerEncoder(new nn.Linear(2, 2) as never, 2),
  () => new nn.GELU('exact' as never),
  () => x.div(w, { roundingMode: 'ceil' } as never),
  () => new nn.Linear(2, 2).loadStateDict({}, { strikt: false } as never),
  () => new nn.Softmax(1).forward(undefined as never),
  () => new nn.Flatten().forward(undefined as never),
  () => nn.utils.clipGradNorm_([], 1, { norm: 1 } as never),
  () => ng.zeros([2], { type: 'float64' } as never),
  () => ng.zeros(2 as never, 3 as never),
  () => ng.tensor([1], { requires_grad: true } as never),
  () => ng.rand([2], { seed: 1 } as never),
  () => ng.arange(3, { typ: 'int64' } as never),
  () => ng.multinomial(w, 2, { replace: true } as never),
  () => x.unique({ counts: true } as never),
  () => x.reshape('2' as never),
  () => x.expand({ sizes: [1] } as never),
];
test.each(refused.map((f) => [String(f).slice(6), f]))('%s is refused', (_, f) => {
  expect(loose(f as Call)).toBe('ERR_INVALID_ARG');
});

const list = [[1, 2]] as never;
const untensored: Call[] = [
  ...[ng.reshape, ng.permute, ng.transpose, ng.unsqueeze, ng.expand, ng.flatten, ng.narrow, ng.squeeze],
  ...[ng.gather, ng.indexSelect, ng.scatterAdd, ng.take, ng.at, ng.nonzero, ng.maskedFill, ng.fill_, ng.chunk],
  ...[ng.flip, ng.roll, ng.repeat, ng.tril, ng.diag, ng.trace, ng.oneHot, ng.bincount, ng.sort, ng.topk, ng.unique],
  ...[ng.mm, ng.bmm, ng.dot, ng.outer, ng.addmm, ng.tensordot, ng.cdist, ng.searchsorted, ng.isin, ng.pad],
  ...[ng.prelu, ng.glu, ng.nanToNum, ng.bitwiseNot, ng.uniform_, F.embedding, F.scaledDotProductAttention],
].map((f) => Object.assign(() => (f as (...all: never[]) => unknown)(list, list, list), { op: f.name }));
test.each(untensored.map((f) => [(f as Call & { op: string }).op, f]))('%s of an array is refused', (_, f) => {
  expect(loose(f as Call)).toBe('ERR_INVALID_ARG');
});

test('numbers of distributions: arguments by name', () => {
  const seeded = (f: () => ng.Tensor): unknown => (ng.manualSeed(1), f().arraySync());
  expect(seeded(() => ng.normal({ mean: 2, std: 0.5, size: [4] }))).toEqual(seeded(() => ng.normal(2, 0.5, [4])));
  expect(seeded(() => ng.normal(w, { std: 2 }))).toEqual(seeded(() => ng.normal(w, 2)));
  expect(seeded(() => ng.bernoulli(x, 1))).toEqual(ng.ones([3, 4]).arraySync());
  expect(loose(() => ng.bernoulli(x, 2))).toBe('ERR_INVALID_ARG');
  expect(nn.init.dirac_(ng.empty([4, 2, 3]), { groups: 2 }).arraySync()).toEqual(
    nn.init.dirac_(ng.empty([4, 2, 3]), 2).arraySync(),
  );
});

test('an optimizer prints its groups as in PyTorch', () => {
  const p = (): nn.Parameter => new nn.Parameter(ng.ones([1]));
  const o = new optim.Adam([{ params: [p()] }, { params: [p()], lr: 0.5 }]);
  const group = (i: number, lr: string): string =>
    `Parameter Group ${i}\n    amsgrad: False\n    betas: (0.9, 0.999)\n    decoupled_weight_decay: False\n    eps: 1e-08\n` +
    `    lr: ${lr}\n    maximize: False\n    weight_decay: 0\n`;
  expect(String(o)).toBe(`Adam (\n${group(0, '0.001')}\n${group(1, '0.5')})`);
});

test('list.reduce(add): the index is no factor', () => {
  expect([w, w, w].reduce(ng.add as never as (a: ng.Tensor, b: ng.Tensor) => ng.Tensor).arraySync()).toEqual([
    1.5, 6, 3, 9,
  ]);
});

test('x to the power 0 is constant, at 0 too', () => {
  const base = ng.tensor([0, 0, 2], { requiresGrad: true });
  base
    .pow(ng.tensor([0, 2, 0]))
    .sum()
    .backward();
  expect(base.grad!.arraySync()).toEqual([0, 0, 0]);
});

test('weighted squares: the mean divides by the weights', () => {
  // torch.nn.functional.mse_loss(x, 0, weight=w): sum w x^2 / sum w
  const a = ng.tensor([1, 2, 3]);
  expect(F.mseLoss(a, ng.zeros([3]), { weight: ng.tensor([1, 0, 3]) }).itemSync()).toBe(7);
});

test('quotients rounded towards 0, integers stay integers', () => {
  const [a, b] = [ng.tensor([7, -7, 6, -6], { dtype: 'int64' }), ng.tensor([2, 2, -4, 3], { dtype: 'int64' })];
  const trunc = a.div(b, { roundingMode: 'trunc' });
  expect([trunc.dtype, trunc.arraySync()]).toEqual(['int64', [3, -3, -1, -2]]);
  expect(a.to('float32').div(b, { roundingMode: 'trunc' }).arraySync()).toEqual([3, -3, -1, -2]);
  expect(a.clone().div_(b, { roundingMode: 'trunc' }).arraySync()).toEqual([3, -3, -1, -2]);
  expect(ng.tensor([1234.5678]).round({ decimals: -2 }).itemSync()).toBe(1200);
});

test('Adam with decoupled decay is AdamW; a schedule resumes from the initial rate of a group', () => {
  const after = (make: (p: nn.Parameter[]) => optim.Adam | optim.AdamW): unknown => {
    const p = new nn.Parameter(ng.tensor([1, -2]));
    const o = make([p]);
    for (let i = 0; i < 3; i++) {
      p.grad = ng.tensor([0.3, i]);
      o.step();
    }
    return p.arraySync();
  };
  const shared = { lr: 0.1, weightDecay: 0.2 };
  expect(after((p) => new optim.Adam(p, { ...shared, decoupledWeightDecay: true }))).toEqual(
    after((p) => new optim.AdamW(p, shared)),
  );
  const o = new optim.SGD([{ params: [new nn.Parameter(ng.zeros([1]))], initialLr: 0.1 }], { lr: 0.05 });
  const s = new optim.lrScheduler.StepLR(o, { stepSize: 3, gamma: 0.5, lastEpoch: 4 });
  s.step();
  expect(o.paramGroups[0]!.lr).toBeCloseTo(0.025);
});

test('the options of backward may come first', () => {
  const a = ng.tensor([2], { requiresGrad: true });
  const y = a.mul(a).sum();
  y.backward({ retainGraph: true });
  y.backward();
  expect(a.grad!.arraySync()).toEqual([8]);
  expect(loose(() => y.backward({ retain: true } as never))).toBe('ERR_INVALID_ARG');
});

test('milestones of SequentialLR by name', () => {
  const rates = (how: (s: optim.lrScheduler.LRScheduler[], o: optim.SGD) => { step(): void }): number[] => {
    const o = new optim.SGD([new nn.Parameter(ng.zeros([1]))], { lr: 1 });
    const { ConstantLR, ExponentialLR } = optim.lrScheduler;
    const s = how([new ConstantLR(o, { factor: 0.5, totalIters: 2 }), new ExponentialLR(o, 0.9)], o);
    return Array.from({ length: 5 }, () => (s.step(), o.paramGroups[0]!.lr));
  };
  const { SequentialLR } = optim.lrScheduler;
  expect(rates((s, o) => new SequentialLR(o, s, { milestones: [2] }))).toEqual(
    rates((s, o) => new SequentialLR(o, s, [2])),
  );
});
