/** @file Optimizers. */
export { Optimizer } from './optimizer';
export type { GroupInput, OptimizerState, ParamGroup, Params, ParamState } from './optimizer';
export { SGD, type SGDOptions } from './sgd';
export { Adam, AdamW, type AdamOptions, type MomentsOptions } from './adam';
export { Adamax, LAMB, NAdam, RAdam } from './adam-kin';
export type { NAdamOptions, RAdamOptions } from './adam-kin';
export { Adadelta, Adagrad, RMSprop } from './rms';
export type { AdadeltaOptions, AdagradOptions, RMSpropOptions } from './rms';
export { Adafactor, Muon } from './matrices';
export type { AdafactorOptions, AdjustLr, MuonOptions } from './matrices';
export { ASGD, Lion, Rprop } from './sign';
export type { ASGDOptions, LionOptions, RpropOptions } from './sign';
export type { CommonOptions } from './fused';
export { LBFGS, type LBFGSOptions } from './lbfgs';
export * as lrScheduler from './lr';
export * as swaUtils from './averaging';
export { AveragedModel, ExponentialMovingAverage } from './averaging';
