/** @file Layers that only change the shape. */
import { type Shape } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { type Arguments, readSettings } from '../core/arguments';
import { flatten, unflatten } from '../ops/views';
import { checkInput, Module } from './module';
import { showSettings } from './settings';

interface FlattenSettings {
  startDim: number;
  endDim: number;
}

/** Makes one dimension of `startDim` (default 1: the batch is kept) to `endDim` (default the last). */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;
  constructor(...settings: Arguments<FlattenSettings>) {
    super();
    const s = readSettings<FlattenSettings>('Flatten', { startDim: 1, endDim: -1 }, settings);
    this.startDim = s.startDim;
    this.endDim = s.endDim;
  }
  forward(x: Tensor): Tensor {
    checkInput(this, x);
    return flatten(x, this.startDim, this.endDim);
  }
  override extraRepr(): string {
    return showSettings({ startDim: this.startDim, endDim: this.endDim });
  }
}

/** Splits one dimension into several. */
export class Unflatten extends Module {
  constructor(
    readonly dim: number,
    readonly unflattenedSize: Shape,
  ) {
    super();
  }
  forward(x: Tensor): Tensor {
    checkInput(this, x);
    return unflatten(x, this.dim, this.unflattenedSize);
  }
  override extraRepr(): string {
    return showSettings({ dim: this.dim, unflattenedSize: this.unflattenedSize });
  }
}
