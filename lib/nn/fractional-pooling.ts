/** @file Layers of max pooling over windows at random places. */
import { type Arguments, readSettings, type Sizes, sizesOf } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { type Generator } from '../core/random';
import { type Tensor } from '../core/tensor';
import {
  fractionalMaxPool2d,
  fractionalMaxPool3d,
  type FractionalPoolOptions,
  fractionalSpec,
} from '../ops/layers/fractional-pooling';
import { checkInput, Module } from './module';

abstract class FractionalLayer extends Module {
  readonly kernelSize: Sizes;
  readonly outputSize: Sizes | null;
  readonly outputRatio: number | readonly number[] | null;
  readonly returnIndices: boolean;
  private readonly n: 2 | 3;
  private readonly samples: Tensor | null;
  /** Null: the generator in use. */
  readonly generator: Generator | null;

  constructor(n: 2 | 3, kernelSize: Sizes, settings: readonly unknown[]) {
    super();
    const op = `FractionalMaxPool${n}d`;
    const o = readSettings<FractionalPoolOptions>(op, fractionalSpec, settings);
    sizesOf(op, 'kernelSize', kernelSize, n, 1);
    if ((o.outputSize === null) === (o.outputRatio === null))
      throw new ArgumentError(`[${op}] give either outputSize or outputRatio`);
    if (o.outputSize !== null) sizesOf(op, 'outputSize', o.outputSize, n, 0);
    const ratios = typeof o.outputRatio === 'number' ? Array<number>(n).fill(o.outputRatio) : o.outputRatio;
    if (ratios && (ratios.length !== n || ratios.some((r) => !(r > 0 && r < 1))))
      throw new ArgumentError(
        `[${op}] outputRatio must be a number above 0 and below 1 or ${n} of them, got ${String(o.outputRatio)}`,
      );
    this.n = n;
    this.kernelSize = kernelSize;
    this.outputSize = o.outputSize;
    this.outputRatio = ratios;
    this.returnIndices = o.returnIndices;
    this.samples = o._randomSamples;
    this.generator = o.generator ?? null;
  }

  /** With `returnIndices`: { values, indices }. */
  forward(x: Tensor): Tensor {
    checkInput(this, x);
    const { outputSize, outputRatio, returnIndices } = this;
    const pool = this.n === 2 ? fractionalMaxPool2d : fractionalMaxPool3d;
    const options = {
      outputSize,
      outputRatio,
      returnIndices,
      _randomSamples: this.samples,
      generator: this.generator,
    };
    return pool(x, this.kernelSize, options);
  }
}

/**
 * The maxima of randomly placed windows of [batch, channels, height, width] (the batch may be missing): `outputSize` of
 * them, or `outputRatio` (above 0, below 1) times the input's size. Graham 2014. Random in evaluation too, as in PyTorch.
 */
export class FractionalMaxPool2d extends FractionalLayer {
  constructor(kernelSize: Sizes, ...settings: Arguments<FractionalPoolOptions>) {
    super(2, kernelSize, settings);
  }
}
/** {@link FractionalMaxPool2d} of [batch, channels, depth, height, width]. */
export class FractionalMaxPool3d extends FractionalLayer {
  constructor(kernelSize: Sizes, ...settings: Arguments<FractionalPoolOptions>) {
    super(3, kernelSize, settings);
  }
}
