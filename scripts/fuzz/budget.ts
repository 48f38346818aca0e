/** @file How much a part of the fuzzer does: an amount, which is the same on every machine, what it can in a time, or what comes first. */

export interface Budget {
  /** Whether there is more to do after so many programs, files, kills or workers. */
  more(done: number): boolean;
  /** Until when (milliseconds of `Date.now`) what was found may be made short. */
  readonly until: number;
}

/** `n` of them, but none begun after `until`; see {@link Budget}. */
export const budgetOf = (n = Infinity, until = Infinity): Budget => ({
  more: (done) => done < n && Date.now() < until,
  until: until + 20_000,
});
