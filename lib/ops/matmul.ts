/** @file Matrix products. Transposed and broadcast operands are passed to the kernel as strides, never copied. */
import { track } from '../core/autograd';
import { type InOrderOrByName, readArguments } from '../core/arguments';
import { isFloat, resultType } from '../core/dtype';
import { DTypeError, ShapeError } from '../core/errors';
import { tensor } from '../core/params';
import { broadcastShapes, broadcastStrides, numel, showShape } from '../core/shape';
import { addMethods, empty, type Method, needTensor, shapeOf, stridesOf, type Tensor } from '../core/tensor';
import { kernel } from '../native';
import { cast } from './cast';
import { denseOf, sameDevice } from './launch';
import { reshape, squeeze, sumTo, transpose, unsqueeze } from './views';

const matmulKernel = kernel('matmul');

// The gemm wants one unit stride per matrix (or a harmless one, in a dimension of length 1).
function usable(t: Tensor): Tensor {
  const [r, c] = [stridesOf(t)[t.ndim - 2]!, stridesOf(t)[t.ndim - 1]!];
  return r === 1 || c === 1 || shapeOf(t)[t.ndim - 1] === 1 || shapeOf(t)[t.ndim - 2] === 1 ? t : denseOf(t);
}

/** Batched product of tensors with at least two dimensions, untracked: out[.., m, n] = a @ b + bias. */
export function runMatmul(a0: Tensor, b0: Tensor, bias: Tensor | null): Tensor {
  const a = usable(a0);
  const b = usable(b0);
  const [m, k] = [shapeOf(a)[a.ndim - 2]!, shapeOf(a)[a.ndim - 1]!];
  const n = shapeOf(b)[b.ndim - 1]!;
  const batchA = shapeOf(a).slice(0, -2);
  const batchB = shapeOf(b).slice(0, -2);
  const batch = broadcastShapes('matmul', batchA, batchB);
  const out = empty([...batch, m, n], a.dtype, a.storage.device);
  matmulKernel(
    numel(batch) * m * n * k * 0.02 + m * n * 0.2,
    out,
    a,
    b,
    bias,
    batch,
    broadcastStrides(batchA, stridesOf(a).slice(0, -2), batch),
    broadcastStrides(batchB, stridesOf(b).slice(0, -2), batch),
    m,
    n,
    k,
    stridesOf(a)[a.ndim - 2]!,
    stridesOf(a)[a.ndim - 1]!,
    stridesOf(b)[b.ndim - 2]!,
    stridesOf(b)[b.ndim - 1]!,
    0,
  );
  return out;
}

/**
 * The matrix product with PyTorch's rules: two vectors give a scalar, a matrix and a vector a vector, and leading
 * dimensions are broadcast batches.
 * @throws ShapeError `[matmul] inner dimensions differ: [32, 784] x [128, 10]`
 */
export function matmul(x: Tensor, y: Tensor): Tensor {
  needTensor('matmul', x);
  needTensor('matmul', y);
  sameDevice('matmul', x, y);
  if (x.ndim === 0 || y.ndim === 0)
    throw new ShapeError(
      `[matmul] operands need at least one dimension: ${showShape(shapeOf(x))} x ${showShape(shapeOf(y))}`,
    );
  const dtype = resultType(x, y);
  if (dtype === 'bool') throw new DTypeError('[matmul] bool tensors have no product; cast them first');
  const a = x.ndim === 1 ? unsqueeze(cast(x, dtype), 0) : cast(x, dtype);
  const b = y.ndim === 1 ? unsqueeze(cast(y, dtype), 1) : cast(y, dtype);
  if (shapeOf(a)[a.ndim - 1] !== shapeOf(b)[b.ndim - 2])
    throw new ShapeError(`[matmul] inner dimensions differ: ${showShape(shapeOf(x))} x ${showShape(shapeOf(y))}`);
  const full = product(a, b);
  if (x.ndim === 1 && y.ndim === 1) return reshape(full, []);
  if (x.ndim === 1) return squeeze(full, -2);
  return y.ndim === 1 ? squeeze(full, -1) : full;
}

// Both have at least two dimensions and one dtype.
function product(a: Tensor, b: Tensor): Tensor {
  // A matrix shared by a whole batch: one tall product instead of many small ones.
  if (a.ndim > 2 && b.ndim === 2) {
    const lead = shapeOf(a).slice(0, -1);
    return reshape(product(reshape(a, [numel(lead), shapeOf(a)[a.ndim - 1]!]), b), [...lead, shapeOf(b)[1]!]);
  }
  const [shapeA, shapeB] = [shapeOf(a), shapeOf(b)];
  const out = runMatmul(a, b, null);
  return track('matmul', out, [a, b], operandsRead(a, b), ([g], saved, needs) => [
    needs[0] ? sumTo(product(g!, transpose(saved[0]!, -1, -2)), shapeA) : null,
    needs[1] ? sumTo(product(transpose(saved[saved.length - 1]!, -1, -2), g!), shapeB) : null,
  ]);
}

// What the gradients of a product read: each the other operand, b first. One that nobody needs may be overwritten.
const operandsRead = (a: Tensor, b: Tensor): Tensor[] => (a.requiresGrad ? (b.requiresGrad ? [b, a] : [b]) : [a]);

/** Options of {@link linear}. */
export interface LinearOptions {
  /** [out], or nothing. */
  bias?: Tensor | null;
}
const linearArguments = { bias: tensor.orNull() };

/**
 * x @ weight^T + bias: the affine map of a Linear layer, in one kernel.
 * @param x - [..., in]
 * @param weight - [out, in]
 * @param args - bias: [out], or nothing
 */
export function linear(
  x: Tensor,
  weight: Tensor,
  ...args: InOrderOrByName<[bias?: Tensor | null], LinearOptions>
): Tensor {
  needTensor('linear', x);
  needTensor('linear', weight);
  const { bias } = readArguments('linear', linearArguments, args);
  sameDevice('linear', x, weight);
  if (weight.ndim !== 2 || x.ndim === 0 || shapeOf(x)[x.ndim - 1] !== shapeOf(weight)[1])
    throw new ShapeError(
      `[linear] input ${showShape(shapeOf(x))} does not fit weight ${showShape(shapeOf(weight))} (out, in)`,
    );
  if (bias && (bias.ndim !== 1 || shapeOf(bias)[0] !== shapeOf(weight)[0]))
    throw new ShapeError(
      `[linear] bias ${showShape(shapeOf(bias))} does not fit weight ${showShape(shapeOf(weight))} (out, in)`,
    );
  if (x.dtype !== weight.dtype || !isFloat(x.dtype) || (bias && bias.dtype !== x.dtype))
    throw new DTypeError(
      `[linear] input is ${x.dtype}, weight ${weight.dtype}${bias ? `, bias ${bias.dtype}` : ''}; they must be one floating-point dtype`,
    );
  const rows = numel(shapeOf(x).slice(0, -1));
  const flat = x.ndim === 2 ? x : reshape(x, [rows, shapeOf(x)[x.ndim - 1]!]);
  const y = affine(flat, weight, bias);
  return x.ndim === 2 ? y : reshape(y, [...shapeOf(x).slice(0, -1), shapeOf(weight)[0]!]);
}

function affine(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  const out = runMatmul(x, transpose(weight.detach(), 0, 1), bias ? denseOf(bias) : null);
  const inputs = bias ? [x, weight, bias] : [x, weight];
  const hasBias = bias !== null;
  return track('linear', out, inputs, operandsRead(x, weight), ([g], saved, needs) => [
    needs[0] ? matmul(g!, saved[0]!) : null,
    needs[1] ? matmul(transpose(g!, 0, 1), saved[saved.length - 1]!) : null,
    hasBias && needs[2] ? sumTo(g!, [shapeOf(g!)[1]!]) : null,
  ]);
}

addMethods({ matmul });
declare module '../core/tensor' {
  interface Tensor {
    matmul: Method<typeof matmul>;
  }
}
