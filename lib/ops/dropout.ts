/** @file Dropout. The mask is not stored: the backward pass computes it again from the generator's state. */
import { track } from '../core/autograd';
import { isFloat } from '../core/dtype';
import { ArgumentError, DTypeError, ShapeError } from '../core/errors';
import { defaultGenerator, type RngState } from '../core/random';
import { describe, showShape } from '../core/shape';
import { empty, needTensor, type Tensor } from '../core/tensor';
import { kernel } from '../native';
import { readArguments } from '../core/arguments';
import { add, mul, ne } from './arithmetic';
import { ones, zerosLike } from './create';
import { denseOf } from './launch';
import type { RandomOptions } from './random';
import { where } from './where';

const dropoutKernel = kernel('dropout');

/** Options of the dropout functions. */
export interface DropoutOptions extends RandomOptions {
  /** The probability of dropping. Default 0.5. */
  p?: number;
  /** Without training nothing is dropped. Default true, but false for the two of alpha dropout, as in PyTorch. */
  training?: boolean;
}

const dropoutDefaults: DropoutOptions = { p: 0.5, training: true, generator: undefined };
const alphaDefaults: DropoutOptions = { ...dropoutDefaults, training: false };

interface Settings {
  p: number;
  training: boolean;
  generator: RandomOptions['generator'];
}

function settings(
  op: string,
  x: Tensor,
  p: number | DropoutOptions | undefined,
  training: boolean | undefined,
  options?: RandomOptions,
  defaults = dropoutDefaults,
): Settings {
  const o = readArguments<DropoutOptions>(op, defaults, [p, training, options]);
  const probability = o.p ?? 0.5;
  if (typeof probability !== 'number' || !(probability >= 0 && probability <= 1))
    throw new ArgumentError(`[${op}] the probability lies between 0 and 1, got ${describe(probability)}`);
  needTensor(op, x);
  if (!isFloat(x.dtype)) throw new DTypeError(`[${op}] needs a floating-point tensor, got ${x.dtype}`);
  return { p: probability, training: o.training!, generator: o.generator };
}

// x / (1 - p) where kept, else 0. A gradient is masked in the same way, by the same numbers.
function masked(x: Tensor, p: number, state: RngState): Tensor {
  if (p === 1) return track('dropout', zerosLike(x), [x], [], ([g]) => [zerosLike(g!)]);
  const out = empty(x.shape, x.dtype, x.storage.device);
  dropoutKernel(x.numel, out, denseOf(x), x.numel, p, state.seed, state.offset);
  return track('dropout', out, [x], [], ([g]) => [masked(g!, p, state)]);
}

const draw = (x: Tensor, s: Settings): Tensor => masked(x, s.p, (s.generator ?? defaultGenerator).take(x.numel));

/** Drops each element with probability p and divides the others by 1 - p: `dropout(x, p, training)` or `dropout(x, { p, training })`. */
export function dropout(x: Tensor, p?: number | DropoutOptions, training?: boolean, options?: RandomOptions): Tensor {
  const s = settings('dropout', x, p, training, options);
  return s.training && s.p > 0 ? draw(x, s) : x;
}

// One decision for each of the first two dimensions (of one, for input without batch).
function perChannel(op: string, x: Tensor, batched: number, s: Settings): Tensor {
  if (x.ndim !== batched && x.ndim !== batched - 1)
    throw new ShapeError(`[${op}] expected ${batched - 1} or ${batched} dimensions, got ${showShape(x.shape)}`);
  if (!s.training || s.p === 0) return x;
  const kept = x.ndim === batched ? 2 : 1;
  const shape = x.shape.map((d, i) => (i < kept ? d : 1));
  return mul(x, draw(ones(shape, { dtype: x.dtype, device: x.device }), s));
}

/** {@link dropout} of whole channels of [N, C, L] or [C, L]. */
export const dropout1d = (x: Tensor, p?: number | DropoutOptions, training?: boolean): Tensor =>
  perChannel('dropout1d', x, 3, settings('dropout1d', x, p, training));
/** {@link dropout} of whole channels of [N, C, H, W] or [C, H, W]. */
export const dropout2d = (x: Tensor, p?: number | DropoutOptions, training?: boolean): Tensor =>
  perChannel('dropout2d', x, 4, settings('dropout2d', x, p, training));
/** {@link dropout} of whole channels of [N, C, D, H, W] or [C, D, H, W]. */
export const dropout3d = (x: Tensor, p?: number | DropoutOptions, training?: boolean): Tensor =>
  perChannel('dropout3d', x, 5, settings('dropout3d', x, p, training));

// `decisions`: the shape of the kept-or-dropped decisions, which broadcasts to that of x.
function alphaDropped(x: Tensor, decisions: readonly number[], s: Settings): Tensor {
  if (!s.training || s.p === 0) return x;
  if (s.p === 1) return masked(x, 1, { seed: 0, offset: 0 });
  const saturated = -1.7580993408473766;
  const a = 1 / Math.sqrt((1 - s.p) * (1 + s.p * saturated ** 2));
  const kept = ne(draw(ones(decisions, { dtype: x.dtype, device: x.device }), s), 0);
  return add(mul(where(kept, x, saturated), a), -a * saturated * s.p);
}

/**
 * Dropout that keeps mean and variance of self-normalizing networks: dropped elements become -scale alpha of selu, and
 * the result is rescaled. Only with `training`, which is false by default, as in PyTorch. Klambauer et al. 2017.
 */
export function alphaDropout(x: Tensor, p?: number | DropoutOptions, training?: boolean): Tensor {
  const s = settings('alphaDropout', x, p, training, undefined, alphaDefaults);
  return alphaDropped(x, x.shape, s);
}

/** {@link alphaDropout} of whole channels of [N, C, ...]; only with `training`. */
export function featureAlphaDropout(x: Tensor, p?: number | DropoutOptions, training?: boolean): Tensor {
  const s = settings('featureAlphaDropout', x, p, training, undefined, alphaDefaults);
  if (x.ndim < 2)
    throw new ShapeError(`[featureAlphaDropout] expected at least 2 dimensions, got ${showShape(x.shape)}`);
  const decisions = x.shape.map((d, i) => (i < 2 ? d : 1));
  return alphaDropped(x, decisions, s);
}
