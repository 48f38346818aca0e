/** @file Training: `fit` and its kind. */
export * as callbacks from './callbacks';
export * as metrics from './metrics';
export type { BatchLogs, History, Logs, StepValues } from './logs';
export { type LossLike, type LossReduction, type NamedLoss, registerLoss } from './losses';
export { registerMetric } from './metrics/names';
export { Model } from './model';
export { type OptimizerLike, type OptimizerMaker, registerOptimizer } from './optimizers';
export { sequential, Sequential } from './sequential';
export type {
  CompileOptions,
  EvaluateOptions,
  FitOptions,
  PassOptions,
  Schedule,
  StopSignal,
  ValidationData,
  Verbosity,
} from './settings';
export type { Batch, Batches, Data } from './source';
export type { SummaryOptions } from './summary';
// Gives modules their summary().
import './summary';
export type { Arrays, ShapedArray, Tensors } from './tensors';
export { trainer, Trainer } from './trainer';
