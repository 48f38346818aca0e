/** @file Who looks at every kernel call: for diagnosis. As long as nobody does, a call pays one test. */
import type { Storage } from './storage';

/** A kernel call as watchers see it. */
export interface WatchedCall {
  /** The operation as the user called it, or the kernel's own name where none was entered. */
  op: string;
  /** A letter for each of `values`: r, R: memory that is read (capitals: lists); w: written; m, M, S: both; n, N: numbers. */
  letters: readonly string[];
  values: readonly unknown[];
}

/** Sees all calls of this environment. What it calls itself, nobody sees. */
export interface Watcher {
  /** Has to call `run` once. What it throws, the operation throws. */
  call(call: WatchedCall, run: () => void): void;
  /** New memory, before anything is written into it. */
  made(storage: Storage): void;
}

/** The one to tell, or undefined. */
export const watching: { by: Watcher | undefined } = { by: undefined };

const watchers = new Set<Watcher>();
const everyone: Watcher = {
  call(call, run) {
    let inner = run;
    for (const w of watchers) {
      const next = inner;
      inner = () => w.call(call, next);
    }
    inner();
  },
  made(storage) {
    for (const w of watchers) w.made(storage);
  },
};

/** Lets `watcher` look until the function that is returned is called. */
export function watch(watcher: Watcher): () => void {
  watchers.add(watcher);
  watching.by = everyone;
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) watching.by = undefined;
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
