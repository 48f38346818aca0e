/** @file Convolutions and norms that learn the number of channels from their first input, and are plain layers then. */
import { noGrad } from '../core/autograd';
import { ShapeError } from '../core/errors';
import { showShape } from '../core/shape';
import type { Tensor } from '../core/tensor';
import { type Arguments, readSettings, type Sizes, type WithRequired } from '../core/arguments';
import * as conv from './conv';
import { checkInput, type Module } from './module';
import * as norms from './normalization';
import { isUnsized, UninitializedBuffer, UninitializedParameter } from './parameter';

// The channels of x, whose shape is [..., channels, ...spatial] with `spatial` dimensions and at most one in front.
function channelsOf(layer: Module, x: Tensor, dims: readonly number[], axis: (ndim: number) => number): number {
  checkInput(layer, x);
  if (!dims.includes(x.ndim))
    throw new ShapeError(
      `[${layer.constructor.name}] input ${showShape(x.shape)} needs ${dims.join(' or ')} dimensions`,
    );
  return x.shape[axis(x.ndim)]!;
}

type ConvLayer = Module & Pick<conv.Conv2d, 'weight' | 'groups' | 'kernelSize' | 'resetParameters'>;
type LazyConv<S extends object, L> = new (
  ...settings: WithRequired<[outChannels: number, kernelSize: Sizes], Omit<conv.ConvSizes, 'inChannels'>, S>
) => L;

// A subclass of the convolution `plain` without its first argument.
function lazyConv<S extends object, L extends ConvLayer>(
  plain: new (...settings: WithRequired<[number, number, Sizes], conv.ConvSizes, S>) => L,
  spec: object,
): LazyConv<S, L> {
  // TypeScript does not extend a class given by a type parameter; all that matters here is common to them.
  return class extends (plain as unknown as typeof conv.Conv2d) {
    protected static override readonly leastInputs = 0;
    constructor(...settings: unknown[]) {
      super({
        ...readSettings<Omit<conv.ConvSizes, 'inChannels'>>(new.target.name, spec as never, settings),
        inChannels: 0,
      });
      this.weight = new UninitializedParameter(this.weight);
    }
    override forward(x: Tensor, ...rest: unknown[]): Tensor {
      const { weight } = this;
      if (isUnsized(weight)) {
        const n = this.kernelSize.length;
        const channels = channelsOf(this, x, [n + 1, n + 2], (ndim) => ndim - n - 1);
        this.checkGroups(channels);
        // The only dimension of length 0 is that of the inputs: the second one, per group, unless transposed.
        weight.materialize(weight.shape.map((d, i) => (d > 0 ? d : i === 0 ? channels : channels / this.groups)));
        this.resetParameters();
      }
      Object.setPrototypeOf(this, plain.prototype as object);
      return (super.forward as (...inputs: unknown[]) => Tensor).call(this, x, ...rest);
    }
  } as unknown as LazyConv<S, L>;
}

/** A {@link Conv1d} that learns `inChannels` from its first input. Can be given to an optimizer before. */
export class LazyConv1d extends lazyConv<conv.ConvSettings, conv.Conv1d>(conv.Conv1d, conv.lazyConvSpec) {}
/** A {@link Conv2d} that learns `inChannels` from its first input. Can be given to an optimizer before. */
export class LazyConv2d extends lazyConv<conv.ConvSettings, conv.Conv2d>(conv.Conv2d, conv.lazyConvSpec) {}
/** A {@link Conv3d} that learns `inChannels` from its first input. Can be given to an optimizer before. */
export class LazyConv3d extends lazyConv<conv.ConvSettings, conv.Conv3d>(conv.Conv3d, conv.lazyConvSpec) {}
/** A {@link ConvTranspose1d} that learns `inChannels` from its first input. Can be given to an optimizer before. */
export class LazyConvTranspose1d extends lazyConv<conv.ConvTransposeSettings, conv.ConvTranspose1d>(
  conv.ConvTranspose1d,
  conv.lazyTransposeSpec,
) {}
/** A {@link ConvTranspose2d} that learns `inChannels` from its first input. Can be given to an optimizer before. */
export class LazyConvTranspose2d extends lazyConv<conv.ConvTransposeSettings, conv.ConvTranspose2d>(
  conv.ConvTranspose2d,
  conv.lazyTransposeSpec,
) {}
/** A {@link ConvTranspose3d} that learns `inChannels` from its first input. Can be given to an optimizer before. */
export class LazyConvTranspose3d extends lazyConv<conv.ConvTransposeSettings, conv.ConvTranspose3d>(
  conv.ConvTranspose3d,
  conv.lazyTransposeSpec,
) {}

type NormLayer = norms.BatchNorm2d | norms.InstanceNorm2d;
type LazyNorm<L> = new (...settings: Arguments<norms.RunningNormSettings>) => L;

// A subclass of the norm `plain` without its first argument, for inputs of `dims` dimensions.
function lazyNorm<L extends NormLayer>(
  plain: new (...settings: norms.RunningNormArguments) => L,
  dims: readonly number[],
  axis: (ndim: number) => number,
): LazyNorm<L> {
  return class extends (plain as unknown as typeof norms.InstanceNorm2d) {
    // As in PyTorch, where instance norms have other defaults than their lazy forms.
    protected static override readonly spec = norms.runningSpec;
    constructor(...settings: Arguments<norms.RunningNormSettings>) {
      super({ ...readSettings(new.target.name, norms.lazyNormSpec, settings), numFeatures: 0 });
      const { weight, bias, runningMean, runningVar } = this;
      if (weight) this.weight = new UninitializedParameter(weight);
      if (bias) this.bias = new UninitializedParameter(bias);
      if (runningMean) this.runningMean = new UninitializedBuffer(runningMean);
      if (runningVar) this.runningVar = new UninitializedBuffer(runningVar);
    }
    override forward(x: Tensor): Tensor {
      const channels = channelsOf(this, x, dims, axis);
      const { weight, bias, runningMean, runningVar } = this;
      // What a state dict has sized keeps its size and values.
      for (const [t, value] of [
        [weight, 1],
        [bias, 0],
        [runningMean, 0],
        [runningVar, 1],
      ] as const) {
        if (!isUnsized(t)) continue;
        t.materialize([channels]);
        noGrad(() => t.fill_(value));
      }
      this.numFeatures = (weight ?? runningMean)?.shape[0] ?? channels;
      Object.setPrototypeOf(this, plain.prototype as object);
      return super.forward(x);
    }
  } as unknown as LazyNorm<L>;
}

const second = (): number => 1;
// Of [batch, channels, ...] and [channels, ...].
const instance = (n: number): [number[], (ndim: number) => number] => [[n + 1, n + 2], (ndim) => ndim - n - 1];

/** A {@link BatchNorm1d} that learns `numFeatures` from its first input. Can be given to an optimizer before. */
export class LazyBatchNorm1d extends lazyNorm(norms.BatchNorm1d, [2, 3], second) {}
/** A {@link BatchNorm2d} that learns `numFeatures` from its first input. Can be given to an optimizer before. */
export class LazyBatchNorm2d extends lazyNorm(norms.BatchNorm2d, [4], second) {}
/** A {@link BatchNorm3d} that learns `numFeatures` from its first input. Can be given to an optimizer before. */
export class LazyBatchNorm3d extends lazyNorm(norms.BatchNorm3d, [5], second) {}
/** An {@link InstanceNorm1d} that learns `numFeatures`; with weights and running statistics by default, as in PyTorch. */
export class LazyInstanceNorm1d extends lazyNorm(norms.InstanceNorm1d, ...instance(1)) {}
/** An {@link InstanceNorm2d} that learns `numFeatures`; with weights and running statistics by default, as in PyTorch. */
export class LazyInstanceNorm2d extends lazyNorm(norms.InstanceNorm2d, ...instance(2)) {}
/** An {@link InstanceNorm3d} that learns `numFeatures`; with weights and running statistics by default, as in PyTorch. */
export class LazyInstanceNorm3d extends lazyNorm(norms.InstanceNorm3d, ...instance(3)) {}
