/** @file Pooling over windows of one to three dimensions. */
import { noGrad } from '../../core/autograd';
import { ArgumentError, ShapeError } from '../../core/errors';
import { describe, numel, showShape } from '../../core/shape';
import { empty, shapeOf, type Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import {
  type Dimensions,
  type Given,
  readArguments,
  type Sizes,
  sizesOf,
  three,
  type WithRequired,
} from '../../core/arguments';
import { boolean, integer, number, Param, sizes } from '../../core/params';
import { zeros } from '../tensors/create';
import { scatterAdd } from '../indexing/gather';
import { type ValuesAndIndices, valuesAndIndices } from '../kit/named';
import { defineOp, type Op } from '../kit/op';
import { checkPooled } from './pooling-input';
import { type Divisor, maximaOfWindows, meansOfWindows, spreadOverWindows, type Windows } from './pooling-windows';
import { reshape } from '../shape/views';

const maxKernel = kernel('maxPool');
const avgKernel = kernel('avgPool');
const avgGradKernel = kernel('avgPoolGrad');

/** The size of windows, by name. */
export interface KernelSize {
  kernelSize: Sizes;
}

interface WindowOptions extends KernelSize {
  stride: Sizes | null;
  padding: Sizes;
  dilation?: Sizes | undefined;
  ceilMode: boolean;
}

function slidingWindows(op: string, n: number, x: Tensor, o: WindowOptions): Windows {
  const taps = sizesOf(op, 'kernelSize', o.kernelSize, n, 1);
  const stride = sizesOf(op, 'stride', o.stride ?? taps, n, 1);
  const padding = sizesOf(op, 'padding', o.padding, n, 0);
  const dilation = sizesOf(op, 'dilation', o.dilation ?? 1, n, 1);
  const reach = taps.map((k, i) => dilation[i]! * (k - 1) + 1);
  if (padding.some((p, i) => p > taps[i]! / 2))
    throw new ArgumentError(
      `[${op}] padding ${showShape(padding)} must be at most half of the kernel size ${showShape(taps)}`,
    );
  const lead = x.shape.slice(0, x.ndim - n);
  const size = x.shape.slice(x.ndim - n);
  const grid = size.map((s, i) => {
    const room = (s + 2 * padding[i]! - reach[i]!) / stride[i]!;
    const count = (o.ceilMode ? Math.ceil(room) : Math.floor(room)) + 1;
    // A last window that would begin behind the input and its padding is dropped.
    return o.ceilMode && (count - 1) * stride[i]! >= s + padding[i]! ? count - 1 : count;
  });
  if (grid.some((d) => d < 1) || size.some((d) => d < 1))
    throw new ShapeError(
      `[${op}] windows of ${showShape(taps)} do not fit into input ${showShape(x.shape)} with padding ${showShape(padding)}`,
    );
  return {
    planes: numel(lead),
    lead,
    size: three(size, 1),
    grid: three(grid, 1),
    kernel: three(taps, 1),
    stride: three(stride, 1),
    padding: three(padding, 0),
    dilation: three(dilation, 1),
    adaptive: false,
    out: [...lead, ...grid],
  };
}

/** Output sizes of adaptive pooling; null keeps the input's. */
export type AdaptiveSize = number | null | readonly (number | null)[];

function evenWindows(op: string, n: number, x: Tensor, outputSize: AdaptiveSize): Windows {
  const lead = x.shape.slice(0, x.ndim - n);
  const size = x.shape.slice(x.ndim - n);
  const wanted = Array.isArray(outputSize) ? (outputSize as readonly (number | null)[]) : size.map(() => outputSize);
  const given = wanted.map((v, i) => (v === null && wanted.length === n ? size[i]! : v));
  const grid = sizesOf(op, 'outputSize', given, n, 0);
  if (size.some((d) => d < 1))
    throw new ShapeError(`[${op}] input ${showShape(x.shape)} has an empty dimension to pool over`);
  const ones = [1, 1, 1];
  return {
    planes: numel(lead),
    lead,
    size: three(size, 1),
    grid: three(grid, 1),
    kernel: ones,
    stride: ones,
    padding: [0, 0, 0],
    dilation: ones,
    adaptive: true,
    out: [...lead, ...grid],
  };
}

// --- maxima ---------------------------------------------------------------------------------------------------------

// Maxima; `at` says where they are in their plane.
const maximum = defineOp<{ x: Tensor }, Windows, { at: Tensor }>({
  name: 'maxPool',
  inputs: ['x'],
  composite: ({ x }, w) => maximaOfWindows(x, w).values,
  fused: {
    kernel: 'maxPool',
    forward({ x }, w) {
      const out = empty(w.out, x.dtype, x.storage.device);
      const at = empty(w.out, 'int64', x.storage.device);
      const windows = [w.size, w.grid, w.kernel, w.stride, w.padding, w.dilation, w.adaptive] as const;
      maxKernel(written(out), written(at), x, w.planes, ...windows);
      return { out, kept: { at } };
    },
    derivative(g, { at }, { planes, lead, size, grid }) {
      const base = zeros([planes, numel(size)], { dtype: g.dtype, device: g.device });
      const flat = [planes, numel(grid)];
      const dx = scatterAdd(base, 1, reshape(at, flat), reshape(g, flat));
      return { x: reshape(dx, [...lead, ...size.slice(3 - (shapeOf(g).length - lead.length))]) };
    },
    reads: [],
  },
});

function maxima(op: string, x: Tensor, w: Windows): ValuesAndIndices {
  const { out, kept } = maximum.keeping({ x }, w, op);
  return valuesAndIndices(out, kept ? kept.at : noGrad(() => maximaOfWindows(x, w).indices));
}

/** Options of max pooling, in PyTorch's order. */
export interface MaxPoolOptions {
  /** Default: the kernel size. */
  stride: Sizes | null;
  /** Minus infinity around the input. Default 0. */
  padding: Sizes;
  dilation: Sizes;
  /** Let windows go over the edge rather than leave elements out. Default false. */
  ceilMode: boolean;
  /** Return { values, indices }. Default false. */
  returnIndices: boolean;
}
/** Arguments of max pooling. */
export type MaxPoolArguments = WithRequired<[kernelSize: Sizes], KernelSize, MaxPoolOptions>;
/** All arguments of max pooling, as layers keep them. */
export type MaxPoolSettings = KernelSize & MaxPoolOptions;

export const windowSpec = { kernelSize: sizes(1), stride: sizes(1).orNull(), padding: sizes(0).or(0) };
export const avgSpec = { ...windowSpec, ceilMode: false, countIncludePad: true, divisorOverride: number().orNull() };
export const maxSpec = { ...windowSpec, dilation: sizes(1).or(1), ceilMode: false, returnIndices: false };

/** Functions of max pooling: a tensor, or { values, indices } with `returnIndices: true`. */
export interface MaxPool {
  (x: Tensor, kernelSize: Sizes, options: Given<MaxPoolOptions> & { returnIndices: true }): ValuesAndIndices;
  (x: Tensor, options: KernelSize & Given<MaxPoolOptions> & { returnIndices: true }): ValuesAndIndices;
  (x: Tensor, ...args: MaxPoolArguments): Tensor;
}

/** Max pooling with arguments that were read. */
export function maxPooled(n: Dimensions, x: Tensor, o: MaxPoolSettings): Tensor | ValuesAndIndices {
  const op = `maxPool${n}d`;
  checkPooled(op, n, x);
  const pooled = maxima(op, x, slidingWindows(op, n, x, o));
  return o.returnIndices ? pooled : pooled.values;
}

const maxPoolOf = (n: Dimensions): MaxPool =>
  ((x: Tensor, ...args: MaxPoolArguments) => maxPooled(n, x, readArguments(`maxPool${n}d`, maxSpec, args))) as MaxPool;

/** The maximum of each window of x [batch, channels, length] (the batch may be missing). */
export const maxPool1d = maxPoolOf(1);
/** The maximum of each window of images. */
export const maxPool2d = maxPoolOf(2);
/** The maximum of each window of volumes. */
export const maxPool3d = maxPoolOf(3);

/** The size of the result, by name. */
export interface OutputSize {
  outputSize: AdaptiveSize;
}

const adaptiveLength = integer({ least: 0 }).nullable();
const adaptiveSizes = new Param<AdaptiveSize>('an integer of at least 0, null, or an array of them', (v, op, name) => {
  const list: readonly unknown[] = Array.isArray(v) ? v : [v];
  for (const d of list) adaptiveLength.check(op, name, d);
  return v as AdaptiveSize;
});
export const adaptiveAvgSpec = { outputSize: adaptiveSizes };
export const adaptiveMaxSpec = { outputSize: adaptiveSizes, returnIndices: boolean.or(false) };

/** Arguments of adaptive max pooling. */
export type AdaptiveMaxArguments = WithRequired<[outputSize: AdaptiveSize], OutputSize, { returnIndices: boolean }>;

/** Functions of adaptive max pooling; see {@link MaxPool}. */
export interface AdaptiveMaxPool {
  (x: Tensor, outputSize: AdaptiveSize, options: { returnIndices: true }): ValuesAndIndices;
  (x: Tensor, options: OutputSize & { returnIndices: true }): ValuesAndIndices;
  (x: Tensor, ...args: AdaptiveMaxArguments): Tensor;
}

/** Adaptive max pooling with arguments that were read. */
export function adaptiveMaxPooled(
  n: Dimensions,
  x: Tensor,
  o: OutputSize & { returnIndices: boolean },
): Tensor | ValuesAndIndices {
  const op = `adaptiveMaxPool${n}d`;
  checkPooled(op, n, x);
  const pooled = maxima(op, x, evenWindows(op, n, x, o.outputSize));
  return o.returnIndices ? pooled : pooled.values;
}

const adaptiveMaxOf = (n: Dimensions): AdaptiveMaxPool =>
  ((x: Tensor, ...args: AdaptiveMaxArguments) =>
    adaptiveMaxPooled(n, x, readArguments(`adaptiveMaxPool${n}d`, adaptiveMaxSpec, args))) as AdaptiveMaxPool;

/** The maxima of windows that split the input evenly into `outputSize`. */
export const adaptiveMaxPool1d = adaptiveMaxOf(1);
/** {@link adaptiveMaxPool1d} of images. */
export const adaptiveMaxPool2d = adaptiveMaxOf(2);
/** {@link adaptiveMaxPool1d} of volumes. */
export const adaptiveMaxPool3d = adaptiveMaxOf(3);

// --- means ----------------------------------------------------------------------------------------------------------

interface MeanSettings {
  w: Windows;
  d: Divisor;
  /** Of the input. */
  shape: readonly number[];
}
const meanWindows = ({ w, d }: MeanSettings) =>
  [w.planes, w.size, w.grid, w.kernel, w.stride, w.padding, w.adaptive, d.includePad, d.divisor] as const;

const average = defineOp<{ x: Tensor }, MeanSettings>({
  name: 'avgPool',
  inputs: ['x'],
  composite: ({ x }, { w, d }) => meansOfWindows(x, w, d),
  fused: {
    kernel: 'avgPool',
    forward({ x }, s) {
      const out = empty(s.w.out, x.dtype, x.storage.device);
      avgKernel(written(out), x, ...meanWindows(s));
      return { out, kept: {} };
    },
    derivative: (g, _, s) => ({ x: averageAdjoint({ g }, s) }),
    reads: [],
  },
});

const averageAdjoint: Op<{ g: Tensor }, MeanSettings, object> = defineOp({
  name: 'avgPoolGrad',
  inputs: ['g'],
  composite: ({ g }, { w, d, shape }) => spreadOverWindows(g, shape, w, d),
  fused: {
    kernel: 'avgPoolGrad',
    forward({ g }, s) {
      const out = empty(s.shape, g.dtype, g.storage.device);
      avgGradKernel(written(out), g, ...meanWindows(s));
      return { out, kept: {} };
    },
    derivative: (v, _, s) => ({ g: average({ x: v }, s) }),
    reads: [],
  },
});

const means = (op: string, x: Tensor, w: Windows, d: Divisor): Tensor =>
  average({ x }, { w, d, shape: shapeOf(x) }, op);

/** Options of average pooling, in PyTorch's order. */
export interface AvgPoolOptions {
  /** Default: the kernel size. */
  stride: Sizes | null;
  /** Zeros around the input. Default 0. */
  padding: Sizes;
  /** Let windows go over the edge rather than leave elements out. Default false. */
  ceilMode: boolean;
  /** Whether the padding counts as elements. Default true. */
  countIncludePad: boolean;
  /** Divide by this instead of the number of elements. */
  divisorOverride: number | null;
}
/** Arguments of average pooling. */
export type AvgPoolArguments = WithRequired<[kernelSize: Sizes], KernelSize, AvgPoolOptions>;
/** All arguments of average pooling, as layers keep them. */
export type AvgPoolSettings = KernelSize & AvgPoolOptions;
/** A function of average pooling. */
export type AvgPool = (x: Tensor, ...args: AvgPoolArguments) => Tensor;

/** Average pooling with arguments that were read. */
export function avgPooled(n: Dimensions, x: Tensor, o: AvgPoolSettings): Tensor {
  const op = `avgPool${n}d`;
  checkPooled(op, n, x);
  const divisor = o.divisorOverride ?? 0;
  if (o.divisorOverride !== null && !(Number.isFinite(divisor) && divisor !== 0))
    throw new ArgumentError(
      `[${op}] divisorOverride must be a number other than 0, got ${describe(o.divisorOverride)}`,
    );
  return means(op, x, slidingWindows(op, n, x, o), { includePad: o.countIncludePad, divisor });
}

const avgPoolOf =
  (n: Dimensions): AvgPool =>
  (x, ...args) =>
    avgPooled(n, x, readArguments(`avgPool${n}d`, avgSpec, args));

/** The mean of each window of x [batch, channels, length] (the batch may be missing). */
export const avgPool1d = avgPoolOf(1);
/** The mean of each window of images. */
export const avgPool2d = avgPoolOf(2);
/** The mean of each window of volumes. */
export const avgPool3d = avgPoolOf(3);

/** A function of adaptive average pooling. */
export type AdaptiveAvgPool = (x: Tensor, ...args: WithRequired<[outputSize: AdaptiveSize], OutputSize>) => Tensor;

/** Adaptive average pooling with arguments that were read. */
export function adaptiveAvgPooled(n: Dimensions, x: Tensor, outputSize: AdaptiveSize): Tensor {
  const op = `adaptiveAvgPool${n}d`;
  checkPooled(op, n, x);
  return means(op, x, evenWindows(op, n, x, outputSize), { includePad: false, divisor: 0 });
}

const adaptiveAvgOf =
  (n: Dimensions): AdaptiveAvgPool =>
  (x, ...args) =>
    adaptiveAvgPooled(n, x, readArguments(`adaptiveAvgPool${n}d`, adaptiveAvgSpec, args).outputSize);

/** The means of windows that split the input evenly into `outputSize`. */
export const adaptiveAvgPool1d = adaptiveAvgOf(1);
/** {@link adaptiveAvgPool1d} of images. */
export const adaptiveAvgPool2d = adaptiveAvgOf(2);
/** {@link adaptiveAvgPool1d} of volumes. */
export const adaptiveAvgPool3d = adaptiveAvgOf(3);
