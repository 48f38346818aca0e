/** @file Relatives of Adam: NAdam, RAdam, Adamax, LAMB. */
import { where } from '../ops/where';
import { checkBetas, checkHyper } from './check';
import { blend, blendSquare, type CommonOptions, CompositeOptimizer, type Update } from './composite';
import { type ParamGroup, type Params } from './optimizer';

/** Settings of the optimizers that keep a mean of the gradient and one of its square. */
export interface MomentsOptions extends CommonOptions {
  /** Decay of the two means, default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the denominator, default 1e-8. */
  eps: number;
}

/** Settings of {@link RAdam}. */
export interface RAdamOptions extends MomentsOptions {
  /** Shrink the parameters themselves instead of adding to the gradient (as AdamW), default false. */
  decoupledWeightDecay: boolean;
}

/** Settings of {@link NAdam}. */
export interface NAdamOptions extends RAdamOptions {
  /** How quickly the momentum rises to betas[0], default 4e-3. */
  momentumDecay: number;
}

const moments: MomentsOptions = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, maximize: false };

abstract class Moments<O extends MomentsOptions> extends CompositeOptimizer<O> {
  protected check({ lr, betas, eps, weightDecay }: O): void {
    checkHyper(this.constructor.name, { lr, eps, weightDecay });
    checkBetas(this.constructor.name, betas);
  }

  protected stateNames(_group: ParamGroup<O>): string[] {
    return ['expAvg', 'expAvgSq'];
  }
}

abstract class Decoupling<O extends RAdamOptions> extends Moments<O> {
  protected override decaysGradient(group: ParamGroup<O>): boolean {
    return !group.decoupledWeightDecay;
  }

  /** Updates both means, and shrinks the parameter if decay is decoupled. */
  protected advance({ group, param, grad, of }: Update<O>): void {
    if (group.decoupledWeightDecay && group.weightDecay !== 0) param.mul_(1 - group.lr * group.weightDecay);
    blend(of('expAvg'), grad, group.betas[0]);
    blendSquare(of('expAvgSq'), grad, group.betas[1]);
  }
}

/** Adam with Nesterov momentum (Dozat 2016). Default lr 2e-3. */
export class NAdam extends Decoupling<NAdamOptions> {
  constructor(params: Params<NAdamOptions>, options?: Partial<NAdamOptions>) {
    super(params, { ...moments, lr: 2e-3, momentumDecay: 4e-3, decoupledWeightDecay: false }, options);
  }

  protected override check(o: NAdamOptions): void {
    super.check(o);
    checkHyper('NAdam', { momentumDecay: o.momentumDecay });
  }

  protected updateOne(u: Update<NAdamOptions>): void {
    const { group, param, grad, step, of, state } = u;
    const { lr, betas, eps, momentumDecay } = group;
    this.advance(u);
    const momentum = (t: number): number => betas[0] * (1 - 0.5 * 0.96 ** (t * momentumDecay));
    const [now, next] = [momentum(step), momentum(step + 1)];
    const product = ((state['muProduct'] as number | undefined) ?? 1) * now;
    state['muProduct'] = product;
    const denominator = of('expAvgSq')
      .div(1 - betas[1] ** step)
      .sqrt_()
      .add_(eps);
    param.sub_(grad.div(denominator).mul_((lr * (1 - now)) / (1 - product)));
    param.sub_(
      of('expAvg')
        .div(denominator)
        .mul_((lr * next) / (1 - product * next)),
    );
  }
}

/** Rectified Adam (Liu et al. 2020): plain momentum until the mean of squares can be trusted. Default lr 1e-3. */
export class RAdam extends Decoupling<RAdamOptions> {
  constructor(params: Params<RAdamOptions>, options?: Partial<RAdamOptions>) {
    super(params, { ...moments, decoupledWeightDecay: false }, options);
  }

  protected updateOne(u: Update<RAdamOptions>): void {
    const { group, param, step, of } = u;
    const [beta1, beta2] = group.betas;
    this.advance(u);
    const [correction1, correction2] = [1 - beta1 ** step, 1 - beta2 ** step];
    const change = of('expAvg').mul(group.lr / correction1);
    // The length of the mean of squares, and its limit.
    const limit = 2 / (1 - beta2) - 1;
    const length = limit - (2 * step * beta2 ** step) / correction2;
    if (length > 5) {
      const rectify = Math.sqrt(((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length));
      change.div_(of('expAvgSq').sqrt().add_(group.eps)).mul_(Math.sqrt(correction2) * rectify);
    }
    param.sub_(change);
  }
}

/** Adam with the largest recent gradient in place of the root mean square (Kingma and Ba 2015). Default lr 2e-3. */
export class Adamax extends Moments<MomentsOptions> {
  constructor(params: Params<MomentsOptions>, options?: Partial<MomentsOptions>) {
    super(params, { ...moments, lr: 2e-3 }, options);
  }

  protected override stateNames(): string[] {
    return ['expAvg', 'expInf'];
  }

  protected updateOne({ group, param, grad, step, of }: Update<MomentsOptions>): void {
    const [beta1, beta2] = group.betas;
    const mean = blend(of('expAvg'), grad, beta1);
    const largest = of('expInf');
    largest.copy_(largest.mul(beta2).maximum(grad.abs().add_(group.eps)));
    param.sub_(mean.div(largest).mul_(group.lr / (1 - beta1 ** step)));
  }
}

/**
 * LAMB (You et al. 2020, version 2 of algorithm 2): an AdamW step whose length, layer by layer, is that of the weights.
 * Default lr 1e-3, eps 1e-6; weightDecay is decoupled.
 */
export class LAMB extends Moments<MomentsOptions> {
  constructor(params: Params<MomentsOptions>, options?: Partial<MomentsOptions>) {
    super(params, { ...moments, eps: 1e-6 }, options);
  }

  protected override decaysGradient(): boolean {
    return false;
  }

  protected updateOne({ group, param, grad, step, of }: Update<MomentsOptions>): void {
    const [beta1, beta2] = group.betas;
    const mean = blend(of('expAvg'), grad, beta1).div(1 - beta1 ** step);
    const square = blendSquare(of('expAvgSq'), grad, beta2).div(1 - beta2 ** step);
    const change = mean.div_(square.sqrt_().add_(group.eps));
    if (group.weightDecay !== 0) change.add_(param.mul(group.weightDecay));
    const [weights, length] = [param.square().sum().sqrt(), change.square().sum().sqrt()];
    // New biases are 0, gradients may be: such a layer takes the step as it is. Nothing waits for the norms.
    const trust = where(weights.minimum(length).gt(0), weights.div(length), 1);
    param.sub_(change.mul_(trust).mul_(group.lr));
  }
}
