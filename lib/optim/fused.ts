/** @file The base of optimizers whose step is one kernel call for all parameters of a group. */
import { runStep, type Rule } from '../ops/kit/segments';
import { Optimizer, type ParamGroup, type Segments } from './optimizer';

/** Settings that most optimizers have. */
export interface CommonOptions {
  /** Learning rate. */
  lr: number;
  /** L2 penalty (or, where an optimizer says so, decoupled decay), default 0. */
  weightDecay: number;
  /** Ascend instead of descend, default false. */
  maximize: boolean;
}

/** Numbers kept beside a parameter's state tensors. */
export type Numbers = Record<string, number | undefined>;

/** How parameters are changed, and numbers to keep. */
export type StepRule = Rule & { numbers?: Numbers | undefined };

/** -1 to ascend. */
export const signOf = (group: { maximize: boolean }): number => (group.maximize ? -1 : 1);

/** Base of optimizers that are a formula. */
export abstract class FusedOptimizer<O extends object> extends Optimizer<O> {
  /**
   * The formula, whose states are those of `stateNames` in that order, and its constants.
   * @param step - the number of this step, from 1
   * @param numbers - those that the rule of the step before gave
   */
  protected abstract rule(group: ParamGroup<O>, step: number, numbers: Numbers): StepRule;

  protected update(group: ParamGroup<O>, s: Segments): void {
    const rule = this.rule(group, s.step + 1, s.states[0] as Numbers);
    runStep(rule, s.params, s.grads, s.lists, null, s.guard);
    if (rule.numbers) for (const state of s.states) Object.assign(state, rule.numbers);
  }
}
