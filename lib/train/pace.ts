/** @file The pace of a loop of steps: kernels are queued ahead, but not without end, and the event loop has its turns. */
import { turnIfDue } from '../core/turn';
import { openDevices, streamReached } from '../native';

// Steps whose kernels may be queued while the next one is made, as in the DataLoader.
const stepsAhead = 2;

async function allReached(): Promise<void> {
  for (const d of openDevices()) await streamReached(d);
}

/** Call {@link next} after each step. */
export class Pace {
  private readonly queued: Promise<void>[] = [];

  async next(): Promise<void> {
    const step = allReached();
    // Reported where it is awaited.
    step.catch(() => {});
    this.queued.push(step);
    if (this.queued.length > stepsAhead) await this.queued.shift();
    await turnIfDue();
  }
}
