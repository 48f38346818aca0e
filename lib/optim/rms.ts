/** @file Optimizers that divide by the root of past squared gradients: RMSprop, Adagrad, Adadelta. */
import type { Given } from '../core/arguments';
import { opcode } from '../native';
import { checkHyper } from './check';
import { type CommonOptions, FusedOptimizer, signOf, type StepRule } from './fused';
import { type ParamGroup, type Params } from './optimizer';

const adagradStep = opcode('optim', 'adagrad');
const adadeltaStep = opcode('optim', 'adadelta');

/** Settings of {@link RMSprop}. */
export interface RMSpropOptions extends CommonOptions {
  /** Decay of the mean of squares, default 0.99. */
  alpha: number;
  /** Added to the denominator, default 1e-8. */
  eps: number;
  /** Default 0. */
  momentum: number;
  /** Divide by the deviation instead of the root mean square, default false. */
  centered: boolean;
}

/** RMSprop (Hinton's lecture 6e of 2012; centered: Graves 2013). Default lr 1e-2. */
export class RMSprop extends FusedOptimizer<RMSpropOptions> {
  constructor(params: Params<RMSpropOptions>, options?: Given<RMSpropOptions>) {
    const defaults = { lr: 1e-2, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false };
    super(params, { ...defaults, maximize: false }, options);
  }

  protected check({ lr, alpha, eps, weightDecay, momentum }: RMSpropOptions): void {
    checkHyper('RMSprop', { lr, alpha, eps, weightDecay, momentum });
  }

  protected stateNames({ momentum, centered }: ParamGroup<RMSpropOptions>): string[] {
    return ['squareAvg', ...(momentum > 0 ? ['momentumBuffer'] : []), ...(centered ? ['gradAvg'] : [])];
  }

  protected rule(group: ParamGroup<RMSpropOptions>): StepRule {
    const { lr, alpha, eps, weightDecay, momentum, centered } = group;
    const op = opcode('optim', `rmsprop${momentum > 0 ? 'Momentum' : ''}${centered ? 'Centered' : ''}`);
    return { op, constants: [signOf(group), weightDecay, alpha, 1 - alpha, eps, momentum, lr] };
  }
}

/** Settings of {@link Adagrad}. */
export interface AdagradOptions extends CommonOptions {
  /** The rate of step t is lr / (1 + (t - 1) lrDecay). Default 0. */
  lrDecay: number;
  /** What the sum of squares starts with, default 0. */
  initialAccumulatorValue: number;
  /** Default 1e-10. */
  eps: number;
}

/** Adagrad (Duchi, Hazan and Singer, 2011). Default lr 1e-2. */
export class Adagrad extends FusedOptimizer<AdagradOptions> {
  constructor(params: Params<AdagradOptions>, options?: Given<AdagradOptions>) {
    const defaults = { lr: 1e-2, lrDecay: 0, weightDecay: 0, initialAccumulatorValue: 0, eps: 1e-10, maximize: false };
    super(params, defaults, options);
  }

  protected check({ lr, lrDecay, weightDecay, initialAccumulatorValue, eps }: AdagradOptions): void {
    checkHyper('Adagrad', { lr, lrDecay, weightDecay, initialAccumulatorValue, eps });
  }

  protected stateNames(): string[] {
    return ['sum'];
  }

  protected override initialState(_name: string, group: ParamGroup<AdagradOptions>): number {
    return group.initialAccumulatorValue;
  }

  protected rule(group: ParamGroup<AdagradOptions>, step: number): StepRule {
    const rate = group.lr / (1 + (step - 1) * group.lrDecay);
    return { op: adagradStep, constants: [signOf(group), group.weightDecay, group.eps, rate] };
  }
}

/** Settings of {@link Adadelta}. */
export interface AdadeltaOptions extends CommonOptions {
  /** Decay of both means, default 0.9. */
  rho: number;
  /** Default 1e-6. */
  eps: number;
}

/** Adadelta (Zeiler 2012). Default lr 1. */
export class Adadelta extends FusedOptimizer<AdadeltaOptions> {
  constructor(params: Params<AdadeltaOptions>, options?: Given<AdadeltaOptions>) {
    super(params, { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false }, options);
  }

  protected check({ lr, rho, eps, weightDecay }: AdadeltaOptions): void {
    checkHyper('Adadelta', { lr, eps, weightDecay });
    checkHyper('Adadelta', { rho }, 1 + Number.EPSILON);
  }

  protected stateNames(): string[] {
    return ['squareAvg', 'accDelta'];
  }

  protected rule(group: ParamGroup<AdadeltaOptions>): StepRule {
    const { lr, rho, eps, weightDecay } = group;
    return { op: adadeltaStep, constants: [signOf(group), weightDecay, rho, 1 - rho, eps, lr] };
  }
}
