/** @file Covariance and correlation. */
import { isFloat } from '../../core/dtype';
import { integer, tensor as tensorParam } from '../../core/params';
import { ArgumentError, DTypeError, ShapeError } from '../../core/errors';
import { showShape } from '../../core/shape';
import { addMethods, needTensor, Tensor } from '../../core/tensor';
import { readOptions, type Spec } from '../../core/arguments';
import { div, lt, mul, sub } from '../elementwise/arithmetic';
import { cast } from '../tensors/cast';
import { diagonal } from '../shape/diagonals';
import { clamp, sqrt } from '../elementwise/math';
import { matmul } from '../linear/matmul';
import { any, mean, sum } from './reduce';
import { reshape, transpose, unsqueeze } from '../shape/views';

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

addMethods({ cov, corrcoef });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./covariance'), 'cov' | 'corrcoef'> {}
}
