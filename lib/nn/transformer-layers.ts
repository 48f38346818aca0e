/** @file The layers of the transformer of Vaswani et al. 2017. */
import { ArgumentError } from '../core/errors';
import { type Generator } from '../core/random';
import { type Tensor } from '../core/tensor';
import { gelu, relu } from '../ops/layers/activations';
import { type Arguments, readArguments, readSettings, type Values, type WithRequired } from '../core/arguments';
import {
  boolean,
  either,
  fn,
  number,
  oneOf,
  Param,
  positive,
  probability,
  generator as generatorParam,
} from '../core/params';
import { add } from '../ops/elementwise/arithmetic';
import { type KVCache, kvCache, mask, MultiheadAttention } from './attention';
import { Dropout } from './dropout';
import { Linear, weightDefaults, type WeightOptions } from './linear';
import { checkInput, Module } from './module';
import { LayerNorm } from './normalization';

/** What happens between the two linear layers. */
export type TransformerActivation = 'relu' | 'gelu' | ((x: Tensor) => Tensor);

/** Options of the layers. */
export interface TransformerLayerOptions extends WeightOptions {
  /** Features between the two linear layers. Default 2048. */
  dimFeedforward?: number | undefined;
  /** Default 0.1. */
  dropout?: number | undefined;
  /** Default 'relu'. */
  activation?: TransformerActivation | null | undefined;
  /** Default 1e-5. */
  layerNormEps?: number | undefined;
  /** Tensors are [batch, length, features] instead of [length, batch, features]. Default false. */
  batchFirst?: boolean | undefined;
  /** Normalise before, not after, attention and linear layers. Default false. */
  normFirst?: boolean | undefined;
  /** Biases in linear layers and norms. Default true. */
  bias?: boolean | undefined;
  /** Where dropout draws from. Default: the generator in use; see `ng.withGenerator`. */
  generator?: Generator | null | undefined;
}

/** What transformer layers cannot do without. */
export interface TransformerSizes {
  /** Features of each element of a sequence. */
  dModel: number;
  /** How many heads attention has. */
  nhead: number;
}

const activation = either(oneOf('relu', 'gelu'), fn<(x: Tensor) => Tensor>()).orNull();
const flag = boolean.or(false);
/** Settings before and behind those that a whole transformer has between them. */
export const [start, end] = [
  { dimFeedforward: positive.or(2048), dropout: probability.or(0.1), activation },
  {
    layerNormEps: number().or(1e-5),
    batchFirst: flag,
    normFirst: flag,
    bias: boolean.or(true),
    ...weightDefaults,
    generator: generatorParam.orNull(),
  },
];
const layerSpec = { dModel: positive, nhead: positive, ...start, ...end };
type LayerSettings = Values<typeof layerSpec>;

const activationOf = (a: TransformerActivation | null): ((x: Tensor) => Tensor) =>
  typeof a === 'function' ? a : a === 'gelu' ? (x) => gelu(x) : relu;

/** Masks of an encoder, as {@link MultiheadAttention} takes them. */
export interface EncoderMasks {
  /** The `attnMask` of self-attention. */
  srcMask?: Tensor | null | undefined;
  /** Stacks call it so. */
  mask?: Tensor | null | undefined;
  srcKeyPaddingMask?: Tensor | null | undefined;
  isCausal?: boolean | null | undefined;
  /** Keys and values of earlier calls: one per layer. */
  cache?: KVCache | readonly KVCache[] | undefined;
}

/** Masks of a decoder, as {@link MultiheadAttention} takes them. */
export interface DecoderMasks {
  tgtMask?: Tensor | null | undefined;
  memoryMask?: Tensor | null | undefined;
  tgtKeyPaddingMask?: Tensor | null | undefined;
  memoryKeyPaddingMask?: Tensor | null | undefined;
  tgtIsCausal?: boolean | null | undefined;
  memoryIsCausal?: boolean | null | undefined;
}

// In the order of PyTorch's arguments.
/** For stacks too, as what follows. */
export const causal = boolean.orNull();
const caches = new Param<readonly KVCache[]>('an array of KVCaches', (v, op, name) => {
  if (!Array.isArray(v)) throw new ArgumentError(`[${op}] ${name} must be a KVCache, or an array of them`);
  return v.map((c) => kvCache.check(op, name, c));
});
const cache = either(kvCache, caches).optional();
const layerMasks = { srcMask: mask, srcKeyPaddingMask: mask, isCausal: causal, mask, cache };
export const stackMasks = { mask, srcKeyPaddingMask: mask, isCausal: causal, srcMask: mask, cache };
export const decoderMasks = {
  ...{ tgtMask: mask, memoryMask: mask, tgtKeyPaddingMask: mask, memoryKeyPaddingMask: mask },
  ...{ tgtIsCausal: causal, memoryIsCausal: causal },
};

// How a layer of a transformer calls attention: the weights are not wanted.
const quiet = { needWeights: false, averageAttnWeights: true, cache: undefined };

const dropoutOf = ({ dropout: p, generator }: LayerSettings): Dropout => new Dropout({ p, generator });

export const norm = (features: number, o: LayerSettings): LayerNorm =>
  new LayerNorm(features, { eps: o.layerNormEps, bias: o.bias, dtype: o.dtype, device: o.device });

/** Arguments of encoder and decoder layers. */
type LayerArguments = WithRequired<[dModel: number, nhead: number], TransformerSizes, TransformerLayerOptions>;

// What both kinds of layers share: attention to themselves, two linear layers.
abstract class TransformerLayer extends Module {
  static override readonly stateNames: Readonly<Record<string, string>> = {
    selfAttn: 'self_attn',
    multiheadAttn: 'multihead_attn',
  };
  selfAttn: MultiheadAttention;
  readonly normFirst: boolean;
  protected readonly layerSettings: LayerSettings;

  readonly dModel: number;
  readonly nhead: number;

  constructor(settings: LayerArguments) {
    super();
    const o = readSettings(this.constructor.name, layerSpec, settings);
    this.dModel = o.dModel;
    this.nhead = o.nhead;
    this.layerSettings = o;
    this.normFirst = o.normFirst;
    this.selfAttn = this.attention();
  }

  protected attention(): MultiheadAttention {
    const { dropout: p, bias, batchFirst, dtype, device, generator } = this.layerSettings;
    return new MultiheadAttention(this.dModel, this.nhead, { dropout: p, bias, batchFirst, dtype, device, generator });
  }

  protected linears(): [Linear, Linear] {
    const { dimFeedforward: wide, bias, dtype, device } = this.layerSettings;
    const o = { bias, dtype, device };
    return [new Linear(this.dModel, wide, o), new Linear(wide, this.dModel, o)];
  }

  protected feedForward(x: Tensor, first: Linear, inner: Dropout, second: Linear, outer: Dropout): Tensor {
    const act = activationOf(this.layerSettings.activation);
    return outer.forward(second.forward(inner.forward(act(first.forward(x)))));
  }

  // x + f(x), normalised before or after.
  protected residual(x: Tensor, n: LayerNorm, f: (x: Tensor) => Tensor): Tensor {
    return this.normFirst ? add(x, f(n.forward(x))) : n.forward(add(x, f(x)));
  }

  /** A new layer with the same settings and values. */
  copy(): this {
    const Same = this.constructor as new (settings: LayerSettings) => this;
    const other = new Same(this.layerSettings);
    other.to({ dtype: this.selfAttn.outProj.weight.dtype, device: this.selfAttn.outProj.weight.device });
    other.loadStateDict(this.stateDict());
    return other.train(this.training);
  }
}

/** Attention of a sequence to itself, then two linear layers; each with dropout, residual and layer norm. */
export class TransformerEncoderLayer extends TransformerLayer {
  linear1: Linear;
  readonly dropout: Dropout;
  linear2: Linear;
  norm1: LayerNorm;
  norm2: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;

  constructor(...settings: LayerArguments) {
    super(settings);
    const { dModel } = this;
    const o = this.layerSettings;
    const [linear1, linear2] = this.linears();
    this.linear1 = linear1;
    this.dropout = dropoutOf(o);
    this.linear2 = linear2;
    [this.norm1, this.norm2] = [norm(dModel, o), norm(dModel, o)];
    [this.dropout1, this.dropout2] = [dropoutOf(o), dropoutOf(o)];
  }

  /**
   * @param src - [length, batch, dModel], with `batchFirst` [batch, length, dModel], or without batch
   * @param masks - in PyTorch's order, or by name
   */
  forward(src: Tensor, ...masks: Arguments<EncoderMasks>): Tensor {
    checkInput(this, src);
    const given = readArguments(this.constructor.name, layerMasks, masks);
    const { srcMask, srcKeyPaddingMask: keyPaddingMask, cache: past } = given;
    if (Array.isArray(past))
      throw new ArgumentError(`[${this.constructor.name}] cache must be one KVCache; a stack takes one per layer`);
    const options = {
      ...quiet,
      attnMask: srcMask ?? given.mask,
      keyPaddingMask,
      isCausal: given.isCausal ?? false,
      cache: past as KVCache | undefined,
    };
    const x = this.residual(src, this.norm1, (t) => this.dropout1.forward(this.selfAttn.attend(t, t, t, options)[0]));
    return this.residual(x, this.norm2, (t) =>
      this.feedForward(t, this.linear1, this.dropout, this.linear2, this.dropout2),
    );
  }
}

/** An encoder layer with attention to another sequence (the memory) in between. */
export class TransformerDecoderLayer extends TransformerLayer {
  multiheadAttn: MultiheadAttention;
  linear1: Linear;
  readonly dropout: Dropout;
  linear2: Linear;
  norm1: LayerNorm;
  norm2: LayerNorm;
  norm3: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;
  readonly dropout3: Dropout;

  constructor(...settings: LayerArguments) {
    super(settings);
    const { dModel } = this;
    const o = this.layerSettings;
    this.multiheadAttn = this.attention();
    const [linear1, linear2] = this.linears();
    this.linear1 = linear1;
    this.dropout = dropoutOf(o);
    this.linear2 = linear2;
    [this.norm1, this.norm2, this.norm3] = [norm(dModel, o), norm(dModel, o), norm(dModel, o)];
    [this.dropout1, this.dropout2, this.dropout3] = [dropoutOf(o), dropoutOf(o), dropoutOf(o)];
  }

  /**
   * @param tgt - the sequence, [length, batch, dModel] (`batchFirst`: [batch, length, dModel])
   * @param memory - what the encoder made
   * @param masks - in PyTorch's order, or by name
   */
  forward(tgt: Tensor, memory: Tensor, ...masks: Arguments<DecoderMasks>): Tensor {
    checkInput(this, tgt);
    checkInput(this, memory);
    const m = readArguments(this.constructor.name, decoderMasks, masks);
    const own = {
      attnMask: m.tgtMask,
      keyPaddingMask: m.tgtKeyPaddingMask,
      isCausal: m.tgtIsCausal ?? false,
      ...quiet,
    };
    const other = {
      ...{ attnMask: m.memoryMask, keyPaddingMask: m.memoryKeyPaddingMask, isCausal: m.memoryIsCausal ?? false },
      ...quiet,
    };
    let x = this.residual(tgt, this.norm1, (t) => this.dropout1.forward(this.selfAttn.attend(t, t, t, own)[0]));
    x = this.residual(x, this.norm2, (t) =>
      this.dropout2.forward(this.multiheadAttn.attend(t, memory, memory, other)[0]),
    );
    return this.residual(x, this.norm3, (t) =>
      this.feedForward(t, this.linear1, this.dropout, this.linear2, this.dropout3),
    );
  }
}
