/** @file Padding. */
import { track } from '../core/autograd';
import { ArgumentError, ShapeError } from '../core/errors';
import { describe, showShape } from '../core/shape';
import { addMethods, alias, empty, type Method, needTensor, type Tensor } from '../core/tensor';
import { clone } from './cast';
import { tensor } from './create';
import { indexSelect } from './gather';
import { runCopy, runFill } from './launch';
import { slice } from './views';

/** What padding is made of: one value, the mirrored inside (edge not repeated), the edge, or the opposite side. */
export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

/** Options of {@link pad}. */
export interface PadOptions {
  /** Default 'constant'. */
  mode?: PadMode;
  /** What 'constant' writes. Default 0. */
  value?: number;
}

interface Side {
  axis: number;
  before: number;
  after: number;
}

// Pairs (before, after) from the last dimension backwards.
function sidesOf(t: Tensor, padding: readonly number[] | number): Side[] {
  const list = typeof padding === 'number' ? [padding, padding] : padding;
  if (!Array.isArray(list) || list.some((p) => !Number.isInteger(p)))
    throw new ArgumentError(`[pad] expected an array of integers, got ${describe(padding)}`);
  if (list.length % 2 !== 0)
    throw new ArgumentError(`[pad] expected pairs (before, after), got ${list.length} numbers`);
  if (list.length / 2 > t.ndim)
    throw new ShapeError(`[pad] ${list.length / 2} pairs for the ${t.ndim} dimensions of ${showShape(t.shape)}`);
  const sides: Side[] = [];
  for (let i = 0; i < list.length; i += 2) {
    const side = { axis: t.ndim - 1 - i / 2, before: list[i] as number, after: list[i + 1] as number };
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
  const inner = cropped(t, sides, 1);
  const shape = inner.shape.slice();
  for (const { axis, before, after } of sides) shape[axis]! += Math.max(0, before) + Math.max(0, after);
  const out = runFill(empty(shape, t.dtype, t.storage.device), value);
  const start = sides.reduce((p, { axis, before }) => p + Math.max(0, before) * out.strides[axis]!, 0);
  runCopy(alias(out, inner.shape, out.strides, start), inner.detach());
  return track('pad', out, [inner], [], ([g]) => [cropped(g!, sides.map(grown), -1)]);
}

// Which of `length` elements stands at each place of the padded dimension.
function positions(mode: PadMode, length: number, { before, after }: Side): Int32Array {
  const period = 2 * (length - 1);
  return Int32Array.from({ length: length + before + after }, (_, k) => {
    const i = k - before;
    if (mode === 'replicate') return Math.min(Math.max(i, 0), length - 1);
    if (mode === 'circular') return ((i % length) + length) % length;
    if (period === 0) return 0;
    const r = ((i % period) + period) % period;
    return r < length ? r : period - r;
  });
}

function checkReach(mode: PadMode, t: Tensor, { axis, before, after }: Side): void {
  const length = t.shape[axis]!;
  const most = mode === 'reflect' ? length - 1 : mode === 'circular' ? length : length > 0 ? Infinity : 0;
  if (Math.max(before, after) > most)
    throw new ShapeError(
      `[pad] '${mode}' padding of (${before}, ${after}) is too large for dimension ${axis} of ${showShape(t.shape)}`,
    );
}

const modes: readonly PadMode[] = ['constant', 'reflect', 'replicate', 'circular'];

/**
 * Elements added around a tensor. `padding` holds pairs (before, after) starting with the last dimension, as in
 * PyTorch: `[left, right, top, bottom]`. Negative numbers take elements away.
 *
 * @param how - the mode, or { mode, value }; `value` may follow the mode.
 */
export function pad(
  t: Tensor,
  padding: readonly number[] | number,
  how: PadMode | PadOptions = {},
  value?: number,
): Tensor {
  needTensor('pad', t);
  const options = typeof how === 'string' ? { mode: how, value } : how;
  const mode = options.mode ?? 'constant';
  if (!modes.includes(mode)) throw new ArgumentError(`[pad] unknown mode ${String(mode)}; one of ${modes.join(', ')}`);
  const sides = sidesOf(t, padding);
  if (sides.length === 0) return clone(t);
  if (mode === 'constant') return constant(t, sides, options.value ?? 0);
  for (const side of sides) checkReach(mode, t, side);
  // Where sides lose elements, what goes around is what is left.
  const [start, added] = mode === 'circular' ? [cropped(t, sides, 1), sides.map(grown)] : [t, sides];
  return added.reduce((x, side) => {
    const at = tensor(positions(mode, x.shape[side.axis]!, side), { device: x.device });
    return indexSelect(x, side.axis, at);
  }, start);
}

addMethods({ pad });
declare module '../core/tensor' {
  interface Tensor {
    pad: Method<typeof pad>;
  }
}
