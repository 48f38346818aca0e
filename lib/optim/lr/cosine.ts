/** @file Cosine schedules, and warm-up followed by a decay. */
import { type Arguments, type Given } from '../../core/arguments';
import { type AnyOptimizer, checkEpoch, Formula, type Group } from './base';

type Args<S> = Arguments<S & { lastEpoch: number }>;
const { cos, PI } = Math;

/** Settings of {@link CosineAnnealingLR}. */
export interface CosineAnnealingLROptions {
  /** Steps from the base rate down to etaMin. */
  tMax: number;
  /** Default 0. */
  etaMin: number;
}

/** From the base rate to etaMin along half a cosine (Loshchilov and Hutter 2017, without restarts). */
export class CosineAnnealingLR extends Formula<CosineAnnealingLROptions> {
  constructor(optimizer: AnyOptimizer, ...args: Args<CosineAnnealingLROptions>) {
    super(optimizer, { tMax: NaN, etaMin: 0 }, args);
  }
  protected check(): void {
    this.checkCount('tMax');
    this.checkNumber('etaMin');
  }
  // From the present rate, so that it can be combined with other schedules.
  protected rate({ lr }: Group, i: number): number {
    const { tMax, etaMin } = this.settings;
    const t = this.lastEpoch;
    if (this.initial) return lr;
    // At etaMin the ratio below is 0 / 0.
    if ((t - 1 - tMax) % (2 * tMax) === 0) return lr + ((this.baseLrs[i]! - etaMin) * (1 - cos(PI / tMax))) / 2;
    return ((1 + cos((PI * t) / tMax)) / (1 + cos((PI * (t - 1)) / tMax))) * (lr - etaMin) + etaMin;
  }
  protected override closedForm(base: number, epoch: number): number {
    const { tMax, etaMin } = this.settings;
    return etaMin + ((base - etaMin) * (1 + cos((PI * epoch) / tMax))) / 2;
  }
}

/** Settings of {@link CosineAnnealingWarmRestarts}. */
export interface CosineAnnealingWarmRestartsOptions {
  /** Steps until the first restart. */
  t0: number;
  /** How much longer each period is than the one before, default 1. */
  tMult: number;
  /** Default 0. */
  etaMin: number;
}

/** Half cosines that start again at the base rate (Loshchilov and Hutter 2017). */
export class CosineAnnealingWarmRestarts extends Formula<CosineAnnealingWarmRestartsOptions> {
  // Steps since the last restart, and the length of this period; set by the constructor's step.
  declare private tCur: number;
  declare private tI: number;

  constructor(optimizer: AnyOptimizer, ...args: Args<CosineAnnealingWarmRestartsOptions>) {
    super(optimizer, { t0: NaN, tMult: 1, etaMin: 0 }, args);
  }
  protected check(): void {
    this.checkCount('t0');
    this.checkCount('tMult');
    this.checkNumber('etaMin');
  }
  protected rate(_group: Group, i: number): number {
    const { etaMin } = this.settings;
    return etaMin + ((this.baseLrs[i]! - etaMin) * (1 + cos((PI * this.tCur) / this.tI))) / 2;
  }

  /** @param epoch - jump to this step; fractions are for steps within an epoch */
  override step(epoch?: number): void {
    const { t0, tMult } = this.settings;
    const next = epoch === undefined ? this.lastEpoch + 1 : checkEpoch(this.constructor.name, epoch);
    if (epoch === undefined && !this.initial) {
      this.tCur++;
      if (this.tCur >= this.tI) {
        this.tCur %= this.tI;
        this.tI *= tMult;
      }
    } else if (next < t0 || tMult === 1) {
      this.tI = t0;
      this.tCur = next % t0;
    } else {
      // Whole periods before this one: t0 (tMult^n - 1) / (tMult - 1) steps.
      const n = Math.floor(Math.log((next / t0) * (tMult - 1) + 1) / Math.log(tMult) + 1e-12);
      this.tCur = next - (t0 * (tMult ** n - 1)) / (tMult - 1);
      this.tI = t0 * tMult ** n;
    }
    this.lastEpoch = Math.floor(next);
    this.assign((g, i) => this.rate(g, i));
  }

  protected override stateFields(): string[] {
    return [...super.stateFields(), 'tCur', 'tI'];
  }
}

/** Settings of {@link WarmupLR}. */
export interface WarmupLROptions {
  /** Steps in which the rate rises from 0 to the base rate. */
  warmupSteps: number;
  /** What follows until totalSteps: nothing (`constant`, default), or a decay. */
  decay: 'constant' | 'linear' | 'cosine';
  /** Needed for a decay. */
  totalSteps: number;
  /** What part of the base rate remains at the end, default 0. */
  minFactor: number;
}

/** A linear warm-up, then a constant rate or a linear or cosine decay: the schedule of transformers. Step per batch. */
export class WarmupLR extends Formula<WarmupLROptions> {
  constructor(optimizer: AnyOptimizer, ...args: Args<WarmupLROptions>) {
    super(optimizer, { warmupSteps: NaN, decay: 'constant', totalSteps: Infinity, minFactor: 0 }, args);
  }
  protected check({ warmupSteps, decay, totalSteps }: WarmupLROptions): void {
    this.checkCount('warmupSteps', 0);
    this.checkNumber('minFactor', 0, 1);
    if (!['constant', 'linear', 'cosine'].includes(decay)) this.bad('decay', "'constant', 'linear' or 'cosine'");
    if (decay !== 'constant' && !(totalSteps > warmupSteps && totalSteps < Infinity))
      this.bad('totalSteps', 'a number above warmupSteps');
  }
  protected rate(_group: Group, i: number): number {
    return this.closedForm(this.baseLrs[i]!, this.lastEpoch);
  }
  protected override closedForm(base: number, epoch: number): number {
    const { warmupSteps, decay, totalSteps, minFactor } = this.settings;
    if (epoch < warmupSteps) return (base * epoch) / warmupSteps;
    if (decay === 'constant') return base;
    const done = Math.min(1, (epoch - warmupSteps) / (totalSteps - warmupSteps));
    const left = decay === 'linear' ? 1 - done : (1 + cos(PI * done)) / 2;
    return base * (minFactor + (1 - minFactor) * left);
  }
}

/** Options of {@link WarmupCosineLR} and {@link WarmupLinearLR}. */
export type WarmupDecayOptions = Pick<WarmupLROptions, 'warmupSteps' | 'totalSteps'> &
  Given<Pick<WarmupLROptions, 'minFactor'>>;

/** {@link WarmupLR} with a cosine decay until `totalSteps`. */
export class WarmupCosineLR extends WarmupLR {
  constructor(optimizer: AnyOptimizer, options: WarmupDecayOptions) {
    super(optimizer, { ...options, decay: 'cosine' });
  }
}

/** {@link WarmupLR} with a linear decay until `totalSteps`. */
export class WarmupLinearLR extends WarmupLR {
  constructor(optimizer: AnyOptimizer, options: WarmupDecayOptions) {
    super(optimizer, { ...options, decay: 'linear' });
  }
}
