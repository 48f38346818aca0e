/** @file Gradient clipping and parameters as one vector, as torch.nn.utils. */
import { noGrad } from '../core/autograd';
import { ArgumentError, NumericError, ShapeError } from '../core/errors';
import { contiguousStrides, describe, numel } from '../core/shape';
import { boolean, elementsOf, number, tensor } from '../core/params';
import { alias, empty, needTensor, Tensor } from '../core/tensor';
import { opcode } from '../native';
import { type Arguments, readArguments } from '../core/arguments';
import { runCopy } from '../ops/kit/launch';
import { runReduce } from '../ops/reduce/reduce';
import { joins, runScale, runSquares } from '../ops/kit/segments';
import { moved } from '../ops/tensors/to';
import { zeros } from '../ops/tensors/create';

const maxCode = opcode('reduce', 'max');
const largest = (t: Tensor): Tensor =>
  runReduce(
    maxCode,
    t,
    t.shape.map((_, i) => i),
    false,
    t.dtype,
  );

const listOf = (op: string, params: Tensor | Iterable<Tensor>, name = 'params'): Tensor[] => {
  const list = params instanceof Tensor ? [params] : elementsOf<Tensor>(op, name, params);
  for (const p of list) needTensor(op, p);
  return list;
};

const gradientsOf = (op: string, params: Tensor | Iterable<Tensor>): Tensor[] =>
  listOf(op, params).flatMap((p) => (p.grad && p.numel > 0 ? [p.grad] : []));

/** Options of {@link clipGradNorm_}. */
export interface ClipOptions {
  /** Which norm, default 2; Infinity: the largest absolute value. */
  normType?: number | undefined;
  /** Throw if the norm is NaN or infinite, which waits for it. Default false. */
  errorIfNonfinite?: boolean | undefined;
}

const clipSpec = { normType: number({ above: 0 }).or(2), errorIfNonfinite: boolean.or(false) };

/**
 * Scales all gradients together so that their norm, taken as one vector, is at most `maxNorm`. Nothing is waited for.
 * @returns the norm before scaling, a scalar tensor
 */
export function clipGradNorm_(
  params: Tensor | Iterable<Tensor>,
  maxNorm: number,
  ...options: Arguments<ClipOptions>
): Tensor {
  const { normType, errorIfNonfinite } = readArguments('clipGradNorm_', clipSpec, options);
  if (typeof maxNorm !== 'number' || !(maxNorm >= 0))
    throw new ArgumentError(`[clipGradNorm_] maxNorm must be at least 0, got ${describe(maxNorm)}`);
  const grads = gradientsOf('clipGradNorm_', params);
  return noGrad(() => {
    if (grads.length === 0) return zeros([]);
    const exact = exactNorm(grads, normType);
    const norm = reported('clipGradNorm_', exact, grads[0]!, errorIfNonfinite);
    scaleDown(grads, maxNorm, exact);
    return norm;
  });
}

// The norm of all as one vector. What one call can take of p = 2 is read once; others take more.
function exactNorm(list: readonly Tensor[], normType: number): Tensor {
  const together = normType === 2 ? list.filter(joins(list[0]!)) : [];
  const taken = new Set(together);
  const others = list.filter((t) => !taken.has(t));
  const squares = together.length > 0 ? [runSquares(together)] : [];
  const parts = flattened([...squares, ...others.map((t) => partOfNorm(t, normType))]);
  if (normType === Infinity) return largest(parts);
  return normType === 2 ? parts.sum().sqrt() : parts.sum().pow(1 / normType);
}

// The norm as the first tensor's dtype has it; waits for it only to refuse it.
function reported(op: string, exact: Tensor, { device, dtype }: Tensor, errorIfNonfinite: boolean): Tensor {
  const norm = moved(exact, { device, dtype });
  if (errorIfNonfinite) {
    const value = norm.itemSync();
    if (!Number.isFinite(value)) throw new NumericError(`[${op}] the norm of the gradients is ${value}`);
  }
  return norm;
}

function scaleDown(grads: readonly Tensor[], maxNorm: number, norm: Tensor): void {
  // A gradient that parameters share is there twice.
  const taken = new Set(grads.filter(joins(grads[0]!)));
  const scale = norm.add(1e-6).reciprocal().mul(maxNorm).minimum(1);
  for (const g of grads) if (!taken.has(g)) g.mul_(moved(scale, { device: g.device, dtype: g.dtype }));
  if (taken.size > 0) runScale([...taken], scale);
}

/**
 * The norm of tensors, gradients for instance, taken as one vector.
 * @returns a scalar tensor of the first one's dtype; 0 for none
 * @throws NumericError with `errorIfNonfinite`, for a norm that is NaN or infinite
 */
export function getTotalNorm(tensors: Tensor | Iterable<Tensor>, ...options: Arguments<ClipOptions>): Tensor {
  const op = 'getTotalNorm';
  const { normType, errorIfNonfinite } = readArguments(op, clipSpec, options);
  const list = listOf(op, tensors, 'tensors').filter((t) => t.numel > 0);
  if (list.length === 0) return zeros([]);
  return noGrad(() => reported(op, exactNorm(list, normType), list[0]!, errorIfNonfinite));
}

/** Scales all gradients together by `maxNorm` / `totalNorm` if that is less than 1: see {@link getTotalNorm}. */
export function clipGradsWithNorm_(params: Tensor | Iterable<Tensor>, maxNorm: number, totalNorm: Tensor): void {
  const op = 'clipGradsWithNorm_';
  const values = readArguments(op, withNormSpec, [maxNorm, totalNorm]);
  const grads = gradientsOf(op, params);
  if (grads.length > 0)
    noGrad(() => scaleDown(grads, values.maxNorm, moved(values.totalNorm, { device: grads[0]!.device })));
}
const withNormSpec = { maxNorm: number({ least: 0 }), totalNorm: tensor };

// What a gradient contributes: sum |g|^p, or max |g|.
function partOfNorm(g: Tensor, p: number): Tensor {
  if (p === 2) return g.square().sum();
  return p === Infinity ? largest(g.abs()) : g.abs().pow(p).sum();
}

/** Bounds every element of every gradient to [-clipValue, clipValue]. */
export function clipGradValue_(params: Tensor | Iterable<Tensor>, clipValue: number): void {
  if (typeof clipValue !== 'number' || !(clipValue >= 0))
    throw new ArgumentError(`[clipGradValue_] clipValue must be at least 0, got ${describe(clipValue)}`);
  noGrad(() => {
    for (const g of gradientsOf('clipGradValue_', params)) g.clamp_(-clipValue, clipValue);
  });
}

// All elements in one vector of the first one's dtype and device.
function flattened(list: readonly Tensor[]): Tensor {
  const { dtype, device, storage } = list[0]!;
  const out = empty([list.reduce((n, t) => n + t.numel, 0)], dtype, storage.device);
  let at = 0;
  for (const t of list) {
    runCopy(alias(out, t.shape, contiguousStrides(t.shape), at), moved(t.detach(), { device, dtype }));
    at += t.numel;
  }
  return out;
}

/** Copies all parameters into one vector. */
export function parametersToVector(params: Iterable<Tensor>): Tensor {
  const list = listOf('parametersToVector', params);
  if (list.length === 0) throw new ArgumentError('[parametersToVector] no parameters');
  return noGrad(() => flattened(list));
}

/** Overwrites parameters with the parts of one vector. */
export function vectorToParameters(vector: Tensor, params: Iterable<Tensor>): void {
  needTensor('vectorToParameters', vector);
  const list = listOf('vectorToParameters', params);
  const total = list.reduce((n, p) => n + p.numel, 0);
  if (vector.ndim !== 1 || vector.numel !== total)
    throw new ShapeError(
      `[vectorToParameters] a vector of ${total} elements is needed, got shape [${vector.shape.join(', ')}]`,
    );
  noGrad(() => {
    let at = 0;
    for (const p of list) {
      p.copy_(vector.narrow(0, at, p.numel).reshape(p.shape));
      at += numel(p.shape);
    }
  });
}

export * as rnn from './rnn';
export * from './fusing';

// JavaScript names seldom end with an underscore; both spellings are looked for.
export { clipGradNorm_ as clipGradNorm, clipGradValue_ as clipGradValue };
export { removeSpectralNorm, removeWeightNorm, spectralNorm, weightNorm } from './reparametrize';
export type { SpectralNormOptions, WeightNormOptions } from './reparametrize';
