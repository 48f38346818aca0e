/** @file In-place forms of ops that are expressions in others: the result is computed aside, then written. */
import { checkInPlace, needsTracking } from '../../core/autograd';
import { isFloat } from '../../core/dtype';
import { DTypeError, ShapeError } from '../../core/errors';
import { sameShape, showShape } from '../../core/shape';
import { needTensor, type Tensor } from '../../core/tensor';
import '../tensors/cast';
import { remembered } from './overwrite';

/** `op`, its result written over its first tensor, which must have room for it: the shape, and no fraction cut. */
export function inPlaceOf<A extends unknown[]>(
  name: string,
  op: (t: Tensor, ...args: A) => Tensor,
): (t: Tensor, ...args: A) => Tensor {
  return (t, ...args) => {
    needTensor(name, t);
    checkInPlace(name, t, [t]);
    // What the gradient reads of the old value must survive the write.
    const y = op(needsTracking([t]) ? remembered(t) : t, ...args);
    if (!sameShape(y.shape, t.shape))
      throw new ShapeError(`[${name}] the result ${showShape(y.shape)} does not fit into ${showShape(t.shape)}`);
    if (isFloat(y.dtype) && !isFloat(t.dtype))
      throw new DTypeError(`[${name}] a result of ${y.dtype} does not fit into a tensor of ${t.dtype}`);
    return t.copy_(y);
  };
}
