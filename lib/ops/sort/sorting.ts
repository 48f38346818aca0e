/** @file Sorting, and the largest elements. NaN sorts last, as in PyTorch. */
import { noGrad } from '../../core/autograd';
import { IndexError } from '../../core/errors';
import { checkAxis, numel, type Shape } from '../../core/shape';
import { addMethods, empty, needTensor, type Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { axis as axisParam, boolean, integer } from '../../core/params';
import { zeros } from '../tensors/create';
import { scatterAdd } from '../indexing/gather';
import { denseOf } from '../kit/launch';
import { definePrimitive } from '../kit/primitive';
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
  shape: Shape;
  axis: number;
  outer: number;
  length: number;
  inner: number;
}

/** The lines of a tensor along an axis, as kernels walk them: [outer, length, inner]. */
export function linesOf(op: string, t: Tensor, axis: number): Lines {
  needTensor(op, t);
  const a = checkAxis(op, axis, t.ndim);
  return {
    shape: t.shape,
    axis: a,
    outer: numel(t.shape.slice(0, a)),
    length: t.shape[a] ?? 1,
    inner: numel(t.shape.slice(a + 1)),
  };
}

type Kept = { indices: Tensor };

// The gradient of elements taken from `indices` of an axis goes back to where they were.
const toPlaces = (g: Tensor, indices: Tensor, { axis, shape }: Lines): Tensor =>
  scatterAdd(zeros(shape, { dtype: g.dtype, device: g.device }), axis, indices, g);

function outputs(t: Tensor, shape: Shape): [values: Tensor, indices: Tensor] {
  const { device } = t.storage;
  return [empty(shape, t.dtype, device), empty(shape, 'int64', device)];
}

/** The elements along an axis (default: the last) in ascending order, and where they were. Stable. */
export const sort = (t: Tensor, ...args: SortArguments): ValuesAndIndices => sorted('sort', t, args);

function sorted(op: string, t: Tensor, args: SortArguments): ValuesAndIndices {
  const { dim = -1, descending = false } = readArguments(op, sortSpec, args);
  return valuesAndIndices(...inOrder({ t }, { ...linesOf(op, t, dim), descending }, op));
}

const inOrder = definePrimitive<{ t: Tensor }, Lines & { descending: boolean }, [Tensor, Tensor], Kept>({
  name: 'sort',
  inputs: ['t'],
  forward({ t }, { outer, length, inner, descending }) {
    const [values, indices] = outputs(t, t.shape);
    if (t.numel > 0) sortKernel(written(values), written(indices), denseOf(t), outer, length, inner, descending);
    return { out: [values, indices], kept: { indices } };
  },
  reads: ['indices'],
  derivative: ([g], { indices }, lines) => ({ t: toPlaces(g!, indices, lines) }),
});

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
  const lines = linesOf('topk', t, dim);
  const { length } = lines;
  if (k < 0 || k > length) throw new IndexError(`[topk] k = ${k} is out of range for ${length} elements`);
  // A tensor without dimensions is a line of one, whose every choice has its shape (as in PyTorch, k = 0 too).
  return valuesAndIndices(...first({ t }, { ...lines, k: t.ndim === 0 ? 1 : k, largest }));
}

const first = definePrimitive<{ t: Tensor }, Lines & { k: number; largest: boolean }, [Tensor, Tensor], Kept>({
  name: 'topk',
  inputs: ['t'],
  forward({ t }, { axis, outer, length, inner, k, largest }) {
    const [values, indices] = outputs(
      t,
      t.shape.map((d, i) => (i === axis ? k : d)),
    );
    if (values.numel > 0) topkKernel(written(values), written(indices), denseOf(t), outer, length, inner, k, largest);
    return { out: [values, indices], kept: { indices } };
  },
  reads: ['indices'],
  derivative: ([g], { indices }, lines) => ({ t: toPlaces(g!, indices, lines) }),
});

const methods = { sort, argsort, msort, topk };
addMethods(methods);
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./sorting'), 'sort' | 'argsort' | 'msort' | 'topk'> {}
}
