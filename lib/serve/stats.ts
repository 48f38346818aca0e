/** @file What a batcher has done, and how long the latest requests took. */

/** What a batcher has done. Times are of the latest 4,096 answers, in ms from call to answer; NaN before the first. */
export interface BatcherStats {
  /** Examples answered. */
  requests: number;
  batches: number;
  /** Examples per batch, on average; 0 before the first. */
  meanBatch: number;
  /** Half of the answers took at most that long. */
  p50: number;
  /** 99 of 100 answers took at most that long. */
  p99: number;
  /** Examples that wait for their batch. */
  queued: number;
}

/** A window over the latest values. */
export class Latencies {
  private readonly values: Float64Array;
  private count = 0;

  /** @param size - how many values it remembers */
  constructor(size: number) {
    this.values = new Float64Array(size);
  }

  add(value: number): void {
    this.values[this.count++ % this.values.length] = value;
  }

  /** Values below which these shares of the window lie (nearest rank); NaN while there are none. */
  quantiles(...shares: number[]): number[] {
    const sorted = this.values.slice(0, Math.min(this.count, this.values.length)).sort();
    return shares.map((q) => sorted[Math.max(Math.ceil(q * sorted.length) - 1, 0)] ?? NaN);
  }
}
