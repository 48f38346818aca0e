/** @file Activation layers: each is the Tensor method of its name, with its settings and their defaults. */
import { ShapeError } from '../core/errors';
import { type Generator } from '../core/random';
import { showShape } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { type Arguments, readSettings, type Spec, type WithRequired } from '../core/arguments';
import { axis, boolean, number, oneOf, scalar, generator as generatorParam } from '../core/params';
import { full } from '../ops/tensors/create';
import { rrelu, rrelu_ } from '../ops/layers/noisy';
import { logSoftmax, softmax, softmin } from '../ops/layers/softmax';
import { weightDefaults, type WeightOptions } from './linear';
import { checkInput, Module } from './module';
import { Parameter } from './parameter';
import { python, pythonFloat, showSettings } from '../core/python';
import { checkSize } from './sizes';

type MethodName = { [K in keyof Tensor]: Tensor[K] extends (...args: never) => Tensor ? K : never }[keyof Tensor] &
  string;

/** A layer without parameters. Its settings are fields and may be changed. */
export abstract class Activation extends Module {
  // The settings with their defaults; `inplace` is no argument of the method.
  private readonly defaults: Record<string, unknown>;
  private readonly method: string;

  constructor(method: string, defaults: object, args: readonly unknown[]) {
    super();
    this.method = method;
    this.defaults = defaults as Record<string, unknown>;
    Object.assign(this, readSettings(this.constructor.name, defaults, args));
  }

  private values(): [string, unknown][] {
    return Object.keys(this.defaults).map((name) => [name, (this as unknown as Record<string, unknown>)[name]]);
  }

  forward(x: Tensor): Tensor {
    checkInput(this, x);
    const values = this.values();
    const inplace = values.some(([name, v]) => name === 'inplace' && v);
    const method = `${this.method}${inplace ? '_' : ''}` as MethodName;
    const args = values.filter(([name]) => name !== 'inplace').map(([, v]) => v);
    return (x[method] as (...list: unknown[]) => Tensor)(...args);
  }

  override extraRepr(): string {
    const unnamed = this.method === 'softshrink' || this.method === 'hardshrink';
    return this.values()
      .filter(([name, v]) => name !== 'inplace' || v)
      .map(([name, v]) => {
        // PyTorch's defaults of these settings are floats: a whole number is written with a point.
        const text = typeof v === 'number' && v === this.defaults[name] && name !== 'dim' ? pythonFloat(v) : python(v);
        return unnamed ? text : `${showSettings({ [name]: 0 }).split('=')[0]!}=${text}`;
      })
      .join(', ');
  }
}

type ActivationClass<S> = new (...settings: Arguments<S>) => Activation & S;

const activation = <S extends object>(method: MethodName, defaults: Spec<S>): ActivationClass<S> =>
  class extends Activation {
    constructor(...settings: Arguments<S>) {
      super(method, defaults, settings);
    }
  } as unknown as ActivationClass<S>;

const inplace = false as boolean;

/** max(x, 0) */
export class ReLU extends activation('relu', { inplace }) {}
/** min(max(x, 0), 6) */
export class ReLU6 extends activation('relu6', { inplace }) {}
/** x where positive, negativeSlope x elsewhere */
export class LeakyReLU extends activation('leakyRelu', { negativeSlope: 0.01, inplace }) {}
/** x where positive, alpha (exp(x) - 1) elsewhere */
export class ELU extends activation('elu', { alpha: 1, inplace }) {}
/** x where positive, alpha (exp(x / alpha) - 1) elsewhere */
export class CELU extends activation('celu', { alpha: 1, inplace }) {}
/** The self-normalizing scaled ELU */
export class SELU extends activation('selu', { inplace }) {}
/** x times the standard normal distribution function at x */
export class GELU extends activation<{ approximate: 'none' | 'tanh' }>('gelu', {
  approximate: oneOf('none', 'tanh').or('none' as const),
}) {}
/** x sigmoid(x), also known as swish */
export class SiLU extends activation('silu', { inplace }) {}
/** x tanh(softplus(x)) */
export class Mish extends activation('mish', { inplace }) {}
/** 1 / (1 + exp(-x)) */
export class Sigmoid extends activation('sigmoid', {}) {}
/** The hyperbolic tangent */
export class Tanh extends activation('tanh', {}) {}
/** log(1 + exp(beta x)) / beta */
export class Softplus extends activation('softplus', { beta: 1, threshold: 20 }) {}
/** x / (1 + |x|) */
export class Softsign extends activation('softsign', {}) {}
/** x within minVal and maxVal */
export class Hardtanh extends activation('hardtanh', { minVal: -1, maxVal: 1, inplace }) {}
/** x / 6 + 1 / 2, within 0 and 1 */
export class Hardsigmoid extends activation('hardsigmoid', { inplace }) {}
/** x hardsigmoid(x) */
export class Hardswish extends activation('hardswish', { inplace }) {}
/** log(sigmoid(x)) */
export class LogSigmoid extends activation('logSigmoid', {}) {}
/** x - tanh(x) */
export class Tanhshrink extends activation('tanhshrink', {}) {}
/** x moved towards 0 by lambd */
export class Softshrink extends activation('softshrink', { lambd: 0.5 }) {}
/** x, but 0 where |x| <= lambd */
export class Hardshrink extends activation('hardshrink', { lambd: 0.5 }) {}
/** a sigmoid(b), where a and b are the halves of a dimension */
export class GLU extends activation('glu', { dim: -1 }) {}

interface ThresholdSettings {
  threshold: number;
  value: number;
  inplace: boolean;
}
/** x where it exceeds `threshold`, `value` elsewhere */
export class Threshold extends activation<ThresholdSettings>('threshold', {
  threshold: number(),
  value: scalar,
  inplace: boolean.or(false),
}) {
  constructor(
    ...settings: WithRequired<
      [threshold: number, value: number],
      Omit<ThresholdSettings, 'inplace'>,
      Pick<ThresholdSettings, 'inplace'>
    >
  ) {
    super(...settings);
  }
}

/** Settings of {@link RReLU}, in PyTorch's order. */
interface RReLUSettings {
  /** The least slope. Default 1 / 8. */
  lower: number;
  /** The largest slope. Default 1 / 3. */
  upper: number;
  /** Overwrite the input. Default false. */
  inplace: boolean;
  /** Where slopes are drawn from. Default: the generator in use; see `ng.withGenerator`. */
  generator: Generator | null;
}
const rreluSpec = { lower: 1 / 8, upper: 1 / 3, inplace, generator: generatorParam.orNull() };

/** x where positive, elsewhere x times a slope: in training a random one for each element, otherwise their mean. */
export class RReLU extends Module {
  readonly lower: number;
  readonly upper: number;
  readonly inplace: boolean;
  /** Null: the generator in use. */
  readonly generator: Generator | null;
  constructor(...settings: Arguments<RReLUSettings>) {
    super();
    const s = readSettings<RReLUSettings>('RReLU', rreluSpec, settings);
    this.lower = s.lower;
    this.upper = s.upper;
    this.inplace = s.inplace;
    this.generator = s.generator;
  }
  forward(x: Tensor): Tensor {
    checkInput(this, x);
    return (this.inplace ? rrelu_ : rrelu)(x, this.lower, this.upper, this.training, this.generator);
  }
  override extraRepr(): string {
    return showSettings({ lower: this.lower, upper: this.upper, ...(this.inplace && { inplace: true }) });
  }
}

/** Settings of {@link PReLU}. */
interface PReLUSettings extends WeightOptions {
  /** One weight (default), or one per channel. */
  numParameters?: number | undefined;
  /** What the weights start with. Default 0.25. */
  init?: number | undefined;
}

/** x where positive, weight x elsewhere, with a learned weight (one, or one per channel). */
export class PReLU extends Module {
  /** [numParameters] */
  weight: Parameter;
  readonly numParameters: number;
  constructor(...settings: Arguments<PReLUSettings>) {
    super();
    const o = readSettings('PReLU', { numParameters: 1, init: 0.25, ...weightDefaults }, settings);
    this.numParameters = checkSize('PReLU', 'numParameters', o.numParameters, 1);
    this.weight = new Parameter(full([o.numParameters], o.init, { dtype: o.dtype, device: o.device }));
  }
  forward(x: Tensor): Tensor {
    checkInput(this, x);
    return x.prelu(this.weight);
  }
  override extraRepr(): string {
    return showSettings({ numParameters: this.numParameters });
  }
}

/** Options of {@link Softmax} and its kind. */
interface AxisSettings {
  /** The dimension that sums to 1. Default: 1, or 0 for tensors of 0, 1 or 3 dimensions, as in PyTorch. */
  dim: number | null;
}

const axisSpec = { dim: axis.orNull() };

abstract class AlongAxis extends Module {
  dim: number | null;
  constructor(...settings: Arguments<AxisSettings>) {
    super();
    this.dim = readSettings<AxisSettings>(this.constructor.name, axisSpec, settings).dim;
  }
  protected axis(x: Tensor): number {
    checkInput(this, x);
    return this.dim ?? (x.ndim === 0 || x.ndim === 1 || x.ndim === 3 ? 0 : 1);
  }
  override extraRepr(): string {
    return showSettings({ dim: this.dim });
  }
}

/** exp(x) divided by its sum along a dimension */
export class Softmax extends AlongAxis {
  forward(x: Tensor): Tensor {
    return softmax(x, this.axis(x));
  }
}
/** The logarithm of {@link Softmax} */
export class LogSoftmax extends AlongAxis {
  forward(x: Tensor): Tensor {
    return logSoftmax(x, this.axis(x));
  }
}
/** {@link Softmax} of -x */
export class Softmin extends AlongAxis {
  forward(x: Tensor): Tensor {
    return softmin(x, this.axis(x));
  }
}
/** {@link Softmax} over the channels of [N, C, H, W] or [C, H, W] */
export class Softmax2d extends Module {
  forward(x: Tensor): Tensor {
    checkInput(this, x);
    if (x.ndim !== 3 && x.ndim !== 4)
      throw new ShapeError(`[Softmax2d] input ${showShape(x.shape)} needs 3 or 4 dimensions`);
    return x.softmax(-3);
  }
}
