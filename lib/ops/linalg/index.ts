/** @file Linear algebra over batches of matrices (`ng.linalg`), as torch.linalg. */
export * from './solve';
export * from './factor';
export * from './spectral';
export * from './products';
export type { Named } from './parts';
