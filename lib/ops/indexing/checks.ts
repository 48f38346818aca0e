/** @file Checks that the ops with an index tensor share. */
import { ArgumentError, DTypeError, ShapeError } from '../../core/errors';
import { checkAxis, describe, maxDims, type Shape, showShape } from '../../core/shape';
import { Param } from '../../core/params';
import { needTensor, Tensor } from '../../core/tensor';
import { type NestedArray, tensor } from '../tensors/create';
import { lift } from './kernels';
import { castOf, sameDevice } from '../kit/launch';
import { sameDType, scalarOf } from '../kit/overwrite';
import { reshape } from '../shape/views';

/** An index as an argument; {@link asIndex} checks it. */
export const indexParam = new Param<IndexLike>('an integer tensor or an array of integers', (v) => v as IndexLike);

/** Integers as a tensor or as (nested) arrays. */
export type IndexLike = Tensor | NestedArray;

// Nested arrays of integers. Deeper ones than a tensor can be (one may hold itself) are refused before they are walked.
function checkNested(op: string, v: unknown, depth = 0): void {
  if (Array.isArray(v)) {
    if (depth === maxDims) throw new ShapeError(`[${op}] an index array has at most ${maxDims} dimensions`);
    for (const e of v) checkNested(op, e, depth + 1);
  } else if (!Number.isSafeInteger(v) && typeof v !== 'bigint')
    throw new ArgumentError(`[${op}] an index is an integer, got ${describe(v)}`);
}

/** An index as an int64 or int32 tensor. */
export function asIndex(op: string, index: IndexLike, like: Tensor): Tensor {
  if (!(index instanceof Tensor)) checkNested(op, index);
  const t = index instanceof Tensor ? index : tensor(index, { dtype: 'int64', device: like.device });
  needTensor(op, t);
  sameDevice(op, like, t);
  if (t.dtype === 'int64' || t.dtype === 'int32') return t;
  if (t.dtype === 'uint8') return castOf(t, 'int64');
  throw new DTypeError(
    `[${op}] an index must be an integer tensor (int64, int32), not ${t.dtype}; make it with { dtype: 'int64' }`,
  );
}

/** Throws unless the index is a vector (or 0-dim). */
export function checkVector(op: string, index: Tensor): void {
  if (index.ndim > 1) throw new ShapeError(`[${op}] the index must have one dimension, got ${showShape(index.shape)}`);
}

/** Throws unless an index fits into `bound` in every dimension (apart from `axis`, unless `alsoAxis`). */
export function checkGather(
  op: string,
  t: Tensor,
  axis: number,
  index: Tensor,
  bound: Shape,
  what: string,
  alsoAxis: boolean,
): void {
  const shape = index.ndim === 0 ? [1] : index.shape;
  const other = bound.length === 0 ? [1] : bound;
  if (index.numel === 0) return;
  if (shape.length !== other.length || shape.some((d, i) => (alsoAxis || i !== axis) && d > other[i]!))
    throw new ShapeError(
      `[${op}] index ${showShape(index.shape)} does not fit ${what} ${showShape(bound)}${alsoAxis ? '' : ` apart from axis ${axis}`}`,
    );
}

// The part of src that an index of this shape reads.
function coveredBy(src: Tensor, index: Tensor): Tensor {
  let s = lift(src);
  index.shape.forEach((d, i) => {
    if (s.shape[i] !== d) s = s.narrow(i, 0, d);
  });
  return s;
}

/** A checked scatter: what is written, and where. */
export interface Placed {
  axis: number;
  index: Tensor;
  /** As large as index, or 0-dim for a number. */
  src: Tensor;
}

/** Checks the arguments of a scatter. */
export function place(op: string, t: Tensor, axis: number, index: IndexLike, src: Tensor | number | boolean): Placed {
  needTensor(op, t);
  const a = checkAxis(op, axis, t.ndim);
  const at = asIndex(op, index, t);
  checkGather(op, t, a, at, t.shape, 'the tensor', false);
  if (!(src instanceof Tensor)) return { axis: a, index: at, src: scalarOf(src, t) };
  src.checkAlive(op);
  sameDevice(op, t, src);
  sameDType(op, t, src);
  checkGather(op, t, a, at, src.shape, 'the source', true);
  return { axis: a, index: at, src: at.numel === 0 ? src : reshape(coveredBy(src, lift(at)), at.shape) };
}
