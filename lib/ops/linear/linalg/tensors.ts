/** @file Linear systems whose unknowns are tensors, and diagonals of matrices. */
import { type InOrderOrByName, readArguments, type Spec } from '../../../core/arguments';
import { ShapeError } from '../../../core/errors';
import { axes, axis, integer } from '../../../core/params';
import { checkAxes, numel, showShape } from '../../../core/shape';
import { needTensor, type Tensor } from '../../../core/tensor';
import { diagonal as diagonalOf } from '../../shape/diagonals';
import { permute, reshape } from '../../shape/views';
import { inv, solve } from './solve';

/** Options of {@link tensorinv}. */
export interface TensorinvOptions {
  /** How many of the first dimensions are those of the result's last. Default 2. */
  ind?: number | undefined;
}
const indSpec: Spec<TensorinvOptions> = { ind: integer({ least: 1 }).or(2) };

/**
 * The inverse for tensordot: tensordot(tensorinv(a, ind), a, ind) is the identity. The first `ind` dimensions of a hold
 * as many elements as the others.
 * @returns the others first, then those
 */
export function tensorinv(a: Tensor, ...args: InOrderOrByName<[ind?: number], TensorinvOptions>): Tensor {
  const op = 'tensorinv';
  needTensor(op, a);
  const ind = readArguments(op, indSpec, args).ind!;
  const [first, others] = [a.shape.slice(0, ind), a.shape.slice(ind)];
  const n = numel(first);
  if (numel(others) !== n)
    throw new ShapeError(
      `[${op}] the first ${ind} dimensions of ${showShape(a.shape)} must hold as many elements as the others`,
    );
  return reshape(inv(reshape(a, [n, n])), [...others, ...first]);
}

/** Options of {@link tensorsolve}. */
export interface TensorsolveOptions {
  /** Dimensions of a to move to its end first. */
  dims?: number | readonly number[] | null | undefined;
}
const dimsSpec: Spec<TensorsolveOptions> = { dims: axes.orNull() };

/**
 * The x for which tensordot(a, x, x.ndim) is b. a has the dimensions of b, then those of x, which hold as many elements.
 * @returns x
 */
export function tensorsolve(
  a: Tensor,
  b: Tensor,
  ...args: InOrderOrByName<[dims?: number | readonly number[] | null], TensorsolveOptions>
): Tensor {
  const op = 'tensorsolve';
  needTensor(op, a);
  needTensor(op, b);
  const { dims } = readArguments(op, dimsSpec, args);
  const last = dims === null || dims === undefined ? [] : checkAxes(op, dims, a.ndim);
  const order = [...a.shape.map((_, i) => i).filter((i) => !last.includes(i)), ...last];
  const turned = last.length > 0 ? permute(a, order) : a;
  const shape = turned.shape.slice(b.ndim);
  if (numel(turned.shape.slice(0, b.ndim)) !== numel(shape) || numel(shape) !== b.numel)
    throw new ShapeError(
      `[${op}] a ${showShape(turned.shape)} must have the dimensions of b ${showShape(b.shape)}, then others of as many elements`,
    );
  return reshape(solve(reshape(turned, [b.numel, b.numel]), reshape(b, [-1])), shape);
}

/** Arguments of the diagonal of `ng.linalg`. */
export interface MatrixDiagonalOptions {
  /** How far above the main diagonal; below: negative. Default 0. */
  offset?: number | undefined;
  /** Default -2. */
  dim1?: number | undefined;
  /** Default -1. */
  dim2?: number | undefined;
}
const diagonalSpec: Spec<MatrixDiagonalOptions> = { offset: integer().or(0), dim1: axis.or(-2), dim2: axis.or(-1) };

/** The diagonal of each matrix, as a view; the other `diagonal` takes the first two dimensions by default. */
export const diagonal = (
  a: Tensor,
  ...args: InOrderOrByName<[offset?: number, dim1?: number, dim2?: number], MatrixDiagonalOptions>
): Tensor => diagonalOf(a, readArguments('diagonal', diagonalSpec, args));
