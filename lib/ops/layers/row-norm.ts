/** @file Layer, group and RMS normalisation, and what all norms check. */
import { isFloat, isHalf } from '../../core/dtype';
import { finfo } from '../../core/limits';
import { ArgumentError, DTypeError, ShapeError } from '../../core/errors';
import { describe, numel, sameShape, type Shape, showShape } from '../../core/shape';
import { empty, needTensor, type Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { readArguments, type WithRequired } from '../../core/arguments';
import { axes, number, positive, tensor } from '../../core/params';
import { add, mul, sub } from '../elementwise/arithmetic';
import { like, sameDevice } from '../kit/launch';
import { rsqrt } from '../elementwise/math';
import { defineOp } from '../kit/op';
import { mean } from '../reduce/reduce';
import { reshape } from '../shape/views';

// What the functions have in common; those of layers have the weights elsewhere.
export const learned = { weight: tensor.orNull(), bias: tensor.orNull() };

const rowKernel = kernel('rowNorm');
const rowGradKernel = kernel('rowNormGrad');

export type Maybe = Tensor | null;

/** Throws unless `x` can be normalised. */
export function checkInput(op: string, x: Tensor, least: number): void {
  needTensor(op, x);
  if (!isFloat(x.dtype)) throw new DTypeError(`[${op}] needs a floating-point tensor, got ${x.dtype}`);
  if (x.ndim < least) throw new ShapeError(`[${op}] input ${showShape(x.shape)} needs at least ${least} dimensions`);
}

// Weights and statistics: of one shape, of x's dtype, or float32 beside a 16-bit x.
export function checkPart(op: string, name: string, t: Maybe, shape: Shape, x: Tensor): void {
  if (t === null) return;
  needTensor(op, t);
  sameDevice(op, x, t);
  if (!sameShape(t.shape, shape))
    throw new ShapeError(
      `[${op}] ${name} ${showShape(t.shape)} must have shape ${showShape(shape)} for input ${showShape(x.shape)}`,
    );
  if (t.dtype !== x.dtype && !(isHalf(x.dtype) && t.dtype === 'float32'))
    throw new DTypeError(`[${op}] input is ${x.dtype}, ${name} ${t.dtype}; they must be one floating-point dtype`);
}

// Rows of [channels, inner]; row r has the channels from (r % groups) * channels on.
interface Rows {
  rows: number;
  groups: number;
  channels: number;
  inner: number;
  eps: number;
  rms: boolean;
}

interface RowInputs {
  x: Tensor;
  weight: Maybe;
  bias: Maybe;
}

export const normalizeRows = defineOp<RowInputs, Rows, { average: Tensor; rstd: Tensor }>({
  name: 'layerNorm',
  inputs: ['x', 'weight', 'bias'],
  composite({ x, weight, bias }, { rows, groups, channels, inner, eps, rms }) {
    const a = reshape(x, [rows / groups, groups, channels, inner]);
    const centred = rms ? a : sub(a, mean(a, [2, 3], { keepdim: true }));
    let y = mul(centred, rsqrt(add(mean(mul(centred, centred), [2, 3], { keepdim: true }), eps)));
    if (weight) y = mul(y, reshape(weight, [groups, channels, 1]));
    if (bias) y = add(y, reshape(bias, [groups, channels, 1]));
    return reshape(y, x.shape);
  },
  fused: {
    kernel: 'rowNorm',
    forward({ x, weight, bias }, { rows, groups, channels, inner, eps, rms }) {
      const out = like(x);
      const average = empty([rows], x.dtype, x.storage.device);
      const rstd = empty([rows], x.dtype, x.storage.device);
      const outputs = [written(out), written(average), written(rstd)] as const;
      rowKernel(...outputs, x, weight, bias, rows, groups, channels, inner, eps, rms);
      return { out, kept: { average, rstd } };
    },
    gradient: {
      kernel: 'rowNormGrad',
      run(g, { x, weight, bias, average, rstd }, { rows, groups, channels, inner, rms }) {
        const [dx, dw, db] = [like(x), weight && like(weight), bias && like(bias)];
        const outputs = [written(dx), written(dw), written(db)] as const;
        rowGradKernel(...outputs, g, x, average, rstd, weight, rows, groups, channels, inner, rms);
        return { x: dx, weight: dw, bias: db };
      },
    },
  },
});

/** Options of {@link layerNorm} and {@link groupNorm}, in PyTorch's order. */
export interface NormOptions {
  weight: Maybe;
  bias: Maybe;
  /** Added to the variance. Default 1e-5. */
  eps: number;
}

function lastDims(op: string, x: Tensor, normalizedShape: number | Shape): number[] {
  const shape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
  if (shape.length === 0)
    throw new ArgumentError(`[${op}] normalizedShape must be a number or a shape, got ${describe(normalizedShape)}`);
  if (!sameShape(x.shape.slice(-shape.length), shape))
    throw new ShapeError(
      `[${op}] input ${showShape(x.shape)} does not end in the normalized shape ${showShape(shape)}`,
    );
  return shape as number[];
}

const over = (x: Tensor, shape: Shape, eps: number, rms: boolean): Rows => {
  const cols = numel(shape);
  return { rows: cols === 0 ? 0 : x.numel / cols, groups: 1, channels: cols, inner: 1, eps, rms };
};

/** Which dimensions {@link layerNorm} works on, by name. */
export interface NormalizedShape {
  /** The last dimensions, or the last one. */
  normalizedShape: number | Shape;
}

const layerSpec = { normalizedShape: axes, ...learned, eps: 1e-5 };

/**
 * The last dimensions with mean 0 and variance 1, times weight plus bias (Ba et al. 2016).
 * @param args - normalizedShape, weight, bias, eps: in this order, or by name in one object
 */
export const layerNorm = (
  x: Tensor,
  ...args: WithRequired<[normalizedShape: number | Shape], NormalizedShape, NormOptions>
): Tensor => layerNormed(x, readArguments('layerNorm', layerSpec, args));

/** {@link layerNorm} with arguments that were read. */
export function layerNormed(x: Tensor, o: NormalizedShape & NormOptions): Tensor {
  const op = 'layerNorm';
  checkInput(op, x, 1);
  const shape = lastDims(op, x, o.normalizedShape);
  checkPart(op, 'weight', o.weight, shape, x);
  checkPart(op, 'bias', o.bias, shape, x);
  return normalizeRows({ x, weight: o.weight, bias: o.bias }, over(x, shape, o.eps, false), op);
}

/** Options of {@link rmsNorm}, in PyTorch's order. */
export interface RmsNormOptions {
  weight: Maybe;
  /** Added to the mean square. Default: the machine epsilon of the dtype. */
  eps: number | null;
}

const rmsSpec = { normalizedShape: axes, weight: learned.weight, eps: number().orNull() };

/**
 * The last dimensions divided by their root mean square, times weight (Zhang and Sennrich 2019).
 * @param args - normalizedShape, weight, eps: in this order, or by name in one object
 */
export const rmsNorm = (
  x: Tensor,
  ...args: WithRequired<[normalizedShape: number | Shape], NormalizedShape, RmsNormOptions>
): Tensor => rmsNormed(x, readArguments('rmsNorm', rmsSpec, args));

/** {@link rmsNorm} with arguments that were read. */
export function rmsNormed(x: Tensor, o: NormalizedShape & RmsNormOptions): Tensor {
  const op = 'rmsNorm';
  checkInput(op, x, 1);
  const shape = lastDims(op, x, o.normalizedShape);
  checkPart(op, 'weight', o.weight, shape, x);
  return normalizeRows({ x, weight: o.weight, bias: null }, over(x, shape, o.eps ?? finfo(x.dtype).eps, true), op);
}

/** Of {@link groupNorm}, by name. */
export interface NumGroups {
  numGroups: number;
}

const groupSpec = { numGroups: positive, ...learned, eps: 1e-5 };

/**
 * Groups of channels of x [batch, channels, ...] with mean 0 and variance 1 (Wu and He 2018).
 * @param args - numGroups, weight, bias, eps: in this order, or by name in one object
 */
export const groupNorm = (x: Tensor, ...args: WithRequired<[numGroups: number], NumGroups, NormOptions>): Tensor =>
  groupNormed(x, readArguments('groupNorm', groupSpec, args));

/** {@link groupNorm} with arguments that were read. */
export function groupNormed(x: Tensor, o: NumGroups & NormOptions): Tensor {
  const op = 'groupNorm';
  const { numGroups } = o;
  checkInput(op, x, 2);
  const [n, c] = x.shape as [number, number];
  if (c % numGroups !== 0)
    throw new ShapeError(`[${op}] the channels of ${showShape(x.shape)} cannot be split into ${numGroups} groups`);
  checkPart(op, 'weight', o.weight, [c], x);
  checkPart(op, 'bias', o.bias, [c], x);
  return normalizeRows(
    { x, weight: o.weight, bias: o.bias },
    {
      rows: n * numGroups,
      groups: numGroups,
      channels: c / numGroups,
      inner: numel(x.shape.slice(2)),
      eps: o.eps,
      rms: false,
    },
    op,
  );
}
