/**
 * @file Turns of the event loop. An `await` of a promise that is settled never lets timers and sockets run, so a loop of
 * fast reads would starve them: what is awaited in loops (reads, batches) gives a real turn every few milliseconds.
 */

// Milliseconds after which timers and sockets get a turn.
const turnEvery = 2;

let last = performance.now();

/** Resolves at once, or, when the last turn is a while ago, after the event loop has had one. */
export function turnIfDue(): Promise<void> | undefined {
  if (performance.now() - last <= turnEvery) return undefined;
  return new Promise((resolve) =>
    setImmediate(() => {
      last = performance.now();
      resolve();
    }),
  );
}
