/** @file Joining tensors. */
import { type DType, resultType } from '../../core/dtype';
import { ArgumentError, ShapeError } from '../../core/errors';
import { checkAxis, checkShape, describe, maxDims, sameShape, showShape } from '../../core/shape';
import { alias, empty, needTensor, Tensor } from '../../core/tensor';
import { cast } from '../tensors/cast';
import { runCopy, sameDevice } from '../kit/launch';
import { definePrimitive } from '../kit/primitive';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { axis as axisParam, Param } from '../../core/params';
import { narrow, reshape, unsqueeze } from './views';

/** The dimension along which tensors are joined or taken apart. */
export interface AlongDim {
  /** Default 0. */
  dim?: number | undefined;
}
const alongSpec: Spec<AlongDim> = { dim: axisParam.or(0) };

/** Arguments of {@link cat} and {@link stack} by name. */
export interface JoinArguments extends AlongDim {
  tensors: readonly Tensor[];
}
// checkList says more than a parameter could.
const listParam = new Param<readonly Tensor[]>('an array of tensors', (v) => v as readonly Tensor[]);
const joinSpec: Spec<JoinArguments> = { tensors: listParam, ...alongSpec };
const listSpec = { tensors: listParam };
type Joined = InOrderOrByName<[tensors: readonly Tensor[], dim?: number], JoinArguments>;
type List = InOrderOrByName<[tensors: readonly Tensor[]], { tensors: readonly Tensor[] }>;

// In order without the reader: graphs of small tensors join many.
function joined(op: string, args: Joined): JoinArguments {
  const [tensors, dim] = args;
  if (args.length === 2 && Array.isArray(tensors) && typeof dim === 'number') return { tensors, dim };
  return readArguments(op, joinSpec, args);
}
/** {@link AlongDim} in order or by name. */
export type Along = InOrderOrByName<[dim?: number], AlongDim>;

/** The dimension that was given, or 0. */
export const dimOf = (op: string, args: readonly unknown[]): number => readArguments(op, alongSpec, args).dim!;

function checkList(op: string, tensors: readonly Tensor[]): void {
  if (!Array.isArray(tensors))
    throw new ArgumentError(`[${op}] expected an array of tensors, got ${describe(tensors)}`);
  if (tensors.length === 0) throw new ArgumentError(`[${op}] expected at least one tensor`);
  for (const t of tensors as readonly Tensor[]) {
    needTensor(op, t);
    sameDevice(op, tensors[0]!, t);
  }
}

// What all of them promote to: those with dimensions decide first, as in arithmetic.
function commonDType(tensors: readonly Tensor[]): DType {
  const all = tensors.reduce<{ dtype: DType; ndim: number }>(
    (a, b) => ({ dtype: resultType(a, b), ndim: Math.max(a.ndim, b.ndim) }),
    tensors[0]!,
  );
  return all.dtype;
}

/** Positions `start` to `start + length` of one dimension, as a view. Untracked. */
export function part(t: Tensor, axis: number, start: number, length: number): Tensor {
  const shape = t.shape.slice();
  shape[axis] = length;
  return alias(t, shape, t.strides, t.offset + start * t.strides[axis]!);
}

/**
 * Tensors one after the other along an axis (default 0); their other dimensions must be equal. Dtypes promote.
 * Vectors of no elements fit everything, as in PyTorch.
 */
export function cat(...args: Joined): Tensor {
  const { tensors, dim = 0 } = joined('cat', args);
  checkList('cat', tensors);
  const real = tensors.filter((t) => !(t.ndim === 1 && t.shape[0] === 0));
  const list = real.length > 0 ? real : tensors.slice(0, 1);
  const first = list[0]!;
  if (tensors.some((t) => t.ndim === 0)) throw new ShapeError('[cat] 0-dim tensors cannot be joined; use stack');
  const a = checkAxis('cat', dim, first.ndim);
  for (const t of list) {
    if (t.ndim !== first.ndim || t.shape.some((d, i) => i !== a && d !== first.shape[i]))
      throw new ShapeError(
        `[cat] ${showShape(first.shape)} and ${showShape(t.shape)} differ elsewhere than along axis ${a}`,
      );
  }
  const dtype = commonDType(tensors);
  return catOf(
    list.map((t) => cast(t, dtype)),
    a,
  );
}

/** {@link cat} of tensors that have one dtype and shapes that fit. */
export const catOf = (list: readonly Tensor[], axis: number): Tensor =>
  joinedUp({ list }, { axis, lengths: list.map((t) => t.shape[axis]!) });

const joinedUp = definePrimitive<{ list: readonly Tensor[] }, { axis: number; lengths: readonly number[] }>({
  name: 'cat',
  inputs: ['list'],
  each: 'list',
  forward({ list }, { axis, lengths }) {
    const first = list[0]!;
    const shape = first.shape.slice();
    shape[axis] = lengths.reduce((x, y) => x + y, 0);
    checkShape('cat', shape);
    const out = empty(shape, first.dtype, first.storage.device);
    let at = 0;
    list.forEach((t, i) => {
      if (t.numel > 0) runCopy(part(out, axis, at, lengths[i]!), t);
      at += lengths[i]!;
    });
    return out;
  },
  derivative(g, _, { axis, lengths }, { list: needs }) {
    let at = 0;
    const list = lengths.map((n, i) => {
      at += n;
      return needs![i] ? narrow(g, axis, at - n, n) : null;
    });
    return { list };
  },
});

/** {@link cat} */
export const concat = cat;

/** Arguments of {@link concatenate} by name. */
export interface ConcatenateArguments {
  tensors: readonly Tensor[];
  /** Default -1. */
  axis?: number | undefined;
}
const concatenateSpec: Spec<ConcatenateArguments> = { tensors: listParam, axis: axisParam.or(-1) };

/**
 * Keras's concatenate: tensors one after the other along the last axis, or along `axis`. {@link cat} is PyTorch's, along
 * the first.
 */
export function concatenate(
  ...args: InOrderOrByName<[tensors: readonly Tensor[], axis?: number], ConcatenateArguments>
): Tensor {
  const { tensors, axis } = readArguments('concatenate', concatenateSpec, args);
  return cat(tensors, axis!);
}

/** Tensors of one shape side by side along a new axis (default 0). */
export function stack(...args: Joined): Tensor {
  const { tensors, dim = 0 } = joined('stack', args);
  checkList('stack', tensors);
  const first = tensors[0]!;
  for (const t of tensors)
    if (!sameShape(t.shape, first.shape))
      throw new ShapeError(
        `[stack] all tensors must have one shape: ${showShape(first.shape)} and ${showShape(t.shape)}`,
      );
  if (first.ndim === maxDims)
    throw new ShapeError(`[stack] tensors of ${maxDims} dimensions cannot get one more: ${showShape(first.shape)}`);
  const a = checkAxis('stack', dim, first.ndim + 1);
  const dtype = commonDType(tensors);
  return catOf(
    tensors.map((t) => unsqueeze(cast(t, dtype), a)),
    a,
  );
}

// One tensor, or several in order or in an array, each with at least so many dimensions.
function atLeast(op: string, args: readonly (Tensor | readonly Tensor[])[], raise: (t: Tensor) => Tensor): unknown {
  if (args.length === 1 && args[0] instanceof Tensor) return raise(checked(op, args[0]));
  return args.flat().map((t) => raise(checked(op, t as Tensor)));
}
function checked(op: string, t: Tensor): Tensor {
  needTensor(op, t);
  return t;
}

const raised1 = (t: Tensor): Tensor => (t.ndim === 0 ? reshape(t, [1]) : t);
const raised2 = (t: Tensor): Tensor => (t.ndim < 2 ? unsqueeze(raised1(t), 0) : t);
const raised3 = (t: Tensor): Tensor => (t.ndim < 3 ? unsqueeze(raised2(t), 2) : t);

/** Of one tensor a tensor, of several all of them. */
export interface AtLeast {
  (t: Tensor): Tensor;
  (tensors: readonly Tensor[]): Tensor[];
  (...tensors: Tensor[]): Tensor[];
}

/** 0-dim tensors as vectors. */
export const atleast1d = ((...args) => atLeast('atleast1d', args, raised1)) as AtLeast;
/** Scalars and vectors as matrices with one row. */
export const atleast2d = ((...args) => atLeast('atleast2d', args, raised2)) as AtLeast;
/** At least three dimensions: a vector of length n becomes [1, n, 1], a matrix [m, n] becomes [m, n, 1]. */
export const atleast3d = ((...args) => atLeast('atleast3d', args, raised3)) as AtLeast;

function lifted(op: string, args: List, lift: (t: Tensor) => Tensor): Tensor[] {
  const { tensors } = readArguments(op, listSpec, args);
  checkList(op, tensors);
  return tensors.map(lift);
}

/** Side by side: vectors one after the other, others along the second dimension. */
export function hstack(...args: List): Tensor {
  const list = lifted('hstack', args, raised1);
  return cat(list, list[0]!.ndim === 1 ? 0 : 1);
}
/** One above the other: along the first dimension, vectors as rows. */
export const vstack = (...args: List): Tensor => cat(lifted('vstack', args, raised2), 0);
/** {@link vstack} */
export const rowStack = vstack;
/** One behind the other: along the third dimension. */
export const dstack = (...args: List): Tensor => cat(lifted('dstack', args, raised3), 2);
/** Along the second dimension, vectors as columns. */
export const columnStack = (...args: List): Tensor =>
  cat(
    lifted('columnStack', args, (t) => (t.ndim < 2 ? reshape(t, [t.numel, 1]) : t)),
    1,
  );
