/**
 * @file Short-time Fourier transforms: the transforms of windows that move along a signal, and their inverse. Complex
 * numbers are pairs in a last dimension of 2, as in fourier.ts.
 */
import { type Given, readArguments } from '../../core/arguments';
import { dtypeSize, isFloat } from '../../core/dtype';
import { ArgumentError, DTypeError, NumericError, ShapeError } from '../../core/errors';
import { boolean, integer, oneOf, tensor as tensorParam } from '../../core/params';
import { numel, showShape } from '../../core/shape';
import { addMethods, needTensor, type Tensor } from '../../core/tensor';
import { div, mul } from '../elementwise/arithmetic';
import { unfold } from '../shape/arranging';
import { cast } from '../tensors/cast';
import { ones, tensor, zeros } from '../tensors/create';
import { amin } from '../reduce/extremes';
import { fft, ifft, irfft, rfft } from './fourier';
import { indexAdd } from '../indexing/slices';
import { sameDevice } from '../kit/launch';
import { abs, square } from '../elementwise/math';
import { pad, type PadMode } from '../shape/padding';
import { narrow, reshape, squeeze, transpose, unsqueeze } from '../shape/views';

/** What {@link stft} and {@link istft} share, in PyTorch's order. */
interface FrameOptions {
  /** The length of the transforms. */
  nFft: number;
  /** From one window to the next. Default floor(nFft / 4). */
  hopLength?: number | null | undefined;
  /** The length of the window, which zeros center in nFft. Default nFft. */
  winLength?: number | null | undefined;
  /** [winLength]. Default ones. */
  window?: Tensor | null | undefined;
  /** Whether window t is centered at t * hopLength, rather than begins there. Default true. */
  center?: boolean | undefined;
}

/** Options of {@link stft}, in PyTorch's order. */
export interface StftOptions extends FrameOptions {
  /** What lies beyond the ends of a centered signal. Default 'reflect'. */
  padMode?: PadMode | undefined;
  /** Whether transforms are scaled by 1 / sqrt(nFft). Default false. */
  normalized?: boolean | undefined;
  /** Whether the second half of each transform, the conjugate of the first, is left out. Default true. */
  onesided?: boolean | null | undefined;
}

/** Options of {@link istft}, in PyTorch's order. */
export interface IstftOptions extends FrameOptions {
  /** Whether transforms were scaled by 1 / sqrt(nFft). Default false. */
  normalized?: boolean | undefined;
  /** Whether only the first half of each transform is given. Default: if their length is not nFft. */
  onesided?: boolean | null | undefined;
  /** The length of the signal. Default: as long as windows reach. */
  length?: number | null | undefined;
}

const length = integer({ least: 1 });
const frameArguments = {
  nFft: length,
  hopLength: length.orNull(),
  winLength: length.orNull(),
  window: tensorParam.orNull(),
  center: true,
};
const stftArguments = {
  ...frameArguments,
  padMode: oneOf('constant', 'reflect', 'replicate', 'circular').or('reflect' as PadMode),
  normalized: false,
  onesided: boolean.orNull(),
};
const istftArguments = {
  ...frameArguments,
  normalized: false,
  onesided: boolean.orNull(),
  length: length.orNull(),
};

type Rest<O> = [Given<O> | undefined];
type HopWindow = [hopLength: number | null, winLength: number | null, window: Tensor | null];
/** nFft, and up to three more in order, the rest by name. */
type FrameArguments<O> =
  | [O]
  | [nFft: number, ...Partial<HopWindow>]
  | [nFft: number, ...Rest<O>]
  | [nFft: number, hopLength: number | null, ...Rest<O>]
  | [nFft: number, hopLength: number | null, winLength: number | null, ...Rest<O>]
  | [nFft: number, ...HopWindow, ...Rest<O>];

interface Frames {
  n: number;
  hop: number;
  /** [n] */
  window: Tensor;
}

// The window of the dtype of the transforms, centered among zeros.
function framesOf(op: string, like: Tensor, o: FrameOptions): Frames {
  const n = o.nFft;
  const hop = o.hopLength ?? Math.max(1, Math.floor(n / 4));
  const own = o.winLength ?? n;
  if (own > n) throw new ArgumentError(`[${op}] a window of ${own} does not fit into transforms of ${n}`);
  if (o.window) {
    sameDevice(op, like, o.window);
    if (o.window.ndim !== 1 || o.window.shape[0] !== own)
      throw new ShapeError(`[${op}] the window must have the shape [${own}], got ${showShape(o.window.shape)}`);
  }
  const given = o.window ? cast(o.window, like.dtype) : ones([own], { dtype: like.dtype, device: like.device });
  const left = Math.floor((n - own) / 2);
  return { n, hop, window: own === n ? given : pad(given, [left, n - own - left]) };
}

function signalOf(op: string, x: Tensor): Tensor {
  needTensor(op, x);
  if (!isFloat(x.dtype) || dtypeSize(x.dtype) < 4)
    throw new DTypeError(`[${op}] needs a float32 or float64 tensor, got ${x.dtype}`);
  return x;
}

/**
 * The transforms of windows of a real signal: X[k, t] = sum_j window[j] x[t hop + j] exp(-2 pi i j k / nFft).
 * @param x - [length] or [batch, length]
 * @returns pairs [(batch,) frequencies, windows, 2], torch.view_as_real of PyTorch's result
 * @throws ShapeError for a signal shorter than a window, or a window of another length
 */
export function stft(x: Tensor, ...args: FrameArguments<StftOptions>): Tensor {
  signalOf('stft', x);
  const o = readArguments<StftOptions>('stft', stftArguments, args);
  if (x.ndim < 1 || x.ndim > 2)
    throw new ShapeError(`[stft] takes a signal [length] or a batch of them, got ${showShape(x.shape)}`);
  const { n, hop, window } = framesOf('stft', x, o);
  const batch = x.ndim === 1 ? unsqueeze(x, 0) : x;
  const half = Math.floor(n / 2);
  const signal = o.center ? pad(batch, [half, half], o.padMode) : batch;
  if (signal.shape[1]! < n)
    throw new ShapeError(`[stft] transforms of ${n} do not fit into a signal of ${signal.shape[1]}`);
  const framed = mul(unfold(signal, -1, n, hop), window);
  const norm = o.normalized ? 'ortho' : 'backward';
  const y = transpose(o.onesided === false ? fullFft(framed, norm) : rfft(framed, { norm }), 1, 2);
  return x.ndim === 1 ? squeeze(y, 0) : y;
}

const fullFft = (x: Tensor, norm: 'ortho' | 'backward'): Tensor => fft(pad(unsqueeze(x, -1), [0, 1]), { norm });

// Windows [batch, count, n] laid over each other, `hop` apart: [batch, hop (count - 1) + n].
function overlapped(frames: Tensor, hop: number): Tensor {
  const [batch, count, n] = frames.shape as [number, number, number];
  const at = Int32Array.from({ length: count * n }, (_, k) => Math.floor(k / n) * hop + (k % n));
  const zero = zeros([batch, hop * (count - 1) + n], { dtype: frames.dtype, device: frames.device });
  return indexAdd(zero, 1, tensor(at, { device: frames.device }), reshape(frames, [batch, count * n]));
}

/**
 * The signal whose {@link stft} comes closest to `x` in the sum of squares; exactly the signal where `x` is one.
 * @param x - pairs [(batch,) frequencies, windows, 2]
 * @returns [(batch,) length]
 * @throws NumericError where the windows leave the signal undetermined
 */
export function istft(x: Tensor, ...args: FrameArguments<IstftOptions>): Tensor {
  signalOf('istft', x);
  const o = readArguments<IstftOptions>('istft', istftArguments, args);
  if ((x.ndim !== 3 && x.ndim !== 4) || x.shape[x.ndim - 1] !== 2 || numel(x.shape) === 0)
    throw new ShapeError(`[istft] takes pairs [(batch,) frequencies, windows, 2], got ${showShape(x.shape)}`);
  const { n, hop, window } = framesOf('istft', x, o);
  if (hop > (o.winLength ?? n)) throw new ArgumentError(`[istft] windows ${hop} apart leave gaps`);
  const batch = transpose(x.ndim === 3 ? unsqueeze(x, 0) : x, 1, 2);
  const [, count, given] = batch.shape as [number, number, number];
  const onesided = o.onesided ?? given !== n;
  const wanted = onesided ? Math.floor(n / 2) + 1 : n;
  if (given !== wanted)
    throw new ShapeError(`[istft] transforms of ${n} have ${wanted} frequencies here, got ${given}`);
  const norm = o.normalized ? 'ortho' : 'backward';
  const frames = onesided ? irfft(batch, { n, norm }) : squeeze(narrow(ifft(batch, { norm }), -1, 0, 1), -1);
  const sum = overlapped(mul(frames, window), hop);
  const weights = overlapped(mul(square(window), ones([1, count, 1], { dtype: x.dtype, device: x.device })), hop);
  const y = cut(div(...within(sum, weights, n, o)), o.length ?? null);
  return x.ndim === 3 ? squeeze(y, 0) : y;
}

// The part of the sums that belongs to the signal, and of the weights, none of which may vanish.
function within(sum: Tensor, weights: Tensor, n: number, o: IstftOptions): [Tensor, Tensor] {
  const whole = sum.shape[1]!;
  const start = o.center ? Math.floor(n / 2) : 0;
  const end = Math.min(o.length ? start + o.length : o.center ? whole - Math.floor(n / 2) : whole, whole);
  if (end <= start) throw new ShapeError('[istft] nothing is left of the signal without its ends');
  const [y, w] = [sum, weights].map((t) => narrow(t, 1, start, end - start)) as [Tensor, Tensor];
  const least = amin(abs(w.detach())).itemSync();
  if (!(Number(least) > 1e-11))
    throw new NumericError(
      `[istft] the windows leave part of the signal undetermined: their squares add up to ${least}`,
    );
  return [y, w];
}

// To this length, with zeros where windows do not reach.
function cut(y: Tensor, wanted: number | null): Tensor {
  const missing = (wanted ?? 0) - y.shape[1]!;
  return missing > 0 ? pad(y, [0, missing]) : y;
}

addMethods({ stft, istft });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./stft'), 'stft' | 'istft'> {}
}
