/** @file Joining tensors and taking them apart. */
import { track } from '../core/autograd';
import { type DType, resultType } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { checkAxis, describe, type Shape, showShape } from '../core/shape';
import { addMethods, alias, empty, type Method, needTensor, Tensor } from '../core/tensor';
import { cast } from './cast';
import { zeros } from './create';
import { runCopy, sameDevice } from './launch';
import { narrow, reshape, unsqueeze } from './views';

/** An axis by position or by name. */
export type DimOption = number | { dim?: number };

const dimOf = (how: DimOption): number => (typeof how === 'number' ? how : (how.dim ?? 0));

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

function part(t: Tensor, axis: number, start: number, length: number): Tensor {
  const shape = t.shape.slice();
  shape[axis] = length;
  return alias(t, shape, t.strides, t.offset + start * t.strides[axis]!);
}

/**
 * Tensors one after the other along an axis (default 0); their other dimensions must be equal. Dtypes promote.
 * Vectors of no elements fit everything, as in PyTorch.
 */
export function cat(tensors: readonly Tensor[], axis: DimOption = 0): Tensor {
  checkList('cat', tensors);
  const real = tensors.filter((t) => !(t.ndim === 1 && t.shape[0] === 0));
  const list = real.length > 0 ? real : tensors.slice(0, 1);
  const first = list[0]!;
  if (tensors.some((t) => t.ndim === 0)) throw new ShapeError('[cat] 0-dim tensors cannot be joined; use stack');
  const a = checkAxis('cat', dimOf(axis), first.ndim);
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

// All have one dtype and shapes that fit.
function catOf(list: readonly Tensor[], axis: number): Tensor {
  const first = list[0]!;
  const lengths = list.map((t) => t.shape[axis]!);
  const shape = first.shape.slice();
  shape[axis] = lengths.reduce((x, y) => x + y, 0);
  const out = empty(shape, first.dtype, first.storage.device);
  const starts: number[] = [];
  let at = 0;
  list.forEach((t, i) => {
    starts.push(at);
    if (t.numel > 0) runCopy(part(out, axis, at, lengths[i]!), t);
    at += lengths[i]!;
  });
  return track('cat', out, list, [], ([g], _saved, needs) =>
    lengths.map((n, i) => (needs[i] ? narrow(g!, axis, starts[i]!, n) : null)),
  );
}

/** {@link cat} */
export const concatenate = cat;
/** {@link cat} */
export const concat = cat;

/** Tensors of one shape side by side along a new axis (default 0). */
export function stack(tensors: readonly Tensor[], axis: DimOption = 0): Tensor {
  checkList('stack', tensors);
  const first = tensors[0]!;
  for (const t of tensors)
    if (showShape(t.shape) !== showShape(first.shape))
      throw new ShapeError(
        `[stack] all tensors must have one shape: ${showShape(first.shape)} and ${showShape(t.shape)}`,
      );
  const a = checkAxis('stack', dimOf(axis), first.ndim + 1);
  const dtype = commonDType(tensors);
  return catOf(
    tensors.map((t) => unsqueeze(cast(t, dtype), a)),
    a,
  );
}

/** 0-dim tensors as vectors. */
export const atleast1d = (t: Tensor): Tensor => (t.ndim === 0 ? reshape(t, [1]) : t);
/** Scalars and vectors as matrices with one row. */
export const atleast2d = (t: Tensor): Tensor => (t.ndim < 2 ? unsqueeze(atleast1d(t), 0) : t);
/** At least three dimensions: a vector of length n becomes [1, n, 1], a matrix [m, n] becomes [m, n, 1]. */
export const atleast3d = (t: Tensor): Tensor => (t.ndim < 3 ? unsqueeze(atleast2d(t), 2) : t);

function lifted(op: string, tensors: readonly Tensor[], lift: (t: Tensor) => Tensor): Tensor[] {
  checkList(op, tensors);
  return tensors.map(lift);
}

/** Side by side: vectors one after the other, others along the second dimension. */
export function hstack(tensors: readonly Tensor[]): Tensor {
  const list = lifted('hstack', tensors, atleast1d);
  return cat(list, list[0]!.ndim === 1 ? 0 : 1);
}
/** One above the other: along the first dimension, vectors as rows. */
export const vstack = (tensors: readonly Tensor[]): Tensor => cat(lifted('vstack', tensors, atleast2d), 0);
/** {@link vstack} */
export const rowStack = vstack;
/** One behind the other: along the third dimension. */
export const dstack = (tensors: readonly Tensor[]): Tensor => cat(lifted('dstack', tensors, atleast3d), 2);
/** Along the second dimension, vectors as columns. */
export const columnStack = (tensors: readonly Tensor[]): Tensor =>
  cat(
    lifted('columnStack', tensors, (t) => (t.ndim < 2 ? reshape(t, [t.numel, 1]) : t)),
    1,
  );

// --- apart ----------------------------------------------------------------------------------------------------------

// Views of consecutive parts, as one op: its gradient joins theirs in one pass.
function parts(name: string, t: Tensor, axis: number, lengths: readonly number[]): Tensor[] {
  let at = 0;
  const out = lengths.map((n) => {
    const v = part(t, axis, at, n);
    at += n;
    return v;
  });
  const { shape, dtype, device } = t;
  return track(name, out, [t], [], (grads) => [
    catOf(
      lengths.map(
        (n, i) =>
          grads[i] ??
          zeros(
            shape.map((d, k) => (k === axis ? n : d)),
            { dtype, device },
          ),
      ),
      axis,
    ),
  ]);
}

function splittable(op: string, t: Tensor, axis: number): number {
  needTensor(op, t);
  if (t.ndim === 0) throw new ShapeError(`[${op}] a 0-dim tensor cannot be split`);
  return checkAxis(op, axis, t.ndim);
}

function pieces(length: number, size: number): number[] {
  const out: number[] = [];
  for (let at = 0; at < length || out.length === 0; at += size) out.push(Math.min(size, length - at));
  return out;
}

/** Views of consecutive parts of `sizes` elements (the last may be shorter), or of the sizes listed. */
export function split(t: Tensor, sizes: number | readonly number[], axis: DimOption = 0): Tensor[] {
  const a = splittable('split', t, dimOf(axis));
  const length = t.shape[a]!;
  if (typeof sizes === 'number') {
    if (!Number.isInteger(sizes) || sizes < 0 || (sizes === 0 && length > 0))
      throw new ArgumentError(`[split] the size of a part must be a positive integer, got ${sizes}`);
    return parts('split', t, a, pieces(length, sizes || 1));
  }
  if (sizes.some((n) => !Number.isInteger(n) || n < 0) || sizes.reduce((x, y) => x + y, 0) !== length)
    throw new ShapeError(
      `[split] sizes ${showShape(sizes)} do not add up to ${length}, dimension ${a} of ${showShape(t.shape)}`,
    );
  return parts('split', t, a, sizes.slice());
}

/** At most `count` views of equal length (the last may be shorter). */
export function chunk(t: Tensor, count: number, axis: DimOption = 0): Tensor[] {
  const a = splittable('chunk', t, dimOf(axis));
  if (!Number.isInteger(count) || count < 1)
    throw new ArgumentError(`[chunk] the number of parts must be a positive integer, got ${count}`);
  const length = t.shape[a]!;
  return parts(
    'chunk',
    t,
    a,
    length === 0 ? new Array<number>(count).fill(0) : pieces(length, Math.ceil(length / count)),
  );
}

/** `sections` views whose lengths differ by at most one, or views between the positions listed. */
export function tensorSplit(t: Tensor, sections: number | readonly number[], axis: DimOption = 0): Tensor[] {
  const a = splittable('tensorSplit', t, dimOf(axis));
  const length = t.shape[a]!;
  if (typeof sections === 'number') {
    if (!Number.isInteger(sections) || sections < 1)
      throw new ArgumentError(`[tensorSplit] the number of sections must be a positive integer, got ${sections}`);
    const lengths = Array.from(
      { length: sections },
      (_, i) => Math.floor(length / sections) + (i < length % sections ? 1 : 0),
    );
    return parts('tensorSplit', t, a, lengths);
  }
  // Positions may overlap or lie outside, as in Python's slices.
  const bound = (v: number): number => Math.min(Math.max(v < 0 ? v + length : v, 0), length);
  const ends = [...sections.map(bound), length];
  return ends.map((end, i) => {
    const start = i === 0 ? 0 : ends[i - 1]!;
    return narrow(t, a, start, Math.max(0, end - start));
  });
}

/** {@link split} with a list of sizes */
export const splitWithSizes = (t: Tensor, sizes: readonly number[], axis: DimOption = 0): Tensor[] =>
  split(t, sizes, axis);

function splitAlong(
  op: string,
  t: Tensor,
  least: number,
  axis: number,
  sections: number | readonly number[],
): Tensor[] {
  needTensor(op, t);
  if (t.ndim < least) throw new ShapeError(`[${op}] needs at least ${least} dimensions, got ${showShape(t.shape)}`);
  if (typeof sections === 'number' && t.shape[axis]! % sections !== 0)
    throw new ShapeError(`[${op}] dimension ${axis} of ${showShape(t.shape)} is not divisible into ${sections} parts`);
  return tensorSplit(t, sections, axis);
}
/** Views of parts side by side: `sections` equal ones, or those between the positions listed; a vector is cut too. */
export const hsplit = (t: Tensor, sections: number | readonly number[]): Tensor[] =>
  splitAlong('hsplit', t, 1, t.ndim === 1 ? 0 : 1, sections);
/** Views of parts one above the other. See {@link hsplit}. */
export const vsplit = (t: Tensor, sections: number | readonly number[]): Tensor[] =>
  splitAlong('vsplit', t, 2, 0, sections);
/** Views of parts along the third dimension. See {@link hsplit}. */
export const dsplit = (t: Tensor, sections: number | readonly number[]): Tensor[] =>
  splitAlong('dsplit', t, 3, 2, sections);

/** One view per position of an axis, without that axis. */
export function unbind(t: Tensor, axis: DimOption = 0): Tensor[] {
  const a = splittable('unbind', t, dimOf(axis));
  const without = (list: Shape): number[] => list.filter((_, i) => i !== a);
  const shape = without(t.shape);
  const count = t.shape[a]!;
  const views = Array.from({ length: count }, (_, i) =>
    alias(t, shape, without(t.strides), t.offset + i * t.strides[a]!),
  );
  const { dtype, device } = t;
  return track('unbind', views, [t], [], (grads) => [
    stack(
      Array.from({ length: count }, (_, i) => grads[i] ?? zeros(shape, { dtype, device })),
      a,
    ),
  ]);
}

addMethods({ split, chunk, tensorSplit, splitWithSizes, hsplit, vsplit, dsplit, unbind });
declare module '../core/tensor' {
  interface Tensor {
    split: Method<typeof split>;
    chunk: Method<typeof chunk>;
    tensorSplit: Method<typeof tensorSplit>;
    splitWithSizes: Method<typeof splitWithSizes>;
    hsplit: Method<typeof hsplit>;
    vsplit: Method<typeof vsplit>;
    dsplit: Method<typeof dsplit>;
    unbind: Method<typeof unbind>;
  }
}
