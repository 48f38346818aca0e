/** @file Relatives of Adam: NAdam, RAdam, Adamax, LAMB. */
import type { Given } from '../core/arguments';
import { scope } from '../core/scope';
import { empty, type Tensor } from '../core/tensor';
import { opcode } from '../native';
import { runSquares, runStep } from '../ops/kit/segments';
import { where } from '../ops/elementwise/where';
import { adamRule, moments, Moments, type MomentsOptions } from './adam';
import { checkHyper } from './check';
import { type Numbers, signOf, type StepRule } from './fused';
import { type ParamGroup, type Params, type Segments } from './optimizer';

const adamaxStep = opcode('optim', 'adamax');
const lambStep = opcode('optim', 'lamb');
const sgdStep = opcode('optim', 'sgd');

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

/** Adam with Nesterov momentum (Dozat 2016). Default lr 2e-3. */
export class NAdam extends Moments<NAdamOptions> {
  constructor(params: Params<NAdamOptions>, options?: Given<NAdamOptions>) {
    super(params, { ...moments, lr: 2e-3, momentumDecay: 4e-3, decoupledWeightDecay: false }, options);
  }

  protected override check(o: NAdamOptions): void {
    super.check(o);
    checkHyper('NAdam', { momentumDecay: o.momentumDecay });
  }

  protected rule(group: ParamGroup<NAdamOptions>, step: number, { muProduct = 1 }: Numbers): StepRule {
    const { lr, betas, momentumDecay, decoupledWeightDecay: decoupled } = group;
    const momentum = (t: number): number => betas[0] * (1 - 0.5 * 0.96 ** (t * momentumDecay));
    const [now, next] = [momentum(step), momentum(step + 1)];
    const product = muProduct * now;
    const weights = { own: (1 - now) / (1 - product), ahead: next / (1 - product * next) };
    return { ...adamRule(group, step, { decoupled, ...weights, rate: lr }), numbers: { muProduct: product } };
  }
}

/** Rectified Adam (Liu et al. 2020): plain momentum until the mean of squares can be trusted. Default lr 1e-3. */
export class RAdam extends Moments<RAdamOptions> {
  constructor(params: Params<RAdamOptions>, options?: Given<RAdamOptions>) {
    super(params, { ...moments, decoupledWeightDecay: false }, options);
  }

  protected rule(group: ParamGroup<RAdamOptions>, step: number): StepRule {
    const [beta1, beta2] = group.betas;
    const decoupled = group.decoupledWeightDecay;
    const [correction1, correction2] = [1 - beta1 ** step, 1 - beta2 ** step];
    // The length of the mean of squares, and its limit.
    const limit = 2 / (1 - beta2) - 1;
    const length = limit - (2 * step * beta2 ** step) / correction2;
    if (length <= 5) return adamRule(group, step, { decoupled, eps: 1, scale: 0 });
    const rectify = Math.sqrt(((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length));
    const rate = (group.lr / correction1) * Math.sqrt(correction2) * rectify;
    return adamRule(group, step, { decoupled, scale: 1, rate });
  }
}

/** Adam with the largest recent gradient in place of the root mean square (Kingma and Ba 2015). Default lr 2e-3. */
export class Adamax extends Moments<MomentsOptions> {
  constructor(params: Params<MomentsOptions>, options?: Given<MomentsOptions>) {
    super(params, { ...moments, lr: 2e-3 }, options);
  }

  protected override stateNames(): string[] {
    return ['expAvg', 'expInf'];
  }

  protected rule(group: ParamGroup<MomentsOptions>, step: number): StepRule {
    const { lr, betas, eps, weightDecay } = group;
    const rate = lr / (1 - betas[0] ** step);
    return { op: adamaxStep, constants: [signOf(group), weightDecay, 1 - betas[0], betas[1], eps, rate] };
  }
}

/**
 * LAMB (You et al. 2020, version 2 of algorithm 2): an AdamW step whose length, layer by layer, is that of the weights.
 * Default lr 1e-3, eps 1e-6; weightDecay is decoupled.
 */
export class LAMB extends Moments<MomentsOptions> {
  constructor(params: Params<MomentsOptions>, options?: Given<MomentsOptions>) {
    super(params, { ...moments, eps: 1e-6 }, options);
  }

  protected rule(group: ParamGroup<MomentsOptions>, step: number): StepRule {
    const { betas, eps, weightDecay } = group;
    const means = [1 - betas[0], betas[1], 1 - betas[1]];
    const corrections = [1 / (1 - betas[0] ** step), 1 / Math.sqrt(1 - betas[1] ** step)];
    return { op: lambStep, constants: [signOf(group), ...means, ...corrections, eps, weightDecay] };
  }

  protected override get severalCalls(): boolean {
    return true;
  }

  // The steps, then their lengths and those of the weights, and then each step at its own rate. Nothing waits for the
  // lengths. The steps need as much memory as the weights, so it is given back at once.
  protected override update(group: ParamGroup<MomentsOptions>, s: Segments): void {
    scope(() => {
      const steps = s.params.map((p): Tensor => empty(p.shape, p.dtype, p.storage.device));
      runStep(this.rule(group, s.step + 1), s.params, s.grads, [...s.lists, steps], null, s.guard);
      const [weights, lengths] = [runSquares(s.params).sqrt_(), runSquares(steps).sqrt_()];
      // New biases are 0, gradients may be: such a layer takes the step as it is.
      const trust = where(weights.minimum(lengths).gt(0), weights.div(lengths), 1);
      runStep({ op: sgdStep, constants: [1, 0, group.lr] }, s.params, steps, [], trust, s.guard);
    });
  }
}
