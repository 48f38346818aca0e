/** @file LU factorisations with partial pivoting, and linear systems solved by them. */
import { type InOrderOrByName, readArguments } from '../../../core/arguments';
import { DTypeError, IndexError, ShapeError } from '../../../core/errors';
import { boolean } from '../../../core/params';
import { sameShape, type Shape, showShape } from '../../../core/shape';
import { empty, needTensor, type Tensor } from '../../../core/tensor';
import { kernel, written } from '../../../native';
import { add, eq, sub } from '../../elementwise/arithmetic';
import { cast } from '../../tensors/cast';
import { arange, eye, tensor } from '../../tensors/create';
import { tril, triu } from '../../shape/diagonals';
import { gather } from '../../indexing/gather';
import { cat } from '../../shape/joining';
import { denseOf, sameDevice } from '../../kit/launch';
import { definePrimitive } from '../../kit/primitive';
import { matmul } from '../matmul';
import { expand, narrow, unsqueeze } from '../../shape/views';
import * as p from './parts';
import { solveTriangular } from './solve';

const luKernel = kernel('luFactor');

/** Options of {@link lu} and {@link luFactor}. */
export interface LuOptions {
  /** Exchange rows, so that each pivot is the largest of its column. Default true. */
  pivot?: boolean | undefined;
}
const luArguments = { pivot: true };
type LuArguments = InOrderOrByName<[pivot?: boolean], LuOptions>;

// Both factors in one matrix, and the rows that were exchanged: see luFactor.
const factor = definePrimitive<
  { a: Tensor },
  { pivot: boolean; strict: boolean },
  [Tensor, Tensor],
  { lu: Tensor; order: Tensor }
>({
  name: 'luFactor',
  inputs: ['a'],
  forward({ a }, { pivot, strict }) {
    const [m, n, batch] = [p.rowsOf(a), p.colsOf(a), p.batchSize(a)];
    const lu = p.like(a, a.shape);
    const pivots = empty([...p.batchOf(a), Math.min(m, n)], 'int32', a.storage.device);
    luKernel(written(lu), written(pivots), denseOf(a), batch, m, n, pivot, strict);
    p.settle(lu);
    return { out: [lu, pivots], kept: { lu, order: rowOrder('luFactor', pivots, m) } };
  },
  reads: ['lu', 'order'],
  derivative: ([g], { lu, order }) => ({ a: unordered(luGrad(g!, lu), order) }),
});

// With M = L1^-1 dA1 U1^-1, dL1 = L1 tril(M, -1), dU1 = triu(M) U1, dL2 = dA2 U^-1 - L2 triu(M) (more rows than
// columns), dU2 = L^-1 dA2 - tril(M, -1) U2 (more columns); read backwards. Returns dL / d(p a).
function luGrad(g: Tensor, lu: Tensor): Tensor {
  const [m, n] = [p.rowsOf(lu), p.colsOf(lu)];
  const k = Math.min(m, n);
  const square = (t: Tensor): Tensor => narrow(narrow(t, -2, 0, k), -1, 0, k);
  const [f, gf] = [square(lu), square(g)];
  const below = (t: Tensor): Tensor => narrow(t, -2, k, m - k);
  const right = (t: Tensor): Tensor => narrow(t, -1, k, n - k);
  const lower = add(tril(f, -1), unit(f, k));
  const upper = triu(f);
  let inLower = matmul(p.mT(lower), tril(gf, -1));
  let inUpper = matmul(triu(gf), p.mT(upper));
  if (n > k) inLower = sub(inLower, matmul(right(g), p.mT(right(lu))));
  if (m > k) inUpper = sub(inUpper, matmul(p.mT(below(lu)), below(g)));
  const middle = add(tril(inLower, -1), triu(inUpper));
  const fromLeft = (t: Tensor): Tensor => solveTriangular(p.mT(lower), t, { upper: true, unitriangular: true });
  const fromRight = (t: Tensor): Tensor => solveTriangular(p.mT(upper), t, { upper: false, left: false });
  const first = fromRight(fromLeft(middle));
  if (n > k) return cat([first, fromLeft(right(g))], -1);
  return m > k ? cat([first, fromRight(below(g))], -2) : first;
}

const unit = (like: Tensor, n: number, m = n): Tensor => eye(n, m, { dtype: like.dtype, device: like.device });

/**
 * For every row of p a the row of a that it was, from the rows that were exchanged: [batch, m] int64.
 * @throws IndexError for a row that is not there
 */
function rowOrder(op: string, pivots: Tensor, m: number): Tensor {
  const k = pivots.shape[pivots.ndim - 1]!;
  const lead = pivots.shape.slice(0, -1);
  const exchanged = pivots.dataSync();
  const batch = k > 0 ? exchanged.length / k : lead.reduce((a, b) => a * b, 1);
  const order = new Float64Array(batch * m);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < m; i++) order[b * m + i] = i;
    for (let i = 0; i < k; i++) {
      const other = Number(exchanged[b * k + i]) - 1;
      if (!(other >= 0 && other < m))
        throw new IndexError(`[${op}] pivot ${other + 1} is out of range for ${m} rows; they count from 1`);
      const [x, y] = [b * m + i, b * m + other];
      [order[x], order[y]] = [order[y]!, order[x]!];
    }
  }
  return tensor(order, { shape: [...lead, m], dtype: 'int64', device: pivots.device });
}

const rowsAt = (t: Tensor, order: Tensor): Tensor =>
  gather(t, -2, expand(unsqueeze(order, -1), [...order.shape, p.colsOf(t)]));

// The permutation p^T as a matrix: element [r, i] is 1 where row i of the product was row r.
const permutation = (order: Tensor, like: Tensor): Tensor => {
  const rows = arange(order.shape[order.ndim - 1]!, { dtype: 'int64', device: order.device });
  return cast(eq(unsqueeze(rows, -1), unsqueeze(order, -2)), like.dtype);
};
const unordered = (t: Tensor, order: Tensor): Tensor => matmul(permutation(order, t), t);

/**
 * The factors of P L U = a for each matrix: P a permutation, L lower triangular with ones on its diagonal, U upper
 * triangular. Singular matrices have factors too. Without `pivot`, P is empty.
 */
export function lu(a: Tensor, ...args: LuArguments): p.Named<'P' | 'L' | 'U', [Tensor, Tensor, Tensor]> {
  p.checkMatrix('lu', a);
  const { pivot } = readArguments('lu', luArguments, args);
  const [both, pivots] = factor({ a }, { pivot, strict: false });
  const [m, n] = [p.rowsOf(a), p.colsOf(a)];
  const k = Math.min(m, n);
  const lower = add(tril(narrow(both, -1, 0, k), -1), unit(a, m, k));
  const permuted = pivot ? permutation(rowOrder('lu', pivots, m), a) : p.like(a, [0]);
  return p.named(['P', 'L', 'U'], [permuted, lower, triu(narrow(both, -2, 0, k))]);
}

/**
 * The factors L and U of each matrix in one (the diagonal is U's), and the rows that were exchanged: row i with row
 * pivots[i], which counts from 1, in order. For {@link luSolve}. A singular matrix throws a NumericError.
 */
export function luFactor(a: Tensor, ...args: LuArguments): p.Named<'LU' | 'pivots', [Tensor, Tensor]> {
  p.checkMatrix('luFactor', a);
  const { pivot } = readArguments('luFactor', luArguments, args);
  return p.named(['LU', 'pivots'], factor({ a }, { pivot, strict: true }));
}

/** Options of {@link luSolve}. */
export interface LuSolveOptions {
  /** Solve a x = b (default) or x a = b. */
  left?: boolean | undefined;
  /** Solve with the transpose of a. Default false. */
  adjoint?: boolean | undefined;
}
const luSolveArguments = { left: boolean.or(true), adjoint: boolean.or(false) };

/** The solution of a x = b from {@link luFactor} of a. Batches broadcast; b is a matrix. */
export function luSolve(
  LU: Tensor,
  pivots: Tensor,
  b: Tensor,
  ...args: InOrderOrByName<[left?: boolean, adjoint?: boolean], LuSolveOptions>
): Tensor {
  const op = 'luSolve';
  p.checkSquare(op, LU);
  p.checkMatrix(op, b);
  needTensor(op, pivots);
  p.checkSameType(op, LU, b);
  sameDevice(op, LU, b);
  if (pivots.dtype !== 'int32') throw new DTypeError(`[${op}] pivots are int32, got ${pivots.dtype}`);
  if (!sameShape(pivots.shape, LU.shape.slice(0, -1)))
    throw new ShapeError(`[${op}] pivots ${showShape(pivots.shape)} do not fit factors ${showShape(LU.shape)}`);
  const { left, adjoint } = readArguments(op, luSolveArguments, args);
  if (!left) return p.mT(luSolve(LU, pivots, p.mT(b), { adjoint: !adjoint }));
  const n = p.rowsOf(LU);
  if (p.rowsOf(b) !== n)
    throw new ShapeError(`[${op}] ${showShape(b.shape)} does not fit a system of ${showShape(LU.shape)}`);
  const right = p.overBatch(op, b, LU);
  const order = forBatch(rowOrder(op, pivots, n), p.batchOf(right));
  if (!adjoint) {
    const y = solveTriangular(LU, rowsAt(right, order), { upper: false, unitriangular: true });
    return solveTriangular(LU, y, { upper: true });
  }
  const y = solveTriangular(p.mT(LU), right, { upper: false });
  return unordered(solveTriangular(p.mT(LU), y, { upper: true, unitriangular: true }), order);
}

const forBatch = (order: Tensor, batch: Shape): Tensor => expand(order, [...batch, order.shape[order.ndim - 1]!]);
