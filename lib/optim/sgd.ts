/** @file Stochastic gradient descent, with momentum and Nesterov's variant. */
import type { Given } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { opcode } from '../native';
import { checkHyper } from './check';
import { FusedOptimizer, signOf, type StepRule } from './fused';
import { type ParamGroup, type Params } from './optimizer';

const plain = opcode('optim', 'sgd');
const withMomentum = opcode('optim', 'momentum');

/** Settings of {@link SGD}. */
export interface SGDOptions {
  /** Learning rate, default 1e-3. */
  lr: number;
  /** Default 0. */
  momentum: number;
  /** Default 0. */
  dampening: number;
  /** L2 penalty, default 0. */
  weightDecay: number;
  /** Default false. */
  nesterov: boolean;
  /** Ascend instead of descend, default false. */
  maximize: boolean;
}

/** Stochastic gradient descent: p -= lr * v, where v = momentum * v + (1 - dampening) * (grad + weightDecay * p). */
export class SGD extends FusedOptimizer<SGDOptions> {
  constructor(params: Params<SGDOptions>, options?: Given<SGDOptions>) {
    super(params, { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false }, options);
  }

  protected check({ lr, momentum, weightDecay, nesterov, dampening }: SGDOptions): void {
    checkHyper('SGD', { lr, momentum, weightDecay });
    if (typeof dampening !== 'number' || !Number.isFinite(dampening)) checkHyper('SGD', { dampening });
    if (nesterov && (momentum <= 0 || dampening !== 0))
      throw new ArgumentError('[SGD] nesterov needs a momentum above 0 and no dampening');
  }

  protected stateNames(group: ParamGroup<SGDOptions>): string[] {
    return group.momentum === 0 ? [] : ['momentumBuffer'];
  }

  protected rule(g: ParamGroup<SGDOptions>, step: number): StepRule {
    const { lr, momentum, weightDecay } = g;
    if (momentum === 0) return { op: plain, constants: [signOf(g), weightDecay, lr] };
    // The first step takes the gradient as it is.
    const mixing = step === 1 ? [0, 1] : [momentum, 1 - g.dampening];
    const change = g.nesterov ? [1, momentum] : [0, 1];
    return { op: withMomentum, constants: [signOf(g), weightDecay, ...mixing, ...change, lr] };
  }
}
