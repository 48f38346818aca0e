/** @file Matrix products. Transposed and broadcast operands are passed to the kernel as strides, never copied. */
import { readArguments, type WithRequired } from '../../core/arguments';
import { isFloat, resultType } from '../../core/dtype';
import { DTypeError, ShapeError } from '../../core/errors';
import { tensor } from '../../core/params';
import { broadcastShapes, broadcastStrides, numel, type Shape, showShape } from '../../core/shape';
import { addMethods, alias, empty, needTensor, shapeOf, stridesOf, type Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { cast } from '../tensors/cast';
import { denseOf, sameDevice } from '../kit/launch';
import { recordsOfProduct } from '../kit/hot';
import { summed } from '../reduce/reduce';
import { reshape, reshaped, squeeze, swapped, unsqueeze } from '../shape/views';

const matmulKernel = kernel('matmul');

// The gemm wants one unit stride per matrix (or a harmless one, in a dimension of length 1).
function usable(t: Tensor): Tensor {
  const shape = shapeOf(t);
  const strides = stridesOf(t);
  const n = shape.length;
  return strides[n - 2] === 1 || strides[n - 1] === 1 || shape[n - 1] === 1 || shape[n - 2] === 1 ? t : denseOf(t);
}

// Of two matrices: no batch.
const none: Shape = [];
const batchOf = (list: readonly number[]): readonly number[] => (list.length === 2 ? none : list.slice(0, -2));

/** Batched product of tensors with at least two dimensions, untracked: out[.., m, n] = a @ b + bias. */
export function runMatmul(a0: Tensor, b0: Tensor, bias: Tensor | null): Tensor {
  const a = usable(a0);
  const b = usable(b0);
  const shapeA = shapeOf(a);
  const shapeB = shapeOf(b);
  const stridesA = stridesOf(a);
  const stridesB = stridesOf(b);
  const nA = shapeA.length;
  const nB = shapeB.length;
  const m = shapeA[nA - 2]!;
  const k = shapeA[nA - 1]!;
  const n = shapeB[nB - 1]!;
  const batchA = batchOf(shapeA);
  const batchB = batchOf(shapeB);
  const batch = broadcastShapes('matmul', batchA, batchB);
  const out = empty(batch === none ? [m, n] : [...batch, m, n], a.dtype, a.storage.device);
  matmulKernel(
    written(out),
    a,
    b,
    bias,
    batch,
    broadcastStrides(batchA, batchOf(stridesA), batch),
    broadcastStrides(batchB, batchOf(stridesB), batch),
    m,
    n,
    k,
    stridesA[nA - 2]!,
    stridesA[nA - 1]!,
    stridesB[nB - 2]!,
    stridesB[nB - 1]!,
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
    return reshaped(product(reshaped(a, [numel(lead), shapeOf(a)[a.ndim - 1]!]), b), [...lead, shapeOf(b)[1]!]);
  }
  return multiplied(runMatmul(a, b, null), a, b, null);
}

const biasGradient = (g: Tensor): Tensor => summed(g, [0]);
const multiplied = recordsOfProduct({
  name: 'matmul',
  a: (g, b) => product(g, turned(b)),
  b: (g, a) => product(turned(a), g),
  bias: biasGradient,
});

// The last two dimensions exchanged.
const turned = (t: Tensor): Tensor => swapped(t, t.ndim - 2, t.ndim - 1);

/** Options of {@link linear}. */
export interface LinearOptions {
  /** [out], or nothing. */
  bias?: Tensor | null | undefined;
}
const linearSpec = { weight: tensor, bias: tensor.orNull() };

/**
 * x @ weight^T + bias: the affine map of a Linear layer, in one kernel.
 * @param x - [..., in]
 * @param args - weight: [out, in]; bias: [out], or nothing. In this order, or by name in one object
 */
export function linear(x: Tensor, ...args: WithRequired<[weight: Tensor], { weight: Tensor }, LinearOptions>): Tensor {
  const { weight, bias } = readArguments('linear', linearSpec, args);
  return linearOf(x, weight, bias);
}

/** {@link linear} with arguments that were read. */
export function linearOf(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  needTensor('linear', x);
  needTensor('linear', weight);
  if (bias) needTensor('linear', bias);
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
  if (x.ndim === 2) return affine(x, weight, bias);
  const lead = shapeOf(x).slice(0, -1);
  const y = affine(reshaped(x, [numel(lead), shapeOf(x)[x.ndim - 1]!]), weight, bias);
  return reshaped(y, [...lead, shapeOf(weight)[0]!]);
}

function affine(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  const shape = shapeOf(weight);
  const strides = stridesOf(weight);
  const transposed = alias(weight, [shape[1]!, shape[0]!], [strides[1]!, strides[0]!], weight.offset);
  const out = runMatmul(x, transposed, bias && denseOf(bias));
  return mapped(out, x, weight, bias);
}

const mapped = recordsOfProduct({
  name: 'linear',
  a: (g, weight) => product(g, weight),
  b: (g, x) => product(turned(g), x),
  bias: biasGradient,
});

addMethods({ matmul });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./matmul'), 'matmul'> {}
}
