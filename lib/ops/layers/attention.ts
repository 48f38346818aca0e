/**
 * @file Scaled dot-product attention. Without dropout it runs tile by tile, and the matrix of scores is never stored
 * (native/ops/layers/attention.cpp); otherwise it is composed of matrix products and softmax.
 */
import { noGrad } from '../../core/autograd';
import { type DType, isFloat } from '../../core/dtype';
import { ArgumentError, DTypeError, ShapeError } from '../../core/errors';
import { broadcastShapes, numel, sameShape, type Shape, showShape } from '../../core/shape';
import { alias, empty, needTensor, Tensor } from '../../core/tensor';
import { kernel, written } from '../../native';
import { type InOrderOrByName, readArguments, type WithRequired } from '../../core/arguments';
import { boolean, generator, integer, integers, number, probability, tensor as tensorParam } from '../../core/params';
import { add, eq, mul } from '../elementwise/arithmetic';
import { arange, tensor } from '../tensors/create';
import { dropped } from './dropout';
import { denseOf, sameDevice } from '../kit/launch';
import { logicalNot } from '../elementwise/math';
import { matmul } from '../linear/matmul';
import type { RandomOptions } from '../random/random';
import { defineOp } from '../kit/op';
import { all, any } from '../reduce/reduce';
import { softmax } from './softmax';
import { expand, reshape, transpose, unsqueeze } from '../shape/views';
import { where } from '../elementwise/where';

const attentionKernel = kernel('attention');
const gradKernel = kernel('attentionGrad');

/** Options of {@link scaledDotProductAttention}. */
export interface AttentionOptions extends RandomOptions {
  /** Broadcasts to [..., queries, keys]: bool (true: take part), or numbers that are added to the scores. */
  attnMask?: Tensor | null | undefined;
  /** The probability of dropping a weight. Default 0; there is no switch for evaluation. */
  dropoutP?: number | undefined;
  /** Query i sees keys 0 to i only. Default false. */
  isCausal?: boolean | undefined;
  /** Factor of the scores. Default 1 / sqrt(features). */
  scale?: number | null | undefined;
  /** There are fewer key and value heads, each shared by consecutive query heads. Default false. */
  enableGqa?: boolean | undefined;
}

const attentionSpec = {
  ...{ key: tensorParam, value: tensorParam, attnMask: tensorParam.orNull(), dropoutP: probability.or(0) },
  ...{ isCausal: boolean.or(false), scale: number().orNull(), enableGqa: boolean.or(false) },
  generator: generator.optional(),
};

/** What {@link scaledDotProductAttention} cannot do without, beside the query. */
export interface KeyAndValue {
  /** [..., heads, keys, features] */
  key: Tensor;
  /** [..., heads, keys, value features] */
  value: Tensor;
}

/** Arguments of {@link causalMask}. */
export interface CausalMaskArguments {
  rows: number;
  /** Default: as many as rows. */
  keys?: number | undefined;
  /** How many keys come before the first query. Default 0. */
  offset?: number | undefined;
  /** The mask lies on its device. */
  like?: Tensor | undefined;
}
const count = integer({ least: 0 });
const causalMaskSpec = {
  rows: count,
  keys: count.optional(),
  offset: integer().or(0),
  like: tensorParam.optional(),
};

/** A bool mask [rows, keys], true where query i may see key j: j <= i + `offset` (default 0). */
export function causalMask(
  ...args: InOrderOrByName<[rows: number, keys?: number, offset?: number, like?: Tensor], CausalMaskArguments>
): Tensor {
  const { rows, keys = rows, offset, like } = readArguments('causalMask', causalMaskSpec, args);
  return seenBy(rows, keys, offset, like);
}

/** {@link causalMask} with arguments that were read. */
export function seenBy(rows: number, keys: number, offset: number, like?: Tensor): Tensor {
  const on = { device: like?.device };
  const i = reshape(arange(rows, on), [rows, 1]);
  return arange(keys, on).le(add(i, offset));
}

/** A bool mask [batch, length], true at padding: at positions not before the sequence's length. */
export function paddingMask(lengths: Tensor | readonly number[], length?: number): Tensor {
  if (!(lengths instanceof Tensor)) integers.check('paddingMask', 'lengths', lengths);
  const ends = lengths instanceof Tensor ? lengths : tensor(lengths.slice(), { dtype: 'int64' });
  if (ends.ndim !== 1) throw new ShapeError(`[paddingMask] lengths must be a vector, got ${showShape(ends.shape)}`);
  const n = length ?? Array.from(ends.dataSync() as Float64Array, Number).reduce((a, b) => Math.max(a, b), 0);
  return arange(n, { device: ends.device }).ge(unsqueeze(ends, 1));
}

/** What attention computes; tensors are [batch, heads, length, features] inside. */
export interface AttentionPlan {
  causal: boolean;
  scale: number;
  mask: Tensor | null;
}

function check(op: string, q: Tensor, k: Tensor, v: Tensor, gqa: boolean): void {
  for (const t of [q, k, v]) needTensor(op, t);
  const shapes = (): string => `query ${showShape(q.shape)}, key ${showShape(k.shape)}, value ${showShape(v.shape)}`;
  for (const t of [q, k, v]) {
    sameDevice(op, q, t);
    if (t.ndim < 2) throw new ShapeError(`[${op}] needs at least two dimensions: ${shapes()}`);
  }
  if (q.dtype !== k.dtype || q.dtype !== v.dtype || !isFloat(q.dtype))
    throw new DTypeError(
      `[${op}] query is ${q.dtype}, key ${k.dtype}, value ${v.dtype}; they must be one floating-point dtype`,
    );
  const last = (t: Tensor, i: number): number => t.shape[t.ndim - i]!;
  if (last(q, 1) !== last(k, 1)) throw new ShapeError(`[${op}] query and key differ in their features: ${shapes()}`);
  if (last(k, 2) !== last(v, 2)) throw new ShapeError(`[${op}] key and value differ in length: ${shapes()}`);
  if (!gqa) return;
  const [heads, keyHeads] = [q.shape[q.ndim - 3], k.shape[k.ndim - 3]];
  if (heads === undefined || !keyHeads || keyHeads !== v.shape[v.ndim - 3] || heads % keyHeads !== 0)
    throw new ShapeError(`[${op}] enableGqa needs a multiple of the key heads as query heads: ${shapes()}`);
}

/**
 * softmax(query key^T scale + mask) value. A query that may see no key gives 0.
 * @param query - [..., heads, queries, features]
 * @param args - key: [..., heads, keys, features]; value: [..., heads, keys, value features]; then the options. In
 *   PyTorch's order, or by name in one object
 */
export function scaledDotProductAttention(
  query: Tensor,
  ...args: WithRequired<[key: Tensor, value: Tensor], KeyAndValue, AttentionOptions>
): Tensor {
  return attended(query, readArguments('scaledDotProductAttention', attentionSpec, args));
}

/** {@link scaledDotProductAttention} with arguments that were read. */
export function attended(
  query: Tensor,
  o: KeyAndValue & Required<Omit<AttentionOptions, 'generator'>> & RandomOptions,
): Tensor {
  const op = 'scaledDotProductAttention';
  const { key, value, attnMask, dropoutP, isCausal, enableGqa } = o;
  check(op, query, key, value, enableGqa);
  if (attnMask && isCausal) throw new ArgumentError(`[${op}] give either attnMask or isCausal`);
  if (attnMask && attnMask.dtype !== 'bool' && attnMask.dtype !== query.dtype)
    throw new DTypeError(`[${op}] the mask must be bool or ${query.dtype}, got ${attnMask.dtype}`);
  const scale = o.scale ?? 1 / Math.sqrt(query.shape[query.ndim - 1]!);
  const lead = (t: Tensor): Shape => t.shape.slice(0, -2);
  const own = enableGqa ? lead(query) : broadcastShapes(op, broadcastShapes(op, lead(query), lead(key)), lead(value));
  const [rows, keys] = [query.shape[query.ndim - 2]!, key.shape[key.ndim - 2]!];
  const scores = [...own, rows, keys];
  if (attnMask && !sameShape(broadcastShapes(op, attnMask.shape, scores), scores))
    throw new ShapeError(`[${op}] the mask ${showShape(attnMask.shape)} does not fit scores ${showShape(scores)}`);
  // One batch dimension and one of heads.
  const heads = own[own.length - 1] ?? 1;
  const batch = numel(own.slice(0, -1));
  const four = (t: Tensor, outer: Shape, h: number, inner: Shape = t.shape.slice(-2)): Tensor => {
    const all = [batch, h, ...inner];
    return sameShape(t.shape, all) ? t : reshape(expand(t, [...outer, ...inner]), all);
  };
  const keyHeads = enableGqa ? key.shape[key.ndim - 3]! : heads;
  const outerKey = enableGqa ? [...own.slice(0, -1), keyHeads] : own;
  const [q, k, v] = [four(query, own, heads), four(key, outerKey, keyHeads), four(value, outerKey, keyHeads)];
  const plan: AttentionPlan = { causal: isCausal, scale, mask: attnMask && four(attnMask, own, heads, [rows, keys]) };
  const settings = { causal: plan.causal, scale, dropoutP, generator: o.generator };
  const out = attention({ q, k, v, mask: plan.mask }, settings);
  const shape = [...own, rows, value.shape[value.ndim - 1]!];
  return sameShape(out.shape, shape) ? out : reshape(out, shape);
}

// --- composed -------------------------------------------------------------------------------------------------------

// Every key head as often as query heads share it.
function shared(t: Tensor, heads: number): Tensor {
  const [batch, own, length, width] = t.shape as [number, number, number, number];
  if (own === heads) return t;
  return reshape(expand(unsqueeze(t, 2), [batch, own, heads / own, length, width]), [batch, heads, length, width]);
}

/** Attention with its weights, of tensors with four dimensions; the mask broadcasts to the scores. */
export function attentionWeights(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  plan: AttentionPlan,
  dropoutP = 0,
  generator?: RandomOptions['generator'],
): [out: Tensor, weights: Tensor] {
  const heads = q.shape[1]!;
  let scores = matmul(mul(q, plan.scale), transpose(shared(k, heads), -1, -2));
  const mask = plan.causal ? seenBy(q.shape[2]!, k.shape[2]!, 0, q) : plan.mask;
  let blind: Tensor | null = null;
  if (mask) {
    const keep = mask.dtype === 'bool';
    blind = noGrad(() =>
      keep ? logicalNot(any(mask, -1, { keepdim: true })) : all(eq(mask, -Infinity), -1, { keepdim: true }),
    );
    scores = keep ? where(mask, scores, -Infinity) : add(scores, mask);
    // Such rows would be 0 / 0, and so would their gradients.
    scores = where(blind, 0, scores);
  }
  const soft = softmax(scores, -1);
  const weights = dropped.dropout(blind ? where(blind, 0, soft) : soft, { p: dropoutP, training: true, generator });
  return [matmul(weights, shared(v, heads)), weights];
}

// --- tile by tile ---------------------------------------------------------------------------------------------------

// Contiguous along the features, which the kernel wants; anything else it takes as strides.
const usable = (t: Tensor): Tensor => (t.strides[3] === 1 || t.shape[3] === 1 ? t : denseOf(t));
const stridesOf = (t: Tensor): readonly number[] => t.strides.slice(0, 3);

// A new [batch, heads, length, width] whose dimensions lie in memory in the order in which those of `t` do.
function laidOutAs(t: Tensor, length: number, width: number, dtype: DType): Tensor {
  const order = [0, 1, 2].sort((a, b) => t.strides[b]! - t.strides[a]! || a - b);
  const shape = [t.shape[0]!, t.shape[1]!, length];
  const dense = empty([...order.map((d) => shape[d]!), width], dtype, t.storage.device);
  if (order.every((d, i) => d === i)) return dense;
  const strides = order.map((_, d) => dense.strides[order.indexOf(d)]!);
  return alias(dense, [...shape, width], [...strides, 1], 0);
}

const sizesOf = (q: Tensor, k: Tensor, v: Tensor): number[] => [
  q.shape[0]!,
  q.shape[1]!,
  k.shape[1]!,
  q.shape[2]!,
  k.shape[2]!,
  q.shape[3]!,
  v.shape[3]!,
];

const noStrides = [0, 0, 0, 0] as const;

interface AttentionInputs {
  q: Tensor;
  k: Tensor;
  v: Tensor;
  mask: Tensor | null;
}
interface AttentionSettings extends RandomOptions {
  causal: boolean;
  scale: number;
  dropoutP: number;
}

// Tensors with four dimensions. The kernel never stores the scores.
const attention = defineOp<AttentionInputs, AttentionSettings, { out: Tensor; lse: Tensor }>({
  name: 'scaledDotProductAttention',
  inputs: ['q', 'k', 'v', 'mask'],
  composite: ({ q, k, v, mask }, { causal, scale, dropoutP, generator }) =>
    attentionWeights(q, k, v, { causal, scale, mask }, dropoutP, generator)[0],
  fused: {
    kernel: 'attention',
    takes: ({ mask }, { dropoutP }) => dropoutP === 0 && !mask?.requiresGrad,
    strided: true,
    forward({ q, k, v, mask }, { causal, scale }) {
      const [qs, ks, vs] = [usable(q), usable(k), usable(v)];
      const out = laidOutAs(qs, q.shape[2]!, v.shape[3]!, q.dtype);
      const lse = empty(q.shape.slice(0, 3), q.dtype, q.storage.device);
      const strides = [out, qs, ks, vs].flatMap(stridesOf).concat(mask ? mask.strides : noStrides);
      attentionKernel(written(out), written(lse), qs, ks, vs, mask, sizesOf(q, k, v), strides, scale, causal);
      return { out, kept: { out, lse } };
    },
    gradient: {
      kernel: 'attentionGrad',
      run(g, { q, k, v, mask, out, lse }, { causal, scale }) {
        const [qs, ks, vs, up] = [usable(q), usable(k), usable(v), usable(g)];
        const [dq, dk, dv] = [gradientOf(qs), gradientOf(ks), gradientOf(vs)];
        const strides = [dq, dk, dv, up, out, qs, ks, vs].flatMap(stridesOf).concat(mask ? mask.strides : noStrides);
        const outputs = [written(dq), written(dk), written(dv)] as const;
        gradKernel(...outputs, up, out, qs, ks, vs, lse, mask, sizesOf(q, k, v), strides, scale, causal);
        return { q: dq, k: dk, v: dv };
      },
    },
  },
});

const gradientOf = (t: Tensor): Tensor => laidOutAs(t, t.shape[2]!, t.shape[3]!, t.dtype);
