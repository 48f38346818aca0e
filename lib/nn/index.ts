/** @file Modules and layers. */
export { Module } from './module';
export type { ForwardHook, ForwardPreHook, HookHandle, LoadResult, StateDict } from './module';
export { Parameter } from './parameter';
export * from './containers';
export { Identity, Linear, type LinearOptions, type WeightOptions } from './linear';
export * from './shape-layers';
export * from './activations';
export * from './dropout';
export * from './losses';
export * from './embedding';
export * from './recurrent';
export * from './cells';
export * from './attention';
export * from './positions';
export * as functional from './functional';
export * as init from './init';
export * as utils from './utils';
