/** @file Multi-head attention, and the cache of keys and values that makes generation cheap. */
import { noGrad } from '../core/autograd';
import { isFloat } from '../core/dtype';
import { ArgumentError, DTypeError, ShapeError } from '../core/errors';
import { type Generator } from '../core/random';
import { describe, sameShape, showShape } from '../core/shape';
import { alias, empty, needTensor, Tensor } from '../core/tensor';
import { type Arguments, readArguments, readSettings, type Values, type WithRequired } from '../core/arguments';
import { boolean, instance, integer, positive, probability, tensor, generator as generatorParam } from '../core/params';
import { add } from '../ops/elementwise/arithmetic';
import { attended, attentionWeights, seenBy } from '../ops/layers/attention';
import { cast } from '../ops/tensors/cast';
import { zeros } from '../ops/tensors/create';
import { cat } from '../ops/shape/joining';
import { chunk } from '../ops/shape/splitting';
import { runCopy } from '../ops/kit/launch';
import { logicalOr } from '../ops/elementwise/binary';
import { logicalNot } from '../ops/elementwise/math';
import { linearOf } from '../ops/linear/matmul';
import { mean } from '../ops/reduce/reduce';
import { expand, narrow, permute, reshape, squeeze, unsqueeze } from '../ops/shape/views';
import { where } from '../ops/elementwise/where';
import { constant_, xavierNormal_, xavierUniform_ } from './init';
import { Linear, newParameter, weightDefaults, type WeightOptions } from './linear';
import { Module } from './module';
import type { Parameter } from './parameter';

/** Options of {@link MultiheadAttention}. */
export interface MultiheadAttentionOptions extends WeightOptions {
  /** The probability of dropping a weight. Default 0. */
  dropout?: number | undefined;
  /** Where dropout draws from. Default: the generator in use; see `ng.withGenerator`. */
  generator?: Generator | null | undefined;
  /** Default true. */
  bias?: boolean | undefined;
  /** Add a learned key and value at the end. Default false. */
  addBiasKv?: boolean | undefined;
  /** Add a key and a value of zeros at the end. Default false. */
  addZeroAttn?: boolean | undefined;
  /** Features of keys and of values. Default embedDim. */
  kdim?: number | null | undefined;
  vdim?: number | null | undefined;
  /** Tensors are [batch, length, features] instead of [length, batch, features]. Default false. */
  batchFirst?: boolean | undefined;
}

/** Options of a call of {@link MultiheadAttention}. */
export interface MultiheadCallOptions {
  /** [batch, keys]: bool (true: ignore that key), or numbers that are added to the scores. */
  keyPaddingMask?: Tensor | null | undefined;
  /** [queries, keys] or [batch heads, queries, keys]: bool (true: not allowed), or numbers that are added. */
  attnMask?: Tensor | null | undefined;
  /** Return the weights too. Default true; without, no matrix of scores is stored. */
  needWeights?: boolean | undefined;
  /** Weights as the mean over the heads. Default true. */
  averageAttnWeights?: boolean | undefined;
  /** Query i sees keys up to i only; a mask given beside says the same and is not looked at if it need not be. */
  isCausal?: boolean | undefined;
  /** Keys and values of earlier calls, to which those of this call are added. */
  cache?: KVCache | undefined;
}

/**
 * Keys and values of one attention layer for the tokens so far. Hand it to {@link MultiheadAttention} with the new
 * tokens only. No gradients flow through it.
 */
export class KVCache {
  private keys: Tensor | null = null;
  private values: Tensor | null = null;
  private used = 0;

  /** @param capacity - tokens to make room for at first; it grows by itself */
  constructor(private readonly capacity = 64) {
    integer({ least: 1 }).check('KVCache', 'capacity', capacity);
  }

  /** How many tokens it holds. */
  get length(): number {
    return this.used;
  }

  /** Forgets everything. */
  reset(): void {
    this.used = 0;
    this.keys = this.values = null;
  }

  /** Adds keys and values [batch, heads, new tokens, features] and returns all. */
  update(key: Tensor, value: Tensor): [keys: Tensor, values: Tensor] {
    needTensor('KVCache', key);
    needTensor('KVCache', value);
    const [batch, heads, tokens] = key.shape;
    if (key.ndim !== 4 || value.ndim !== 4 || !sameShape([batch!, heads!, tokens!], value.shape.slice(0, 3)))
      throw new ShapeError(
        `[KVCache] expected keys and values [batch, heads, tokens, features] of the same tokens, got ${showShape(key.shape)} and ${showShape(value.shape)}`,
      );
    this.checkHeld(this.keys, key);
    this.checkHeld(this.values, value);
    const before = this.used;
    const total = before + tokens!;
    return noGrad(() => {
      this.keys = this.append(this.keys, key, before, total);
      this.values = this.append(this.values, value, before, total);
      this.used = total;
      return [this.keys, this.values].map((t) => firstTokens(t, total)) as [Tensor, Tensor];
    });
  }

  private checkHeld(all: Tensor | null, part: Tensor): void {
    const [batch, heads, , width] = part.shape;
    if (all && (all.shape[0] !== batch || all.shape[1] !== heads || all.shape[3] !== width || all.dtype !== part.dtype))
      throw new ShapeError(`[KVCache] holds ${showShape(all.shape)}, got ${showShape(part.shape)}; reset() it first`);
  }

  private append(all: Tensor | null, part: Tensor, before: number, total: number): Tensor {
    const [batch, heads, , width] = part.shape as [number, number, number, number];
    let out = all;
    if (!out || out.shape[2]! < total) {
      const room = Math.max(this.capacity, total, 2 * (out?.shape[2] ?? 0));
      const larger = empty([batch, heads, room, width], part.dtype, part.storage.device);
      if (out && before > 0) runCopy(firstTokens(larger, before), firstTokens(out, before));
      out = larger;
    }
    runCopy(alias(out, part.shape, out.strides, out.offset + before * width), part);
    return out;
  }
}

const firstTokens = (t: Tensor, n: number): Tensor =>
  alias(t, [t.shape[0]!, t.shape[1]!, n, t.shape[3]!], t.strides, t.offset);

/** Linear under the name that PyTorch gives it here. */
export class NonDynamicallyQuantizableLinear extends Linear {}

// In the order of PyTorch's arguments.
/** For transformers too. */
export const mask = tensor.orNull();
/** For transformers too. */
export const kvCache = instance('a KVCache', KVCache);
const callSpec = {
  ...{ keyPaddingMask: mask, needWeights: boolean.or(true), attnMask: mask, averageAttnWeights: boolean.or(true) },
  ...{ isCausal: boolean.or(false), cache: kvCache.optional() },
};
type Call = Values<typeof callSpec>;

/** What {@link MultiheadAttention} cannot do without. */
export interface HeadSizes {
  /** Features of queries, and of all heads together. */
  embedDim: number;
  numHeads: number;
}
const settingsSpec = {
  ...{ embedDim: positive, numHeads: positive, dropout: probability.or(0), bias: boolean.or(true) },
  ...{ addBiasKv: boolean.or(false), addZeroAttn: boolean.or(false) },
  ...{ kdim: positive.orNull(), vdim: positive.orNull(), batchFirst: boolean.or(false), ...weightDefaults },
  generator: generatorParam.orNull(),
};

/** Attention in several heads: softmax(Q K^T / sqrt(d)) V of projected inputs, projected once more. */
export class MultiheadAttention extends Module {
  static override readonly stateNames = {
    inProjWeight: 'in_proj_weight',
    qProjWeight: 'q_proj_weight',
    kProjWeight: 'k_proj_weight',
    vProjWeight: 'v_proj_weight',
    inProjBias: 'in_proj_bias',
    biasK: 'bias_k',
    biasV: 'bias_v',
    outProj: 'out_proj',
  };
  readonly embedDim: number;
  readonly numHeads: number;
  readonly headDim: number;
  readonly kdim: number;
  readonly vdim: number;
  /** May be changed. */
  dropout: number;
  /** Null: the generator in use. */
  readonly generator: Generator | null;
  readonly batchFirst: boolean;
  readonly addZeroAttn: boolean;
  /** [3 embedDim, embedDim]: query, key, value; null if their sizes differ. */
  inProjWeight: Parameter | null;
  qProjWeight: Parameter | null;
  kProjWeight: Parameter | null;
  vProjWeight: Parameter | null;
  inProjBias: Parameter | null;
  biasK: Parameter | null;
  biasV: Parameter | null;
  outProj: Linear;

  constructor(...settings: WithRequired<[embedDim: number, numHeads: number], HeadSizes, MultiheadAttentionOptions>) {
    super();
    const layer = 'MultiheadAttention';
    const o = readSettings(layer, settingsSpec, settings);
    const { embedDim, numHeads } = o;
    if (embedDim % numHeads !== 0)
      throw new ArgumentError(`[${layer}] embedDim ${embedDim} must be divisible by numHeads ${numHeads}`);
    this.embedDim = embedDim;
    this.numHeads = numHeads;
    this.headDim = embedDim / numHeads;
    this.kdim = o.kdim ?? embedDim;
    this.vdim = o.vdim ?? embedDim;
    this.dropout = o.dropout;
    this.generator = o.generator;
    this.batchFirst = o.batchFirst;
    this.addZeroAttn = o.addZeroAttn;
    const one = this.kdim === embedDim && this.vdim === embedDim;
    this.inProjWeight = one ? newParameter([3 * embedDim, embedDim], o) : null;
    this.qProjWeight = one ? null : newParameter([embedDim, embedDim], o);
    this.kProjWeight = one ? null : newParameter([embedDim, this.kdim], o);
    this.vProjWeight = one ? null : newParameter([embedDim, this.vdim], o);
    this.inProjBias = o.bias ? newParameter([3 * embedDim], o) : null;
    this.biasK = o.addBiasKv ? newParameter([1, 1, embedDim], o) : null;
    this.biasV = o.addBiasKv ? newParameter([1, 1, embedDim], o) : null;
    this.outProj = new NonDynamicallyQuantizableLinear(embedDim, embedDim, {
      bias: o.bias,
      dtype: o.dtype,
      device: o.device,
    });
    this.resetParameters();
  }

  /** Draws new values as PyTorch does: Xavier for the projections of the inputs, zeros for biases. */
  resetParameters(): void {
    for (const w of [this.inProjWeight, this.qProjWeight, this.kProjWeight, this.vProjWeight]) if (w) xavierUniform_(w);
    for (const b of [this.inProjBias, this.outProj.bias]) if (b) constant_(b, 0);
    for (const b of [this.biasK, this.biasV]) if (b) xavierNormal_(b);
  }

  // Projected query, key and value.
  private project(q: Tensor, k: Tensor, v: Tensor): [Tensor, Tensor, Tensor] {
    const { inProjWeight: w, inProjBias: b, embedDim: e } = this;
    const rows = (t: Tensor | null, from: number, count: number): Tensor | null =>
      t && narrow(t, 0, from * e, count * e);
    if (w && q === k && k === v) return chunk(linearOf(q, w, b), 3, -1) as [Tensor, Tensor, Tensor];
    if (w && k === v) {
      const both = chunk(linearOf(k, rows(w, 1, 2)!, rows(b, 1, 2)), 2, -1) as [Tensor, Tensor];
      return [linearOf(q, rows(w, 0, 1)!, rows(b, 0, 1)), ...both];
    }
    const own = [this.qProjWeight, this.kProjWeight, this.vProjWeight];
    return [q, k, v].map((t, i) => linearOf(t, own[i] ?? rows(w, i, 1)!, rows(b, i, 1))) as [Tensor, Tensor, Tensor];
  }

  private check(q: Tensor, k: Tensor, v: Tensor): void {
    for (const t of [q, k, v])
      if (!(t instanceof Tensor)) throw new ArgumentError(`[MultiheadAttention] expected tensors, got ${describe(t)}`);
    const shapes = (): string => `query ${showShape(q.shape)}, key ${showShape(k.shape)}, value ${showShape(v.shape)}`;
    const wrong = (why: string): never => {
      throw new ShapeError(`[MultiheadAttention] ${why}: ${shapes()}`);
    };
    if ((q.ndim !== 2 && q.ndim !== 3) || k.ndim !== q.ndim || v.ndim !== q.ndim)
      wrong('query, key and value have two dimensions, or three with a batch');
    const last = (t: Tensor): number => t.shape[t.ndim - 1]!;
    if (last(q) !== this.embedDim || last(k) !== this.kdim || last(v) !== this.vdim)
      wrong(`features must be ${this.embedDim}, ${this.kdim} and ${this.vdim}`);
    const at = this.batchFirst && q.ndim === 3 ? 1 : 0;
    if (k.shape[at] !== v.shape[at]) wrong('key and value differ in length');
    if (q.ndim === 3 && (q.shape[1 - at] !== k.shape[1 - at] || k.shape[1 - at] !== v.shape[1 - at]))
      wrong('query, key and value differ in batch size');
  }

  // [length, batch, features] (or batch first) as [batch, heads, length, features of a head], without copying.
  private heads(t: Tensor): Tensor {
    const [a, b] = t.shape as [number, number];
    const split = reshape(t, [a, b, this.numHeads, this.headDim]);
    return permute(split, this.batchFirst ? [0, 2, 1, 3] : [1, 2, 0, 3]);
  }

  // One more key and value for every query.
  private withBias(t: Tensor, bias: Tensor | null): Tensor {
    const [batch, heads] = t.shape as [number, number];
    const shape = [batch, heads, 1, this.headDim];
    let out = t;
    if (bias) out = cat([out, expand(reshape(bias, [1, heads, 1, this.headDim]), shape)], 2);
    if (this.addZeroAttn) out = cat([out, zeros(shape, { dtype: t.dtype, device: t.device })], 2);
    return out;
  }

  /**
   * @param query - [length, batch, embedDim], with `batchFirst` [batch, length, embedDim], or without batch
   * @param key - of kdim features; default: the query
   * @param value - of vdim features; default: the key
   * @param options - in PyTorch's order, or by name
   * @returns the output in the shape of the query, and the weights [batch, queries, keys] (null if not wanted)
   */
  forward(
    query: Tensor,
    key: Tensor = query,
    value: Tensor = key,
    ...options: Arguments<MultiheadCallOptions>
  ): [output: Tensor, weights: Tensor | null] {
    return this.attend(query, key, value, readArguments('MultiheadAttention', callSpec, options));
  }

  /** @internal {@link forward} with options that were read. */
  attend(query: Tensor, key: Tensor, value: Tensor, o: Call): [output: Tensor, weights: Tensor | null] {
    this.check(query, key, value);
    if (query.ndim === 2) {
      const axis = this.batchFirst ? 0 : 1;
      const lifted = new Map([query, key, value].map((t) => [t, unsqueeze(t, axis)]));
      const pad = o.keyPaddingMask && unsqueeze(o.keyPaddingMask, 0);
      const get = (t: Tensor): Tensor => lifted.get(t)!;
      const [y, w] = this.attendBatch(get(query), get(key), get(value), { ...o, keyPaddingMask: pad });
      return [squeeze(y, axis), w && squeeze(w, 0)];
    }
    return this.attendBatch(query, key, value, o);
  }

  private attendBatch(query: Tensor, key: Tensor, value: Tensor, o: Call): [Tensor, Tensor | null] {
    const [q, ...pair] = this.project(query, key, value).map((t) => this.heads(t)) as [Tensor, Tensor, Tensor];
    let [k, v] = pair;
    const past = o.cache?.length ?? 0;
    if (o.cache) [k, v] = o.cache.update(k, v);
    const own = k.shape[2]!;
    [k, v] = [this.withBias(k, this.biasK), this.withBias(v, this.biasV)];
    const [rows, keys] = [q.shape[2]!, k.shape[2]!];
    // The kernel's own causal rule starts at the first key.
    const simple = o.isCausal && !o.keyPaddingMask && past === 0 && keys === own && !o.needWeights;
    const attn = o.isCausal && !simple && !(o.attnMask && past === 0) ? laterThan(q, rows, own, past) : o.attnMask;
    const mask = simple ? null : this.mask(attn ?? null, o.keyPaddingMask ?? null, q, own, keys);
    const [dropoutP, generator] = [this.training ? this.dropout : 0, this.generator];
    const plan = { mask, causal: false, scale: this.headDim ** -0.5 };
    const [out, weights] = o.needWeights
      ? attentionWeights(q, k, v, plan, dropoutP, generator)
      : [
          attended(q, {
            key: k,
            value: v,
            attnMask: mask,
            isCausal: simple,
            dropoutP,
            scale: null,
            enableGqa: false,
            generator,
          }),
          null,
        ];
    const merged = permute(out, this.batchFirst ? [0, 2, 1, 3] : [2, 0, 1, 3]);
    const [a, b] = merged.shape as [number, number];
    const y = this.outProj.forward(reshape(merged, [a, b, this.embedDim]));
    return [y, weights && o.averageAttnWeights ? mean(weights, 1) : weights];
  }

  // Both masks as one that broadcasts to the scores, as scaledDotProductAttention takes it.
  private mask(attn: Tensor | null, pad: Tensor | null, q: Tensor, own: number, keys: number): Tensor | null {
    const [batch, heads, rows] = q.shape as [number, number, number];
    const parts: Tensor[] = [];
    const wrong = (name: string, t: Tensor, want: string): never => {
      throw new ShapeError(`[MultiheadAttention] ${name} must be ${want}, got ${showShape(t.shape)}`);
    };
    if (attn) {
      const three = `[${batch * heads}, ${rows}, ${own}]`;
      const fits = attn.shape[attn.ndim - 2] === rows && attn.shape[attn.ndim - 1] === own;
      if (!fits || (attn.ndim !== 2 && !(attn.ndim === 3 && attn.shape[0] === batch * heads)))
        wrong('attnMask', attn, `[${rows}, ${own}] or ${three}`);
      parts.push(attn.ndim === 3 ? reshape(attn, [batch, heads, rows, own]) : reshape(attn, [1, 1, rows, own]));
    }
    if (pad) {
      if (pad.ndim !== 2 || pad.shape[0] !== batch || pad.shape[1] !== own)
        wrong('keyPaddingMask', pad, `[${batch}, ${own}]`);
      parts.push(reshape(pad, [batch, 1, 1, own]));
    }
    const full = parts.map((given) => {
      if (given.dtype !== 'bool' && !isFloat(given.dtype))
        throw new DTypeError(`[MultiheadAttention] masks must be bool or floating-point, got ${given.dtype}`);
      const t = given.dtype === 'bool' ? given : cast(given, q.dtype);
      if (keys === own) return t;
      const more = zeros([...t.shape.slice(0, 3), keys - own], { dtype: t.dtype, device: t.device });
      return cat([t, more], 3);
    });
    if (full.length === 0) return null;
    if (full.every((t) => t.dtype === 'bool')) return logicalNot(full.reduce((a, b) => logicalOr(a, b)));
    return full.map((t) => additive(t, q)).reduce((a, b) => add(a, b));
  }
}

// A bool mask of what is not allowed, as numbers to add.
const additive = (t: Tensor, like: Tensor): Tensor =>
  t.dtype === 'bool'
    ? where(t, -Infinity, zeros(t.shape, { dtype: like.dtype, device: like.device }))
    : cast(t, like.dtype);

// True where a key comes later than the query, when `past` keys came before the first query.
const laterThan = (q: Tensor, rows: number, keys: number, past: number): Tensor =>
  logicalNot(seenBy(rows, keys, past, q));
