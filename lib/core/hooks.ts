/** @file What scopes (scope.ts) listen to; apart, so that tensors and the engine need not know scopes. */
import type { Tensor } from './tensor';

/** Set while a scope is open: called for every new tensor, and for gradients of leaves, which outlive scopes. */
export const tensorHooks: { created: ((t: Tensor) => void) | undefined; kept: ((t: Tensor) => void) | undefined } = {
  created: undefined,
  kept: undefined,
};
