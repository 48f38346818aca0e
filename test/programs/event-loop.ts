/** @file How long the event loop is kept waiting. Used by tests and benches. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Delays in milliseconds. */
export interface Delay {
  p50: number;
  p99: number;
  max: number;
}

/** The delay of a timer of 1 ms while `run` is under way. */
export async function delayOf(run: () => Promise<void>): Promise<Delay> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await run();
  histogram.disable();
  return {
    p50: histogram.percentile(50) / 1e6,
    p99: histogram.percentile(99) / 1e6,
    max: histogram.max / 1e6,
  };
}

/** A predicate that holds for so many milliseconds. */
export function within(ms: number): () => boolean {
  const end = performance.now() + ms;
  return () => performance.now() < end;
}

/** What this machine gives now to a loop that does nothing but be busy for 2 ms at a time. */
export const delayOfBusyLoop = (ms: number): Promise<Delay> =>
  delayOf(async () => {
    for (const more = within(ms); more();) {
      for (const turn = within(2); turn(););
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
