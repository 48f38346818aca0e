/** @file Layers that tell a model where a token stands. */
import { ArgumentError, ShapeError } from '../core/errors';
import { type Generator } from '../core/random';
import { showShape } from '../core/shape';
import { generator as generatorParam } from '../core/params';
import { type Tensor } from '../core/tensor';
import { readOptions, type Values } from '../core/arguments';
import { add } from '../ops/elementwise/arithmetic';
import { dropped, dropping } from '../ops/layers/dropout';
import { rotary, type RotaryOptions, sinusoidalPositions } from '../ops/layers/positions';
import { cast } from '../ops/tensors/cast';
import { narrow, unsqueeze } from '../ops/shape/views';
import { normal_ } from './init';
import { newParameter, weightDefaults, type WeightOptions } from './linear';
import { checkInput, Module } from './module';
import type { Parameter } from './parameter';
import { showSettings } from '../core/python';
import { checkSize } from './sizes';

/** Options of the layers that add positions. */
export interface PositionOptions extends WeightOptions {
  /** The longest sequence. Default 5000. */
  maxLen?: number | undefined;
  /** The probability of dropping elements of the sum. Default 0. */
  dropout?: number | undefined;
  /** Input is [batch, length, features] (the default) instead of [length, batch, features]. */
  batchFirst?: boolean | undefined;
  /** Where dropout draws from. Default: the generator in use; see `ng.withGenerator`. */
  generator?: Generator | null | undefined;
}

const defaults = {
  ...{ maxLen: 5000, dropout: 0, batchFirst: true, ...weightDefaults },
  generator: generatorParam.orNull(),
};

// x + rows of a table.
abstract class AddedPositions extends Module {
  readonly maxLen: number;
  dropout: number;
  /** Null: the generator in use. */
  readonly generator: Generator | null;
  readonly batchFirst: boolean;
  constructor(
    readonly features: number,
    o: Values<typeof defaults>,
  ) {
    super();
    const layer = this.constructor.name;
    checkSize(layer, 'features', features, 1);
    this.maxLen = checkSize(layer, 'maxLen', o.maxLen, 1);
    if (!(o.dropout >= 0 && o.dropout <= 1))
      throw new ArgumentError(`[${layer}] dropout must lie between 0 and 1, got ${o.dropout}`);
    this.dropout = o.dropout;
    this.generator = o.generator;
    this.batchFirst = o.batchFirst;
  }

  /** [maxLen, features] */
  protected abstract table(): Tensor;

  /**
   * @param x - [batch, length, features] (or [length, batch, features]), or [length, features]
   * @param offset - the position of the first token: what a key-value cache already holds
   */
  forward(x: Tensor, offset = 0): Tensor {
    checkInput(this, x);
    const axis = this.batchFirst ? x.ndim - 2 : 0;
    const length = x.shape[axis];
    if (x.ndim < 2 || x.ndim > 3 || x.shape[x.ndim - 1] !== this.features)
      throw new ShapeError(
        `[${this.constructor.name}] expected [batch, length, ${this.features}], got ${showShape(x.shape)}`,
      );
    if (offset + length! > this.maxLen)
      throw new ShapeError(
        `[${this.constructor.name}] ${length} tokens from position ${offset} exceed maxLen ${this.maxLen}`,
      );
    const rows = cast(narrow(this.table(), 0, offset, length!), x.dtype);
    const y = add(x, this.batchFirst || x.ndim === 2 ? rows : unsqueeze(rows, 1));
    if (!this.training || this.dropout === 0) return y;
    return dropped.dropout(y, dropping(this.constructor.name, this.dropout, this.generator));
  }

  override extraRepr(): string {
    return `${this.features}, ${showSettings({ maxLen: this.maxLen, dropout: this.dropout })}`;
  }
}

/** Adds fixed sinusoids (Vaswani et al. 2017). */
export class SinusoidalPositionalEncoding extends AddedPositions {
  pe: Tensor;
  constructor(features: number, options?: PositionOptions) {
    const o = readOptions('SinusoidalPositionalEncoding', defaults, options);
    super(features, o);
    this.pe = this.registerBuffer('pe', sinusoidalPositions(o.maxLen, features, { dtype: o.dtype, device: o.device }), {
      persistent: false,
    });
  }
  protected override table(): Tensor {
    return this.pe;
  }
}

/** Adds a learned vector per position. */
export class LearnedPositionalEncoding extends AddedPositions {
  /** [maxLen, features] */
  weight: Parameter;
  constructor(features: number, options?: PositionOptions) {
    const o = readOptions('LearnedPositionalEncoding', { ...defaults, maxLen: 1024 }, options);
    super(features, o);
    this.weight = newParameter([o.maxLen, features], o);
    normal_(this.weight, 0, 0.02);
  }
  protected override table(): Tensor {
    return this.weight;
  }
}

/** Turns queries and keys by their position ({@link rotary}); call it on both, before attention. */
export class RotaryEmbedding extends Module {
  readonly base: number;
  readonly interleaved: boolean;
  /** @param features - of a head, an even number */
  constructor(
    readonly features: number,
    options: Omit<RotaryOptions, 'offset'> = {},
  ) {
    super();
    const o = readOptions('RotaryEmbedding', { base: 10000, interleaved: false }, options);
    if (checkSize('RotaryEmbedding', 'features', features, 2) % 2 !== 0)
      throw new ArgumentError(`[RotaryEmbedding] features must be even, got ${features}`);
    this.base = o.base;
    this.interleaved = o.interleaved;
  }
  /**
   * @param x - [..., length, features]
   * @param offset - the position of the first row
   */
  forward(x: Tensor, offset = 0): Tensor {
    checkInput(this, x);
    if (x.shape[x.ndim - 1] !== this.features)
      throw new ShapeError(`[RotaryEmbedding] expected [..., length, ${this.features}], got ${showShape(x.shape)}`);
    return rotary(x, { base: this.base, interleaved: this.interleaved, offset });
  }
  override extraRepr(): string {
    return `${this.features}, ${showSettings({ base: this.base, interleaved: this.interleaved })}`;
  }
}
