/** @file Optimizers against PyTorch's trajectories; checkpoints; gradient clipping. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ng from '../lib';
import { nn, optim } from '../lib';
import { expectParity } from './parity';

type Flat = number[];
type Name =
  | 'SGD'
  | 'Adam'
  | 'AdamW'
  | 'NAdam'
  | 'RAdam'
  | 'Adamax'
  | 'RMSprop'
  | 'Adagrad'
  | 'Adadelta'
  | 'Rprop'
  | 'ASGD'
  | 'Adafactor'
  | 'Muon'
  | 'Lion'
  | 'LAMB';
interface Fixture {
  shapes: number[][];
  start: Flat[];
  grads: (Flat | null)[][];
  rows: { name: Name; options: object; after: Flat[][]; shapes?: number[][] }[];
  clips: { normType: string; norm: number; grads: Flat[] }[];
}
const file = join(__dirname, '..', '..', 'test', 'fixtures', 'optim.json');
const fixture = JSON.parse(readFileSync(file, 'utf8')) as Fixture;
const { shapes, start, grads } = fixture;

const tensor = (v: Flat, shape: number[], dtype: ng.DType = 'float64'): ng.Tensor => ng.tensor(v, { shape, dtype });
const parameters = (dtype: ng.DType = 'float64', own = shapes): nn.Parameter[] =>
  start.map((v, i) => new nn.Parameter(tensor(v, own[i]!, dtype)));
const setGrads = (params: nn.Parameter[], step: (Flat | null)[]): void =>
  params.forEach((p, i) => (p.grad = step[i] ? tensor(step[i], [...p.shape], p.dtype) : null));
const values = (t: ng.Tensor): number[] => Array.from(t.dataSync() as Float64Array);

function expectNear(got: ng.Tensor[], want: Flat[], digits: number): void {
  got.forEach((t, i) => values(t).forEach((v, j) => expect(v).toBeCloseTo(want[i]![j]!, digits)));
}

const title = ({ name, options, shapes: own }: Fixture['rows'][number]): string =>
  `${name} ${JSON.stringify(options)}${own ? ` of ${JSON.stringify(own)}` : ''}`;

describe.each(fixture.rows.map((r) => [title(r), r] as const))(
  '%s',
  (_title, { name, options, after, shapes: own }) => {
    const make = (params: nn.Parameter[]): optim.Optimizer<object> => new optim[name](params, options as never);

    test.each([
      ['float64', 5e-13],
      ['float32', 5e-6],
    ] as const)('follows PyTorch in %s', (dtype, tolerance) => {
      const params = parameters(dtype, own);
      const optimizer = make(params);
      grads.forEach((step, t) => {
        setGrads(params, step);
        optimizer.step();
        params.forEach((p, i) => expectParity(p, after[t]![i]!, { kind: 'optimizer', name, tolerance }));
      });
    });

    test('goes on from a state dict as if nothing had happened', () => {
      const params = parameters('float64', own);
      const first = make(params);
      for (const step of grads.slice(0, 3)) {
        setGrads(params, step);
        first.step();
      }
      const copies = params.map((p) => new nn.Parameter(p.detach().clone()));
      const second = new optim[name](copies, { lr: 77 });
      second.loadStateDict(first.stateDict() as never);
      // The first goes on too: the second must not share its state.
      for (const step of grads.slice(3)) {
        for (const [list, o] of [
          [params, first],
          [copies, second],
        ] as const) {
          setGrads(list, step);
          o.step();
        }
      }
      params.forEach((p, i) => expect(values(copies[i]!)).toEqual(values(p)));
      expectNear(copies, after.at(-1)!, 12);
    });
  },
);

describe('groups', () => {
  test('have their own settings, and lr can be changed', () => {
    const [a, b] = [new nn.Parameter(ng.ones([2])), new nn.Parameter(ng.ones([2]))];
    const optimizer = new optim.SGD([{ params: [a] }, { params: b, lr: 0.5 }], { lr: 0.1 });
    const step = (): void => {
      for (const p of [a, b]) p.grad = ng.ones([2]);
      optimizer.step();
    };
    step();
    expect(values(a)[0]).toBeCloseTo(0.9, 6);
    expect(values(b)).toEqual([0.5, 0.5]);
    optimizer.paramGroups[1]!.lr = 0.25;
    step();
    expect(values(b)).toEqual([0.25, 0.25]);
    const late = new nn.Parameter(ng.zeros([3]));
    optimizer.addParamGroup({ params: [late], lr: 1 });
    late.grad = ng.ones([3]);
    optimizer.step();
    expect(values(late)).toEqual([-1, -1, -1]);
    expect(optimizer.paramGroups.map((g) => g.lr)).toEqual([0.1, 0.25, 1]);
  });

  test('many parameters are split over calls', () => {
    const params = Array.from({ length: 4500 }, (_, i) => new nn.Parameter(ng.full([1], 1 + i)));
    const set = (): void => params.forEach((p, i) => (p.grad = ng.full([1], 1 + (i % 7))));
    set();
    new optim.Adam(params, { lr: 0.5 }).step();
    expect(params.every((p, i) => Math.abs(p.itemSync() - i - 0.5) < 1e-3)).toBe(true);
    // Each its own rate: a step as long as the weight.
    new optim.LAMB(params, { lr: 0.5 }).step();
    expect(params.every((p, i) => Math.abs(p.itemSync() / (i + 0.5) - 0.5) < 1e-4)).toBe(true);
    const norm = nn.utils.clipGradNorm_(params, 1).itemSync();
    expect(norm).toBeCloseTo(Math.sqrt(params.reduce((sum, _, i) => sum + (1 + (i % 7)) ** 2, 0)), 3);
    params.forEach((p, i) => expect(p.grad!.itemSync() * norm).toBeCloseTo(1 + (i % 7), 4));
  });

  test.each(['NAdam', 'ASGD'] as const)(
    '%s keeps the numbers of parameters that were stepped at other times',
    (name) => {
      const make = (): nn.Parameter => new nn.Parameter(ng.tensor([1, -2], { dtype: 'float64' }));
      const [a, b, onlyA, onlyB] = [make(), make(), make(), make()];
      const options = { lr: 0.1 };
      const [both, first, second] = [[a, b], [onlyA], [onlyB]].map((list) => new optim[name](list, options));
      for (const [lr, list] of [
        [0.1, [a, onlyA]],
        [0.4, [b, onlyB]],
        [0.2, [a, b, onlyA, onlyB]],
        [0.2, [a, b, onlyA, onlyB]],
      ] as const) {
        for (const p of [a, b, onlyA, onlyB]) p.grad = list.includes(p) ? p.detach().mul(2).add(1) : null;
        for (const o of [both, first, second]) {
          Object.assign(o!.paramGroups[0]!, { lr }, name === 'NAdam' ? { betas: [1 - lr, 0.999] } : {});
          o!.step();
        }
      }
      expect(values(a)).toEqual(values(onlyA));
      expect(values(b)).toEqual(values(onlyB));
      expect(values(a)).not.toEqual(values(b));
    },
  );

  test('after many steps with one gradient each step of Adam is lr in size', () => {
    // beta2 ** step must not be rounded to float32 on the way.
    const p = new nn.Parameter(ng.zeros([1], { dtype: 'float64' }));
    const optimizer = new optim.Adam([p], { eps: 1e-12 });
    p.grad = ng.full([1], 1e-3, { dtype: 'float64' });
    for (let i = 0; i < 2000; i++) optimizer.step();
    expect(p.itemSync()).toBeCloseTo(-2, 6);
  });

  test('momentum that is switched on later starts with the gradient', () => {
    const p = new nn.Parameter(ng.zeros([1]));
    const optimizer = new optim.SGD([p], { lr: 1, dampening: 0.5 });
    for (const momentum of [0, 0.5]) {
      optimizer.paramGroups[0]!.momentum = momentum;
      p.grad = ng.ones([1]);
      optimizer.step();
    }
    expect(p.itemSync()).toBe(-2);
  });
});

test('strided parameters and gradients, and a closure', () => {
  const p = new nn.Parameter(ng.arange(6).reshape([2, 3]).T);
  const optimizer = new optim.SGD([p], { lr: 1 });
  const result = optimizer.step(() => {
    optimizer.zeroGrad();
    const loss = p
      .mul(
        ng.tensor([
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
      )
      .sum();
    loss.backward();
    return loss;
  });
  expect(result.itemSync()).toBe(0 + 6 + 3 + 16 + 10 + 30);
  expect(values(p)).toEqual([-1, 1, -2, 0, -3, -1]);
});

test('a step counts as a change in place', () => {
  const layer = new nn.Linear(2, 2);
  const optimizer = new optim.SGD(layer.parameters(), { lr: 0.1 });
  const loss = layer.forward(layer.forward(ng.ones([1, 2]))).sum();
  loss.backward(null, { retainGraph: true });
  optimizer.step();
  expect(() => loss.backward()).toThrow('changed in place');
});

test('zeroGrad drops gradients, or fills them with zeros', () => {
  const p = new nn.Parameter(ng.ones([2]));
  const optimizer = new optim.Adam([p]);
  p.grad = ng.tensor([1, NaN]);
  optimizer.zeroGrad({ setToNone: false });
  expect(values(p.grad)).toEqual([0, 0]);
  optimizer.zeroGrad();
  expect(p.grad).toBeNull();
  optimizer.step();
  expect(values(p)).toEqual([1, 1]);
});

test('bad settings are rejected', () => {
  const p = new nn.Parameter(ng.ones([2]));
  const bad = (make: () => unknown, text: string): void => expect(make).toThrow(text);
  bad(() => new optim.SGD([p], { lr: -1 }), '[SGD] lr');
  bad(() => new optim.SGD([p], { lr: NaN }), '[SGD] lr');
  bad(() => new optim.SGD([p], { momentum: -0.1 }), 'momentum');
  bad(() => new optim.SGD([p], { nesterov: true }), 'nesterov');
  bad(() => new optim.SGD([p], { learningRate: 1 } as never), 'learningRate');
  bad(() => new optim.Adam([p], { betas: [1, 0.999] }), '[Adam] betas[0]');
  bad(() => new optim.Adam([p], { betas: [0.9, -1] }), 'betas[1]');
  bad(() => new optim.Adam([p], { betas: 0.9 as never }), 'betas');
  bad(() => new optim.AdamW([p], { eps: -1 }), '[AdamW] eps');
  bad(() => new optim.Adam([], {}), 'no parameters');
  bad(() => new optim.Adam([p, p]), 'twice');
  bad(() => new optim.Adam([p.mul(2)]), 'computed from others');
  bad(() => new optim.Adam(p as never), 'expected parameters');
  bad(() => new optim.Adam([3 as never]), 'group');
  bad(() => new optim.RMSprop([p], { alpha: -1 }), '[RMSprop] alpha');
  bad(() => new optim.Adagrad([p], { lrDecay: -1 }), '[Adagrad] lrDecay');
  bad(() => new optim.Adadelta([p], { rho: 1.1 }), '[Adadelta] rho');
  bad(() => new optim.NAdam([p], { momentumDecay: -1 }), '[NAdam] momentumDecay');
  bad(() => new optim.RAdam([p], { betas: [0.9] as never }), '[RAdam] betas');
  bad(() => new optim.Adamax([p], { lr: -1 }), '[Adamax] lr');
  bad(() => new optim.LAMB([p], { eps: -1 }), '[LAMB] eps');
  bad(() => new optim.Lion([p], { betas: [0.9, 1] }), '[Lion] betas[1]');
  bad(() => new optim.Rprop([p], { etas: [1.5, 1.2] }), '[Rprop] etas');
  bad(() => new optim.ASGD([p], { t0: NaN }), '[ASGD] t0');
  const optimizer = new optim.Adam([p]);
  bad(() => (p.grad = ng.ones([3])), '[grad] the gradient has shape [3], the tensor [2]');
  p.grad = ng.ones([2]);
  optimizer.paramGroups[0]!.lr = NaN;
  bad(() => optimizer.step(), '[Adam] lr');
  const other = new optim.Adam([new nn.Parameter(ng.ones([3]))]);
  other.paramGroups[0]!.params[0]!.grad = ng.ones([3]);
  other.step();
  bad(() => optimizer.loadStateDict(other.stateDict()), 'shape [3]');
  bad(() => optimizer.loadStateDict({} as never), 'paramGroups');
});

describe('optimizers of matrices', () => {
  test('Adafactor keeps a number per row and one per column', () => {
    const params = [new nn.Parameter(ng.ones([2, 30, 40])), new nn.Parameter(ng.ones([5]))];
    const optimizer = new optim.Adafactor(params);
    for (const p of params) p.grad = ng.ones(p.shape);
    optimizer.step();
    const shapesOf = (i: number): [string, ...number[]][] =>
      Object.entries(optimizer.stateDict().state[i]!).flatMap(([name, t]) =>
        t instanceof ng.Tensor ? [[name, ...t.shape] as [string, ...number[]]] : [],
      );
    expect([shapesOf(0), shapesOf(1)]).toEqual([
      [
        ['rowVar', 2, 30, 1],
        ['colVar', 2, 1, 40],
      ],
      [['variance', 5]],
    ]);
    const other = new optim.Adafactor([new nn.Parameter(ng.ones([2, 31, 40])), new nn.Parameter(ng.ones([5]))]);
    expect(() => other.loadStateDict(optimizer.stateDict())).toThrow('[2, 31, 1]');
  });

  test('Muon brings all singular values near 1', () => {
    ng.manualSeed(2);
    const p = new nn.Parameter(ng.zeros([12, 5]));
    const optimizer = new optim.Muon([p], { lr: 1, adjustLrFn: 'matchRmsAdamw' });
    p.grad = ng.randn([12, 5]).mul(ng.tensor([1e-2, 1, 30, 0.1, 5]));
    optimizer.step();
    const s = values(ng.linalg.svdvals(p).div(0.2 * Math.sqrt(12)));
    expect(Math.max(...s)).toBeLessThan(1.3);
    expect(s[3]).toBeGreaterThan(0.6);
  });

  test('refuse bad settings', () => {
    const p = (shape: number[]): nn.Parameter[] => [new nn.Parameter(ng.ones(shape))];
    expect(() => new optim.Muon(p([3]))).toThrow('[Muon] parameters must be matrices, got [3]');
    expect(() => new optim.Muon(p([3, 3]), { nsSteps: 100 })).toThrow('nsSteps');
    expect(() => new optim.Muon(p([3, 3]), { nsCoefficients: [1, 2] as never })).toThrow('nsCoefficients');
    expect(() => new optim.Muon(p([3, 3]), { adjustLrFn: 'x' as never })).toThrow('adjustLrFn');
    const muon = new optim.Muon(p([2, 2]));
    expect(() => muon.addParamGroup({ params: p([2, 2, 2]) })).toThrow(ng.ShapeError);
    expect(muon.paramGroups).toHaveLength(1);
    expect(() => new optim.Adafactor(p([3]), { beta2Decay: 0.5 })).toThrow('beta2Decay');
    expect(() => new optim.Adafactor(p([3]), { d: 0.5 })).toThrow('[Adafactor] d');
    expect(() => new optim.Adafactor(p([3]), { eps: 1e-3 as never })).toThrow('eps');
  });
});

describe('clipping', () => {
  test.each(fixture.clips)('by norm $normType', ({ normType, norm, grads: want }) => {
    const params = parameters();
    setGrads(params, grads[0]!);
    const got = nn.utils.clipGradNorm_(params, 0.7, { normType: normType === 'inf' ? Infinity : Number(normType) });
    expect(got.itemSync()).toBeCloseTo(norm, 12);
    expectNear(
      params.map((p) => p.grad!),
      want,
      12,
    );
  });

  test('by value; non-finite norms; no gradients', () => {
    const p = new nn.Parameter(ng.ones([3]));
    expect(nn.utils.clipGradNorm_([p], 1).itemSync()).toBe(0);
    p.grad = ng.tensor([-5, 0.5, 5]);
    nn.utils.clipGradValue_([p], 1);
    expect(values(p.grad)).toEqual([-1, 0.5, 1]);
    nn.utils.clipGradNorm_(p, 100);
    expect(values(p.grad)).toEqual([-1, 0.5, 1]);
    p.grad = ng.tensor([NaN, 0, 0]);
    expect(() => nn.utils.clipGradNorm_([p], 1, { errorIfNonfinite: true })).toThrow(ng.NumericError);
    expect(() => nn.utils.clipGradNorm_([p], -1)).toThrow('maxNorm');
  });

  test('by norm, whatever the gradients are: strided, of several dtypes, shared', () => {
    const params = [
      new nn.Parameter(ng.zeros([2, 2])),
      new nn.Parameter(ng.zeros([2, 2])),
      new nn.Parameter(ng.zeros([2], { dtype: 'float64' })),
    ];
    const [a, b, c] = params as [nn.Parameter, nn.Parameter, nn.Parameter];
    a.grad = ng.tensor([
      [1, 2],
      [3, 4],
    ]);
    b.grad = ng.tensor([
      [5, 6],
      [7, 8],
    ]).T;
    c.grad = ng.tensor([9, 10], { dtype: 'float64' });
    const norm = nn.utils.clipGradNorm_(params, Math.sqrt(385) / 2);
    expect(norm.dtype).toBe('float32');
    expect(norm.itemSync()).toBeCloseTo(Math.sqrt(385), 5);
    const got = params.flatMap((p) => Array.from(p.grad!.to('float32').flatten().dataSync() as Float32Array));
    [1, 2, 3, 4, 5, 7, 6, 8, 9, 10].forEach((v, i) => expect(got[i]).toBeCloseTo(v / 2, 5));
    b.grad = a.grad = ng.tensor([
      [2, 2],
      [2, 2],
    ]);
    nn.utils.clipGradNorm_([a, b], Math.sqrt(8));
    values(a.grad).forEach((v) => expect(v).toBeCloseTo(1, 5));
  });

  test('scaling gradients counts as a change in place', () => {
    const p = new nn.Parameter(ng.ones([2]));
    p.grad = ng.tensor([3, 4]).requiresGrad_();
    const g = p.grad.square().sum();
    nn.utils.clipGradNorm_([p], 1);
    expect(() => g.backward()).toThrow('changed in place');
  });

  test('parameters as one vector and back', () => {
    const params = parameters();
    const vector = nn.utils.parametersToVector(params);
    expect(values(vector)).toEqual(start.flat());
    nn.utils.vectorToParameters(vector.mul(2), params);
    expect(params.flatMap(values)).toEqual(start.flat().map((v) => v * 2));
    expect(() => nn.utils.vectorToParameters(ng.zeros([3]), params)).toThrow(ng.ShapeError);
  });
});
