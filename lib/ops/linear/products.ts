/** @file Products of vectors and matrices under their own names, and what is made of them. */
import { isFloat, resultType } from '../../core/dtype';
import { ArgumentError, DTypeError, ShapeError } from '../../core/errors';
import { checkAxis, describe, numel, sameShape, type Shape, showShape } from '../../core/shape';
import { addMethods, needTensor, type Tensor } from '../../core/tensor';
import { type InOrderOrByName, readArguments, readOptions } from '../../core/arguments';
import { axes, axis, Param, scalar } from '../../core/params';
import { add, mul } from '../elementwise/arithmetic';
import { cast } from '../tensors/cast';
import { linear, matmul } from './matmul';
import { sum } from '../reduce/reduce';
import { permute, reshape, transpose, unsqueeze } from '../shape/views';

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
  needTensor('inner', a);
  needTensor('inner', b);
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
const pairedAxes = new Param<PairedAxes>('an integer or two arrays of axes', (v, op) => {
  if (typeof v === 'number') return axis.check(op, 'dims', v);
  if (!Array.isArray(v) || v.length !== 2)
    throw new ArgumentError(`[${op}] dims must be an integer or two arrays of axes, got ${describe(v)}`);
  return v.map((list) => axes.check(op, 'dims', list));
});
const tensordotArguments = { dims: pairedAxes.or(2) };

// Which axes of a and of b are summed together.
function summedAxes(a: Tensor, b: Tensor, dims: PairedAxes): [number[], number[]] {
  if (typeof dims !== 'number') {
    const [inA, inB] = dims.map((list, k) =>
      (typeof list === 'number' ? [list] : list).map((i) => checkAxis('tensordot', i, (k === 0 ? a : b).ndim)),
    ) as [number[], number[]];
    for (const list of [inA, inB])
      if (new Set(list).size < list.length)
        throw new ArgumentError(`[tensordot] a dimension is named twice: [${list.join(', ')}]`);
    return [inA, inB];
  }
  if (dims < 0 || dims > Math.min(a.ndim, b.ndim))
    throw new ArgumentError(`[tensordot] ${dims} dimensions of ${showShape(a.shape)} and ${showShape(b.shape)}`);
  const first = Array.from({ length: dims }, (_, i) => i);
  return [first.map((i) => a.ndim - dims + i), first];
}

/** Sums of products over several dimensions: the last `dims` of a with the first of b, or those listed for each. */
export function tensordot(
  a: Tensor,
  b: Tensor,
  ...args: InOrderOrByName<[dims?: PairedAxes], { dims?: PairedAxes | undefined }>
): Tensor {
  needTensor('tensordot', a);
  needTensor('tensordot', b);
  const [inA, inB] = summedAxes(a, b, readArguments('tensordot', tensordotArguments, args).dims);
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
  needTensor('kron', a);
  needTensor('kron', b);
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
  beta?: number | undefined;
  /** Factor of the product. Default 1. */
  alpha?: number | undefined;
}

const productArguments = { beta: scalar.or(1), alpha: scalar.or(1) };

/** How {@link addmm} and its kind multiply: the product under the name the user called. */
type Multiply = (op: string, a: Tensor, b: Tensor) => Tensor;
type AddProduct = (t: Tensor, a: Tensor, b: Tensor, options?: ProductOptions) => Tensor;

// The scaled product and the factor of what it is added to, checked before anything is written.
function scaledProduct(
  op: string,
  multiply: Multiply,
  t: Tensor,
  a: Tensor,
  b: Tensor,
  options: ProductOptions | undefined,
): { beta: number; scaled: Tensor } {
  needTensor(op, t);
  const { beta, alpha } = readOptions(op, productArguments, options);
  const product = multiply(op, a, b);
  if (!isFloat(resultType(t, product)) && !(Number.isInteger(beta) && Number.isInteger(alpha)))
    throw new ArgumentError(`[${op}] factors of integer tensors must be integers, got ${beta} and ${alpha}`);
  const lead = product.ndim - t.ndim;
  if (lead < 0 || t.shape.some((d, i) => d !== 1 && d !== product.shape[lead + i]))
    throw new ShapeError(`[${op}] ${showShape(t.shape)} does not broadcast to ${showShape(product.shape)}`);
  return { beta, scaled: alpha === 1 ? product : mul(product, alpha) };
}

function addProduct(op: string, multiply: Multiply): { plain: AddProduct; inPlace: AddProduct } {
  return {
    plain: (t, a, b, options) => {
      const { beta, scaled } = scaledProduct(op, multiply, t, a, b, options);
      if (beta === 0) return scaled;
      return add(beta === 1 ? t : mul(t, beta), scaled);
    },
    inPlace: (t, a, b, options) => {
      const { beta, scaled } = scaledProduct(`${op}_`, multiply, t, a, b, options);
      if (!sameShape(t.shape, scaled.shape))
        throw new ShapeError(`[${op}_] ${showShape(scaled.shape)} does not fit into ${showShape(t.shape)}`);
      if (t.dtype !== scaled.dtype)
        throw new DTypeError(`[${op}_] a product of ${scaled.dtype} does not fit into a tensor of ${t.dtype}`);
      if (beta === 0) return t.copy_(scaled);
      return (beta === 1 ? t : t.mul_(beta)).add_(scaled);
    },
  };
}

const matrices = addProduct('addmm', (op, a, b) => {
  needDims(op, [2, 2], a, b);
  return multiplied(op, a, b);
});
const batches = addProduct('baddbmm', (op, a, b) => {
  needDims(op, [3, 3], a, b);
  return bmm(a, b);
});
const summed = addProduct('addbmm', (op, a, b) => {
  needDims(op, [3, 3], a, b);
  // Integers keep their width, which sums would not.
  return cast(sum(bmm(a, b), 0), a.dtype);
});
const vectors = addProduct('addmv', (op, a, x) => {
  needDims(op, [2, 1], a, x);
  return multiplied(op, a, x);
});
const ranks = addProduct('addr', (op, a, b) => {
  needDims(op, [1, 1], a, b);
  return outer(a, b);
});

/** beta * t + alpha * (a @ b), for matrices. */
export function addmm(t: Tensor, a: Tensor, b: Tensor, options?: ProductOptions): Tensor {
  needTensor('addmm', t);
  needDims('addmm', [2, 2], a, b);
  const { beta, alpha } = readOptions('addmm', productArguments, options);
  // A Linear layer spelled out: one kernel adds the bias too.
  const fits = t.ndim === 1 && t.shape[0] === b.shape[1] && a.shape[1] === b.shape[0];
  const alike = t.dtype === a.dtype && a.dtype === b.dtype && isFloat(a.dtype);
  if (beta === 1 && alpha === 1 && fits && alike) return linear(a, transpose(b, 0, 1), t);
  return matrices.plain(t, a, b, options);
}
/** beta * t + alpha * (a @ b), for batches of matrices. */
export const baddbmm: AddProduct = batches.plain;
/** beta * t + alpha * the sum of the products of two batches of matrices. */
export const addbmm: AddProduct = summed.plain;
/** beta * t + alpha * (a @ x), for a matrix and a vector. */
export const addmv: AddProduct = vectors.plain;
/** beta * t + alpha * outer(a, b). */
export const addr: AddProduct = ranks.plain;

const inPlace = {
  addmm_: matrices.inPlace,
  baddbmm_: batches.inPlace,
  addbmm_: summed.inPlace,
  addmv_: vectors.inPlace,
  addr_: ranks.inPlace,
};
const methods = { mm, bmm, mv, dot, vdot, inner, outer, ger, kron, addmm, baddbmm, addbmm, addmv, addr, ...inPlace };
addMethods(methods);
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<
    typeof import('./products'),
    | 'mm'
    | 'bmm'
    | 'mv'
    | 'dot'
    | 'vdot'
    | 'inner'
    | 'outer'
    | 'ger'
    | 'kron'
    | 'addmm'
    | 'baddbmm'
    | 'addbmm'
    | 'addmv'
    | 'addr'
  > {
    /** {@link addmm} in place. */
    addmm_: Method<typeof addmm>;
    /** {@link baddbmm} in place. */
    baddbmm_: Method<typeof baddbmm>;
    /** {@link addbmm} in place. */
    addbmm_: Method<typeof addbmm>;
    /** {@link addmv} in place. */
    addmv_: Method<typeof addmv>;
    /** {@link addr} in place. */
    addr_: Method<typeof addr>;
  }
}
