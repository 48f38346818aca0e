/** @file Parameters: the tensors of a module that are trained. */
import { ArgumentError } from '../core/errors';
import { isFloat } from '../core/dtype';
import { describe } from '../core/shape';
import { Tensor } from '../core/tensor';

/**
 * A tensor that a module trains. Kept in a field of a {@link Module}, it is found by `parameters()` and `stateDict()`.
 * It shows the memory of the tensor it is made from.
 */
export class Parameter extends Tensor {
  /**
   * @param data - the first value; its history is not kept
   * @param requiresGrad - default true for floating-point tensors
   */
  constructor(data: Tensor, requiresGrad = data instanceof Tensor && isFloat(data.dtype)) {
    if (!(data instanceof Tensor)) throw new ArgumentError(`[Parameter] expected a tensor, got ${describe(data)}`);
    data.checkAlive('Parameter');
    super(data.storage, data.shape, data.strides, data.offset, data.dtype);
    this.requiresGrad = requiresGrad;
  }

  override toString(): string {
    return `Parameter containing:\n${super.toString()}`;
  }
}
