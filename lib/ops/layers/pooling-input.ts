/** @file What all pooling over windows takes. */
import { isFloat } from '../../core/dtype';
import { DTypeError, ShapeError } from '../../core/errors';
import { showShape } from '../../core/shape';
import { needTensor, type Tensor } from '../../core/tensor';

/** Throws unless x holds floating-point numbers, [batch, channels, ...n dimensions] or without a batch. */
export function checkPooled(op: string, n: number, x: Tensor): void {
  needTensor(op, x);
  if (x.ndim !== n + 1 && x.ndim !== n + 2)
    throw new ShapeError(`[${op}] input ${showShape(x.shape)} needs ${n + 1} (without batch) or ${n + 2} dimensions`);
  if (!isFloat(x.dtype)) throw new DTypeError(`[${op}] needs a floating-point tensor, got ${x.dtype}`);
}
