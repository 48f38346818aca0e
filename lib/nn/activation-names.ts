/** @file Activations by name, as Keras and PyTorch's transformer layers take them. */
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';
import { type Tensor } from '../core/tensor';
import {
  celu,
  elu,
  gelu,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  logSigmoid,
  mish,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softplus,
  softsign,
} from '../ops/layers/activations';
import { exp, tanh } from '../ops/elementwise/math';
import { logSoftmax, softmax } from '../ops/layers/softmax';
import { Module } from './module';

const byName = {
  linear: (x: Tensor): Tensor => x,
  relu: (x: Tensor): Tensor => relu(x),
  relu6: (x: Tensor): Tensor => relu6(x),
  leakyRelu: (x: Tensor): Tensor => leakyRelu(x),
  elu: (x: Tensor): Tensor => elu(x),
  celu: (x: Tensor): Tensor => celu(x),
  selu: (x: Tensor): Tensor => selu(x),
  gelu: (x: Tensor): Tensor => gelu(x),
  silu: (x: Tensor): Tensor => silu(x),
  swish: (x: Tensor): Tensor => silu(x),
  mish: (x: Tensor): Tensor => mish(x),
  sigmoid: (x: Tensor): Tensor => sigmoid(x),
  logSigmoid: (x: Tensor): Tensor => logSigmoid(x),
  hardsigmoid: (x: Tensor): Tensor => hardsigmoid(x),
  hardswish: (x: Tensor): Tensor => hardswish(x),
  hardtanh: (x: Tensor): Tensor => hardtanh(x),
  tanh: (x: Tensor): Tensor => tanh(x),
  softplus: (x: Tensor): Tensor => softplus(x),
  softsign: (x: Tensor): Tensor => softsign(x),
  exponential: (x: Tensor): Tensor => exp(x),
  softmax: (x: Tensor): Tensor => softmax(x, -1),
  logSoftmax: (x: Tensor): Tensor => logSoftmax(x, -1),
} as const;

/** The name of an activation. Softmax and logSoftmax go along the last dimension. */
export type ActivationName = keyof typeof byName;

/** An activation: by name, as a function, or as a layer. */
export type ActivationLike = ActivationName | ((x: Tensor) => Tensor) | Module;

/** The function that `activation` stands for; the identity for null. */
export function activationOf(op: string, activation: ActivationLike | null): (x: Tensor) => Tensor {
  if (activation === null) return byName.linear;
  if (typeof activation === 'function') return activation;
  if (activation instanceof Module) return (x) => activation.forward(x) as Tensor;
  if (typeof activation === 'string' && Object.hasOwn(byName, activation)) return byName[activation];
  throw new ArgumentError(
    `[${op}] unknown activation ${describe(activation)}; a function, a layer, or one of ${Object.keys(byName).join(', ')}`,
  );
}

/** How an activation is printed: its name, or nothing for none and for the identity. */
export function activationLabel(activation: ActivationLike | null): string {
  if (activation === null || activation === 'linear') return '';
  if (typeof activation === 'string') return activation;
  return typeof activation === 'function' ? activation.name || 'function' : String(activation);
}
