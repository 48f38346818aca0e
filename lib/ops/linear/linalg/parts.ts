/** @file What the ops of linear algebra share: checks, batches, triangles, diagonals, results with names. */
import { DTypeError, ShapeError } from '../../../core/errors';
import { broadcastShapes, numel, sameShape, type Shape, showShape } from '../../../core/shape';
import { empty, needTensor, type Tensor } from '../../../core/tensor';
import { waitForStorage } from '../../../native';
import { expand, transpose } from '../../shape/views';

export { named, type Named } from '../../kit/named';

/** Throws unless `a` is a matrix, or a batch of them, of float32 or float64. */
export function checkMatrix(op: string, a: Tensor): void {
  needTensor(op, a);
  if (a.ndim < 2) throw new ShapeError(`[${op}] needs at least two dimensions, got shape ${showShape(a.shape)}`);
  if (a.dtype !== 'float32' && a.dtype !== 'float64')
    throw new DTypeError(`[${op}] needs a float32 or float64 tensor, got ${a.dtype}`);
}

/** The same, square. */
export function checkSquare(op: string, a: Tensor): void {
  checkMatrix(op, a);
  if (a.shape[a.ndim - 1] !== a.shape[a.ndim - 2])
    throw new ShapeError(`[${op}] needs square matrices, got shape ${showShape(a.shape)}`);
}

/** Throws unless both have one dtype: results would depend on which is cast. */
export function checkSameType(op: string, a: Tensor, b: Tensor): void {
  if (a.dtype !== b.dtype) throw new DTypeError(`[${op}] one dtype for all is needed, got ${a.dtype} and ${b.dtype}`);
}

export const rowsOf = (a: Tensor): number => a.shape[a.ndim - 2]!;
export const colsOf = (a: Tensor): number => a.shape[a.ndim - 1]!;
export const batchOf = (a: Tensor): Shape => a.shape.slice(0, -2);
export const batchSize = (a: Tensor): number => numel(batchOf(a));

/** A new contiguous tensor with the dtype and on the device of `a`. */
export const like = (a: Tensor, shape: Shape): Tensor => empty(shape, a.dtype, a.storage.device);

/** The transpose of each matrix, as a view. */
export const mT = (a: Tensor): Tensor => transpose(a, -1, -2);

/** `a` with its batch dimensions broadcast to those of `b`. */
export function overBatch(op: string, a: Tensor, b: Tensor): Tensor {
  const batch = broadcastShapes(op, batchOf(a), batchOf(b));
  return sameShape(batch, batchOf(a)) ? a : expand(a, [...batch, rowsOf(a), colsOf(a)]);
}

/** Whether b holds one vector per matrix rather than matrices, by PyTorch's rule. */
export const isVector = (a: Tensor, b: Tensor): boolean =>
  b.ndim === 1 || (b.ndim === a.ndim - 1 && sameShape(b.shape, a.shape.slice(0, -1)));

/**
 * Throws what a factorisation met (a singular matrix): like PyTorch in the caller's stack, so it waits for the stream.
 */
export const settle = (t: Tensor): void => waitForStorage(t.storage);
