/** @file Eigenvalues of symmetric matrices, singular values, and what is computed from them. */
import { type InOrderOrByName, readArguments } from '../../../core/arguments';
import { ShapeError } from '../../../core/errors';
import { finfo } from '../../../core/limits';
import { number, oneOf } from '../../../core/params';
import { showShape } from '../../../core/shape';
import { needsTracking } from '../../../core/autograd';
import { addMethods, needTensor, type Tensor } from '../../../core/tensor';
import { kernel, written } from '../../../native';
import { add, div, gt, maximum, mul, sub } from '../../elementwise/arithmetic';
import { empty, eye, full } from '../../tensors/create';
import { diagEmbed, tril } from '../../shape/diagonals';
import { denseOf, sameDevice } from '../../kit/launch';
import { definePrimitive } from '../../kit/primitive';
import { abs, square } from '../../elementwise/math';
import { matmul } from '../matmul';
import { all, sum } from '../../reduce/reduce';
import { narrow, squeeze, unsqueeze } from '../../shape/views';
import { where } from '../../elementwise/where';
import * as p from './parts';

const eighKernel = kernel('eigh');
const svdKernel = kernel('svd');

// 1 / (v[j] - v[i]), and 0 on the diagonal.
function inverseGaps(v: Tensor): Tensor {
  const same = eye(v.shape[v.ndim - 1]!, { dtype: 'bool', device: v.device });
  const gaps = sub(unsqueeze(v, -2), unsqueeze(v, -1));
  return where(same, 0, div(1, where(same, 1, gaps)));
}

const skew = (a: Tensor): Tensor => sub(a, p.mT(a));

// --- eigenvalues ----------------------------------------------------------------------------------------------------

/** Which triangle of a symmetric matrix is read. */
export type Triangle = 'L' | 'U';

const triangleArguments = { UPLO: oneOf('L', 'U').or('L') };
type TriangleArguments = InOrderOrByName<[UPLO?: Triangle], { UPLO?: Triangle | undefined }>;

const triangle = (op: string, a: Tensor, args: TriangleArguments): Tensor => {
  p.checkSquare(op, a);
  return readArguments(op, triangleArguments, args).UPLO === 'U' ? p.mT(a) : a;
};

/**
 * Eigenvalues, ascending, and orthonormal eigenvectors (columns) of each symmetric matrix. The gradient through the
 * eigenvectors is finite only where eigenvalues differ, and meaningful only for what does not depend on their signs.
 */
export function eigh(
  matrix: Tensor,
  ...args: TriangleArguments
): p.Named<'eigenvalues' | 'eigenvectors', [Tensor, Tensor]> {
  const a = triangle('eigh', matrix, args);
  return p.named(['eigenvalues', 'eigenvectors'], symmetricDecomposed({ a }));
}

const symmetricDecomposed = definePrimitive<{ a: Tensor }, void, [Tensor, Tensor], { w: Tensor; v: Tensor }>({
  name: 'eigh',
  inputs: ['a'],
  forward({ a }) {
    const [w, v] = [p.like(a, a.shape.slice(0, -1)), p.like(a, a.shape)];
    eighKernel(written(w), written(v), denseOf(a), p.batchSize(a), p.rowsOf(a));
    p.settle(w);
    return { out: [w, v], kept: { w, v } };
  },
  reads: ['w', 'v'],
  derivative([gw, gv], { w, v }) {
    let inner = gw ? diagEmbed(gw) : undefined;
    if (gv) {
      const turn = mul(mul(skew(matmul(p.mT(v), gv)), 0.5), inverseGaps(w));
      inner = inner ? add(inner, turn) : turn;
    }
    return { a: matmul(v, matmul(inner!, p.mT(v))) };
  },
});

/** The eigenvalues of each symmetric matrix, ascending. */
export function eigvalsh(matrix: Tensor, ...args: TriangleArguments): Tensor {
  const a = triangle('eigvalsh', matrix, args);
  if (needsTracking([a])) return eigh(a)[0];
  const out = p.like(a, a.shape.slice(0, -1));
  eighKernel(written(out), null, denseOf(a), p.batchSize(a), p.rowsOf(a));
  p.settle(out);
  return out;
}

// --- singular values ------------------------------------------------------------------------------------------------

/** Options of {@link svd}. */
export interface SvdOptions {
  /** Square u and vh (default), or only the columns and rows that belong to singular values. */
  fullMatrices?: boolean | undefined;
}
const svdArguments = { fullMatrices: true };

function runSvd(a: Tensor, full: boolean): [Tensor, Tensor, Tensor] {
  const [m, n, batch] = [p.rowsOf(a), p.colsOf(a), p.batchSize(a)];
  const k = Math.min(m, n);
  const lead = p.batchOf(a);
  const u = p.like(a, [...lead, m, full ? m : k]);
  const s = p.like(a, [...lead, k]);
  const vh = p.like(a, [...lead, full ? n : k, n]);
  svdKernel(written(u), written(s), written(vh), denseOf(a), batch, m, n, full);
  p.settle(s);
  return [u, s, vh];
}

/**
 * u diag(s) vh = a with orthogonal u and vh and the singular values s, descending. The gradient through u and vh is
 * finite only where singular values differ, and meaningful only for what does not depend on the signs of the vectors.
 */
export function svd(
  a: Tensor,
  ...args: InOrderOrByName<[fullMatrices?: boolean], SvdOptions>
): p.Named<'U' | 'S' | 'Vh', [Tensor, Tensor, Tensor]> {
  p.checkMatrix('svd', a);
  const full = readArguments('svd', svdArguments, args).fullMatrices;
  return p.named(['U', 'S', 'Vh'], singular({ a }, { full }));
}

const singular = definePrimitive<
  { a: Tensor },
  { full: boolean },
  [Tensor, Tensor, Tensor],
  { u: Tensor; s: Tensor; vh: Tensor }
>({
  name: 'svd',
  inputs: ['a'],
  forward({ a }, { full }) {
    const [u, s, vh] = runSvd(a, full);
    return { out: [u, s, vh], kept: { u, s, vh } };
  },
  reads: ['u', 's', 'vh'],
  derivative([gu, gs, gvh], { u, s, vh }) {
    const k = p.colsOf(s);
    const cols = (t: Tensor | undefined): Tensor | undefined => t && narrow(t, -1, 0, k);
    const rows = (t: Tensor | undefined): Tensor | undefined => t && narrow(t, -2, 0, k);
    return { a: svdGrad(cols(gu), gs, rows(gvh), cols(u)!, s, rows(vh)!) };
  },
});

// Townsend, Differentiating the singular value decomposition (2016).
function svdGrad(
  gu: Tensor | undefined,
  gs: Tensor | undefined,
  gvh: Tensor | undefined,
  u: Tensor,
  s: Tensor,
  vh: Tensor,
): Tensor {
  const gaps = gu || gvh ? inverseGaps(square(s)) : undefined;
  const parts: Tensor[] = [];
  if (gs) parts.push(diagEmbed(gs));
  if (gu) parts.push(mul(mul(skew(matmul(p.mT(u), gu)), gaps!), unsqueeze(s, -2)));
  if (gvh) parts.push(mul(mul(skew(matmul(vh, p.mT(gvh))), gaps!), unsqueeze(s, -1)));
  let ga = matmul(u, matmul(parts.reduce(add), vh));
  if (gu && p.rowsOf(u) > p.colsOf(u)) {
    const outside = sub(gu, matmul(u, matmul(p.mT(u), gu)));
    ga = add(ga, matmul(div(outside, unsqueeze(s, -2)), vh));
  }
  if (gvh && p.colsOf(vh) > p.rowsOf(vh)) {
    const outside = sub(gvh, matmul(matmul(gvh, p.mT(vh)), vh));
    ga = add(ga, matmul(u, div(outside, unsqueeze(s, -1))));
  }
  return ga;
}

/** The singular values of each matrix, descending. */
export function svdvals(a: Tensor): Tensor {
  p.checkMatrix('svdvals', a);
  if (needsTracking([a])) return svd(a, { fullMatrices: false })[1];
  const [m, n] = [p.rowsOf(a), p.colsOf(a)];
  const s = p.like(a, [...p.batchOf(a), Math.min(m, n)]);
  svdKernel(null, written(s), null, denseOf(a), p.batchSize(a), m, n, false);
  p.settle(s);
  return s;
}

// --- rank and pseudo-inverse ----------------------------------------------------------------------------------------

/** From which singular value on one counts as zero: max(atol, rtol * the largest). */
export interface RankOptions {
  /** Default 0. */
  atol?: number | undefined;
  /** Default max(m, n) times the precision of the dtype, or 0 if `atol` is given. */
  rtol?: number | undefined;
  /** The matrices are symmetric: use eigenvalues, which is faster. Default false. */
  hermitian?: boolean | undefined;
}

// Which of the singular values s of a (descending, or absolute eigenvalues) are not zero.
function significant(a: Tensor, s: Tensor, largest: Tensor, options: RankOptions): Tensor {
  const { atol = 0 } = options;
  const eps = Math.max(p.rowsOf(a), p.colsOf(a)) * finfo(a.dtype).eps;
  const { rtol = atol > 0 ? 0 : eps } = options;
  const bound = maximum(mul(largest, rtol), full([], atol, { dtype: a.dtype, device: a.device }));
  return gt(s, bound);
}

const tolerance = number({ least: 0 }).optional();
// In the order of PyTorch's first forms of these functions, of one tolerance each.
const rankArguments = { atol: tolerance, hermitian: false, rtol: tolerance };
const pinvArguments = { rtol: tolerance, hermitian: false, atol: tolerance };

// The largest along the last axis, kept, of descending values.
const firstOf = (s: Tensor): Tensor => narrow(s, -1, 0, Math.min(1, s.shape[s.ndim - 1]!));

/** The number of singular values that are not zero, as int64. A number as second argument is `atol`. */
export function matrixRank(
  a: Tensor,
  ...args: InOrderOrByName<[atol?: number, hermitian?: boolean, rtol?: number], RankOptions>
): Tensor {
  p.checkMatrix('matrixRank', a);
  const how = readArguments('matrixRank', rankArguments, args);
  if (!how.hermitian) {
    const s = svdvals(a.detach());
    return sum(significant(a, s, firstOf(s), how), -1);
  }
  const w = abs(eigvalsh(a.detach()));
  const n = p.rowsOf(a);
  const largest = n === 0 ? w : maximum(narrow(w, -1, 0, 1), narrow(w, -1, n - 1, 1));
  return sum(significant(a, w, largest, how), -1);
}

/**
 * The pseudo-inverse (Moore-Penrose) of each matrix. A number as second argument is `rtol`. The gradient holds where the
 * rank does not change nearby.
 */
export function pinv(
  a: Tensor,
  ...args: InOrderOrByName<[rtol?: number, hermitian?: boolean, atol?: number], RankOptions>
): Tensor {
  p.checkMatrix('pinv', a);
  return pseudo({ a }, readArguments('pinv', pinvArguments, args))[0];
}
export { pinv as pinverse };

// The inverse, the singular values, and which of them count.
const pseudo = definePrimitive<{ a: Tensor }, RankOptions, [Tensor, Tensor, Tensor], { y: Tensor }>({
  name: 'pinv',
  inputs: ['a'],
  forward({ a }, options) {
    const [u, s, vh] = runSvd(options.hermitian ? add(tril(a), p.mT(tril(a, -1))) : a, false);
    const counts = significant(a, s, firstOf(s), options);
    const scale = where(counts, div(1, where(counts, s, 1)), 0);
    const y = matmul(mul(p.mT(vh), unsqueeze(scale, -2)), p.mT(u));
    return { out: [y, s, counts], kept: { y } };
  },
  reads: ['a', 'y'],
  // Golub & Pereyra, The differentiation of pseudo-inverses (1973), eq. 4.12.
  derivative([g], { a, y }) {
    const back = p.mT(g!);
    const yt = p.mT(y);
    const rowRest = sub(back, matmul(a, matmul(y, back)));
    const colRest = sub(back, matmul(matmul(back, y), a));
    const first = matmul(yt, matmul(g!, yt));
    return { a: sub(add(matmul(rowRest, matmul(y, yt)), matmul(matmul(yt, y), colRest)), first) };
  },
});

/** Options of {@link lstsq}. */
export interface LstsqOptions {
  /** Singular values below this part of the largest count as zero. Default max(m, n) times the precision. */
  rcond?: number | null | undefined;
}
const lstsqArguments = { rcond: number({ least: 0 }).orNull() };

/**
 * The x that minimises |a x - b|, the shortest one if several do, by singular values. Also: the squared residuals (if
 * all matrices have full rank and more rows than columns, else empty), the ranks and the singular values.
 */
export function lstsq(
  a: Tensor,
  b: Tensor,
  ...args: InOrderOrByName<[rcond?: number | null], LstsqOptions>
): p.Named<'solution' | 'residuals' | 'rank' | 'singularValues', [Tensor, Tensor, Tensor, Tensor]> {
  p.checkMatrix('lstsq', a);
  needTensor('lstsq', b);
  p.checkSameType('lstsq', a, b);
  sameDevice('lstsq', a, b);
  const vector = p.isVector(a, b);
  const right = vector ? unsqueeze(b, -1) : b;
  const [m, n] = [p.rowsOf(a), p.colsOf(a)];
  if (right.ndim < 2 || p.rowsOf(right) !== m)
    throw new ShapeError(`[lstsq] ${showShape(b.shape)} does not fit a system of ${showShape(a.shape)}`);
  const { rcond } = readArguments('lstsq', lstsqArguments, args);
  const [inverse, s, counts] = pseudo({ a }, rcond === null ? {} : { rtol: rcond }, 'lstsq');
  const x = matmul(inverse, right);
  const overdetermined = m > n && Boolean(all(counts).itemSync());
  const residuals = overdetermined
    ? sum(square(sub(matmul(a, x), right)), -2)
    : empty([0], { dtype: a.dtype, device: a.device });
  const solution = vector ? squeeze(x, -1) : x;
  return p.named(
    ['solution', 'residuals', 'rank', 'singularValues'],
    [solution, residuals, sum(counts, -1), s.detach()],
  );
}

addMethods({ svd, pinverse: pinv });
declare module '../../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./spectral'), 'svd'> {
    /** {@link pinv}: the Moore-Penrose inverse of matrices. */
    pinverse: Method<typeof pinv>;
  }
}
