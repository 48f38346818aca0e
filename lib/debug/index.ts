/** @file Diagnosis: why a network does not learn, and what to do about it. */
export { Report } from './report';
export { overfitBatch, type OverfitBatch, type OverfitBatchOptions } from './overfit-batch';
export { trace, type Trace, type TraceRow } from './trace';
export type { TrialOptions } from './trial';
export { deadReLU, saturation, type SaturationOptions, type Units, type UnitsRow } from './activations';
export { detectAnomaly } from './detect-anomaly';
export { findNaN, type FindNaN, type FindNaNOptions, type NaNPlace, type NaNRow } from './find-nan';
export { gradients, type Gradients, type GradientRow, type GradientsOptions, type GradientVerdict } from './gradients';
export { findLearningRate, type FindLearningRateOptions, type LearningRates } from './find-learning-rate';
export type { Finding, Severity } from './finding';
export { inspect, type Inspection, type InspectOptions } from './inspect';
export type { Cause } from './causes';
export { type Check, diagnose, type Diagnosis, type DiagnoseOptions } from './diagnose';
export type { Symptom } from './diagnose-verdict';
