/** @file Adam (Kingma and Ba, 2015) and AdamW (Loshchilov and Hutter, 2019). */
import { kernel } from '../native';
import { checkBetas, checkHyper } from './check';
import { Optimizer, type ParamGroup, type Params, type Segments } from './optimizer';

const adamKernel = kernel('adam');

/** Settings of {@link Adam} and {@link AdamW}. */
export interface AdamOptions {
  /** Learning rate, default 1e-3. */
  lr: number;
  /** Decay of the running means of the gradient and of its square, default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the denominator, default 1e-8. */
  eps: number;
  /** Default 0 (an L2 penalty) for Adam, 0.01 (decoupled) for AdamW. */
  weightDecay: number;
  /** Divide by the largest running mean of squares so far, default false. */
  amsgrad: boolean;
  /** Ascend instead of descend, default false. */
  maximize: boolean;
}

const defaults: AdamOptions = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
};

abstract class AdamBase extends Optimizer<AdamOptions> {
  protected abstract readonly decoupled: boolean;

  protected check({ lr, betas, eps, weightDecay }: AdamOptions): void {
    const name = this.constructor.name;
    checkHyper(name, { lr, eps, weightDecay });
    checkBetas(name, betas);
  }

  protected stateNames(group: ParamGroup<AdamOptions>): string[] {
    return group.amsgrad ? ['expAvg', 'expAvgSq', 'maxExpAvgSq'] : ['expAvg', 'expAvgSq'];
  }

  protected update(g: ParamGroup<AdamOptions>, s: Segments): void {
    const { expAvg, expAvgSq, maxExpAvgSq = [] } = s.lists;
    adamKernel(
      s.work * 2,
      s.params,
      s.grads,
      expAvg!,
      expAvgSq!,
      maxExpAvgSq,
      s.sizes,
      g.lr,
      g.betas[0],
      g.betas[1],
      g.eps,
      g.weightDecay,
      this.decoupled,
      g.maximize,
      s.step + 1,
    );
  }
}

/** Adam: steps by the running mean of the gradient over the root of that of its square. */
export class Adam extends AdamBase {
  protected get decoupled(): boolean {
    return false;
  }
  constructor(params: Params<AdamOptions>, options?: Partial<AdamOptions>) {
    super(params, defaults, options);
  }
}

/** Adam with decoupled weight decay: p -= lr * weightDecay * p, apart from the gradient. */
export class AdamW extends AdamBase {
  protected get decoupled(): boolean {
    return true;
  }
  constructor(params: Params<AdamOptions>, options?: Partial<AdamOptions>) {
    super(params, { ...defaults, weightDecay: 1e-2 }, options);
  }
}
