/** @file All operations. A new family is one file and one line here. */
export * from './create';
export * from './cast';
export * from './arithmetic';
export * from './where';
export * from './math';
export * from './binary';
export * from './activations';
export * from './softmax';
export * from './erfinv';
export * from './random';
export * from './dropout';
export * from './reduce';
export * from './views';
export * from './matmul';
export * from './read';
import './to';
export type { Target } from './to';
