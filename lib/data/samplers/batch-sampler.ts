/** @file Positions in batches. */
import { type InOrderOrByName, readArguments } from '../../core/arguments';
import { ArgumentError } from '../../core/errors';
import { iterable, positive } from '../../core/params';
import { type RngState } from '../../core/random';
import { samplerState } from '../sampler-state';

interface BatchSamplerOptions {
  batchSize: number;
  /** Leave out a last batch that is smaller. Default false. */
  dropLast?: boolean | undefined;
}

const batchSpec = { batchSize: positive, dropLast: false };

/**
 * The positions of another sampler in batches, for the option `batchSampler` of a {@link DataLoader}.
 *
 * @example
 * ```ts
 * [...new data.BatchSampler(new data.SequentialSampler({ length: 5 }), 2)];     // [[0, 1], [2, 3], [4]]
 * ```
 */
export class BatchSampler implements Iterable<number[]> {
  readonly batchSize: number;
  readonly dropLast: boolean;

  /** @param sampler - positions; any other list of them does too */
  constructor(
    readonly sampler: Iterable<number>,
    ...options: InOrderOrByName<[batchSize: number, dropLast?: boolean], BatchSamplerOptions>
  ) {
    iterable<number>().check('BatchSampler', 'sampler', sampler);
    const o = readArguments('BatchSampler', batchSpec, options);
    this.batchSize = o.batchSize;
    this.dropLast = o.dropLast;
  }

  /** How many batches an epoch has. @throws ArgumentError if the sampler does not say its length */
  get length(): number {
    const { length } = this.sampler as { length?: unknown };
    if (!Number.isSafeInteger(length))
      throw new ArgumentError('[BatchSampler] the sampler has no length, so the number of batches is not known');
    return this.dropLast
      ? Math.floor((length as number) / this.batchSize)
      : Math.ceil((length as number) / this.batchSize);
  }

  *[Symbol.iterator](): Iterator<number[], void, undefined> {
    let batch: number[] = [];
    for (const i of this.sampler) {
      batch.push(i);
      if (batch.length < this.batchSize) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0 && !this.dropLast) yield batch;
  }

  /** The sampler's. */
  stateDict(): RngState | null {
    return samplerState(this.sampler).take();
  }

  /** Gives the sampler its state. */
  loadStateDict(state: RngState | null): void {
    samplerState(this.sampler).give(state);
  }
}
