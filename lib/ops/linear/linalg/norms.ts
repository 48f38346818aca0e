/** @file Norms of vectors and matrices, and condition numbers. */
import type { DType } from '../../../core/dtype';
import { type InOrderOrByName, readArguments } from '../../../core/arguments';
import { ArgumentError, ShapeError } from '../../../core/errors';
import { axes, dtype, either, number, oneOf } from '../../../core/params';
import { checkAxes, checkAxis, showShape } from '../../../core/shape';
import { needTensor, type Tensor } from '../../../core/tensor';
import { div, eq, mul } from '../../elementwise/arithmetic';
import { movedim } from '../../shape/arranging';
import { cast } from '../../tensors/cast';
import { eye } from '../../tensors/create';
import { amax, amin } from '../../reduce/extremes';
import { abs } from '../../elementwise/math';
import { sum } from '../../reduce/reduce';
import { norm as vectorNormOver } from '../../reduce/statistics';
import { narrow, reshape, squeeze, unsqueeze } from '../../shape/views';
import { where } from '../../elementwise/where';
import * as p from './parts';
import { det, inv } from './solve';
import { svdvals } from './spectral';

/** One axis, two for matrices, or (null) all. */
type Dim = number | readonly number[] | null;

/** Options of the norms of `ng.linalg`. */
export interface NormOptions<Order> {
  ord?: Order | undefined;
  dim?: Dim | undefined;
  /** Keep reduced dimensions with length 1. Default false. */
  keepdim?: boolean | undefined;
  /** Compute in this dtype. */
  dtype?: DType | undefined;
}

/** 'fro': root of the sum of squares; 'nuc': sum of singular values; 2, -2: largest, smallest singular value; 1, -1 and
 * Infinity, -Infinity: largest, smallest sum of absolute values of a column, of a row. */
export type MatrixOrder = 'fro' | 'nuc' | 1 | -1 | 2 | -2 | number;

/** What the norms take, in PyTorch's order. */
type NormArguments<Order> = InOrderOrByName<
  [ord?: Order, dim?: Dim, keepdim?: boolean, dtype?: DType],
  NormOptions<Order>
>;
const order = either(number(), oneOf('fro', 'nuc'));
const more = { dim: axes.orNull(), keepdim: false, dtype: dtype.optional() };
const vectorNormArguments = { ord: number().or(2), ...more };
const matrixNormArguments = { ord: order.or('fro' as MatrixOrder), ...more };
const normArguments = { ord: order.orNull(), ...more };
const condArguments = { p: order.orNull() };

/** The p-norm of vectors: over all elements, or along `dim`. Default the Euclidean norm. */
export function vectorNorm(x: Tensor, ...args: NormArguments<number>): Tensor {
  needTensor('vectorNorm', x);
  const { ord, dim, keepdim, dtype: type } = readArguments('vectorNorm', vectorNormArguments, args);
  return vectorNormOver(x, ord, dim, { keepdim, ...(type ? { dtype: type } : {}) });
}

/** A norm of matrices, which lie in the two dimensions `dim` (default the last). Default the Frobenius norm. */
export function matrixNorm(x: Tensor, ...args: NormArguments<MatrixOrder>): Tensor {
  needTensor('matrixNorm', x);
  const { ord, dim, keepdim, dtype: type } = readArguments('matrixNorm', matrixNormArguments, args);
  const pair = typeof dim === 'number' ? [dim] : (dim ?? [-2, -1]);
  if (pair.length !== 2 || x.ndim < 2)
    throw new ShapeError(`[matrixNorm] needs two dimensions of ${showShape(x.shape)}, got [${pair.join(', ')}]`);
  const reduced = checkAxes('matrixNorm', pair, x.ndim);
  const [row, col] = pair.map((a) => checkAxis('matrixNorm', a, x.ndim)) as [number, number];
  const a = movedim(type ? cast(x, type) : x, [row, col], [-2, -1]);
  p.checkMatrix('matrixNorm', a);
  const y = normOfLast(a, ord);
  if (!keepdim) return y;
  return reshape(
    y,
    x.shape.map((d, i) => (reduced.includes(i) ? 1 : d)),
  );
}

function normOfLast(a: Tensor, ord: MatrixOrder): Tensor {
  switch (ord) {
    case 'fro':
      return vectorNormOver(a, 2, [-2, -1]);
    case 'nuc':
      return sum(svdvals(a), -1);
    case 2:
      return amax(svdvals(a), -1);
    case -2:
      return amin(svdvals(a), -1);
    case 1:
      return amax(sum(abs(a), -2), -1);
    case -1:
      return amin(sum(abs(a), -2), -1);
    case Infinity:
      return amax(sum(abs(a), -1), -1);
    case -Infinity:
      return amin(sum(abs(a), -1), -1);
    default:
      throw new ArgumentError(
        `[matrixNorm] ord must be 'fro', 'nuc', 1, -1, 2, -2, Infinity or -Infinity, got ${String(ord)}`,
      );
  }
}

/**
 * The norm of vectors or matrices. Without `ord`: the Euclidean norm of all elements, or along `dim`. With `ord`: of a
 * vector (one dimension, or `dim` a number) its p-norm, of a matrix (two) its {@link matrixNorm}.
 */
export function norm(x: Tensor, ...args: NormArguments<MatrixOrder | null>): Tensor {
  needTensor('norm', x);
  const { ord, dim, ...rest } = readArguments('norm', normArguments, args);
  const pair = typeof dim === 'object' && dim?.length === 2;
  if (ord === null) return pair ? matrixNorm(x, { ...rest, dim }) : vectorNorm(x, { ...rest, dim });
  if (dim === null && x.ndim > 2)
    throw new ShapeError(`[norm] say along which dimensions of ${showShape(x.shape)}: dim is one axis or two`);
  if (pair || (dim === null && x.ndim === 2)) return matrixNorm(x, { ...rest, ord, dim });
  if (typeof ord !== 'number') throw new ArgumentError(`[norm] ord '${ord}' is for matrices; give two dimensions`);
  return vectorNorm(x, { ...rest, ord, dim });
}

/**
 * The condition number of each matrix: the ratio of its largest and smallest singular value (default, or 2; -2 is the
 * inverse), or the product of the norms of the matrix and its inverse; Infinity for a singular one.
 */
export function cond(
  a: Tensor,
  ...args: InOrderOrByName<[p?: MatrixOrder | null], { p?: MatrixOrder | null | undefined }>
): Tensor {
  p.checkMatrix('cond', a);
  const { p: ord } = readArguments('cond', condArguments, args);
  if (ord === null || ord === 2 || ord === -2) {
    const s = svdvals(a);
    const end = (at: number): Tensor => squeeze(narrow(s, -1, at, 1), -1);
    const [first, last] = [end(0), end(s.shape[s.ndim - 1]! - 1)];
    return ord === -2 ? div(last, first) : div(first, last);
  }
  p.checkSquare('cond', a);
  const singular = eq(det(a), 0);
  const spread = unsqueeze(unsqueeze(singular, -1), -1);
  const regular = where(spread, eye(p.rowsOf(a), { dtype: a.dtype, device: a.device }), a);
  return where(singular, Infinity, mul(matrixNorm(a, ord), matrixNorm(inv(regular), ord)));
}
