/** @file Public names of nodegrad. */
export * from './ops';
export { Tensor } from './core/tensor';
export type { GradHook } from './core/tensor';
export type { DType, TypedArray } from './core/dtype';
export type { Shape } from './core/shape';
export type { Device } from './core/device';
export { devices, setDefaultDevice } from './core/device';
export * from './core/errors';
export { grad, noGrad, enableGrad, isGradEnabled, setGradEnabled } from './core/autograd';
export type { BackwardOptions, GradOptions } from './core/autograd';
export * from './core/runtime';
export { Generator, getRngState, manualSeed, setRngState } from './core/random';
export type { RngState } from './core/random';
export * as nn from './nn';
export * as optim from './optim';
export * as data from './data';
export * as datasets from './data/datasets';
export { load, loadMetadata, save } from './io/safetensors';
