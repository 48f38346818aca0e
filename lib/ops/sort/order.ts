/** @file Order statistics: median, mode, quantiles, the k-th smallest. NaN sorts last; only the `nan` forms skip it. */
import { isFloat } from '../../core/dtype';
import { ArgumentError, DTypeError, IndexError, ShapeError } from '../../core/errors';
import {
  axis as axisParam,
  boolean,
  either,
  integer,
  number,
  numbers,
  oneOf,
  tensor as tensorParam,
} from '../../core/params';
import { checkAxes, checkAxis, showShape } from '../../core/shape';
import { addMethods, needTensor, Tensor } from '../../core/tensor';
import { add, maximum, mul, ne, sub } from '../elementwise/arithmetic';
import { cast } from '../tensors/cast';
import { arange, ones, tensor } from '../tensors/create';
import { lerp } from '../elementwise/binary';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { type AlongArguments, type AlongOptions, alongSpec, extremeIndex, pick, sharedByEqual } from '../reduce/chosen';
import { type Along, argmax } from '../reduce/extremes';
import { gather } from '../indexing/gather';
import { cat } from '../shape/joining';
import { type ValuesAndIndices, valuesAndIndices } from '../kit/named';
import { ceil, floor, isnan, logicalNot, round } from '../elementwise/math';
import { sum } from '../reduce/reduce';
import { cummax } from '../reduce/scans';
import { linesOf, sort } from './sorting';
import { narrow, reshape, squeeze, transpose } from '../shape/views';
import { where } from '../elementwise/where';

// Every line along the last axis in ascending order. Untracked.
const sortRows = (t: Tensor): ValuesAndIndices => sort(t.detach());

// The lines of an axis as the last one; without an axis, all elements in one line.
function toRows(op: string, t: Tensor, axis: number | null | undefined): Tensor {
  needTensor(op, t);
  if (t.dtype === 'bool') throw new DTypeError(`[${op}] takes numbers, not bool`);
  const rows =
    axis === undefined || axis === null || t.ndim === 0
      ? reshape(t, [t.numel])
      : transpose(t, checkAxis(op, axis, t.ndim), -1);
  if (rows.shape[rows.ndim - 1] === 0)
    throw new ShapeError(`[${op}] no element to choose from: shape ${showShape(t.shape)}`);
  return rows;
}

// One position per line of `rows`, as positions in `t`, and the elements there.
function pickRows(t: Tensor, axis: number, index: Tensor, keepdim: boolean): ValuesAndIndices {
  if (t.ndim === 0) return pick(t, 0, index, keepdim);
  const a = checkAxis('gather', axis, t.ndim);
  return pick(t, a, transpose(index, a, -1), keepdim);
}

// --- median and mode ------------------------------------------------------------------------------------------------

// The position of the lower median of each line.
function medianIndex(rows: Tensor, skipNan: boolean): Tensor {
  const { values, indices } = sortRows(rows);
  const n = rows.shape[rows.ndim - 1]!;
  const middle = narrow(indices, -1, (n - 1) >> 1, 1);
  if (!isFloat(rows.dtype)) return middle;
  if (!skipNan)
    return where(isnan(narrow(values, -1, n - 1, 1)), extremeIndex('argmax', rows.detach(), rows.ndim - 1), middle);
  const count = sum(logicalNot(isnan(values)), -1, { keepdim: true });
  return gather(indices, -1, maximum(sub(count, 1), 0).floorDivide(2));
}

function medianOf(name: string, t: Tensor, args: readonly unknown[], skipNan: boolean): Tensor | ValuesAndIndices {
  const { dim = null, keepdim = false } = readArguments(name, alongSpec, args);
  const rows = toRows(name, t, dim);
  const index = medianIndex(rows, skipNan);
  if (dim !== null) return pickRows(t, dim, index, keepdim);
  const y = reshape(gather(rows.detach(), 0, index), []);
  return sharedByEqual({ x: t, y }, { axes: checkAxes(name, undefined, t.ndim) }, name);
}

/**
 * The median; of an even number of elements the lower one. `median(t)` is a tensor, whose gradient equal elements
 * share; `median(t, axis)` gives `{ values, indices }`.
 */
export function median(t: Tensor, axis: number | Along, how?: boolean | AlongOptions): ValuesAndIndices;
export function median(t: Tensor): Tensor;
export function median(t: Tensor, ...args: unknown[]): Tensor | ValuesAndIndices {
  return medianOf('median', t, args, false);
}

/** {@link median} of the elements that are not NaN. */
export function nanmedian(t: Tensor, axis: number | Along, how?: boolean | AlongOptions): ValuesAndIndices;
export function nanmedian(t: Tensor): Tensor;
export function nanmedian(t: Tensor, ...args: unknown[]): Tensor | ValuesAndIndices {
  return medianOf('nanmedian', t, args, true);
}

const modeSpec = { dim: axisParam.or(-1), keepdim: boolean.or(false) };

/** The most frequent element along an axis (the smallest of several) and the position of its last occurrence. */
export function mode(t: Tensor, ...args: AlongArguments): ValuesAndIndices {
  const { dim, keepdim } = readArguments('mode', modeSpec, args);
  const rows = toRows('mode', t, dim);
  const { values, indices } = sortRows(rows);
  const n = rows.shape[rows.ndim - 1]!;
  const place = arange(n, { dtype: 'int64', device: t.device });
  // Where a run of equal values starts; the run's length so far is the distance from there.
  const changes = ne(narrow(values, -1, 1, n - 1), narrow(values, -1, 0, n - 1));
  const starts = where(
    cat([ones([...rows.shape.slice(0, -1), 1], { dtype: 'bool', device: t.device }), changes], -1),
    place,
    0,
  );
  const longest = argmax(sub(place, cummax(starts, -1).values), -1, { keepdim: true });
  return pickRows(t, dim, gather(indices, -1, longest), keepdim);
}

// --- quantiles ------------------------------------------------------------------------------------------------------

type Interpolation = 'linear' | 'lower' | 'higher' | 'midpoint' | 'nearest';

/** Options of {@link quantile}. */
export interface QuantileOptions extends AlongOptions {
  /** What lies between two elements. Default `'linear'`. */
  interpolation?: Interpolation | undefined;
}

/** Fractions: one, or a vector of them. */
export type Fractions = number | readonly number[] | Tensor;

const quantileSpec: Spec<Required<QuantileOptions> & { q: Fractions }> = {
  q: either<[Tensor, number, readonly number[]]>(tensorParam, number(), numbers),
  ...{ dim: axisParam.orNull(), keepdim: boolean.or(false) },
  interpolation: oneOf('linear', 'lower', 'higher', 'midpoint', 'nearest').or('linear'),
};
type QuantileArguments = InOrderOrByName<
  [q: Fractions, dim?: number | null, keepdim?: boolean, interpolation?: Interpolation],
  QuantileOptions & { q: Fractions }
>;

function levels(name: string, q: Fractions, like: Tensor): Tensor {
  const t = q instanceof Tensor ? q : tensor(q, { dtype: like.dtype, device: like.device });
  if (t.ndim > 1) throw new ShapeError(`[${name}] q must be a number or a vector, got ${showShape(t.shape)}`);
  if (t.dtype !== like.dtype) throw new DTypeError(`[${name}] q is ${t.dtype}, the tensor ${like.dtype}`);
  const values = Array.from(t.dataSync() as Float64Array);
  if (!values.every((v) => v >= 0 && v <= 1))
    throw new ArgumentError(`[${name}] q must lie between 0 and 1, got ${values.join(', ')}`);
  return t;
}

function quantileOf(name: string, t: Tensor, args: QuantileArguments, skipNan: boolean): Tensor {
  needTensor(name, t);
  const { q, dim: axis, interpolation, keepdim } = readArguments(name, quantileSpec, args);
  if (t.dtype !== 'float32' && t.dtype !== 'float64')
    throw new DTypeError(`[${name}] takes float32 or float64, not ${t.dtype}`);
  const rows = toRows(name, t, axis);
  const level = levels(name, q, t);
  const n = rows.shape[rows.ndim - 1]!;
  const { values, indices } = sortRows(rows);
  const last = isnan(narrow(values, -1, n - 1, 1));
  const count = cast(
    skipNan
      ? sum(logicalNot(isnan(values)), -1, { keepdim: true })
      : sum(ones(values.shape, { dtype: 'bool', device: t.device }), -1, { keepdim: true }),
    t.dtype,
  );
  // Without skipping, a line with NaN yields its last element, which is one.
  const inside = mul(reshape(level, [level.numel]), maximum(sub(count, 1), 0));
  const rank = skipNan ? inside : where(last, n - 1, inside);
  const element = (at: Tensor): Tensor => gather(rows, -1, gather(indices, -1, cast(at, 'int64')));
  const low = (): Tensor => element(floor(rank));
  const high = (): Tensor => element(ceil(rank));
  const choices = {
    linear: () => lerp(low(), high(), sub(rank, floor(rank))),
    lower: low,
    higher: high,
    midpoint: () => mul(add(low(), high()), 0.5),
    nearest: () => element(round(rank)),
  };
  return arrange(choices[interpolation](), t, axis, level.ndim === 0, keepdim);
}

// From [..., levels], lines in front, to the shape of the result: levels first, the axis dropped or of length 1.
function arrange(y: Tensor, t: Tensor, axis: number | null | undefined, single: boolean, keepdim: boolean): Tensor {
  const all = axis === undefined || axis === null;
  const a = all ? 0 : checkAxis('quantile', axis, t.ndim);
  const k = y.shape[y.ndim - 1]!;
  if (all || t.ndim === 0) return reshape(y, [...(single ? [] : [k]), ...(keepdim ? t.shape.map(() => 1) : [])]);
  // The last axis of y changes places with `a`, then goes to the front.
  const back = transpose(y, a, -1);
  const order = [a, ...t.shape.map((_, i) => i).filter((i) => i !== a)];
  const kept = t.shape.map((d, i) => (i === a ? 1 : d));
  return reshape(back.permute(order), [...(single ? [] : [k]), ...kept.filter((_, i) => keepdim || i !== a)]);
}

/**
 * The values below which a fraction `q` of the elements lies. With a vector of fractions the result has them as its
 * first dimension. A line with NaN gives NaN. Gradients flow to `t`, and with linear interpolation to `q`.
 */
export const quantile = (t: Tensor, ...args: QuantileArguments): Tensor => quantileOf('quantile', t, args, false);
/** {@link quantile} of the elements that are not NaN. */
export const nanquantile = (t: Tensor, ...args: QuantileArguments): Tensor => quantileOf('nanquantile', t, args, true);

/** Arguments of {@link kthvalue}. */
export interface KthvalueOptions {
  /** Which, counted from 1. */
  k: number;
  /** Along which axis. Default the last. */
  dim?: number | undefined;
  /** Keep the reduced dimension with length 1. Default false. */
  keepdim?: boolean | undefined;
}
const kthSpec: Spec<KthvalueOptions> = { k: integer(), dim: axisParam.or(-1), keepdim: boolean.or(false) };
type KthvalueArguments = InOrderOrByName<[k: number, dim?: number, keepdim?: boolean], KthvalueOptions>;

/** The k-th smallest element (1 is the smallest) along an axis (default: the last), and where it was. */
export function kthvalue(t: Tensor, ...args: KthvalueArguments): ValuesAndIndices {
  const { k, dim = -1, keepdim } = readArguments('kthvalue', kthSpec, args);
  const { axis: a, length } = linesOf('kthvalue', t, dim);
  if (k < 1 || k > length) throw new IndexError(`[kthvalue] k = ${k} is out of range for ${length} elements`);
  const all = sort(t.detach(), a).indices;
  const at = t.ndim === 0 ? all : narrow(all, a, k - 1, 1);
  const drop = (x: Tensor): Tensor => (keepdim || t.ndim === 0 ? x : squeeze(x, a));
  return valuesAndIndices(drop(gather(t, a, at)), drop(at));
}

addMethods({
  kthvalue,
  mode,
  quantile,
  nanquantile,
  median: median as (self: Tensor) => Tensor,
  nanmedian: nanmedian as (self: Tensor) => Tensor,
});

interface Median {
  (axis: number | Along, how?: boolean | AlongOptions): ValuesAndIndices;
  (): Tensor;
}
declare module '../../core/tensor' {
  interface Tensor
    extends
      MethodsOf<typeof import('./order'), 'kthvalue' | 'mode' | 'quantile' | 'nanquantile'>,
      MethodsAs<typeof import('./order'), 'median' | 'nanmedian', Median> {}
}
