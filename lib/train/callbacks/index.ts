/** @file Callbacks. */
export { BackupAndRestore, type BackupAndRestoreOptions } from './backup-and-restore';
export { Callback, type EventName, type TrainingParams } from './callback';
export { CSVLogger, type CSVLoggerOptions } from './csv-logger';
export { EarlyStopping, type EarlyStoppingOptions } from './early-stopping';
export { ExponentialMovingAverage, type MovingAverageOptions } from './exponential-moving-average';
export { HTMLReport } from './html-report';
export { Lambda, type LambdaOptions } from './lambda';
export { LearningRateScheduler, type RateOfEpoch } from './learning-rate-scheduler';
export { ModelCheckpoint, type ModelCheckpointOptions } from './model-checkpoint';
export type { MonitorMode, MonitorOptions } from './monitor';
export type { HParams } from './hparams';
export { ProgressBar, type ProgressBarOptions } from './progress-bar';
export { type PlateauOptions, ReduceLROnPlateau } from './reduce-lr-on-plateau';
export { TensorBoard, type TensorBoardOptions } from './tensor-board';
export { TerminateOnNaN } from './terminate-on-nan';
