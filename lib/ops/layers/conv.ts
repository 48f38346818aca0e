/**
 * @file Convolution and transposed convolution of one to three dimensions. The three kernels are one bilinear form and
 * its adjoints, so each one's gradients are the other two, to any order.
 */
import { isFloat } from '../../core/dtype';
import { ArgumentError, DTypeError, ShapeError } from '../../core/errors';
import { showShape } from '../../core/shape';
import { empty, needTensor, shapeOf, type Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { type Dimensions, readArguments, type Sizes, sizesOf, three, type WithRequired } from '../../core/arguments';
import { either, oneOf, positive, sizes, tensor } from '../../core/params';
import { add } from '../elementwise/arithmetic';
import { convByTaps, type Geometry, inputByTaps, spatial, weightByTaps } from './conv-taps';
import { sameDevice } from '../kit/launch';
import { defineOp, type Op } from '../kit/op';
import { summed } from '../reduce/reduce';
import { reshaped, squeeze, unsqueeze } from '../shape/views';

const convKernel = kernel('conv');
const transposeKernel = kernel('convTranspose');
const weightKernel = kernel('convWeight');

const inputShape = (g: Geometry): number[] => [...g.x.slice(0, 2), ...spatial(g, g.x)];
const weightShape = (g: Geometry): number[] => [...g.w.slice(0, 2), ...spatial(g, g.w)];
const outputShape = (g: Geometry): number[] => [g.x[0]!, g.w[0]!, ...spatial(g, g.grid)];
const tail = (g: Geometry) => [g.x, g.w, g.grid, g.stride, g.padding, g.dilation] as const;
const channelSum = (t: Tensor): Tensor =>
  summed(
    t,
    shapeOf(t).flatMap((_, i) => (i === 1 ? [] : [i])),
  );
const plus = (out: Tensor, bias: Tensor | null): Tensor =>
  bias
    ? add(
        out,
        reshaped(
          bias,
          shapeOf(out).map((d, i) => (i === 1 ? d : 1)),
        ),
      )
    : out;

// out[n, o, grid] from x and w
const forward = defineOp<{ x: Tensor; w: Tensor; bias: Tensor | null }, Geometry>({
  name: 'conv',
  inputs: ['x', 'w', 'bias'],
  composite: ({ x, w, bias }, g) => plus(convByTaps(x, w, g), bias),
  fused: {
    kernel: 'conv',
    forward({ x, w, bias }, g) {
      const out = empty(outputShape(g), x.dtype, x.storage.device);
      convKernel(written(out), x, w, bias, ...tail(g));
      return { out, kept: {} };
    },
    derivative: (d, { x, w }, g, needs) => ({
      x: needs.x ? inputAdjoint({ d, w, bias: null }, g) : null,
      w: needs.w ? weightAdjoint({ d, x }, g) : null,
      bias: needs.bias ? channelSum(d) : null,
    }),
    reads: ['x', 'w'],
  },
});

// out[x.shape] from a tensor over the grid and w
const inputAdjoint: Op<{ d: Tensor; w: Tensor; bias: Tensor | null }, Geometry, object> = defineOp({
  name: 'convTranspose',
  inputs: ['d', 'w', 'bias'],
  composite: ({ d, w, bias }, g) => plus(inputByTaps(d, w, g), bias),
  fused: {
    kernel: 'convTranspose',
    forward({ d, w, bias }, g) {
      const out = empty(inputShape(g), d.dtype, d.storage.device);
      transposeKernel(written(out), d, w, bias, ...tail(g));
      return { out, kept: {} };
    },
    derivative: (v, { d, w }, g, needs) => ({
      d: needs.d ? forward({ x: v, w, bias: null }, g) : null,
      w: needs.w ? weightAdjoint({ d, x: v }, g) : null,
      bias: needs.bias ? channelSum(v) : null,
    }),
    reads: ['d', 'w'],
  },
});

// out[w.shape] from a tensor over the grid and x
const weightAdjoint: Op<{ d: Tensor; x: Tensor }, Geometry, object> = defineOp({
  name: 'convWeight',
  inputs: ['d', 'x'],
  composite: ({ d, x }, g) => weightByTaps(d, x, g),
  fused: {
    kernel: 'convWeight',
    forward({ d, x }, g) {
      const out = empty(weightShape(g), d.dtype, d.storage.device);
      weightKernel(written(out), d, x, ...tail(g));
      return { out, kept: {} };
    },
    derivative: (v, { d, x }, g, needs) => ({
      d: needs.d ? forward({ x, w: v, bias: null }, g) : null,
      x: needs.x ? inputAdjoint({ d, w: v, bias: null }, g) : null,
    }),
  },
});

// --- arguments ------------------------------------------------------------------------------------------------------

/** Zeros around the input: a size, 'valid' (none), or 'same' (as many outputs as inputs; needs stride 1). */
export type ConvPadding = Sizes | 'same' | 'valid';

const padding = either(sizes(0), oneOf('same', 'valid')).or(0);
const groups = positive.or(1);
// Of functions, and of layers, which have the bias elsewhere; in PyTorch's order.
const geometrySpec = { stride: sizes(1).or(1), padding, dilation: sizes(1).or(1), groups };
const convSpec = { weight: tensor, bias: tensor.orNull(), ...geometrySpec };
/** What stands around the input of a convolution layer. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';
const paddingMode = oneOf<PaddingMode>('zeros', 'reflect', 'replicate', 'circular').or('zeros' as const);
export const convLayerSpec = { ...geometrySpec, bias: true, paddingMode };
const transposeStart = { stride: sizes(1).or(1), padding: sizes(0).or(0), outputPadding: sizes(0).or(0), groups };
const convTransposeSpec = { weight: tensor, bias: tensor.orNull(), ...transposeStart, dilation: sizes(1).or(1) };
export const convTransposeLayerSpec = {
  ...{ ...transposeStart, bias: true, dilation: sizes(1).or(1) },
  paddingMode: oneOf('zeros').or('zeros' as const),
};

/** Options of convolutions, in PyTorch's order. */
export interface ConvOptions {
  /** [out], or nothing. */
  bias: Tensor | null;
  /** Default 1. */
  stride: Sizes;
  /** Default 0. */
  padding: ConvPadding;
  /** Distance between the taps of the kernel. Default 1. */
  dilation: Sizes;
  /** Channels are split into so many groups that see only each other. Default 1. */
  groups: number;
}

/** Options of transposed convolutions, in PyTorch's order. */
export interface ConvTransposeOptions {
  bias: Tensor | null;
  stride: Sizes;
  padding: Sizes;
  /** Added to one side of the output, whose size a stride leaves open. Default 0. */
  outputPadding: Sizes;
  groups: number;
  dilation: Sizes;
}

/** The weight of a convolution, by name. */
export interface ConvWeight {
  /** [out, in / groups, ...]; transposed: [in, out / groups, ...] */
  weight: Tensor;
}
/** A convolution of so many dimensions. */
export type Convolution = (x: Tensor, ...args: WithRequired<[weight: Tensor], ConvWeight, ConvOptions>) => Tensor;
/** A transposed convolution of so many dimensions. */
export type TransposedConvolution = (
  x: Tensor,
  ...args: WithRequired<[weight: Tensor], ConvWeight, ConvTransposeOptions>
) => Tensor;

function checkOperands(op: string, n: number, x: Tensor, w: Tensor, bias: Tensor | null): void {
  needTensor(op, x);
  needTensor(op, w);
  sameDevice(op, x, w);
  if (bias !== null) {
    needTensor(op, bias);
    sameDevice(op, x, bias);
  }
  if (w.ndim !== n + 2)
    throw new ShapeError(`[${op}] weight ${showShape(w.shape)} needs ${n + 2} dimensions for ${n} spatial ones`);
  if (x.ndim !== n + 1 && x.ndim !== n + 2)
    throw new ShapeError(
      `[${op}] input ${showShape(x.shape)} needs ${n + 1} (without batch) or ${n + 2} dimensions for weight ${showShape(w.shape)}`,
    );
  if (x.dtype !== w.dtype || !isFloat(x.dtype) || (bias && bias.dtype !== x.dtype))
    throw new DTypeError(
      `[${op}] input is ${x.dtype}, weight ${w.dtype}${bias ? `, bias ${bias.dtype}` : ''}; they must be one floating-point dtype`,
    );
}

function checkBias(op: string, bias: Tensor | null, channels: number): void {
  if (bias && (bias.ndim !== 1 || bias.shape[0] !== channels))
    throw new ShapeError(`[${op}] bias ${showShape(bias.shape)} does not fit ${channels} output channels`);
}

// Without a batch: a batch of one.
const batched = (n: number, x: Tensor, run: (x: Tensor) => Tensor): Tensor =>
  x.ndim === n + 2 ? run(x) : squeeze(run(unsqueeze(x, 0)), 0);

/** Zeros before and after each dimension so that a convolution with stride 1 keeps the size. */
export const samePadding = (kernel: readonly number[], dilation: readonly number[]): [number, number][] =>
  kernel.map((k, i) => {
    const total = dilation[i]! * (k - 1);
    return [Math.floor(total / 2), total - Math.floor(total / 2)];
  });

/** Convolution with arguments that were read. */
export function convolved(n: Dimensions, x: Tensor, w: Tensor, o: ConvOptions): Tensor {
  const op = `conv${n}d`;
  checkOperands(op, n, x, w, o.bias);
  checkBias(op, o.bias, w.shape[0]!);
  const stride = sizesOf(op, 'stride', o.stride, n, 1);
  const dilation = sizesOf(op, 'dilation', o.dilation, n, 1);
  const taps = w.shape.slice(2);
  if (o.padding === 'same' && stride.some((s) => s !== 1))
    throw new ArgumentError(`[${op}] padding 'same' needs stride 1, got ${showShape(stride)}`);
  const sides: [number, number][] =
    o.padding === 'same'
      ? samePadding(taps, dilation)
      : sizesOf(op, 'padding', o.padding === 'valid' ? 0 : o.padding, n, 0).map((p) => [p, p]);
  return batched(n, x, (a) => {
    const [channels, inputs] = [a.shape[1]!, w.shape[1]!];
    if (channels !== inputs * o.groups || w.shape[0]! % o.groups !== 0)
      throw new ShapeError(
        `[${op}] input ${showShape(x.shape)} does not fit weight ${showShape(w.shape)} (out, in / groups, ...) with ${o.groups} groups`,
      );
    const size = a.shape.slice(2);
    const grid = size.map((s, i) => {
      const [before, after] = sides[i]!;
      return Math.floor((s + before + after - dilation[i]! * (taps[i]! - 1) - 1) / stride[i]!) + 1;
    });
    if (grid.some((d) => d < 1) || taps.some((k) => k < 1))
      throw new ShapeError(
        `[${op}] kernel ${showShape(taps)} does not fit into input ${showShape(x.shape)} with padding ${showShape(sides.map((p) => p[0]))}`,
      );
    const geometry = {
      n,
      x: [a.shape[0]!, channels, ...three(size, 1)],
      w: [w.shape[0]!, inputs, ...three(taps, 1)],
      grid: three(grid, 1),
      stride: three(stride, 1),
      padding: three(
        sides.map((p) => p[0]),
        0,
      ),
      dilation: three(dilation, 1),
    };
    return forward({ x: a, w, bias: o.bias }, geometry, op);
  });
}

/** Transposed convolution with arguments that were read. */
export function convTransposed(n: Dimensions, x: Tensor, w: Tensor, o: ConvTransposeOptions): Tensor {
  const op = `convTranspose${n}d`;
  checkOperands(op, n, x, w, o.bias);
  checkBias(op, o.bias, w.shape[1]! * o.groups);
  const stride = sizesOf(op, 'stride', o.stride, n, 1);
  const padding = sizesOf(op, 'padding', o.padding, n, 0);
  const extra = sizesOf(op, 'outputPadding', o.outputPadding, n, 0);
  const dilation = sizesOf(op, 'dilation', o.dilation, n, 1);
  if (extra.some((e, i) => e >= Math.max(stride[i]!, dilation[i]!)))
    throw new ArgumentError(
      `[${op}] outputPadding ${showShape(extra)} must be smaller than stride ${showShape(stride)} or dilation ${showShape(dilation)}`,
    );
  const taps = w.shape.slice(2);
  return batched(n, x, (a) => {
    if (a.shape[1] !== w.shape[0] || w.shape[0]! % o.groups !== 0)
      throw new ShapeError(
        `[${op}] input ${showShape(x.shape)} does not fit weight ${showShape(w.shape)} (in, out / groups, ...) with ${o.groups} groups`,
      );
    const grid = a.shape.slice(2);
    const size = grid.map(
      (s, i) => (s - 1) * stride[i]! - 2 * padding[i]! + dilation[i]! * (taps[i]! - 1) + extra[i]! + 1,
    );
    if (size.some((d) => d < 1) || grid.some((d) => d < 1))
      throw new ShapeError(`[${op}] input ${showShape(x.shape)} gives an output of ${showShape(size)}`);
    const geometry = {
      n,
      x: [a.shape[0]!, w.shape[1]! * o.groups, ...three(size, 1)],
      w: [w.shape[0]!, w.shape[1]!, ...three(taps, 1)],
      grid: three(grid, 1),
      stride: three(stride, 1),
      padding: three(padding, 0),
      dilation: three(dilation, 1),
    };
    return inputAdjoint({ d: a, w, bias: o.bias }, geometry, op);
  });
}

const convOf =
  (n: Dimensions): Convolution =>
  (x, ...args) => {
    const { weight, ...o } = readArguments(`conv${n}d`, convSpec, args);
    return convolved(n, x, weight, o);
  };

/**
 * Cross-correlation of x [batch, in, length] (the batch may be missing) with weight [out, in / groups, k].
 * @param args - weight, bias, stride, padding, dilation, groups: in this order, or by name in one object
 */
export const conv1d = convOf(1);
/** {@link conv1d} of images [batch, in, height, width]. */
export const conv2d = convOf(2);
/** {@link conv1d} of volumes [batch, in, depth, height, width]. */
export const conv3d = convOf(3);

const convTransposeOf =
  (n: Dimensions): TransposedConvolution =>
  (x, ...args) => {
    const { weight, ...o } = readArguments(`convTranspose${n}d`, convTransposeSpec, args);
    return convTransposed(n, x, weight, o);
  };

/**
 * Transposed convolution: the gradient of {@link conv1d} in its input. Weight is [in, out / groups, k].
 * @param args - weight, bias, stride, padding, outputPadding, groups, dilation: in this order, or by name in one object
 */
export const convTranspose1d = convTransposeOf(1);
/** {@link convTranspose1d} of images. */
export const convTranspose2d = convTransposeOf(2);
/** {@link convTranspose1d} of volumes. */
export const convTranspose3d = convTransposeOf(3);
