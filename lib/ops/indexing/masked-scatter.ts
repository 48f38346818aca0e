/** @file Elements written, in order, to where a mask holds. */
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { DTypeError, ShapeError } from '../../core/errors';
import { tensor as tensorParam } from '../../core/params';
import { broadcastShapes } from '../../core/shape';
import { addMethods, needTensor, type Tensor } from '../../core/tensor';
import { inPlaceOf } from '../kit/in-place';
import { sameDevice } from '../kit/launch';
import { broadcastTo, narrow, reshape } from '../shape/views';
import { indexPut } from './indexing';
import { nonzeroFlat } from './kernels';
import { checkMask, maskSpec } from './masking';

/** Arguments of {@link maskedScatter} by name. */
export interface MaskedScatterArguments {
  mask: Tensor;
  source: Tensor;
}
const maskedScatterSpec: Spec<MaskedScatterArguments> = { ...maskSpec, source: tensorParam };
type MaskedScatter = InOrderOrByName<[mask: Tensor, source: Tensor], MaskedScatterArguments>;

function scattered(op: string, t: Tensor, args: MaskedScatter): Tensor {
  needTensor(op, t);
  const { mask, source: src } = readArguments(op, maskedScatterSpec, args);
  checkMask(op, t, mask);
  sameDevice(op, t, src);
  if (t.dtype !== src.dtype)
    throw new DTypeError(`[${op}] the source is ${src.dtype}, the tensor ${t.dtype}; cast one with .to()`);
  const shape = broadcastShapes(op, t.shape, mask.shape);
  const places = nonzeroFlat(broadcastTo(mask, shape));
  if (places.numel > src.numel)
    throw new ShapeError(`[${op}] the mask holds ${places.numel} times, the source has only ${src.numel} elements`);
  const flat = reshape(broadcastTo(t, shape), [-1]);
  return reshape(indexPut(flat, [places], narrow(reshape(src, [-1]), 0, 0, places.numel)), shape);
}

/**
 * A copy with the places where the mask holds taken, in order, from the elements of `source`. Mask and tensor broadcast.
 * Waits for the stream.
 */
export const maskedScatter = (t: Tensor, ...args: MaskedScatter): Tensor => scattered('maskedScatter', t, args);
/** {@link maskedScatter} in place; the mask must broadcast to the tensor's shape. */
export const maskedScatter_: typeof maskedScatter = inPlaceOf('maskedScatter_', (t, ...args: MaskedScatter) =>
  scattered('maskedScatter_', t, args),
);

addMethods({ maskedScatter, maskedScatter_ });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./masked-scatter'), 'maskedScatter' | 'maskedScatter_'> {}
}
