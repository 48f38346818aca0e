/** @file A smaller learning rate when there is no progress. */
import { readOptions } from '../../core/arguments';
import { integer, number } from '../../core/params';
import { type Logs } from '../logs';
import { learningRate, setLearningRate } from './learning-rate';
import { Monitor, type MonitorOptions, monitorSpec } from './monitor';
import { StatefulCallback } from './stateful';

/** Settings of {@link ReduceLROnPlateau}. */
export interface PlateauOptions extends MonitorOptions {
  /** What the rate is multiplied by, below 1. Default 0.1. */
  factor?: number | undefined;
  /** Epochs without progress that are tolerated. Default 10. */
  patience?: number | undefined;
  /** The least change that counts as progress. Default 1e-4. */
  minDelta?: number | undefined;
  /** Epochs after a reduction in which nothing is counted. Default 0. */
  cooldown?: number | undefined;
  /** The lowest rate. Default 0. */
  minLr?: number | undefined;
  /** 1: says so when it reduces. Default 0. */
  verbose?: number | undefined;
}
const plateauSpec = {
  ...monitorSpec,
  factor: number({ above: 0, below: 1 }).or(0.1),
  patience: integer({ least: 0 }).or(10),
  minDelta: number().or(1e-4),
  cooldown: integer({ least: 0 }).or(0),
  minLr: number({ least: 0 }).or(0),
  verbose: integer({ least: 0, most: 1 }).or(0),
};

/** What {@link ReduceLROnPlateau} remembers. */
export interface PlateauState {
  best: number | null;
  wait: number;
  coolingFor: number;
}
const count = integer({ least: 0 });

/** Multiplies the learning rate by `factor` when the monitored value has not got better for `patience` epochs. */
export class ReduceLROnPlateau extends StatefulCallback<PlateauState> {
  private readonly settings: ReturnType<typeof read>;
  private readonly watched: Monitor;
  private best: number | undefined;
  private wait = 0;
  private coolingFor = 0;
  protected readonly stateSpec = { best: number().nullable(), wait: count, coolingFor: count };

  constructor(options?: PlateauOptions) {
    super();
    this.settings = read(options);
    const { monitor, mode, minDelta } = this.settings;
    this.watched = new Monitor('ReduceLROnPlateau', monitor, mode, minDelta);
  }
  protected reset(): void {
    this.restoreState({ best: null, wait: 0, coolingFor: 0 });
  }
  stateDict(): PlateauState {
    return { best: this.best ?? null, wait: this.wait, coolingFor: this.coolingFor };
  }
  protected restoreState({ best, wait, coolingFor }: PlateauState): void {
    this.best = best ?? undefined;
    this.wait = wait;
    this.coolingFor = coolingFor;
  }
  override onEpochEnd(epoch: number, logs: Logs): void {
    const lr = learningRate(this.trainer);
    logs['learningRate'] = lr;
    const value = this.watched.valueIn(logs);
    if (value === undefined) return;
    const { patience, factor, minLr, cooldown, verbose } = this.settings;
    if (this.coolingFor > 0) {
      this.coolingFor--;
      this.wait = 0;
    }
    if (this.watched.better(value, this.best, this.trainer)) {
      this.best = value;
      this.wait = 0;
      return;
    }
    if (this.coolingFor > 0) return;
    if (++this.wait < patience || lr <= minLr) return;
    const next = Math.max(lr * factor, minLr);
    setLearningRate(this.trainer, next);
    if (verbose > 0) console.log(`Epoch ${epoch + 1}: learning rate reduced to ${next}`);
    this.coolingFor = cooldown;
    this.wait = 0;
  }
}

const read = (options: PlateauOptions | undefined) => readOptions('ReduceLROnPlateau', plateauSpec, options as object);
