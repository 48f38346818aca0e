/** @file Optimizers. */
export { Optimizer } from './optimizer';
export type { GroupInput, OptimizerState, ParamGroup, Params, ParamState } from './optimizer';
export { SGD, type SGDOptions } from './sgd';
export { Adam, AdamW, type AdamOptions } from './adam';
