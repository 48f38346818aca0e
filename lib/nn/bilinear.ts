/** @file The bilinear layer. */
import { noGrad } from '../core/autograd';
import { type Tensor } from '../core/tensor';
import { type Arguments, readSettings } from '../core/arguments';
import { bilinear } from '../ops/bilinear';
import { uniform_ } from './init';
import { linearDefaults, type LinearOptions, newParameter } from './linear';
import { checkInput, Module } from './module';
import { type Parameter } from './parameter';
import { checkSize, showSettings } from './settings';

/** x1^T weight x2 + bias, for the last dimensions of x1 and x2. */
export class Bilinear extends Module {
  /** [outFeatures, in1Features, in2Features] */
  weight: Parameter;
  /** [outFeatures] */
  bias: Parameter | null;

  constructor(
    readonly in1Features: number,
    readonly in2Features: number,
    readonly outFeatures: number,
    ...options: Arguments<LinearOptions>
  ) {
    super();
    const o = readSettings<LinearOptions>('Bilinear', linearDefaults, options);
    checkSize('Bilinear', 'in1Features', in1Features, 1);
    checkSize('Bilinear', 'in2Features', in2Features, 1);
    checkSize('Bilinear', 'outFeatures', outFeatures, 1);
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
    return bilinear(x1, x2, this.weight, this.bias);
  }

  override extraRepr(): string {
    const { in1Features, in2Features, outFeatures } = this;
    return showSettings({ in1Features, in2Features, outFeatures, bias: this.bias !== null });
  }
}
