/** @file The DataLoader: batches of a dataset, for `for await` and `for` loops. */
import { readOptions } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { fn, integer, Param } from '../core/params';
import { type Generator as RandomGenerator } from '../core/random';
import { describe } from '../core/shape';
import { turnIfDue } from '../core/turn';
import { openDevices, streamReached } from '../native';
import { type Collated } from './collate';
import { batchOf, checkDataset, checkIndices, type Dataset } from './dataset';
import { ascending, generatorOf, positions, type SeedOptions, seedSpec, shuffled } from './sampler';

/** Settings of a {@link DataLoader}. */
export interface DataLoaderOptions<T, B, R> extends SeedOptions {
  /** Examples per batch, default 1. */
  batchSize?: number;
  /** Visit the examples in another random order each time, default false. */
  shuffle?: boolean;
  /** Leave out a last batch that is smaller, default false. */
  dropLast?: boolean;
  /** The positions to visit, in this order; instead of `shuffle`. */
  sampler?: Iterable<number>;
  /** Makes a batch from examples. Default: {@link collate}. */
  collate?: (examples: T[]) => B;
  /** Changes each batch, e.g. augments it or moves it to a device. */
  transform?: (batch: B) => R | Promise<R>;
}

// Kernels of this many steps may be queued while the next batch is made.
const stepsInFlight = 2;
/** Resolves when everything queued so far, on every device, is done. */
async function allReached(): Promise<void> {
  for (const d of openDevices()) await streamReached(d);
}

const iterable = new Param<Iterable<number>>('iterable', (v, op, name) => {
  if (typeof (v as Partial<Iterable<number>> | null)?.[Symbol.iterator] === 'function') return v as Iterable<number>;
  throw new ArgumentError(`[${op}] ${name} must be iterable, got ${describe(v)}`);
});
const loaderSpec = {
  batchSize: integer({ least: 1 }).or(1),
  shuffle: false,
  dropLast: false,
  sampler: iterable.optional(),
  collate: fn().optional(),
  transform: fn().optional(),
  ...seedSpec,
};

/**
 * Batches of a dataset: `for await (const [x, y] of loader)`. Each loop visits all examples once. A `for await` loop
 * keeps the event loop free: it waits by promise while more than two steps are queued. A plain `for` loop works too.
 */
export class DataLoader<T, B = Collated<T>, R = B> implements AsyncIterable<R>, Iterable<R> {
  readonly batchSize: number;
  private readonly generator: RandomGenerator | undefined;

  constructor(
    readonly dataset: Dataset<T, B>,
    private readonly options: DataLoaderOptions<T, B, R> = {},
  ) {
    checkDataset('DataLoader', dataset);
    const o = readOptions('DataLoader', loaderSpec, options as object);
    const { batchSize, shuffle, sampler } = o;
    if (sampler && shuffle) throw new ArgumentError('[DataLoader] a sampler decides the order; leave out shuffle');
    this.batchSize = batchSize;
    this.generator = generatorOf('DataLoader', o);
  }

  /** The number of batches. */
  get length(): number {
    const { sampler, dropLast } = this.options;
    const n = sampler ? [...sampler].length : this.dataset.length;
    return dropLast ? Math.floor(n / this.batchSize) : Math.ceil(n / this.batchSize);
  }

  // The given order, or undefined when it has to be drawn.
  private fixedOrder(): Int32Array | undefined {
    const { sampler, shuffle } = this.options;
    if (sampler) {
      const order = Array.from(sampler);
      checkIndices('DataLoader', order, this.dataset.length);
      return Int32Array.from(order);
    }
    return shuffle ? undefined : ascending(this.dataset.length);
  }

  private *batches(order: Int32Array): Generator<R | Promise<R>> {
    const { dropLast, collate, transform } = this.options;
    for (let i = 0; i < order.length; i += this.batchSize) {
      const indices = order.slice(i, i + this.batchSize);
      if (dropLast && indices.length < this.batchSize) return;
      const batch = batchOf(this.dataset, indices, collate);
      if (!transform) yield batch as unknown as R | Promise<R>;
      else yield batch instanceof Promise ? batch.then(transform) : transform(batch);
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, undefined> {
    const order = this.fixedOrder() ?? positions(await shuffled(this.dataset.length, this.generator).data());
    const queued: Promise<void>[] = [];
    try {
      for (const batch of this.batches(order)) {
        yield await batch;
        // The caller has queued a step. Its failure is reported where it is awaited, here or in `finally`.
        const step = allReached();
        step.catch(() => {});
        queued.push(step);
        if (queued.length > stepsInFlight) await queued.shift();
        await turnIfDue();
      }
    } finally {
      await Promise.all(queued);
    }
  }

  *[Symbol.iterator](): Generator<R, void, undefined> {
    const order = this.fixedOrder() ?? positions(shuffled(this.dataset.length, this.generator).dataSync());
    for (const batch of this.batches(order)) {
      if (batch instanceof Promise) {
        batch.catch(() => {});
        throw new ArgumentError('[DataLoader] this dataset or transform is asynchronous; use for await');
      }
      yield batch;
    }
  }
}
