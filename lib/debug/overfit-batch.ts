/** @file Can the model learn one batch by heart? */
import { type Given, readOptions } from '../core/arguments';
import { number, positive } from '../core/params';
import { short } from '../data/description';
import { type Module } from '../nn/module';
import { type Arrays } from '../train/tensors';
import { triedModel, trying } from './keep';
import { Report } from './report';
import { needModule, oneBatch, Trial, type TrialOptions, trialSpec } from './trial';

/** Settings of {@link overfitBatch}. */
export interface OverfitBatchOptions extends TrialOptions {
  /** Steps at most, default 200. */
  steps?: number | undefined;
  /** The learning rate, in place of the optimizer's own. */
  lr?: number | undefined;
  /** The share of the first loss below which the batch counts as learned, default 0.1. */
  goal?: number | undefined;
}

const spec = {
  ...trialSpec,
  steps: positive.or(200),
  lr: number({ above: 0 }).optional(),
  goal: number({ above: 0, below: 1 }).or(0.1),
};

/** Whether one batch was learned by heart: what {@link overfitBatch} found. */
export class OverfitBatch extends Report {
  readonly advice: string;

  /** @internal */
  constructor(
    /** Whether the loss fell below `goal` times the first one. */
    readonly reached: boolean,
    /** The loss before each step. */
    readonly losses: readonly number[],
    /** The loss that was to be reached. */
    readonly goal: number,
    lr: number,
  ) {
    super();
    const last = losses.at(-1)!;
    this.advice = reached
      ? 'The model learns one batch by heart, so model, loss and gradients fit together: go on with all the data.'
      : !Number.isFinite(last)
        ? `The loss became ${last}: lower the learning rate (${short(lr)} here), and look for NaN with debug.detectAnomaly.`
        : last > losses[0]!
          ? `The loss grew: lower the learning rate (${short(lr)} here), or find one with debug.findLearningRate.`
          : 'One batch must be learned by heart before anything else can work: check labels, loss and output layer, ' +
            'then take more steps, a higher rate or a larger model.';
  }

  protected lines(): string[] {
    const { losses, reached, goal } = this;
    const at = [...new Set([0, 0.25, 0.5, 0.75, 1].map((q) => Math.round(q * (losses.length - 1))))];
    return [
      `One batch, ${losses.length} steps: ${reached ? 'learned' : 'not learned'} (goal ${short(goal)})`,
      `  loss ${at.map((i) => `${short(losses[i]!)} (step ${i + 1})`).join(', ')}`,
    ];
  }
}

/**
 * Trains on one batch until the model knows it by heart. A model that cannot do that has a fault: in its wiring, in the
 * loss, in the labels' form, in the rate. Dropout is off, everything else as in training. Afterwards the model is as
 * before (weights, gradients, buffers, modes, random state), also when this throws; until then it is in use.
 *
 * Source: "overfit a single batch", A. Karpathy, A Recipe for Training Neural Networks (2019).
 *
 * @param batch - `[x, y]` or `[x, y, sampleWeight]`, as `fit` takes them; a few dozen examples are enough
 * @param options - `loss` as for `compile`; `steps`, `lr`, `optimizer`, `goal`
 * @returns whether the loss fell below a tenth (`goal`) of the first one, and the losses
 * @throws ArgumentError for a batch, loss or option that is none; what the model and the loss throw
 * @example
 * const { reached, losses } = await ng.debug.overfitBatch(model, [x, y], { loss: 'crossEntropy' });
 */
export async function overfitBatch(
  model: Module,
  batch: readonly [x: Arrays, y: Arrays, sampleWeight?: Arrays],
  options?: Given<OverfitBatchOptions>,
): Promise<OverfitBatch> {
  needModule('overfitBatch', model);
  const { steps, lr, goal, ...o } = readOptions('overfitBatch', spec, options as object);
  const tried = triedModel(model);
  const batches = [oneBatch('overfitBatch', tried, batch)];
  return trying(tried, async () => {
    const trial = new Trial('overfitBatch', model, tried, o).train(false);
    if (lr !== undefined) trial.lr = lr;
    const first = await trial.steps(batches, 1);
    const enough = goal * first[0]!;
    const rest = Number.isFinite(enough) && steps > 1 ? await trial.steps(batches, steps - 1, (l) => l <= enough) : [];
    const losses = [...first, ...rest];
    return new OverfitBatch(losses.at(-1)! <= enough, losses, enough, trial.lr);
  });
}
