/** @file Linear systems, inverses and determinants. Gradients: Giles, Collected matrix derivative results (2008). */
import { type InOrderOrByName, readArguments } from '../../../core/arguments';
import { ShapeError } from '../../../core/errors';
import { boolean } from '../../../core/params';
import { showShape } from '../../../core/shape';
import { addMethods, needTensor, type Tensor } from '../../../core/tensor';
import { kernel, written } from '../../../native';
import { lt, mul, neg } from '../../elementwise/arithmetic';
import { eye } from '../../tensors/create';
import { tril, triu } from '../../shape/diagonals';
import { denseOf, sameDevice } from '../../kit/launch';
import { definePrimitive } from '../../kit/primitive';
import { matmul } from '../matmul';
import { squeeze, unsqueeze } from '../../shape/views';
import { where } from '../../elementwise/where';
import * as p from './parts';

const solveKernel = kernel('linearSolve');
const determinantKernel = kernel('determinant');
const adjugateKernel = kernel('adjugate');
const triangularKernel = kernel('triangularSolve');

/** The inverse of each square matrix. A singular one throws a NumericError that names its place in the batch. */
export function inv(a: Tensor): Tensor {
  p.checkSquare('inv', a);
  return inverted({ a });
}
export { inv as inverse };

const inverted = definePrimitive<{ a: Tensor }, void, Tensor, { y: Tensor }>({
  name: 'inv',
  inputs: ['a'],
  forward({ a }) {
    const n = p.rowsOf(a);
    const y = p.like(a, a.shape);
    solveKernel(written(y), denseOf(a), null, p.batchSize(a), n, n);
    p.settle(y);
    return { out: y, kept: { y } };
  },
  reads: ['y'],
  derivative: (g, { y }) => ({ a: neg(matmul(p.mT(y), matmul(g, p.mT(y)))) }),
});

/** Options of {@link solve}. */
export interface SolveOptions {
  /** Solve a x = b (default) or x a = b. */
  left?: boolean | undefined;
}
const solveArguments = { left: true };

/** The solution x of a x = b for square a; b is a matrix, a vector, or a batch of either. Batches broadcast. */
export function solve(a: Tensor, b: Tensor, ...args: InOrderOrByName<[left?: boolean], SolveOptions>): Tensor {
  p.checkSquare('solve', a);
  needTensor('solve', b);
  p.checkSameType('solve', a, b);
  sameDevice('solve', a, b);
  const { left } = readArguments('solve', solveArguments, args);
  if (p.isVector(a, b)) return squeeze(solve(a, unsqueeze(b, left ? -1 : -2), left), left ? -1 : -2);
  if (!left) return p.mT(solve(p.mT(a), p.mT(b)));
  if (b.ndim < 2 || p.rowsOf(b) !== p.rowsOf(a))
    throw new ShapeError(`[solve] ${showShape(b.shape)} does not fit a system of ${showShape(a.shape)}`);
  return solveBatch(p.overBatch('solve', a, b), p.overBatch('solve', b, a));
}

// Of matrices in equal batches.
const solveBatch = (a: Tensor, b: Tensor): Tensor => solved({ a, b });
const solved = definePrimitive<{ a: Tensor; b: Tensor }, void, Tensor, { x: Tensor }>({
  name: 'solve',
  inputs: ['a', 'b'],
  forward({ a, b }) {
    const x = p.like(b, b.shape);
    solveKernel(written(x), denseOf(a), denseOf(b), p.batchSize(a), p.rowsOf(a), p.colsOf(b));
    p.settle(x);
    return { out: x, kept: { x } };
  },
  reads: { a: ['a', 'x'], b: ['a'] },
  derivative(g, { a, x }, _, needs) {
    const gb = solveBatch(p.mT(a), g);
    return { a: needs.a ? neg(matmul(gb, p.mT(x))) : null, b: gb };
  },
});

/** Options of {@link solveTriangular}. */
export interface TriangularOptions {
  /** Which triangle of `a` to read. */
  upper: boolean;
  /** Solve a x = b (default) or x a = b. */
  left?: boolean | undefined;
  /** Take the diagonal as ones. Default false. */
  unitriangular?: boolean | undefined;
}

const triangularArguments = { upper: boolean, left: true, unitriangular: false };

/** The solution of a x = b for triangular a. The other triangle is not read. Batches broadcast. */
export function solveTriangular(
  a: Tensor,
  b: Tensor,
  ...args: InOrderOrByName<[upper: boolean, left?: boolean, unitriangular?: boolean], TriangularOptions>
): Tensor {
  p.checkSquare('solveTriangular', a);
  p.checkMatrix('solveTriangular', b);
  p.checkSameType('solveTriangular', a, b);
  sameDevice('solveTriangular', a, b);
  const { upper, left, unitriangular } = readArguments('solveTriangular', triangularArguments, args);
  if (!left) return p.mT(solveTriangular(p.mT(a), p.mT(b), { upper: !upper, unitriangular }));
  if (p.rowsOf(b) !== p.rowsOf(a))
    throw new ShapeError(`[solveTriangular] ${showShape(b.shape)} does not fit a system of ${showShape(a.shape)}`);
  const [x, y] = [p.overBatch('solveTriangular', a, b), p.overBatch('solveTriangular', b, a)];
  return triangularBatch(x, y, upper, unitriangular);
}

const triangularBatch = (a: Tensor, b: Tensor, upper: boolean, unit: boolean): Tensor =>
  triangularSolved({ a, b }, { upper, unit });

const triangularSolved = definePrimitive<
  { a: Tensor; b: Tensor },
  { upper: boolean; unit: boolean },
  Tensor,
  { x: Tensor }
>({
  name: 'solveTriangular',
  inputs: ['a', 'b'],
  forward({ a, b }, { upper, unit }) {
    const x = p.like(b, b.shape);
    const [n, k, batch] = [p.rowsOf(a), p.colsOf(b), p.batchSize(a)];
    triangularKernel(written(x), denseOf(a), denseOf(b), batch, n, k, upper, unit);
    return { out: x, kept: { x } };
  },
  reads: { a: ['a', 'x'], b: ['a'] },
  derivative(g, { a, x }, { upper, unit }, needs) {
    const gb = triangularBatch(p.mT(a), g, !upper, unit);
    if (!needs.a) return { b: gb };
    const ga = neg(matmul(gb, p.mT(x)));
    return { a: upper ? triu(ga, unit ? 1 : 0) : tril(ga, unit ? -1 : 0), b: gb };
  },
});

const upperArguments = { upper: false };
type UpperArguments = InOrderOrByName<[upper?: boolean], { upper?: boolean | undefined }>;

/** The solution of a x = b from the Cholesky factor of a: `cholesky(a)`, or with `upper` its transpose. */
export function choleskySolve(b: Tensor, factor: Tensor, ...args: UpperArguments): Tensor {
  const { upper } = readArguments('choleskySolve', upperArguments, args);
  p.checkSquare('choleskySolve', factor);
  const [lower, raised] = upper ? [p.mT(factor), factor] : [factor, p.mT(factor)];
  return solveTriangular(raised, solveTriangular(lower, b, { upper: false }), { upper: true });
}

/** The inverse of a from its Cholesky factor; see {@link choleskySolve}. */
export function choleskyInverse(factor: Tensor, ...args: UpperArguments): Tensor {
  p.checkSquare('choleskyInverse', factor);
  const { upper } = readArguments('choleskyInverse', upperArguments, args);
  return choleskySolve(eye(p.rowsOf(factor), { dtype: factor.dtype, device: factor.device }), factor, upper);
}

// det(a) a^-1, untracked; unlike the inverse it exists for every matrix.
function adjugate(a: Tensor): Tensor {
  const out = p.like(a, a.shape);
  adjugateKernel(written(out), denseOf(a), p.batchSize(a), p.rowsOf(a));
  return out;
}

// One number per matrix, as a batch of 1 x 1 matrices.
const perMatrix = (v: Tensor): Tensor => unsqueeze(unsqueeze(v, -1), -1);

/**
 * The determinant of each square matrix. Its gradient is right for singular matrices too; its second derivative needs
 * the inverse.
 */
export function det(a: Tensor): Tensor {
  p.checkSquare('det', a);
  return determinant({ a });
}

const determinant = definePrimitive<{ a: Tensor }, void, Tensor, { d: Tensor }>({
  name: 'det',
  inputs: ['a'],
  forward({ a }) {
    const d = p.like(a, p.batchOf(a));
    determinantKernel(written(d), null, null, denseOf(a), p.batchSize(a), p.rowsOf(a));
    return { out: d, kept: { d } };
  },
  reads: ['a', 'd'],
  derivative: (g, { a, d }) => ({ a: mul(perMatrix(mul(g, d)), p.mT(inv(a))) }),
  gradient: { kernel: 'adjugate', run: (g, { a }) => ({ a: mul(perMatrix(g), p.mT(adjugate(a))) }) },
});

/** The sign of each determinant (-1, 0, 1) and the logarithm of its absolute value, where det itself would overflow. */
export function slogdet(a: Tensor): p.Named<'sign' | 'logabsdet', [Tensor, Tensor]> {
  p.checkSquare('slogdet', a);
  const [sign, log] = signAndLog({ a });
  return p.named(['sign', 'logabsdet'], [sign.detach(), log]);
}

// No gradient flows through the sign.
const signAndLog = definePrimitive<{ a: Tensor }, void, [Tensor, Tensor]>({
  name: 'slogdet',
  inputs: ['a'],
  forward({ a }) {
    const [sign, log] = [p.like(a, p.batchOf(a)), p.like(a, p.batchOf(a))];
    determinantKernel(null, written(sign), written(log), denseOf(a), p.batchSize(a), p.rowsOf(a));
    return [sign, log];
  },
  reads: ['a'],
  derivative: ([, g], { a }) => ({ a: g ? mul(perMatrix(g), p.mT(inv(a))) : null }),
});

/** The logarithm of each determinant: NaN where it is negative, -Infinity where it is 0. */
export function logdet(a: Tensor): Tensor {
  p.checkSquare('logdet', a);
  const [sign, log] = slogdet(a);
  return where(lt(sign, 0), NaN, log);
}

addMethods({ inverse: inv, det, slogdet, logdet });
declare module '../../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./solve'), 'det' | 'slogdet' | 'logdet'> {
    /** {@link inv}: the inverse of square matrices. */
    inverse: Method<typeof inv>;
  }
}
