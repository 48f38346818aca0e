/** @file First values of parameters, as torch.nn.init. All change the tensor in place, untracked, and return it. */
import { noGrad } from '../core/autograd';
import { ArgumentError, ShapeError } from '../core/errors';
import { describe, numel, showShape } from '../core/shape';
import { Tensor } from '../core/tensor';
import { type Arguments, readSettings, type Spec } from '../core/arguments';
import { mul } from '../ops/elementwise/arithmetic';
import { eye, tensor, zeros } from '../ops/tensors/create';
import { qr } from '../ops/linear/linalg/factor';
import { sign } from '../ops/elementwise/math';
import { diagonal } from '../ops/shape/diagonals';
import { moved } from '../ops/tensors/to';
import { reshape } from '../ops/shape/views';
import { generator, number, oneOf, positive, probability, scalar, string } from '../core/params';
import { type Generator } from '../core/random';
import { runCopy, runFill } from '../ops/kit/launch';
import { needFloat } from '../ops/random/random-fill';
import {
  normal_ as drawNormal,
  randperm,
  truncNormal_ as drawTruncNormal,
  uniform_ as drawUniform,
} from '../ops/random/random';

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

/** Where random numbers come from: an option of all that draw. */
interface Drawing {
  /** Default: the generator in use, which `manualSeed` seeds; see `ng.withGenerator`. */
  generator: Generator | null;
}
const drawing: Spec<Drawing> = { generator: generator.orNull() };
const uniformSpec = { a: number().or(0), b: number().or(1), ...drawing };
const normalSpec = { mean: number().or(0), std: number().or(1), ...drawing };

// By whatever initialiser.
function uniform<T extends Tensor>(op: string, t: T, a: number, b: number, options: Drawing): T {
  needFloat(op, t);
  return change(op, t, () => drawUniform(t, a, b, options));
}
function normal<T extends Tensor>(op: string, t: T, mean: number, std: number, options: Drawing): T {
  needFloat(op, t);
  return change(op, t, () => drawNormal(t, mean, std, options));
}

/** Uniform in [a, b), default [0, 1). */
export function uniform_<T extends Tensor>(t: T, ...args: Arguments<{ a: number; b: number } & Drawing>): T {
  const { a, b, ...options } = readSettings('uniform_', uniformSpec, args);
  return uniform('uniform_', t, a, b, options);
}

/** Normal, by default of mean 0 and deviation 1. */
export function normal_<T extends Tensor>(t: T, ...args: Arguments<{ mean: number; std: number } & Drawing>): T {
  const { mean, std, ...options } = readSettings('normal_', normalSpec, args);
  return normal('normal_', t, mean, std, options);
}

/** One value everywhere. */
export function constant_<T extends Tensor>(t: T, value: number): T {
  const v = scalar.check('constant_', 'value', value);
  return change('constant_', t, () => runFill(t, v));
}
/** Sets all elements to 1. */
export const ones_ = <T extends Tensor>(t: T): T => constant_(t, 1);
/** Sets all elements to 0. */
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

const diracSpec = { groups: positive.or(1) };

/** Convolution weights [out, in, ...] that pass each channel of each group on unchanged. */
export function dirac_<T extends Tensor>(t: T, how?: number | { groups?: number | undefined }): T {
  const { groups } = readSettings('dirac_', diracSpec, [how]);
  check('dirac_', t);
  const [out = 0, inputs = 0, ...kernel] = t.shape;
  if (t.ndim < 3 || t.ndim > 5) throw new ShapeError(`[dirac_] needs 3, 4 or 5 dimensions, got ${showShape(t.shape)}`);
  if (out % groups !== 0)
    throw new ArgumentError(`[dirac_] ${out} output channels are not divisible into ${groups} groups`);
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

/** Its name as PyTorch writes it. */
export type SnakeNonlinearity = 'leaky_relu' | `conv_transpose${1 | 2 | 3}d`;

const camel = (name: unknown): unknown =>
  typeof name === 'string' ? name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase()) : name;

/** What a layer's deviation is multiplied by so that signals keep their size through this function. */
export function calculateGain(name: Nonlinearity | SnakeNonlinearity, param?: number | null): number {
  const nonlinearity = camel(name) as Nonlinearity;
  if (typeof nonlinearity === 'string' && /^linear$|^conv(Transpose)?[123]d$|^sigmoid$/.test(nonlinearity)) return 1;
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
      throw new ArgumentError(`[calculateGain] unknown nonlinearity ${describe(name)}`);
  }
}

type GainArgs = Arguments<{ gain: number } & Drawing>;
const gainSpec = { gain: number().or(1), ...drawing };

/** Glorot and Bengio 2010, uniform: within gain sqrt(6 / (fanIn + fanOut)). */
export function xavierUniform_<T extends Tensor>(t: T, ...args: GainArgs): T {
  const { gain, ...options } = readSettings('xavierUniform_', gainSpec, args);
  const { fanIn, fanOut } = fans('xavierUniform_', t);
  const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
  return uniform('xavierUniform_', t, -bound, bound, options);
}

/** Glorot and Bengio 2010, normal: deviation gain sqrt(2 / (fanIn + fanOut)). */
export function xavierNormal_<T extends Tensor>(t: T, ...args: GainArgs): T {
  const { gain, ...options } = readSettings('xavierNormal_', gainSpec, args);
  const { fanIn, fanOut } = fans('xavierNormal_', t);
  return normal('xavierNormal_', t, 0, gain * Math.sqrt(2 / (fanIn + fanOut)), options);
}

/** Options of {@link kaimingUniform_} and {@link kaimingNormal_}. */
export interface KaimingOptions extends Drawing {
  /** Slope of the leaky ReLU that follows, default 0. */
  a: number;
  /** Keep the size of signals forward (`fanIn`, default) or of gradients backward (`fanOut`). */
  mode: 'fanIn' | 'fanOut' | 'fan_in' | 'fan_out';
  /** Default leakyRelu. */
  nonlinearity: Nonlinearity | SnakeNonlinearity;
}

// calculateGain says which nonlinearities there are.
const kaimingSpec = {
  a: number().or(0),
  mode: oneOf('fanIn', 'fanOut', 'fan_in', 'fan_out').or('fanIn' as const),
  nonlinearity: string.or('leakyRelu'),
  ...drawing,
};

function kaimingStd(op: string, t: Tensor, args: Arguments<KaimingOptions>): { std: number; options: Drawing } {
  const { a, mode, nonlinearity, ...options } = readSettings(op, kaimingSpec, args);
  const fan = fans(op, t)[camel(mode) as 'fanIn' | 'fanOut'];
  // Nothing to draw for a tensor without elements.
  return { std: fan === 0 ? 0 : calculateGain(nonlinearity as Nonlinearity, a) / Math.sqrt(fan), options };
}

/** He et al. 2015, uniform: within gain sqrt(3 / fan). */
export function kaimingUniform_<T extends Tensor>(t: T, ...args: Arguments<KaimingOptions>): T {
  const { std, options } = kaimingStd('kaimingUniform_', t, args);
  const bound = Math.sqrt(3) * std;
  return uniform('kaimingUniform_', t, -bound, bound, options);
}

/** He et al. 2015, normal: deviation gain / sqrt(fan). */
export function kaimingNormal_<T extends Tensor>(t: T, ...args: Arguments<KaimingOptions>): T {
  const { std, options } = kaimingStd('kaimingNormal_', t, args);
  return normal('kaimingNormal_', t, 0, std, options);
}

/** Options of {@link truncNormal_}. */
export interface TruncNormalOptions extends Drawing {
  /** Default 0. */
  mean: number;
  /** Default 1. */
  std: number;
  /** Smallest value, default -2. */
  a: number;
  /** Largest value, default 2. */
  b: number;
}

const truncNormalSpec: Spec<TruncNormalOptions> = {
  ...{ mean: number().or(0), std: number().or(1), a: number().or(-2), b: number().or(2) },
  ...drawing,
};

/** Normal, but within [a, b] only. */
export function truncNormal_<T extends Tensor>(t: T, ...args: Arguments<TruncNormalOptions>): T {
  const { mean, std, a, b, ...options } = readSettings('truncNormal_', truncNormalSpec, args);
  return change('truncNormal_', t, () => drawTruncNormal(t, mean, std, a, b, options));
}

/** (Semi-)orthogonal rows or columns: Q of the QR decomposition of a normal matrix (Saxe et al. 2013). */
export function orthogonal_<T extends Tensor>(t: T, ...args: GainArgs): T {
  const { gain, ...options } = readSettings('orthogonal_', gainSpec, args);
  check('orthogonal_', t);
  if (t.ndim < 2) throw new ShapeError(`[orthogonal_] needs at least two dimensions, got ${showShape(t.shape)}`);
  if (t.numel === 0) return t;
  const rows = t.shape[0]!;
  const cols = t.numel / rows;
  return change('orthogonal_', t, () => {
    const tall = zeros([Math.max(rows, cols), Math.min(rows, cols)], { dtype: 'float64', device: 'cpu' });
    const { Q, R } = qr(drawNormal(tall, 0, 1, options));
    // With a positive diagonal of R, Q is uniformly distributed (Mezzadri 2007).
    const q = mul(Q, mul(sign(diagonal(R)), gain));
    return runCopy(t, moved(reshape(rows < cols ? q.T : q, t.shape), { device: t.device }));
  });
}

const sparseSpec = { sparsity: probability, std: number().or(0.01), ...drawing };

/** Normal with this deviation (default 0.01), but a fraction `sparsity` of each column is 0 (Martens 2010). */
export function sparse_<T extends Tensor>(t: T, ...args: Arguments<{ sparsity: number; std: number } & Drawing>): T {
  const { sparsity, std, ...options } = readSettings('sparse_', sparseSpec, args);
  matrix('sparse_', t);
  const [rows, cols] = t.shape as [number, number];
  const host = { dtype: 'float64', device: 'cpu' } as const;
  const values = drawNormal(zeros([t.numel], host), 0, std, options).dataSync() as Float64Array;
  const none = Math.ceil(sparsity * rows);
  for (let c = 0; c < cols; c++) {
    const order = randperm(rows, { ...options, device: 'cpu' }).dataSync();
    for (let i = 0; i < none; i++) values[Number(order[i]) * cols + c] = 0;
  }
  return fromHost('sparse_', t, values);
}

/** The names of Glorot and He for the same initialisers. */
export {
  xavierUniform_ as glorotUniform_,
  xavierNormal_ as glorotNormal_,
  kaimingUniform_ as heUniform_,
  kaimingNormal_ as heNormal_,
};
