/** @file Whether operations are recorded for backward now. */
import { ArgumentError, AutogradError } from './errors';
import { describe } from './shape';

let enabled = true;

/** Whether operations are recorded now. */
export const isGradEnabled = (): boolean => enabled;

/** What a function gives that ends when it returns: R, and no promise, which does not compile. */
export type Synchronous<R> = R extends PromiseLike<unknown> ? never : R;

function withGrad<R>(on: boolean, fn: () => R, name: string): R {
  if (typeof fn !== 'function') throw new ArgumentError(`[${name}] expected a function, got ${describe(fn)}`);
  const before = enabled;
  enabled = on;
  let result: R;
  try {
    result = fn();
  } finally {
    enabled = before;
  }
  if (result instanceof Promise)
    throw new AutogradError(
      `[${name}] the function must be synchronous: grad mode ends when it returns, not when its promise settles`,
    );
  return result;
}

/**
 * Runs `fn` without recording operations: no memory for backward, no gradients.
 * @throws AutogradError if `fn` is asynchronous, which does not compile: the mode ends when it returns
 */
export const noGrad = <R>(fn: () => Synchronous<R>): R => withGrad<R>(false, fn, 'noGrad');

/** Runs `fn` with recording on, also inside {@link noGrad}. */
export const enableGrad = <R>(fn: () => Synchronous<R>): R => withGrad<R>(true, fn, 'enableGrad');

/** Switches recording on or off until further notice. */
export function setGradEnabled(on: boolean): void {
  if (typeof on !== 'boolean') throw new ArgumentError(`[setGradEnabled] expected a boolean, got ${describe(on)}`);
  enabled = on;
}
