/** @file Normalisation layers. */
import { type Shape } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { layerNorm } from '../ops/norm';
import { ones_, zeros_ } from './init';
import { newParameter, weightDefaults, type WeightOptions } from './linear';
import { checkInput, Module } from './module';
import type { Parameter } from './parameter';
import { checkSize, python, readSettings, type SettingArgs, showSettings } from './settings';

/** Options of {@link LayerNorm}. */
export interface LayerNormOptions extends WeightOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Scale and shift by learned values. Default true. */
  elementwiseAffine?: boolean;
  /** Shift too. Default true. */
  bias?: boolean;
}

/** Normalises over the last dimensions (Ba et al. 2016). */
export class LayerNorm extends Module {
  weight: Parameter | null;
  bias: Parameter | null;
  readonly normalizedShape: Shape;
  readonly eps: number;
  readonly elementwiseAffine: boolean;

  /** @param normalizedShape - the length of the last dimension, or the lengths of the last ones */
  constructor(normalizedShape: number | Shape, ...settings: SettingArgs<LayerNormOptions>) {
    super();
    const o = readSettings(
      'LayerNorm',
      { eps: 1e-5, elementwiseAffine: true, bias: true, ...weightDefaults },
      settings,
    );
    const shape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape.slice();
    shape.forEach((n) => checkSize('LayerNorm', 'normalizedShape', n));
    this.normalizedShape = shape;
    this.eps = o.eps;
    this.elementwiseAffine = o.elementwiseAffine;
    this.weight = o.elementwiseAffine ? newParameter(shape, o) : null;
    this.bias = o.elementwiseAffine && o.bias ? newParameter(shape, o) : null;
    this.resetParameters();
  }

  /** Ones and zeros. */
  resetParameters(): void {
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }

  forward(x: Tensor): Tensor {
    checkInput(this, x);
    return layerNorm(x, this.normalizedShape, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    const { eps, elementwiseAffine } = this;
    return `${python(this.normalizedShape)}, ${showSettings({ eps, elementwiseAffine, bias: this.bias !== null })}`;
  }
}
