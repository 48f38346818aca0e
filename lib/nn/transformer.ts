/** @file The transformer of Vaswani et al. 2017: encoder and decoder layers, stacks of them, and both together. */
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';
import { Tensor } from '../core/tensor';
import { gelu, relu } from '../ops/activations';
import { type Arguments, readArguments, readOptions, readSettings, type Values } from '../core/arguments';
import { causalMask } from '../ops/attention';
import { zeros } from '../ops/create';
import { add } from '../ops/arithmetic';
import { where } from '../ops/where';
import { type KVCache, MultiheadAttention } from './attention';
import { ModuleList } from './containers';
import { Dropout } from './dropout';
import { xavierUniform_ } from './init';
import { Linear, weightDefaults, type WeightOptions } from './linear';
import { checkInput, Module } from './module';
import { LayerNorm } from './normalization';
import { checkSize } from './settings';

/** What happens between the two linear layers. */
export type TransformerActivation = 'relu' | 'gelu' | ((x: Tensor) => Tensor);

/** Options of the layers. */
export interface TransformerLayerOptions extends WeightOptions {
  /** Features between the two linear layers. Default 2048. */
  dimFeedforward?: number;
  /** Default 0.1. */
  dropout?: number;
  /** Default 'relu'. */
  activation?: TransformerActivation | null;
  /** Default 1e-5. */
  layerNormEps?: number;
  /** Tensors are [batch, length, features] instead of [length, batch, features]. Default false. */
  batchFirst?: boolean;
  /** Normalise before, not after, attention and linear layers. Default false. */
  normFirst?: boolean;
  /** Biases in linear layers and norms. Default true. */
  bias?: boolean;
}

const layerDefaults = {
  dimFeedforward: 2048,
  dropout: 0.1,
  activation: null as TransformerActivation | null,
  layerNormEps: 1e-5,
  batchFirst: false,
  normFirst: false,
  bias: true,
  ...weightDefaults,
};
type LayerSettings = Values<typeof layerDefaults>;

function activationOf(layer: string, a: TransformerActivation | null): (x: Tensor) => Tensor {
  if (a === null || a === 'relu') return relu;
  if (a === 'gelu') return (x) => gelu(x);
  if (typeof a === 'function') return a;
  throw new ArgumentError(`[${layer}] activation must be 'relu', 'gelu' or a function, got ${describe(a)}`);
}

/** Masks of an encoder, as {@link MultiheadAttention} takes them. */
export interface EncoderMasks {
  /** The `attnMask` of self-attention. */
  srcMask?: Tensor | null;
  /** Stacks call it so. */
  mask?: Tensor | null;
  srcKeyPaddingMask?: Tensor | null;
  isCausal?: boolean;
  /** Keys and values of earlier calls: one per layer. */
  cache?: KVCache | readonly KVCache[];
}

/** Masks of a decoder, as {@link MultiheadAttention} takes them. */
export interface DecoderMasks {
  tgtMask?: Tensor | null;
  memoryMask?: Tensor | null;
  tgtKeyPaddingMask?: Tensor | null;
  memoryKeyPaddingMask?: Tensor | null;
  tgtIsCausal?: boolean;
  memoryIsCausal?: boolean;
}

// In the order of PyTorch's arguments.
const layerMasks: EncoderMasks = {
  ...{ srcMask: null, srcKeyPaddingMask: null, isCausal: false, mask: null },
  cache: undefined,
};
const stackMasks: EncoderMasks = {
  ...{ mask: null, srcKeyPaddingMask: null, isCausal: false, srcMask: null },
  cache: undefined,
};
const decoderMasks: DecoderMasks = {
  ...{ tgtMask: null, memoryMask: null, tgtKeyPaddingMask: null, memoryKeyPaddingMask: null },
  ...{ tgtIsCausal: false, memoryIsCausal: false },
};

const norm = (features: number, o: LayerSettings): LayerNorm =>
  new LayerNorm(features, { eps: o.layerNormEps, bias: o.bias, dtype: o.dtype, device: o.device });

// What both kinds of layers share: attention to themselves, two linear layers.
abstract class TransformerLayer extends Module {
  static override readonly stateNames: Readonly<Record<string, string>> = {
    selfAttn: 'self_attn',
    multiheadAttn: 'multihead_attn',
  };
  selfAttn: MultiheadAttention;
  readonly normFirst: boolean;
  readonly #activation: (x: Tensor) => Tensor;
  protected readonly layerSettings: LayerSettings;

  constructor(
    readonly dModel: number,
    readonly nhead: number,
    settings: readonly unknown[],
  ) {
    super();
    const layer = this.constructor.name;
    const o = readSettings(layer, layerDefaults, settings);
    checkSize(layer, 'dimFeedforward', o.dimFeedforward, 1);
    this.layerSettings = o;
    this.#activation = activationOf(layer, o.activation);
    this.normFirst = o.normFirst;
    this.selfAttn = this.attention();
  }

  protected attention(): MultiheadAttention {
    const { dropout: p, bias, batchFirst, dtype, device } = this.layerSettings;
    return new MultiheadAttention(this.dModel, this.nhead, { dropout: p, bias, batchFirst, dtype, device });
  }

  protected linears(): [Linear, Linear] {
    const { dimFeedforward: wide, bias, dtype, device } = this.layerSettings;
    const o = { bias, dtype, device };
    return [new Linear(this.dModel, wide, o), new Linear(wide, this.dModel, o)];
  }

  protected feedForward(x: Tensor, first: Linear, inner: Dropout, second: Linear, outer: Dropout): Tensor {
    return outer.forward(second.forward(inner.forward(this.#activation(first.forward(x)))));
  }

  // x + f(x), normalised before or after.
  protected residual(x: Tensor, n: LayerNorm, f: (x: Tensor) => Tensor): Tensor {
    return this.normFirst ? add(x, f(n.forward(x))) : n.forward(add(x, f(x)));
  }

  /** A new layer with the same settings and values. */
  copy(): this {
    const Same = this.constructor as new (dModel: number, nhead: number, settings: LayerSettings) => this;
    const other = new Same(this.dModel, this.nhead, this.layerSettings);
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

  constructor(dModel: number, nhead: number, ...settings: Arguments<TransformerLayerOptions>) {
    super(dModel, nhead, settings);
    const o = this.layerSettings;
    const [linear1, linear2] = this.linears();
    this.linear1 = linear1;
    this.dropout = new Dropout(o.dropout);
    this.linear2 = linear2;
    [this.norm1, this.norm2] = [norm(dModel, o), norm(dModel, o)];
    [this.dropout1, this.dropout2] = [new Dropout(o.dropout), new Dropout(o.dropout)];
  }

  /**
   * @param src - [length, batch, dModel], with `batchFirst` [batch, length, dModel], or without batch
   * @param masks - in PyTorch's order, or by name
   */
  forward(src: Tensor, ...masks: Arguments<EncoderMasks>): Tensor {
    checkInput(this, src);
    const given = readArguments(this.constructor.name, layerMasks, masks);
    const { srcMask, mask, srcKeyPaddingMask: keyPaddingMask, isCausal, cache } = given;
    const options = {
      attnMask: srcMask ?? mask,
      keyPaddingMask,
      isCausal,
      cache: cache as KVCache,
      needWeights: false,
    };
    const x = this.residual(src, this.norm1, (t) => this.dropout1.forward(this.selfAttn.forward(t, t, t, options)[0]));
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

  constructor(dModel: number, nhead: number, ...settings: Arguments<TransformerLayerOptions>) {
    super(dModel, nhead, settings);
    const o = this.layerSettings;
    this.multiheadAttn = this.attention();
    const [linear1, linear2] = this.linears();
    this.linear1 = linear1;
    this.dropout = new Dropout(o.dropout);
    this.linear2 = linear2;
    [this.norm1, this.norm2, this.norm3] = [norm(dModel, o), norm(dModel, o), norm(dModel, o)];
    [this.dropout1, this.dropout2, this.dropout3] = [
      new Dropout(o.dropout),
      new Dropout(o.dropout),
      new Dropout(o.dropout),
    ];
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
    const own = { attnMask: m.tgtMask, keyPaddingMask: m.tgtKeyPaddingMask, isCausal: m.tgtIsCausal };
    const other = { attnMask: m.memoryMask, keyPaddingMask: m.memoryKeyPaddingMask, isCausal: m.memoryIsCausal };
    const quiet = { needWeights: false };
    let x = this.residual(tgt, this.norm1, (t) =>
      this.dropout1.forward(this.selfAttn.forward(t, t, t, { ...own, ...quiet })[0]),
    );
    x = this.residual(x, this.norm2, (t) =>
      this.dropout2.forward(this.multiheadAttn.forward(t, memory, memory, { ...other, ...quiet })[0]),
    );
    return this.residual(x, this.norm3, (t) =>
      this.feedForward(t, this.linear1, this.dropout, this.linear2, this.dropout3),
    );
  }
}

// Copies of a layer, or layers made one by one.
function stackOf<L extends Module>(name: string, layer: (L & { copy(): L }) | (() => L), count: number): ModuleList {
  checkSize(name, 'numLayers', count);
  if (typeof layer !== 'function' && !(layer instanceof Module && 'copy' in layer))
    throw new ArgumentError(
      `[${name}] expected a transformer layer, which can be copied, or a function that makes one, got ${describe(layer)}`,
    );
  return new ModuleList(Array.from({ length: count }, () => (layer instanceof Module ? layer.copy() : layer())));
}

// What a stack ends with, in its place or by name.
function normOf(op: string, given: Module | { norm?: Module | null } | null): Module | null {
  const norm: unknown =
    given instanceof Module ? given : (readOptions(op, { norm: null as Module | null }, given).norm ?? null);
  if (norm !== null && !(norm instanceof Module))
    throw new ArgumentError(`[${op}] norm must be a module or null, got ${describe(norm)}`);
  return norm;
}

/** A stack of encoder layers: copies of one, or what a function makes. */
export class TransformerEncoder extends Module {
  layers: ModuleList;
  norm: Module | null;
  constructor(
    encoderLayer: TransformerEncoderLayer | (() => Module),
    readonly numLayers: number,
    norm: Module | { norm?: Module | null } | null = null,
  ) {
    super();
    this.layers = stackOf<Module>('TransformerEncoder', encoderLayer, numLayers);
    this.norm = normOf('TransformerEncoder', norm);
  }

  /** @param masks - in PyTorch's order, or by name */
  forward(src: Tensor, ...masks: Arguments<EncoderMasks>): Tensor {
    const { cache, ...m } = readArguments(this.constructor.name, stackMasks, masks);
    let x = src;
    let i = 0;
    for (const layer of this.layers)
      x = layer.forward(x, { ...m, cache: (cache as readonly KVCache[] | undefined)?.[i++] }) as Tensor;
    return this.norm ? (this.norm.forward(x) as Tensor) : x;
  }
}

/** A stack of decoder layers: copies of one, or what a function makes. */
export class TransformerDecoder extends Module {
  layers: ModuleList;
  norm: Module | null;
  constructor(
    decoderLayer: TransformerDecoderLayer | (() => Module),
    readonly numLayers: number,
    norm: Module | { norm?: Module | null } | null = null,
  ) {
    super();
    this.layers = stackOf<Module>('TransformerDecoder', decoderLayer, numLayers);
    this.norm = normOf('TransformerDecoder', norm);
  }

  /** @param masks - in PyTorch's order, or by name */
  forward(tgt: Tensor, memory: Tensor, ...masks: Arguments<DecoderMasks>): Tensor {
    const m = readArguments(this.constructor.name, decoderMasks, masks);
    let x = tgt;
    for (const layer of this.layers) x = layer.forward(x, memory, m) as Tensor;
    return this.norm ? (this.norm.forward(x) as Tensor) : x;
  }
}

/** Options of {@link Transformer}. */
export interface TransformerOptions extends TransformerLayerOptions {
  /** Default 512. */
  dModel?: number;
  /** Default 8. */
  nhead?: number;
  /** Default 6. */
  numEncoderLayers?: number;
  /** Default 6. */
  numDecoderLayers?: number;
}

/** Masks of {@link Transformer}. */
export interface TransformerMasks extends DecoderMasks {
  srcMask?: Tensor | null;
  srcKeyPaddingMask?: Tensor | null;
  srcIsCausal?: boolean;
}

const transformerMasks: TransformerMasks = {
  ...{ srcMask: null, tgtMask: null, memoryMask: null },
  ...{ srcKeyPaddingMask: null, tgtKeyPaddingMask: null, memoryKeyPaddingMask: null },
  ...{ srcIsCausal: false, tgtIsCausal: false, memoryIsCausal: false },
};

/** Encoder and decoder: a sequence from a sequence. */
export class Transformer extends Module {
  encoder: TransformerEncoder;
  decoder: TransformerDecoder;
  readonly dModel: number;
  readonly nhead: number;
  readonly batchFirst: boolean;

  constructor(...settings: Arguments<TransformerOptions>) {
    super();
    const { dModel, nhead, numEncoderLayers, numDecoderLayers, ...layer } = readSettings(
      'Transformer',
      { dModel: 512, nhead: 8, numEncoderLayers: 6, numDecoderLayers: 6, ...layerDefaults },
      settings,
    );
    this.dModel = dModel;
    this.nhead = nhead;
    this.batchFirst = layer.batchFirst;
    const make = [TransformerEncoderLayer, TransformerDecoderLayer] as const;
    this.encoder = new TransformerEncoder(
      () => new make[0](dModel, nhead, layer),
      numEncoderLayers,
      norm(dModel, layer),
    );
    this.decoder = new TransformerDecoder(
      () => new make[1](dModel, nhead, layer),
      numDecoderLayers,
      norm(dModel, layer),
    );
    for (const p of this.parameters()) if (p.ndim > 1) xavierUniform_(p);
  }

  /** @param tgt - what the decoder has so far; give a `tgtMask` so that it does not see what comes */
  forward(src: Tensor, tgt: Tensor, ...masks: Arguments<TransformerMasks>): Tensor {
    const given = readArguments('Transformer', transformerMasks, masks);
    const { srcMask, srcKeyPaddingMask, srcIsCausal: isCausal, ...own } = given;
    const memory = this.encoder.forward(src, { mask: srcMask, srcKeyPaddingMask, isCausal });
    return this.decoder.forward(tgt, memory, own);
  }

  /** [size, size] with 0 where row i may see column j <= i, -Infinity elsewhere: a mask to add. */
  static generateSquareSubsequentMask(size: number, options: WeightOptions = {}): Tensor {
    const visible = zeros([size, size], options);
    return where(causalMask(size, size, { like: visible }), visible, -Infinity);
  }
}
