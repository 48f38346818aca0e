/** @file Linear algebra over batches of matrices (`ng.linalg`), as torch.linalg. */
export * from './solve';
export * from './factor';
export * from './spectral';
export * from './products';
export { cond, type MatrixOrder, matrixNorm, type NormOptions, vectorNorm } from './norms';
export type { Named } from './parts';
