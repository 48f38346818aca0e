/** @file Training that goes on from a checkpoint gives the bits of training that did not stop. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ng from '../lib';
import { data, nn, optim } from '../lib';

const root = mkdtempSync(join(tmpdir(), 'nodegrad-checkpoint-'));
afterAll(() => rmSync(root, { recursive: true }));
let runs = 0;
const folder = (): string => join(root, String(runs++));

const { lrScheduler } = optim;
type AnyOptimizer = ConstructorParameters<typeof lrScheduler.StepLR>[0];
interface Way {
  optimizer: (p: ng.nn.Parameter[]) => AnyOptimizer & { step(): void };
  scheduler?: (o: AnyOptimizer) => optim.lrScheduler.LRScheduler;
  /** What the loader draws from. */
  order?: () => object;
  /** Of the layer that drops. */
  generator?: () => ng.Generator;
}

const rows = 22;
const epochs = 3;
const set = (): data.Dataset<[ng.Tensor, ng.Tensor]> => {
  const generator = new ng.Generator(8);
  const x = ng.rand([rows, 5], { generator });
  return new data.TensorDataset(x, x.sum(1, { keepdim: true })) as unknown as data.Dataset<[ng.Tensor, ng.Tensor]>;
};

function build(way: Way) {
  const dropout = new nn.Dropout(0.25, { generator: way.generator?.() ?? null });
  const model = new nn.Sequential(
    new nn.Linear(5, 8),
    new nn.BatchNorm1d(8),
    new nn.ReLU(),
    dropout,
    new nn.Linear(8, 1),
  );
  const optimizer = way.optimizer(model.parameters());
  const scheduler = way.scheduler?.(optimizer);
  const averages = new optim.ExponentialMovingAverage(model, { decay: 0.9, useBuffers: true });
  const loader = new data.DataLoader(set(), { batchSize: 5, shuffle: true, ...way.order?.() });
  return { model, optimizer, scheduler, averages, loader };
}

// Trains to the end, or to `stopAt` steps, saving then. `from`: goes on from there.
async function run(
  way: Way,
  o: { dir?: string; stopAt?: number; atEpochEnd?: boolean; from?: string; random?: boolean },
): Promise<string> {
  ng.manualSeed(o.from === undefined ? 1 : 99);
  const parts = build(way);
  const { model, optimizer, scheduler, averages, loader } = parts;
  let [epoch, steps] = [0, 0];
  const losses: number[] = [];
  if (o.from !== undefined) {
    const saved = await ng.loadCheckpoint<{ epoch: number; steps: number; losses: number[] }>(o.from, parts, {
      random: o.random ?? true,
    });
    ({ epoch, steps } = saved);
    losses.push(...saved.losses);
  }
  const save = (at: number): Promise<number> => ng.saveCheckpoint(o.dir!, { ...parts, epoch: at, steps, losses });
  for (; epoch < epochs; epoch++) {
    for await (const [x, y] of loader as AsyncIterable<[ng.Tensor, ng.Tensor]>) {
      const loss = nn.functional.mseLoss(model.forward(x.add(ng.randn(x.shape).mul(0.01))), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      averages.update();
      losses.push((await loss.item()) as number);
      if (++steps !== o.stopAt || o.atEpochEnd) continue;
      await save(epoch);
      return '';
    }
    if (scheduler instanceof lrScheduler.ReduceLROnPlateau) scheduler.step(losses.at(-1)!);
    else scheduler?.step();
    if (o.atEpochEnd && steps === o.stopAt) {
      await save(epoch + 1);
      return '';
    }
  }
  const all = { ...model.stateDict(), ...averages.stateDict() };
  const bits = Object.entries(all).map(([name, t]) => [name, Array.from(t.dataSync() as ArrayLike<number>, String)]);
  return JSON.stringify({ bits, losses, lr: optimizer.paramGroups[0]!.lr, rng: ng.getRngState() });
}

const ways: [string, Way][] = [
  ['SGD with momentum, by StepLR', { optimizer: (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9 }), scheduler: (o) => new lrScheduler.StepLR(o, { stepSize: 1, gamma: 0.7 }) }], // prettier-ignore
  ['Adam, by ReduceLROnPlateau', { optimizer: (p) => new optim.Adam(p, { lr: 0.01, amsgrad: true }), scheduler: (o) => new lrScheduler.ReduceLROnPlateau(o, { patience: 0, threshold: 0.9 }) }], // prettier-ignore
  ['AdamW with a warm-up, an order from a seed', { optimizer: (p) => new optim.AdamW(p, { lr: 0.01 }), scheduler: (o) => new lrScheduler.SequentialLR(o, [new lrScheduler.LinearLR(o, { totalIters: 1 }), new lrScheduler.CosineAnnealingLR(o, { tMax: 2 })], [1]), order: () => ({ seed: 6 }) }], // prettier-ignore
  ['RMSprop, generators of their own', { optimizer: (p) => new optim.RMSprop(p, { lr: 0.01 }), order: () => ({ generator: new ng.Generator(2) }), generator: () => new ng.Generator(3) }], // prettier-ignore
  ['groups that differ', { optimizer: (p) => new optim.SGD([{ params: p.slice(0, 2), lr: 0.05 }, { params: p.slice(2), momentum: 0.5 }], { lr: 0.1 }) }], // prettier-ignore
];

describe.each(ways)('%s', (_name, way) => {
  test.each<[string, { stopAt: number; atEpochEnd?: boolean }]>([
    ['in the middle of an epoch', { stopAt: 7 }],
    ['at the last batch of an epoch', { stopAt: 10 }],
    ['after the first step', { stopAt: 1 }],
    ['between two epochs', { stopAt: 5, atEpochEnd: true }],
  ])('%s', async (_when, stop) => {
    const whole = await run(way, {});
    const dir = folder();
    await run(way, { ...stop, dir });
    expect(await run(way, { from: dir })).toBe(whole);
    // The comparison sees the random numbers.
    if (!stop.atEpochEnd) expect(await run(way, { from: dir, random: false })).not.toBe(whole);
  });
});

test('within withGenerator its state is what is saved and restored', async () => {
  const way = ways[0]![1];
  const own = <R>(fn: () => Promise<R>): Promise<R> => ng.withGenerator(new ng.Generator(4), fn);
  const whole = await own(() => run(way, {}));
  const dir = folder();
  const outside = ng.getRngState();
  await own(() => run(way, { stopAt: 7, dir }));
  expect(await own(() => run(way, { from: dir }))).toBe(whole);
  expect(ng.getRngState()).toEqual(outside);
});
