/** @file Parameters: the tensors of a module that are trained. */
import { ArgumentError } from '../core/errors';
import { isFloat } from '../core/dtype';
import { describe } from '../core/shape';
import { empty, Tensor } from '../core/tensor';

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

/**
 * A parameter whose shape is not known yet. It stays the same object when it gets one, so that an optimizer made before
 * trains it.
 */
export class UninitializedParameter extends Parameter {
  #ready = false;
  get isReady(): boolean {
    return this.#ready;
  }
  /** Gives the parameter its shape; its values are undefined until they are written. */
  materialize(shape: readonly number[]): void {
    this.adopt(empty(shape, this.dtype, this.storage.device));
    this.#ready = true;
  }
}
