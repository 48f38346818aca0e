/** @file Elements several times. The results are copies, also where nothing is repeated. */
import { ArgumentError, ShapeError } from '../../core/errors';
import { checkAxis, checkShape, numel, type Shape, showShape } from '../../core/shape';
import { addMethods, needTensor, Tensor } from '../../core/tensor';
import {
  gathered,
  type InOrderOrByName,
  isOptions,
  type ListOrNamed,
  readArguments,
  type Spec,
} from '../../core/arguments';
import { axis, checkCount, either, integer, integers, tensor as tensorParam } from '../../core/params';
import { clone } from '../tensors/cast';
import { tensor } from '../tensors/create';
import { indexSelect } from '../indexing/gather';
import { expand, owned, reshape } from './views';

const set = (shape: Shape, axis: number, length: number): number[] => shape.map((d, i) => (i === axis ? length : d));

// `n` times the whole axis in a row, or (each) every element n times. A copy, also where nothing is repeated.
function repeatAxis(t: Tensor, axis: number, n: number, each: boolean): Tensor {
  const length = t.shape[axis]!;
  const to = checkShape('repeat', set(t.shape, axis, n * length));
  const [outer, inner] = [numel(t.shape.slice(0, axis)), numel(t.shape.slice(axis + 1))];
  const wide = each ? reshape(t, [outer, length, 1, inner]) : reshape(t, [outer, 1, length, inner]);
  return reshape(clone(expand(wide, set(wide.shape, each ? 2 : 1, n))), to);
}

/** Arguments of {@link repeat}. */
export interface RepeatArguments {
  repeats: readonly number[];
}
const repeatSpec: Spec<RepeatArguments> = { repeats: integers };

/** The tensor laid out `repeats[i]` times along dimension i; more of them than dimensions add dimensions in front. */
export function repeat(t: Tensor, ...repeats: ListOrNamed<RepeatArguments>): Tensor {
  needTensor('repeat', t);
  return repeated('repeat', t, readArguments('repeat', repeatSpec, gathered(repeats)).repeats);
}

function repeated(op: string, t: Tensor, list: readonly number[]): Tensor {
  if (list.length < t.ndim)
    throw new ShapeError(`[${op}] ${list.length} sizes for the ${t.ndim} dimensions of ${showShape(t.shape)}`);
  if (list.some((n) => n < 0))
    throw new ArgumentError(`[${op}] sizes must be non-negative integers, got ${showShape(list)}`);
  const start = reshape(t, checkShape(op, [...list.slice(t.ndim).map(() => 1), ...t.shape]));
  const out = list.reduceRight((x, n, i) => (n === 1 ? x : repeatAxis(x, i, n, false)), start);
  return owned(out, t);
}

/** Arguments of {@link tile}. */
export interface TileArguments {
  dims: readonly number[];
}
const tileSpec: Spec<TileArguments> = { dims: integers };

/** {@link repeat} that leaves leading dimensions alone when there are fewer sizes than dimensions. */
export function tile(t: Tensor, ...dims: ListOrNamed<TileArguments>): Tensor {
  needTensor('tile', t);
  const list = readArguments('tile', tileSpec, gathered(dims)).dims;
  return repeated('tile', t, [...new Array<number>(Math.max(0, t.ndim - list.length)).fill(1), ...list]);
}

/** Arguments of {@link repeatInterleave}. */
export interface RepeatInterleaveArguments {
  /** How often: all elements, or one number for each. */
  repeats: number | readonly number[] | Tensor;
  /** Along which axis. Default: of the flattened tensor. */
  dim?: number | null | undefined;
  /** The sum of the repeats, if known; checked. */
  outputSize?: number | null | undefined;
}
type Interleave = [repeats: number | readonly number[] | Tensor, dim?: number | null, outputSize?: number | null];

const repeatsParam = either(integer({ least: 0 }), integers, tensorParam);
const interleaveSpec: Spec<RepeatInterleaveArguments> = {
  repeats: repeatsParam,
  dim: axis.orNull(),
  outputSize: integer({ least: 0 }).orNull(),
};
// Of one tensor alone, which holds the repeats.
const countsSpec: Spec<{ outputSize: number | null }> = { outputSize: integer({ least: 0 }).orNull() };

// Longer lists of positions take seconds to make.
const mostPositions = 2 ** 27;

// Position i as often as repeats[i] says. Waits for the stream.
function interleaved(repeats: Tensor, outputSize: number | null | undefined): Int32Array {
  const op = 'repeatInterleave';
  if (repeats.ndim !== 1 || (repeats.dtype !== 'int64' && repeats.dtype !== 'int32'))
    throw new ArgumentError(
      `[${op}] repeats must be a vector of integers, got ${repeats.dtype} ${showShape(repeats.shape)}`,
    );
  const times = Array.from(repeats.dataSync(), Number);
  if (times.some((n) => n < 0)) throw new ArgumentError(`[${op}] repeats must not be negative`);
  const total = times.reduce((a, b) => a + b, 0);
  if (outputSize !== undefined && outputSize !== null && outputSize !== total)
    throw new ShapeError(`[${op}] outputSize is ${outputSize}, the repeats add up to ${total}`);
  const positions = new Int32Array(checkCount(op, 'repeats', total, mostPositions));
  let at = 0;
  times.forEach((n, i) => positions.fill(i, at, (at += n)));
  return positions;
}

/**
 * Every element of an axis (default: of the flattened tensor) several times in a row: all `repeats` times, or element i
 * repeats[i] times. With one tensor alone: position i repeats[i] times.
 */
export function repeatInterleave(
  t: Tensor,
  ...args: InOrderOrByName<Interleave, RepeatInterleaveArguments> | [] | [{ outputSize?: number | null | undefined }]
): Tensor {
  const op = 'repeatInterleave';
  needTensor(op, t);
  const [first] = args;
  if (first === undefined || (args.length === 1 && isOptions(first) && !('repeats' in first))) {
    const { outputSize } = readArguments(op, countsSpec, args);
    return tensor(interleaved(t, outputSize), { dtype: t.dtype, device: t.device });
  }
  const { repeats, dim, outputSize } = readArguments(op, interleaveSpec, args);
  const x = dim === undefined || dim === null ? reshape(t, [-1]) : t.ndim === 0 ? reshape(t, [1]) : t;
  const a = checkAxis(op, dim ?? 0, x.ndim);
  const n = x.shape[a]!;
  if (typeof repeats === 'number') {
    if (outputSize !== undefined && outputSize !== null && outputSize !== repeats * n)
      throw new ShapeError(`[${op}] outputSize is ${outputSize}, the repeats add up to ${repeats * n}`);
    return repeatAxis(x, a, repeats, true);
  }
  const given = repeats instanceof Tensor ? repeats : tensor(repeats as number[], { dtype: 'int64', device: t.device });
  const each = given.numel === 1 ? expand(reshape(given, [1]), [n]) : given;
  if (each.ndim === 1 && each.numel !== n)
    throw new ShapeError(`[${op}] ${each.numel} repeats for ${n} elements along axis ${a}`);
  return indexSelect(x, a, tensor(interleaved(each, outputSize), { device: t.device }));
}

addMethods({ repeat, tile, repeatInterleave });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./repetition'), 'repeat' | 'tile' | 'repeatInterleave'> {}
}
