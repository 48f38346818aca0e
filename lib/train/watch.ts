/** @file Failures of steps that are queued, noticed while an epoch goes on: some epochs take hours. */

// Milliseconds between two looks.
const lookEvery = 1000;

/** Looks now and then, while the next steps are made, whether something has failed. */
export class Watch {
  private last = performance.now();
  private looking = false;
  private failure: { error: unknown } | undefined;

  /** @param read - is rejected if something has failed */
  constructor(private readonly read: () => Promise<unknown>) {}

  /** After each step. Waits for nothing. @throws what has failed, a while ago */
  look(): void {
    if (this.failure) throw this.failure.error;
    if (this.looking || performance.now() - this.last < lookEvery) return;
    this.looking = true;
    this.read().then(
      () => {
        this.looking = false;
        this.last = performance.now();
      },
      (error: unknown) => (this.failure = { error }),
    );
  }
}
