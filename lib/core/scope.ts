/**
 * @file Scopes: memory back at once. Nothing needs them (dead tensors are collected); they make the moment certain.
 */
import { ArgumentError } from './errors';
import type { Synchronous } from './grad-mode';
import { tensorHooks } from './hooks';
import { describe } from './shape';
import { needTensor, Tensor } from './tensor';

interface Scope {
  made: Tensor[];
  kept: Set<Tensor>;
  outer: Scope | undefined;
}

let current: Scope | undefined;

const created = (t: Tensor): void => void current!.made.push(t);

function enter(scope: Scope | undefined): void {
  current = scope;
  tensorHooks.created = scope ? created : undefined;
  tensorHooks.kept = scope ? keep : undefined;
}

/**
 * Keeps a tensor beyond all open scopes. Gradients of leaves, and leaves that require gradients, are kept without it.
 */
export function keep<T extends Tensor>(t: T): T {
  needTensor('keep', t);
  for (let s = current; s; s = s.outer) s.kept.add(t);
  return t;
}

// The tensors in a result: itself, or in arrays and plain objects.
function* tensorsIn(value: unknown, seen = new Set<unknown>()): Iterable<Tensor> {
  if (value instanceof Tensor) yield value;
  if (value instanceof Tensor || typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (Array.isArray(value)) for (const v of value) yield* tensorsIn(v, seen);
  else if (Object.getPrototypeOf(value) === Object.prototype)
    for (const v of Object.values(value)) yield* tensorsIn(v, seen);
}

/**
 * Runs `fn`, then disposes of the tensors made in it, except those it returns (also in arrays and plain objects),
 * those given to {@link keep}, leaves that require gradients, and gradients. A returned tensor cannot be
 * differentiated any more if the scope's tensors were needed for that.
 * @throws ArgumentError (ERR_INVALID_ARG) if `fn` is asynchronous, which does not compile: a scope ends when the function returns
 */
export function scope<R>(fn: () => Synchronous<R>): R {
  if (typeof fn !== 'function') throw new ArgumentError(`[scope] expected a function, got ${describe(fn)}`);
  const own: Scope = { made: [], kept: new Set(), outer: current };
  enter(own);
  let result: R;
  try {
    result = fn();
    if (result instanceof Promise)
      throw new ArgumentError('[scope] the function must be synchronous: a scope ends when it returns');
    for (const t of tensorsIn(result)) own.kept.add(t);
  } finally {
    enter(own.outer);
    for (const t of own.made) {
      if (own.kept.has(t) || (t.isLeaf && t.requiresGrad)) {
        own.outer?.made.push(t);
      } else t.dispose();
    }
  }
  return result;
}

/** Runs `fn` as if no scope were open: what it makes stays (state that is set up lazily). */
export function outsideScopes<R>(fn: () => R): R {
  const before = current;
  enter(undefined);
  try {
    return fn();
  } finally {
    enter(before);
  }
}
