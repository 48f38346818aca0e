/** @file Affine maps. */
import { noGrad } from '../core/autograd';
import { type Device } from '../core/device';
import { type DType } from '../core/dtype';
import { boolean, device, dtype, integer } from '../core/params';
import { type Tensor } from '../core/tensor';
import { readSettings, type WithRequired } from '../core/arguments';
import { empty } from '../ops/tensors/create';
import { linearOf } from '../ops/linear/matmul';
import { kaimingUniform_, uniform_ } from './init';
import { Module } from './module';
import { Parameter } from './parameter';
import { showSettings } from '../core/python';

/** Options of layers with weights. */
export interface WeightOptions {
  /** Default: the default device. */
  device?: Device | undefined;
  /** Default float32. */
  dtype?: DType | undefined;
}

/** Options of {@link Linear}. */
export interface LinearOptions extends WeightOptions {
  /** Add a learned bias. Default true. */
  bias?: boolean | undefined;
}

/** For `readSettings`: the options above, not given. */
export const weightDefaults = { device: device.optional(), dtype: dtype.optional() };
export const linearDefaults = { bias: boolean.or(true), ...weightDefaults };
/** How many features an input or output has. */
export const features = integer({ least: 0 });
const linearSpec = { inFeatures: features, outFeatures: features, ...linearDefaults };

/** What {@link Linear} cannot do without. */
export interface LinearSizes {
  inFeatures: number;
  outFeatures: number;
}
/** Arguments of {@link Linear}. */
export type LinearArguments = WithRequired<[inFeatures: number, outFeatures: number], LinearSizes, LinearOptions>;

/** An uninitialised parameter. */
export const newParameter = (shape: readonly number[], options: WeightOptions): Parameter =>
  new Parameter(empty(shape, { dtype: options.dtype, device: options.device }));

/** x @ weight^T + bias, for the last dimension of x. */
export class Linear extends Module {
  /** [outFeatures, inFeatures] */
  weight: Parameter;
  /** [outFeatures] */
  bias: Parameter | null;

  constructor(...settings: LinearArguments) {
    super();
    const { inFeatures, outFeatures, ...o } = readSettings('Linear', linearSpec, settings);
    this.weight = newParameter([outFeatures, inFeatures], o);
    this.bias = o.bias ? newParameter([outFeatures], o) : null;
    this.resetParameters();
  }

  get inFeatures(): number {
    return this.weight.shape[1]!;
  }
  get outFeatures(): number {
    return this.weight.shape[0]!;
  }

  /** Draws new values as PyTorch does: uniform within 1 / sqrt(inFeatures). */
  resetParameters(): void {
    noGrad(() => {
      kaimingUniform_(this.weight, { a: Math.sqrt(5) });
      const bound = this.inFeatures > 0 ? 1 / Math.sqrt(this.inFeatures) : 0;
      if (this.bias) uniform_(this.bias, -bound, bound);
    });
  }

  forward(x: Tensor): Tensor {
    return linearOf(x, this.weight, this.bias ?? null);
  }

  override extraRepr(): string {
    return showSettings({ inFeatures: this.inFeatures, outFeatures: this.outFeatures, bias: this.bias !== null });
  }
}

/** Returns its input. Takes any arguments, and ignores them. */
export class Identity extends Module {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- stands in for layers of any arguments
  constructor(...ignored: unknown[]) {
    super();
  }
  forward<T>(x: T): T {
    return x;
  }
}
