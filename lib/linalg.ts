/** @file `ng.linalg`: linear algebra under the names of torch.linalg. */
export * from './ops/linear/linalg';
export { eig, eigvals } from './ops/linear/linalg/eig';
export { lu, luFactor, type LuOptions, luSolve, type LuSolveOptions } from './ops/linear/linalg/lu';
export { norm } from './ops/linear/linalg/norms';
export { matmul } from './ops/linear/matmul';
export { vander } from './ops/linear/linalg/vander';
export { diagonal, tensorinv, tensorsolve } from './ops/linear/linalg/tensors';
