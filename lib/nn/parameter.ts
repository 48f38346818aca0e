/** @file Parameters: the tensors of a module that are trained. */
import { ShapeError } from '../core/errors';
import { isFloat } from '../core/dtype';
import { boolean } from '../core/params';
import { checkShape, type Shape, showShape } from '../core/shape';
import { empty, needTensor, Tensor } from '../core/tensor';

// What a tensor that shows the memory of `data` is made of.
function sharing(op: string, data: unknown): ConstructorParameters<typeof Tensor> {
  needTensor(op, data);
  return [data.storage, data.shape, data.strides, data.offset, data.dtype];
}

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
    super(...sharing(new.target.name, data));
    boolean.check(new.target.name, 'requiresGrad', requiresGrad);
    this.requiresGrad = requiresGrad;
  }

  override toString(): string {
    return `Parameter containing:\n${super.toString()}`;
  }
}

// Tensors that wait for their shape and have got it; here and not in fields, which a mixin would have to show.
const sized = new WeakSet<Tensor>();

/** A tensor of a layer that learns the size of its input: a dimension of length 0 is not known yet. */
export interface Unsized extends Tensor {
  /** Whether the shape is known. */
  readonly isReady: boolean;
  /** Whether the tensor may get this shape. */
  fits(shape: Shape): boolean;
  /** Gives the tensor its shape; its values are undefined until they are written. */
  materialize(shape: Shape): void;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what TypeScript asks of a mixin
const unsized = <C extends new (...args: any[]) => Tensor>(base: C): C & (new (...args: any[]) => Unsized) =>
  class extends base implements Unsized {
    get isReady(): boolean {
      return sized.has(this);
    }
    fits(shape: Shape): boolean {
      const known = checkShape('fits', shape);
      return known.length === this.shape.length && this.shape.every((d, i) => d === 0 || d === known[i]);
    }
    materialize(shape: Shape): void {
      const known = checkShape('materialize', shape);
      if (!this.fits(known))
        throw new ShapeError(`[materialize] ${showShape(known)} does not fit ${showShape(this.shape)}`);
      this.adopt(empty(known, this.dtype, this.storage.device));
      sized.add(this);
    }
  };

class Buffer extends Tensor {
  constructor(data: Tensor) {
    super(...sharing(new.target.name, data));
  }
}

/**
 * A parameter whose shape is not known yet. It stays the same object when it gets one, so that an optimizer made before
 * trains it.
 */
export class UninitializedParameter extends unsized(Parameter) {}

/** A buffer whose shape is not known yet. */
export class UninitializedBuffer extends unsized(Buffer) {}

/** Whether a tensor still waits for its shape. */
export const isUnsized = (t: Tensor | null): t is Unsized =>
  (t instanceof UninitializedParameter || t instanceof UninitializedBuffer) && !t.isReady;
