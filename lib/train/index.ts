/** @file Training: `fit` and its kind. */
export * as callbacks from './callbacks';
export * as metrics from './metrics';
export type { BatchLogs, History, Logs, StepValues } from './logs';
export { lossNames, type LossLike, type LossReduction, type NamedLoss } from './losses';
export { metricNames } from './metrics/names';
export { Model } from './model';
export { type OptimizerLike, type OptimizerMaker, optimizerNames } from './optimizers';
export { sequential, Sequential } from './sequential';
export type {
  CompileOptions,
  EvaluateOptions,
  FitOptions,
  PassOptions,
  Schedule,
  ValidationData,
  Verbosity,
} from './settings';
export type { Batch, Batches, Data } from './source';
export { summary, type SummaryOptions } from './summary';
export { Table } from './table';
export type { Arrays, ShapedArray, Tensors } from './tensors';
export { trainer, Trainer } from './trainer';
