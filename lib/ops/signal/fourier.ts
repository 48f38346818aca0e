/**
 * @file Fourier transforms. There is no complex dtype: complex numbers are pairs of real and imaginary part in a last
 * dimension of 2, as torch.view_as_real shows them, and `dim` counts the dimensions in front of it. A transform's
 * gradient is another transform, so that all orders of derivatives are there.
 */
import { dtypeSize, isFloat } from '../../core/dtype';
import { ArgumentError, ShapeError } from '../../core/errors';
import { axes, axis, device, dtype, integer, integers, number, oneOf } from '../../core/params';
import { checkAxes, checkAxis, numel, showShape } from '../../core/shape';
import { empty, needTensor, type Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { type Arguments, type InOrderOrByName, readArguments } from '../../core/arguments';
import { mul } from '../elementwise/arithmetic';
import { movedim, roll } from '../shape/arranging';
import { cast } from '../tensors/cast';
import { arange, tensor, type TensorOptions } from '../tensors/create';
import { cat } from '../shape/joining';
import { denseOf } from '../kit/launch';
import { definePrimitive } from '../kit/primitive';
import type { Axes } from '../reduce/reduce';
import { narrow } from '../shape/views';

const fftKernel = kernel('fft');

/** How a transform is scaled: the inverse by 1 / n, each by 1 / sqrt(n), or the forward one by 1 / n. */
export type FftNorm = 'backward' | 'ortho' | 'forward';

/** Options of the transforms along one dimension, in PyTorch's order. */
export interface FftOptions {
  /** The length: lines are cut, or filled up with zeros. Default: what there is. */
  n: number | null;
  /** The dimension, not counting that of the pairs. Default the last. */
  dim: number;
  /** Default 'backward'. */
  norm: FftNorm | null;
}

/** Options of the transforms along several dimensions, in PyTorch's order. */
export interface FftnOptions {
  /** The lengths. Default: what there is. */
  s: readonly number[] | null;
  /** The dimensions, not counting that of the pairs. Default: the last ones that `s` names, or all. */
  dim: Axes;
  /** Default 'backward'. */
  norm: FftNorm | null;
}

// --- one line of numbers into another -------------------------------------------------------------------------------

// Codes of native/ops/signal/fft.cpp: complex numbers, real ones, and the first half of conjugate pairs.
const kinds = { pairs: 0, real: 1, half: 2 };

interface Lines {
  n: number;
  from: keyof typeof kinds;
  toReal: boolean;
  inverse: boolean;
  scale: number;
  /** How many of the n results. */
  kept: number;
}

// Along the last dimension but the pairs.
const transform = (x: Tensor, s: Lines): Tensor =>
  transformed({ x }, { ...s, given: x.shape[x.ndim - (s.from === 'real' ? 1 : 2)]! });

const transformed = definePrimitive<{ x: Tensor }, Lines & { given: number }>({
  name: 'fft',
  inputs: ['x'],
  forward({ x }, { n, from, toReal, inverse, scale, kept, given }) {
    const lead = x.shape.slice(0, from === 'real' ? -1 : -2);
    const lines = numel(lead);
    const out = empty([...lead, kept, ...(toReal ? [] : [2])], x.dtype, x.storage.device);
    if (lines > 0) fftKernel(written(out), denseOf(x), lines, n, given, kept, kinds[from], toReal, inverse, scale);
    return out;
  },
  derivative(g, _, { n, from, toReal, inverse, scale, given }) {
    const turned = { from: toReal ? 'real' : 'pairs', toReal: from === 'real', inverse: !inverse } as const;
    const back = transform(g, { n, ...turned, scale, kept: given });
    return { x: from === 'half' ? mul(back, multiplicity(g, n, given)) : back };
  },
});

// How often each number of a half line counts: twice with its conjugate, but for those that are real, whose imaginary
// part is not read.
function multiplicity(like: Tensor, n: number, given: number): Tensor {
  const counts = Array.from({ length: given }, (_, k) => (k === 0 || 2 * k === n ? [1, 0] : [2, 2]));
  return tensor(Float64Array.from(counts.flat()), { shape: [given, 2], dtype: like.dtype, device: like.device });
}

// --- arguments ------------------------------------------------------------------------------------------------------

const norm = oneOf('backward', 'ortho', 'forward').orNull();
const length = integer({ least: 1 });
const fftArguments = { n: length.orNull(), dim: axis.or(-1), norm };
// Lengths of -1 leave a dimension as it is.
const fftnArguments = { s: integers.orNull(), dim: axes.orNull(), norm };
const fft2Arguments = { ...fftnArguments, dim: axes.or([-2, -1] as readonly number[]) };

function scaleOf(how: FftNorm | null, n: number, inverse: boolean): number {
  if (how === 'ortho') return 1 / Math.sqrt(n);
  return (how === 'forward') === inverse ? 1 : 1 / n;
}

// Of the dtypes that the kernel knows.
const known = (x: Tensor): Tensor => (isFloat(x.dtype) && dtypeSize(x.dtype) > 2 ? x : cast(x, 'float32'));

function checkKind(op: string, x: Tensor, pairs: boolean): void {
  needTensor(op, x);
  if (pairs ? x.ndim < 2 || x.shape[x.ndim - 1] !== 2 : x.ndim < 1)
    throw new ShapeError(
      pairs
        ? `[${op}] takes complex numbers as pairs, [.., n, 2], got ${showShape(x.shape)}; rfft takes real ones`
        : `[${op}] needs at least one dimension`,
    );
}

// The transform of x along one dimension, to `kept` results of the length n, which is found where it is null.
function along(op: string, x: Tensor, o: FftOptions, from: Lines['from'], toReal: boolean, inverse: boolean): Tensor {
  const pairs = from !== 'real';
  checkKind(op, x, pairs);
  const at = checkAxis(op, o.dim, x.ndim - (pairs ? 1 : 0));
  const there = x.shape[at]!;
  const n = length.check(op, 'n', o.n ?? (from === 'half' ? 2 * (there - 1) : there));
  const scale = scaleOf(o.norm, n, inverse);
  const lines = movedim(known(x), at, pairs ? -2 : -1);
  const most = from === 'half' ? Math.floor(n / 2) + 1 : n;
  const last = lines.ndim - (pairs ? 2 : 1);
  const cut = there > most ? narrow(lines, last, 0, most) : lines;
  const kept = from === 'real' ? Math.floor(n / 2) + 1 : n;
  return movedim(transform(cut, { n, from, toReal, inverse, scale, kept }), toReal ? -1 : -2, at);
}

const one = (op: string, args: readonly unknown[]): FftOptions => readArguments(op, fftArguments, args);

// --- along one dimension --------------------------------------------------------------------------------------------

/**
 * The discrete Fourier transform of complex numbers along one dimension: X[k] = sum_j x[j] exp(-2 pi i j k / n).
 * @param x - pairs [.., n, 2]
 * @returns pairs, of the same shape (or length `n`); integers become float32
 * @throws ShapeError unless the last dimension is 2; ArgumentError for a bad length or norm
 */
export const fft = (x: Tensor, ...options: Arguments<FftOptions>): Tensor =>
  along('fft.fft', x, one('fft.fft', options), 'pairs', false, false);
/** The inverse of {@link fft}: x[j] = 1 / n sum_k X[k] exp(2 pi i j k / n). */
export const ifft = (x: Tensor, ...options: Arguments<FftOptions>): Tensor =>
  along('fft.ifft', x, one('fft.ifft', options), 'pairs', false, true);
/**
 * The transform of real numbers along one dimension. Its second half is the conjugate of the first and left out.
 * @param x - [.., n]
 * @returns pairs [.., floor(n / 2) + 1, 2]
 */
export const rfft = (x: Tensor, ...options: Arguments<FftOptions>): Tensor =>
  along('fft.rfft', x, one('fft.rfft', options), 'real', false, false);
/**
 * The inverse of {@link rfft}. The length of an odd line must be said: it defaults to 2 (m - 1).
 * @param x - pairs [.., m, 2]
 * @returns real numbers [.., n]
 */
export const irfft = (x: Tensor, ...options: Arguments<FftOptions>): Tensor =>
  along('fft.irfft', x, one('fft.irfft', options), 'half', true, true);

// --- along several --------------------------------------------------------------------------------------------------

// The dimensions and lengths of a transform; x has `count` dimensions.
function grid(op: string, count: number, o: FftnOptions): { dim: number; n: number | null }[] {
  const last = o.s && (o.dim === null || o.dim === undefined) ? o.s.map((_, i) => i - o.s!.length) : o.dim;
  const list = typeof last === 'number' ? [last] : (last ?? Array.from({ length: count }, (_, i) => i));
  checkAxes(op, list, count);
  if (o.s && o.s.length !== list.length)
    throw new ArgumentError(`[${op}] ${o.s.length} lengths for ${list.length} dimensions`);
  if (list.length === 0) throw new ArgumentError(`[${op}] needs at least one dimension`);
  const lengthOf = (i: number): number | null => (o.s && o.s[i] !== -1 ? length.check(op, 's', o.s[i]) : null);
  return list.map((dim, i) => ({ dim: checkAxis(op, dim, count), n: lengthOf(i) }));
}

type Line = (x: Tensor, options: FftOptions) => Tensor;

// `last` transforms the last of the dimensions, first or at the end, `others` all others.
function several(op: string, x: Tensor, o: FftnOptions, others: Line, last: Line, realInput: boolean): Tensor {
  checkKind(op, x, !realInput);
  const lines = grid(op, x.ndim - (realInput ? 0 : 1), o);
  const end = { ...lines.pop()!, norm: o.norm };
  const rest = (t: Tensor): Tensor => lines.reduceRight((y, a) => others(y, { ...a, norm: o.norm }), t);
  return realInput ? rest(last(x, end)) : last(rest(x), end);
}

type Several = (x: Tensor, ...options: Arguments<FftnOptions>) => Tensor;
type FftnSpec = typeof fftnArguments | typeof fft2Arguments;
const over = (name: string, spec: FftnSpec, others: Line, last: Line, realInput = false): Several => {
  const op = `fft.${name}`;
  return (x, ...options) => several(op, x, readArguments<FftnOptions>(op, spec, options), others, last, realInput);
};

/** {@link fft} along several dimensions, by default all. */
export const fftn = over('fftn', fftnArguments, fft, fft);
/** {@link ifft} along several dimensions, by default all. */
export const ifftn = over('ifftn', fftnArguments, ifft, ifft);
/** {@link rfft} along the last of several dimensions (by default all), then {@link fft} along the others. */
export const rfftn = over('rfftn', fftnArguments, fft, rfft, true);
/** The inverse of {@link rfftn}. */
export const irfftn = over('irfftn', fftnArguments, ifft, irfft);
/** {@link fftn} of images: along the last two dimensions. */
export const fft2 = over('fft2', fft2Arguments, fft, fft);
/** {@link ifftn} along the last two dimensions. */
export const ifft2 = over('ifft2', fft2Arguments, ifft, ifft);
/** {@link rfftn} along the last two dimensions. */
export const rfft2 = over('rfft2', fft2Arguments, fft, rfft, true);
/** {@link irfftn} along the last two dimensions. */
export const irfft2 = over('irfft2', fft2Arguments, ifft, irfft);

// --- frequencies ----------------------------------------------------------------------------------------------------

/** Options of {@link fftfreq} and {@link rfftfreq}, in PyTorch's order. */
export interface FftfreqOptions extends TensorOptions {
  /** How many samples. */
  n: number;
  /** The time between two. Default 1. */
  d?: number | undefined;
}

const freqArguments = {
  n: length,
  d: number().or(1),
  dtype: dtype.optional(),
  device: device.optional(),
  requiresGrad: false,
};
type FreqArguments = InOrderOrByName<[n: number, d?: number], FftfreqOptions>;

const sampled = (op: string, args: FreqArguments, of: (n: number, o: TensorOptions) => Tensor): Tensor => {
  const { n, d, ...o } = readArguments(op, freqArguments, args);
  const wide = { dtype: 'float64', ...(o.device && { device: o.device }) } as const;
  const out = cast(mul(of(n, wide), 1 / (n * d)), o.dtype ?? 'float32');
  if (o.requiresGrad) out.requiresGrad = true;
  return out;
};

/** The frequencies of the results of {@link fft} of n samples, `d` apart: 0, 1, .., then the negative ones, / (n d). */
export const fftfreq = (...args: FreqArguments): Tensor =>
  sampled('fft.fftfreq', args, (n, o) => cat([arange(0, Math.ceil(n / 2), o), arange(-Math.floor(n / 2), 0, o)]));
/** The frequencies of the results of {@link rfft} of n samples, `d` apart: 0, 1, .., floor(n / 2), / (n d). */
export const rfftfreq = (...args: FreqArguments): Tensor =>
  sampled('fft.rfftfreq', args, (n, o) => arange(Math.floor(n / 2) + 1, o));

const shiftArguments = { dim: axes.orNull() };
type ShiftArguments = InOrderOrByName<[dim?: Axes], { dim?: Axes }>;

function shifted(op: string, x: Tensor, args: ShiftArguments, half: (n: number) => number): Tensor {
  needTensor(op, x);
  const list = checkAxes(op, readArguments(op, shiftArguments, args).dim, x.ndim);
  return roll(
    x,
    list.map((a) => half(x.shape[a]!)),
    list,
  );
}
/** Moves frequency 0 to the middle of these dimensions, by default of all; of pairs, name the others. */
export const fftshift = (x: Tensor, ...args: ShiftArguments): Tensor =>
  shifted('fft.fftshift', x, args, (n) => Math.floor(n / 2));
/** The inverse of {@link fftshift}. */
export const ifftshift = (x: Tensor, ...args: ShiftArguments): Tensor =>
  shifted('fft.ifftshift', x, args, (n) => -Math.floor(n / 2));
