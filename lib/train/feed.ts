/** @file The batches of epochs: a pass over the data each, or some steps of it. */
import { ArgumentError } from '../core/errors';
import { StepsInFlight } from '../core/turn';
import { type Batch, type Source } from './source';

/** Gives epochs of a source. */
export class Feed {
  // Of the pass under way: with a number of steps, an epoch goes on where the one before stopped.
  private pass: AsyncIterator<Batch> | undefined;

  constructor(
    private readonly op: string,
    private readonly source: Source,
    private readonly steps: number | undefined,
  ) {}

  async *epoch(): AsyncGenerator<Batch, void, undefined> {
    const pace = this.source.paced ? undefined : new StepsInFlight();
    let given = 0;
    let begun = false;
    try {
      while (this.steps === undefined || given < this.steps) {
        begun ||= !this.pass;
        this.pass ??= this.source.pass();
        const before = given;
        const { done, value } = await this.pass.next();
        if (!done) {
          given++;
          yield value;
          await pace?.next();
          continue;
        }
        this.pass = undefined;
        if (this.steps === undefined) break;
        if (begun && before === 0) break;
      }
    } finally {
      if (this.steps === undefined) await this.close();
    }
    if (given === 0)
      throw new ArgumentError(
        `[${this.op}] the data gave no batch; an iterator can be gone through once: pass something that can be looped over again, or stepsPerEpoch`,
      );
  }

  /** Ends the pass under way: what it holds is given back. */
  async close(): Promise<void> {
    const pass = this.pass;
    this.pass = undefined;
    await pass?.return?.();
  }
}
