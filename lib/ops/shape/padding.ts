/** @file Padding. */
import { ArgumentError, ShapeError } from '../../core/errors';
import { checkShape, numel, showShape } from '../../core/shape';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { axes, checkCount, oneOf, scalar } from '../../core/params';
import { addMethods, alias, empty, needTensor, type Tensor } from '../../core/tensor';
import { clone } from '../tensors/cast';
import { tensor } from '../tensors/create';
import { indexSelect } from '../indexing/gather';
import { runCopy, runFill } from '../kit/launch';
import { definePrimitive } from '../kit/primitive';
import { slice } from './views';

/** What padding is made of: one value, the mirrored inside (edge not repeated), the edge, or the opposite side. */
export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

/** Arguments of {@link pad}. */
export interface PadArguments {
  /** Pairs (before, after), the last dimension first. */
  pad: readonly number[] | number;
  /** Default 'constant'. */
  mode?: PadMode | undefined;
  /** What 'constant' writes. Default 0. */
  value?: number | null | undefined;
}
const padSpec: Spec<PadArguments> = {
  pad: axes,
  mode: oneOf<PadMode>('constant', 'reflect', 'replicate', 'circular').or('constant' as const),
  value: scalar.orNull(),
};

interface Side {
  axis: number;
  before: number;
  after: number;
}

// Pairs (before, after) from the last dimension backwards.
function sidesOf(t: Tensor, padding: readonly number[] | number): Side[] {
  const list = typeof padding === 'number' ? [padding, padding] : padding;
  if (list.length % 2 !== 0)
    throw new ArgumentError(`[pad] expected pairs (before, after), got ${list.length} numbers`);
  if (list.length / 2 > t.ndim)
    throw new ShapeError(`[pad] ${list.length / 2} pairs for the ${t.ndim} dimensions of ${showShape(t.shape)}`);
  const sides: Side[] = [];
  for (let i = 0; i < list.length; i += 2) {
    const side = { axis: t.ndim - 1 - i / 2, before: list[i]!, after: list[i + 1]! };
    const length = t.shape[side.axis]! + side.before + side.after;
    if (length < 0 || Math.max(-side.before, -side.after) > t.shape[side.axis]!)
      throw new ShapeError(`[pad] dimension ${side.axis} of ${showShape(t.shape)} cannot lose that many elements`);
    if (side.before !== 0 || side.after !== 0) sides.push(side);
  }
  return sides;
}

// The tensor without what negative padding takes away.
const cropped = (t: Tensor, sides: readonly Side[], sign: 1 | -1): Tensor =>
  sides.reduce((x, { axis, before, after }) => {
    const from = Math.max(0, -sign * before);
    const length = x.shape[axis]! - from - Math.max(0, -sign * after);
    return length === x.shape[axis] ? x : slice(x, axis, from, length, 1);
  }, t);

// Only what is added.
const grown = ({ axis, before, after }: Side): Side => ({
  axis,
  before: Math.max(0, before),
  after: Math.max(0, after),
});

function constant(t: Tensor, sides: readonly Side[], value: number): Tensor {
  return surrounded({ inner: cropped(t, sides, 1) }, { sides: sides.map(grown), value });
}

// Sides of which none loses elements.
const surrounded = definePrimitive<{ inner: Tensor }, { sides: readonly Side[]; value: number }>({
  name: 'pad',
  inputs: ['inner'],
  forward({ inner }, { sides, value }) {
    const shape = inner.shape.slice();
    for (const { axis, before, after } of sides) shape[axis]! += before + after;
    checkShape('pad', shape);
    const out = runFill(empty(shape, inner.dtype, inner.storage.device), value);
    const start = sides.reduce((p, { axis, before }) => p + before * out.strides[axis]!, 0);
    runCopy(alias(out, inner.shape, out.strides, start), inner);
    return out;
  },
  derivative: (g, _, { sides }) => ({ inner: cropped(g, sides, -1) }),
});

// Which of `length` elements stands at each place of the padded dimension.
function positions(mode: PadMode, length: number, { before, after }: Side): Int32Array {
  const period = 2 * (length - 1);
  const placeOf = (i: number): number => {
    if (mode === 'replicate') return Math.min(Math.max(i, 0), length - 1);
    if (mode === 'circular') return ((i % length) + length) % length;
    if (period === 0) return 0;
    const r = ((i % period) + period) % period;
    return r < length ? r : period - r;
  };
  // Longer lists of positions take seconds to make.
  const places = new Int32Array(checkCount('pad', 'elements in one dimension', length + before + after, 2 ** 27));
  for (let k = 0; k < places.length; k++) places[k] = placeOf(k - before);
  return places;
}

function checkReach(mode: PadMode, t: Tensor, { axis, before, after }: Side): void {
  const length = t.shape[axis]!;
  const most = mode === 'reflect' ? length - 1 : mode === 'circular' ? length : length > 0 ? Infinity : 0;
  if (Math.max(before, after) > most)
    throw new ShapeError(
      `[pad] '${mode}' padding of (${before}, ${after}) is too large for dimension ${axis} of ${showShape(t.shape)}`,
    );
}

/**
 * Elements added around a tensor. `padding` holds pairs (before, after) starting with the last dimension, as in
 * PyTorch: `[left, right, top, bottom]`. Negative numbers take elements away.
 *
 * @param args - pad, mode, value: in this order, or by name in one object
 */
export function pad(
  t: Tensor,
  ...args: InOrderOrByName<[pad: readonly number[] | number, mode?: PadMode, value?: number | null], PadArguments>
): Tensor {
  const { pad: padding, mode, value } = readArguments('pad', padSpec, args) as Required<PadArguments>;
  return padded(t, padding, mode, value);
}

/** {@link pad} with arguments that were read. */
export function padded(
  t: Tensor,
  padding: readonly number[] | number,
  mode: PadMode = 'constant',
  value: number | null = null,
): Tensor {
  needTensor('pad', t);
  if (mode !== 'constant' && value !== null && value !== 0)
    throw new ArgumentError(`[pad] mode '${mode}' takes no value, got ${value}`);
  const sides = sidesOf(t, padding);
  if (sides.length === 0) return clone(t);
  if (mode === 'constant') return constant(t, sides, value ?? 0);
  for (const side of sides) checkReach(mode, t, side);
  // Before any list of positions: what does not fit as a whole must not take seconds to be refused.
  const shape = t.shape.slice();
  for (const { axis, before, after } of sides) shape[axis]! += before + after;
  checkCount('pad', 'elements', numel(checkShape('pad', shape)), 2 ** 40);
  // Where sides lose elements, what goes around is what is left.
  const [start, added] = mode === 'circular' ? [cropped(t, sides, 1), sides.map(grown)] : [t, sides];
  return added.reduce((x, side) => {
    const at = tensor(positions(mode, x.shape[side.axis]!, side), { device: x.device });
    return indexSelect(x, side.axis, at);
  }, start);
}

addMethods({ pad });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./padding'), 'pad'> {}
}
