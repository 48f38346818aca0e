/** @file Copies of a tensor with one region of it replaced: what assignment to a view is, out of place. */
import { IndexError, ShapeError } from '../../core/errors';
import { axis as axisParam, integer, tensor } from '../../core/params';
import { checkAxis, sameShape, showShape } from '../../core/shape';
import { addMethods, needTensor, type Tensor } from '../../core/tensor';
import { arange } from '../tensors/create';
import { diagEmbed, type DiagonalOptions, diagonal } from './diagonals';
import { eq } from '../elementwise/arithmetic';
import { indexCopy } from '../indexing/slices';
import { type Given, type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { expand, needDims, reshape, unsqueeze } from './views';
import { where } from '../elementwise/where';
import { pad } from './padding';

function checkSame(op: string, src: Tensor, want: readonly number[]): void {
  if (!sameShape(src.shape, want))
    throw new ShapeError(`[${op}] the source ${showShape(src.shape)} must have shape ${showShape(want)}`);
}

/** Arguments of {@link selectScatter} by name. */
export interface SelectScatterArguments {
  src: Tensor;
  dim: number;
  index: number;
}
const selectSpec: Spec<SelectScatterArguments> = { src: tensor, dim: axisParam, index: integer() };

/** A copy with the slice at `index` of dimension `dim` replaced by `src`, which lacks that dimension. */
export function selectScatter(
  t: Tensor,
  ...args: InOrderOrByName<[src: Tensor, dim: number, index: number], SelectScatterArguments>
): Tensor {
  needTensor('selectScatter', t);
  const { src, dim, index } = readArguments('selectScatter', selectSpec, args);
  needDims('selectScatter', t);
  const axis = checkAxis('selectScatter', dim, t.ndim);
  const want = t.shape.filter((_, i) => i !== axis);
  checkSame('selectScatter', src, want);
  const n = t.shape[axis]!;
  if (index < -n || index >= n) throw new IndexError(`[selectScatter] index ${index} is out of range for size ${n}`);
  return indexCopy(t, axis, [index < 0 ? index + n : index], unsqueeze(src, axis));
}

/** Options of {@link sliceScatter}. */
export interface SliceScatterOptions {
  /** Default 0. */
  dim: number;
  /** The first position, from the end if negative; default 0. */
  start: number | null;
  /** The position after the last, from the end if negative; default the length. */
  end: number | null;
  /** Default 1. */
  step: number;
}
/** Arguments of {@link sliceScatter} by name. */
export interface SliceScatterArguments extends Given<SliceScatterOptions> {
  src: Tensor;
}
const sliceSpec: Spec<SliceScatterOptions & { src: Tensor }> = {
  src: tensor,
  ...{ dim: axisParam.or(0), start: integer().orNull(), end: integer().orNull(), step: integer({ least: 1 }).or(1) },
};

/** A copy with positions start, start + step, ... before `end` of dimension `dim` replaced by `src`. */
export function sliceScatter(
  t: Tensor,
  ...args: InOrderOrByName<
    [src: Tensor, dim?: number, start?: number | null, end?: number | null, step?: number],
    SliceScatterArguments
  >
): Tensor {
  const op = 'sliceScatter';
  needTensor(op, t);
  const { src, ...o } = readArguments(op, sliceSpec, args);
  needDims(op, t);
  const axis = checkAxis(op, o.dim, t.ndim);
  const n = t.shape[axis]!;
  const bound = (v: number): number => Math.min(Math.max(v < 0 ? v + n : v, 0), n);
  const [start, end] = [bound(o.start ?? 0), bound(o.end ?? n)];
  const places = arange(start, Math.max(start, end), o.step, { dtype: 'int64', device: t.device });
  checkSame(
    op,
    src,
    t.shape.map((d, i) => (i === axis ? places.numel : d)),
  );
  return indexCopy(t, axis, places, src);
}

const diagonalSpec: Spec<Required<DiagonalOptions> & { src: Tensor }> = {
  src: tensor,
  ...{ offset: integer().or(0), dim1: axisParam.or(0), dim2: axisParam.or(1) },
};

/** A copy with a diagonal of two dimensions replaced by `src`, shaped like what {@link diagonal} gives. */
export function diagonalScatter(
  t: Tensor,
  ...args: InOrderOrByName<
    [src: Tensor, offset?: number, dim1?: number, dim2?: number],
    DiagonalOptions & { src: Tensor }
  >
): Tensor {
  const op = 'diagonalScatter';
  needTensor(op, t);
  const { src, ...o } = readArguments(op, diagonalSpec, args);
  checkSame(op, src, diagonal(t, o).shape);
  const [p, q] = [checkAxis(op, o.dim1, t.ndim), checkAxis(op, o.dim2, t.ndim)];
  // A square with `src` on the diagonal, cut or filled up to the size of t.
  const square = diagEmbed(src, o.offset, p, q);
  const sides = t.shape.map((d, i) => [0, i === p || i === q ? d - square.shape[i]! : 0]);
  const placed = pad(square, sides.reverse().flat());
  const along = (axis: number, shift: number): Tensor => {
    const shape = t.shape.map((d, i) => (i === axis ? d : 1));
    return reshape(arange(shift, shift + t.shape[axis]!, { dtype: 'int64', device: t.device }), shape);
  };
  return where(expand(eq(along(p, o.offset), along(q, 0)), t.shape), placed, t);
}

const methods = { selectScatter, sliceScatter, diagonalScatter };
addMethods(methods);
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<
    typeof import('./regions'),
    'selectScatter' | 'sliceScatter' | 'diagonalScatter'
  > {}
}
