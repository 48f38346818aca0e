/** @file Distances between all pairs of vectors. */
import { isFloat } from '../../core/dtype';
import { DTypeError, ShapeError } from '../../core/errors';
import { broadcastShapes, showShape } from '../../core/shape';
import { addMethods, needTensor, type Tensor } from '../../core/tensor';
import { type InOrderOrByName, readArguments, type WithRequired } from '../../core/arguments';
import { number, oneOf, tensor } from '../../core/params';
import { add, eq, mul, ne, pow, sub } from '../elementwise/arithmetic';
import { cast } from '../tensors/cast';
import { triuIndices } from '../shape/diagonals';
import { indexSelect } from '../indexing/gather';
import { unbind } from '../shape/splitting';
import { sameDevice } from '../kit/launch';
import { matmul } from './matmul';
import { abs, clampMin, sqrt, square } from '../elementwise/math';
import { sum } from '../reduce/reduce';
import { topk } from '../sort/sorting';
import { reshape, squeeze, transpose, unsqueeze } from '../shape/views';
import { where } from '../elementwise/where';

// x^(1/p) with the slope 0 at 0, where there is none.
function root(x: Tensor, p: number): Tensor {
  const zero = eq(x, 0);
  const safe = where(zero, 1, x);
  return where(zero, 0, p === 2 ? sqrt(safe) : pow(safe, 1 / p));
}

// Of many pairs: |a|^2 + |b|^2 - 2ab, one matrix product and no tensor of all differences.
function euclidean(a: Tensor, b: Tensor): Tensor {
  const squares = add(sum(square(a), -1, { keepdim: true }), transpose(sum(square(b), -1, { keepdim: true }), -1, -2));
  return root(clampMin(sub(squares, mul(matmul(a, transpose(b, -1, -2)), 2)), 0), 2);
}

/** Options of {@link cdist}. */
export interface CdistOptions {
  /** Which norm: 0 (how many differ) to Infinity (the largest). Default 2. */
  p?: number | undefined;
  /**
   * Euclidean distances through a matrix product, which is faster and loses digits where vectors are close. The default
   * does so beyond 25 vectors, as PyTorch.
   */
  computeMode?: 'useMmForEuclidDistIfNecessary' | 'useMmForEuclidDist' | 'donotUseMmForEuclidDist' | undefined;
}

type ComputeMode = NonNullable<CdistOptions['computeMode']>;
const normParam = number({ least: 0 }).or(2);
const cdistSpec = {
  ...{ x2: tensor, p: normParam },
  computeMode: oneOf<ComputeMode>('useMmForEuclidDistIfNecessary', 'useMmForEuclidDist', 'donotUseMmForEuclidDist').or(
    'useMmForEuclidDistIfNecessary' as const,
  ),
};

/**
 * The p-norm distances of all pairs of vectors: [.., m, d] and [.., n, d] give [.., m, n].
 * @param args - x2: [.., n, d]; p, computeMode: in this order, or by name in one object
 */
export function cdist(a: Tensor, ...args: WithRequired<[x2: Tensor], { x2: Tensor }, CdistOptions>): Tensor {
  needTensor('cdist', a);
  const { x2: b, p, computeMode } = readArguments('cdist', cdistSpec, args);
  sameDevice('cdist', a, b);
  if (a.ndim < 2 || b.ndim < 2 || a.shape[a.ndim - 1] !== b.shape[b.ndim - 1])
    throw new ShapeError(
      `[cdist] takes [.., m, d] and [.., n, d], got ${showShape(a.shape)} and ${showShape(b.shape)}`,
    );
  if (!isFloat(a.dtype) || a.dtype !== b.dtype)
    throw new DTypeError(`[cdist] takes one floating-point dtype, got ${a.dtype} and ${b.dtype}`);
  broadcastShapes('cdist', a.shape.slice(0, -2), b.shape.slice(0, -2));
  const many = Math.max(a.shape[a.ndim - 2]!, b.shape[b.ndim - 2]!) > 25;
  const product = computeMode === 'useMmForEuclidDist' || (computeMode === 'useMmForEuclidDistIfNecessary' && many);
  if (p === 2 && product) return euclidean(a, b);
  const d = sub(unsqueeze(a, -2), unsqueeze(b, -3));
  if (p === 0) return cast(sum(ne(d, 0), -1), a.dtype);
  if (p === 1) return sum(abs(d), -1);
  if (p === 2) return root(sum(square(d), -1), 2);
  if (p === Infinity) return d.shape[d.ndim - 1] === 0 ? sum(d, -1) : squeeze(topk(abs(d), 1).values, -1);
  const still = eq(d, 0);
  return root(sum(where(still, 0, pow(where(still, 1, abs(d)), p)), -1), p);
}

const pdistSpec = { p: normParam };

/**
 * The p-norm distances of the rows of x [n, d], each pair once: [n (n - 1) / 2], in the order (0, 1), (0, 2), ...
 * @throws ShapeError unless x is a matrix
 */
export function pdist(x: Tensor, ...args: InOrderOrByName<[p?: number], { p?: number | undefined }>): Tensor {
  needTensor('pdist', x);
  if (x.ndim !== 2) throw new ShapeError(`[pdist] takes a matrix, got ${showShape(x.shape)}`);
  const { p } = readArguments('pdist', pdistSpec, args);
  const all = cdist(x, x, { p, computeMode: 'donotUseMmForEuclidDist' });
  const n = x.shape[0]!;
  const [row, column] = unbind(triuIndices(n, n, 1, { device: x.device })) as [Tensor, Tensor];
  return indexSelect(reshape(all, [-1]), 0, add(mul(row, n), column));
}

addMethods({ cdist });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./distances'), 'cdist'> {}
}
