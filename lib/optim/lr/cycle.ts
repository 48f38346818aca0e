/** @file Schedules that raise and lower the rate, and move the momentum the other way (Smith 2017; Smith and Topin 2018). */
import { ArgumentError } from '../../core/errors';
import { describe } from '../../core/shape';
import { type Arguments } from '../../core/arguments';
import { type AnyOptimizer, Formula, type Group } from './base';

type Args<S> = Arguments<S & { lastEpoch: number }>;
type Numbers = number | readonly number[] | null;

interface MomentumOptions {
  /** Move the momentum (or beta1) against the rate, default true. */
  cycleMomentum: boolean;
  /** Lowest momentum (default 0.8, OneCycleLR 0.85): one value, or one per group. */
  baseMomentum: Numbers;
  /** Highest momentum, and the first (default 0.9, OneCycleLR 0.95): one value, or one per group. */
  maxMomentum: Numbers;
}

abstract class Cycle<S extends MomentumOptions> extends Formula<S> {
  protected checkMomentum(): void {
    const { defaults } = this.optimizer;
    if (this.settings.cycleMomentum && !('momentum' in defaults) && !('betas' in defaults))
      throw new ArgumentError(
        `[${this.constructor.name}] ${this.optimizer.constructor.name} has no momentum to cycle; pass { cycleMomentum: false }`,
      );
    this.momentums();
  }

  /** The lowest and the highest of a group, where the settings do not say. */
  protected abstract usualMomentum(): [number, number];

  /** The lowest and the highest of each group. */
  protected momentums(): [number, number][] {
    const [low, high] = (['baseMomentum', 'maxMomentum'] as const).map((name, k) =>
      this.settings[name] === null ? this.groups.map(() => this.usualMomentum()[k]!) : this.numbers(name),
    );
    return low!.map((v, i) => [v, high![i]!]);
  }

  protected numbers(name: keyof S & string): number[] {
    const list = this.perGroup<number>(name);
    if (list.some((v) => typeof v !== 'number' || Number.isNaN(v))) this.bad(name, 'a number, or one per group');
    return list;
  }

  protected setMomentum(group: Group, value: number): void {
    if (!this.settings.cycleMomentum) return;
    const betas = group['betas'] as readonly number[] | undefined;
    if (betas) Object.assign(group, { betas: [value, ...betas.slice(1)] });
    else Object.assign(group, { momentum: value });
  }
}

/** Settings of {@link CyclicLR}. */
export interface CyclicLROptions extends MomentumOptions {
  /** Lowest rate, and the first: one value, or one per group. */
  baseLr: Numbers;
  maxLr: Numbers;
  /** Steps up, default 2000. */
  stepSizeUp: number;
  /** Steps down; default as many as up. */
  stepSizeDown: number | null;
  /** How the height of the cycles goes on: the same, halved each time, or times gamma^step. */
  mode: 'triangular' | 'triangular2' | 'exp_range';
  /** For `exp_range`, default 1. */
  gamma: number;
  /** An own height, instead of `mode`. */
  scaleFn: ((x: number) => number) | null;
  /** What scaleFn gets: the number of the cycle (default), or of the step. */
  scaleMode: 'cycle' | 'iterations';
}

/** Up and down between two rates (Smith 2017). Momentum from 0.9 down to 0.8 and back. */
export class CyclicLR extends Cycle<CyclicLROptions> {
  constructor(optimizer: AnyOptimizer, ...args: Args<CyclicLROptions>) {
    const defaults: CyclicLROptions = {
      baseLr: null,
      maxLr: null,
      stepSizeUp: 2000,
      stepSizeDown: null,
      mode: 'triangular',
      gamma: 1,
      scaleFn: null,
      scaleMode: 'cycle',
      cycleMomentum: true,
      baseMomentum: null,
      maxMomentum: null,
    };
    super(optimizer, defaults, args);
  }

  protected check({ mode, scaleFn, stepSizeDown }: CyclicLROptions): void {
    this.numbers('baseLr');
    this.numbers('maxLr');
    this.checkNumber('stepSizeUp', Number.MIN_VALUE);
    if (stepSizeDown !== null) this.checkNumber('stepSizeDown', Number.MIN_VALUE);
    if (scaleFn !== null && typeof scaleFn !== 'function') this.bad('scaleFn', 'a function, or null');
    if (scaleFn === null && !['triangular', 'triangular2', 'exp_range'].includes(mode))
      this.bad('mode', "'triangular', 'triangular2' or 'exp_range'");
    this.checkMomentum();
  }

  protected override start(): void {
    const [base, momentums] = [this.numbers('baseLr'), this.momentums()];
    this.groups.forEach((g, i) => {
      g.lr = base[i]!;
      this.setMomentum(g, momentums[i]![1]);
    });
  }

  protected usualMomentum(): [number, number] {
    return [0.8, 0.9];
  }

  private scale(cycle: number): number {
    const { mode, gamma, scaleFn, scaleMode } = this.settings;
    if (scaleFn) {
      const height: unknown = scaleFn(scaleMode === 'cycle' ? cycle : this.lastEpoch);
      if (typeof height === 'number') return height;
      throw new ArgumentError(`[CyclicLR] scaleFn must return a number, got ${describe(height)}`);
    }
    if (mode === 'exp_range') return gamma ** this.lastEpoch;
    return mode === 'triangular' ? 1 : 1 / 2 ** (cycle - 1);
  }

  protected rate(group: Group, i: number): number {
    const { stepSizeUp, stepSizeDown } = this.settings;
    const total = stepSizeUp + (stepSizeDown ?? stepSizeUp);
    const ratio = stepSizeUp / total;
    const cycle = Math.floor(1 + this.lastEpoch / total);
    const x = 1 + this.lastEpoch / total - cycle;
    const height = (x <= ratio ? x / ratio : (x - 1) / (ratio - 1)) * this.scale(cycle);
    const [low, high] = this.momentums()[i]!;
    this.setMomentum(group, high - (high - low) * height);
    const base = this.numbers('baseLr')[i]!;
    return base + (this.numbers('maxLr')[i]! - base) * height;
  }
}

/** Settings of {@link OneCycleLR}. */
export interface OneCycleLROptions extends MomentumOptions {
  /** Highest rate: one value, or one per group. */
  maxLr: Numbers;
  /** Length of the cycle; or give epochs and stepsPerEpoch. */
  totalSteps: number | null;
  epochs: number | null;
  stepsPerEpoch: number | null;
  /** Part of the cycle in which the rate rises, default 0.3. */
  pctStart: number;
  /** Default cos. */
  annealStrategy: 'cos' | 'linear';
  /** The first rate is maxLr / divFactor, default 25. */
  divFactor: number;
  /** The last rate is the first one / finalDivFactor, default 1e4. */
  finalDivFactor: number;
  /** Go down to the first rate as fast as up, then on to the last; default false. */
  threePhase: boolean;
}

// Where a phase ends, and the rates and momentums between which it goes.
interface Phase {
  end: number;
  lr: [number, number];
  momentum: [number, number];
}

/** One cycle up to maxLr and down to almost nothing (Smith and Topin 2018). Momentum from 0.95 to 0.85 and back. */
export class OneCycleLR extends Cycle<OneCycleLROptions> {
  constructor(optimizer: AnyOptimizer, ...args: Args<OneCycleLROptions>) {
    const defaults: OneCycleLROptions = {
      maxLr: null,
      totalSteps: null,
      epochs: null,
      stepsPerEpoch: null,
      pctStart: 0.3,
      annealStrategy: 'cos',
      cycleMomentum: true,
      baseMomentum: null,
      maxMomentum: null,
      divFactor: 25,
      finalDivFactor: 1e4,
      threePhase: false,
    };
    super(optimizer, defaults, args);
  }

  /** The number of steps of the cycle. */
  get totalSteps(): number {
    const { totalSteps, epochs, stepsPerEpoch } = this.settings;
    return totalSteps ?? epochs! * stepsPerEpoch!;
  }

  protected check({ totalSteps, annealStrategy }: OneCycleLROptions): void {
    this.numbers('maxLr');
    if (totalSteps !== null) this.checkCount('totalSteps');
    else for (const name of ['epochs', 'stepsPerEpoch'] as const) this.checkCount(name);
    this.checkNumber('pctStart', 0, 1);
    if (annealStrategy !== 'cos' && annealStrategy !== 'linear') this.bad('annealStrategy', "'cos' or 'linear'");
    this.checkMomentum();
  }

  protected override start(): void {
    const [rates, momentums] = [this.numbers('maxLr'), this.momentums()];
    this.groups.forEach((g, i) => {
      g.initialLr = rates[i]! / this.settings.divFactor;
      this.setMomentum(g, momentums[i]![1]);
    });
  }

  protected usualMomentum(): [number, number] {
    return [0.85, 0.95];
  }

  private phases(i: number): Phase[] {
    const { pctStart, threePhase, finalDivFactor } = this.settings;
    const [n, first, top] = [this.totalSteps, this.baseLrs[i]!, this.numbers('maxLr')[i]!];
    const last = first / finalDivFactor;
    const [low, high] = this.momentums()[i]!;
    const up: Phase = { end: pctStart * n - 1, lr: [first, top], momentum: [high, low] };
    if (!threePhase) return [up, { end: n - 1, lr: [top, last], momentum: [low, high] }];
    return [
      up,
      { end: 2 * pctStart * n - 2, lr: [top, first], momentum: [low, high] },
      { end: n - 1, lr: [first, last], momentum: [high, high] },
    ];
  }

  protected rate(group: Group, i: number): number {
    const t = this.lastEpoch;
    if (t > this.totalSteps) throw new ArgumentError(`[OneCycleLR] step ${t} of a cycle of ${this.totalSteps} steps`);
    const phases = this.phases(i);
    const at = phases.findIndex(({ end }, k) => t <= end || k === phases.length - 1);
    const begin = at === 0 ? 0 : phases[at - 1]!.end;
    const { end, lr, momentum } = phases[at]!;
    const part = (t - begin) / (end - begin);
    const between = ([from, to]: [number, number]): number =>
      this.settings.annealStrategy === 'cos'
        ? to + ((from - to) / 2) * (Math.cos(Math.PI * part) + 1)
        : (to - from) * part + from;
    this.setMomentum(group, between(momentum));
    return between(lr);
  }
}
