/** @file Tensors as samples: covariance, correlation, interpolation, products and choices of elements. */
import { isFloat } from '../../core/dtype';
import { boolean, checkCount, integer, tensor as tensorParam } from '../../core/params';
import { ArgumentError, DTypeError, ShapeError } from '../../core/errors';
import { showShape } from '../../core/shape';
import { addMethods, needTensor, Tensor } from '../../core/tensor';
import { type InOrderOrByName, readArguments, readOptions, type Spec } from '../../core/arguments';
import { add, div, lt, mul, sub } from '../elementwise/arithmetic';
import { meshgrid } from '../shape/arranging';
import { cast } from '../tensors/cast';
import { tensor } from '../tensors/create';
import { diagonal } from '../shape/diagonals';
import { indexSelect } from '../indexing/gather';
import { stack } from '../shape/joining';
import { clamp, sqrt } from '../elementwise/math';
import { matmul } from '../linear/matmul';
import { any, mean, sum } from './reduce';
import { searchsorted } from '../sort/search';
import { narrow, reshape, transpose, unsqueeze } from '../shape/views';

/** Options of {@link cov}. */
export interface CovOptions {
  /** Subtracted from the number of observations. Default 1. */
  correction?: number | undefined;
  /** How often each observation occurred: integers. */
  fweights?: Tensor | null | undefined;
  /** How much each observation counts. */
  aweights?: Tensor | null | undefined;
}

const covSpec: Spec<Required<CovOptions>> = {
  correction: integer().or(1),
  fweights: tensorParam.orNull(),
  aweights: tensorParam.orNull(),
};

// Rows are variables, columns observations.
function variables(op: string, t: Tensor): Tensor {
  needTensor(op, t);
  if (t.ndim > 2) throw new ShapeError(`[${op}] takes up to two dimensions, got ${showShape(t.shape)}`);
  if (t.dtype === 'bool') throw new DTypeError(`[${op}] takes numbers, not bool`);
  const x = isFloat(t.dtype) ? t : cast(t, 'float32');
  return t.ndim === 2 ? x : reshape(x, [1, -1]);
}

function checkWeights(op: string, w: Tensor, x: Tensor): void {
  if (w.ndim !== 1 || w.numel !== x.shape[1])
    throw new ShapeError(`[${op}] weights ${showShape(w.shape)} do not fit ${x.shape[1]} observations`);
}

/** The covariances of variables (rows) over observations (columns); of a vector its variance. */
export function cov(t: Tensor, options?: CovOptions): Tensor {
  const x = variables('cov', t);
  const { correction, fweights, aweights } = readOptions('cov', covSpec, options);
  if (fweights && isFloat(fweights.dtype)) throw new DTypeError('[cov] fweights are integers');
  const given = [fweights, aweights].filter((w): w is Tensor => w instanceof Tensor);
  for (const w of given) {
    checkWeights('cov', w, x);
    if (any(lt(w, 0)).itemSync()) throw new ArgumentError('[cov] weights must not be negative');
  }
  let out: Tensor;
  if (given.length === 0) {
    const centred = sub(x, mean(x, 1, { keepdim: true }));
    out = div(matmul(centred, transpose(centred, 0, 1)), Math.max(x.shape[1]! - correction, 0));
  } else {
    const w = given.map((v) => cast(v, x.dtype)).reduce((a, b) => mul(a, b));
    const total = sum(w);
    const centred = sub(x, div(sum(mul(x, w), 1, { keepdim: true }), total));
    // Frequencies are counted, importances normalised (as in numpy.cov).
    const lost = aweights ? mul(div(sum(mul(w, cast(aweights, x.dtype))), total), correction) : correction;
    const factor = sub(total, lost);
    out = div(matmul(mul(centred, w), transpose(centred, 0, 1)), clamp(factor, 0, null));
  }
  return x.shape[0] === 1 ? reshape(out, []) : out;
}

/** The correlation coefficients of variables (rows) over observations (columns), within [-1, 1]. */
export function corrcoef(t: Tensor): Tensor {
  variables('corrcoef', t);
  const c = cov(t);
  if (c.ndim === 0) return div(c, c);
  const deviation = sqrt(diagonal(c));
  return clamp(div(div(c, unsqueeze(deviation, 1)), unsqueeze(deviation, 0)), -1, 1);
}

const pointsSpec = { xp: tensorParam, fp: tensorParam };

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

const listOf = (tensors: (Tensor | readonly Tensor[])[]): Tensor[] => tensors.flat() as Tensor[];

/** All combinations of one element of each vector, as rows; of a single vector the vector itself. */
export function cartesianProd(...tensors: (Tensor | readonly Tensor[])[]): Tensor {
  const list = listOf(tensors);
  if (list.length === 0) throw new ArgumentError('[cartesianProd] needs at least one vector');
  for (const t of list) {
    needTensor('cartesianProd', t);
    if (t.ndim !== 1) throw new ShapeError(`[cartesianProd] takes vectors, got ${showShape(t.shape)}`);
  }
  if (list.length === 1) return list[0]!;
  return reshape(stack(meshgrid(...list, { indexing: 'ij' }), -1), [-1, list.length]);
}

/** Options of {@link combinations}. */
export interface CombinationsOptions {
  /** How many elements. Default 2. */
  r?: number | undefined;
  /** Whether an element may be chosen again. Default false. */
  withReplacement?: boolean | undefined;
}

const combinationsSpec: Spec<Required<CombinationsOptions>> = {
  r: integer({ least: 0 }).or(2),
  withReplacement: boolean.or(false),
};

/** All choices of r elements of a vector, in order, as rows. */
export function combinations(
  t: Tensor,
  ...args: InOrderOrByName<[r?: number, withReplacement?: boolean], CombinationsOptions>
): Tensor {
  needTensor('combinations', t);
  const { r, withReplacement: again } = readArguments('combinations', combinationsSpec, args);
  if (t.ndim !== 1) throw new ShapeError(`[combinations] takes a vector, got ${showShape(t.shape)}`);
  if (r === 0) return narrow(t, 0, 0, 0);
  // Their number before any list is built: n (n - 1) ... (n - r + 1) / r!, or, with replacement, of n + r - 1.
  const from = again ? t.numel + r - 1 : t.numel;
  if (r > from || t.numel === 0) return reshape(narrow(t, 0, 0, 0), [0, checkCount('combinations', 'elements', r)]);
  let count = 1;
  for (let i = 0; i < Math.min(r, from - r) && count <= 2 ** 24; i++) count = (count * (from - i)) / (i + 1);
  checkCount('combinations', 'elements of combinations', count * r);
  let rows: number[][] = [[]];
  for (let k = 0; k < r; k++) {
    rows = rows.flatMap((row) => {
      const from = row.length === 0 ? 0 : row[row.length - 1]! + (again ? 0 : 1);
      return Array.from({ length: t.numel - from }, (_, i) => [...row, from + i]);
    });
  }
  const index = tensor(BigInt64Array.from(rows.flat(), BigInt), { device: t.device });
  return reshape(indexSelect(t, 0, index), [rows.length, r]);
}

addMethods({ cov, corrcoef });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./samples'), 'cov' | 'corrcoef'> {}
}
