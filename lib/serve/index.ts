/** @file Answering requests with a model. */
export type { OutputKind } from './answers';
export { batcher } from './batcher';
export type { Batcher, BatcherOptions, BatcherCloseOptions, PredictOptions } from './batcher';
export type { InputShapes } from './example';
export type { BatcherStats } from './stats';
