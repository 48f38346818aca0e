/** @file Resampling of images, and rearrangements of their pixels. */
import { isFloat } from '../../core/dtype';
import { ArgumentError, DTypeError, ShapeError } from '../../core/errors';
import { checkShape, describe, numel, showShape } from '../../core/shape';
import { needTensor, type Tensor } from '../../core/tensor';
import {
  type Arguments,
  type Dimensions,
  type Given,
  type InOrderOrByName,
  readArguments,
  type Sizes,
  sizesOf,
  type WithRequired,
} from '../../core/arguments';
import { boolean, checkCount, either, number, numbers, oneOf, positive, sizes } from '../../core/params';
import { add, mul } from '../elementwise/arithmetic';
import { tensor } from '../tensors/create';
import { indexSelect } from '../indexing/gather';
import { addRows, takeRows } from '../indexing/kernels';
import { padded } from '../shape/padding';
import { adaptiveAvgPooled } from './pooling';
import { owned, permute, reshape } from '../shape/views';

/** How {@link interpolate} finds a value between pixels. */
export type InterpolateMode = 'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'trilinear' | 'bicubic' | 'area';

/** Options of {@link interpolate}, in PyTorch's order. */
export interface InterpolateOptions {
  /** Size of the spatial dimensions. This or `scaleFactor`. */
  size: Sizes | null;
  scaleFactor: number | readonly number[] | null;
  /** Default 'nearest'. */
  mode: InterpolateMode;
  /** Match the centres of the corner pixels rather than their edges. Default false; not for nearest and area. */
  alignCorners: boolean | null;
  /** Scale by output size / input size even if `scaleFactor` is given. Default false. */
  recomputeScaleFactor: boolean | null;
  /** Widen the filter where the image shrinks, so that no pixel is left out. Default false; for bilinear and bicubic. */
  antialias: boolean;
}

// Layers and older names know no antialias.
type Resampling = Omit<InterpolateOptions, 'antialias'> & Given<InterpolateOptions>;

/** One term of a resampled axis: for each output element an input element and its weight. */
interface Term {
  from: Int32Array;
  weight: Float64Array | null;
}

interface AxisPlan {
  input: number;
  output: number;
  /** Input elements per output element. */
  scale: number;
  align: boolean;
}

function nearestTerms({ input, output, scale }: AxisPlan, exact: boolean): Term[] {
  const shift = exact ? 0.5 : 0;
  // PyTorch computes the scale in float32.
  const s = Math.fround(scale);
  const from = Int32Array.from({ length: output }, (_, i) =>
    Math.min(Math.floor(Math.fround((i + shift) * s)), input - 1),
  );
  return [{ from, weight: null }];
}

const sourceOf = ({ input, output, scale, align }: AxisPlan, i: number): number =>
  align ? (output > 1 ? (i * (input - 1)) / (output - 1) : 0) : (i + 0.5) * scale - 0.5;

function linearTerms(plan: AxisPlan): Term[] {
  const low: Term = { from: new Int32Array(plan.output), weight: new Float64Array(plan.output) };
  const high: Term = { from: new Int32Array(plan.output), weight: new Float64Array(plan.output) };
  for (let i = 0; i < plan.output; i++) {
    const at = Math.max(0, sourceOf(plan, i));
    const first = Math.min(Math.floor(at), plan.input - 1);
    low.from[i] = first;
    high.from[i] = Math.min(first + 1, plan.input - 1);
    high.weight![i] = at - first;
    low.weight![i] = 1 - high.weight![i]!;
  }
  return [low, high];
}

// Cubic convolution (Keys 1981) at distance d from the sample. PyTorch has a = -0.75, but -0.5 against aliasing.
function cubic(d: number, a = -0.75): number {
  const x = Math.abs(d);
  return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((x - 5) * x + 8) * a * x - 4 * a;
}

const cubicTerms = (plan: AxisPlan): Term[] =>
  [-1, 0, 1, 2].map((tap) => {
    const term: Term = { from: new Int32Array(plan.output), weight: new Float64Array(plan.output) };
    for (let i = 0; i < plan.output; i++) {
      const at = sourceOf(plan, i);
      const first = Math.floor(at);
      term.from[i] = Math.min(Math.max(first + tap, 0), plan.input - 1);
      term.weight![i] = cubic(at - first - tap);
    }
    return term;
  });

const triangle = (d: number): number => Math.max(0, 1 - Math.abs(d));
const wideCubic = (d: number): number => (Math.abs(d) < 2 ? cubic(d, -0.5) : 0);

// A filter of that reach, stretched by the scale where the axis shrinks; its weights sum to 1.
function antialiasTerms(plan: AxisPlan, filter: (d: number) => number, reach: number): Term[] {
  const { input, output, align } = plan;
  const scale = align ? (output > 1 ? (input - 1) / (output - 1) : 0) : plan.scale;
  const stretch = Math.max(scale, 1);
  const rows = Array.from({ length: output }, (_, i) => {
    const centre = scale * (i + 0.5);
    const first = Math.max(Math.trunc(centre - reach * stretch + 0.5), 0);
    const end = Math.min(Math.trunc(centre + reach * stretch + 0.5), input);
    const weights = Array.from({ length: Math.max(end - first, 0) }, (__, j) =>
      filter((j + first - centre + 0.5) / stretch),
    );
    const total = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((w) => (total === 0 ? w : w / total)) };
  });
  const taps = Math.max(...rows.map((r) => r.weights.length));
  return Array.from({ length: taps }, (_, j) => ({
    from: Int32Array.from(rows, (r) => Math.min(r.first + j, input - 1)),
    weight: Float64Array.from(rows, (r) => r.weights[j] ?? 0),
  }));
}

function alongAxis(x: Tensor, axis: number, terms: readonly Term[]): Tensor {
  const wide = x.shape.map((_, i) => (i === axis ? terms[0]!.from.length : 1));
  const parts = terms.map(({ from, weight }) => {
    const picked = indexSelect(x, axis, tensor(from, { device: x.device }));
    return weight ? mul(picked, tensor(weight, { shape: wide, dtype: x.dtype, device: x.device })) : picked;
  });
  return parts.reduce((a, b) => add(a, b));
}

function termsOf({ mode, antialias }: Resampling, plan: AxisPlan): Term[] {
  if (mode === 'nearest' || mode === 'nearest-exact') return nearestTerms(plan, mode === 'nearest-exact');
  if (antialias) return mode === 'bicubic' ? antialiasTerms(plan, wideCubic, 2) : antialiasTerms(plan, triangle, 1);
  return mode === 'bicubic' ? cubicTerms(plan) : linearTerms(plan);
}

const dimensionsOf: Record<InterpolateMode, readonly number[]> = {
  nearest: [1, 2, 3],
  'nearest-exact': [1, 2, 3],
  area: [1, 2, 3],
  linear: [1],
  bilinear: [2],
  trilinear: [3],
  bicubic: [2],
};

/** For layers too, which know no antialias. */
export const upsampleSpec = {
  size: sizes(1).orNull(),
  scaleFactor: either(number({ above: 0 }), numbers).orNull(),
  mode: oneOf(...(Object.keys(dimensionsOf) as InterpolateMode[])).or('nearest' as const),
  alignCorners: boolean.orNull(),
  recomputeScaleFactor: boolean.orNull(),
};
const interpolateSpec = { ...upsampleSpec, antialias: boolean.or(false) };

function targetSize(op: string, x: Tensor, n: number, o: Resampling): { size: number[]; factors: number[] | null } {
  const input = x.shape.slice(2);
  if ((o.size === null) === (o.scaleFactor === null))
    throw new ArgumentError(`[${op}] give either size or scaleFactor${o.size === null ? '' : ', not both'}`);
  if (o.size !== null) return { size: sizesOf(op, 'size', o.size, n, 1), factors: null };
  const factors = Array.isArray(o.scaleFactor) ? (o.scaleFactor as number[]) : input.map(() => o.scaleFactor as number);
  if (factors.length !== n || factors.some((f) => !(f > 0 && f < Infinity)))
    throw new ArgumentError(
      `[${op}] scaleFactor must be a positive number or ${n} of them, got ${describe(o.scaleFactor)}`,
    );
  const size = input.map((d, i) => Math.floor(d * factors[i]!));
  if (size.some((d) => d < 1))
    throw new ShapeError(`[${op}] input ${showShape(x.shape)} would become ${showShape(size)}`);
  return { size, factors: o.recomputeScaleFactor ? null : factors };
}

/**
 * The spatial dimensions of x [batch, channels, ...] resampled to a size, or by a factor.
 * @param options - size, scaleFactor, mode, alignCorners, recomputeScaleFactor, antialias: in this order, or by name in one object
 */
export const interpolate = (x: Tensor, ...options: Arguments<InterpolateOptions>): Tensor =>
  interpolated(x, readArguments('interpolate', interpolateSpec, options));

/** {@link interpolate} with arguments that were read. */
export function interpolated(x: Tensor, o: Resampling): Tensor {
  const op = 'interpolate';
  needTensor(op, x);
  const n = x.ndim - 2;
  const fits = dimensionsOf[o.mode];
  if (!fits.includes(n))
    throw new ShapeError(
      `[${op}] mode '${o.mode}' needs ${fits.map((d) => d + 2).join(' or ')} dimensions, got ${showShape(x.shape)}`,
    );
  const near = o.mode === 'nearest' || o.mode === 'nearest-exact';
  if (!near && !isFloat(x.dtype)) throw new DTypeError(`[${op}] needs a floating-point tensor, got ${x.dtype}`);
  if ((near || o.mode === 'area') && o.alignCorners !== null)
    throw new ArgumentError(`[${op}] alignCorners is only for linear, bilinear, trilinear and bicubic`);
  if (o.antialias && o.mode !== 'bilinear' && o.mode !== 'bicubic')
    throw new ArgumentError(`[${op}] antialias is only for bilinear and bicubic, not for '${o.mode}'`);
  const { size, factors } = targetSize(op, x, n, o);
  if (x.shape.slice(2).some((d) => d < 1))
    throw new ShapeError(`[${op}] input ${showShape(x.shape)} has an empty dimension`);
  if (o.mode === 'area') return adaptiveAvgPooled(n as Dimensions, x, size);
  for (const d of size) checkCount(op, 'elements in one dimension', d, 2 ** 25);
  // Before any list of terms: what does not fit as a whole must not take seconds to be refused.
  checkCount(op, 'elements', numel(checkShape(op, [...x.shape.slice(0, 2), ...size])), 2 ** 40);
  const out = size.reduce((y, output, i) => {
    const input = x.shape[i + 2]!;
    const scale = factors ? 1 / factors[i]! : input / output;
    const plan = { input, output, scale, align: o.alignCorners ?? false };
    if (input === output && scale === 1) return y;
    const terms = termsOf(o, plan);
    return alongAxis(y, i + 2, terms);
  }, x);
  return owned(out, x);
}

/** Options of {@link upsample}, in PyTorch's order. */
export type UpsampleOptions = Pick<InterpolateOptions, 'size' | 'scaleFactor' | 'mode' | 'alignCorners'>;
type UpsampleSizes = Pick<UpsampleOptions, 'size' | 'scaleFactor'>;
/** Of the layers too. */
export const upsampleSizesSpec = { size: upsampleSpec.size, scaleFactor: upsampleSpec.scaleFactor };
const olderSpec = { ...upsampleSizesSpec, mode: upsampleSpec.mode, alignCorners: upsampleSpec.alignCorners };
const older = { mode: 'nearest', alignCorners: null, recomputeScaleFactor: null } as const;

/** {@link interpolate} under its older name. */
export const upsample = (x: Tensor, ...options: Arguments<UpsampleOptions>): Tensor =>
  interpolated(x, { ...older, ...readArguments('upsample', olderSpec, options) });
/** {@link interpolate} by the nearest pixel, under its older name. */
export const upsampleNearest = (x: Tensor, ...options: Arguments<UpsampleSizes>): Tensor =>
  interpolated(x, { ...older, ...readArguments('upsampleNearest', upsampleSizesSpec, options) });
/** {@link interpolate}, bilinear with corners aligned, under its older name. */
export function upsampleBilinear(x: Tensor, ...options: Arguments<UpsampleSizes>): Tensor {
  const o = readArguments('upsampleBilinear', upsampleSizesSpec, options);
  return interpolated(x, { ...older, ...o, mode: 'bilinear', alignCorners: true });
}

// --- rearranged pixels ----------------------------------------------------------------------------------------------

/** Of the layers too. */
export const upscaleFactorSpec = { upscaleFactor: positive };
export const downscaleFactorSpec = { downscaleFactor: positive };
export const groupsSpec = { groups: positive };

/** [..., c r^2, h, w] to [..., c, h r, w r] (Shi et al. 2016). */
export function pixelShuffle(
  x: Tensor,
  ...args: InOrderOrByName<[upscaleFactor: number], { upscaleFactor: number }>
): Tensor {
  const op = 'pixelShuffle';
  needTensor(op, x);
  const { upscaleFactor } = readArguments(op, upscaleFactorSpec, args);
  const r = upscaleFactor;
  const lead = x.shape.slice(0, -3);
  const [c, h, w] = x.shape.slice(-3) as [number, number, number];
  if (x.ndim < 3 || c % (r * r) !== 0)
    throw new ShapeError(`[${op}] the channels of ${showShape(x.shape)} are not divisible by ${r * r}`);
  const split = reshape(x, [numel(lead), c / (r * r), r, r, h, w]);
  const mixed = permute(split, [0, 1, 4, 2, 5, 3]);
  return owned(reshape(mixed, [...lead, c / (r * r), h * r, w * r]), x);
}

/** [..., c, h r, w r] to [..., c r^2, h, w]: the inverse of {@link pixelShuffle}. */
export function pixelUnshuffle(
  x: Tensor,
  ...args: InOrderOrByName<[downscaleFactor: number], { downscaleFactor: number }>
): Tensor {
  const op = 'pixelUnshuffle';
  needTensor(op, x);
  const { downscaleFactor } = readArguments(op, downscaleFactorSpec, args);
  const r = downscaleFactor;
  const lead = x.shape.slice(0, -3);
  const [c, h, w] = x.shape.slice(-3) as [number, number, number];
  if (x.ndim < 3 || h % r !== 0 || w % r !== 0)
    throw new ShapeError(`[${op}] the last two dimensions of ${showShape(x.shape)} are not divisible by ${r}`);
  const split = reshape(x, [numel(lead), c, h / r, r, w / r, r]);
  return owned(reshape(permute(split, [0, 1, 3, 5, 2, 4]), [...lead, c * r * r, h / r, w / r]), x);
}

/** Channels of x [batch, channels, ...] dealt out among groups (Zhang et al. 2018). */
export function channelShuffle(x: Tensor, ...args: InOrderOrByName<[groups: number], { groups: number }>): Tensor {
  const op = 'channelShuffle';
  needTensor(op, x);
  const { groups } = readArguments(op, groupsSpec, args);
  if (x.ndim < 3 || x.shape[1]! % groups !== 0)
    throw new ShapeError(`[${op}] the channels of ${showShape(x.shape)} are not divisible by ${groups}`);
  const [n, c] = x.shape as [number, number];
  const split = reshape(x, [n, groups, c / groups, numel(x.shape.slice(2))]);
  return owned(reshape(permute(split, [0, 2, 1, 3]), x.shape), x);
}

// --- patches --------------------------------------------------------------------------------------------------------

/** Options of patches, in PyTorch's order. */
export interface PatchOptions {
  dilation: Sizes;
  padding: Sizes;
  stride: Sizes;
}

// How windows lie in a padded image.
interface Grid {
  /** Rows and columns with the padding. */
  size: number[];
  /** Windows per dimension. */
  count: number[];
  padding: number[];
  /** Of each tap and window, its place in the padded image. */
  places: Int32Array;
}

function gridOf(op: string, size: readonly number[], taps: readonly number[], o: PatchOptions): Grid {
  const dilation = sizesOf(op, 'dilation', o.dilation, 2, 1);
  const padding = sizesOf(op, 'padding', o.padding, 2, 0);
  const stride = sizesOf(op, 'stride', o.stride, 2, 1);
  const full = size.map((d, i) => d + 2 * padding[i]!);
  const count = full.map((d, i) => Math.floor((d - dilation[i]! * (taps[i]! - 1) - 1) / stride[i]!) + 1);
  if (count.some((n) => n < 1))
    throw new ShapeError(`[${op}] windows of ${showShape(taps)} do not fit into ${showShape(full)}`);
  const [kh, kw] = taps as [number, number];
  const [rows, cols] = count as [number, number];
  checkCount(op, 'places in windows', kh * kw * rows * cols, 2 ** 27);
  const places = new Int32Array(kh * kw * rows * cols);
  let at = 0;
  for (let i = 0; i < kh; i++)
    for (let j = 0; j < kw; j++)
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < cols; c++)
          places[at++] = (r * stride[0]! + i * dilation[0]!) * full[1]! + c * stride[1]! + j * dilation[1]!;
  return { size: full, count, padding, places };
}

const patches = { dilation: sizes(1).or(1), padding: sizes(0).or(0), stride: sizes(1).or(1) };
export const unfoldSpec = { kernelSize: sizes(1), ...patches };
export const foldSpec = { outputSize: sizes(1), ...unfoldSpec };

/** The windows of {@link unfoldPatches}, by name. */
export interface PatchSize {
  kernelSize: Sizes;
}
/** What {@link fold} cannot do without. */
export interface FoldSizes extends PatchSize {
  outputSize: Sizes;
}
/** Arguments of {@link unfoldPatches}. */
export type UnfoldArguments = WithRequired<[kernelSize: Sizes], PatchSize, PatchOptions>;
/** Arguments of {@link fold}. */
export type FoldArguments = WithRequired<[outputSize: Sizes, kernelSize: Sizes], FoldSizes, PatchOptions>;

/** The windows of images [batch, channels, h, w] as columns: [batch, channels * taps, windows]. */
export const unfoldPatches = (x: Tensor, ...args: UnfoldArguments): Tensor =>
  unfolded(x, readArguments('unfold', unfoldSpec, args));

/** {@link unfoldPatches} with arguments that were read. */
export function unfolded(x: Tensor, o: PatchSize & PatchOptions): Tensor {
  const op = 'unfold';
  needTensor(op, x);
  if (x.ndim !== 3 && x.ndim !== 4)
    throw new ShapeError(`[${op}] input ${showShape(x.shape)} needs 3 (without batch) or 4 dimensions`);
  const taps = sizesOf(op, 'kernelSize', o.kernelSize, 2, 1);
  const channels = x.shape[x.ndim - 3]!;
  const g = gridOf(op, x.shape.slice(-2), taps, o);
  const [py, px] = g.padding as [number, number];
  const framed = py === 0 && px === 0 ? x : padded(x, [px, px, py, py]);
  const flat = reshape(framed, [numel(x.shape.slice(0, -2)), numel(g.size), 1]);
  const columns = takeRows(flat, tensor(g.places, { device: x.device }));
  return reshape(columns, [...x.shape.slice(0, -3), channels * numel(taps), numel(g.count)]);
}

/** Sums columns [batch, channels * taps, windows] back into images: the gradient of {@link unfoldPatches}. */
export const fold = (x: Tensor, ...args: FoldArguments): Tensor => folded(x, readArguments('fold', foldSpec, args));

/** {@link fold} with arguments that were read. */
export function folded(x: Tensor, o: FoldSizes & PatchOptions): Tensor {
  const op = 'fold';
  needTensor(op, x);
  const size = sizesOf(op, 'outputSize', o.outputSize, 2, 1);
  const taps = sizesOf(op, 'kernelSize', o.kernelSize, 2, 1);
  const g = gridOf(op, size, taps, o);
  const [rows, windows] = x.shape.slice(-2) as [number, number];
  if ((x.ndim !== 2 && x.ndim !== 3) || rows % numel(taps) !== 0 || windows !== numel(g.count))
    throw new ShapeError(
      `[${op}] input ${showShape(x.shape)} does not fit output ${showShape(size)} and kernel ${showShape(taps)}: expected [batch, channels * ${numel(taps)}, ${numel(g.count)}]`,
    );
  const lead = [...x.shape.slice(0, -2), rows / numel(taps)];
  const columns = reshape(x, [numel(lead), g.places.length, 1]);
  const framed = reshape(addRows(columns, tensor(g.places, { device: x.device }), numel(g.size)), [...lead, ...g.size]);
  const [py, px] = g.padding as [number, number];
  return py === 0 && px === 0 ? framed : padded(framed, [-px, -px, -py, -py]);
}
