/** @file Trainings of a few steps: a model, a loss and an optimizer as `compile` takes them, on batches that are there. */
import { type Spec } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { noGrad } from '../core/grad-mode';
import { Param } from '../core/params';
import { describe } from '../core/shape';
import { turn } from '../core/turn';
import { type Tensor } from '../core/tensor';
import { DataLoader } from '../data/loader';
import { DropoutLayer } from '../nn/dropout';
import { evaluating } from '../nn/modes';
import { Module } from '../nn/module';
import { type Parameter } from '../nn/parameter';
import { type AnyOptimizer } from '../optim/lr/base';
import { Optimizer } from '../optim/optimizer';
import { Heads, type PerOutput } from '../train/heads';
import { type LossLike } from '../train/losses';
import { Model } from '../train/model';
import { type OptimizerLike, optimizerOf } from '../train/optimizers';
import { type Batch, type Data, sourceOf, toBatch } from '../train/source';
import { type Tensors } from '../train/tensors';
import { Trainer } from '../train/trainer';
import { aside } from './keep';

/** With what a model is trained for a diagnosis. */
export interface TrialOptions {
  /** As for `compile`. Default: that of a compiled model. */
  loss?: PerOutput<LossLike> | undefined;
  /**
   * As for `compile`: a name, `{ name, lr }`, a function, or one that was made, of which a new one with the same settings
   * is used. Default: that of a compiled model, else `'adam'`.
   */
  optimizer?: OptimizerLike | undefined;
}

const whatever = <T>(kind: string): Param<T> => new Param<T>(kind, (v) => v as T);

/** Of {@link TrialOptions}, for the reader. */
export const trialSpec = {
  loss: whatever<PerOutput<LossLike>>('a loss').optional(),
  optimizer: whatever<OptimizerLike>('an optimizer').optional(),
} satisfies Spec<TrialOptions>;

/** Throws unless a tool got a module. */
export function needModule(op: string, model: unknown): asserts model is Module {
  if (!(model instanceof Module)) throw new ArgumentError(`[${op}] expected a module, got ${describe(model)}`);
}

/** The parameters that a module holds itself, without those of modules below. */
export function ownParameters(m: Module): Parameter[] {
  const below = new Set(m.children().flatMap((c) => c.parameters()));
  return m.parameters().filter((p) => !below.has(p));
}

// One that was made is the user's, with its memory of steps: another one with its settings, for the parameters that are tried.
function freshOptimizer(op: string, like: OptimizerLike, model: Module, tried: Module): AnyOptimizer {
  const parameters = tried.parameters();
  if (!(like instanceof Optimizer)) return optimizerOf(op, like, parameters);
  const place = new Map<Tensor, Tensor>(model.parameters().map((p, i) => [p, parameters[i]!]));
  const groups = like.paramGroups.map((g) => ({ ...g, params: g.params.map((p) => place.get(p) ?? p) }));
  const type = like.constructor as new (groups: unknown, settings: unknown) => AnyOptimizer;
  return new type(groups, like.defaults);
}

/** One batch of the user's, where the model is. */
export function oneBatch(op: string, model: Module, batch: unknown): Batch {
  const trainer = new Trainer(model);
  const where = trainer.placement();
  return trainer.placed(toBatch(op, batch, where, 'needed'), where.device);
}

/** The first batches of the user's, at most `most`; what a DataLoader draws next stays the same. */
export const batchesOf = (op: string, model: Module, data: Data, most: number): Promise<Batch[]> =>
  aside(() => firstBatches(op, model, data, most));

async function firstBatches(op: string, model: Module, data: Data, most: number): Promise<Batch[]> {
  const trainer = new Trainer(model);
  const where = trainer.placement();
  const state = data instanceof DataLoader ? data.stateDict() : undefined;
  const pass = sourceOf(op, data, undefined, undefined, { ...where, batchSize: undefined, shuffle: undefined }).pass();
  const batches: Batch[] = [];
  try {
    while (batches.length < most) {
      const { done, value } = await pass.next();
      if (done) break;
      batches.push(trainer.placed(value, where.device));
    }
  } finally {
    await pass.return?.();
    // Within an epoch it is the user's loop that goes on.
    if (state?.epoch === null) (data as DataLoader<unknown>).loadStateDict(state);
  }
  if (batches.length === 0) throw new ArgumentError(`[${op}] the data gave no batch`);
  return batches;
}

/** A model in training, for some steps. Who makes one brings the model back: see keep.ts. */
export class Trial {
  readonly optimizer: AnyOptimizer;
  private readonly heads: Heads;
  private readonly trainer: Trainer;

  constructor(
    readonly op: string,
    user: Module,
    /** What is trained: the user's model, or its copy. */
    readonly model: Module,
    options: TrialOptions,
  ) {
    this.trainer = new Trainer(model);
    const compiled = user instanceof Model && user.trainer.compiled ? user.trainer : undefined;
    const heads = options.loss === undefined ? compiled?.heads?.fresh() : Heads.of(op, options.loss, undefined, []);
    if (!heads) throw new ArgumentError(`[${op}] the option loss is missing; it is what compile takes`);
    this.heads = heads;
    this.optimizer = freshOptimizer(op, options.optimizer ?? compiled?.optimizer ?? 'adam', user, model);
  }

  /** Learning rate of all groups. */
  set lr(lr: number) {
    for (const g of this.optimizer.paramGroups) g.lr = lr;
  }
  get lr(): number {
    return this.optimizer.paramGroups[0]!.lr;
  }

  /** Training mode, but for dropout with `dropout: false`. */
  train(dropout = true): this {
    this.model.train();
    if (!dropout) for (const m of this.model.modules()) if (m instanceof DropoutLayer) m.training = false;
    return this;
  }

  predict(x: Tensors): Tensors {
    return this.trainer.call(x);
  }

  /** The loss of a batch, recorded. */
  loss([x, y, w]: Batch): Tensor {
    return this.lossOf(this.predict(x), y!, w);
  }

  /** The loss of a prediction. */
  lossOf(prediction: Tensors, y: Tensors, w?: Tensor): Tensor {
    return this.heads.losses(this.op, prediction, y, w).loss;
  }

  /** The gradients of a batch: they are in the parameters' `grad`. */
  gradients(batch: Batch): Tensor {
    const loss = this.loss(batch);
    this.model.zeroGrad();
    loss.backward();
    return loss;
  }

  /** One step; the loss before it. The event loop gets its turns. */
  async step(batch: Batch): Promise<number> {
    const loss = this.gradients(batch);
    this.optimizer.step();
    const value = await loss.item();
    await turn();
    return value;
  }

  /** Steps over the batches in turn, at most so many. Ends early where the loss is no number. */
  async steps(
    batches: readonly Batch[],
    n: number,
    enough: (loss: number) => boolean = () => false,
  ): Promise<number[]> {
    const losses: number[] = [];
    while (losses.length < n) {
      const loss = await this.step(batches[losses.length % batches.length]!);
      losses.push(loss);
      if (!Number.isFinite(loss) || enough(loss)) break;
    }
    return losses;
  }

  /** The mean loss of the batches, in evaluation mode. */
  async evaluate(batches: readonly Batch[]): Promise<number> {
    let sum = 0;
    for (const b of batches) {
      const loss = evaluating(this.model, () => noGrad(() => this.loss(b)));
      sum += await loss.item();
      await turn();
    }
    return sum / batches.length;
  }
}
