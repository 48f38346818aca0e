/** @file Affine layers that learn the size of their input from the first one. */
import { ArgumentError, ShapeError } from '../core/errors';
import { describe, showShape } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { readSettings, type WithRequired } from '../core/arguments';
import { integers, Param } from '../core/params';
import { type ActivationLike, activationOf, activationLabel } from './activation-names';
import { features, Linear, linearDefaults, type LinearOptions } from './linear';
import { checkInput } from './module';
import { isUnsized, UninitializedParameter } from './parameter';
import { showSettings } from '../core/python';

// Sizes the weight [out, in] of `layer` by its first input, if that has not been done.
function sizeBy(layer: Linear, x: Tensor): void {
  if (!isUnsized(layer.weight)) return;
  checkInput(layer, x);
  if (x.ndim === 0)
    throw new ShapeError(`[${layer.constructor.name}] expected at least one dimension, got ${showShape(x.shape)}`);
  size(layer, x.shape[x.ndim - 1]!);
}

function size(layer: Linear, inFeatures: number): void {
  (layer.weight as UninitializedParameter).materialize([layer.outFeatures, inFeatures]);
  layer.resetParameters();
}

const lazySpec = { outFeatures: features, ...linearDefaults };

/**
 * A {@link Linear} that learns `inFeatures` from its first input, and is a Linear from then on. Its parameters can be
 * given to an optimizer before.
 */
export class LazyLinear extends Linear {
  constructor(...settings: WithRequired<[outFeatures: number], { outFeatures: number }, LinearOptions>) {
    super({ ...readSettings('LazyLinear', lazySpec, settings), inFeatures: 0 });
    this.weight = new UninitializedParameter(this.weight);
  }
  override forward(x: Tensor): Tensor {
    sizeBy(this, x);
    Object.setPrototypeOf(this, Linear.prototype);
    return super.forward(x);
  }
}

/** Options of {@link Dense}. */
export interface DenseOptions extends LinearOptions {
  /** Applied to the result: a name (`'relu'`, `'softmax'`, ...), a function or a layer. Default none. */
  activation?: ActivationLike | null | undefined;
  /** The shape of one example, e.g. `[784]`; default: learned from the first input. */
  inputShape?: readonly number[] | undefined;
}

const denseSpec = {
  units: features,
  activation: new Param<ActivationLike>('an activation', (v) => v as ActivationLike).orNull(),
  inputShape: integers.optional(),
  ...linearDefaults,
};

/** A {@link Linear} layer of `units` outputs that infers the size of its input, plus an activation (Keras's Dense). */
export class Dense extends Linear {
  readonly activation: ActivationLike | null;
  /** The shape of one example, if it was given. */
  readonly inputShape: readonly number[] | undefined;

  constructor(...settings: WithRequired<[units: number], { units: number }, DenseOptions>) {
    const { units, activation, inputShape, ...rest } = readSettings('Dense', denseSpec, settings);
    super({ ...rest, inFeatures: 0, outFeatures: units });
    activationOf('Dense', activation);
    this.activation = activation;
    this.inputShape = inputShape;
    this.weight = new UninitializedParameter(this.weight);
    if (inputShape === undefined) return;
    const last = inputShape.at(-1);
    if (last === undefined || last < 0)
      throw new ArgumentError(`[Dense] inputShape must be the shape of one example, got ${describe(inputShape)}`);
    size(this, last);
  }

  override forward(x: Tensor): Tensor {
    sizeBy(this, x);
    return activationOf('Dense', this.activation)(super.forward(x));
  }

  override extraRepr(): string {
    const label = activationLabel(this.activation);
    return super.extraRepr() + (label === '' ? '' : `, ${showSettings({ activation: label })}`);
  }
}
