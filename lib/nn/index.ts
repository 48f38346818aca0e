/** @file Modules and layers. */
import { symbolicRoom } from '../core/symbol-functions';
import * as functionalRoom from './functional';

export { Module } from './module';
export type {
  BackwardHook,
  BackwardPreHook,
  ForwardHook,
  ForwardHookOptions,
  ForwardPreHook,
  Gradients,
  HookHandle,
} from './hooks';
export type { LoadResult, StateDict, StateDictOptions } from './module';
export { Parameter, UninitializedBuffer, UninitializedParameter } from './parameter';
export * from './containers';
export {
  Identity,
  Linear,
  type LinearArguments,
  type LinearOptions,
  type LinearSizes,
  type WeightOptions,
} from './linear';
export { Bilinear } from './bilinear';
export * from './lazy';
export * from './lazy-channels';
export type { ActivationLike, ActivationName } from './activation-names';
export {
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvArguments,
  type ConvSettings,
  type ConvSizes,
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeArguments,
  type ConvTransposeSettings,
  type PaddingMode,
} from './conv';
export * from './pooling';
export * from './fractional-pooling';
export * from './adaptive-softmax';
export {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  GroupNorm,
  type GroupNormSettings,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  LayerNorm,
  type LayerNormSettings,
  RMSNorm,
  type RmsNormSettings,
  type RunningNormArguments,
  type RunningNormSettings,
} from './normalization';
export { LocalResponseNorm } from './local-response';
export * from './resample';
export * from './shape-layers';
export * from './activations';
export { SiLU as Swish } from './activations';
export * from './dropout';
export * from './losses';
export * from './embedding';
export {
  GRU,
  LSTM,
  type LSTMOptions,
  RecurrentBase,
  type RecurrentOptions,
  type RecurrentSizes,
  RNN,
  type RNNOptions,
} from './recurrent';
export * from './cells';
export {
  type HeadSizes,
  KVCache,
  MultiheadAttention,
  type MultiheadAttentionOptions,
  type MultiheadCallOptions,
} from './attention';
export {
  type DecoderMasks,
  type EncoderMasks,
  type TransformerActivation,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
  type TransformerSizes,
} from './transformer-layers';
export * from './transformer';
export * from './positions';
export * as functional from './functional';
export * as init from './init';
export * as utils from './utils';

// Functions that take symbols too, in the place of the plain ones.
Object.assign(exports as object, { functional: symbolicRoom(functionalRoom, 'nn.functional.') });
