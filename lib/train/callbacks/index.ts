/** @file Callbacks. */
export { BackupAndRestore, type BackupAndRestoreOptions } from './backup-and-restore';
export { Callback, type EventName, type TrainingParams } from './callback';
export { CSVLogger, type CSVLoggerOptions, type CSVLoggerState } from './csv-logger';
export { Dashboard, type DashboardOptions, type DashboardState } from './dashboard';
export { EarlyStopping, type EarlyStoppingOptions, type EarlyStoppingState } from './early-stopping';
export {
  ExponentialMovingAverage,
  type MovingAverageOptions,
  type MovingAverageState,
} from './exponential-moving-average';
export { HTMLReport, type HTMLReportOptions, type HTMLReportState } from './html-report';
export { Lambda, type LambdaOptions } from './lambda';
export { LearningRateScheduler, type RateOfEpoch } from './learning-rate-scheduler';
export { ModelCheckpoint, type ModelCheckpointOptions, type ModelCheckpointState } from './model-checkpoint';
export type { MonitorMode, MonitorOptions } from './monitor';
export { ProgressBar, type ProgressBarOptions } from './progress-bar';
export { type PlateauOptions, type PlateauState, ReduceLROnPlateau } from './reduce-lr-on-plateau';
export type { HParams } from './hparams';
export { TensorBoard, type TensorBoardOptions } from './tensor-board';
export { StatefulCallback } from './stateful';
export { TerminateOnNaN } from './terminate-on-nan';
