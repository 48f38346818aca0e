/** @file `ng.linalg`: linear algebra under the names of torch.linalg. */
export * from './ops/linalg';
export { eig, eigvals } from './ops/linalg/eig';
export { lu, luFactor, type LuOptions, luSolve, type LuSolveOptions } from './ops/linalg/lu';
export { norm } from './ops/linalg/norms';
export { matmul } from './ops/matmul';
export { vander } from './ops/linalg/vander';
export { diagonal, tensorinv, tensorsolve } from './ops/linalg/tensors';
