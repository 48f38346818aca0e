/** @file Local response normalisation as a layer. */
import { readSettings, type WithRequired } from '../core/arguments';
import type { Tensor } from '../core/tensor';
import { localResponseNormed, type LocalResponseNormOptions, localResponseSpec } from '../ops/layers/local-response';
import { checkInput, Module } from './module';
import { python, pythonFloat } from '../core/python';

/** Divides by the size of neighbouring channels. */
export class LocalResponseNorm extends Module {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
  constructor(...settings: WithRequired<[size: number], { size: number }, LocalResponseNormOptions>) {
    super();
    const o = readSettings('LocalResponseNorm', localResponseSpec, settings);
    this.size = o.size;
    this.alpha = o.alpha;
    this.beta = o.beta;
    this.k = o.k;
  }
  forward(x: Tensor): Tensor {
    checkInput(this, x);
    return localResponseNormed(x, this);
  }
  override extraRepr(): string {
    const { size, alpha, beta, k } = this;
    return `${size}, alpha=${python(alpha)}, beta=${python(beta)}, k=${pythonFloat(k)}`;
  }
}
