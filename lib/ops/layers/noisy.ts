/** @file Activations that draw random numbers: randomized leaky relu, and the Gumbel softmax. */
import { isFloat } from '../../core/dtype';
import { ArgumentError, DTypeError } from '../../core/errors';
import { checkAxis } from '../../core/shape';
import { needTensor, type Tensor } from '../../core/tensor';
import { leakyRelu } from './activations';
import { add, div, gt, log, mul, sub } from '../elementwise/arithmetic';
import { type Arguments, readArguments, type Spec } from '../../core/arguments';
import { axis, boolean, number } from '../../core/params';
import { zerosLike } from '../tensors/create';
import { argmax } from '../reduce/extremes';
import { inPlaceOf } from '../kit/in-place';
import { clampMin } from '../elementwise/math';
import { rand, type RandomOptions } from '../random/random';
import { randomSpec } from '../random/random-fill';
import { exponential } from '../random/distributions';
import { scatter } from '../indexing/gather';
import { softmax } from './softmax';
import { where } from '../elementwise/where';

function checkFloat(op: string, x: Tensor): void {
  needTensor(op, x);
  if (!isFloat(x.dtype)) throw new DTypeError(`[${op}] needs a floating-point tensor, got ${x.dtype}`);
}

/** Options of {@link rrelu}, in PyTorch's order. */
export interface RReluOptions extends RandomOptions {
  /** The least slope. Default 1 / 8. */
  lower: number;
  /** The largest slope. Default 1 / 3. */
  upper: number;
  /** Draw a slope for each element, instead of taking the mean of the two. Default false. */
  training: boolean;
}

const rreluSpec: Spec<RReluOptions> = {
  ...{ lower: number().or(1 / 8), upper: number().or(1 / 3), training: boolean.or(false) },
  ...randomSpec,
};

/**
 * x where positive, a slope times x elsewhere. In training each element has its own slope, uniform in [lower, upper);
 * otherwise all have (lower + upper) / 2. Xu et al. 2015.
 * @returns the shape and dtype of x
 * @throws ArgumentError unless lower <= upper; DTypeError for integers
 */
export function rrelu(x: Tensor, ...options: Arguments<RReluOptions>): Tensor {
  const { lower, upper, training, generator } = readArguments('rrelu', rreluSpec, options);
  checkFloat('rrelu', x);
  if (!(lower <= upper)) throw new ArgumentError(`[rrelu] lower ${lower} is above upper ${upper}`);
  if (!training) return leakyRelu(x, (lower + upper) / 2);
  const slopes = add(mul(rand(x.shape, { dtype: x.dtype, device: x.device, generator }), upper - lower), lower);
  return where(gt(x, 0), x, mul(x, slopes));
}

/** {@link rrelu} in place. */
export const rrelu_: typeof rrelu = inPlaceOf('rrelu_', rrelu);

/** Options of {@link gumbelSoftmax}, in PyTorch's order. */
export interface GumbelSoftmaxOptions extends RandomOptions {
  /** Temperature: near 0 the results are nearly one-hot. Default 1. */
  tau: number;
  /** Return one-hot vectors; gradients are those of the soft ones (straight through). Default false. */
  hard: boolean;
  /** Accepted in its place for PyTorch's sake, where it has no effect any more. */
  eps: number;
  /** The dimension of the classes. Default -1. */
  dim: number;
}

const gumbelSpec: Spec<GumbelSoftmaxOptions> = {
  ...{ tau: number({ above: 0 }).or(1), hard: boolean.or(false), eps: number().or(1e-10), dim: axis.or(-1) },
  ...randomSpec,
};

/**
 * Samples of the Gumbel-softmax distribution: softmax((logits + g) / tau) with g = -log(-log(u)) for uniform u. The
 * largest entry is at class k with the probability that softmax(logits) gives k. Jang et al. 2017, Maddison et al. 2017.
 * @returns the shape and dtype of the logits; sums to 1 along `dim`
 * @throws ArgumentError unless tau is positive; DTypeError for integers; IndexError for a dimension that is not there
 */
export function gumbelSoftmax(logits: Tensor, ...options: Arguments<GumbelSoftmaxOptions>): Tensor {
  const { tau, hard, dim, generator } = readArguments('gumbelSoftmax', gumbelSpec, options);
  checkFloat('gumbelSoftmax', logits);
  const along = checkAxis('gumbelSoftmax', dim, logits.ndim);
  const e = exponential(logits.shape, 1, { dtype: logits.dtype, device: logits.device, generator });
  // An exponential number can be 0, whose logarithm would make the whole line NaN.
  const soft = softmax(div(sub(logits, log(clampMin(e, 1e-10))), tau), along);
  if (!hard) return soft;
  const top = argmax(soft, along, { keepdim: true });
  const oneHot = logits.ndim === 0 ? add(zerosLike(soft), 1) : scatter(zerosLike(soft), along, top, 1);
  return add(sub(oneHot, soft.detach()), soft);
}
