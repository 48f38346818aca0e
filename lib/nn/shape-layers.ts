/** @file Layers that only change the shape. */
import { type Shape } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { type Arguments, type InOrderOrByName, readSettings } from '../core/arguments';
import { axis, integers } from '../core/params';
import { flatten, unflatten } from '../ops/shape/views';
import { checkInput, Module } from './module';
import { showSettings } from '../core/python';

interface FlattenSettings {
  startDim: number;
  endDim: number;
}

const flattenSpec = { startDim: axis.or(1), endDim: axis.or(-1) };

/** Makes one dimension of `startDim` (default 1: the batch is kept) to `endDim` (default the last). */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;
  constructor(...settings: Arguments<FlattenSettings>) {
    super();
    const s = readSettings<FlattenSettings>('Flatten', flattenSpec, settings);
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

interface UnflattenSettings {
  dim: number;
  /** One may be -1: what the others leave. */
  unflattenedSize: Shape;
}
const unflattenSpec = { dim: axis, unflattenedSize: integers };

/** Splits one dimension into several. */
export class Unflatten extends Module {
  readonly dim: number;
  readonly unflattenedSize: Shape;
  constructor(...settings: InOrderOrByName<[dim: number, unflattenedSize: Shape], UnflattenSettings>) {
    super();
    const s = readSettings('Unflatten', unflattenSpec, settings);
    this.dim = s.dim;
    this.unflattenedSize = s.unflattenedSize;
  }
  forward(x: Tensor): Tensor {
    checkInput(this, x);
    return unflatten(x, this.dim, this.unflattenedSize);
  }
  override extraRepr(): string {
    return showSettings({ dim: this.dim, unflattenedSize: this.unflattenedSize });
  }
}
