/** @file Ends a training that makes no progress any more. */
import { readOptions } from '../../core/arguments';
import { boolean, instance, integer, number } from '../../core/params';
import { outsideScopes } from '../../core/scope';
import { Module, type StateDict } from '../../nn/module';
import { type Logs } from '../logs';
import { Monitor, type MonitorOptions, monitorSpec } from './monitor';
import { StatefulCallback, stateTensors } from './stateful';

/** Settings of {@link EarlyStopping}. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** The least change that counts as better. Default 0. */
  minDelta?: number | undefined;
  /** Epochs without progress that are tolerated. Default 0. */
  patience?: number | undefined;
  /** What has to be better than this to be progress. Default none. */
  baseline?: number | null | undefined;
  /** At the end, the weights of the best epoch come back. Default false. */
  restoreBestWeights?: boolean | undefined;
  /** The epoch in which watching begins. Default 0. */
  startFromEpoch?: number | undefined;
  /** 1: says so when it stops. Default 0. */
  verbose?: number | undefined;
}
const moduleParam = instance('a module', Module);
const earlyStoppingSpec = {
  ...monitorSpec,
  minDelta: number().or(0),
  patience: integer({ least: 0 }).or(0),
  baseline: number().orNull(),
  restoreBestWeights: boolean.or(false),
  startFromEpoch: integer({ least: 0 }).or(0),
  verbose: integer({ least: 0, most: 1 }).or(0),
};

/** What {@link EarlyStopping} remembers. */
export interface EarlyStoppingState {
  best: number | null;
  bestEpoch: number;
  stoppedEpoch: number;
  wait: number;
  /** The number of the next epoch, in a loop of one's own. */
  epoch: number;
  /** Those of the best epoch, with `restoreBestWeights`. */
  weights: StateDict | null;
}
const count = integer({ least: 0 });

/**
 * Ends the training when the monitored value has not got better for `patience` epochs. In a loop of one's own:
 * `if (stopping.update(valLoss, model)) break;`, afterwards `stopping.restore(model)`.
 */
export class EarlyStopping extends StatefulCallback<EarlyStoppingState> {
  /** The best value so far. */
  best: number | undefined;
  /** The epoch of the best value. */
  bestEpoch = 0;
  /** The epoch in which it stopped; 0 if it did not. */
  stoppedEpoch = 0;
  private readonly settings: ReturnType<typeof read>;
  private readonly watched: Monitor;
  private wait = 0;
  private epoch = 0;
  private weights: StateDict | undefined;
  protected readonly stateSpec = {
    best: number().nullable(),
    ...{ bestEpoch: count, stoppedEpoch: count, wait: count, epoch: count },
    weights: stateTensors.nullable(),
  };

  constructor(options?: EarlyStoppingOptions) {
    super();
    this.settings = read(options);
    const { monitor, mode, minDelta } = this.settings;
    this.watched = new Monitor('EarlyStopping', monitor, mode, Math.abs(minDelta));
  }

  protected reset(): void {
    this.restoreState({ best: null, bestEpoch: 0, stoppedEpoch: 0, wait: 0, epoch: 0, weights: null });
  }

  stateDict(): EarlyStoppingState {
    const { best, bestEpoch, stoppedEpoch, wait, epoch, weights } = this;
    return { best: best ?? null, bestEpoch, stoppedEpoch, wait, epoch, weights: weights ?? null };
  }
  protected restoreState({ best, weights, ...counts }: EarlyStoppingState): void {
    Object.assign(this, counts, { best: best ?? undefined, weights: weights ?? undefined });
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    const value = this.watched.valueIn(logs);
    this.epoch = epoch;
    if (value !== undefined && this.update(value, this.model)) this.trainer.stopTraining = true;
  }

  override onTrainEnd(): void {
    if (this.stoppedEpoch > 0 && this.settings.verbose > 0)
      console.log(`Epoch ${this.stoppedEpoch + 1}: early stopping`);
    this.restore(this.model);
  }

  /**
   * Takes the value of the next epoch.
   * @param model - whose weights are kept, with `restoreBestWeights`
   * @returns whether to stop
   */
  update(value: number, model?: Module): boolean {
    // NaN is no progress.
    if (!Number.isNaN(value)) number().check('EarlyStopping', 'value', value);
    if (model !== undefined) moduleParam.check('EarlyStopping', 'model', model);
    const epoch = this.epoch++;
    const { startFromEpoch, restoreBestWeights, baseline, patience } = this.settings;
    if (epoch < startFromEpoch) return false;
    this.wait++;
    if (this.watched.better(value, this.best, this.trainerIfAny)) {
      this.best = value;
      this.bestEpoch = epoch;
      if (restoreBestWeights && model) this.weights = outsideScopes(() => model.stateDict({ clone: true }));
      if (baseline === null || this.watched.better(value, baseline, this.trainerIfAny)) {
        this.wait = 0;
        return false;
      }
    }
    if (this.wait < patience || epoch === 0) return false;
    this.stoppedEpoch = epoch;
    return true;
  }

  /** Gives the model the weights of the best epoch, with `restoreBestWeights`. */
  restore(model: Module): void {
    moduleParam.check('EarlyStopping', 'model', model);
    if (this.weights) model.loadStateDict(this.weights);
  }
}

const read = (options: EarlyStoppingOptions | undefined) =>
  readOptions('EarlyStopping', earlyStoppingSpec, options as object);
