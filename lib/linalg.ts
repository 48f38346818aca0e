/** @file `ng.linalg`: linear algebra under the names of torch.linalg. */
export * from './ops/linalg';
export { norm } from './ops/linalg/norms';
export { matmul } from './ops/matmul';
export { vander } from './ops/linalg/vander';
