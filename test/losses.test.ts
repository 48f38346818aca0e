/** @file Losses against PyTorch: values, gradients with fused and composite backward, errors. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ng from '../lib';
import * as losses from '../lib/ops/losses/losses';
import { expectParity } from './parity';

interface Encoded {
  data: (number | string)[];
  shape: number[];
  dtype: ng.DType;
}
interface Row {
  name: string;
  inputs: Encoded[];
  options: Record<string, unknown>;
  y: Encoded;
  start: Encoded;
  grads: [number, Encoded][];
}
const file = join(__dirname, '..', '..', 'test', 'fixtures', 'losses.json');
const rows = JSON.parse(readFileSync(file, 'utf8')) as Row[];

const number = (v: number | string): number => (typeof v === 'number' ? v : Number(v.replace('inf', 'Infinity')));
const isTensor = (v: unknown): v is Encoded => typeof v === 'object' && v !== null && 'data' in v;
const toTensor = (e: Encoded, dtype: ng.DType, requiresGrad: boolean): ng.Tensor => {
  const t = ng.tensor(e.data.map(number), { dtype: e.dtype === 'float64' ? dtype : e.dtype }).reshape(e.shape);
  return requiresGrad ? t.requiresGrad_() : t;
};
const values = (t: ng.Tensor): number[] => Array.from(t.dataSync() as Float64Array, Number);
const fns = losses as unknown as Record<string, (...args: unknown[]) => ng.Tensor>;

function expectSame(name: string, t: ng.Tensor, want: Encoded, tolerance: number): void {
  expect(t.shape).toEqual(want.shape);
  expectParity(t, want.data, { kind: 'loss', name, tolerance });
}

const title = (r: Row): string =>
  `${r.name} ${r.inputs.map((t) => `[${t.shape.join(', ')}]`).join(' ')} ${JSON.stringify(r.options, (_, v: unknown) => (isTensor(v) ? `[${v.shape.join(', ')}]` : v))}`;

test.each(rows.map((r) => [title(r), r] as const))('%s', (_title, r) => {
  for (const [dtype, createGraph, tolerance] of [
    ['float64', false, 1e-12],
    ['float64', true, 1e-12],
    ['float32', false, 2e-5],
  ] as const) {
    const wanted = r.grads.map(([i]) => i);
    const inputs = r.inputs.map((e, i) => toTensor(e, dtype, wanted.includes(i)));
    const options = Object.fromEntries(
      Object.entries(r.options).map(([k, v]) => [k, isTensor(v) ? toTensor(v, dtype, false) : v]),
    );
    const y = fns[r.name]!(...inputs, options);
    expect(y.dtype).toBe(dtype);
    expectSame(r.name, y, r.y, 2 * tolerance);
    if (wanted.length === 0) continue;
    const grads = ng.grad(
      y,
      wanted.map((i) => inputs[i]!),
      { gradOutputs: toTensor(r.start, dtype, false), createGraph },
    );
    r.grads.forEach(([, want], k) => expectSame(r.name, grads[k]!, want, 20 * tolerance));
  }
});

test('classes as int32, int64 and uint8 give the same loss', () => {
  const x = ng.tensor([
    [1, 2, 3],
    [0, 1, -1],
  ]);
  const [a, b, c] = (['int32', 'int64', 'uint8'] as const).map((dtype) =>
    losses.crossEntropy(x, ng.tensor([2, 0], { dtype })).itemSync(),
  );
  expect(a).toBe(b);
  expect(a).toBe(c);
});

test('a class out of range is an IndexError that names row and class', async () => {
  const loss = losses.crossEntropy(
    ng.tensor([
      [1, 2, 3],
      [0, 1, -1],
    ]),
    ng.tensor([2, 3], { dtype: 'int32' }),
  );
  const error = await loss.item().catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ng.IndexError);
  expect(String(error)).toMatch(/class 3 at row 1/);
});

test('NaN logits give a NaN loss; all rows ignored give NaN; extreme logits do not', () => {
  const y = ng.tensor([0], { dtype: 'int32' });
  expect(losses.crossEntropy(ng.tensor([[NaN, 1]]), y).itemSync()).toBeNaN();
  expect(losses.crossEntropy(ng.tensor([[0, 1]]), y, { ignoreIndex: 0 }).itemSync()).toBeNaN();
  expect(losses.crossEntropy(ng.tensor([[1e4, -1e4]]), y).itemSync()).toBe(0);
  expect(losses.crossEntropy(ng.tensor([[-1e4, 1e4]]), y).itemSync()).toBe(2e4);
});

test('labels of the wrong dtype or shape, and mismatched shapes, are errors at once', () => {
  const x = ng.zeros([4, 3]);
  expect(() => losses.crossEntropy(x, ng.zeros([4]))).toThrow(ng.DTypeError);
  expect(() => losses.crossEntropy(x, ng.zeros([4, 3], { dtype: 'int32' }))).toThrow(ng.DTypeError);
  expect(() => losses.crossEntropy(x, ng.zeros([3], { dtype: 'int32' }))).toThrow(/\[4\].*\[4, 3\].*\[3\]/);
  expect(() => losses.crossEntropy(x, ng.zeros([4], { dtype: 'int32' }), { weight: ng.ones([4]) })).toThrow(
    ng.ShapeError,
  );
  expect(() => losses.crossEntropy(x, ng.zeros([4], { dtype: 'int32' }), { labelSmoothing: 2 })).toThrow(
    ng.ArgumentError,
  );
  expect(() => losses.mseLoss(x, ng.zeros([4]))).toThrow(
    '[mseLoss] input [4, 3] and target [4] must have the same shape',
  );
  expect(() => losses.l1Loss(x, x, { reduction: 'avg' as never })).toThrow(/reduction/);
});

test('second derivatives of cross-entropy', () => {
  // d^2/dx^2 of sum_i g_i^2, g = softmax(x) - onehot, against central differences.
  const start = [[0.3, -1.2, 0.8]];
  const y = ng.tensor([1], { dtype: 'int32' });
  const penalty = (v: number[][]): { x: ng.Tensor; p: ng.Tensor } => {
    const x = ng.tensor(v, { dtype: 'float64', requiresGrad: true });
    const [g] = ng.grad(losses.crossEntropy(x, y, { labelSmoothing: 0.1 }), x, { createGraph: true });
    return { x, p: g!.square().sum() };
  };
  const { x, p } = penalty(start);
  p.backward();
  start[0]!.forEach((_, i) => {
    const shifted = (d: number): number => penalty([start[0]!.map((v, j) => v + (i === j ? d : 0))]).p.itemSync();
    expect(values(x.grad!)[i]).toBeCloseTo((shifted(1e-5) - shifted(-1e-5)) / 2e-5, 8);
  });
});

test('ctcLoss: bad lengths, labels and shapes are errors; no second derivative', async () => {
  const x = ng.zeros([5, 2, 3], { requiresGrad: true }).logSoftmax(2);
  const y = ng.tensor(
    [
      [1, 2],
      [1, 1],
    ],
    { dtype: 'int64' },
  );
  expect(() => losses.ctcLoss(x, y, [5, 6], [2, 2])).toThrow(ng.ArgumentError);
  expect(() => losses.ctcLoss(x, y, [5], [2, 2])).toThrow(ng.ShapeError);
  expect(() => losses.ctcLoss(x, y, [5, 5], [2, 3])).toThrow(ng.ArgumentError);
  expect(() => losses.ctcLoss(x, y, [5, 5], [2, 2], { blank: 3 })).toThrow(ng.ArgumentError);
  expect(() => losses.ctcLoss(x, y.to('float32'), [5, 5], [2, 2])).toThrow(ng.DTypeError);
  expect(() => losses.ctcLoss(x, y.reshape([4]), [5, 5], [2, 1])).toThrow(ng.ShapeError);
  const high = losses.ctcLoss(x, y.add(2), [5, 5], [2, 2]);
  await expect(high.item()).rejects.toThrow(ng.IndexError);
  const [g] = ng.grad(losses.ctcLoss(x, y, [5, 5], [2, 2]), x, { createGraph: true });
  expect(() => g!.square().sum().backward()).toThrow(/second derivative/);
});

test('every loss is a layer with the same defaults', () => {
  const a = ng.tensor([
    [0.3, -0.2, 0.9],
    [0.1, 0.8, -0.5],
  ]);
  const b = a.flip([0]);
  const p = a.softmax(1);
  const y = ng.tensor([2, 1], { dtype: 'int64' });
  const signs = ng.tensor([1, -1]);
  const f = ng.nn.functional;
  const same = (x: ng.Tensor, z: ng.Tensor): void => expect(x.arraySync()).toEqual(z.arraySync());
  same(
    new ng.nn.CosineEmbeddingLoss({ margin: 0.1 }).forward(a, b, signs),
    f.cosineEmbeddingLoss(a, b, signs, { margin: 0.1 }),
  );
  same(new ng.nn.TripletMarginLoss().forward(a, b, p), f.tripletMarginLoss(a, b, p));
  same(new ng.nn.TripletMarginWithDistanceLoss().forward(a, b, p), f.tripletMarginLoss(a, b, p));
  same(
    new ng.nn.MarginRankingLoss(0.5).forward(a, b, signs.unsqueeze(1)),
    f.marginRankingLoss(a, b, signs.unsqueeze(1), { margin: 0.5 }),
  );
  same(new ng.nn.MultiMarginLoss().forward(a, y), f.multiMarginLoss(a, y));
  same(
    new ng.nn.CTCLoss().forward(p.log().unsqueeze(1), y.unsqueeze(0), ng.tensor([2]), ng.tensor([2])),
    f.ctcLoss(p.log(), y, 2, 2, { reduction: 'sum' }).div(2),
  );
  same(new ng.nn.SparseCategoricalCrossentropyLoss().forward(p, y), f.sparseCategoricalCrossentropy(p, y));
  same(new ng.nn.CosineSimilarity().forward(a, b), f.cosineSimilarity(a, b));
  same(new ng.nn.PairwiseDistance(1).forward(a, b), f.pairwiseDistance(a, b, { p: 1 }));
});

test('normalize divides by the norm, or by eps where that is larger', () => {
  const x = ng.tensor([
    [3, 4],
    [0, 0],
  ]);
  const { normalize } = ng.nn.functional;
  expect(normalize(x).arraySync()).toEqual([
    [Math.fround(0.6), Math.fround(0.8)],
    [0, 0],
  ]);
  expect(normalize(x, { p: 1, dim: 0, eps: 1 }).arraySync()).toEqual([
    [1, 1],
    [0, 0],
  ]);
  const y = ng.randn([3, 4], { dtype: 'float64' }).requiresGrad_();
  expect(ng.gradcheck((t) => normalize(t, { dim: -1 }), y)).toBe(true);
  expect(ng.gradgradcheck((t) => normalize(t, { p: 3 }), y)).toBe(true);
});

test('cosines of shapes that broadcast: lengths are those of the shape both broadcast to, as in PyTorch', () => {
  const [a, b] = [ng.arange(1, 7).reshape(2, 3), ng.tensor([1, 0, 2])];
  const near = (t: ng.Tensor, want: number[]): void => expect(t.allclose(ng.tensor(want), { atol: 1e-4 })).toBe(true);
  const cosine = ng.nn.functional.cosineSimilarity;
  near(cosine(a, b, { dim: 0 }), [0.8575, 0, 0.9487]);
  near(cosine(b, a), [0.8367, 0.8154]);
  near(cosine(a.narrow(1, 0, 1), a), [0.9258, 0.9869]);
  expect(() => cosine(a, b, { eps: -1 })).toThrow(ng.ArgumentError);
  expect(() => cosine(a, ng.ones([2]))).toThrow(ng.ShapeError);
});

describe('binaryCrossEntropy of what is no probability', () => {
  const target = ng.tensor([0, 1, 1]);
  const message = '[binaryCrossEntropy] a probability is not between 0 and 1';

  test.each(['float32', 'float64'] as const)('%s', async (dtype) => {
    for (const wrong of [-0.25, 1.5, NaN]) {
      const loss = ng.nn.functional.binaryCrossEntropy(ng.tensor([0.5, wrong, 1], { dtype }), target);
      await expect(loss.item()).rejects.toMatchObject({ code: 'ERR_NUMERIC', message });
    }
    expect(await ng.nn.functional.binaryCrossEntropy(ng.tensor([0, 1, 1], { dtype }), target).item()).toBe(0);
  });

  test('its gradients fail too, so that no optimizer makes a step of them', async () => {
    const scores = ng.tensor([0.5, 1.5, 0.5], { requiresGrad: true });
    const sgd = new ng.optim.SGD([scores], { lr: 0.1 });
    ng.nn.functional.binaryCrossEntropy(scores, target).backward();
    await expect(scores.grad!.data()).rejects.toMatchObject({ message });
    sgd.step();
    expect(await scores.array()).toEqual([0.5, 1.5, 0.5]);
  });

  test('views, and gradients of second order', async () => {
    const p = ng.tensor(
      [
        [0.25, 0.5],
        [0.75, 0.9],
      ],
      { dtype: 'float64', requiresGrad: true },
    );
    const t = ng.tensor(
      [
        [1, 0],
        [0, 1],
      ],
      { dtype: 'float64' },
    );
    const f = (x: ng.Tensor): ng.Tensor => ng.nn.functional.binaryCrossEntropy(x.transpose(0, 1), t);
    expect(ng.gradcheck(f, [p])).toBe(true);
    expect(ng.gradgradcheck(f, [p])).toBe(true);
  });
});
