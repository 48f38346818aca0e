/** @file Optimizers that look at the sign of the gradient: Lion, Rprop; and averaged SGD. */
import type { Given } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';
import { opcode } from '../native';
import { checkBetas, checkHyper } from './check';
import { type CommonOptions, FusedOptimizer, type Numbers, signOf, type StepRule } from './fused';
import { type ParamGroup, type Params } from './optimizer';

const lionStep = opcode('optim', 'lion');
const rpropStep = opcode('optim', 'rprop');
const asgdStep = opcode('optim', 'asgd');

/** Settings of {@link Lion}. */
export interface LionOptions extends CommonOptions {
  /** Weight of the mean in the step, and its decay; default [0.9, 0.99]. */
  betas: readonly [number, number];
}

/** Lion (Chen et al. 2023): steps by the sign of an interpolated mean. Default lr 1e-4; weightDecay is decoupled. */
export class Lion extends FusedOptimizer<LionOptions> {
  constructor(params: Params<LionOptions>, options?: Given<LionOptions>) {
    super(params, { lr: 1e-4, betas: [0.9, 0.99], weightDecay: 0, maximize: false }, options);
  }

  protected check({ lr, betas, weightDecay }: LionOptions): void {
    checkHyper('Lion', { lr, weightDecay });
    checkBetas('Lion', betas);
  }

  protected stateNames(): string[] {
    return ['expAvg'];
  }

  protected rule(group: ParamGroup<LionOptions>): StepRule {
    const { lr, betas, weightDecay } = group;
    const means = [betas[0], 1 - betas[0], 1 - betas[1]];
    return { op: lionStep, constants: [signOf(group), 1 - lr * weightDecay, ...means, lr] };
  }
}

/** Settings of {@link Rprop}. It takes no weight decay. */
export interface RpropOptions extends CommonOptions {
  /** Factors of a step size after a change of sign, and without one; default [0.5, 1.2]. */
  etas: readonly [number, number];
  /** Smallest and largest step, default [1e-6, 50]. */
  stepSizes: readonly [number, number];
}

/** Resilient backpropagation (Riedmiller and Braun 1993), for whole-data gradients. Default lr (the first step) 1e-2. */
export class Rprop extends FusedOptimizer<RpropOptions> {
  constructor(params: Params<RpropOptions>, options?: Given<RpropOptions>) {
    super(params, { lr: 1e-2, etas: [0.5, 1.2], stepSizes: [1e-6, 50], weightDecay: 0, maximize: false }, options);
  }

  protected check({ lr, etas, stepSizes, weightDecay }: RpropOptions): void {
    checkHyper('Rprop', { lr, 'stepSizes[0]': stepSizes?.[0], 'stepSizes[1]': stepSizes?.[1] });
    if (weightDecay !== 0) throw new ArgumentError('[Rprop] takes no weightDecay');
    if (!(etas?.[0] > 0 && etas[0] < 1 && etas[1] > 1))
      throw new ArgumentError(`[Rprop] etas must be below and above 1, got ${describe(etas)} ${String(etas)}`);
  }

  protected stateNames(): string[] {
    return ['prev', 'stepSize'];
  }

  protected override initialState(name: string, group: ParamGroup<RpropOptions>): number {
    return name === 'stepSize' ? group.lr : 0;
  }

  protected rule(group: ParamGroup<RpropOptions>): StepRule {
    return { op: rpropStep, constants: [signOf(group), ...group.etas, ...group.stepSizes] };
  }
}

/** Settings of {@link ASGD}. */
export interface ASGDOptions extends CommonOptions {
  /** Decay term, default 1e-4. */
  lambd: number;
  /** Power with which the rate falls, default 0.75. */
  alpha: number;
  /** The step at which averaging starts, default 1e6. */
  t0: number;
}

/** Averaged SGD (Polyak and Juditsky 1992). The mean of the parameters is the state `ax`. Default lr 1e-2. */
export class ASGD extends FusedOptimizer<ASGDOptions> {
  constructor(params: Params<ASGDOptions>, options?: Given<ASGDOptions>) {
    super(params, { lr: 1e-2, lambd: 1e-4, alpha: 0.75, t0: 1e6, weightDecay: 0, maximize: false }, options);
  }

  protected check({ lr, weightDecay, lambd, alpha, t0 }: ASGDOptions): void {
    checkHyper('ASGD', { lr, weightDecay });
    for (const [name, v] of Object.entries({ lambd, alpha, t0 }))
      if (typeof v !== 'number' || Number.isNaN(v))
        throw new ArgumentError(`[ASGD] ${name} must be a number, got ${describe(v)}`);
  }

  protected stateNames(): string[] {
    return ['ax'];
  }

  protected rule(group: ParamGroup<ASGDOptions>, step: number, { eta = group.lr, mu = 1 }: Numbers): StepRule {
    const { lr, lambd, alpha, t0, weightDecay } = group;
    return {
      op: asgdStep,
      constants: [signOf(group), weightDecay, 1 - lambd * eta, mu, eta],
      numbers: { eta: lr / (1 + lambd * lr * step) ** alpha, mu: 1 / Math.max(1, step - t0) },
    };
  }
}
