/** @file Optimizers that divide by the root of past squared gradients: RMSprop, Adagrad, Adadelta. */
import { checkHyper } from './check';
import { blend, blendSquare, type CommonOptions, CompositeOptimizer, type Update } from './composite';
import { type ParamGroup, type Params } from './optimizer';

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
export class RMSprop extends CompositeOptimizer<RMSpropOptions> {
  constructor(params: Params<RMSpropOptions>, options?: Partial<RMSpropOptions>) {
    const defaults = { lr: 1e-2, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false };
    super(params, { ...defaults, maximize: false }, options);
  }

  protected check({ lr, alpha, eps, weightDecay, momentum }: RMSpropOptions): void {
    checkHyper('RMSprop', { lr, alpha, eps, weightDecay, momentum });
  }

  protected stateNames({ momentum, centered }: ParamGroup<RMSpropOptions>): string[] {
    return ['squareAvg', ...(momentum > 0 ? ['momentumBuffer'] : []), ...(centered ? ['gradAvg'] : [])];
  }

  protected updateOne({ group, param, grad, of }: Update<RMSpropOptions>): void {
    const { lr, alpha, eps, momentum, centered } = group;
    let mean = blendSquare(of('squareAvg'), grad, alpha);
    if (centered) mean = mean.sub(blend(of('gradAvg'), grad, alpha).square());
    const scaled = grad.div(mean.sqrt().add_(eps));
    param.sub_((momentum > 0 ? of('momentumBuffer').mul_(momentum).add_(scaled) : scaled).mul(lr));
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
export class Adagrad extends CompositeOptimizer<AdagradOptions> {
  constructor(params: Params<AdagradOptions>, options?: Partial<AdagradOptions>) {
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

  protected updateOne({ group, param, grad, step, of }: Update<AdagradOptions>): void {
    const rate = group.lr / (1 + (step - 1) * group.lrDecay);
    const sum = of('sum').add_(grad.square());
    param.sub_(grad.div(sum.sqrt().add_(group.eps)).mul_(rate));
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
export class Adadelta extends CompositeOptimizer<AdadeltaOptions> {
  constructor(params: Params<AdadeltaOptions>, options?: Partial<AdadeltaOptions>) {
    super(params, { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false }, options);
  }

  protected check({ lr, rho, eps, weightDecay }: AdadeltaOptions): void {
    checkHyper('Adadelta', { lr, eps, weightDecay });
    checkHyper('Adadelta', { rho }, 1 + Number.EPSILON);
  }

  protected stateNames(): string[] {
    return ['squareAvg', 'accDelta'];
  }

  protected updateOne({ group, param, grad, of }: Update<AdadeltaOptions>): void {
    const { lr, rho, eps } = group;
    const std = blendSquare(of('squareAvg'), grad, rho).add(eps).sqrt_();
    const delta = of('accDelta').add(eps).sqrt_().div_(std).mul_(grad);
    blendSquare(of('accDelta'), delta, rho);
    param.sub_(delta.mul_(lr));
  }
}
