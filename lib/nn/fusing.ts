/** @file Batch norms folded into the layer before them, for inference. As torch.nn.utils.fusion. */
import { noGrad } from '../core/autograd';
import { type InOrderOrByName, readArguments, type Spec } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { boolean, number, tensor } from '../core/params';
import { getRngState, setRngState } from '../core/random-state';
import { describe } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { onesLike, zerosLike } from '../ops/tensors/create';
import { rsqrt } from '../ops/elementwise/math';
import { Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from './conv';
import { Linear } from './linear';
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from './normalization';
import { Parameter } from './parameter';

/** Arguments of {@link fuseConvBnWeights}, in PyTorch's order. */
export interface FuseWeightsArguments {
  weight: Tensor;
  bias: Tensor | null;
  runningMean: Tensor;
  runningVar: Tensor;
  /** What is added to the variance. */
  eps: number;
  /** Of the batch norm; null: 1. */
  bnWeight: Tensor | null;
  /** Of the batch norm; null: 0. */
  bnBias: Tensor | null;
}
/** Arguments of {@link fuseConvBnWeights}. */
export interface FuseConvArguments extends FuseWeightsArguments {
  /** Whether the convolution is a transposed one. Default false. */
  transpose?: boolean | undefined;
}
const weightsSpec: Spec<FuseWeightsArguments> = {
  weight: tensor,
  bias: tensor.orNull(),
  runningMean: tensor,
  runningVar: tensor,
  eps: number({ least: 0 }),
  bnWeight: tensor.orNull(),
  bnBias: tensor.orNull(),
};
const convSpec: Spec<FuseConvArguments> = { ...weightsSpec, transpose: boolean.or(false) };
type InOrder = [
  weight: Tensor,
  bias: Tensor | null,
  runningMean: Tensor,
  runningVar: Tensor,
  eps: number,
  bnWeight: Tensor | null,
  bnBias: Tensor | null,
];

// Scales the outputs, which lie along dimension `axis` of the weight.
function fused(a: FuseWeightsArguments, axis: number): [Parameter, Parameter] {
  return noGrad(() => {
    const { weight, runningMean } = a;
    const bias = a.bias ?? zerosLike(runningMean);
    const scale = rsqrt(a.runningVar.add(a.eps)).mul(a.bnWeight ?? onesLike(runningMean));
    const shift = bias
      .sub(runningMean)
      .mul(scale)
      .add(a.bnBias ?? zerosLike(runningMean));
    const along = scale.reshape(weight.shape.map((_, i) => (i === axis ? -1 : 1)));
    return [
      new Parameter(weight.mul(along).to(weight.dtype), weight.requiresGrad),
      new Parameter(shift.to(a.bias?.dtype ?? weight.dtype), a.bias?.requiresGrad ?? false),
    ];
  });
}

/** Weight and bias of the convolution that does what a convolution and a batch norm in evaluation do. */
export const fuseConvBnWeights = (
  ...args: InOrderOrByName<[...InOrder, transpose?: boolean], FuseConvArguments>
): [weight: Parameter, bias: Parameter] => {
  const a = readArguments('fuseConvBnWeights', convSpec, args);
  return fused(a, a.transpose ? 1 : 0);
};
/** Weight and bias of the affine map that does what one and a batch norm in evaluation do. */
export const fuseLinearBnWeights = (
  ...args: InOrderOrByName<InOrder, FuseWeightsArguments>
): [weight: Parameter, bias: Parameter] => fused(readArguments('fuseLinearBnWeights', weightsSpec, args), 0);

type AnyBatchNorm = BatchNorm1d | BatchNorm2d | BatchNorm3d;
const plainConvs = [Conv1d, Conv2d, Conv3d];
const transposedConvs = [ConvTranspose1d, ConvTranspose2d, ConvTranspose3d];
type AnyConv = InstanceType<(typeof plainConvs)[number] | (typeof transposedConvs)[number]>;

// What the batch norm does, as arguments; both must be in evaluation.
function argumentsOf(op: string, layer: Linear | AnyConv, bn: AnyBatchNorm): FuseWeightsArguments {
  if (![BatchNorm1d, BatchNorm2d, BatchNorm3d].some((C) => bn instanceof C))
    throw new ArgumentError(`[${op}] bn must be a batch norm, got ${describe(bn)}`);
  if (layer.training || bn.training) throw new ArgumentError(`[${op}] both modules must be in evaluation: call eval()`);
  const { runningMean, runningVar, eps, weight: bnWeight, bias: bnBias } = bn;
  if (!runningMean || !runningVar) throw new ArgumentError(`[${op}] bn must have running statistics`);
  return { weight: layer.weight, bias: layer.bias, runningMean, runningVar, eps, bnWeight, bnBias };
}

// A new layer with these parameters, in evaluation. What its constructor draws is not taken from the generator.
function withParameters<M extends AnyConv | Linear>(make: () => M, [weight, bias]: [Parameter, Parameter]): M {
  const state = getRngState();
  const layer = make();
  setRngState(state);
  layer.weight = weight;
  layer.bias = bias;
  layer.eval();
  return layer;
}

/**
 * A convolution that does what `conv` followed by the batch norm `bn` do in evaluation, in one layer.
 * @param transpose - whether `conv` is a transposed one, which PyTorch has to be told. Default: what it is
 * @throws ArgumentError unless both are in evaluation and `bn` has running statistics
 */
export function fuseConvBnEval<C extends AnyConv>(
  conv: C,
  bn: AnyBatchNorm,
  transpose = transposedConvs.some((T) => conv instanceof T),
): C {
  const op = 'fuseConvBnEval';
  const kinds = [...plainConvs, ...transposedConvs] as unknown as (new (...args: unknown[]) => C)[];
  const Kind = kinds.find((K) => conv instanceof K);
  if (!Kind) throw new ArgumentError(`[${op}] conv must be a convolution, got ${describe(conv)}`);
  const parameters = fused(argumentsOf(op, conv, bn), transpose ? 1 : 0);
  const { inChannels, outChannels, kernelSize, stride, padding, dilation, groups, paddingMode, outputPadding } = conv;
  const plain = { stride, padding, dilation, groups, device: conv.weight.device, dtype: conv.weight.dtype };
  const settings = plainConvs.some((P) => conv instanceof P) ? { ...plain, paddingMode } : { ...plain, outputPadding };
  return withParameters(() => new Kind(inChannels, outChannels, kernelSize, settings), parameters);
}

/**
 * An affine map that does what `linear` followed by the batch norm `bn` do in evaluation, in one layer.
 * @throws ArgumentError unless both are in evaluation, `bn` has running statistics and the sizes fit
 */
export function fuseLinearBnEval(linear: Linear, bn: AnyBatchNorm): Linear {
  const op = 'fuseLinearBnEval';
  if (!(linear instanceof Linear))
    throw new ArgumentError(`[${op}] linear must be a Linear layer, got ${describe(linear)}`);
  const a = argumentsOf(op, linear, bn);
  if (bn.numFeatures !== linear.outFeatures)
    throw new ArgumentError(`[${op}] linear gives ${linear.outFeatures} features, bn takes ${bn.numFeatures}`);
  const { device, dtype } = linear.weight;
  const make = (): Linear => new Linear(linear.inFeatures, linear.outFeatures, { device, dtype });
  return withParameters(make, fused(a, 0));
}
