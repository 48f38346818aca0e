/** @file Diagonals and triangles of matrices. */
import { track } from '../core/autograd';
import type { Device } from '../core/device';
import { ArgumentError, ShapeError } from '../core/errors';
import { checkAxis, showShape } from '../core/shape';
import { addMethods, type Method, needTensor, type Tensor } from '../core/tensor';
import { type Arguments, readArguments } from '../core/arguments';
import { eq, ge, le } from './arithmetic';
import { arange, zeros } from './create';
import { runCopy } from './launch';
import { sum } from './reduce';
import { nonzero } from './nonzero';
import { region, reshape, transpose, unsqueeze } from './views';
import { where } from './where';

/** Options of {@link diagonal} and {@link diagEmbed}. */
export interface DiagonalOptions {
  /** How far above the main diagonal; below: negative. Default 0. */
  offset?: number;
  /** The two dimensions. Default 0 and 1, or for diagEmbed the last two. */
  dim1?: number;
  dim2?: number;
}

/** Options of {@link diag}, {@link tril} and {@link triu}. */
export interface OneDiagonal {
  /** How far above the main diagonal; below: negative. Default 0. */
  diagonal?: number;
}

// Two different axes of a tensor with `ndim` dimensions.
function twoAxes(op: string, ndim: number, a: number, b: number): [number, number] {
  if (ndim < 2) throw new ShapeError(`[${op}] needs at least two dimensions, got ${ndim}`);
  const p = checkAxis(op, a, ndim);
  const q = checkAxis(op, b, ndim);
  if (p === q) throw new ArgumentError(`[${op}] the two axes must differ, both are ${p}`);
  return [p, q];
}

function checkOffset(op: string, offset: number): void {
  if (!Number.isInteger(offset)) throw new ArgumentError(`[${op}] the offset must be an integer, got ${offset}`);
}

/**
 * The diagonal of two dimensions, `offset` places above it (below: negative), as a view. It becomes the last
 * dimension.
 */
export function diagonal(t: Tensor, how: number | DiagonalOptions = {}, axis1?: number, axis2?: number): Tensor {
  needTensor('diagonal', t);
  const { offset, dim1, dim2 } = readArguments('diagonal', { offset: 0, dim1: 0, dim2: 1 }, [how, axis1, axis2]);
  const [p, q] = twoAxes('diagonal', t.ndim, dim1, dim2);
  checkOffset('diagonal', offset);
  const [down, right] = [Math.max(0, -offset), Math.max(0, offset)];
  const length = Math.max(0, Math.min(t.shape[p]! - down, t.shape[q]! - right));
  const rest = t.shape.map((_, i) => i).filter((i) => i !== p && i !== q);
  return region('diagonal', t, [...rest.map((i) => t.shape[i]!), length], (strides) => ({
    strides: [...rest.map((i) => strides[i]!), strides[p]! + strides[q]!],
    offset: length === 0 ? 0 : down * strides[p]! + right * strides[q]!,
  }));
}

/** Zeros with the last dimension of `t` on a diagonal of two new dimensions. */
export function diagEmbed(t: Tensor, how: number | DiagonalOptions = {}, axis1?: number, axis2?: number): Tensor {
  const { offset, dim1, dim2 } = readArguments('diagEmbed', { offset: 0, dim1: -2, dim2: -1 }, [how, axis1, axis2]);
  needTensor('diagEmbed', t);
  if (t.ndim === 0) throw new ShapeError('[diagEmbed] needs at least one dimension');
  checkOffset('diagEmbed', offset);
  const [p, q] = twoAxes('diagEmbed', t.ndim + 1, dim1, dim2);
  const n = t.shape[t.ndim - 1]! + Math.abs(offset);
  const shape = t.shape.slice(0, -1);
  for (const axis of [p, q].sort((x, y) => x - y)) shape.splice(axis, 0, n);
  const out = zeros(shape, { dtype: t.dtype, device: t.device });
  const place = diagonal(out, offset, p, q);
  runCopy(place, t);
  return track('diagEmbed', out, [t], [], ([g]) => [diagonal(g!, offset, p, q)]);
}

/** Of a vector the matrix with it on a diagonal; of a matrix that diagonal. */
export function diag(t: Tensor, how: number | OneDiagonal = {}): Tensor {
  needTensor('diag', t);
  const offset = readArguments('diag', { diagonal: 0 }, [how]).diagonal;
  if (t.ndim === 1) return diagEmbed(t, offset);
  if (t.ndim === 2) return diagonal(t, offset);
  throw new ShapeError(`[diag] takes a vector or a matrix, got ${showShape(t.shape)}`);
}

/** The matrix with all elements of `t` on a diagonal. */
export const diagflat = (t: Tensor, offset = 0): Tensor => diagEmbed(reshape(t, [-1]), offset);

/** The sum of the diagonal of a matrix. */
export function trace(t: Tensor): Tensor {
  needTensor('trace', t);
  if (t.ndim !== 2) throw new ShapeError(`[trace] takes a matrix, got ${showShape(t.shape)}`);
  return sum(diagonal(t));
}

// --- triangles ------------------------------------------------------------------------------------------------------

// Which elements of a rows x cols matrix lie on diagonal `offset` or on one side of it.
function triangle(side: 'lower' | 'upper', rows: number, cols: number, offset: number, device?: Device): Tensor {
  const options = { dtype: 'int32', device } as const;
  const row = reshape(arange(offset, offset + rows, options), [rows, 1]);
  const col = arange(cols, options);
  return side === 'lower' ? le(col, row) : ge(col, row);
}

function keepTriangle(op: 'tril' | 'triu', t: Tensor, how: number | OneDiagonal): Tensor {
  const offset = readArguments(op, { diagonal: 0 }, [how]).diagonal;
  needTensor(op, t);
  if (t.ndim < 2) throw new ShapeError(`[${op}] needs at least two dimensions, got ${showShape(t.shape)}`);
  checkOffset(op, offset);
  const [rows, cols] = t.shape.slice(-2) as [number, number];
  return where(triangle(op === 'tril' ? 'lower' : 'upper', rows, cols, offset, t.device), t, false);
}

/** The elements on and below a diagonal; zeros above. Leading dimensions are a batch. */
export const tril = (t: Tensor, diagonal: number | OneDiagonal = {}): Tensor => keepTriangle('tril', t, diagonal);
/** The elements on and above a diagonal; zeros below. Leading dimensions are a batch. */
export const triu = (t: Tensor, diagonal: number | OneDiagonal = {}): Tensor => keepTriangle('triu', t, diagonal);

/** Options of {@link trilIndices} and {@link triuIndices}. */
export interface IndicesOptions {
  /** Which diagonal. Default 0. */
  offset?: number;
  device?: Device;
}
const indicesDefaults: IndicesOptions = { offset: 0, device: undefined };

function indicesOf(op: string, side: 'lower' | 'upper', rows: number, cols: number, args: readonly unknown[]): Tensor {
  const { offset, device } = readArguments(op, indicesDefaults, args);
  checkOffset(op, offset!);
  return transpose(nonzero(triangle(side, rows, cols, offset!, device)), 0, 1);
}

/** Row and column indices, int64 [2, n], of the elements on and below a diagonal, row by row. */
export const trilIndices = (rows: number, cols: number, ...args: Arguments<IndicesOptions>): Tensor =>
  indicesOf('trilIndices', 'lower', rows, cols, args);
/** Row and column indices, int64 [2, n], of the elements on and above a diagonal, row by row. */
export const triuIndices = (rows: number, cols: number, ...args: Arguments<IndicesOptions>): Tensor =>
  indicesOf('triuIndices', 'upper', rows, cols, args);

/** Overwrites the main diagonal of a matrix. */
export function fillDiagonal_(t: Tensor, value: number): Tensor {
  if (t.ndim !== 2) throw new ShapeError(`[fillDiagonal_] takes a matrix, got ${showShape(t.shape)}`);
  const [rows, cols] = t.shape as [number, number];
  const row = arange(rows, { dtype: 'int32', device: t.device });
  return t.copy_(where(eq(unsqueeze(row, 1), arange(cols, { dtype: 'int32', device: t.device })), value, t));
}

addMethods({
  tril_: (self: Tensor, diagonal: number | OneDiagonal = {}) => self.copy_(tril(self, diagonal)),
  triu_: (self: Tensor, diagonal: number | OneDiagonal = {}) => self.copy_(triu(self, diagonal)),
  fillDiagonal_,
});
addMethods({ diagonal, diagEmbed, diag, diagflat, trace, tril, triu });
declare module '../core/tensor' {
  interface Tensor {
    diagonal: Method<typeof diagonal>;
    diagEmbed: Method<typeof diagEmbed>;
    diag: Method<typeof diag>;
    diagflat: Method<typeof diagflat>;
    trace: Method<typeof trace>;
    tril: Method<typeof tril>;
    triu: Method<typeof triu>;
    tril_: Method<typeof tril>;
    triu_: Method<typeof triu>;
    fillDiagonal_: Method<typeof fillDiagonal_>;
  }
}
