/** @file Cholesky and QR factorisations. */
import { type InOrderOrByName, readArguments } from '../../../core/arguments';
import { AutogradError } from '../../../core/errors';
import { oneOf } from '../../../core/params';
import { addMethods, type Tensor } from '../../../core/tensor';
import { kernel, written } from '../../../native';
import { add, mul, neg, sub } from '../../elementwise/arithmetic';
import { zerosLike } from '../../tensors/create';
import { cat } from '../../shape/joining';
import { tril } from '../../shape/diagonals';
import { denseOf } from '../../kit/launch';
import { definePrimitive } from '../../kit/primitive';
import { matmul } from '../matmul';
import { narrow } from '../../shape/views';
import * as p from './parts';
import { solveTriangular } from './solve';

const choleskyKernel = kernel('cholesky');
const qrKernel = kernel('qr');

/** Options of {@link cholesky}. */
export interface CholeskyOptions {
  /** Return the upper factor U, U^T U = a, reading the upper triangle of a. Default false. */
  upper?: boolean | undefined;
}
const choleskyArguments = { upper: false };

/**
 * The lower triangular L with L L^T = a, from the lower triangle of each symmetric positive definite matrix. Another
 * matrix throws a NumericError that names its place in the batch.
 */
export function cholesky(a: Tensor, ...args: InOrderOrByName<[upper?: boolean], CholeskyOptions>): Tensor {
  p.checkSquare('cholesky', a);
  if (readArguments('cholesky', choleskyArguments, args).upper) return p.mT(cholesky(p.mT(a)));
  return lowerFactor({ a });
}

const lowerFactor = definePrimitive<{ a: Tensor }, void, Tensor, { l: Tensor }>({
  name: 'cholesky',
  inputs: ['a'],
  forward({ a }) {
    const l = p.like(a, a.shape);
    choleskyKernel(written(l), denseOf(a), p.batchSize(a), p.rowsOf(a));
    p.settle(l);
    return { out: l, kept: { l } };
  },
  reads: ['l'],
  // Murray, Differentiation of the Cholesky decomposition (2016), eq. 10, made symmetric.
  derivative(g, { l }) {
    const m = tril(matmul(p.mT(l), g));
    const symmetric = mul(add(m, p.mT(tril(m, -1))), 0.5);
    const half = solveTriangular(p.mT(l), symmetric, { upper: true });
    return { a: solveTriangular(l, half, { upper: false, left: false }) };
  },
});

/** What {@link qr} computes: q [m, k] r [k, n] with k = min(m, n), q square, or only r (q is then empty). */
export type QrMode = 'reduced' | 'complete' | 'r';
const qrArguments = { mode: oneOf('reduced', 'complete', 'r').or('reduced') };

/** q r = a with orthonormal columns in q and upper triangular r. */
export function qr(
  a: Tensor,
  ...args: InOrderOrByName<[mode?: QrMode], { mode?: QrMode | undefined }>
): p.Named<'Q' | 'R', [Tensor, Tensor]> {
  p.checkMatrix('qr', a);
  const { mode: how } = readArguments('qr', qrArguments, args);
  const [q, r] = factors({ a }, { complete: how === 'complete' });
  return p.named(['Q', 'R'], [how === 'r' ? p.like(a, [0]) : q, r]);
}

const factors = definePrimitive<{ a: Tensor }, { complete: boolean }, [Tensor, Tensor], { q: Tensor; r: Tensor }>({
  name: 'qr',
  inputs: ['a'],
  forward({ a }, { complete }) {
    const [m, n, lead] = [p.rowsOf(a), p.colsOf(a), p.batchOf(a)];
    const cols = complete ? m : Math.min(m, n);
    const [q, r] = [p.like(a, [...lead, m, cols]), p.like(a, [...lead, cols, n])];
    qrKernel(written(q), written(r), denseOf(a), p.batchSize(a), m, n, complete);
    return { out: [q, r], kept: { q, r } };
  },
  reads: ['q', 'r'],
  derivative([gq, gr], { q, r }) {
    if (p.colsOf(q) > p.colsOf(r))
      throw new AutogradError("[qr] mode 'complete' has no gradient for more rows than columns: q is not determined");
    return { a: wideQrGrad(gq, gr, q, r) };
  },
});

// Roberts & Roberts, QR and LQ decomposition matrix backpropagation algorithms (2020). Columns of a beyond its rows
// are q times those of r.
function wideQrGrad(gq: Tensor | undefined, gr: Tensor | undefined, q: Tensor, r: Tensor): Tensor {
  const [m, n] = [p.rowsOf(r), p.colsOf(r)];
  if (n <= m) return qrGrad(gq, gr, q, r);
  const left = (t: Tensor): Tensor => narrow(t, -1, 0, m);
  const rest = (t: Tensor): Tensor => narrow(t, -1, m, n - m);
  if (!gr) return cat([qrGrad(gq, undefined, q, left(r)), zerosLike(rest(r))], -1);
  const more = matmul(matmul(q, rest(r)), p.mT(rest(gr)));
  return cat([qrGrad(gq ? add(gq, more) : more, left(gr), q, left(r)), matmul(q, rest(gr))], -1);
}

function qrGrad(gq: Tensor | undefined, gr: Tensor | undefined, q: Tensor, r: Tensor): Tensor {
  const fromR = gr ? matmul(r, p.mT(gr)) : undefined;
  const fromQ = gq ? matmul(p.mT(gq), q) : undefined;
  const m = fromR && fromQ ? sub(fromR, fromQ) : (fromR ?? neg(fromQ!));
  const symmetric = matmul(q, add(tril(m), p.mT(tril(m, -1))));
  return solveTriangular(p.mT(r), gq ? add(gq, symmetric) : symmetric, { upper: false, left: false });
}

addMethods({ cholesky, qr });
declare module '../../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./factor'), 'cholesky' | 'qr'> {}
}
