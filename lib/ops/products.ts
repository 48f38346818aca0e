/** @file Products of vectors and matrices under their own names, and what is made of them. */
import { isFloat } from '../core/dtype';
import { ArgumentError, DTypeError, ShapeError } from '../core/errors';
import { checkAxis, numel, type Shape, showShape } from '../core/shape';
import { addMethods, type Method, needTensor, type Tensor } from '../core/tensor';
import { readArguments } from '../core/arguments';
import { Param } from '../core/params';
import { add, mul } from './arithmetic';
import { linear, matmul } from './matmul';
import { sum } from './reduce';
import { permute, reshape, transpose, unsqueeze } from './views';

function needDims(op: string, wanted: readonly number[], ...list: readonly Tensor[]): void {
  for (const t of list) needTensor(op, t);
  list.forEach((t, i) => {
    if (t.ndim !== wanted[i])
      throw new ShapeError(
        `[${op}] takes ${wanted.map((n) => `${n}-dimensional`).join(' and ')} tensors, got ${list.map((x) => showShape(x.shape)).join(' and ')}`,
      );
  });
}

// The checked product, under the name the user called.
function multiplied(op: string, a: Tensor, b: Tensor): Tensor {
  const [k, n] = [a.shape[a.ndim - 1], b.shape[Math.max(0, b.ndim - 2)]];
  if (k !== n) throw new ShapeError(`[${op}] inner dimensions differ: ${showShape(a.shape)} x ${showShape(b.shape)}`);
  if (a.dtype !== b.dtype) throw new DTypeError(`[${op}] operands of ${a.dtype} and ${b.dtype}; cast one with .to()`);
  return matmul(a, b);
}

/** The product of two matrices. */
export function mm(a: Tensor, b: Tensor): Tensor {
  needDims('mm', [2, 2], a, b);
  return multiplied('mm', a, b);
}

/** The products of two batches of matrices, [b, m, k] and [b, k, n]. */
export function bmm(a: Tensor, b: Tensor): Tensor {
  needDims('bmm', [3, 3], a, b);
  if (a.shape[0] !== b.shape[0])
    throw new ShapeError(`[bmm] batches differ: ${showShape(a.shape)} and ${showShape(b.shape)}`);
  return multiplied('bmm', a, b);
}

/** The product of a matrix and a vector. */
export function mv(a: Tensor, x: Tensor): Tensor {
  needDims('mv', [2, 1], a, x);
  return multiplied('mv', a, x);
}

/** The sum of the products of two vectors. */
export function dot(a: Tensor, b: Tensor): Tensor {
  needDims('dot', [1, 1], a, b);
  return multiplied('dot', a, b);
}
/** {@link dot} */
export const vdot = dot;

/** Sums of products over the last dimensions; of a scalar the plain product. */
export function inner(a: Tensor, b: Tensor): Tensor {
  if (a.ndim === 0 || b.ndim === 0) return mul(a, b);
  if (a.shape[a.ndim - 1] !== b.shape[b.ndim - 1])
    throw new ShapeError(`[inner] last dimensions differ: ${showShape(a.shape)} and ${showShape(b.shape)}`);
  return tensordot(a, b, [[-1], [-1]]);
}

/** All products of the elements of two vectors. */
export function outer(a: Tensor, b: Tensor): Tensor {
  needDims('outer', [1, 1], a, b);
  return mul(unsqueeze(a, 1), b);
}
/** {@link outer} */
export const ger = outer;

type PairedAxes = number | readonly (readonly number[] | number)[];
const pairedAxes = new Param<PairedAxes>('an integer or two arrays of axes', (v) => v as PairedAxes);
const tensordotDefaults = {
  dims: pairedAxes.or(2),
};

/** Sums of products over several dimensions: the last `axes` of a with the first of b, or those listed for each. */
export function tensordot(a: Tensor, b: Tensor, how: PairedAxes | { dims?: PairedAxes } = 2): Tensor {
  needTensor('tensordot', a);
  needTensor('tensordot', b);
  const { dims: axes } = readArguments('tensordot', tensordotDefaults, [how]);
  let of: readonly (readonly number[])[];
  if (typeof axes === 'number') {
    if (!Number.isInteger(axes) || axes < 0 || axes > Math.min(a.ndim, b.ndim))
      throw new ArgumentError(`[tensordot] ${axes} dimensions of ${showShape(a.shape)} and ${showShape(b.shape)}`);
    of = [a, b].map((t) => Array.from({ length: axes }, (_, i) => (t === a ? a.ndim - axes + i : i)));
    if (a === b) of = [of[0]!, Array.from({ length: axes }, (_, i) => i)];
  } else of = axes.map((v) => (typeof v === 'number' ? [v] : v));
  const inA = of[0]!.map((i) => checkAxis('tensordot', i, a.ndim));
  const inB = (of[1] ?? []).map((i) => checkAxis('tensordot', i, b.ndim));
  const lengths = inA.map((i) => a.shape[i]!);
  if (inA.length !== inB.length || inB.some((i, k) => b.shape[i] !== lengths[k]))
    throw new ShapeError(
      `[tensordot] dimensions [${inA.join(', ')}] of ${showShape(a.shape)} and [${inB.join(', ')}] of ${showShape(b.shape)} differ`,
    );
  const rest = (t: Tensor, used: readonly number[]): number[] =>
    t.shape.map((_, i) => i).filter((i) => !used.includes(i));
  const [restA, restB] = [rest(a, inA), rest(b, inB)];
  const sizes = (t: Tensor, list: readonly number[]): Shape => list.map((i) => t.shape[i]!);
  const k = numel(lengths);
  const left = reshape(permute(a, [...restA, ...inA]), [numel(sizes(a, restA)), k]);
  const right = reshape(permute(b, [...inB, ...restB]), [k, numel(sizes(b, restB))]);
  return reshape(matmul(left, right), [...sizes(a, restA), ...sizes(b, restB)]);
}

/** The Kronecker product: every element of a times all of b, as blocks. */
export function kron(a: Tensor, b: Tensor): Tensor {
  const n = Math.max(a.ndim, b.ndim);
  const padded = (t: Tensor): number[] => [...new Array<number>(n - t.ndim).fill(1), ...t.shape];
  const [p, q] = [padded(a), padded(b)];
  const wide = mul(
    reshape(
      a,
      p.flatMap((d) => [d, 1]),
    ),
    reshape(
      b,
      q.flatMap((d) => [1, d]),
    ),
  );
  return reshape(
    wide,
    p.map((d, i) => d * q[i]!),
  );
}

// --- sums with products ---------------------------------------------------------------------------------------------

/** Factors of {@link addmm} and its kind. */
export interface ProductOptions {
  /** Factor of what is added. Default 1. At 0 it is ignored, NaN too. */
  beta?: number;
  /** Factor of the product. Default 1. */
  alpha?: number;
}

const productDefaults = { beta: 1, alpha: 1 };

function addProduct(op: string, t: Tensor, product: Tensor, options: ProductOptions): Tensor {
  const { beta, alpha } = readArguments(op, productDefaults, [options]);
  const scaled = alpha === 1 ? product : mul(product, alpha);
  const lead = product.ndim - t.ndim;
  if (lead < 0 || t.shape.some((d, i) => d !== 1 && d !== product.shape[lead + i]))
    throw new ShapeError(`[${op}] ${showShape(t.shape)} does not broadcast to ${showShape(product.shape)}`);
  if (beta === 0) return scaled;
  return add(beta === 1 ? t : mul(t, beta), scaled);
}

/** beta * t + alpha * (a @ b), for matrices. */
export function addmm(t: Tensor, a: Tensor, b: Tensor, options: ProductOptions = {}): Tensor {
  needDims('addmm', [2, 2], a, b);
  const { beta, alpha } = readArguments('addmm', productDefaults, [options]);
  // A Linear layer spelled out: one kernel adds the bias too.
  const fits = t.ndim === 1 && t.shape[0] === b.shape[1] && a.shape[1] === b.shape[0];
  const alike = t.dtype === a.dtype && a.dtype === b.dtype && isFloat(a.dtype);
  if (beta === 1 && alpha === 1 && fits && alike) return linear(a, transpose(b, 0, 1), t);
  return addProduct('addmm', t, multiplied('addmm', a, b), options);
}

/** beta * t + alpha * (a @ b), for batches of matrices. */
export function baddbmm(t: Tensor, a: Tensor, b: Tensor, options: ProductOptions = {}): Tensor {
  needDims('baddbmm', [3, 3], a, b);
  return addProduct('baddbmm', t, bmm(a, b), options);
}

/** beta * t + alpha * the sum of the products of two batches of matrices. */
export function addbmm(t: Tensor, a: Tensor, b: Tensor, options: ProductOptions = {}): Tensor {
  needDims('addbmm', [3, 3], a, b);
  return addProduct('addbmm', t, sum(bmm(a, b), 0), options);
}

/** beta * t + alpha * (a @ x), for a matrix and a vector. */
export function addmv(t: Tensor, a: Tensor, x: Tensor, options: ProductOptions = {}): Tensor {
  needDims('addmv', [2, 1], a, x);
  return addProduct('addmv', t, multiplied('addmv', a, x), options);
}

/** beta * t + alpha * outer(a, b). */
export function addr(t: Tensor, a: Tensor, b: Tensor, options: ProductOptions = {}): Tensor {
  needDims('addr', [1, 1], a, b);
  return addProduct('addr', t, outer(a, b), options);
}

const methods = { mm, bmm, mv, dot, vdot, inner, outer, ger, kron, addmm, baddbmm, addbmm, addmv, addr };
addMethods(methods);
type Methods = { [K in keyof typeof methods]: Method<(typeof methods)[K]> };
declare module '../core/tensor' {
  interface Tensor extends Methods {}
}
