/** @file Adam (Kingma and Ba, 2015) and AdamW (Loshchilov and Hutter, 2019). */
import type { Given } from '../core/arguments';
import { opcode } from '../native';
import { checkBetas, checkHyper } from './check';
import { type CommonOptions, FusedOptimizer, signOf, type StepRule } from './fused';
import { type ParamGroup, type Params } from './optimizer';

const plain = opcode('optim', 'adam');
const withLargest = opcode('optim', 'amsgrad');

/** Settings of the optimizers that keep a mean of the gradient and one of its square. */
export interface MomentsOptions extends CommonOptions {
  /** Decay of the two means, default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the denominator, default 1e-8. */
  eps: number;
}

/** Settings of {@link Adam} and {@link AdamW}. */
export interface AdamOptions extends MomentsOptions {
  /** Divide by the largest running mean of squares so far, default false. */
  amsgrad: boolean;
  /** Decay the parameters themselves, as AdamW, instead of adding to the gradient. Default false. */
  decoupledWeightDecay: boolean;
}
/** Settings of {@link AdamW}. */
export type AdamWOptions = Omit<AdamOptions, 'decoupledWeightDecay'>;

export const moments: MomentsOptions = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, maximize: false };

/** Where the formula of Adam's relatives differs. */
interface Variant {
  /** Decay shrinks the parameters themselves instead of adding to the gradient. */
  decoupled: boolean;
  amsgrad?: boolean | undefined;
  /** Weights of the gradient and of its mean in the step, default 0 and 1. */
  own?: number | undefined;
  ahead?: number | undefined;
  /** Added to the root of the mean of squares times `scale`: default eps, and the correction of the mean's bias. */
  eps?: number | undefined;
  scale?: number | undefined;
  /** Default lr, with the correction of the other mean's bias. */
  rate?: number | undefined;
}

/** Base of Adam and its relatives. */
export abstract class Moments<O extends MomentsOptions> extends FusedOptimizer<O> {
  protected check({ lr, betas, eps, weightDecay }: O): void {
    checkHyper(this, { lr, eps, weightDecay });
    checkBetas(this, betas);
  }

  protected stateNames(_group: ParamGroup<O>): string[] {
    return ['expAvg', 'expAvgSq'];
  }
}

/** Adam's own step, unless the variant says otherwise. */
export function adamRule(g: ParamGroup<MomentsOptions>, step: number, variant: Variant): StepRule {
  const { lr, betas, weightDecay } = g;
  const { decoupled, amsgrad = false, own = 0, ahead = 1, eps = g.eps } = variant;
  const { scale = 1 / Math.sqrt(1 - betas[1] ** step), rate = lr / (1 - betas[0] ** step) } = variant;
  const added = decoupled ? 0 : weightDecay;
  const kept = decoupled ? 1 - lr * weightDecay : 1;
  return {
    op: amsgrad ? withLargest : plain,
    constants: [signOf(g), added, kept, 1 - betas[0], betas[1], 1 - betas[1], own, ahead, eps, scale, rate],
  };
}

abstract class AdamBase<O extends AdamWOptions> extends Moments<O> {
  protected abstract decoupled(group: ParamGroup<O>): boolean;

  protected override stateNames(group: ParamGroup<O>): string[] {
    return group.amsgrad ? [...super.stateNames(group), 'maxExpAvgSq'] : super.stateNames(group);
  }

  protected rule(group: ParamGroup<O>, step: number): StepRule {
    return adamRule(group, step, { decoupled: this.decoupled(group), amsgrad: group.amsgrad });
  }
}

/** Adam: steps by the running mean of the gradient over the root of that of its square. */
export class Adam extends AdamBase<AdamOptions> {
  protected decoupled(group: ParamGroup<AdamOptions>): boolean {
    return group.decoupledWeightDecay;
  }
  constructor(params: Params<AdamOptions>, options?: Given<AdamOptions>) {
    super(params, { ...moments, amsgrad: false, decoupledWeightDecay: false }, options);
  }
}

/** Adam with decoupled weight decay, default 0.01: p -= lr * weightDecay * p, apart from the gradient. */
export class AdamW extends AdamBase<AdamWOptions> {
  protected decoupled(): boolean {
    return true;
  }
  constructor(params: Params<AdamWOptions>, options?: Given<AdamWOptions>) {
    super(params, { ...moments, amsgrad: false, weightDecay: 1e-2 }, options);
  }
}
