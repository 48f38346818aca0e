/** @file How much a part of the fuzzer does: an amount, which is the same on every machine, or what it can in a time. */

export interface Budget {
  /** Whether there is more to do after so many programs, files, kills or workers. */
  more(done: number): boolean;
  /** Until when (milliseconds of `Date.now`) what was found may be made short. */
  readonly until: number;
}

export const amount = (n: number): Budget => ({ more: (done) => done < n, until: Infinity });
export const time = (until: number): Budget => ({ more: () => Date.now() < until, until: until + 20_000 });
