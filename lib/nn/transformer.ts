/** @file The transformer of Vaswani et al. 2017: stacks of layers, and both together. */
import { type Arguments, readArguments, readSettings, type WithRequired } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { either, fn, instance, integer, Param, positive } from '../core/params';
import { describe } from '../core/shape';
import type { Tensor } from '../core/tensor';
import { seenBy } from '../ops/layers/attention';
import { zeros } from '../ops/tensors/create';
import { where } from '../ops/elementwise/where';
import { type KVCache, mask } from './attention';
import { ModuleList } from './containers';
import { xavierUniform_ } from './init';
import { weightDefaults, type WeightOptions } from './linear';
import { Module } from './module';
import {
  causal,
  type DecoderMasks,
  decoderMasks,
  type EncoderMasks,
  end,
  norm,
  stackMasks,
  start,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from './transformer-layers';

/** What a stack is made of: a layer that is copied, or a function that makes one. */
type Made<L extends Module> = L | (() => Module);

const copied = new Param<Copied>('a transformer layer, which can be copied', (v, op, name) => {
  if (v instanceof Module && 'copy' in v) return v as Copied;
  throw new ArgumentError(
    `[${op}] ${name} must be a transformer layer, which can be copied, or a function that makes one, got ${describe(v)}`,
  );
});
type Copied = Module & { copy(): Module };
const made = either(fn<() => Module>(), copied);
// More layers than anybody stacks: making them takes minutes before memory runs out.
const numLayers = integer({ least: 0, most: 2 ** 16 });
const last = instance('a module', Module).orNull();

const stackOf = (layer: Copied | (() => Module), count: number): ModuleList =>
  new ModuleList(Array.from({ length: count }, () => (layer instanceof Module ? layer.copy() : layer())));

const encoderSpec = { encoderLayer: made, numLayers, norm: last, enableNestedTensor: true, maskCheck: true };
const decoderSpec = { decoderLayer: made, numLayers, norm: last };

/** Options of stacks. */
interface StackOptions {
  /** Behind the last layer. Default none. */
  norm?: Module | null | undefined;
}
/** Options of {@link TransformerEncoder}. */
export interface EncoderOptions extends StackOptions {
  /** Accepted for PyTorch's sake, as `maskCheck`: they choose how it computes, not what. */
  enableNestedTensor?: boolean | undefined;
  maskCheck?: boolean | undefined;
}

/** A stack of encoder layers: copies of one, or what a function makes. */
export class TransformerEncoder extends Module {
  layers: ModuleList;
  norm: Module | null;
  readonly numLayers: number;
  constructor(
    ...settings: WithRequired<
      [encoderLayer: Made<TransformerEncoderLayer>, numLayers: number],
      { encoderLayer: Made<TransformerEncoderLayer>; numLayers: number },
      EncoderOptions
    >
  ) {
    super();
    const o = readSettings('TransformerEncoder', encoderSpec, settings);
    this.numLayers = o.numLayers;
    this.layers = stackOf(o.encoderLayer, o.numLayers);
    this.norm = o.norm;
  }

  /** @param masks - in PyTorch's order, or by name */
  forward(src: Tensor, ...masks: Arguments<EncoderMasks>): Tensor {
    const { cache: past, ...m } = readArguments(this.constructor.name, stackMasks, masks);
    if (past && !Array.isArray(past))
      throw new ArgumentError(`[${this.constructor.name}] cache must be an array with one KVCache per layer`);
    let x = src;
    let i = 0;
    for (const layer of this.layers)
      x = layer.forward(x, { ...m, cache: (past as readonly KVCache[] | undefined)?.[i++] }) as Tensor;
    return this.norm ? (this.norm.forward(x) as Tensor) : x;
  }
}

/** A stack of decoder layers: copies of one, or what a function makes. */
export class TransformerDecoder extends Module {
  layers: ModuleList;
  norm: Module | null;
  readonly numLayers: number;
  constructor(
    ...settings: WithRequired<
      [decoderLayer: Made<TransformerDecoderLayer>, numLayers: number],
      { decoderLayer: Made<TransformerDecoderLayer>; numLayers: number },
      StackOptions
    >
  ) {
    super();
    const o = readSettings('TransformerDecoder', decoderSpec, settings);
    this.numLayers = o.numLayers;
    this.layers = stackOf(o.decoderLayer, o.numLayers);
    this.norm = o.norm;
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
  dModel?: number | undefined;
  /** Default 8. */
  nhead?: number | undefined;
  /** Default 6. */
  numEncoderLayers?: number | undefined;
  /** Default 6. */
  numDecoderLayers?: number | undefined;
  /** In place of an encoder, or decoder, made of layers. */
  customEncoder?: Module | null | undefined;
  customDecoder?: Module | null | undefined;
}

/** Masks of {@link Transformer}. */
export interface TransformerMasks extends DecoderMasks {
  srcMask?: Tensor | null | undefined;
  srcKeyPaddingMask?: Tensor | null | undefined;
  srcIsCausal?: boolean | null | undefined;
}

const transformerMasks = {
  ...{ srcMask: mask, tgtMask: mask, memoryMask: mask },
  ...{ srcKeyPaddingMask: mask, tgtKeyPaddingMask: mask, memoryKeyPaddingMask: mask },
  ...{ srcIsCausal: causal, tgtIsCausal: causal, memoryIsCausal: causal },
};

const transformerSpec = {
  ...{
    dModel: positive.or(512),
    nhead: positive.or(8),
    numEncoderLayers: numLayers.or(6),
    numDecoderLayers: numLayers.or(6),
  },
  ...{ ...start, customEncoder: last, customDecoder: last, ...end },
};

const squareSpec = { sz: integer({ least: 0 }), ...weightDefaults };

/** Encoder and decoder: a sequence from a sequence. */
export class Transformer extends Module {
  /** A {@link TransformerEncoder}, unless another was given. */
  encoder: Module;
  /** A {@link TransformerDecoder}, unless another was given. */
  decoder: Module;
  readonly dModel: number;
  readonly nhead: number;
  readonly batchFirst: boolean;

  constructor(...settings: Arguments<TransformerOptions>) {
    super();
    const { numEncoderLayers, numDecoderLayers, customEncoder, customDecoder, ...layer } = readSettings(
      'Transformer',
      transformerSpec,
      settings,
    );
    this.dModel = layer.dModel;
    this.nhead = layer.nhead;
    this.batchFirst = layer.batchFirst;
    this.encoder =
      customEncoder ??
      new TransformerEncoder(() => new TransformerEncoderLayer(layer), numEncoderLayers, norm(this.dModel, layer));
    this.decoder =
      customDecoder ??
      new TransformerDecoder(() => new TransformerDecoderLayer(layer), numDecoderLayers, norm(this.dModel, layer));
    for (const p of this.parameters()) if (p.ndim > 1) xavierUniform_(p);
  }

  /** @param tgt - what the decoder has so far; give a `tgtMask` so that it does not see what comes */
  forward(src: Tensor, tgt: Tensor, ...masks: Arguments<TransformerMasks>): Tensor {
    const given = readArguments('Transformer', transformerMasks, masks);
    const { srcMask, srcKeyPaddingMask, srcIsCausal: isCausal, ...own } = given;
    const memory = this.encoder.forward(src, { mask: srcMask, srcKeyPaddingMask, isCausal }) as Tensor;
    return this.decoder.forward(tgt, memory, own) as Tensor;
  }

  /** [sz, sz] with 0 where row i may see column j <= i, -Infinity elsewhere: a mask to add. */
  static generateSquareSubsequentMask(...args: WithRequired<[sz: number], { sz: number }, WeightOptions>): Tensor {
    const { sz, ...options } = readArguments('generateSquareSubsequentMask', squareSpec, args);
    const visible = zeros([sz, sz], options);
    return where(seenBy(sz, sz, 0, visible), visible, -Infinity);
  }
}
