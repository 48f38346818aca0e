/** @file Taking tensors apart: views of their parts. */
import { ArgumentError, ShapeError } from '../../core/errors';
import { checkAxis, type Shape, showShape } from '../../core/shape';
import { addMethods, alias, needTensor, type Tensor } from '../../core/tensor';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { axis as axisParam, checkCount, either, integer, integers } from '../../core/params';
import { definePrimitive } from '../kit/primitive';
import { zeros } from '../tensors/create';
import { type Along, catOf, dimOf, part, stack } from './joining';
import { narrow, needDims } from './views';

// The gradients of views, zeros where nothing flowed; one of them arrived.
function allOf(grads: readonly (Tensor | undefined)[], shapeOf: (i: number) => Shape): Tensor[] {
  const { dtype, device } = grads.find((g) => g !== undefined)!;
  return Array.from(grads, (g, i) => g ?? zeros(shapeOf(i), { dtype, device }));
}

// Views of consecutive parts, as one op: its gradient joins theirs in one pass.
const parts = (name: string, t: Tensor, axis: number, lengths: readonly number[]): Tensor[] =>
  partsOf({ t }, { shape: t.shape, axis, lengths }, name);
const partsOf = definePrimitive<{ t: Tensor }, { shape: Shape; axis: number; lengths: readonly number[] }, Tensor[]>({
  name: 'split',
  inputs: ['t'],
  forward({ t }, { axis, lengths }) {
    let at = 0;
    return lengths.map((n) => {
      const v = part(t, axis, at, n);
      at += n;
      return v;
    });
  },
  derivative: (grads, _, { shape, axis, lengths }) => ({
    t: catOf(
      allOf(grads, (i) => shape.map((d, k) => (k === axis ? lengths[i]! : d))),
      axis,
    ),
  }),
});

const checkParts = (op: string, n: number): number => checkCount(op, 'parts', n, 2 ** 20);

function pieces(op: string, length: number, size: number): number[] {
  const out: number[] = [];
  checkParts(op, length / size);
  for (let at = 0; at < length || out.length === 0; at += size) out.push(Math.min(size, length - at));
  return out;
}

// A number of elements or of parts, or one for each part.
const counts = either(integer({ least: 0 }), integers);

/** Arguments of {@link split}. */
export interface SplitArguments {
  /** How many elements in each part, or a list with one number for each. */
  splitSize: number | readonly number[];
  /** Default 0. */
  dim?: number | undefined;
  /** The name that PyTorch's function has for splitSize. */
  splitSizeOrSections?: number | readonly number[] | undefined;
}
const splitSpec = { splitSize: counts.optional(), dim: axisParam.or(0), splitSizeOrSections: counts.optional() };

/** Views of consecutive parts of `splitSize` elements (the last may be shorter), or of the sizes listed. */
export function split(
  t: Tensor,
  ...args:
    | InOrderOrByName<
        [splitSize: number | readonly number[], dim?: number],
        Omit<SplitArguments, 'splitSizeOrSections'>
      >
    | [Omit<SplitArguments, 'splitSize'> & Required<Pick<SplitArguments, 'splitSizeOrSections'>>]
): Tensor[] {
  needDims('split', t);
  const o = readArguments('split', splitSpec, args);
  const sizes = o.splitSize ?? o.splitSizeOrSections;
  if (sizes === undefined)
    throw new ArgumentError(`[split] the argument splitSize is missing; it must be ${counts.kind}`);
  return splitInto('split', t, sizes, o.dim);
}

function splitInto(op: string, t: Tensor, sizes: number | readonly number[], dim: number): Tensor[] {
  const a = checkAxis(op, dim, t.ndim);
  const length = t.shape[a]!;
  if (typeof sizes === 'number') {
    if (sizes === 0 && length > 0)
      throw new ArgumentError(`[${op}] the size of a part must be a positive integer, got ${sizes}`);
    return parts(op, t, a, pieces(op, length, sizes || 1));
  }
  if (sizes.some((n) => n < 0) || sizes.reduce((x, y) => x + y, 0) !== length)
    throw new ShapeError(
      `[${op}] sizes ${showShape(sizes)} do not add up to ${length}, dimension ${a} of ${showShape(t.shape)}`,
    );
  return parts(op, t, a, sizes.slice());
}

/** Arguments of {@link chunk}. */
export interface ChunkArguments {
  /** How many parts at most. */
  chunks: number;
  /** Default 0. */
  dim?: number | undefined;
}
const chunkSpec: Spec<ChunkArguments> = { chunks: integer({ least: 1 }), dim: axisParam.or(0) };

/** At most `chunks` views of equal length (the last may be shorter). */
export function chunk(t: Tensor, ...args: InOrderOrByName<[chunks: number, dim?: number], ChunkArguments>): Tensor[] {
  needDims('chunk', t);
  const { chunks, dim } = readArguments('chunk', chunkSpec, args);
  const a = checkAxis('chunk', dim!, t.ndim);
  const length = t.shape[a]!;
  const lengths =
    length === 0
      ? new Array<number>(checkParts('chunk', chunks)).fill(0)
      : pieces('chunk', length, Math.ceil(length / chunks));
  return parts('chunk', t, a, lengths);
}

/** Arguments of {@link tensorSplit}. */
export interface TensorSplitArguments {
  /** How many parts, or the positions between them. */
  indicesOrSections: number | readonly number[];
  /** Default 0. */
  dim?: number | undefined;
}
const sections = either(integer({ least: 1 }), integers);
const tensorSplitSpec: Spec<TensorSplitArguments> = { indicesOrSections: sections, dim: axisParam.or(0) };
type Sections = number | readonly number[];

/** Views of so many sections, whose lengths differ by at most one, or between the positions listed. */
export function tensorSplit(
  t: Tensor,
  ...args: InOrderOrByName<[indicesOrSections: Sections, dim?: number], TensorSplitArguments>
): Tensor[] {
  needDims('tensorSplit', t);
  const { indicesOrSections, dim } = readArguments('tensorSplit', tensorSplitSpec, args);
  return sectionsOf('tensorSplit', t, indicesOrSections, checkAxis('tensorSplit', dim!, t.ndim));
}

function sectionsOf(op: string, t: Tensor, where: Sections, axis: number): Tensor[] {
  const length = t.shape[axis]!;
  if (typeof where === 'number') {
    const lengths = Array.from(
      { length: checkParts(op, where) },
      (_, i) => Math.floor(length / where) + (i < length % where ? 1 : 0),
    );
    return parts(op, t, axis, lengths);
  }
  // Positions may overlap or lie outside, as in Python's slices.
  const bound = (v: number): number => Math.min(Math.max(v < 0 ? v + length : v, 0), length);
  const ends = [...where.map(bound), length];
  return ends.map((end, i) => {
    const start = i === 0 ? 0 : ends[i - 1]!;
    return narrow(t, axis, start, Math.max(0, end - start));
  });
}

/** Arguments of {@link splitWithSizes}. */
export interface SplitWithSizesArguments {
  splitSizes: readonly number[];
  /** Default 0. */
  dim?: number | undefined;
}
const splitWithSizesSpec: Spec<SplitWithSizesArguments> = { splitSizes: integers, dim: axisParam.or(0) };

/** {@link split} with a list of sizes. */
export function splitWithSizes(
  t: Tensor,
  ...args: InOrderOrByName<[splitSizes: readonly number[], dim?: number], SplitWithSizesArguments>
): Tensor[] {
  needDims('splitWithSizes', t);
  const { splitSizes, dim } = readArguments('splitWithSizes', splitWithSizesSpec, args);
  return splitInto('splitWithSizes', t, splitSizes, dim!);
}

/** Arguments of {@link hsplit} and its kin. */
export interface SectionsArguments {
  indicesOrSections: number | readonly number[];
}
const sectionsSpec: Spec<SectionsArguments> = { indicesOrSections: sections };
type SectionsArgs = InOrderOrByName<[indicesOrSections: Sections], SectionsArguments>;

function splitAlong(op: string, t: Tensor, least: number, axis: number, args: readonly unknown[]): Tensor[] {
  needTensor(op, t);
  const where = readArguments(op, sectionsSpec, args).indicesOrSections;
  if (t.ndim < least) throw new ShapeError(`[${op}] needs at least ${least} dimensions, got ${showShape(t.shape)}`);
  if (typeof where === 'number' && t.shape[axis]! % where !== 0)
    throw new ShapeError(`[${op}] dimension ${axis} of ${showShape(t.shape)} is not divisible into ${where} parts`);
  return sectionsOf(op, t, where, axis);
}
/** Views of parts side by side: so many equal ones, or those between the positions listed; a vector is cut too. */
export const hsplit = (t: Tensor, ...args: SectionsArgs): Tensor[] =>
  splitAlong('hsplit', t, 1, t?.ndim === 1 ? 0 : 1, args);
/** Views of parts one above the other. See {@link hsplit}. */
export const vsplit = (t: Tensor, ...args: SectionsArgs): Tensor[] => splitAlong('vsplit', t, 2, 0, args);
/** Views of parts along the third dimension. See {@link hsplit}. */
export const dsplit = (t: Tensor, ...args: SectionsArgs): Tensor[] => splitAlong('dsplit', t, 3, 2, args);

/** One view per position of an axis, without that axis. */
export function unbind(t: Tensor, ...dim: Along): Tensor[] {
  needDims('unbind', t);
  const a = checkAxis('unbind', dimOf('unbind', dim), t.ndim);
  const without = (list: Shape): number[] => list.filter((_, i) => i !== a);
  const shape = without(t.shape);
  const count = checkParts('unbind', t.shape[a]!);
  return slicesOf({ t }, { axis: a, count, shape, strides: without(t.strides) });
}

const slicesOf = definePrimitive<
  { t: Tensor },
  { axis: number; count: number; shape: Shape; strides: readonly number[] },
  Tensor[]
>({
  name: 'unbind',
  inputs: ['t'],
  forward: ({ t }, { axis, count, shape, strides }) =>
    Array.from({ length: count }, (_, i) => alias(t, shape, strides, t.offset + i * t.strides[axis]!)),
  derivative: (grads, _, { axis, shape }) => ({
    t: stack(
      allOf(grads, () => shape),
      axis,
    ),
  }),
});

addMethods({ split, chunk, tensorSplit, splitWithSizes, hsplit, vsplit, dsplit, unbind });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<
    typeof import('./splitting'),
    'split' | 'chunk' | 'tensorSplit' | 'splitWithSizes' | 'hsplit' | 'vsplit' | 'dsplit' | 'unbind'
  > {}
}
