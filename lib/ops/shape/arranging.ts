/** @file The same elements elsewhere: flipped, rolled, seen in windows, with dimensions moved. */
import { ArgumentError, ShapeError } from '../../core/errors';
import { broadcastShapes, checkAxes, checkAxis, checkShape, type Shape, showShape } from '../../core/shape';
import { addMethods, alias, empty, type Method, needTensor, Tensor } from '../../core/tensor';
import {
  gathered,
  type InOrderOrByName,
  isOptions,
  type ListOrNamed,
  readArguments,
  readOptions,
  type Spec,
} from '../../core/arguments';
import { axes, axis, checkCount, integer, integers, oneOf, tensors } from '../../core/params';
import { clone } from '../tensors/cast';
import { tensor, zeros } from '../tensors/create';
import { indexAdd } from '../indexing/slices';
import { runCopy } from '../kit/launch';
import { definePrimitive } from '../kit/primitive';
import {
  becomeView,
  broadcastTo,
  exchanged,
  expand,
  narrow,
  permute,
  reshape,
  reverseDims,
  transpose,
  transpose_,
  view,
  viewAs,
} from './views';

/** Axes by name. */
export interface FlipArguments {
  dims: number | readonly number[];
}
const flipSpec: Spec<FlipArguments> = { dims: axes };

const listOf = (v: number | readonly number[]): readonly number[] => (typeof v === 'number' ? [v] : v);

// --- order along an axis --------------------------------------------------------------------------------------------

/** A copy with the order along some axes reversed. */
export function flip(t: Tensor, ...dims: ListOrNamed<FlipArguments>): Tensor {
  needTensor('flip', t);
  return flipped({ t }, checkAxes('flip', readArguments('flip', flipSpec, gathered(dims)).dims, t.ndim));
}

const flipped = definePrimitive<{ t: Tensor }, readonly number[]>({
  name: 'flip',
  inputs: ['t'],
  forward({ t }, axes) {
    const strides = t.strides.map((s, i) => (axes.includes(i) ? -s : s));
    const last = axes.reduce((p, a) => p + Math.max(0, t.shape[a]! - 1) * t.strides[a]!, t.offset);
    const out = empty(t.shape, t.dtype, t.storage.device);
    if (out.numel > 0) runCopy(out, alias(t, t.shape, strides, last));
    return out;
  },
  derivative: (g, _, axes) => ({ t: flip(g, axes) }),
});

/** {@link flip} of the second dimension: left and right. */
export function fliplr(t: Tensor): Tensor {
  needTensor('fliplr', t);
  if (t.ndim < 2) throw new ShapeError(`[fliplr] needs at least two dimensions, got ${showShape(t.shape)}`);
  return flip(t, 1);
}

/** {@link flip} of the first dimension: up and down. */
export function flipud(t: Tensor): Tensor {
  needTensor('flipud', t);
  if (t.ndim < 1) throw new ShapeError('[flipud] needs at least one dimension, got []');
  return flip(t, 0);
}

// By `shift` places along one axis, 0 <= shift < its length.
const rollAxis = (t: Tensor, shift: number, axis: number): Tensor => rolled({ t }, { shift, axis });
const rolled = definePrimitive<{ t: Tensor }, { shift: number; axis: number }>({
  name: 'roll',
  inputs: ['t'],
  forward({ t }, { shift, axis }) {
    const length = t.shape[axis]!;
    const out = empty(t.shape, t.dtype, t.storage.device);
    const copy = (from: number, to: number, count: number): void => {
      const shape = t.shape.map((d, i) => (i === axis ? count : d));
      const source = alias(t, shape, t.strides, t.offset + from * t.strides[axis]!);
      runCopy(alias(out, shape, out.strides, to * out.strides[axis]!), source);
    };
    copy(0, shift, length - shift);
    copy(length - shift, 0, shift);
    return out;
  },
  derivative: (g, _, { shift, axis }) => ({ t: rollAxis(g, g.shape[axis]! - shift, axis) }),
});

/** Arguments of {@link roll}. */
export interface RollArguments {
  shifts: number | readonly number[];
  /** One for each shift. Default: the flattened tensor is rolled. */
  dims?: number | readonly number[] | null | undefined;
}
const rollSpec: Spec<RollArguments> = { shifts: axes, dims: axes.orNull() };

/** Elements moved along axes; what leaves at one end enters at the other. Without axes, of the flattened tensor. */
export function roll(
  t: Tensor,
  ...args: InOrderOrByName<
    [shifts: number | readonly number[], dims?: number | readonly number[] | null],
    RollArguments
  >
): Tensor {
  needTensor('roll', t);
  const { shifts, dims } = readArguments('roll', rollSpec, args);
  const by = listOf(shifts);
  if (dims === undefined || dims === null || (Array.isArray(dims) && dims.length === 0)) {
    if (by.length !== 1) throw new ArgumentError(`[roll] ${by.length} shifts need as many axes`);
    return reshape(roll(reshape(t, [-1]), by, 0), t.shape);
  }
  const along = listOf(dims as number | readonly number[]).map((a) => checkAxis('roll', a, t.ndim));
  if (along.length !== by.length) throw new ArgumentError(`[roll] ${by.length} shifts for ${along.length} axes`);
  if (t.numel === 0 || t.ndim === 0) return clone(t);
  const moved = along.reduce((x, axis, i) => {
    const n = x.shape[axis]!;
    const shift = ((by[i]! % n) + n) % n;
    return shift === 0 ? x : rollAxis(x, shift, axis);
  }, t);
  return moved === t ? clone(t) : moved;
}

/** Arguments of {@link rot90}. */
export interface Rot90Arguments {
  /** How often. Default 1. */
  k?: number | undefined;
  /** The plane. Default [0, 1]. */
  dims?: readonly number[] | undefined;
}
const rot90Spec: Spec<Rot90Arguments> = { k: integer().or(1), dims: integers.or([0, 1]) };

/** Turned by 90 degrees `k` times, from the first axis towards the second. */
export function rot90(
  t: Tensor,
  ...args: InOrderOrByName<[k?: number, dims?: readonly number[]], Rot90Arguments>
): Tensor {
  needTensor('rot90', t);
  const { k, dims } = readArguments('rot90', rot90Spec, args) as Required<Rot90Arguments>;
  if (dims.length !== 2) throw new ArgumentError(`[rot90] expected two axes, got ${showShape(dims)}`);
  if (t.ndim < 2) throw new ShapeError(`[rot90] needs at least two dimensions, got ${showShape(t.shape)}`);
  const [a, b] = dims.map((x) => checkAxis('rot90', x, t.ndim)) as [number, number];
  if (a === b) throw new ArgumentError(`[rot90] the two axes must differ, both are ${a}`);
  const turns = ((k % 4) + 4) % 4;
  if (turns === 1) return transpose(flip(t, b), a, b);
  if (turns === 2) return flip(t, [a, b]);
  return turns === 3 ? transpose(flip(t, a), a, b) : clone(t);
}

// --- dimensions -----------------------------------------------------------------------------------------------------

/** Arguments of {@link movedim}. */
export interface MovedimArguments {
  source: number | readonly number[];
  destination: number | readonly number[];
}
const movedimSpec: Spec<MovedimArguments> = { source: axes, destination: axes };

/** Dimensions moved to other places; the rest keep their order. */
export function movedim(
  t: Tensor,
  ...args: InOrderOrByName<
    [source: number | readonly number[], destination: number | readonly number[]],
    MovedimArguments
  >
): Tensor {
  needTensor('movedim', t);
  const { source, destination } = readArguments('movedim', movedimSpec, args);
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

/** Arguments of {@link swapaxes}. */
export interface SwapaxesArguments {
  axis0: number;
  axis1: number;
}
const swapaxesSpec: Spec<SwapaxesArguments> = { axis0: axis, axis1: axis };
/** Two dimensions exchanged, as transpose. */
export function swapaxes(
  t: Tensor,
  ...args: InOrderOrByName<[axis0: number, axis1: number], SwapaxesArguments>
): Tensor {
  needTensor('swapaxes', t);
  const { axis0, axis1 } = readArguments('swapaxes', swapaxesSpec, args);
  return exchanged('swapaxes', t, axis0, axis1);
}
/** {@link transpose} */
export const swapdims = transpose;

/** The transpose of a matrix; vectors and scalars stay as they are. */
export function t(x: Tensor): Tensor {
  needTensor('t', x);
  if (x.ndim > 2) throw new ShapeError(`[t] takes at most two dimensions, got ${showShape(x.shape)}; use transpose`);
  return reverseDims(x);
}

/** {@link swapaxes} in place. */
export const swapaxes_ = (x: Tensor, ...args: Parameters<Method<typeof swapaxes>>): Tensor =>
  becomeView('swapaxes_', x, (v) => swapaxes(v, ...args));
/** {@link swapdims} in place. */
export const swapdims_ = transpose_;
/** {@link t} in place. */
export const t_ = (x: Tensor): Tensor => becomeView('t_', x, t);

/** All elements as a vector: a view if possible. */
export const ravel = (x: Tensor): Tensor => reshape(x, [-1]);
/** Expanded to the shape of another tensor. */
export function expandAs(x: Tensor, other: Tensor): Tensor {
  needTensor('expandAs', other);
  return expand(x, other.shape);
}
/** Reshaped to the shape of another tensor. */
export function reshapeAs(x: Tensor, other: Tensor): Tensor {
  needTensor('reshapeAs', other);
  return reshape(x, other.shape);
}

/** All tensors expanded to their common shape. */
export function broadcastTensors(...args: (Tensor | readonly Tensor[])[]): Tensor[] {
  const list = tensors.check('broadcastTensors', 'tensors', args.flat());
  const shape = list.reduce<Shape>((s, x) => broadcastShapes('broadcastTensors', s, x.shape), []);
  return list.map((x) => broadcastTo(x, shape));
}

/** Options of {@link meshgrid}. */
export interface MeshgridOptions {
  /** 'ij' (default): dimension i follows vector i; 'xy': the first two are exchanged. */
  indexing?: 'ij' | 'xy' | undefined;
}

const meshgridSpec: Spec<MeshgridOptions> = { indexing: oneOf('ij', 'xy').or('ij' as const) };

/** Coordinates of a grid: each vector spread along its own dimension of the shape that all their lengths make. */
export function meshgrid(...args: (Tensor | readonly Tensor[] | MeshgridOptions)[]): Tensor[] {
  const last = args[args.length - 1];
  const named = isOptions(last);
  const { indexing } = readOptions('meshgrid', meshgridSpec, named ? (last as MeshgridOptions) : undefined);
  const list = tensors.check('meshgrid', 'tensors', (named ? args.slice(0, -1) : args).flat());
  if (list.length === 0) throw new ArgumentError('[meshgrid] expected at least one tensor');
  for (const x of list)
    if (x.ndim > 1) throw new ShapeError(`[meshgrid] takes vectors and scalars, got ${showShape(x.shape)}`);
  const order = list.map((_, i) => (indexing === 'xy' && list.length > 1 && i < 2 ? 1 - i : i));
  const shape = checkShape(
    'meshgrid',
    order.map((i) => list[i]!.numel),
  );
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

const set = (shape: Shape, axis: number, length: number): number[] => shape.map((d, i) => (i === axis ? length : d));

/** Arguments of {@link unfold}. */
export interface UnfoldArguments {
  dimension: number;
  size: number;
  step: number;
}
const unfoldSpec: Spec<UnfoldArguments> = { dimension: axis, size: integer({ least: 0 }), step: integer({ least: 1 }) };

/** Windows of `size` elements every `step` elements along an axis, as a view: the axis counts them, a last one holds them. */
export function unfold(
  t: Tensor,
  ...args: InOrderOrByName<[dimension: number, size: number, step: number], UnfoldArguments>
): Tensor {
  needTensor('unfold', t);
  const { dimension, size, step } = readArguments('unfold', unfoldSpec, args);
  const a = checkAxis('unfold', dimension, t.ndim);
  const length = t.shape[a] ?? 1;
  if (size > length)
    throw new ShapeError(`[unfold] windows of ${size} do not fit into dimension ${a} of ${showShape(t.shape)}`);
  if (t.ndim === 0) return narrow(reshape(t, [1]), 0, 0, size);
  const count = Math.floor((length - size) / step) + 1;
  const strides = [...t.strides.map((s, i) => (i === a ? s * step : s)), t.strides[a]!];
  const { shape } = t;
  const to = checkShape('unfold', [...set(shape, a, count), size]);
  return view('unfold', t, to, strides, t.offset, (g) => {
    // Windows may overlap: their gradients add up where they do.
    const at = new Int32Array(checkCount('unfold', 'places', count * size, 2 ** 27));
    for (let k = 0; k < at.length; k++) at[k] = Math.floor(k / size) * step + (k % size);
    const parts = reshape(movedim(g, -1, a + 1), set(shape, a, count * size));
    const zero = zeros(shape, { dtype: g.dtype, device: g.device });
    return indexAdd(zero, a, tensor(at, { device: g.device }), parts);
  });
}

function seenAs(x: Tensor, other: Tensor): Tensor {
  needTensor('viewAs', other);
  return viewAs(x, other.shape);
}

const methods = {
  flip,
  fliplr,
  flipud,
  roll,
  rot90,
  movedim,
  moveaxis,
  swapaxes,
  swapaxes_,
  swapdims,
  swapdims_,
};
/** The last two dimensions exchanged, as a view: real numbers are their own conjugates. */
export function adjoint(x: Tensor): Tensor {
  needTensor('adjoint', x);
  return matrixTransposed('adjoint', x);
}

const more = { adjoint, t, t_, ravel, expandAs, reshapeAs, broadcastTo, unfold };
addMethods({ ...methods, ...more, viewAs: seenAs });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<
    typeof import('./arranging'),
    | 'flip'
    | 'fliplr'
    | 'flipud'
    | 'roll'
    | 'rot90'
    | 'movedim'
    | 'moveaxis'
    | 'swapaxes'
    | 'swapaxes_'
    | 'swapdims'
    | 'swapdims_'
    | 'adjoint'
    | 't'
    | 't_'
    | 'ravel'
    | 'expandAs'
    | 'reshapeAs'
    | 'unfold'
  > {
    /** {@link expand} under NumPy's name. */
    broadcastTo: Method<typeof broadcastTo>;
    /** The same memory with the shape of another tensor. */
    viewAs(other: Tensor): Tensor;
    /** The last two dimensions exchanged. */
    readonly mT: Tensor;
    /** The same: real numbers are their own conjugates. */
    readonly mH: Tensor;
    /** The transpose of a matrix. */
    readonly H: Tensor;
  }
}
const matrixTransposed = (name: string, x: Tensor): Tensor => {
  if (x.ndim < 2) throw new ShapeError(`[${name}] needs at least two dimensions, got ${showShape(x.shape)}`);
  return transpose(x, -2, -1);
};
const getters: Record<string, (x: Tensor) => Tensor> = {
  mT: (x) => matrixTransposed('mT', x),
  mH: (x) => matrixTransposed('mH', x),
  H: (x) => {
    if (x.ndim !== 0 && x.ndim !== 2) throw new ShapeError(`[H] needs a matrix, got ${showShape(x.shape)}; use mH`);
    return x.ndim === 0 ? x : transpose(x, 0, 1);
  },
};
for (const [name, read] of Object.entries(getters))
  Object.defineProperty(Tensor.prototype, name, {
    get(this: Tensor) {
      return read(this);
    },
    configurable: true,
  });
