/** @file Elements chosen by a bool mask, and filling. */
import { checkInPlace, trackInPlace } from '../core/autograd';
import { ArgumentError, DTypeError, ShapeError } from '../core/errors';
import { broadcastShapes, describe, sameShape, showShape } from '../core/shape';
import { addMethods, type Method, needTensor, Tensor } from '../core/tensor';
import { cast } from './cast';
import { nonzeroFlat, takeRows } from './index-kernels';
import { indexPut } from './indexing';
import { runCopy, sameDevice } from './launch';
import { apart, type Overwrite, overwriteSelf, scalarOf } from './overwrite';
import { broadcastTo, narrow, reshape } from './views';
import { runWhere, where } from './where';

function checkMask(op: string, t: Tensor, mask: Tensor): void {
  needTensor(op, t);
  needTensor(op, mask);
  sameDevice(op, t, mask);
  if (mask.dtype !== 'bool')
    throw new DTypeError(`[${op}] the mask must be bool, not ${mask.dtype}; compare it with 0 first`);
}

function fillValue(op: string, t: Tensor, value: Tensor | number | boolean): Tensor {
  if (!(value instanceof Tensor)) {
    if (typeof value !== 'number' && typeof value !== 'boolean')
      throw new ArgumentError(`[${op}] expected a number, a boolean or a tensor, got ${describe(value)}`);
    return scalarOf(value, t);
  }
  if (value.ndim > 0)
    throw new ShapeError(`[${op}] the value must be a number or a 0-dim tensor, got ${showShape(value.shape)}`);
  return cast(value, t.dtype);
}

/** A copy with one value where the mask holds. Mask and tensor broadcast; the dtype stays. */
export function maskedFill(t: Tensor, mask: Tensor, value: Tensor | number | boolean): Tensor {
  checkMask('maskedFill', t, mask);
  return where(mask, fillValue('maskedFill', t, value), t);
}

/** Writes one value where the mask, broadcast, holds. */
export function maskedFill_(t: Tensor, mask: Tensor, value: Tensor | number | boolean): Tensor {
  checkMask('maskedFill_', t, mask);
  if (!sameShape(broadcastShapes('maskedFill_', t.shape, mask.shape), t.shape))
    throw new ShapeError(
      `[maskedFill_] a mask of shape ${showShape(mask.shape)} does not fit into ${showShape(t.shape)}`,
    );
  const v = fillValue('maskedFill_', t, value);
  const op: Overwrite = {
    name: 'maskedFill',
    inputs: [v],
    saved: [mask],
    write: (o) => runWhere(apart(o, mask), apart(o, v), o, o.shape, o),
    grad: ([g], [m], needs) => [needs[0] ? where(m!, 0, g!) : null, needs[1] ? where(m!, g!, 0) : null],
  };
  return overwriteSelf(t, op);
}

/** The elements where the mask holds, as a vector. Mask and tensor broadcast. Waits for the stream. */
export function maskedSelect(t: Tensor, mask: Tensor): Tensor {
  checkMask('maskedSelect', t, mask);
  const shape = broadcastShapes('maskedSelect', t.shape, mask.shape);
  const flat = reshape(broadcastTo(t, shape), [1, -1, 1]);
  return reshape(takeRows(flat, nonzeroFlat(broadcastTo(mask, shape))), [-1]);
}

/** A copy with the places where the mask holds taken, in order, from the elements of `src`. Waits for the stream. */
export function maskedScatter(t: Tensor, mask: Tensor, src: Tensor): Tensor {
  checkMask('maskedScatter', t, mask);
  if (t.dtype !== src.dtype)
    throw new DTypeError(`[maskedScatter] the source is ${src.dtype}, the tensor ${t.dtype}; cast one with .to()`);
  const shape = broadcastShapes('maskedScatter', t.shape, mask.shape);
  const places = nonzeroFlat(broadcastTo(mask, shape));
  if (places.numel > src.numel)
    throw new ShapeError(
      `[maskedScatter] the mask holds ${places.numel} times, the source has only ${src.numel} elements`,
    );
  const flat = reshape(broadcastTo(t, shape), [-1]);
  return reshape(indexPut(flat, [places], narrow(reshape(src, [-1]), 0, 0, places.numel)), shape);
}

/** Overwrites every element. */
export function fill_(t: Tensor, value: Tensor | number | boolean): Tensor {
  needTensor('fill_', t);
  const v = fillValue('fill_', t, value);
  checkInPlace('fill_', t, [t, v]);
  runCopy(t, apart(t, v));
  t.storage.version++;
  trackInPlace('fill_', t, [t, v], [], ([g], _saved, needs) => [null, needs[1] ? g : null]);
  return t;
}

/** Overwrites every element with 0. */
export const zero_ = (t: Tensor): Tensor => fill_(t, 0);

addMethods({ maskedFill, maskedFill_, maskedSelect, maskedScatter, fill_, zero_ });
declare module '../core/tensor' {
  interface Tensor {
    maskedFill: Method<typeof maskedFill>;
    maskedFill_: Method<typeof maskedFill_>;
    maskedSelect: Method<typeof maskedSelect>;
    maskedScatter: Method<typeof maskedScatter>;
    fill_: Method<typeof fill_>;
    zero_: Method<typeof zero_>;
  }
}
