/** @file Dropout layers: active in training mode only. */
import { type Generator } from '../core/random';
import { type Tensor } from '../core/tensor';
import { type Arguments, readSettings } from '../core/arguments';
import { boolean, generator, probability } from '../core/params';
import { dropped, dropping } from '../ops/layers/dropout';
import { droppedInPlace } from './functional-in-place';
import { checkInput, Module } from './module';
import { showSettings } from '../core/python';

/** Settings of the dropout layers. */
interface DropoutSettings {
  /** The probability of dropping. Default 0.5. */
  p: number;
  /** Overwrite the input. Default false. */
  inplace: boolean;
  /** Where the decisions are drawn from. Default: the generator in use; see `ng.withGenerator`. */
  generator: Generator | null;
}

const spec = { p: probability.or(0.5), inplace: boolean.or(false), generator: generator.orNull() };

/** Drops by one of the dropout functions. */
export abstract class DropoutLayer extends Module {
  /** The probability of dropping; may be changed. */
  p: number;
  readonly inplace: boolean;
  /** Null: the generator in use. */
  readonly generator: Generator | null;
  constructor(...settings: Arguments<DropoutSettings>) {
    super();
    const { p, inplace, generator } = readSettings<DropoutSettings>(this.constructor.name, spec, settings);
    this.p = p;
    this.inplace = inplace;
    this.generator = generator;
  }
  protected abstract get drop(): (typeof dropped)[keyof typeof dropped];
  forward(x: Tensor): Tensor {
    checkInput(this, x);
    if (!this.training) return x;
    const y = this.drop(x, dropping(this.constructor.name, this.p, this.generator));
    return this.inplace ? droppedInPlace(x, y) : y;
  }
  override extraRepr(): string {
    return showSettings({ p: this.p, inplace: this.inplace });
  }
}

/** In training, drops each element with probability p and divides the others by 1 - p. */
export class Dropout extends DropoutLayer {
  protected override get drop(): typeof dropped.dropout {
    return dropped.dropout;
  }
}
/** {@link Dropout} of whole channels of [N, C, L] or [C, L] */
export class Dropout1d extends DropoutLayer {
  protected override get drop(): typeof dropped.dropout1d {
    return dropped.dropout1d;
  }
}
/** {@link Dropout} of whole channels of [N, C, H, W] or [C, H, W] */
export class Dropout2d extends DropoutLayer {
  protected override get drop(): typeof dropped.dropout2d {
    return dropped.dropout2d;
  }
}
/** {@link Dropout} of whole channels of [N, C, D, H, W] or [C, D, H, W] */
export class Dropout3d extends DropoutLayer {
  protected override get drop(): typeof dropped.dropout3d {
    return dropped.dropout3d;
  }
}
/** Dropout that keeps the mean and variance of self-normalizing networks (Klambauer et al., 2017) */
export class AlphaDropout extends DropoutLayer {
  protected override get drop(): typeof dropped.alphaDropout {
    return dropped.alphaDropout;
  }
}
/** {@link AlphaDropout} of whole channels of [N, C, ...] */
export class FeatureAlphaDropout extends DropoutLayer {
  protected override get drop(): typeof dropped.featureAlphaDropout {
    return dropped.featureAlphaDropout;
  }
}
