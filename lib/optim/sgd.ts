/** @file Stochastic gradient descent, with momentum and Nesterov's variant. */
import { ArgumentError } from '../core/errors';
import { kernel } from '../native';
import { checkHyper } from './check';
import { Optimizer, type ParamGroup, type Params, type Segments } from './optimizer';

const sgdKernel = kernel('sgd');

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
export class SGD extends Optimizer<SGDOptions> {
  constructor(params: Params<SGDOptions>, options?: Partial<SGDOptions>) {
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

  protected update(g: ParamGroup<SGDOptions>, s: Segments): void {
    const momentum = s.lists['momentumBuffer'] ?? [];
    sgdKernel(
      s.work,
      s.params,
      s.grads,
      momentum,
      s.sizes,
      g.lr,
      g.momentum,
      g.dampening,
      g.weightDecay,
      g.nesterov,
      g.maximize,
      s.step === 0,
    );
  }
}
