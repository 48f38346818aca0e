/** @file Who looks at every kernel call: for diagnosis. As long as nobody does, a call pays one test. */
import type { Storage } from './storage';

/** A kernel call as watchers see it. */
export interface WatchedCall {
  /** The operation as the user called it, or the kernel's own name where none was entered. */
  op: string;
  /** A letter for each of `values`: r, R: memory that is read (capitals: lists); w: written; m, M, S: both; n, i, b: numbers, and p, P those that change from step to step; d, I: lists. */
  letters: readonly string[];
  values: readonly unknown[];
}

/** Sees all calls of this environment. What it calls itself, nobody sees. */
export interface Watcher {
  /** Has to call `run` once. What it throws, the operation throws. */
  call?(call: WatchedCall, run: () => void): void;
  /**
   * After a call was made; cheap. `op` is the number of the operation ({@link opName}); the list of values is the
   * watcher's.
   */
  ran?(kernel: string, op: number, letters: readonly string[], values: unknown[]): void;
  /** New memory, before anything is written into it. */
  made?(storage: Storage): void;
  /** JavaScript was held up for so many ms. */
  waited?(ms: number): void;
}

/** The one to tell, or undefined. */
export const watching: { by: Watcher | undefined } = { by: undefined };

let watchers: readonly Watcher[] = [];

// One for all of them. It has no `call` unless one of them has, which is the costly one.
function together(): Watcher | undefined {
  if (watchers.length < 2) return watchers[0];
  const all = watchers;
  const callers = all.filter((w) => w.call);
  return {
    ...(callers.length > 0 && {
      call: (call: WatchedCall, run: () => void): void =>
        callers.reduce((inner, w) => () => w.call!(call, inner), run)(),
    }),
    ran: (kernel, op, letters, values) => all.forEach((w) => w.ran?.(kernel, op, letters, values.slice())),
    made: (storage) => all.forEach((w) => w.made?.(storage)),
    waited: (ms) => all.forEach((w) => w.waited?.(ms)),
  };
}

/** Lets `watcher` look until the function that is returned is called. */
export function watch(watcher: Watcher): () => void {
  watchers = [...watchers, watcher];
  watching.by = together();
  return () => {
    watchers = watchers.filter((w) => w !== watcher);
    watching.by = together();
  };
}

/** Runs `fn` unwatched. */
export function unwatched(fn: () => void): void {
  const { by } = watching;
  watching.by = undefined;
  try {
    fn();
  } finally {
    watching.by = by;
  }
}

/** Runs `block`, which holds JavaScript up, and tells whoever looks for how long. */
export function waiting(block: () => void): void {
  const { by } = watching;
  if (!by?.waited) return block();
  const before = performance.now();
  try {
    block();
  } finally {
    by.waited(performance.now() - before);
  }
}
