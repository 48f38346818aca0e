/** @file Choosing between two operands by a condition. */
import { track } from '../core/autograd';
import { type DType, resultType, resultTypeScalar } from '../core/dtype';
import { ArgumentError, DTypeError } from '../core/errors';
import { broadcastShapes, broadcastStrides, describe, numel, type Shape } from '../core/shape';
import { addMethods, empty, Tensor } from '../core/tensor';
import { kernel } from '../native';
import { cast } from './cast';
import type { Operand } from './define';
import { runFill, sameDevice } from './launch';
import { nonzero } from './nonzero';

const whereKernel = kernel('where');

/** out = c ? a : b, all broadcast to `shape`; a, b and out have one dtype; out may be a or b. Untracked. */
export function runWhere(
  c: Tensor,
  a: Tensor,
  b: Tensor,
  shape: Shape,
  out = empty(shape, a.dtype, a.storage.device),
): Tensor {
  const along = (t: Tensor): readonly number[] => broadcastStrides(t.shape, t.strides, shape);
  whereKernel(numel(shape) * 0.5, out, c, a, b, shape, out.strides, along(c), along(a), along(b));
  return out;
}

// Two numbers give float32, as tensor() does; two booleans bool.
function commonType(a: Operand, b: Operand): DType {
  if (a instanceof Tensor) {
    if (b instanceof Tensor) return resultType(a, b);
    return typeof b === 'boolean' ? a.dtype : resultTypeScalar(a.dtype, b);
  }
  if (b instanceof Tensor) return commonType(b, a);
  return typeof a === 'boolean' && typeof b === 'boolean' ? 'bool' : 'float32';
}

/**
 * `a` where the condition holds, `b` elsewhere. The three broadcast; a and b may be numbers and promote as in arithmetic.
 * No gradient flows to the operand that was not chosen, not even NaN.
 */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor;
/** The indices where the condition holds, one int64 vector per dimension. Waits for the stream. */
export function where(condition: Tensor): Tensor[];
export function where(condition: Tensor, a?: Operand, b?: Operand): Tensor | Tensor[] {
  if (!(condition instanceof Tensor))
    throw new ArgumentError(`[where] expected a bool tensor, got ${describe(condition)}`);
  condition.checkAlive('where');
  if (a === undefined && b === undefined) return nonzero(condition, { asTuple: true });
  if (condition.dtype !== 'bool' && condition.dtype !== 'uint8')
    throw new DTypeError(
      `[where] the condition must be a bool tensor, not ${condition.dtype}; compare it with 0 first`,
    );
  const dtype = commonType(a!, b!);
  const operand = (v: Operand | undefined): Tensor => {
    if (!(v instanceof Tensor)) {
      if (typeof v !== 'number' && typeof v !== 'boolean')
        throw new ArgumentError(`[where] expected a tensor or a number, got ${describe(v)}`);
      return runFill(empty([], dtype, condition.storage.device), Number(v));
    }
    v.checkAlive('where');
    sameDevice('where', condition, v);
    return cast(v, dtype);
  };
  const x = operand(a);
  const y = operand(b);
  const shape = broadcastShapes('where', broadcastShapes('where', x.shape, y.shape), condition.shape);
  return track('where', runWhere(condition, x, y, shape), [x, y], [condition], ([g], [c], needs) => [
    needs[0] ? where(c!, g!, 0) : null,
    needs[1] ? where(c!, 0, g!) : null,
  ]);
}

addMethods({ where: (self: Tensor, condition: Tensor, other: Operand) => where(condition, self, other) });
declare module '../core/tensor' {
  interface Tensor {
    /** This tensor where the condition holds, `other` elsewhere. */
    where(condition: Tensor, other: Operand): Tensor;
  }
}
