/** @file Diagnosis: why a network does not learn, and what to do about it. */
export { Report } from './report';
export { overfitBatch, OverfitBatch, type OverfitBatchOptions } from './overfit-batch';
export { trace, Trace, type TraceRow } from './trace';
export type { TrialOptions } from './trial';
