/** @file Embedding layers. */
import { noGrad } from '../core/autograd';
import { ShapeError } from '../core/errors';
import { sameShape, showShape } from '../core/shape';
import { alias, type Tensor } from '../core/tensor';
import { type Arguments, readArguments, readSettings, type Values, type WithRequired } from '../core/arguments';
import { boolean, tensor } from '../core/params';
import { bagged, bagInputsSpec, type BagMode, bagMode, embedded, lookupSpec } from '../ops/layers/embedding';
import type { IndexLike } from '../ops/indexing/checks';
import { runFill } from '../ops/kit/launch';
import { normal_ } from './init';
import { features, newParameter, weightDefaults, type WeightOptions } from './linear';
import { Module } from './module';
import { Parameter } from './parameter';
import { pythonFloat, showSettings } from '../core/python';
import { ArgumentError } from '../core/errors';

interface Lookup {
  /** This row starts as zeros and gets no gradient; negative counts from the end. */
  paddingIdx?: number | null | undefined;
  /** Rows that are used and whose norm is larger are scaled, in the weight, to this norm. */
  maxNorm?: number | null | undefined;
  /** Which norm. Default 2. */
  normType?: number | undefined;
  /** Divide gradients by how often each index occurs. Default false. */
  scaleGradByFreq?: boolean | undefined;
  /** Accepted for PyTorch's sake: gradients are dense. */
  sparse?: boolean | undefined;
}

/** Options of {@link Embedding}. */
export interface EmbeddingLayerOptions extends Lookup, WeightOptions {
  /** The weight to start with, [rows, features]. */
  _weight?: Tensor | null | undefined;
  /** Do not train it. Default false. */
  _freeze?: boolean | undefined;
}

/** Options of {@link EmbeddingBag}. */
export interface EmbeddingBagLayerOptions extends Omit<EmbeddingLayerOptions, '_freeze'> {
  /** Default 'mean'. */
  mode?: BagMode | undefined;
  /** The last offset is the end of the last bag. Default false. */
  includeLastOffset?: boolean | undefined;
}

/** What embeddings cannot do without. */
export interface TableSizes {
  numEmbeddings: number;
  embeddingDim: number;
}
type TableArguments<S extends object> = WithRequired<[numEmbeddings: number, embeddingDim: number], TableSizes, S>;

const sizes = { numEmbeddings: features, embeddingDim: features };
const _weight = tensor.orNull();
// In the orders of PyTorch.
const tableSpec = { ...sizes, ...lookupSpec, _weight, _freeze: false, ...weightDefaults };
const { maxNorm, normType, scaleGradByFreq, sparse, paddingIdx } = lookupSpec;
const bagSpec = {
  ...{ ...sizes, maxNorm, normType, scaleGradByFreq, mode: bagMode, sparse, _weight },
  ...{ includeLastOffset: false, paddingIdx, ...weightDefaults },
};
// With vectors given, in PyTorch's order.
const freeze = boolean.or(true);
const pretrainedSpec = { freeze, ...lookupSpec, ...weightDefaults };
const pretrainedBagSpec = {
  ...{ freeze, maxNorm, normType, scaleGradByFreq, mode: bagMode, sparse },
  ...{ includeLastOffset: boolean.or(false), paddingIdx, ...weightDefaults },
};
/** Options of layers made of given vectors. */
interface PretrainedOptions extends Lookup {
  /** Do not train them. Default true. */
  freeze?: boolean | undefined;
}
type PretrainedBagOptions = PretrainedOptions & Omit<EmbeddingBagLayerOptions, '_weight'>;
type TableSettings = Omit<Values<typeof tableSpec>, '_freeze'>;

/** What Embedding and EmbeddingBag share. */
export abstract class EmbeddingTable extends Module {
  /** [numEmbeddings, embeddingDim] */
  weight: Parameter;
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  maxNorm: number | null;
  normType: number;
  scaleGradByFreq: boolean;
  sparse: boolean;

  constructor(o: TableSettings) {
    super();
    const layer = this.constructor.name;
    const { numEmbeddings, embeddingDim } = o;
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    const padding = o.paddingIdx;
    if (padding !== null && (padding < -numEmbeddings || padding >= numEmbeddings))
      throw new ArgumentError(`[${layer}] paddingIdx ${padding} is out of range for ${numEmbeddings} embeddings`);
    this.paddingIdx = padding !== null && padding < 0 ? padding + numEmbeddings : padding;
    this.maxNorm = o.maxNorm;
    this.normType = o.normType;
    this.scaleGradByFreq = o.scaleGradByFreq;
    this.sparse = o.sparse;
    const given = o._weight;
    if (given && !sameShape(given.shape, [numEmbeddings, embeddingDim]))
      throw new ShapeError(
        `[${layer}] the weight must be ${showShape([numEmbeddings, embeddingDim])}, got ${showShape(given.shape)}`,
      );
    this.weight = given ? new Parameter(given) : newParameter([numEmbeddings, embeddingDim], o);
    if (!given) this.resetParameters();
  }

  /** Draws new values as PyTorch does: standard normal, with zeros for the padding. */
  resetParameters(): void {
    normal_(this.weight);
    const { paddingIdx, embeddingDim: n, weight } = this;
    if (paddingIdx !== null) noGrad(() => runFill(alias(weight, [n], [1], weight.offset + paddingIdx * n), 0));
  }

  /** @internal For the functions of lib/ops/layers/embedding.ts. */
  protected get settings(): Required<Lookup> {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = this;
    return { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse };
  }

  // Settings that differ from the usual, in PyTorch's order and spelling.
  protected parts(): { padding: string[]; norm: string[]; frequency: string[] } {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq } = this;
    const norm = maxNorm === null ? [] : [`max_norm=${pythonFloat(maxNorm)}`];
    if (normType !== 2) norm.push(`norm_type=${pythonFloat(normType)}`);
    return {
      padding: paddingIdx === null ? [] : [showSettings({ paddingIdx })],
      norm,
      frequency: scaleGradByFreq ? [showSettings({ scaleGradByFreq })] : [],
    };
  }

  protected get sizes(): string {
    return `${this.numEmbeddings}, ${this.embeddingDim}`;
  }
}

/** A table of vectors, looked up by integers of any shape. */
export class Embedding extends EmbeddingTable {
  constructor(...settings: TableArguments<EmbeddingLayerOptions>) {
    const o = readSettings('Embedding', tableSpec, settings);
    super(o);
    if (o._freeze) this.weight.requiresGrad = false;
  }

  /** An embedding with given vectors, by default not trained (`freeze`). */
  static fromPretrained(embeddings: Tensor, ...settings: Arguments<PretrainedOptions & WeightOptions>): Embedding {
    const { freeze, ...o } = readSettings('Embedding.fromPretrained', pretrainedSpec, settings);
    return new Embedding({ ...pretrained('Embedding', embeddings), ...o, _freeze: freeze });
  }

  /** @param input - int64 or int32 (or arrays of integers), any shape; the result has embeddingDim added at the end */
  forward(input: IndexLike): Tensor {
    return embedded(input, this.weight, this.settings);
  }

  override extraRepr(): string {
    const { padding, norm, frequency } = this.parts();
    return [this.sizes, ...padding, ...norm, ...frequency, ...(this.sparse ? ['sparse=True'] : [])].join(', ');
  }
}

function pretrained(layer: string, t: Tensor): TableSizes & { _weight: Tensor } {
  tensor.check(layer, 'embeddings', t);
  if (t.ndim !== 2) throw new ShapeError(`[${layer}] embeddings must have two dimensions, got ${showShape(t.shape)}`);
  return { numEmbeddings: t.shape[0]!, embeddingDim: t.shape[1]!, _weight: t };
}

/** What {@link EmbeddingBag} takes beside indices. */
export interface BagInputs {
  offsets?: IndexLike | null | undefined;
  perSampleWeights?: Tensor | null | undefined;
}

/** The sum, mean or maximum of vectors looked up for each bag of integers. */
export class EmbeddingBag extends EmbeddingTable {
  readonly mode: BagMode;
  readonly includeLastOffset: boolean;
  constructor(...settings: TableArguments<EmbeddingBagLayerOptions>) {
    const o = readSettings('EmbeddingBag', bagSpec, settings);
    super(o);
    this.mode = o.mode;
    this.includeLastOffset = o.includeLastOffset;
  }

  /** Bags over given vectors, by default not trained (`freeze`). */
  static fromPretrained(embeddings: Tensor, ...settings: Arguments<PretrainedBagOptions>): EmbeddingBag {
    const { freeze, ...o } = readSettings('EmbeddingBag.fromPretrained', pretrainedBagSpec, settings);
    const layer = new EmbeddingBag({ ...pretrained('EmbeddingBag', embeddings), ...o });
    layer.weight.requiresGrad = !freeze;
    return layer;
  }

  /**
   * @param input - a matrix with one bag per row, or a vector with `offsets`
   * @param perSampleWeights - a factor for each index; only with mode 'sum'
   */
  forward(
    input: IndexLike,
    offsets?: IndexLike | BagInputs | null,
    perSampleWeights?: Tensor | BagInputs | null,
  ): Tensor {
    const { mode, includeLastOffset } = this;
    const given = readArguments<Required<BagInputs>>('EmbeddingBag', bagInputsSpec, [offsets, perSampleWeights]);
    return bagged(input, this.weight, { ...this.settings, mode, includeLastOffset, ...given });
  }

  override extraRepr(): string {
    const { padding, norm, frequency } = this.parts();
    return [this.sizes, ...norm, ...frequency, showSettings({ mode: this.mode }), ...padding].join(', ');
  }
}
