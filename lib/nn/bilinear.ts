/** @file The bilinear layer. */
import { noGrad } from '../core/autograd';
import { positive } from '../core/params';
import { type Tensor } from '../core/tensor';
import { readSettings, type WithRequired } from '../core/arguments';
import { bilinearOf } from '../ops/linear/bilinear';
import { uniform_ } from './init';
import { linearDefaults, type LinearOptions, newParameter } from './linear';
import { checkInput, Module } from './module';
import { type Parameter } from './parameter';
import { showSettings } from '../core/python';

interface BilinearSizes {
  in1Features: number;
  in2Features: number;
  outFeatures: number;
}
type BilinearArguments = WithRequired<
  [in1Features: number, in2Features: number, outFeatures: number],
  BilinearSizes,
  LinearOptions
>;
const spec = { in1Features: positive, in2Features: positive, outFeatures: positive, ...linearDefaults };

/** x1^T weight x2 + bias, for the last dimensions of x1 and x2. */
export class Bilinear extends Module {
  /** [outFeatures, in1Features, in2Features] */
  weight: Parameter;
  /** [outFeatures] */
  bias: Parameter | null;

  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;

  constructor(...settings: BilinearArguments) {
    super();
    const { in1Features, in2Features, outFeatures, ...o } = readSettings('Bilinear', spec, settings);
    this.in1Features = in1Features;
    this.in2Features = in2Features;
    this.outFeatures = outFeatures;
    this.weight = newParameter([outFeatures, in1Features, in2Features], o);
    this.bias = o.bias ? newParameter([outFeatures], o) : null;
    this.resetParameters();
  }

  /** Draws new values as PyTorch does: uniform within 1 / sqrt(in1Features). */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    noGrad(() => {
      uniform_(this.weight, -bound, bound);
      if (this.bias) uniform_(this.bias, -bound, bound);
    });
  }

  forward(x1: Tensor, x2: Tensor): Tensor {
    checkInput(this, x1);
    checkInput(this, x2);
    return bilinearOf(x1, x2, this.weight, this.bias);
  }

  override extraRepr(): string {
    const { in1Features, in2Features, outFeatures } = this;
    return showSettings({ in1Features, in2Features, outFeatures, bias: this.bias !== null });
  }
}
