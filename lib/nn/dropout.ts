/** @file Dropout layers: active in training mode only. */
import { type Tensor } from '../core/tensor';
import { type Arguments, readSettings } from '../core/arguments';
import { alphaDropout, dropout, dropout1d, dropout2d, dropout3d, featureAlphaDropout } from '../ops/dropout';
import { droppedInPlace } from './functional-in-place';
import { checkInput, Module } from './module';
import { showSettings } from './settings';
import { ArgumentError } from '../core/errors';

/** Settings of the dropout layers. */
interface DropoutSettings {
  /** The probability of dropping. Default 0.5. */
  p: number;
  /** Overwrite the input. Default false. */
  inplace: boolean;
}

/** Drops by one of the dropout functions. */
export abstract class DropoutLayer extends Module {
  /** The probability of dropping; may be changed. */
  p: number;
  readonly inplace: boolean;
  constructor(...settings: Arguments<DropoutSettings>) {
    super();
    const layer = this.constructor.name;
    const { p, inplace } = readSettings<DropoutSettings>(layer, { p: 0.5, inplace: false }, settings);
    if (!(p >= 0 && p <= 1)) throw new ArgumentError(`[${layer}] p must lie between 0 and 1, got ${p}`);
    this.p = p;
    this.inplace = inplace;
  }
  protected abstract drop(x: Tensor): Tensor;
  forward(x: Tensor): Tensor {
    checkInput(this, x);
    if (!this.training) return x;
    const y = this.drop(x);
    return this.inplace ? droppedInPlace(x, y) : y;
  }
  override extraRepr(): string {
    return showSettings({ p: this.p, inplace: this.inplace });
  }
}

/** In training, drops each element with probability p and divides the others by 1 - p. */
export class Dropout extends DropoutLayer {
  protected drop(x: Tensor): Tensor {
    return dropout(x, this.p);
  }
}
/** {@link Dropout} of whole channels of [N, C, L] or [C, L] */
export class Dropout1d extends DropoutLayer {
  protected drop(x: Tensor): Tensor {
    return dropout1d(x, this.p);
  }
}
/** {@link Dropout} of whole channels of [N, C, H, W] or [C, H, W] */
export class Dropout2d extends DropoutLayer {
  protected drop(x: Tensor): Tensor {
    return dropout2d(x, this.p);
  }
}
/** {@link Dropout} of whole channels of [N, C, D, H, W] or [C, D, H, W] */
export class Dropout3d extends DropoutLayer {
  protected drop(x: Tensor): Tensor {
    return dropout3d(x, this.p);
  }
}
/** Dropout that keeps the mean and variance of self-normalizing networks (Klambauer et al., 2017) */
export class AlphaDropout extends DropoutLayer {
  protected drop(x: Tensor): Tensor {
    return alphaDropout(x, this.p, true);
  }
}
/** {@link AlphaDropout} of whole channels of [N, C, ...] */
export class FeatureAlphaDropout extends DropoutLayer {
  protected drop(x: Tensor): Tensor {
    return featureAlphaDropout(x, this.p, true);
  }
}
