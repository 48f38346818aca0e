/** @file Tensors made by a rule: windows of signal processing, geometric sequences, Vandermonde and block matrices. */
import { ArgumentError, ShapeError } from '../../core/errors';
import { describe, showShape } from '../../core/shape';
import { addMethods, needTensor, type Tensor } from '../../core/tensor';
import { add, mul, pow, sub } from '../elementwise/arithmetic';
import { arange, linspace, ones, type TensorOptions, tensorSpec } from './create';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { boolean, integer, numeric } from '../../core/params';
import { cast } from './cast';
import { flip } from '../shape/arranging';
import { cat } from '../shape/joining';
import { abs, cos } from '../elementwise/math';
import { pad } from '../shape/padding';
import { cumprod } from '../reduce/scans';
import { expand, reshape, unsqueeze } from '../shape/views';

// The options of a tensor that is computed in float64 first.
function rounded(t: Tensor, options: TensorOptions = {}): Tensor {
  const out = cast(t, options.dtype ?? 'float32');
  if (options.requiresGrad) out.requiresGrad = true;
  return out;
}

/** Arguments of {@link logspace} by name. */
export interface LogspaceArguments extends TensorOptions {
  start: number;
  end: number;
  /** How many. */
  steps: number;
  /** Default 10. */
  base?: number | undefined;
}
const logspaceSpec = {
  ...{ start: numeric(), end: numeric(), steps: integer({ least: 0 }), base: numeric().or(10) },
  ...tensorSpec,
};

/** `steps` numbers whose logarithms are evenly spaced, from base^start to base^end (base defaults to 10). */
export function logspace(
  ...args:
    | InOrderOrByName<[start: number, end: number, steps: number, base?: number], LogspaceArguments>
    | [start: number, end: number, steps: number, base: number, options?: TensorOptions]
): Tensor {
  const { start, end, steps, base, ...rest } = readArguments('logspace', logspaceSpec, args);
  return rounded(pow(base, linspace(start, end, steps, { dtype: 'float64', device: rest.device })), rest);
}

/** Options of the windows. */
export interface WindowOptions extends TensorOptions {
  /** Leave the last value out, so that copies side by side go on without a break, as transforms want. Default true. */
  periodic?: boolean | undefined;
}
/** Arguments of the windows by name. */
export interface WindowArguments extends WindowOptions {
  /** How many samples. */
  windowLength: number;
}
const windowSpec = { windowLength: integer({ least: 0 }), periodic: boolean.or(true), ...tensorSpec };
type Window = (
  ...args:
    | InOrderOrByName<[windowLength: number, periodic?: boolean], WindowArguments>
    | [windowLength: number, periodic: boolean, options?: TensorOptions]
) => Tensor;

// f of the position in [0, 1] for each of n samples.
const windowOf =
  (op: string, f: (x: Tensor) => Tensor): Window =>
  (...args) => {
    const { windowLength: n, periodic, ...rest } = readArguments(op, windowSpec, args);
    const wide = { dtype: 'float64', device: rest.device } as const;
    if (n === 1) return rounded(ones([1], wide), rest);
    return rounded(f(mul(arange(n, wide), 1 / (periodic ? n : n - 1))), rest);
  };
const wave = (x: Tensor, k: number): Tensor => cos(mul(x, 2 * Math.PI * k));

/** The Hann window of n samples: (1 - cos(2 pi x)) / 2 */
export const hannWindow: Window = windowOf('hannWindow', (x) => sub(0.5, mul(wave(x, 1), 0.5)));
/** The Hamming window of n samples: 0.54 - 0.46 cos(2 pi x) */
export const hammingWindow: Window = windowOf('hammingWindow', (x) => sub(0.54, mul(wave(x, 1), 0.46)));
/** The Blackman window of n samples: 0.42 - 0.5 cos(2 pi x) + 0.08 cos(4 pi x) */
export const blackmanWindow: Window = windowOf('blackmanWindow', (x) =>
  add(sub(0.42, mul(wave(x, 1), 0.5)), mul(wave(x, 2), 0.08)),
);
/** The Bartlett (triangular) window of n samples: 1 - |2 x - 1| */
export const bartlettWindow: Window = windowOf('bartlettWindow', (x) => sub(1, abs(sub(mul(x, 2), 1))));

/** [..., 1, x, x^2, ...] with n powers (default the length of x) in a new last dimension. */
export function powers(op: string, x: Tensor, n: number | null | undefined): Tensor {
  needTensor(op, x);
  if (x.ndim === 0) throw new ShapeError(`[${op}] needs at least one dimension`);
  const count = n ?? x.shape[x.ndim - 1]!;
  if (!Number.isSafeInteger(count) || count < 0)
    throw new ArgumentError(`[${op}] the number of powers must be a non-negative integer, got ${describe(n)}`);
  const column = unsqueeze(x, -1);
  const first = ones([...x.shape, Math.min(count, 1)], { dtype: x.dtype, device: x.device });
  return count < 2 ? first : cumprod(cat([first, expand(column, [...x.shape, count - 1])], -1), -1);
}

/** Options of {@link vander}. */
export interface VanderOptions {
  /** How many powers. Default: the length of x. */
  N?: number | null | undefined;
  /** Whether the powers ascend. Default false: the last column is 1. */
  increasing?: boolean | undefined;
}

const vanderSpec: Spec<Required<VanderOptions>> = {
  N: integer({ least: 0 }).orNull(),
  increasing: boolean.or(false),
};

/** The Vandermonde matrix of a vector: each row holds the powers of one element. */
export function vander(
  x: Tensor,
  ...args: InOrderOrByName<[N?: number | null, increasing?: boolean], VanderOptions>
): Tensor {
  needTensor('vander', x);
  const { N, increasing } = readArguments('vander', vanderSpec, args);
  const rows = powers('vander', x, N);
  if (x.ndim !== 1) throw new ShapeError(`[vander] takes a vector, got ${showShape(x.shape)}`);
  return increasing ? rows : flip(rows, -1);
}

/** A matrix with these matrices (or vectors, as rows) on its diagonal, and zeros elsewhere. */
export function blockDiag(...tensors: (Tensor | readonly Tensor[])[]): Tensor {
  const list = (tensors.flat() as Tensor[]).map((t) => {
    needTensor('blockDiag', t);
    if (t.ndim > 2) throw new ShapeError(`[blockDiag] takes matrices, got ${showShape(t.shape)}`);
    return t.ndim === 2 ? t : reshape(t, [1, -1]);
  });
  if (list.length === 0) throw new ArgumentError('[blockDiag] needs at least one matrix');
  const columns = list.reduce((n, t) => n + t.shape[1]!, 0);
  let left = 0;
  const rows = list.map((t) => {
    const width = t.shape[1]!;
    const row = pad(t, [left, columns - left - width]);
    left += width;
    return row;
  });
  return cat(rows, 0);
}

addMethods({ vander });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./generators'), 'vander'> {}
}
