/** @file What all losses share: checking their inputs, and reducing the losses of elements to a result. */
import { isFloat } from '../../core/dtype';
import type { WithRequired } from '../../core/arguments';
import { ArgumentError, DTypeError, ShapeError } from '../../core/errors';
import { oneOf, type Param, tensor } from '../../core/params';
import { describe, sameShape, showShape } from '../../core/shape';
import { needTensor, shapeOf, type Tensor } from '../../core/tensor';
import { sameDevice } from '../kit/launch';
import { mean, sum } from '../reduce/reduce';

/** How the losses of single elements become the result. */
export type Reduction = 'none' | 'mean' | 'sum';

/** The mean (default) or sum of element losses, or the losses themselves. */
export function reduceLoss(op: string, loss: Tensor, reduction: Reduction = 'mean'): Tensor {
  if (reduction === 'mean') return mean(loss);
  if (reduction === 'sum') return sum(loss);
  if (reduction === 'none') return loss;
  throw new ArgumentError(`[${op}] reduction is 'none', 'mean' or 'sum', got ${describe(reduction)}`);
}

/** How element losses become the result; default `'mean'`. */
export interface ReductionOptions {
  reduction?: Reduction | undefined;
}

/** For `readArguments`. */
export const byMean: Param<Reduction> = oneOf<Reduction>('none', 'mean', 'sum').or('mean' as const);
export const noWeight: Param<Tensor | null> = tensor.orNull();
/** What losses of two tensors begin with. */
export const targetSpec = { target: tensor };
/** The target of a loss, by name. */
export interface Target {
  target: Tensor;
}
/** Arguments of losses of an input and a target. */
export type LossArguments<S extends object> = WithRequired<[target: Tensor], Target, S>;

/** Checks that these are tensors of one device, the first of them floating-point. */
export function checkInputs(op: string, input: Tensor, ...others: Tensor[]): void {
  needTensor(op, input);
  for (const t of others) {
    needTensor(op, t);
    sameDevice(op, input, t);
  }
  if (!isFloat(input.dtype)) throw new DTypeError(`[${op}] the input must be floating-point, got ${input.dtype}`);
}

/** {@link checkInputs} for two tensors that must have one shape. */
export function checkPair(op: string, input: Tensor, target: Tensor, name = 'target'): void {
  checkInputs(op, input, target);
  if (!sameShape(shapeOf(input), shapeOf(target)))
    throw new ShapeError(
      `[${op}] input ${showShape(shapeOf(input))} and ${name} ${showShape(shapeOf(target))} must have the same shape`,
    );
}
