/** @file Arithmetic on shapes and strides. Strides are in elements. Nothing here knows tensors. */
import { ArgumentError, IndexError, ShapeError } from './errors';

/** A shape: the length of each dimension, outermost first. `[]` is a scalar. */
export type Shape = readonly number[];

/** The most dimensions a tensor can have (native/runtime/buffer.h, kMaxDims). */
export const maxDims = 8;

export const showShape = (s: Shape): string => `[${s.join(', ')}]`;

export function numel(shape: Shape): number {
  let n = 1;
  for (let i = 0; i < shape.length; i++) n *= shape[i]!;
  return n;
}

/** Row-major strides. */
export function contiguousStrides(shape: Shape): number[] {
  // Literals, for the shapes of most tensors: their arrays have no room for more, and no holes.
  if (shape.length === 2) return [shape[1]! || 1, 1];
  if (shape.length === 1) return [1];
  const s = shape.slice();
  let n = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    s[i] = n;
    n *= shape[i]! === 0 ? 1 : shape[i]!;
  }
  return s;
}

export function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  let n = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const d = shape[i]!;
    if (d === 0) return true;
    if (d !== 1 && strides[i] !== n) return false;
    n *= d;
  }
  return true;
}

/** Whether two elements may be one in memory. Strides that do not nest count as such: nobody but users makes them. */
export function overlapsItself(shape: Shape, strides: readonly number[]): boolean {
  if (shape.includes(0)) return false;
  const order = shape.map((_, i) => i).filter((i) => shape[i] !== 1);
  order.sort((a, b) => Math.abs(strides[a]!) - Math.abs(strides[b]!));
  let reach = 0; // how far the elements of the dimensions so far lie apart at most
  for (const i of order) {
    const s = Math.abs(strides[i]!);
    if (s <= reach) return true;
    reach += s * (shape[i]! - 1);
  }
  return false;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Checks a shape given by a user: non-negative safe integers, at most 8 of them. */
export function checkShape(op: string, shape: unknown): number[] {
  const list = typeof shape === 'number' ? [shape] : shape;
  if (!Array.isArray(list)) throw new ArgumentError(`[${op}] a shape is an array of numbers, got ${describe(shape)}`);
  if (list.length > maxDims)
    throw new ShapeError(`[${op}] at most ${maxDims} dimensions are supported, got ${list.length}`);
  for (const d of list) {
    if (!Number.isSafeInteger(d) || d < 0)
      throw new ShapeError(`[${op}] dimensions must be non-negative integers, got ${describe(list)}`);
  }
  if (!Number.isSafeInteger(numel(list)))
    throw new ShapeError(`[${op}] shape ${showShape(list)} has too many elements`);
  return list.slice();
}

/** A value in a few words, for messages. Never fails, whatever it is given. */
export function describe(v: unknown, depth = 0): string {
  if (v === null) return 'null';
  if (typeof v === 'string') return `'${v.length > 40 ? `${v.slice(0, 40)}...` : v}'`;
  if (typeof v === 'function') return 'a function';
  if (typeof v !== 'object') return v === undefined ? 'undefined' : `${typeof v} ${String(v)}`;
  if (Array.isArray(v)) {
    if (depth > 0) return 'an array';
    const shown = v.slice(0, 8).map((e) => (typeof e === 'number' ? String(e) : describe(e, 1)));
    return `[${shown.join(', ')}${v.length > 8 ? ', ...' : ''}]`;
  }
  if (Object.getPrototypeOf(v) === null) return 'an object';
  const name: unknown = v.constructor?.name;
  return typeof name === 'string' && name !== 'Object' ? `a ${name}` : 'an object';
}

/** Resolves a possibly negative axis. */
export function checkAxis(op: string, axis: number, ndim: number): number {
  const n = Math.max(ndim, 1);
  if (!Number.isInteger(axis)) throw new ArgumentError(`[${op}] an axis is an integer, got ${describe(axis)}`);
  if (axis < -n || axis >= n) throw new IndexError(`[${op}] axis ${axis} is out of range for ${ndim} dimensions`);
  return axis < 0 ? axis + n : axis;
}

/** 0, 1, ... `ndim` - 1. */
export function allAxes(ndim: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < ndim; i++) out.push(i);
  return out;
}

/** Resolves a list of axes: undefined means all; duplicates are rejected. Ascending. */
export function checkAxes(op: string, axes: number | readonly number[] | null | undefined, ndim: number): number[] {
  if (axes === undefined || axes === null) return allAxes(ndim);
  if (typeof axes !== 'number' && !Array.isArray(axes))
    throw new ArgumentError(`[${op}] axes are an integer or an array of integers, got ${describe(axes)}`);
  const list = (typeof axes === 'number' ? [axes] : axes).map((a) => checkAxis(op, a, ndim));
  if (list.length > 1 && new Set(list).size !== list.length)
    throw new ArgumentError(`[${op}] an axis appears twice in [${list.join(', ')}]`);
  if (ndim === 0) return [];
  return list.sort((a, b) => a - b);
}

/** The shape that both operands broadcast to. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const n = Math.max(a.length, b.length);
  const out = new Array<number>(n);
  for (let i = 0; i < n; i++) {
    const x = a[a.length - n + i] ?? 1;
    const y = b[b.length - n + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1)
      throw new ShapeError(`[${op}] shapes ${showShape(a)} and ${showShape(b)} do not broadcast: ${x} against ${y}`);
    out[i] = x === 1 ? y : x;
  }
  return out;
}

/** Strides of a tensor seen with a larger broadcast shape: 0 where a dimension is repeated. */
export function broadcastStrides(shape: Shape, strides: readonly number[], to: Shape): readonly number[] {
  if (shape.length === to.length && sameShape(shape, to)) return strides;
  const lead = to.length - shape.length;
  const out = new Array<number>(to.length);
  for (let i = 0; i < to.length; i++) {
    const j = i - lead;
    out[i] = j < 0 || (shape[j] === 1 && to[i] !== 1) ? 0 : strides[j]!;
  }
  return out;
}

/**
 * Strides that show the same elements with another shape, or undefined if that needs a copy (`view` semantics of
 * PyTorch).
 */
export function viewStrides(shape: Shape, strides: readonly number[], to: Shape): number[] | undefined {
  if (numel(shape) === 0 || shape.length === 0) return contiguousStrides(to);
  const out = new Array<number>(to.length);
  let j = to.length - 1;
  let base = strides[shape.length - 1]!;
  let have = 1; // elements of the current run of dimensions that lie evenly in memory
  let used = 1; // elements of it that target dimensions cover
  for (let i = shape.length - 1; i >= 0; i--) {
    have *= shape[i]!;
    if (i > 0 && (shape[i - 1] === 1 || strides[i - 1] === have * base)) continue;
    while (j >= 0 && (used < have || to[j] === 1)) {
      out[j] = used * base;
      used *= to[j]!;
      j--;
    }
    if (used !== have) return undefined;
    if (i > 0) base = strides[i - 1]!;
    have = used = 1;
  }
  return j < 0 ? out : undefined;
}

/** Resolves one -1 in a target shape. */
export function inferShape(op: string, n: number, to: readonly number[]): number[] {
  let hole = -1;
  let known = 1;
  for (let i = 0; i < to.length; i++) {
    if (to[i] === -1) {
      if (hole >= 0) throw new ShapeError(`[${op}] only one dimension can be inferred, got ${showShape(to)}`);
      hole = i;
    } else known *= to[i]!;
  }
  const out = to.slice();
  if (hole >= 0) {
    if (known === 0 || n % known !== 0)
      throw new ShapeError(`[${op}] shape ${showShape(to)} is invalid for ${n} elements`);
    out[hole] = n / known;
  }
  const checked = checkShape(op, out);
  if (numel(checked) !== n) throw new ShapeError(`[${op}] shape ${showShape(to)} is invalid for ${n} elements`);
  return checked;
}
