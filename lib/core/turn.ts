/**
 * @file Turns of the event loop. An `await` of a promise that is settled never lets timers and sockets run, so a loop of
 * fast reads would starve them: what is awaited in loops (reads, batches) gives a real turn every few milliseconds. And
 * a loop that waits for nothing would queue steps without end: it waits while more than a few are queued.
 */
import { openDevices, streamReached } from '../native';

// Milliseconds after which timers and sockets get a turn.
const turnEvery = 2;
// Kernels of this many steps may be queued while the next step is made.
const stepsInFlight = 2;

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

/** Resolves when everything queued so far, on every device, is done. */
async function allReached(): Promise<void> {
  for (const d of openDevices()) await streamReached(d);
}

/** The steps of one loop that may not be done yet. */
export class StepsInFlight {
  private readonly queued: Promise<void>[] = [];

  /** After the loop has queued a step: waits while more than two are queued, and gives a turn if one is due. */
  async next(): Promise<void> {
    const step = allReached();
    // Reported where it is awaited.
    step.catch(() => {});
    this.queued.push(step);
    if (this.queued.length > stepsInFlight) await this.queued.shift();
    await turnIfDue();
  }

  /** Resolves when all are done. */
  async done(): Promise<void> {
    await Promise.all(this.queued);
  }
}

const steps = new StepsInFlight();

/**
 * For loops of one's own that read no values: gives the event loop its turn (timers, sockets, signals; at least every 2 ms)
 * and waits, without blocking, while more than two of the steps before are queued. A `for await` over a DataLoader and
 * `fit` do so by themselves.
 *
 * @example
 * for (let step = 0; step < 1000; step++) {
 *   trainStep();
 *   await ng.turn();
 * }
 */
export const turn = (): Promise<void> => steps.next();
