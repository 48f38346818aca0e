/** @file The DataLoader: batches of a dataset, for `for await` and `for` loops. */
import { readOptions } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { elementsOf, fn, integer, iterable } from '../core/params';
import { type Generator as RandomGenerator } from '../core/random';
import { StepsInFlight } from '../core/turn';
import { type Collated } from './collate';
import { batchOf, checkDataset, type Dataset, indicesOf, lengthOf } from './dataset';
import { ascending, generatorOf, type Order, positions, type SeedOptions, seedSpec, shuffled } from './sampler';

/** Settings of a {@link DataLoader}. */
export interface DataLoaderOptions<T, B, R> extends SeedOptions {
  /** Examples per batch, default 1. */
  batchSize?: number | undefined;
  /** Visit the examples in another random order each time, default false. */
  shuffle?: boolean | undefined;
  /** Leave out a last batch that is smaller, default false. */
  dropLast?: boolean | undefined;
  /** The positions to visit, in this order; instead of `shuffle`. */
  sampler?: Iterable<number> | undefined;
  /** Makes a batch from examples. Default: {@link collate}. */
  collate?: ((examples: T[]) => B) | undefined;
  /** Changes each batch, e.g. augments it or moves it to a device. */
  transform?: ((batch: B) => R | Promise<R>) | undefined;
}

const loaderSpec = {
  batchSize: integer({ least: 1 }).or(1),
  shuffle: false,
  dropLast: false,
  sampler: iterable<number>().optional(),
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
  private readonly options: DataLoaderOptions<T, B, R>;
  private readonly generator: RandomGenerator | undefined;

  constructor(
    readonly dataset: Dataset<T, B>,
    options: DataLoaderOptions<T, B, R> = {},
  ) {
    checkDataset('DataLoader', dataset);
    const o = readOptions('DataLoader', loaderSpec, options as object);
    this.options = o as DataLoaderOptions<T, B, R>;
    const { batchSize, shuffle, sampler } = o;
    if (sampler && shuffle) throw new ArgumentError('[DataLoader] a sampler decides the order; leave out shuffle');
    this.batchSize = batchSize;
    this.generator = generatorOf('DataLoader', o);
  }

  /** The number of batches. */
  get length(): number {
    const { sampler, dropLast } = this.options;
    const n = sampler ? [...sampler].length : lengthOf('DataLoader', this.dataset);
    return dropLast ? Math.floor(n / this.batchSize) : Math.ceil(n / this.batchSize);
  }

  // The given order, or undefined when it has to be drawn.
  private fixedOrder(): Order | undefined {
    const { sampler, shuffle } = this.options;
    const n = lengthOf('DataLoader', this.dataset);
    if (sampler) return indicesOf('DataLoader', elementsOf('DataLoader', 'sampler', sampler), n);
    return shuffle ? undefined : ascending(n);
  }

  private *batches(order: Order): Generator<R | Promise<R>> {
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
    const steps = new StepsInFlight();
    try {
      for (const batch of this.batches(order)) {
        yield await batch;
        await steps.next();
      }
    } finally {
      await steps.done();
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
