/** @file First values of parameters, as torch.nn.init. All change the tensor in place, untracked, and return it. */
import { noGrad } from '../core/autograd';
import { ArgumentError, ShapeError } from '../core/errors';
import { describe, numel, showShape } from '../core/shape';
import { Tensor } from '../core/tensor';
import { eye, tensor } from '../ops/create';
import { runCopy, runFill } from '../ops/launch';
import {
  normal_ as drawNormal,
  randperm,
  truncNormal_ as drawTruncNormal,
  uniform_ as drawUniform,
} from '../ops/random';

function check(op: string, t: unknown): asserts t is Tensor {
  if (!(t instanceof Tensor)) throw new ArgumentError(`[${op}] expected a tensor, got ${describe(t)}`);
  t.checkAlive(op);
}

// Runs `write` on a tensor that may be a parameter, and says that its value changed.
function change<T extends Tensor>(op: string, t: T, write: () => unknown): T {
  check(op, t);
  noGrad(write);
  t.storage.version++;
  return t;
}

/** Uniform in [a, b). */
export const uniform_ = <T extends Tensor>(t: T, a = 0, b = 1): T => change('uniform_', t, () => drawUniform(t, a, b));
/** Normal. */
export const normal_ = <T extends Tensor>(t: T, mean = 0, std = 1): T =>
  change('normal_', t, () => drawNormal(t, mean, std));
/** One value everywhere. */
export const constant_ = <T extends Tensor>(t: T, value: number): T => change('constant_', t, () => runFill(t, value));
export const ones_ = <T extends Tensor>(t: T): T => constant_(t, 1);
export const zeros_ = <T extends Tensor>(t: T): T => constant_(t, 0);

/** The identity matrix. */
export function eye_<T extends Tensor>(t: T): T {
  matrix('eye_', t);
  return change('eye_', t, () => runCopy(t, eye(t.shape[0]!, t.shape[1]!, { dtype: t.dtype, device: t.device })));
}

function matrix(op: string, t: Tensor): void {
  check(op, t);
  if (t.ndim !== 2) throw new ShapeError(`[${op}] needs two dimensions, got ${showShape(t.shape)}`);
}

/** Convolution weights [out, in, ...] that pass each channel of each group on unchanged. */
export function dirac_<T extends Tensor>(t: T, groups = 1): T {
  check('dirac_', t);
  const [out = 0, inputs = 0, ...kernel] = t.shape;
  if (t.ndim < 3 || t.ndim > 5) throw new ShapeError(`[dirac_] needs 3, 4 or 5 dimensions, got ${showShape(t.shape)}`);
  if (!Number.isInteger(groups) || groups < 1 || out % groups !== 0)
    throw new ArgumentError(`[dirac_] ${out} output channels are not divisible into ${describe(groups)} groups`);
  const values = new Float32Array(t.numel);
  const taps = numel(kernel);
  let center = 0;
  for (const k of kernel) center = center * k + Math.floor(k / 2);
  const perGroup = out / groups;
  for (let g = 0; g < groups; g++)
    for (let c = 0; c < Math.min(perGroup, inputs); c++) values[((g * perGroup + c) * inputs + c) * taps + center] = 1;
  return fromHost('dirac_', t, values);
}

const fromHost = <T extends Tensor>(op: string, t: T, values: Float32Array | Float64Array): T =>
  change(op, t, () => runCopy(t, tensor(values, { shape: t.shape, device: t.device })));

// Weights are [out, in, ...kernel].
function fans(op: string, t: Tensor): { fanIn: number; fanOut: number } {
  check(op, t);
  if (t.ndim < 2)
    throw new ShapeError(
      `[${op}] needs at least two dimensions to know the number of inputs and outputs, got ${showShape(t.shape)}`,
    );
  const field = numel(t.shape.slice(2));
  return { fanIn: t.shape[1]! * field, fanOut: t.shape[0]! * field };
}

/** Functions that {@link calculateGain} knows. */
export type Nonlinearity =
  | 'linear'
  | 'conv1d'
  | 'conv2d'
  | 'conv3d'
  | 'convTranspose1d'
  | 'convTranspose2d'
  | 'convTranspose3d'
  | 'sigmoid'
  | 'tanh'
  | 'relu'
  | 'leakyRelu'
  | 'selu';

/** What a layer's deviation is multiplied by so that signals keep their size through this function. */
export function calculateGain(nonlinearity: Nonlinearity, param?: number): number {
  if (/^linear$|^conv(Transpose)?[123]d$|^sigmoid$/.test(nonlinearity)) return 1;
  switch (nonlinearity) {
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.SQRT2;
    case 'leakyRelu': {
      const slope = param ?? 0.01;
      if (typeof slope !== 'number' || Number.isNaN(slope))
        throw new ArgumentError(`[calculateGain] the slope must be a number, got ${describe(param)}`);
      return Math.sqrt(2 / (1 + slope * slope));
    }
    case 'selu':
      return 3 / 4;
    default:
      throw new ArgumentError(`[calculateGain] unknown nonlinearity ${describe(nonlinearity)}`);
  }
}

const gainOf = (o: number | { gain?: number }): number => (typeof o === 'number' ? o : (o.gain ?? 1));

/** Glorot and Bengio 2010, uniform: within gain sqrt(6 / (fanIn + fanOut)). */
export function xavierUniform_<T extends Tensor>(t: T, gain: number | { gain?: number } = 1): T {
  const { fanIn, fanOut } = fans('xavierUniform_', t);
  const bound = gainOf(gain) * Math.sqrt(6 / (fanIn + fanOut));
  return uniform_(t, -bound, bound);
}

/** Glorot and Bengio 2010, normal: deviation gain sqrt(2 / (fanIn + fanOut)). */
export function xavierNormal_<T extends Tensor>(t: T, gain: number | { gain?: number } = 1): T {
  const { fanIn, fanOut } = fans('xavierNormal_', t);
  return normal_(t, 0, gainOf(gain) * Math.sqrt(2 / (fanIn + fanOut)));
}

/** Options of {@link kaimingUniform_} and {@link kaimingNormal_}. */
export interface KaimingOptions {
  /** Slope of the leaky ReLU that follows, default 0. */
  a?: number;
  /** Keep the size of signals forward (`fanIn`, default) or of gradients backward (`fanOut`). */
  mode?: 'fanIn' | 'fanOut';
  /** Default leakyRelu. */
  nonlinearity?: Nonlinearity;
}

function kaimingStd(
  op: string,
  t: Tensor,
  { a = 0, mode = 'fanIn', nonlinearity = 'leakyRelu' }: KaimingOptions,
): number {
  if (mode !== 'fanIn' && mode !== 'fanOut')
    throw new ArgumentError(`[${op}] mode is 'fanIn' or 'fanOut', got ${describe(mode)}`);
  const fan = fans(op, t)[mode];
  // Nothing to draw for a tensor without elements.
  return fan === 0 ? 0 : calculateGain(nonlinearity, a) / Math.sqrt(fan);
}

/** He et al. 2015, uniform: within gain sqrt(3 / fan). */
export function kaimingUniform_<T extends Tensor>(t: T, options: KaimingOptions = {}): T {
  const bound = Math.sqrt(3) * kaimingStd('kaimingUniform_', t, options);
  return uniform_(t, -bound, bound);
}

/** He et al. 2015, normal: deviation gain / sqrt(fan). */
export const kaimingNormal_ = <T extends Tensor>(t: T, options: KaimingOptions = {}): T =>
  normal_(t, 0, kaimingStd('kaimingNormal_', t, options));

/** Options of {@link truncNormal_}. */
export interface TruncNormalOptions {
  /** Default 0. */
  mean?: number;
  /** Default 1. */
  std?: number;
  /** Smallest value, default -2. */
  a?: number;
  /** Largest value, default 2. */
  b?: number;
}

/** Normal, but within [a, b] only. */
export const truncNormal_ = <T extends Tensor>(t: T, { mean, std, a, b }: TruncNormalOptions = {}): T =>
  change('truncNormal_', t, () => drawTruncNormal(t, mean, std, a, b));

/** (Semi-)orthogonal rows or columns: Q of the QR decomposition of a normal matrix (Saxe et al. 2013). */
export function orthogonal_<T extends Tensor>(t: T, gain: number | { gain?: number } = 1): T {
  check('orthogonal_', t);
  if (t.ndim < 2) throw new ShapeError(`[orthogonal_] needs at least two dimensions, got ${showShape(t.shape)}`);
  if (t.numel === 0) return t;
  const rows = t.shape[0]!;
  const cols = t.numel / rows;
  const [n, k] = rows < cols ? [cols, rows] : [rows, cols];
  const a = drawNormal(tensor(new Float64Array(n * k)), 0, 1).dataSync() as Float64Array;
  orthonormalize(a, n, k);
  const g = gainOf(gain);
  const out = new Float64Array(t.numel);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < k; j++) out[rows < cols ? j * cols + i : i * cols + j] = g * a[i * k + j]!;
  return fromHost('orthogonal_', t, out);
}

// The columns of a, row-major [n, k] with n >= k, by modified Gram-Schmidt. A second pass per column restores the
// orthogonality that rounding loses; R's diagonal is positive, so that Q is uniformly distributed.
function orthonormalize(a: Float64Array, n: number, k: number): void {
  for (let j = 0; j < k; j++) {
    for (let pass = 0; pass < 2; pass++) {
      for (let c = 0; c < j; c++) {
        let dot = 0;
        for (let i = 0; i < n; i++) dot += a[i * k + c]! * a[i * k + j]!;
        for (let i = 0; i < n; i++) a[i * k + j]! -= dot * a[i * k + c]!;
      }
    }
    let norm = 0;
    for (let i = 0; i < n; i++) norm += a[i * k + j]! ** 2;
    norm = Math.sqrt(norm);
    for (let i = 0; i < n; i++) a[i * k + j]! /= norm;
  }
}

/** Normal with this deviation (default 0.01), but a fraction `sparsity` of each column is 0 (Martens 2010). */
export function sparse_<T extends Tensor>(t: T, sparsity: number, std = 0.01): T {
  matrix('sparse_', t);
  if (!(sparsity >= 0 && sparsity <= 1))
    throw new ArgumentError(`[sparse_] sparsity must be within 0 and 1, got ${describe(sparsity)}`);
  const [rows, cols] = t.shape as [number, number];
  const values = drawNormal(tensor(new Float64Array(t.numel)), 0, std).dataSync() as Float64Array;
  const zeros = Math.ceil(sparsity * rows);
  for (let c = 0; c < cols; c++) {
    const order = randperm(rows).dataSync();
    for (let i = 0; i < zeros; i++) values[Number(order[i]) * cols + c] = 0;
  }
  return fromHost('sparse_', t, values);
}
