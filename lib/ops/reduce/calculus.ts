/** @file Integrals, derivatives, differences and interpolation of sampled functions. */
import { isFloat } from '../../core/dtype';
import { ArgumentError, DTypeError, ShapeError } from '../../core/errors';
import { checkAxis, showShape } from '../../core/shape';
import { addMethods, needTensor, Tensor } from '../../core/tensor';
import { type InOrderOrByName, readArguments, readOptions, type Spec } from '../../core/arguments';
import {
  axes as axesParam,
  axis as axisParam,
  either,
  integer,
  numbers,
  numeric,
  type Param,
  tensor,
  tensors,
} from '../../core/params';
import { add, div, mul, ne, neg, sub } from '../elementwise/arithmetic';
import { indexSelect } from '../indexing/gather';
import { clamp } from '../elementwise/math';
import { searchsorted } from '../sort/search';
import { clone } from '../tensors/cast';
import { full } from '../tensors/create';
import { cat } from '../shape/joining';
import { type Axes, sum } from './reduce';
import { cumsum } from './scans';
import { narrow, reshape } from '../shape/views';

/** How {@link trapezoid} spaces its samples. */
export interface TrapezoidOptions {
  /** The places. Default: `dx` apart. */
  x?: Tensor | null | undefined;
  /** The distance between neighbours. Default 1. Not beside `x`. */
  dx?: number | undefined;
  /** The axis. Default the last. */
  dim?: number | undefined;
}

const trapezoidSpec: Spec<TrapezoidOptions> = {
  x: tensor.orNull(),
  dx: numeric().optional(),
  dim: axisParam.or(-1),
};
type TrapezoidArguments = InOrderOrByName<[x?: Tensor | null, options?: TrapezoidOptions], TrapezoidOptions>;

// The areas between neighbours along `axis`, which gets shorter by one.
function areas(op: string, y: Tensor, args: TrapezoidArguments): { parts: Tensor; axis: number } {
  needTensor(op, y);
  const { x: places, dx, dim = -1 } = readArguments(op, trapezoidSpec, args);
  if (places && dx !== undefined) throw new ArgumentError(`[${op}] dx has no meaning beside x`);
  const axis = checkAxis(op, dim, y.ndim);
  if (y.ndim === 0) throw new ShapeError(`[${op}] needs at least one dimension`);
  const n = y.shape[axis]!;
  const ends = (t: Tensor, a: number): [Tensor, Tensor] => [narrow(t, a, 1, n - 1), narrow(t, a, 0, n - 1)];
  if (y.dtype === 'bool') throw new DTypeError(`[${op}] takes numbers, not bool`);
  if (n === 0) return { parts: y, axis };
  const pairs = add(...ends(y, axis));
  if (!places) return { parts: div(mul(pairs, dx ?? 1), 2), axis };
  if (places.ndim !== 1 && places.ndim !== y.ndim)
    throw new ShapeError(`[${op}] x ${showShape(places.shape)} does not fit y ${showShape(y.shape)}`);
  const own = places.ndim === 1 ? 0 : axis;
  if (places.shape[own] !== n)
    throw new ShapeError(`[${op}] x ${showShape(places.shape)} does not fit y ${showShape(y.shape)}`);
  const gaps = sub(...ends(places, own));
  const shape = y.shape.map((_, i) => (i === axis ? n - 1 : 1));
  return { parts: mul(mul(pairs, places.ndim === 1 ? reshape(gaps, shape) : gaps), 0.5), axis };
}

/** The integral of samples `y` along one axis by the trapezoidal rule, at places `x` or `dx` apart. */
export function trapezoid(y: Tensor, ...args: TrapezoidArguments): Tensor {
  const { parts, axis } = areas('trapezoid', y, args);
  return sum(parts, axis);
}
export { trapezoid as trapz };

/** The integrals from the first sample to each further one: the axis gets shorter by one. See {@link trapezoid}. */
export function cumulativeTrapezoid(y: Tensor, ...args: TrapezoidArguments): Tensor {
  const { parts, axis } = areas('cumulativeTrapezoid', y, args);
  return cumsum(parts, axis);
}

/** Options of {@link gradient}. */
export interface GradientOptions {
  /** The distance between neighbours (one for all, or one per dimension), or the places, a vector per dimension. Default 1. */
  spacing?: number | readonly number[] | readonly Tensor[] | undefined;
  /** The dimensions. Default all. */
  dim?: Axes;
  /** How exact the first and last value are: of first (default) or second order. */
  edgeOrder?: 1 | 2 | undefined;
}

const gradientSpec: Spec<GradientOptions> = {
  spacing: either<[number, readonly number[], readonly Tensor[]]>(numeric(), numbers, tensors).or(1),
  dim: axesParam.orNull(),
  edgeOrder: integer({ least: 1, most: 2 }).or(1) as Param<1 | 2>,
};

/**
 * The derivatives of a function sampled on a grid, one tensor per dimension: by central differences, of second order
 * inside also where the places are not evenly spaced.
 * @throws ShapeError for fewer than edgeOrder + 1 samples, or places that do not fit; ArgumentError for another edgeOrder
 */
export function gradient(t: Tensor, options?: GradientOptions): Tensor[] {
  needTensor('gradient', t);
  const { spacing = 1, dim, edgeOrder = 1 } = readOptions('gradient', gradientSpec, options);
  // In the order given.
  const list = typeof dim === 'number' ? [dim] : (dim ?? t.shape.map((_, i) => i));
  const axes = list.map((d) => checkAxis('gradient', d, t.ndim));
  const many = Array.isArray(spacing) ? (spacing as readonly (number | Tensor)[]) : axes.map(() => spacing as number);
  if (many.length !== axes.length)
    throw new ArgumentError(`[gradient] ${many.length} spacings for ${axes.length} dimensions`);
  return axes.map((axis, i) => slope(t, axis, gapsOf(t, axis, many[i]!), edgeOrder));
}

// The distances between neighbours along `axis`, which broadcast against t.
function gapsOf(t: Tensor, axis: number, spacing: number | Tensor): Tensor {
  const n = t.shape[axis]!;
  const along = (length: number): number[] => t.shape.map((_, i) => (i === axis ? length : 1));
  if (!(spacing instanceof Tensor))
    return full(along(n - 1), spacing, { dtype: isFloat(t.dtype) ? t.dtype : 'float32', device: t.device });
  if (spacing.ndim !== 1 || spacing.numel !== n)
    throw new ShapeError(
      `[gradient] places ${showShape(spacing.shape)} must be a vector of ${n} for ${showShape(t.shape)}`,
    );
  const x = reshape(spacing, along(n));
  return sub(narrow(x, axis, 1, n - 1), narrow(x, axis, 0, n - 1));
}

function slope(t: Tensor, axis: number, gaps: Tensor, edgeOrder: 1 | 2): Tensor {
  const n = t.shape[axis]!;
  if (n < edgeOrder + 1)
    throw new ShapeError(`[gradient] dimension ${axis} of ${showShape(t.shape)} needs ${edgeOrder + 1} samples`);
  const f = (start: number, length = 1): Tensor => narrow(t, axis, start, length);
  const h = (start: number, length = 1): Tensor => narrow(gaps, axis, start, length);
  const parts: Tensor[] = [];
  if (n > 2) {
    // The parabola through three neighbours, with the distances a and b.
    const [a, b] = [h(0, n - 2), h(1, n - 2)];
    const rise = add(mul(div(sub(f(2, n - 2), f(1, n - 2)), b), a), mul(div(sub(f(1, n - 2), f(0, n - 2)), a), b));
    parts.push(div(rise, add(a, b)));
  }
  // At the end a step away from three samples; `s` is the sign of the direction.
  const edge = (i: number, s: 1 | -1): Tensor => {
    const [a, b] = s === 1 ? [h(0), h(1)] : [h(n - 2), h(n - 3)];
    const near = mul(sub(f(i + s), f(i)), div(add(a, b), a));
    const far = mul(sub(f(i + 2 * s), f(i)), div(a, add(a, b)));
    const d = div(sub(near, far), b);
    return s === 1 ? d : neg(d);
  };
  const first = edgeOrder === 1 ? div(sub(f(1), f(0)), h(0)) : edge(0, 1);
  const last = edgeOrder === 1 ? div(sub(f(n - 1), f(n - 2)), h(n - 2)) : edge(n - 1, -1);
  return cat([first, ...parts, last], axis);
}

/** Options of {@link diff}. */
export interface DiffOptions {
  /** How often. Default 1. */
  n?: number | undefined;
  /** Along which axis. Default the last. */
  dim?: number | undefined;
  /** Joined before the elements. */
  prepend?: Tensor | null | undefined;
  /** Joined after the elements. */
  append?: Tensor | null | undefined;
}

const diffSpec: Spec<DiffOptions> = {
  n: integer({ least: 0 }).or(1),
  dim: axisParam.or(-1),
  prepend: tensor.orNull(),
  append: tensor.orNull(),
};
type DiffArguments = InOrderOrByName<
  [n?: number, dim?: number, prepend?: Tensor | null, append?: Tensor | null],
  DiffOptions
>;

/** The differences of neighbours along an axis, `n` times over. */
export function diff(t: Tensor, ...args: DiffArguments): Tensor {
  needTensor('diff', t);
  const { n = 1, dim: axis = -1, prepend = null, append = null } = readArguments('diff', diffSpec, args);
  if (t.ndim === 0) throw new ShapeError('[diff] needs a tensor with a dimension, got []');
  const a = checkAxis('diff', axis, t.ndim);
  const parts = [prepend, t, append].filter((v) => v !== null);
  // As in PyTorch, no step at all is a copy of the tensor alone, and what is joined to it counts only for steps.
  if (n === 0) return clone(t);
  let y = parts.length === 1 ? t : cat(parts, a);
  for (let i = 0; i < n && (i === 0 || y.shape[a]! > 0); i++) {
    const m = Math.max(0, y.shape[a]! - 1);
    const [head, tail] = [narrow(y, a, 0, m), narrow(y, a, y.shape[a]! - m, m)];
    y = y.dtype === 'bool' ? ne(tail, head) : sub(tail, head);
  }
  return y;
}

const pointsSpec = { xp: tensor, fp: tensor };

/**
 * The piecewise linear function through the points (xp, fp), at x. xp ascends; beyond its ends the function is constant.
 * The gradient flows to x and fp.
 */
export function interp(
  x: Tensor,
  ...args: InOrderOrByName<[xp: Tensor, fp: Tensor], { xp: Tensor; fp: Tensor }>
): Tensor {
  needTensor('interp', x);
  const { xp, fp } = readArguments('interp', pointsSpec, args);
  if (xp.ndim !== 1 || fp.ndim !== 1 || xp.numel !== fp.numel || xp.numel === 0)
    throw new ShapeError(
      `[interp] points ${showShape(xp.shape)} and values ${showShape(fp.shape)} must be equally long vectors`,
    );
  const n = xp.numel;
  if (n === 1) return add(mul(x, 0), fp);
  const flat = clampTo(reshape(x, [-1]), xp, n);
  const right = clamp(searchsorted(xp, flat.detach(), { right: true }), 1, n - 1);
  const left = sub(right, 1);
  const at = (t: Tensor, i: Tensor): Tensor => indexSelect(t, 0, i);
  const slope = div(sub(at(fp, right), at(fp, left)), sub(at(xp, right), at(xp, left)));
  return reshape(add(at(fp, left), mul(sub(flat, at(xp, left)), slope)), x.shape);
}

const clampTo = (x: Tensor, xp: Tensor, n: number): Tensor => clamp(x, narrow(xp, 0, 0, 1), narrow(xp, 0, n - 1, 1));

addMethods({ trapezoid, cumulativeTrapezoid, diff });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./calculus'), 'trapezoid' | 'cumulativeTrapezoid' | 'diff'> {}
}
