/** @file A schedule that watches a metric. */
import { ArgumentError } from '../../core/errors';
import { number } from '../../core/params';
import { describe } from '../../core/shape';
import { Tensor } from '../../core/tensor';
import { type Arguments, readSettings } from '../../core/arguments';
import { type AnyOptimizer, LRScheduler, type SchedulerState } from './base';

/** Settings of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions {
  /** Whether the metric should fall (default) or rise. */
  mode: 'min' | 'max';
  /** Default 0.1. */
  factor: number;
  /** Steps without improvement that are tolerated, default 10. */
  patience: number;
  /** The least improvement that counts, default 1e-4. */
  threshold: number;
  /** Whether the threshold is a part of the best value (default) or absolute. */
  thresholdMode: 'rel' | 'abs';
  /** Steps after a reduction in which nothing is counted, default 0. */
  cooldown: number;
  /** Lowest rate: one value, or one per group. Default 0. */
  minLr: number | readonly number[] | null;
  /** Changes smaller than this are left out, default 1e-8. */
  eps: number;
}

/** Times `factor` when the metric given to `step` has stopped improving. */
export class ReduceLROnPlateau extends LRScheduler {
  private readonly settings: ReduceLROnPlateauOptions;
  #best: number;
  #cooldownCounter = 0;
  #numBadEpochs = 0;

  constructor(optimizer: AnyOptimizer, ...args: Arguments<ReduceLROnPlateauOptions>) {
    super(optimizer);
    const defaults: ReduceLROnPlateauOptions = {
      mode: 'min',
      factor: 0.1,
      patience: 10,
      threshold: 1e-4,
      thresholdMode: 'rel',
      cooldown: 0,
      minLr: null,
      eps: 1e-8,
    };
    this.settings = readSettings('ReduceLROnPlateau', defaults, args);
    const { mode, factor, thresholdMode, minLr } = this.settings;
    const bad = (name: string, wanted: string, got: unknown): never => {
      throw new ArgumentError(`[ReduceLROnPlateau] ${name} must be ${wanted}, got ${describe(got)}`);
    };
    if (!(factor < 1)) bad('factor', 'below 1', factor);
    if (mode !== 'min' && mode !== 'max') bad('mode', "'min' or 'max'", mode);
    if (thresholdMode !== 'rel' && thresholdMode !== 'abs') bad('thresholdMode', "'rel' or 'abs'", thresholdMode);
    if (Array.isArray(minLr) && minLr.length !== this.groups.length)
      bad('minLr', `one number, or one for each of the ${this.groups.length} groups`, minLr);
    this.#best = mode === 'min' ? Infinity : -Infinity;
    this.lastEpoch = 0;
    this.remember();
  }

  /** The best metric so far. */
  get best(): number {
    return this.#best;
  }
  set best(metric: number) {
    this.#best = number().check('ReduceLROnPlateau', 'best', metric);
  }
  /** Steps left in which nothing is counted. */
  get cooldownCounter(): number {
    return this.#cooldownCounter;
  }
  set cooldownCounter(steps: number) {
    this.#cooldownCounter = number().check('ReduceLROnPlateau', 'cooldownCounter', steps);
  }
  /** Steps without an improvement. */
  get numBadEpochs(): number {
    return this.#numBadEpochs;
  }
  set numBadEpochs(steps: number) {
    this.#numBadEpochs = number().check('ReduceLROnPlateau', 'numBadEpochs', steps);
  }

  private better(value: number): boolean {
    const { mode, threshold, thresholdMode } = this.settings;
    const down = mode === 'min';
    const bound =
      thresholdMode === 'rel'
        ? this.best * (down ? 1 - threshold : 1 + threshold)
        : this.best + (down ? -threshold : threshold);
    return down ? value < bound : value > bound;
  }

  /** @param metric - a number, or a tensor of one (which waits for it) */
  step(metric: number | Tensor): void {
    const value = metric instanceof Tensor ? metric.itemSync() : metric;
    if (typeof value !== 'number')
      throw new ArgumentError(`[ReduceLROnPlateau] step(metric) takes a number, got ${describe(metric)}`);
    const { factor, patience, cooldown, minLr, eps } = this.settings;
    this.lastEpoch++;
    if (this.better(value)) {
      this.best = value;
      this.numBadEpochs = 0;
    } else this.numBadEpochs++;
    if (this.cooldownCounter > 0) {
      this.cooldownCounter--;
      this.numBadEpochs = 0;
    }
    if (this.numBadEpochs > patience) {
      this.groups.forEach((g, i) => {
        const least = Array.isArray(minLr) ? (minLr as readonly number[])[i]! : ((minLr as number | null) ?? 0);
        const next = Math.max(g.lr * factor, least);
        if (g.lr - next > eps) g.lr = next;
      });
      this.cooldownCounter = cooldown;
      this.numBadEpochs = 0;
    }
    this.remember();
  }

  restart(): void {
    throw new ArgumentError('[ReduceLROnPlateau] cannot be part of another schedule: its step takes a metric');
  }

  protected override stateFields(): string[] {
    return [...super.stateFields(), 'best', 'cooldownCounter', 'numBadEpochs'];
  }
  override loadStateDict(state: SchedulerState): void {
    // JSON has no infinity, which the best value is before the first step.
    const worst = this.settings.mode === 'min' ? Infinity : -Infinity;
    super.loadStateDict({ ...state, best: state?.['best'] ?? worst });
  }
}
