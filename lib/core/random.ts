/**
 * @file Where random numbers come from: a generator is a seed and a counter. Every call takes a range of counters, so
 * that no two calls see the same numbers, and kernels compute number i of a range from (seed, counter + i) alone
 * (Philox): the same for any number of threads.
 */
import { randomBytes } from 'node:crypto';
import { ArgumentError } from './errors';
import { describe } from './shape';

/** The state of a generator; plain data, to be stored with a checkpoint. */
export interface RngState {
  seed: number;
  offset: number;
}

function checkSeed(op: string, seed: unknown): number {
  if (!Number.isSafeInteger(seed)) throw new ArgumentError(`[${op}] a seed is a safe integer, got ${describe(seed)}`);
  return seed as number;
}

// 52 random bits.
const freshSeed = (): number => Number(randomBytes(8).readBigUInt64LE() >> 12n);

/** A source of random numbers of its own; pass it as `{ generator }`. Without a seed it is seeded from the system. */
export class Generator {
  private key: number;
  private counter = 0;

  constructor(seed?: number) {
    this.key = seed === undefined ? freshSeed() : checkSeed('Generator', seed);
  }

  /** Starts afresh from a seed. */
  manualSeed(seed: number): this {
    this.key = checkSeed('manualSeed', seed);
    this.counter = 0;
    return this;
  }

  /** Starts afresh from a seed of the system, which is returned. */
  seed(): number {
    this.manualSeed(freshSeed());
    return this.key;
  }

  /** The seed in use. */
  initialSeed(): number {
    return this.key;
  }

  getState(): RngState {
    return { seed: this.key, offset: this.counter };
  }

  setState(state: RngState): void {
    const offset = state?.offset;
    if (!Number.isSafeInteger(offset) || offset < 0)
      throw new ArgumentError(`[setState] expected { seed, offset }, got ${describe(state)}`);
    this.key = checkSeed('setState', state.seed);
    this.counter = offset;
  }

  /**
   * @internal Where a kernel that makes `elements` random elements starts. It reads at most two of the four words of a
   * counter per element (native/ops/random/random_words.h), and nobody else gets those.
   */
  take(elements: number): RngState {
    const state = this.getState();
    this.counter += Math.floor(elements / 2) + 1;
    return state;
  }
}
