/** @file Copies: cast, clone, contiguous, detach, copy_. */
import { checkInPlace, engineOps, trackInPlace } from '../../core/autograd';
import { checkDType, type DType, isFloat } from '../../core/dtype';
import { addMethods, alias, needTensor, shapeOf, stridesOf, type Tensor } from '../../core/tensor';
import { broadcastShapes, sameShape, showShape } from '../../core/shape';
import { AutogradError, ShapeError } from '../../core/errors';
import { onesLike, zeros } from './create';
import { recordView } from '../kit/hot';
import { copyOf, like, runCopy, sameDevice } from '../kit/launch';
import { deviceName } from '../../core/device';

/** The same values in another dtype (the tensor itself if it has it). Floats are truncated towards zero for integers. */
export function cast(t: Tensor, dtype: DType): Tensor {
  const to = checkDType(dtype);
  if (t.dtype === to) return t;
  needTensor('to', t);
  const from = t.dtype;
  const out = runCopy(like(t, to), t);
  return isFloat(to) ? recordView('to', out, t, (g) => cast(g, from)) : out;
}

/** A copy with memory of its own. */
export function clone(t: Tensor): Tensor {
  needTensor('clone', t);
  return recordView('clone', copyOf(t), t, (g) => g);
}

/** The tensor itself if it lies row-major without gaps, else a copy that does. */
export function contiguous(t: Tensor): Tensor {
  needTensor('contiguous', t);
  return t.isContiguous() ? t : clone(t);
}

/** The same memory, outside the autograd graph. */
export function detach(t: Tensor): Tensor {
  needTensor('detach', t);
  const d = alias(t, shapeOf(t), stridesOf(t), t.offset);
  // Outside the graph nothing is known of the history of this memory: the view may be changed, and never is out of date.
  d.base = null;
  return d;
}

/** Takes the tensor out of the autograd graph: it becomes a leaf that requires no gradients. Not for views. */
function detach_(t: Tensor): Tensor {
  needTensor('detach_', t);
  if (t.base)
    throw new AutogradError('[detach_] a view cannot be detached in place; use detach() instead', 'ERR_INPLACE');
  t.gradFn = null;
  t.outputIndex = 0;
  t.requiresGrad = false;
  return t;
}

/** Overwrites the tensor with `src`, cast and broadcast. */
export function copy_(t: Tensor, src: Tensor): Tensor {
  needTensor('copy_', t);
  needTensor('copy_', src);
  sameDevice('copy_', t, src);
  if (!sameShape(broadcastShapes('copy_', shapeOf(t), shapeOf(src)), shapeOf(t)))
    throw new ShapeError(`[copy_] ${showShape(shapeOf(src))} does not fit into ${showShape(shapeOf(t))}`);
  checkInPlace('copy_', t, [src, t]);
  runCopy(t, src.storage === t.storage ? copyOf(src) : src);
  t.storage.version++;
  // The old value counts as an input, without gradient: its history ends here.
  trackInPlace('copy_', t, [src, t], [], ([g]) => [g, null]);
  return t;
}

addMethods({ clone, contiguous, detach, detach_, copy_ });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./cast'), 'clone' | 'contiguous' | 'detach' | 'copy_'> {
    /** {@link detach} in place. */
    detach_: Method<typeof detach_>;
  }
}

engineOps.cast = cast;
engineOps.clone = copyOf;
engineOps.onesLike = (t) => onesLike(t);
engineOps.zeros = (shape, dtype, device) => zeros(shape, { dtype, device: deviceName(device) });
