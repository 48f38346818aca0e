/** @file The second part of the checklist: short trainings, each from the weights as they are, and what they say. */
import { isFloat } from '../core/dtype';
import { noGrad } from '../core/grad-mode';
import { Tensor } from '../core/tensor';
import { LogSoftmax, Sigmoid, Softmax } from '../nn/activations';
import { Sequential } from '../nn/containers';
import { Linear } from '../nn/linear';
import { type Module } from '../nn/module';
import { Flatten } from '../nn/shape-layers';
import { cat } from '../ops/shape/joining';
import { type Batch } from '../train/source';
import { Trainer } from '../train/trainer';
import { type LearningRates, rangeTest } from './find-learning-rate';
import { aside, looking, trying } from './keep';
import { type LossKind } from '../train/loss-kind';
import { constantRow } from './predictions';
import { Trial, type TrialOptions } from './trial';

/** One short training. */
export interface Run {
  lr: number;
  /** The mean loss of the examples trained on, in evaluation mode, before and after; NaN if the loss became none. */
  start: number;
  end: number;
  /** The largest loss of a step. */
  worst: number;
  /** The least of those held out, looked at now and then; NaN if there are none. */
  held: number;
}

/** What trainings are made of. */
export interface Course {
  op: string;
  user: Module;
  tried: Module;
  options: TrialOptions;
  train: readonly Batch[];
  held: readonly Batch[];
  steps: number;
}

// How often held-out examples are looked at: a model that begins to know the others by heart was better before.
const looks = 4;

/** Trains for some steps; at the optimizer's own rate unless another is given. */
export const runAt = (c: Course, lr?: number): Promise<Run> =>
  trying(c.tried, async () => {
    const trial = new Trial(c.op, c.user, c.tried, c.options);
    if (lr !== undefined) trial.lr = lr;
    const start = await trial.evaluate(c.train);
    let held = c.held.length > 0 ? Infinity : NaN;
    let worst = -Infinity;
    for (let i = 0; i < looks; i++) {
      const part = Math.ceil(c.steps / looks);
      const at = (i * part) % c.train.length;
      const losses = await trial.train().steps([...c.train.slice(at), ...c.train.slice(0, at)], part);
      if (!losses.every(Number.isFinite)) return { lr: trial.lr, start, end: NaN, worst: Infinity, held };
      worst = Math.max(worst, ...losses);
      if (c.held.length > 0) held = Math.min(held, await trial.evaluate(c.held));
    }
    return { lr: trial.lr, start, end: await trial.evaluate(c.train), worst, held };
  });

/** The range test. */
export const ratesOf = (c: Course): Promise<LearningRates> =>
  trying(c.tried, () => rangeTest(new Trial(c.op, c.user, c.tried, c.options).train(), c.train));

/** The first and the last loss on one batch, without dropout. */
export const oneBatchAt = (c: Course, lr: number | undefined): Promise<{ first: number; last: number }> =>
  trying(c.tried, async () => {
    const trial = new Trial(c.op, c.user, c.tried, c.options).train(false);
    if (lr !== undefined) trial.lr = lr;
    const losses = await trial.steps(c.train.slice(0, 1), 4 * c.steps);
    return { first: losses[0]!, last: Math.min(...losses.filter(Number.isFinite), Infinity) };
  });

/** The loss of the best prediction that does not look at the inputs, on the two parts; undefined if nobody knows. */
export async function baselineOf(
  c: Course,
  kind: LossKind | undefined,
): Promise<{ train: number; held: number } | undefined> {
  const trial = new Trial(c.op, c.user, c.tried, c.options);
  const ys = c.train.map((b) => b[1]);
  const like = outputOf(c);
  if (!(like instanceof Tensor) || !ys.every((y): y is Tensor => y instanceof Tensor)) return undefined;
  const row = constantRow(kind, like, ys.length === 1 ? ys[0]! : cat(ys));
  if (!row) return undefined;
  const mean = async (batches: readonly Batch[]): Promise<number> => {
    let sum = 0;
    for (const [, y] of batches) {
      const shape = [(y as Tensor).shape[0]!, ...row.shape.slice(1)];
      sum += await noGrad(() => trial.lossOf(row.expand(shape), y!)).item();
    }
    return sum / batches.length;
  };
  return { train: await mean(c.train), held: await mean(c.held) };
}

const outputOf = (c: Course): unknown =>
  looking(c.tried, () => {
    c.tried.eval();
    return noGrad(() => new Trainer(c.tried).call(c.train[0]![0]) as unknown as object);
  });

// What makes of scores what the loss takes.
const ends: Readonly<Partial<Record<LossKind, () => Module<[Tensor], Tensor>>>> = {
  'log-probabilities': () => new LogSoftmax({ dim: 1 }),
  probabilities: () => new Softmax({ dim: 1 }),
  'binary-probabilities': () => new Sigmoid(),
};

/** A linear model on the same task, trained for as many steps; undefined where inputs or outputs are of another form. */
export async function linearRun(c: Course, kind: LossKind | undefined): Promise<Run | undefined> {
  const [x] = c.train[0]!;
  const y = outputOf(c);
  if (!(x instanceof Tensor) || !(y instanceof Tensor) || kind === undefined) return undefined;
  if (!isFloat(x.dtype) || x.ndim < 2 || y.ndim !== 2 || x.dtype !== y.dtype) return undefined;
  const features = x.numel / x.shape[0]!;
  const { dtype, device } = x;
  const linear = aside(() => new Linear(features, y.shape[1]!, { dtype, device }));
  const model = new Sequential(new Flatten(), linear, ...(ends[kind] ? [ends[kind]()] : []));
  const options = { loss: c.options.loss, optimizer: { name: 'adam', lr: 0.02 } };
  return runAt({ ...c, user: model, tried: model, options });
}
