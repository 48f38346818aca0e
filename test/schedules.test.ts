/** @file Learning-rate schedules against PyTorch's, step by step; resuming; bad settings. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ng from '../lib';
import { nn, optim } from '../lib';
import { expectParity } from './parity';

const { lrScheduler } = optim;
type Scheduler = optim.lrScheduler.LRScheduler;
interface Spec {
  name: Exclude<keyof typeof lrScheduler, 'LRScheduler'> | 'SWALR';
  options: { [name: string]: unknown; schedulers?: Spec[] };
}
interface Row extends Spec {
  optimizer: 'SGD' | 'Adam';
  lr: number[][];
  momentum: number[][];
}
const file = join(__dirname, '..', '..', 'test', 'fixtures', 'schedules.json');
const { metrics, rows } = JSON.parse(readFileSync(file, 'utf8')) as { metrics: number[]; rows: Row[] };

type Optimizer = optim.SGD | optim.Adam;
const makeOptimizer = (kind: Row['optimizer']): Optimizer => {
  const groups = [
    { params: [new nn.Parameter(ng.zeros([1]))] },
    { params: [new nn.Parameter(ng.zeros([1]))], lr: 0.5 },
  ];
  return kind === 'SGD' ? new optim.SGD(groups, { lr: 0.1, momentum: 0.9 }) : new optim.Adam(groups, { lr: 0.1 });
};

// The functions of make_schedules.py.
const functions: Record<string, (epoch: number) => number> = {
  power: (e) => 0.95 ** e,
  ramp: (e) => Math.min(1, (e + 1) / 10),
  shrink: () => 0.9,
};

function make({ name, options }: Spec, optimizer: Optimizer): Scheduler {
  const o: Record<string, unknown> = { ...options };
  if (options.schedulers) o['schedulers'] = options.schedulers.map((s) => make(s, optimizer));
  const f = o['lrLambda'] as string | string[] | undefined;
  if (f) o['lrLambda'] = Array.isArray(f) ? f.map((g) => functions[g]!) : functions[f];
  if (name === 'ChainedScheduler') return new lrScheduler.ChainedScheduler(o as never);
  const kind = (name === 'SWALR' ? optim.swaUtils.SWALR : lrScheduler[name]) as new (
    optimizer: Optimizer,
    options: object,
  ) => Scheduler;
  return new kind(optimizer, o);
}

const rates = (o: Optimizer): number[] => o.paramGroups.map((g) => g.lr);
const momentums = (o: Optimizer): number[] =>
  o.paramGroups.map((g) => ('betas' in g ? g.betas[0] : (g as { momentum: number }).momentum));

const advance = (s: Scheduler, t: number): void =>
  s.step(s instanceof lrScheduler.ReduceLROnPlateau ? metrics[t] : undefined);

describe.each(rows.map((r) => [`${r.name} ${JSON.stringify(r.options)} of ${r.optimizer}`, r] as const))(
  '%s',
  (_title, row) => {
    test('follows PyTorch', () => {
      const optimizer = makeOptimizer(row.optimizer);
      const scheduler = make(row, optimizer);
      row.lr.forEach((want, t) => {
        if (t > 0) advance(scheduler, t - 1);
        expectParity(rates(optimizer), want, {
          kind: 'schedule',
          name: row.name,
          label: `rates of step ${t}`,
          tolerance: 1e-12,
        });
        expect(scheduler.getLastLr()).toEqual(rates(optimizer));
        const momentum = row.momentum[t] ?? row.momentum[0]!;
        expectParity(momentums(optimizer), momentum, {
          kind: 'schedule',
          name: row.name,
          label: `momentums of step ${t}`,
          tolerance: 1e-12,
        });
      });
    });

    test('goes on from a state that went through JSON', () => {
      const first = makeOptimizer(row.optimizer);
      const before = make(row, first);
      for (let t = 0; t < 9; t++) advance(before, t);
      const second = makeOptimizer(row.optimizer);
      second.loadStateDict(first.stateDict() as never);
      const after = make(row, second);
      // What the new schedule did to the settings on its way is undone too.
      second.paramGroups.forEach((g, i) => Object.assign(g, { ...first.paramGroups[i], params: g.params }));
      after.loadStateDict(JSON.parse(JSON.stringify(before.stateDict())) as never);
      for (let t = 9; t < row.lr.length - 1; t++) {
        advance(before, t);
        advance(after, t);
        expect([rates(second), momentums(second)]).toEqual([rates(first), momentums(first)]);
      }
    });
  },
);

test('settings by position, and the literal names of PyTorch', () => {
  const o = (): Optimizer => makeOptimizer('SGD');
  const [a, b] = [new lrScheduler.StepLR(o(), 2, 0.5), new lrScheduler.StepLR(o(), { stepSize: 2, gamma: 0.5 })];
  const [c, d] = [
    new lrScheduler.CosineAnnealingLR(o(), { TMax: 4 } as never),
    new lrScheduler.CosineAnnealingLR(o(), 4),
  ];
  for (let t = 0; t < 5; t++) {
    for (const s of [a, b, c, d]) s.step();
    expect(a.getLastLr()).toEqual(b.getLastLr());
    expect(c.getLastLr()).toEqual(d.getLastLr());
  }
  expect(new lrScheduler.LambdaLR(o(), (e) => e + 1).getLastLr()).toEqual([0.1, 0.5]);
  const p = o();
  expect(new lrScheduler.SequentialLR(p, [new lrScheduler.StepLR(p, 2)], []).getLastLr()).toEqual([0.1, 0.5]);
});

test('warm-up schedules by name are WarmupLR with their decay', () => {
  const rates = (make: (o: optim.SGD) => { step(): void; getLastLr(): number[] }): number[] => {
    const o = new optim.SGD([new ng.nn.Parameter(ng.zeros([1]))], { lr: 0.5 });
    const s = make(o);
    return Array.from({ length: 14 }, () => (s.step(), s.getLastLr()[0]!));
  };
  const common = { warmupSteps: 3, totalSteps: 10, minFactor: 0.1 };
  for (const [decay, Named] of [
    ['cosine', lrScheduler.WarmupCosineLR],
    ['linear', lrScheduler.WarmupLinearLR],
  ] as const)
    expect(rates((o) => new Named(o, common))).toEqual(rates((o) => new lrScheduler.WarmupLR(o, { ...common, decay })));
});

test('scaleLearningRate: linear and square-root rules', () => {
  const { scaleLearningRate } = lrScheduler;
  expect(scaleLearningRate(0.1, { batchSize: 1024 })).toBeCloseTo(0.4, 12);
  expect(scaleLearningRate(1e-3, { batchSize: 256, baseBatchSize: 64, rule: 'sqrt' })).toBeCloseTo(2e-3, 12);
  for (const bad of [
    () => scaleLearningRate(-1, { batchSize: 1 }),
    () => scaleLearningRate(1, { batchSize: 0 }),
    () => scaleLearningRate(1, { batchSize: 8, rule: 'cubic' as never }),
  ])
    expect(bad).toThrow(ng.ArgumentError);
});

test('WarmupLR: up from 0, then down to a part', () => {
  const o = makeOptimizer('SGD');
  const s = new lrScheduler.WarmupLR(o, { warmupSteps: 4, decay: 'cosine', totalSteps: 12, minFactor: 0.1 });
  const seen = [o.paramGroups[0]!.lr];
  for (let t = 0; t < 13; t++) {
    s.step();
    seen.push(o.paramGroups[0]!.lr);
  }
  [0, 0.025, 0.05, 0.075, 0.1].forEach((v, i) => expect(seen[i]).toBeCloseTo(v, 12));
  expect(seen[8]).toBeCloseTo(0.1 * (0.1 + 0.9 * 0.5), 12);
  expect(seen.slice(12)).toEqual([0.010000000000000002, 0.010000000000000002]);
});

test('a step may be jumped to', () => {
  const s = new lrScheduler.ExponentialLR(makeOptimizer('SGD'), 0.5);
  s.step(3);
  expect(s.getLastLr()[0]).toBeCloseTo(0.0125, 12);
  const r = new lrScheduler.CosineAnnealingWarmRestarts(makeOptimizer('SGD'), { t0: 4, tMult: 2 });
  r.step(4);
  expect(r.getLastLr()).toEqual([0.1, 0.5]);
  r.step(8);
  expect(r.getLastLr()[0]).toBeCloseTo(0.05, 12);
  r.step(5.5);
  expect(r.lastEpoch).toBe(5);
});

test('bad settings are named', () => {
  const o = makeOptimizer('SGD');
  const bad = (make: () => unknown, text: string): void => {
    expect(make).toThrow(ng.ArgumentError);
    expect(make).toThrow(text);
  };
  bad(() => new lrScheduler.StepLR(o), '[StepLR] stepSize');
  bad(() => new lrScheduler.StepLR(o, { stepSise: 3 } as never), 'stepSise');
  bad(() => new lrScheduler.StepLR({} as never, 3), '[StepLR] expected an optimizer');
  bad(() => new lrScheduler.MultiStepLR(o, 3 as never), 'milestones');
  bad(() => new lrScheduler.LambdaLR(o, [(e: number) => e]), 'has 1 values for 2');
  bad(() => new lrScheduler.LambdaLR(o, 3 as never), 'a function');
  bad(() => new lrScheduler.LinearLR(o, { startFactor: 0 }), 'startFactor');
  bad(() => new lrScheduler.ConstantLR(o, { factor: 2 }), 'factor');
  bad(() => new lrScheduler.OneCycleLR(o, { maxLr: 1 }), 'epochs');
  bad(
    () => new lrScheduler.OneCycleLR(o, { maxLr: 1, totalSteps: 3, annealStrategy: 'log' as never }),
    'annealStrategy',
  );
  bad(() => new lrScheduler.CyclicLR(o, { baseLr: 1, maxLr: 2, mode: 'square' as never }), 'mode');
  bad(() => new lrScheduler.ReduceLROnPlateau(o, { factor: 1 }), 'factor');
  bad(() => new lrScheduler.ReduceLROnPlateau(o).step(undefined as never), 'takes a number');
  bad(() => new lrScheduler.SequentialLR(o, [new lrScheduler.StepLR(o, 1)], [3]), '0 milestones');
  bad(() => new lrScheduler.ChainedScheduler([new lrScheduler.ReduceLROnPlateau(o)]), 'metric');
  bad(() => new lrScheduler.StepLR(o, 1).loadStateDict({}), 'loadStateDict');
  const adagrad = new optim.Adagrad([new nn.Parameter(ng.zeros([1]))]);
  bad(() => new lrScheduler.OneCycleLR(adagrad, { maxLr: 1, totalSteps: 3 }), 'no momentum');
});
