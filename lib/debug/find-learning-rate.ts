/** @file A learning rate from a range test. */
import { type Given, readOptions } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { integer, number } from '../core/params';
import { moments } from '../data/columns';
import { short } from '../data/description';
import { type Module } from '../nn/module';
import { type Batch, type Data } from '../train/source';
import { triedModel, trying } from './keep';
import { Report } from './report';
import { ratesSvg } from './rates-svg';
import { batchesOf, needModule, Trial, type TrialOptions, trialSpec } from './trial';

/** Settings of {@link findLearningRate}. */
export interface FindLearningRateOptions extends TrialOptions {
  /** The first rate, default 1e-7. */
  min?: number | undefined;
  /** The last rate, default 10. */
  max?: number | undefined;
  /** Steps from the first to the last, default 100. */
  steps?: number | undefined;
  /** What the newest loss counts for in the running average, default 0.05. */
  smoothing?: number | undefined;
}

const usual = { min: 1e-7, max: 10, steps: 100, smoothing: 0.05 };
const spec = {
  ...trialSpec,
  min: number({ above: 0, below: Infinity }).or(usual.min),
  max: number({ above: 0, below: Infinity }).or(usual.max),
  steps: integer({ least: 10 }).or(usual.steps),
  smoothing: number({ above: 0, most: 1 }).or(usual.smoothing),
};

/** Losses by learning rate: what {@link findLearningRate} found. */
export class LearningRates extends Report {
  readonly advice: string;

  /** @internal */
  constructor(
    /** The rate to begin with; NaN where no rate made the loss fall. */
    readonly suggestion: number,
    /** The rate of each step. */
    readonly lrs: readonly number[],
    /** The loss of each step, averaged over the steps before; NaN and infinity as they are. */
    readonly losses: readonly number[],
    /** Whether the test ended early, since the loss had grown to four times the least. */
    readonly diverged: boolean,
  ) {
    super();
    this.advice = Number.isNaN(suggestion)
      ? 'No rate makes the loss fall: the fault lies elsewhere, see debug.overfitBatch and debug.inspect.'
      : `Begin with a learning rate of ${short(suggestion)}; ` +
        (diverged ? 'a few times more and the loss grows.' : 'up to the largest rate tried nothing diverged.');
  }

  /** The curve as a picture: an SVG document. */
  svg(): string {
    return ratesSvg(this.lrs, this.losses, this.suggestion);
  }

  protected lines(): string[] {
    const { lrs, losses } = this;
    const at = (i: number): string => `${short(losses[i]!)} at ${short(lrs[i]!)}`;
    const best = leastOf(losses);
    return [
      `${lrs.length} rates from ${short(lrs[0]!)} to ${short(lrs.at(-1)!)}`,
      `  loss ${at(0)}, least ${at(best)}, last ${at(losses.length - 1)}`,
    ];
  }
}

const leastOf = (losses: readonly number[]): number => losses.reduce((best, l, i) => (l < losses[best]! ? i : best), 0);

// A tenth of the rate of the least loss, as in fastai: there the loss still falls, and the average stays behind. (Where it
// falls most steeply is a matter of the first batches if they differ much.) The least must be below the first losses by
// more than batches differ: two standard errors of an average of so many of them.
function suggestionOf(lrs: readonly number[], losses: readonly number[], raw: readonly number[], s: number): number {
  const first = Float64Array.from(raw.slice(0, Math.ceil(raw.length / 10)));
  const { mean, variance } = moments(first);
  const error = Math.sqrt((variance / (first.length - 1)) * (1 + (first.length * s) / (2 - s)));
  const best = leastOf(losses);
  const fall = mean - losses[best]!;
  return best >= first.length && fall > Math.max(fallen * Math.abs(mean), 2 * error) ? lrs[best]! / 10 : NaN;
}
// Less than this of the first losses is no fall.
const fallen = 0.02;
// As in fastai and in Smith's test: further on nothing is learned.
const divergence = 4;

/**
 * Finds a learning rate by the range test: trains with a rate that grows from `min` to `max` exponentially, one step each,
 * and looks at the loss, exponentially averaged with bias correction. Ends where the average is four times the least so far. Afterwards
 * model, random state and loader are as before; until then the model is in use.
 *
 * Source: L. Smith (2017), "Cyclical learning rates for training neural networks"; averaging and stopping as in fastai.
 *
 * @param data - a DataLoader, a dataset, or whatever gives batches; the first `steps` batches are used, over and over if fewer
 * @param options - `loss` and `optimizer` as for `compile`; `min`, `max`, `steps`, `smoothing`
 * @returns `suggestion`, `lrs`, `losses`, and `svg()`, a picture
 * @throws ArgumentError for data, loss or option that is none; what the model and the loss throw
 * @example
 * const { suggestion } = await ng.debug.findLearningRate(model, loader, { loss: 'crossEntropy' });
 */
export async function findLearningRate(
  model: Module,
  data: Data,
  options?: Given<FindLearningRateOptions>,
): Promise<LearningRates> {
  const op = 'findLearningRate';
  needModule(op, model);
  const { min, max, steps, smoothing, ...o } = readOptions(op, spec, options as object);
  if (min >= max) throw new ArgumentError(`[${op}] min ${min} must be below max ${max}`);
  const tried = triedModel(model);
  const batches = await batchesOf(op, tried, data, steps);
  return trying(tried, () =>
    rangeTest(new Trial(op, model, tried, o).train(), batches, { min, max, steps, smoothing }),
  );
}

/** The range test itself, on a model that may be trained. */
export async function rangeTest(
  trial: Trial,
  batches: readonly Batch[],
  { min, max, steps, smoothing } = usual,
): Promise<LearningRates> {
  const lrs: number[] = [];
  const losses: number[] = [];
  const raw: number[] = [];
  let [average, best, diverged] = [0, Infinity, false];
  for (let i = 0; i < steps && !diverged; i++) {
    const lr = min * (max / min) ** (i / (steps - 1));
    trial.lr = lr;
    const loss = await trial.step(batches[i % batches.length]!);
    raw.push(loss);
    average += smoothing * (loss - average);
    const corrected = average / (1 - (1 - smoothing) ** (i + 1));
    lrs.push(lr);
    losses.push(corrected);
    best = Math.min(best, corrected);
    diverged = !(corrected <= divergence * best);
  }
  return new LearningRates(suggestionOf(lrs, losses, raw, smoothing), lrs, losses, diverged);
}
