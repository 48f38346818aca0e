/** @file Dropout. The mask is not stored: the backward pass computes it again from the generator's state. */
import { isFloat } from '../../core/dtype';
import { DTypeError, ShapeError } from '../../core/errors';
import type { Generator, RngState } from '../../core/random';
import { currentGenerator } from '../../core/random-state';
import { showShape } from '../../core/shape';
import { needTensor, type Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { type Arguments, readArguments } from '../../core/arguments';
import { boolean, generator, probability } from '../../core/params';
import { add, mul, ne } from '../elementwise/arithmetic';
import { ones, zerosLike } from '../tensors/create';
import { denseOf, like } from '../kit/launch';
import { definePrimitive } from '../kit/primitive';
import type { RandomOptions } from '../random/random';
import { where } from '../elementwise/where';

const dropoutKernel = kernel('dropout');

/** Options of the dropout functions. */
export interface DropoutOptions extends RandomOptions {
  /** The probability of dropping. Default 0.5. */
  p?: number | undefined;
  /** Without training nothing is dropped. Default true; false for alphaDropout and featureAlphaDropout. */
  training?: boolean | undefined;
}

const dropoutSpec = { p: probability.or(0.5), training: boolean.or(true), generator: generator.optional() };
// As in PyTorch, where these two drop nothing unless they are told to train.
const alphaSpec = { ...dropoutSpec, training: boolean.or(false) };

interface Settings {
  p: number;
  training: boolean;
  generator: RandomOptions['generator'];
}

/** Settings of layers in training: `p` may have been changed, so it is checked. */
export const dropping = (layer: string, p: number, generator: Generator | null): Settings => ({
  p: probability.check(layer, 'p', p),
  training: true,
  generator,
});

function checkInput(op: string, x: Tensor): void {
  needTensor(op, x);
  if (!isFloat(x.dtype)) throw new DTypeError(`[${op}] needs a floating-point tensor, got ${x.dtype}`);
}

// x / (1 - p) where kept, else 0. A gradient is masked in the same way, by the same numbers.
const masked = (x: Tensor, mask: Mask): Tensor => maskedBy({ x }, mask);

interface Mask {
  p: number;
  /** Of the generator, before it drew. */
  state: RngState;
}

const maskedBy = definePrimitive<{ x: Tensor }, Mask>({
  name: 'dropout',
  inputs: ['x'],
  forward({ x }, { p, state }) {
    if (p === 1) return zerosLike(x);
    const out = like(x);
    dropoutKernel(written(out), denseOf(x), x.numel, p, state.seed, state.offset);
    return out;
  },
  derivative: (g, _, mask) => ({ x: masked(g, mask) }),
});

const draw = (x: Tensor, { p, generator: given }: Settings): Tensor =>
  masked(x, { p, state: (given ?? currentGenerator()).take(x.numel) });

/** One way of dropping, with settings that were read. */
type Dropping = (x: Tensor, s: Settings) => Tensor;
/** A dropout function: p and training, in this order or by name. */
export type DropoutFunction = (x: Tensor, ...args: Arguments<DropoutOptions>) => Tensor;

const read =
  (op: string, drop: Dropping, spec = dropoutSpec): DropoutFunction =>
  (x, ...args) =>
    drop(x, readArguments<Settings>(op, spec, args));

// One decision for each of the first two dimensions (of one, for input without batch).
const perChannel =
  (n: number): Dropping =>
  (x, s) => {
    const op = `dropout${n}d`;
    checkInput(op, x);
    if (x.ndim !== n + 2 && x.ndim !== n + 1)
      throw new ShapeError(`[${op}] expected ${n + 1} or ${n + 2} dimensions, got ${showShape(x.shape)}`);
    if (!s.training || s.p === 0) return x;
    const kept = x.ndim === n + 2 ? 2 : 1;
    const shape = x.shape.map((d, i) => (i < kept ? d : 1));
    return mul(x, draw(ones(shape, { dtype: x.dtype, device: x.device }), s));
  };

// `decisions`: the shape of the kept-or-dropped decisions, which broadcasts to that of x.
function alphaDropped(x: Tensor, decisions: readonly number[], s: Settings): Tensor {
  if (!s.training || s.p === 0) return x;
  if (s.p === 1) return masked(x, { p: 1, state: { seed: 0, offset: 0 } });
  const saturated = -1.7580993408473766;
  const a = 1 / Math.sqrt((1 - s.p) * (1 + s.p * saturated ** 2));
  const kept = ne(draw(ones(decisions, { dtype: x.dtype, device: x.device }), s), 0);
  return add(mul(where(kept, x, saturated), a), -a * saturated * s.p);
}

/** The dropout functions, with settings that were read. */
export const dropped = {
  dropout: (x, s) => {
    checkInput('dropout', x);
    return s.training && s.p > 0 ? draw(x, s) : x;
  },
  dropout1d: perChannel(1),
  dropout2d: perChannel(2),
  dropout3d: perChannel(3),
  alphaDropout: (x, s) => {
    checkInput('alphaDropout', x);
    return alphaDropped(x, x.shape, s);
  },
  featureAlphaDropout: (x, s) => {
    const op = 'featureAlphaDropout';
    checkInput(op, x);
    if (x.ndim < 2) throw new ShapeError(`[${op}] expected at least 2 dimensions, got ${showShape(x.shape)}`);
    const decisions = x.shape.map((d, i) => (i < 2 ? d : 1));
    return alphaDropped(x, decisions, s);
  },
} satisfies Record<string, Dropping>;

/**
 * Drops each element with probability p and divides the others by 1 - p: `dropout(x, p, training)` or
 * `dropout(x, { p, training })`.
 */
export const dropout: DropoutFunction = read('dropout', dropped.dropout);
/** {@link dropout} of whole channels of [N, C, L] or [C, L]. */
export const dropout1d: DropoutFunction = read('dropout1d', dropped.dropout1d);
/** {@link dropout} of whole channels of [N, C, H, W] or [C, H, W]. */
export const dropout2d: DropoutFunction = read('dropout2d', dropped.dropout2d);
/** {@link dropout} of whole channels of [N, C, D, H, W] or [C, D, H, W]. */
export const dropout3d: DropoutFunction = read('dropout3d', dropped.dropout3d);
/**
 * Dropout that keeps mean and variance of self-normalizing networks: dropped elements become -scale alpha of selu, and
 * the result is rescaled. Klambauer et al. 2017. Only with `training: true`.
 */
export const alphaDropout: DropoutFunction = read('alphaDropout', dropped.alphaDropout, alphaSpec);
/** {@link alphaDropout} of whole channels of [N, C, ...]. Only with `training: true`. */
export const featureAlphaDropout: DropoutFunction = read('featureAlphaDropout', dropped.featureAlphaDropout, alphaSpec);
