/** @file Sorting, and the largest elements. NaN sorts last, as in PyTorch. */
import { noGrad, track } from '../../core/autograd';
import { IndexError } from '../../core/errors';
import { checkAxis, numel, type Shape } from '../../core/shape';
import { addMethods, empty, needTensor, type Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { axis as axisParam, boolean, integer } from '../../core/params';
import { zeros } from '../tensors/create';
import { scatterAdd } from '../indexing/gather';
import { denseOf } from '../kit/launch';
import { type ValuesAndIndices, valuesAndIndices } from '../kit/named';

const sortKernel = kernel('sort');
const topkKernel = kernel('topk');

/** Options of {@link sort}. */
export interface SortOptions {
  /** Along which axis. Default the last. */
  dim?: number | undefined;
  /** Largest first. Default false. */
  descending?: boolean | undefined;
  /** Equal elements keep their order. They always do; accepted for likeness with PyTorch. */
  stable?: boolean | undefined;
}

const sortSpec: Spec<SortOptions> = { dim: axisParam.or(-1), descending: boolean.or(false), stable: boolean.or(true) };
type SortArguments = InOrderOrByName<[dim?: number, descending?: boolean, stable?: boolean], SortOptions>;

interface Lines {
  axis: number;
  outer: number;
  length: number;
  inner: number;
}

/** The lines of a tensor along an axis, as kernels walk them: [outer, length, inner]. */
export function linesOf(op: string, t: Tensor, axis: number): Lines {
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
export const sort = (t: Tensor, ...args: SortArguments): ValuesAndIndices => sorted('sort', t, args);

function sorted(op: string, t: Tensor, args: SortArguments): ValuesAndIndices {
  const { dim = -1, descending = false } = readArguments(op, sortSpec, args);
  const { axis: a, outer, length, inner } = linesOf(op, t, dim);
  const out = outputs(t, t.shape);
  if (t.numel > 0)
    sortKernel(written(out.values), written(out.indices), denseOf(t.detach()), outer, length, inner, descending);
  return tracked(op, t, a, out);
}

/** The indices that sort along an axis (default: the last). Stable. */
export const argsort = (t: Tensor, ...args: SortArguments): Tensor => noGrad(() => sorted('argsort', t, args).indices);

/** {@link sort} along the first dimension, values only. */
export const msort = (t: Tensor): Tensor => sorted('msort', t, [0]).values;

/** Arguments of {@link topk}. */
export interface TopkOptions {
  /** How many. */
  k: number;
  /** Along which axis. Default the last. */
  dim?: number | undefined;
  /** The largest (default), or the smallest. */
  largest?: boolean | undefined;
  /** In order. They always are; accepted for likeness with PyTorch. */
  sorted?: boolean | undefined;
}

const topkSpec: Spec<TopkOptions> = {
  k: integer(),
  dim: axisParam.or(-1),
  largest: boolean.or(true),
  sorted: boolean.or(true),
};
type TopkArguments = InOrderOrByName<[k: number, dim?: number, largest?: boolean, sorted?: boolean], TopkOptions>;

/** The k largest elements along an axis (default: the last), in descending order, and where they were. */
export function topk(t: Tensor, ...args: TopkArguments): ValuesAndIndices {
  const { k, dim = -1, largest = true } = readArguments('topk', topkSpec, args);
  const { axis: a, outer, length, inner } = linesOf('topk', t, dim);
  if (k < 0 || k > length) throw new IndexError(`[topk] k = ${k} is out of range for ${length} elements`);
  // A tensor without dimensions is a line of one, whose every choice has its shape (as in PyTorch, k = 0 too).
  const taken = t.ndim === 0 ? 1 : k;
  const out = outputs(
    t,
    t.shape.map((d, i) => (i === a ? taken : d)),
  );
  if (out.values.numel > 0)
    topkKernel(written(out.values), written(out.indices), denseOf(t.detach()), outer, length, inner, taken, largest);
  return tracked('topk', t, a, out);
}

const methods = { sort, argsort, msort, topk };
addMethods(methods);
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./sorting'), 'sort' | 'argsort' | 'msort' | 'topk'> {}
}
