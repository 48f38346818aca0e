/** @file The same elements elsewhere: flipped, rolled, repeated, with dimensions moved. */
import { track } from '../core/autograd';
import { ArgumentError, ShapeError } from '../core/errors';
import { broadcastShapes, checkAxes, checkAxis, describe, type Shape, showShape } from '../core/shape';
import { addMethods, alias, empty, type Method, needTensor, Tensor } from '../core/tensor';
import { checkOptions, listOf as several, readArguments } from '../core/arguments';
import { clone } from './cast';
import { tensor, zeros } from './create';
import { indexAdd, indexSelect } from './gather';
import { runCopy } from './launch';
import { broadcastTo, expand, permute, reshape, reverseDims, transpose, unsqueeze, view, viewAs } from './views';

type Axes = number | readonly number[];

/** Axes by name. */
export interface DimsOption {
  dims: number | readonly number[];
}

const listOf = (v: number | readonly number[]): readonly number[] => (typeof v === 'number' ? [v] : v);

// --- order along an axis --------------------------------------------------------------------------------------------

/** A copy with the order along some axes reversed. */
export function flip(t: Tensor, how: Axes | DimsOption, ...more: number[]): Tensor {
  needTensor('flip', t);
  const { dims } = readArguments<{ dims?: Axes }>('flip', { dims: undefined }, [how]);
  const list = checkAxes('flip', more.length > 0 ? several('flip', dims as number, more) : dims, t.ndim);
  const strides = t.strides.map((s, i) => (list.includes(i) ? -s : s));
  const last = list.reduce((p, a) => p + Math.max(0, t.shape[a]! - 1) * t.strides[a]!, t.offset);
  const out = empty(t.shape, t.dtype, t.storage.device);
  if (out.numel > 0) runCopy(out, alias(t, t.shape, strides, last));
  return track('flip', out, [t], [], ([g]) => [flip(g!, list)]);
}

/** {@link flip} of the second dimension: left and right. */
export function fliplr(t: Tensor): Tensor {
  if (t.ndim < 2) throw new ShapeError(`[fliplr] needs at least two dimensions, got ${showShape(t.shape)}`);
  return flip(t, 1);
}

/** {@link flip} of the first dimension: up and down. */
export function flipud(t: Tensor): Tensor {
  if (t.ndim < 1) throw new ShapeError('[flipud] needs at least one dimension, got []');
  return flip(t, 0);
}

// By `shift` places along one axis, 0 <= shift < its length.
function rollAxis(t: Tensor, shift: number, axis: number): Tensor {
  const length = t.shape[axis]!;
  const out = empty(t.shape, t.dtype, t.storage.device);
  const copy = (from: number, to: number, count: number): void => {
    const shape = t.shape.map((d, i) => (i === axis ? count : d));
    const source = alias(t, shape, t.strides, t.offset + from * t.strides[axis]!);
    runCopy(alias(out, shape, out.strides, to * out.strides[axis]!), source);
  };
  copy(0, shift, length - shift);
  copy(length - shift, 0, shift);
  return track('roll', out, [t], [], ([g]) => [rollAxis(g!, length - shift, axis)]);
}

/** Arguments of {@link roll} by name. */
export interface RollOptions {
  shifts: number | readonly number[];
  dims?: Axes;
}
const rollDefaults: RollOptions = { shifts: [], dims: undefined };

/** Elements moved along axes; what leaves at one end enters at the other. Without axes, of the flattened tensor. */
export function roll(t: Tensor, first: number | readonly number[] | RollOptions, how?: Axes | DimsOption): Tensor {
  needTensor('roll', t);
  const { shifts, dims: axes } = readArguments<RollOptions>('roll', rollDefaults, [first, how]);
  const by = listOf(shifts);
  if (by.some((s) => !Number.isInteger(s)))
    throw new ArgumentError(`[roll] shifts must be integers, got ${String(by)}`);
  if (axes === undefined || axes === null) {
    if (by.length !== 1) throw new ArgumentError(`[roll] ${by.length} shifts need as many axes`);
    return reshape(roll(reshape(t, [-1]), by, 0), t.shape);
  }
  const along = listOf(axes).map((a) => checkAxis('roll', a, t.ndim));
  if (along.length !== by.length) throw new ArgumentError(`[roll] ${by.length} shifts for ${along.length} axes`);
  if (t.numel === 0 || t.ndim === 0) return clone(t);
  const moved = along.reduce((x, axis, i) => {
    const n = x.shape[axis]!;
    const shift = ((by[i]! % n) + n) % n;
    return shift === 0 ? x : rollAxis(x, shift, axis);
  }, t);
  return moved === t ? clone(t) : moved;
}

/** Turned by 90 degrees `k` times, from the first axis towards the second. */
export function rot90(
  t: Tensor,
  how: number | { k?: number; dims?: readonly number[] } = {},
  dims?: readonly number[] | { dims?: readonly number[] },
): Tensor {
  const defaults: { k: number; dims: readonly number[] } = { k: 1, dims: [0, 1] };
  const { k, dims: axes } = readArguments('rot90', defaults, [how, dims]);
  if (axes.length !== 2 || !Number.isInteger(k))
    throw new ArgumentError(`[rot90] expected an integer and two axes, got ${k} and ${describe(axes)}`);
  if (t.ndim < 2) throw new ShapeError(`[rot90] needs at least two dimensions, got ${showShape(t.shape)}`);
  const [a, b] = axes.map((x) => checkAxis('rot90', x, t.ndim)) as [number, number];
  if (a === b) throw new ArgumentError(`[rot90] the two axes must differ, both are ${a}`);
  const turns = ((k % 4) + 4) % 4;
  if (turns === 1) return transpose(flip(t, b), a, b);
  if (turns === 2) return flip(t, [a, b]);
  return turns === 3 ? transpose(flip(t, a), a, b) : clone(t);
}

// --- repetition -----------------------------------------------------------------------------------------------------

const set = (shape: Shape, axis: number, length: number): number[] => shape.map((d, i) => (i === axis ? length : d));

// `n` times the whole axis in a row, or (each) every element n times.
function repeatAxis(t: Tensor, axis: number, n: number, each: boolean): Tensor {
  const at = each ? axis + 1 : axis;
  const wide = unsqueeze(t, at);
  return reshape(expand(wide, set(wide.shape, at, n)), set(t.shape, axis, n * t.shape[axis]!));
}

/** The tensor laid out `sizes[i]` times along dimension i; more sizes than dimensions add dimensions in front. */
export function repeat(t: Tensor, sizes: number | readonly number[], ...more: number[]): Tensor {
  needTensor('repeat', t);
  const list = several('repeat', sizes, more);
  if (list.length < t.ndim)
    throw new ShapeError(`[repeat] ${list.length} sizes for the ${t.ndim} dimensions of ${showShape(t.shape)}`);
  if (list.some((n) => !Number.isInteger(n) || n < 0))
    throw new ArgumentError(`[repeat] sizes must be non-negative integers, got ${showShape(list)}`);
  const start = reshape(t, [...list.slice(t.ndim).map(() => 1), ...t.shape]);
  const out = list.reduceRight((x, n, axis) => (n === 1 ? x : repeatAxis(x, axis, n, false)), start);
  return list.every((n) => n === 1) ? clone(out) : out;
}

/** {@link repeat} that leaves leading dimensions alone when there are fewer sizes than dimensions. */
export function tile(t: Tensor, sizes: number | readonly number[], ...more: number[]): Tensor {
  const list = several('tile', sizes, more);
  return repeat(t, [...new Array<number>(Math.max(0, t.ndim - list.length)).fill(1), ...list]);
}

/** Options of {@link repeatInterleave}. */
export interface RepeatInterleaveOptions {
  /** Along which axis. Default: of the flattened tensor. */
  dim?: number | null;
  /** The sum of the repeats, if known; checked. */
  outputSize?: number;
}

const interleaveDefaults: RepeatInterleaveOptions = { dim: null, outputSize: undefined };

// Position i as often as repeats[i] says. Waits for the stream.
function interleaved(repeats: Tensor, options: RepeatInterleaveOptions): Int32Array {
  if (repeats.ndim !== 1 || (repeats.dtype !== 'int64' && repeats.dtype !== 'int32'))
    throw new ArgumentError(
      `[repeatInterleave] repeats must be a vector of integers, got ${repeats.dtype} ${showShape(repeats.shape)}`,
    );
  const times = Array.from(repeats.dataSync(), Number);
  if (times.some((n) => n < 0)) throw new ArgumentError('[repeatInterleave] repeats must not be negative');
  const positions = Int32Array.from(times.flatMap((n, i) => new Array<number>(n).fill(i)));
  if (options.outputSize !== undefined && options.outputSize !== positions.length)
    throw new ShapeError(
      `[repeatInterleave] outputSize is ${options.outputSize}, the repeats add up to ${positions.length}`,
    );
  return positions;
}

/**
 * Every element of an axis (default: of the flattened tensor) several times in a row: all `repeats` times, or element i
 * repeats[i] times. With one tensor alone: position i repeats[i] times.
 */
export function repeatInterleave(
  t: Tensor,
  repeats?: number | readonly number[] | Tensor,
  dim?: number | null | RepeatInterleaveOptions,
  more?: RepeatInterleaveOptions,
): Tensor {
  needTensor('repeatInterleave', t);
  const options = readArguments<RepeatInterleaveOptions>('repeatInterleave', interleaveDefaults, [dim, more]);
  const axis = options.dim;
  if (repeats === undefined) return tensor(interleaved(t, options), { dtype: t.dtype, device: t.device });
  const x = axis === undefined || axis === null ? reshape(t, [-1]) : t;
  const a = checkAxis('repeatInterleave', axis ?? 0, x.ndim);
  if (x.ndim === 0) return repeatInterleave(reshape(x, [1]), repeats, 0, options);
  if (typeof repeats === 'number') {
    if (!Number.isInteger(repeats) || repeats < 0)
      throw new ArgumentError(`[repeatInterleave] repeats must be a non-negative integer, got ${repeats}`);
    return repeatAxis(x, a, repeats, true);
  }
  const given = repeats instanceof Tensor ? repeats : tensor(repeats, { dtype: 'int64', device: t.device });
  const n = x.shape[a]!;
  const each = given.numel === 1 ? expand(reshape(given, [1]), [n]) : given;
  if (each.ndim === 1 && each.numel !== n)
    throw new ShapeError(`[repeatInterleave] ${each.numel} repeats for ${n} elements along axis ${a}`);
  return indexSelect(x, a, tensor(interleaved(each, options), { device: t.device }));
}

// --- dimensions -----------------------------------------------------------------------------------------------------

/** Dimensions moved to other places; the rest keep their order. */
export function movedim(
  t: Tensor,
  source: number | readonly number[],
  destination: number | readonly number[],
): Tensor {
  const from = listOf(source).map((a) => checkAxis('movedim', a, t.ndim));
  const to = listOf(destination).map((a) => checkAxis('movedim', a, t.ndim));
  if (from.length !== to.length || new Set(from).size !== from.length || new Set(to).size !== to.length)
    throw new ArgumentError(
      `[movedim] [${from.join(', ')}] and [${to.join(', ')}] must be equally many, without repetition`,
    );
  const rest = t.shape.map((_, i) => i).filter((i) => !from.includes(i));
  return permute(
    t,
    t.shape.map((_, i) => (to.includes(i) ? from[to.indexOf(i)]! : rest.shift()!)),
  );
}
/** {@link movedim} */
export const moveaxis = movedim;
/** Two dimensions exchanged, as transpose. */
export const swapaxes = (t: Tensor, a: number, b: number): Tensor => transpose(t, a, b);
/** {@link swapaxes} */
export const swapdims = swapaxes;

/** The transpose of a matrix; vectors and scalars stay as they are. */
export function t(x: Tensor): Tensor {
  if (x.ndim > 2) throw new ShapeError(`[t] takes at most two dimensions, got ${showShape(x.shape)}; use transpose`);
  return reverseDims(x);
}

/** All elements as a vector: a view if possible. */
export const ravel = (x: Tensor): Tensor => reshape(x, [-1]);
/** Expanded to the shape of another tensor. */
export const expandAs = (x: Tensor, other: Tensor): Tensor => expand(x, other.shape);
/** Reshaped to the shape of another tensor. */
export const reshapeAs = (x: Tensor, other: Tensor): Tensor => reshape(x, other.shape);

/** All tensors expanded to their common shape. */
export function broadcastTensors(...tensors: (Tensor | readonly Tensor[])[]): Tensor[] {
  const list = tensors.flat() as Tensor[];
  const shape = list.reduce<Shape>((s, x) => broadcastShapes('broadcastTensors', s, x.shape), []);
  return list.map((x) => broadcastTo(x, shape));
}

/** Options of {@link meshgrid}. */
export interface MeshgridOptions {
  /** 'ij' (default): dimension i follows vector i; 'xy': the first two are exchanged. */
  indexing?: 'ij' | 'xy';
}

/** Coordinates of a grid: each vector spread along its own dimension of the shape that all their lengths make. */
export function meshgrid(...args: (Tensor | readonly Tensor[] | MeshgridOptions)[]): Tensor[] {
  const list = args.flatMap((v) => (v instanceof Tensor ? [v] : Array.isArray(v) ? (v as Tensor[]) : []));
  const options = args.find((v): v is MeshgridOptions => !(v instanceof Tensor) && !Array.isArray(v)) ?? {};
  checkOptions('meshgrid', options, ['indexing']);
  const { indexing = 'ij' } = options;
  if (indexing !== 'ij' && indexing !== 'xy')
    throw new ArgumentError(`[meshgrid] indexing is 'ij' or 'xy', got ${String(indexing)}`);
  if (list.length === 0) throw new ArgumentError('[meshgrid] expected at least one tensor');
  for (const x of list)
    if (x.ndim > 1) throw new ShapeError(`[meshgrid] takes vectors and scalars, got ${showShape(x.shape)}`);
  const order = list.map((_, i) => (indexing === 'xy' && list.length > 1 && i < 2 ? 1 - i : i));
  const shape = order.map((i) => list[i]!.numel);
  return list.map((x, i) =>
    expand(
      reshape(
        x,
        order.map((k) => (k === i ? x.numel : 1)),
      ),
      shape,
    ),
  );
}

// --- windows --------------------------------------------------------------------------------------------------------

/** Windows of `size` elements every `step` elements along an axis, as a view: the axis counts them, a last one holds them. */
export function unfold(t: Tensor, axis: number, size: number, step: number): Tensor {
  const a = checkAxis('unfold', axis, t.ndim);
  const length = t.shape[a] ?? 1;
  if (!Number.isInteger(size) || !Number.isInteger(step) || size < 0 || step < 1)
    throw new ArgumentError(`[unfold] size and step must be positive integers, got ${size} and ${step}`);
  if (size > length)
    throw new ShapeError(`[unfold] windows of ${size} do not fit into dimension ${a} of ${showShape(t.shape)}`);
  if (t.ndim === 0) return reshape(size === 0 ? expand(reshape(t, [1]), [1]).narrow(0, 0, 0) : t, [size]);
  const count = Math.floor((length - size) / step) + 1;
  const strides = [...t.strides.map((s, i) => (i === a ? s * step : s)), t.strides[a]!];
  const { shape } = t;
  return view('unfold', t, [...set(t.shape, a, count), size], strides, t.offset, (g) => {
    // Windows may overlap: their gradients add up where they do.
    const at = Int32Array.from({ length: count * size }, (_, k) => Math.floor(k / size) * step + (k % size));
    const parts = reshape(movedim(g, -1, a + 1), set(shape, a, count * size));
    const zero = zeros(shape, { dtype: g.dtype, device: g.device });
    return indexAdd(zero, a, tensor(at, { device: g.device }), parts);
  });
}

const methods = {
  flip,
  fliplr,
  flipud,
  roll,
  rot90,
  repeat,
  tile,
  repeatInterleave,
  movedim,
  moveaxis,
  swapaxes,
  swapdims,
};
const more = { t, ravel, expandAs, reshapeAs, broadcastTo, unfold };
addMethods({ ...methods, ...more, viewAs: (x: Tensor, other: Tensor) => viewAs(x, other.shape) });
type Methods = { [K in keyof (typeof methods & typeof more)]: Method<(typeof methods & typeof more)[K]> };
declare module '../core/tensor' {
  interface Tensor extends Methods {
    /** The same memory with the shape of another tensor. */
    viewAs(other: Tensor): Tensor;
    /** The last two dimensions exchanged. */
    readonly mT: Tensor;
  }
}
Object.defineProperty(Tensor.prototype, 'mT', {
  get(this: Tensor) {
    if (this.ndim < 2) throw new ShapeError(`[mT] needs at least two dimensions, got ${showShape(this.shape)}`);
    return transpose(this, -2, -1);
  },
  configurable: true,
});
