/** @file How ops call the strided kernels: the cheap contiguous case, and broadcasting. Nothing here is tracked. */
import { empty, shapeOf, stridesOf, type Tensor } from '../../core/tensor';
import type { DType } from '../../core/dtype';
import { DeviceError } from '../../core/errors';
import { broadcastStrides, sameShape, type Shape } from '../../core/shape';
import { kernel, written } from '../../native';

const unaryKernel = kernel('unary');
const binaryKernel = kernel('binary');
const scalarKernel = kernel('binaryScalar');
const copyKernel = kernel('copy');
const fillKernel = kernel('fill');

const flat = [1] as const;

/** A tensor of t's shape, dtype (or another) and device, to be written. */
export const like = (t: Tensor, dtype: DType = t.dtype): Tensor => empty(shapeOf(t), dtype, t.storage.device);

/** Whether an iteration over all elements may treat these tensors as flat. */
const flatTogether = (shape: Shape, a: Tensor): boolean => a.isContiguous() && sameShape(shapeOf(a), shape);

/** Throws unless both tensors are on one device. */
export function sameDevice(op: string, a: Tensor, b: Tensor): void {
  if (a.storage.device !== b.storage.device)
    throw new DeviceError(`[${op}] tensors on different devices: ${a.device} and ${b.device}; move one with .to()`);
}

/** out = op(a), elementwise; `out` may be `a`. Shapes are equal. */
export function runUnary(op: number, out: Tensor, a: Tensor, p0 = 0, p1 = 0): Tensor {
  const n = a.numel;
  if (a.isContiguous() && out.isContiguous()) unaryKernel(op, written(out), a, [n], flat, flat, p0, p1);
  else unaryKernel(op, written(out), a, shapeOf(a), stridesOf(out), stridesOf(a), p0, p1);
  return out;
}

/** out = op(a, b) with both broadcast to out's shape; equal dtypes. */
export function runBinary(op: number, out: Tensor, a: Tensor, b: Tensor, p0 = 0, p1 = 0): Tensor {
  const shape = shapeOf(out);
  const n = out.numel;
  if (out.isContiguous() && flatTogether(shape, a) && flatTogether(shape, b))
    binaryKernel(op, written(out), a, b, [n], flat, flat, flat, p0, p1);
  else
    binaryKernel(
      op,
      written(out),
      a,
      b,
      shape,
      stridesOf(out),
      broadcastStrides(shapeOf(a), stridesOf(a), shape),
      broadcastStrides(shapeOf(b), stridesOf(b), shape),
      p0,
      p1,
    );
  return out;
}

/** out = op(a, s), or op(s, a) when reversed. */
export function runScalar(op: number, out: Tensor, a: Tensor, s: number, reversed: boolean, p0 = 0, p1 = 0): Tensor {
  const n = out.numel;
  if (out.isContiguous() && a.isContiguous()) scalarKernel(op, written(out), a, s, reversed, [n], flat, flat, p0, p1);
  else scalarKernel(op, written(out), a, s, reversed, shapeOf(a), stridesOf(out), stridesOf(a), p0, p1);
  return out;
}

/** out = a, cast to out's dtype and broadcast to out's shape. */
export function runCopy(out: Tensor, a: Tensor): Tensor {
  const n = out.numel;
  if (out.isContiguous() && flatTogether(shapeOf(out), a)) copyKernel(written(out), a, [n], flat, flat);
  else
    copyKernel(written(out), a, shapeOf(out), stridesOf(out), broadcastStrides(shapeOf(a), stridesOf(a), shapeOf(out)));
  return out;
}

/** out = value everywhere. */
export function runFill(out: Tensor, value: number): Tensor {
  const n = out.numel;
  if (out.isContiguous()) fillKernel(written(out), [n], flat, value);
  else fillKernel(written(out), shapeOf(out), stridesOf(out), value);
  return out;
}

/** `t` itself if contiguous, else an untracked contiguous copy. */
export function denseOf(t: Tensor): Tensor {
  return t.isContiguous() ? t : runCopy(like(t), t);
}

/** `t` itself if it has that dtype, else an untracked cast copy. */
export function castOf(t: Tensor, dtype: DType): Tensor {
  return t.dtype === dtype ? t : runCopy(like(t, dtype), t);
}

/** A copy of `t`, untracked, contiguous. */
export const copyOf = (t: Tensor): Tensor => runCopy(like(t), t);
