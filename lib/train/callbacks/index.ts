/** @file Callbacks. */
export { BackupAndRestore, type BackupAndRestoreOptions } from './backupAndRestore';
export { Callback, type EventName, type TrainingParams } from './callback';
export { CSVLogger, type CSVLoggerOptions } from './csvLogger';
export { EarlyStopping, type EarlyStoppingOptions } from './earlyStopping';
export { ExponentialMovingAverage, type MovingAverageOptions } from './exponentialMovingAverage';
export { HTMLReport } from './htmlReport';
export { Lambda, type LambdaOptions } from './lambda';
export { LearningRateScheduler, type RateOfEpoch } from './learningRateScheduler';
export { ModelCheckpoint, type ModelCheckpointOptions } from './modelCheckpoint';
export type { MonitorMode, MonitorOptions } from './monitor';
export { ProgressBar, type ProgressBarOptions } from './progressBar';
export { type PlateauOptions, ReduceLROnPlateau } from './reduceLROnPlateau';
export { TensorBoard, type TensorBoardOptions } from './tensorBoard';
export { TerminateOnNaN } from './terminateOnNaN';
