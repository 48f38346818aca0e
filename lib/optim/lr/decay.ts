/** @file Schedules that lower the rate step by step, or by a function. */
import { ArgumentError } from '../../core/errors';
import { describe } from '../../core/shape';
import { type Arguments } from '../../core/arguments';
import { type AnyOptimizer, Formula, type Group } from './base';

type Args<S> = Arguments<S & { lastEpoch: number }>;
type Factor = (epoch: number) => number;

abstract class ByFunction extends Formula<{ lrLambda: Factor | readonly Factor[] | null }> {
  constructor(optimizer: AnyOptimizer, ...args: (Factor | readonly Factor[] | object | number | undefined)[]) {
    super(optimizer, { lrLambda: null }, args as never);
  }

  protected check(): void {
    for (const f of this.perGroup<Factor>('lrLambda'))
      if (typeof f !== 'function')
        throw new ArgumentError(`[${this.constructor.name}] lrLambda must be a function, got ${describe(f)}`);
  }

  protected factor(i: number): number {
    const factor: unknown = this.perGroup<Factor>('lrLambda')[i]!(this.lastEpoch);
    if (typeof factor !== 'number')
      throw new ArgumentError(`[${this.constructor.name}] lrLambda must return a number, got ${describe(factor)}`);
    return factor;
  }
}

/** base * lrLambda(epoch); one function, or one per group. */
export class LambdaLR extends ByFunction {
  protected rate(_group: Group, i: number): number {
    return this.baseLrs[i]! * this.factor(i);
  }
}

/** The rate so far * lrLambda(epoch). */
export class MultiplicativeLR extends ByFunction {
  protected rate(group: Group, i: number): number {
    return this.initial ? group.lr : group.lr * this.factor(i);
  }
}

/** Settings of {@link StepLR}. */
export interface StepLROptions {
  stepSize: number;
  /** Default 0.1. */
  gamma: number;
}

/** Times gamma every stepSize steps. */
export class StepLR extends Formula<StepLROptions> {
  constructor(optimizer: AnyOptimizer, ...args: Args<StepLROptions>) {
    super(optimizer, { stepSize: NaN, gamma: 0.1 }, args);
  }
  protected check(): void {
    this.checkCount('stepSize');
    this.checkNumber('gamma');
  }
  protected rate({ lr }: Group): number {
    return this.lastEpoch === 0 || this.lastEpoch % this.settings.stepSize !== 0 ? lr : lr * this.settings.gamma;
  }
  protected override closedForm(base: number, epoch: number): number {
    return base * this.settings.gamma ** Math.floor(epoch / this.settings.stepSize);
  }
}

/** Settings of {@link MultiStepLR}. */
export interface MultiStepLROptions {
  milestones: readonly number[] | null;
  /** Default 0.1. */
  gamma: number;
}

/** Times gamma at each milestone. */
export class MultiStepLR extends Formula<MultiStepLROptions> {
  constructor(optimizer: AnyOptimizer, ...args: Args<MultiStepLROptions>) {
    super(optimizer, { milestones: null, gamma: 0.1 }, args);
  }
  protected check({ milestones }: MultiStepLROptions): void {
    if (!Array.isArray(milestones) || !milestones.every(Number.isInteger)) this.bad('milestones', 'a list of integers');
    this.checkNumber('gamma');
  }
  private passed(test: (milestone: number) => boolean): number {
    return this.settings.milestones!.filter(test).length;
  }
  protected rate({ lr }: Group): number {
    return lr * this.settings.gamma ** this.passed((m) => m === this.lastEpoch);
  }
  protected override closedForm(base: number, epoch: number): number {
    return base * this.settings.gamma ** this.passed((m) => m <= epoch);
  }
}

/** Settings of {@link ExponentialLR}. */
export interface ExponentialLROptions {
  gamma: number;
}

/** Times gamma every step. */
export class ExponentialLR extends Formula<ExponentialLROptions> {
  constructor(optimizer: AnyOptimizer, ...args: Args<ExponentialLROptions>) {
    super(optimizer, { gamma: NaN }, args);
  }
  protected check(): void {
    this.checkNumber('gamma');
  }
  protected rate({ lr }: Group): number {
    return this.initial ? lr : lr * this.settings.gamma;
  }
  protected override closedForm(base: number, epoch: number): number {
    return base * this.settings.gamma ** epoch;
  }
}

/** Settings of {@link ConstantLR}. */
export interface ConstantLROptions {
  /** Default 1/3. */
  factor: number;
  /** Default 5. */
  totalIters: number;
}

/** Times a factor for the first totalIters steps. */
export class ConstantLR extends Formula<ConstantLROptions> {
  constructor(optimizer: AnyOptimizer, ...args: Args<ConstantLROptions>) {
    super(optimizer, { factor: 1 / 3, totalIters: 5 }, args);
  }
  protected check(): void {
    this.checkNumber('factor', 0, 1);
    this.checkCount('totalIters', 0);
  }
  protected rate({ lr }: Group): number {
    const { factor, totalIters } = this.settings;
    if (this.lastEpoch === 0) return lr * factor;
    return this.lastEpoch === totalIters ? lr * (1 / factor) : lr;
  }
  protected override closedForm(base: number, epoch: number): number {
    return epoch >= this.settings.totalIters ? base : base * this.settings.factor;
  }
}

/** Settings of {@link LinearLR}. */
export interface LinearLROptions {
  /** Default 1/3. */
  startFactor: number;
  /** Default 1. */
  endFactor: number;
  /** Default 5. */
  totalIters: number;
}

/** Times a factor that goes from startFactor to endFactor in totalIters steps: a warm-up. */
export class LinearLR extends Formula<LinearLROptions> {
  constructor(optimizer: AnyOptimizer, ...args: Args<LinearLROptions>) {
    super(optimizer, { startFactor: 1 / 3, endFactor: 1, totalIters: 5 }, args);
  }
  protected check({ startFactor }: LinearLROptions): void {
    this.checkNumber('startFactor', 0, 1);
    if (startFactor === 0) this.bad('startFactor', 'above 0');
    this.checkNumber('endFactor', 0, 1);
    this.checkCount('totalIters');
  }
  protected rate({ lr }: Group): number {
    const { startFactor, endFactor, totalIters } = this.settings;
    if (this.lastEpoch === 0) return lr * startFactor;
    if (this.initial || this.lastEpoch > totalIters) return lr;
    const slope = endFactor - startFactor;
    return lr * (1 + slope / (totalIters * startFactor + (this.lastEpoch - 1) * slope));
  }
  protected override closedForm(base: number, epoch: number): number {
    const { startFactor, endFactor, totalIters } = this.settings;
    return base * (startFactor + ((endFactor - startFactor) * Math.min(totalIters, epoch)) / totalIters);
  }
}

/** Settings of {@link PolynomialLR}. */
export interface PolynomialLROptions {
  /** Default 5. */
  totalIters: number;
  /** Default 1. */
  power: number;
}

/** Times (1 - epoch / totalIters)^power. */
export class PolynomialLR extends Formula<PolynomialLROptions> {
  constructor(optimizer: AnyOptimizer, ...args: Args<PolynomialLROptions>) {
    super(optimizer, { totalIters: 5, power: 1 }, args);
  }
  protected check(): void {
    this.checkCount('totalIters');
    this.checkNumber('power');
  }
  protected rate({ lr }: Group): number {
    const { totalIters, power } = this.settings;
    if (this.initial || this.lastEpoch > totalIters) return lr;
    return lr * ((1 - this.lastEpoch / totalIters) / (1 - (this.lastEpoch - 1) / totalIters)) ** power;
  }
  protected override closedForm(base: number, epoch: number): number {
    const { totalIters, power } = this.settings;
    return base * (1 - Math.min(totalIters, epoch) / totalIters) ** power;
  }
}
