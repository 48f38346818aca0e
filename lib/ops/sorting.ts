/** @file Sorting, the largest elements, distinct values, search. NaN sorts last, as in PyTorch. */
import { track } from '../core/autograd';
import { ArgumentError, IndexError } from '../core/errors';
import { checkAxis, numel, type Shape } from '../core/shape';
import { addMethods, empty, type Method, needTensor, type Tensor } from '../core/tensor';
import { kernel } from '../native';
import { readArguments } from '../core/arguments';
import { zeros } from './create';
import { gather, scatterAdd } from './gather';
import { denseOf } from './launch';
import { type ValuesAndIndices, valuesAndIndices } from './named';
import { narrow, squeeze } from './views';

const sortKernel = kernel('sort');
const topkKernel = kernel('topk');

/** Options of {@link sort}. */
export interface SortOptions {
  /** Along which axis. Default the last. */
  dim?: number;
  /** Largest first. Default false. */
  descending?: boolean;
  /** Equal elements keep their order. They always do; accepted for likeness with PyTorch. */
  stable?: boolean;
}

interface Lines {
  axis: number;
  outer: number;
  length: number;
  inner: number;
}

function linesOf(op: string, t: Tensor, axis: number): Lines {
  needTensor(op, t);
  const a = checkAxis(op, axis, t.ndim);
  return { axis: a, outer: numel(t.shape.slice(0, a)), length: t.shape[a] ?? 1, inner: numel(t.shape.slice(a + 1)) };
}

// The gradient of elements taken from `indices` of an axis goes back to where they were.
function tracked(name: string, t: Tensor, axis: number, { values, indices }: ValuesAndIndices): ValuesAndIndices {
  const { shape } = t;
  const back = (g: Tensor, at: Tensor): Tensor =>
    scatterAdd(zeros(shape, { dtype: g.dtype, device: g.device }), axis, at, g);
  return valuesAndIndices(
    track(name, values, [t], [indices], ([g], [at]) => [back(g!, at!)]),
    indices,
  );
}

function outputs(t: Tensor, shape: Shape): ValuesAndIndices {
  const { device } = t.storage;
  return valuesAndIndices(empty(shape, t.dtype, device), empty(shape, 'int64', device));
}

/** The elements along an axis (default: the last) in ascending order, and where they were. Stable. */
export function sort(t: Tensor, dim: number | SortOptions = {}, how: SortOptions | boolean = {}): ValuesAndIndices {
  const settings = readArguments('sort', { dim: -1, descending: false, stable: true }, [dim, how]);
  const { descending } = settings;
  const { axis: a, outer, length, inner } = linesOf('sort', t, settings.dim);
  const out = outputs(t, t.shape);
  const cost = t.numel * (10 + 2 * Math.log2(length + 1));
  if (t.numel > 0) sortKernel(cost, out.values, out.indices, denseOf(t.detach()), outer, length, inner, descending);
  return tracked('sort', t, a, out);
}

/** The indices that sort along an axis (default: the last). Stable. */
export const argsort = (t: Tensor, dim: number | SortOptions = {}, how: SortOptions | boolean = {}): Tensor =>
  sort(t.detach(), dim, how).indices;

/** {@link sort} along the first dimension, values only. */
export const msort = (t: Tensor): Tensor => sort(t, 0).values;

/** Options of {@link topk}. */
export interface TopkOptions {
  /** Along which axis. Default the last. */
  dim?: number;
  /** The largest (default), or the smallest. */
  largest?: boolean;
  /** In order. They always are; accepted for likeness with PyTorch. */
  sorted?: boolean;
}

/** The k largest elements along an axis (default: the last), in descending order, and where they were. */
export function topk(
  t: Tensor,
  k: number,
  dim: number | TopkOptions = {},
  how: boolean | TopkOptions = {},
  sorted?: boolean,
): ValuesAndIndices {
  const settings = readArguments('topk', { dim: -1, largest: true, sorted: true }, [dim, how, sorted]);
  const { axis: a, outer, length, inner } = linesOf('topk', t, settings.dim);
  if (!Number.isInteger(k)) throw new ArgumentError(`[topk] k must be an integer, got ${k}`);
  if (k < 0 || k > length) throw new IndexError(`[topk] k = ${k} is out of range for ${length} elements`);
  const out = outputs(
    t,
    t.shape.map((d, i) => (i === a ? k : d)),
  );
  const cost = t.numel * 10;
  if (out.values.numel > 0)
    topkKernel(cost, out.values, out.indices, denseOf(t.detach()), outer, length, inner, k, settings.largest);
  return tracked('topk', t, a, out);
}

/** The k-th smallest element (1 is the smallest) along an axis (default: the last), and where it was. */
export function kthvalue(
  t: Tensor,
  k: number,
  dim: number | { dim?: number; keepdim?: boolean } = {},
  how: boolean | { keepdim?: boolean } = {},
): ValuesAndIndices {
  const settings = readArguments('kthvalue', { dim: -1, keepdim: false }, [dim, how]);
  const { axis: a, length } = linesOf('kthvalue', t, settings.dim);
  if (!Number.isInteger(k)) throw new ArgumentError(`[kthvalue] k must be an integer, got ${k}`);
  if (k < 1 || k > length) throw new IndexError(`[kthvalue] k = ${k} is out of range for ${length} elements`);
  const all = sort(t.detach(), a).indices;
  const at = t.ndim === 0 ? all : narrow(all, a, k - 1, 1);
  const drop = (x: Tensor): Tensor => (settings.keepdim || t.ndim === 0 ? x : squeeze(x, a));
  return valuesAndIndices(drop(gather(t, a, at)), drop(at));
}

const methods = { sort, argsort, msort, topk, kthvalue };
addMethods(methods);
type Methods = { [K in keyof typeof methods]: Method<(typeof methods)[K]> };
declare module '../core/tensor' {
  interface Tensor extends Methods {}
}
