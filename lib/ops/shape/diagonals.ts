/** @file Diagonals and triangles of matrices. */
import type { Device } from '../../core/device';
import type { DType } from '../../core/dtype';
import { ArgumentError, ShapeError } from '../../core/errors';
import { checkAxis, maxDims, type Shape, showShape } from '../../core/shape';
import { addMethods, alias, needTensor, type Tensor } from '../../core/tensor';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { axis, boolean, device as deviceParam, dtype as dtypeParam, integer, scalar } from '../../core/params';
import { ge, le } from '../elementwise/arithmetic';
import { cast, clone } from '../tensors/cast';
import { arange, zeros } from '../tensors/create';
import { runCopy, runFill } from '../kit/launch';
import { defineOverwrite, type Overwrite } from '../kit/overwrite';
import { definePrimitive } from '../kit/primitive';
import { sum } from '../reduce/reduce';
import { nonzero } from '../indexing/nonzero';
import { region, reshape, transpose } from './views';
import { where } from '../elementwise/where';

/** Options of {@link diagonal} and {@link diagEmbed}. */
export interface DiagonalOptions {
  /** How far above the main diagonal; below: negative. Default 0. */
  offset?: number | undefined;
  /** The two dimensions. Default 0 and 1, or for diagEmbed the last two. */
  dim1?: number | undefined;
  dim2?: number | undefined;
}

/** Options of {@link diag}, {@link tril} and {@link triu}. */
export interface OneDiagonal {
  /** How far above the main diagonal; below: negative. Default 0. */
  diagonal?: number | undefined;
}

type OffsetAndDims = InOrderOrByName<[offset?: number, dim1?: number, dim2?: number], DiagonalOptions>;
/** One diagonal in order or by name. */
export type DiagonalArguments = InOrderOrByName<[diagonal?: number], OneDiagonal>;
type Given = Required<DiagonalOptions>;

/** The arguments of {@link diagonal}. */
export const diagonalSpec: Spec<Given> = { offset: integer().or(0), dim1: axis.or(0), dim2: axis.or(1) };
const embedSpec: Spec<Given> = { offset: integer().or(0), dim1: axis.or(-2), dim2: axis.or(-1) };
const oneSpec: Spec<Required<OneDiagonal>> = { diagonal: integer().or(0) };
const offsetSpec: Spec<{ offset: number }> = { offset: integer().or(0) };

// Two different axes of a tensor with `ndim` dimensions.
function twoAxes(op: string, ndim: number, a: number, b: number): [number, number] {
  if (ndim < 2) throw new ShapeError(`[${op}] needs at least two dimensions, got ${ndim}`);
  const p = checkAxis(op, a, ndim);
  const q = checkAxis(op, b, ndim);
  if (p === q) throw new ArgumentError(`[${op}] the two axes must differ, both are ${p}`);
  return [p, q];
}

/**
 * The diagonal of two dimensions, `offset` places above it (below: negative), as a view. It becomes the last
 * dimension.
 */
export function diagonal(t: Tensor, ...args: OffsetAndDims): Tensor {
  needTensor('diagonal', t);
  const { offset, dim1, dim2 } = readArguments('diagonal', diagonalSpec, args);
  const [p, q] = twoAxes('diagonal', t.ndim, dim1, dim2);
  const [down, right] = [Math.max(0, -offset), Math.max(0, offset)];
  const length = Math.max(0, Math.min(t.shape[p]! - down, t.shape[q]! - right));
  const rest = t.shape.map((_, i) => i).filter((i) => i !== p && i !== q);
  return region('diagonal', t, [...rest.map((i) => t.shape[i]!), length], (strides) => ({
    strides: [...rest.map((i) => strides[i]!), strides[p]! + strides[q]!],
    offset: length === 0 ? 0 : down * strides[p]! + right * strides[q]!,
  }));
}

/** Zeros with the last dimension of `t` on a diagonal of two new dimensions. */
export function diagEmbed(t: Tensor, ...args: OffsetAndDims): Tensor {
  const { offset, dim1, dim2 } = readArguments('diagEmbed', embedSpec, args);
  needTensor('diagEmbed', t);
  if (t.ndim === 0) throw new ShapeError('[diagEmbed] needs at least one dimension');
  const [p, q] = twoAxes('diagEmbed', t.ndim + 1, dim1, dim2);
  if (t.ndim === maxDims)
    throw new ShapeError(`[diagEmbed] ${showShape(t.shape)} cannot get one more dimension; at most ${maxDims}`);
  const n = t.shape[t.ndim - 1]! + Math.abs(offset);
  const shape = t.shape.slice(0, -1);
  for (const axis of [p, q].sort((x, y) => x - y)) shape.splice(axis, 0, n);
  return onDiagonal({ t }, { shape, at: [offset, p, q] });
}

const onDiagonal = definePrimitive<{ t: Tensor }, { shape: Shape; at: [offset: number, p: number, q: number] }>({
  name: 'diagEmbed',
  inputs: ['t'],
  forward({ t }, { shape, at }) {
    const out = zeros(shape, { dtype: t.dtype, device: t.device });
    runCopy(diagonal(out, ...at), t);
    return out;
  },
  derivative: (g, _, { at }) => ({ t: diagonal(g, ...at) }),
});

/** Of a vector the matrix with it on a diagonal; of a matrix a copy of that diagonal. */
export function diag(t: Tensor, ...args: DiagonalArguments): Tensor {
  needTensor('diag', t);
  const offset = readArguments('diag', oneSpec, args).diagonal;
  if (t.ndim === 1) return diagEmbed(t, offset);
  if (t.ndim === 2) return clone(diagonal(t, offset));
  throw new ShapeError(`[diag] takes a vector or a matrix, got ${showShape(t.shape)}`);
}

/** The matrix with all elements of `t` on a diagonal. */
export const diagflat = (
  t: Tensor,
  ...args: InOrderOrByName<[offset?: number], { offset?: number | undefined }>
): Tensor => diagEmbed(reshape(t, [-1]), readArguments('diagflat', offsetSpec, args).offset);

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

function keepTriangle(op: 'tril' | 'triu', t: Tensor, args: readonly unknown[]): Tensor {
  const offset = readArguments(op, oneSpec, args).diagonal;
  needTensor(op, t);
  if (t.ndim < 2) throw new ShapeError(`[${op}] needs at least two dimensions, got ${showShape(t.shape)}`);
  const [rows, cols] = t.shape.slice(-2) as [number, number];
  return where(triangle(op === 'tril' ? 'lower' : 'upper', rows, cols, offset, t.device), t, false);
}

/** The elements on and below a diagonal; zeros above. Leading dimensions are a batch. */
export const tril = (t: Tensor, ...args: DiagonalArguments): Tensor => keepTriangle('tril', t, args);
/** The elements on and above a diagonal; zeros below. Leading dimensions are a batch. */
export const triu = (t: Tensor, ...args: DiagonalArguments): Tensor => keepTriangle('triu', t, args);

/** Arguments of {@link trilIndices} and {@link triuIndices}. */
export interface IndicesArguments {
  row: number;
  col: number;
  /** Which diagonal. Default 0. */
  offset?: number | undefined;
  /** Default 'int64'. */
  dtype?: DType | undefined;
  device?: Device | undefined;
}
const size = integer({ least: 0, most: 2 ** 31 - 1 });
const indicesSpec: Spec<IndicesArguments> = {
  row: size,
  col: size,
  offset: integer().or(0),
  dtype: dtypeParam.or('int64' as const),
  device: deviceParam.optional(),
};
type Indices = InOrderOrByName<
  [row: number, col: number, offset?: number, dtype?: DType, device?: Device],
  IndicesArguments
>;

function indicesOf(op: string, side: 'lower' | 'upper', args: readonly unknown[]): Tensor {
  const { row, col, offset, dtype, device } = readArguments(op, indicesSpec, args);
  return cast(transpose(nonzero(triangle(side, row, col, offset!, device)), 0, 1), dtype!);
}

/** Row and column indices, [2, n], of the elements on and below a diagonal, row by row. */
export const trilIndices = (...args: Indices): Tensor => indicesOf('trilIndices', 'lower', args);
/** Row and column indices, [2, n], of the elements on and above a diagonal, row by row. */
export const triuIndices = (...args: Indices): Tensor => indicesOf('triuIndices', 'upper', args);

// --- in place -------------------------------------------------------------------------------------------------------

/** Arguments of {@link fillDiagonal_}. */
export interface FillDiagonalArguments {
  fillValue: number;
  /** In a matrix with more rows than columns: begin again, a row below its end. Default false. */
  wrap?: boolean | undefined;
}
const fillSpec: Spec<FillDiagonalArguments> = { fillValue: scalar, wrap: boolean.or(false) };

// The main diagonal of `o`; with `wrap` also those that begin cols + 1 rows further down.
function writeDiagonal(o: Tensor, value: number, wrap: boolean): void {
  const [rows, cols] = o.shape as [number, number];
  const step = o.strides.reduce((a, b) => a + b, 0);
  for (let row = 0; row < rows && cols > 0; row += cols + 1) {
    runFill(alias(o, [Math.min(cols, rows - row)], [step], o.offset + row * o.strides[0]!), value);
    if (!wrap || o.ndim > 2) return;
  }
}

/** Overwrites the main diagonal of a matrix, or of a tensor whose dimensions all have one length. */
export function fillDiagonal_(
  t: Tensor,
  ...args: InOrderOrByName<[fillValue: number, wrap?: boolean], FillDiagonalArguments>
): Tensor {
  needTensor('fillDiagonal_', t);
  const { fillValue, wrap } = readArguments('fillDiagonal_', fillSpec, args);
  if (t.ndim < 2) throw new ShapeError(`[fillDiagonal_] needs at least two dimensions, got ${showShape(t.shape)}`);
  if (t.ndim > 2 && t.shape.some((d) => d !== t.shape[0]))
    throw new ShapeError(`[fillDiagonal_] more than two dimensions must have one length, got ${showShape(t.shape)}`);
  return filling({}, { value: fillValue, wrap: wrap! }).self(t);
}

interface Filling {
  value: number;
  wrap: boolean;
}
const filling: (inputs: object, how: Filling) => Overwrite = defineOverwrite<object, Filling>({
  name: 'fillDiagonal',
  inputs: [],
  write: (o, _, { value, wrap }) => writeDiagonal(o, value, wrap),
  derivative: (g, _, { wrap }) => ({ t: filling({}, { value: 0, wrap }).copy(g) }),
});

const tril_ = (self: Tensor, ...args: DiagonalArguments): Tensor => self.copy_(tril(self, ...args));
const triu_ = (self: Tensor, ...args: DiagonalArguments): Tensor => self.copy_(triu(self, ...args));

addMethods({ tril_, triu_, fillDiagonal_ });
addMethods({ diagonal, diagEmbed, diag, diagflat, trace, tril, triu });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<
    typeof import('./diagonals'),
    'diagonal' | 'diagEmbed' | 'diag' | 'diagflat' | 'trace' | 'tril' | 'triu' | 'fillDiagonal_'
  > {
    /** {@link tril} in place. */
    tril_: Method<typeof tril>;
    /** {@link triu} in place. */
    triu_: Method<typeof triu>;
  }
}
