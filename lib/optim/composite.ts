/** @file The base of optimizers whose step is written with tensor operations, parameter by parameter. */
import { type Tensor } from '../core/tensor';
import { Optimizer, type ParamGroup, type ParamState, type Segments } from './optimizer';

/** Settings that most optimizers have. */
export interface CommonOptions {
  /** Learning rate. */
  lr: number;
  /** L2 penalty (or, where an optimizer says so, decoupled decay), default 0. */
  weightDecay: number;
  /** Ascend instead of descend, default false. */
  maximize: boolean;
}

/** One parameter in one step. */
export interface Update<O> {
  group: ParamGroup<O>;
  param: Tensor;
  /** With the sign of `maximize` and the L2 penalty applied; not to be changed. */
  grad: Tensor;
  /** The number of this step, from 1. */
  step: number;
  /** The state tensor of that name. */
  of(name: string): Tensor;
  /** Numbers kept beside the tensors. */
  state: ParamState;
}

/** Base of optimizers that change one parameter at a time. All runs untracked. */
export abstract class CompositeOptimizer<O extends CommonOptions> extends Optimizer<O> {
  /** Changes the parameter and its state. */
  protected abstract updateOne(u: Update<O>): void;

  /** Whether weightDecay is added to the gradient. Where it is not, `updateOne` applies it. */
  protected decaysGradient(_group: ParamGroup<O>): boolean {
    return true;
  }

  protected update(group: ParamGroup<O>, s: Segments): void {
    s.params.forEach((param, i) => {
      let grad = group.maximize ? s.grads[i]!.neg() : s.grads[i]!;
      if (group.weightDecay !== 0 && this.decaysGradient(group)) grad = grad.add(param.mul(group.weightDecay));
      const of = (name: string): Tensor => s.lists[name]![i]!;
      this.updateOne({ group, param, grad, step: s.step + 1, of, state: s.states[i]! });
    });
  }
}

/** average = decay average + (1 - decay) value, in place. */
export const blend = (average: Tensor, value: Tensor, decay: number): Tensor =>
  average.add_(value.sub(average).mul_(1 - decay));

/** average = decay average + (1 - decay) grad^2, in place. */
export const blendSquare = (average: Tensor, grad: Tensor, decay: number): Tensor =>
  average.mul_(decay).add_(grad.square().mul_(1 - decay));
