/** @file Datasets and loaders. */
export { collate } from './collate';
export type { Collated, CollatedField } from './collate';
export { ConcatDataset, Subset, TensorDataset } from './dataset';
export type { Dataset } from './dataset';
export { DataLoader } from './loader';
export type { DataLoaderOptions } from './loader';
export { randomSplit } from './randomSplit';
export { readIdx } from './idx';
