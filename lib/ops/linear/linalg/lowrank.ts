/** @file Singular values and principal components of large matrices by random projection. Halko et al. 2011. */
import { type InOrderOrByName, readArguments, type Spec } from '../../../core/arguments';
import { ArgumentError } from '../../../core/errors';
import { boolean, generator, integer, tensor } from '../../../core/params';
import { showShape } from '../../../core/shape';
import { type Tensor } from '../../../core/tensor';
import { sub } from '../../elementwise/arithmetic';
import { matmul } from '../matmul';
import { randn, type RandomOptions } from '../../random/random';
import { mean } from '../../reduce/reduce';
import { qr } from './factor';
import * as p from './parts';
import { svd } from './spectral';

/** The vectors of the largest singular values, as columns, and those values, descending. */
export type LowRank = p.Named<'U' | 'S' | 'V', [Tensor, Tensor, Tensor]>;

/** Options of {@link svdLowrank}, in PyTorch's order. */
export interface SvdLowrankOptions extends RandomOptions {
  /** How many singular values: somewhat more than are wanted. Default 6. */
  q?: number | undefined;
  /** How often to refine the projection. Default 2. */
  niter?: number | undefined;
  /** Subtracted from the matrix; it broadcasts. */
  M?: Tensor | null | undefined;
}
/** Options of {@link pcaLowrank}, in PyTorch's order. */
export interface PcaLowrankOptions extends RandomOptions {
  /** How many components. Default 6, or as many as there are. */
  q?: number | null | undefined;
  /** Subtract the mean of each column first. Default true. */
  center?: boolean | undefined;
  /** How often to refine the projection. Default 2. */
  niter?: number | undefined;
}

const count = integer({ least: 0 });
const svdSpec: Spec<SvdLowrankOptions> = {
  q: count.or(6),
  niter: count.or(2),
  M: tensor.orNull(),
  generator: generator.orNull(),
};
const pcaSpec: Spec<PcaLowrankOptions> = {
  q: count.orNull(),
  center: boolean.or(true),
  niter: count.or(2),
  generator: generator.orNull(),
};

function lowRank(op: string, a: Tensor, q: number, niter: number, from: RandomOptions['generator']): LowRank {
  const [m, n] = [p.rowsOf(a), p.colsOf(a)];
  if (q > Math.min(m, n))
    throw new ArgumentError(`[${op}] q must be at most ${Math.min(m, n)} for ${showShape(a.shape)}, got ${q}`);
  if (m < n) {
    const { U, S, V } = lowRank(op, p.mT(a), q, niter, from);
    return p.named<'U' | 'S' | 'V', [Tensor, Tensor, Tensor]>(['U', 'S', 'V'], [V, S, U]);
  }
  const basis = (x: Tensor): Tensor => qr(x)[0];
  let seen = basis(matmul(a, randn([n, q], { dtype: a.dtype, device: a.device, generator: from })));
  for (let i = 0; i < niter; i++) seen = basis(matmul(a, basis(matmul(p.mT(a), seen))));
  const { U, S, Vh } = svd(matmul(p.mT(seen), a), { fullMatrices: false });
  return p.named<'U' | 'S' | 'V', [Tensor, Tensor, Tensor]>(['U', 'S', 'V'], [matmul(seen, U), S, p.mT(Vh)]);
}

/**
 * The `q` largest singular values of each matrix and their vectors, nearly: U diag(S) V^T is close to a (minus `M`) of
 * low rank. Random, and cheaper than the full decomposition where q is small.
 * @returns U [.., m, q], S [.., q], V [.., n, q]
 * @throws ArgumentError if q exceeds a side of the matrix
 */
export function svdLowrank(
  a: Tensor,
  ...args: InOrderOrByName<[q?: number, niter?: number, M?: Tensor | null], SvdLowrankOptions>
): LowRank {
  const op = 'svdLowrank';
  p.checkMatrix(op, a);
  const { q, niter, M, generator: from } = readArguments(op, svdSpec, args);
  return lowRank(op, M ? sub(a, M) : a, q!, niter!, from);
}

/**
 * The `q` principal components of each matrix of examples (rows), nearly: the columns of V are the directions, and
 * S^2 / (rows - 1) the variances. `matmul(a, V)` projects.
 * @returns U [.., m, q], S [.., q], V [.., n, q]
 * @throws ArgumentError if q exceeds a side of the matrix
 */
export function pcaLowrank(
  a: Tensor,
  ...args: InOrderOrByName<[q?: number | null, center?: boolean, niter?: number], PcaLowrankOptions>
): LowRank {
  const op = 'pcaLowrank';
  p.checkMatrix(op, a);
  const { q, center, niter, generator: from } = readArguments(op, pcaSpec, args);
  const centred = center ? sub(a, mean(a, -2, { keepdim: true })) : a;
  return lowRank(op, centred, q ?? Math.min(6, p.rowsOf(a), p.colsOf(a)), niter!, from);
}
