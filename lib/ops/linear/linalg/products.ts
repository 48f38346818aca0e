/** @file Powers, exponentials, chains and cross products of matrices and vectors. */
import { type InOrderOrByName, readArguments } from '../../../core/arguments';
import { ArgumentError, ShapeError } from '../../../core/errors';
import { axis, integer } from '../../../core/params';
import { checkAxis, showShape } from '../../../core/shape';
import { addMethods, needTensor, type Tensor } from '../../../core/tensor';
import { add, mul, sub } from '../../elementwise/arithmetic';
import { cast, clone } from '../../tensors/cast';
import { eye } from '../../tensors/create';
import { indexSelect } from '../../indexing/gather';
import { abs } from '../../elementwise/math';
import { matmul } from '../matmul';
import { sum } from '../../reduce/reduce';
import { expand, reshape, unsqueeze } from '../../shape/views';
import * as p from './parts';
import { inv, solve } from './solve';

const identityLike = (a: Tensor): Tensor => expand(eye(p.rowsOf(a), { dtype: a.dtype, device: a.device }), a.shape);

const powerArguments = { n: integer() };

/** Each square matrix multiplied n times with itself; of the inverse for negative n. */
export function matrixPower(a: Tensor, ...args: InOrderOrByName<[n: number], { n: number }>): Tensor {
  p.checkSquare('matrixPower', a);
  const { n } = readArguments('matrixPower', powerArguments, args);
  if (n < 0) return matrixPower(inv(a), -n);
  if (n === 0) return clone(identityLike(a));
  let result: Tensor | undefined;
  let power = a;
  for (let rest = n; ; power = matmul(power, power)) {
    if (rest % 2 === 1) result = result ? matmul(result, power) : power;
    rest = Math.floor(rest / 2);
    if (rest === 0) return result === a ? clone(a) : result!;
  }
}

// Numerators of the Pade approximation of degree 13 to exp, and the norm up to which it is exact in float64 (Higham,
// The scaling and squaring method for the matrix exponential revisited, 2005).
const pade = [
  64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
  670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
] as const;
const padeNorm = 5.371920351148152;

/** exp of each square matrix: I + a + a^2 / 2! + ... */
export function matrixExp(a: Tensor): Tensor {
  p.checkSquare('matrixExp', a);
  if (a.numel === 0) return clone(a);
  const norms = sum(abs(cast(a.detach(), 'float64')), -2).dataSync() as Float64Array;
  const norm = norms.reduce((most, v) => Math.max(most, v), 0);
  const squarings = Number.isFinite(norm) ? Math.max(0, Math.ceil(Math.log2(norm / padeNorm))) : 0;
  const x = mul(cast(a, 'float64'), 2 ** -squarings);
  const even = [identityLike(x), matmul(x, x)];
  even.push(matmul(even[1]!, even[1]!));
  even.push(matmul(even[2]!, even[1]!));
  const combine = (...c: number[]): Tensor => c.map((f, i) => mul(even[i]!, f)).reduce((t, u) => add(t, u));
  const [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13] = pade;
  const high = (c2: number, c4: number, c6: number): Tensor => matmul(even[3]!, combine(0, c2, c4, c6));
  const odd = matmul(x, add(high(b9, b11, b13), combine(b1, b3, b5, b7)));
  const rest = add(high(b8, b10, b12), combine(b0, b2, b4, b6));
  let result = solve(sub(rest, odd), add(rest, odd));
  for (let i = 0; i < squarings; i++) result = matmul(result, result);
  return cast(result, a.dtype);
}

// cost[i][j]: the fewest multiplications for matrices i..j, and where to split them.
function chainOrder(sizes: readonly number[]): number[][] {
  const n = sizes.length - 1;
  const cost = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  const split = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  for (let len = 1; len < n; len++) {
    for (let i = 0; i + len < n; i++) {
      const j = i + len;
      cost[i]![j] = Infinity;
      for (let k = i; k < j; k++) {
        const c = cost[i]![k]! + cost[k + 1]![j]! + sizes[i]! * sizes[k + 1]! * sizes[j + 1]!;
        if (c < cost[i]![j]!) [cost[i]![j], split[i]![j]] = [c, k];
      }
    }
  }
  return split;
}

/** The product of several matrices in the cheapest order. The first and the last may be vectors. */
export function multiDot(matrices: readonly Tensor[]): Tensor {
  if (!Array.isArray(matrices) || matrices.length < 2)
    throw new ArgumentError('[multiDot] needs a list of at least two tensors');
  const last = matrices.length - 1;
  const list = matrices.map((t: Tensor, i) => {
    needTensor('multiDot', t);
    if (t.ndim === 2) return t;
    if (t.ndim === 1 && (i === 0 || i === last)) return unsqueeze(t, i === 0 ? 0 : 1);
    throw new ShapeError(
      `[multiDot] tensor ${i} has shape ${showShape(t.shape)}: matrices are needed (vectors at the ends)`,
    );
  });
  list.forEach((t, i) => {
    const next = list[i + 1];
    if (next && t.shape[1] !== next.shape[0])
      throw new ShapeError(`[multiDot] inner dimensions differ: ${showShape(t.shape)} x ${showShape(next.shape)}`);
  });
  const split = chainOrder([list[0]!.shape[0]!, ...list.map((t) => t.shape[1]!)]);
  const chain = (i: number, j: number): Tensor =>
    i === j ? list[i]! : matmul(chain(i, split[i]![j]!), chain(split[i]![j]! + 1, j));
  const full = chain(0, last);
  const ends = [matrices[0]!.ndim === 1, matrices[last]!.ndim === 1];
  if (!ends[0] && !ends[1]) return full;
  return reshape(
    full,
    full.shape.filter((_, i) => !ends[i]),
  );
}

const dimArguments = { dim: axis.or(-1) };
type DimArguments = InOrderOrByName<[dim?: number], { dim?: number | undefined }>;

/** The cross product of vectors of length 3 along one axis (default the last). */
export function cross(a: Tensor, b: Tensor, ...args: DimArguments): Tensor {
  needTensor('cross', a);
  needTensor('cross', b);
  const { dim } = readArguments('cross', dimArguments, args);
  const [i, j] = [checkAxis('cross', dim, a.ndim), checkAxis('cross', dim, b.ndim)];
  if (a.ndim !== b.ndim || a.shape[i] !== 3 || b.shape[j] !== 3)
    throw new ShapeError(`[cross] needs length 3 along the axis, got ${showShape(a.shape)} and ${showShape(b.shape)}`);
  const turned = (t: Tensor, order: number[]): Tensor => indexSelect(t, i, order);
  const [next, after] = [
    [1, 2, 0],
    [2, 0, 1],
  ];
  return sub(mul(turned(a, next!), turned(b, after!)), mul(turned(a, after!), turned(b, next!)));
}

/** The sum of products along one axis (default the last). */
export function vecdot(a: Tensor, b: Tensor, ...args: DimArguments): Tensor {
  needTensor('vecdot', a);
  needTensor('vecdot', b);
  const { dim } = readArguments('vecdot', dimArguments, args);
  return sum(mul(a, b), checkAxis('vecdot', dim, Math.max(a.ndim, b.ndim)));
}

addMethods({ matrixPower, matrixExp, cross });
declare module '../../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./products'), 'matrixPower' | 'matrixExp' | 'cross'> {}
}
