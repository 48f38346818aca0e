/** @file The DataLoader: batches of a dataset, for `for await` and `for` loops. */
import { readOptions } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { elementsOf, fn, integer, iterable } from '../core/params';
import { Generator as RandomGenerator } from '../core/random';
import { currentGenerator } from '../core/random-state';
import { type Tensor } from '../core/tensor';
import { StepsInFlight } from '../core/turn';
import { type Collated } from './collate';
import { batchOf, checkDataset, type Dataset, indicesOf, lengthOf } from './dataset';
import { tensor } from '../ops/tensors/create';
import { checkLoaderState, type Epoch, type LoaderState } from './loader-state';
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
  // That of the last loop to begin, until it ends; or one that was loaded, until a loop goes on with it.
  private epoch: Epoch | undefined;

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

  /** How many batches of the epoch in progress have been given out; 0 between two epochs. */
  get position(): number {
    return this.epoch?.position ?? 0;
  }

  /**
   * Where the loader is: taken in the middle of a loop, the place in its epoch and what its order was drawn from;
   * otherwise that an epoch begins next. A loop that was left by `break` has ended.
   */
  stateDict(): LoaderState {
    const { epoch, generator } = this;
    return {
      examples: lengthOf('DataLoader', this.dataset),
      batchSize: this.batchSize,
      generator: generator ? generator.getState() : null,
      epoch: epoch ? { position: epoch.position, draw: epoch.draw, order: epoch.given && tensor(epoch.given) } : null,
    };
  }

  /**
   * Goes on where {@link stateDict} was taken: the next loop gives the batches that were left of that epoch.
   * @throws ArgumentError (ERR_STATE_DICT) if the state is of a loader of other settings; nothing is changed then
   */
  loadStateDict(state: LoaderState): void {
    const { sampler, shuffle } = this.options;
    const kind = sampler ? 'sampled' : shuffle ? 'shuffled' : 'ascending';
    const n = lengthOf('DataLoader', this.dataset);
    const { generator, epoch } = checkLoaderState(state, kind, n, this.batchSize, this.generator !== undefined);
    if (generator) this.generator!.setState(generator);
    this.epoch = epoch;
  }

  // A loop begins: a new epoch, or the one that was loaded.
  private begin(): Epoch {
    if (this.epoch?.loaded) return Object.assign(this.epoch, { loaded: false });
    const { sampler, shuffle } = this.options;
    const n = lengthOf('DataLoader', this.dataset);
    const given = sampler ? indicesOf('DataLoader', elementsOf('DataLoader', 'sampler', sampler), n) : null;
    const draw = shuffle ? (this.generator ?? currentGenerator()).take(n) : null;
    return (this.epoch = { position: 0, draw, given, loaded: false });
  }

  // The random order of an epoch. The generator itself has moved on when the epoch began.
  private drawn({ draw }: Epoch): Tensor {
    const generator = new RandomGenerator(0);
    generator.setState(draw!);
    return shuffled(lengthOf('DataLoader', this.dataset), generator);
  }

  private end(epoch: Epoch): void {
    if (this.epoch === epoch) this.epoch = undefined;
  }

  // The order of the epoch; undefined when it has to be drawn.
  private fixedOrder({ given, draw }: Epoch): Order | undefined {
    return given ?? (draw ? undefined : ascending(lengthOf('DataLoader', this.dataset)));
  }

  private *batches(order: Order, epoch: Epoch): Generator<R | Promise<R>> {
    const { dropLast, collate, transform } = this.options;
    for (let i = epoch.position * this.batchSize; i < order.length; i += this.batchSize) {
      const indices = order.slice(i, i + this.batchSize);
      if (dropLast && indices.length < this.batchSize) return;
      const batch = batchOf(this.dataset, indices, collate);
      if (!transform) yield batch as unknown as R | Promise<R>;
      else yield batch instanceof Promise ? batch.then(transform) : transform(batch);
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, undefined> {
    const epoch = this.begin();
    const steps = new StepsInFlight();
    try {
      const order = this.fixedOrder(epoch) ?? positions(await this.drawn(epoch).data());
      for (const made of this.batches(order, epoch)) {
        const batch = await made;
        epoch.position++;
        yield batch;
        // The caller has queued a step.
        await steps.next();
      }
    } finally {
      this.end(epoch);
      await steps.done();
    }
  }

  *[Symbol.iterator](): Generator<R, void, undefined> {
    const epoch = this.begin();
    try {
      const order = this.fixedOrder(epoch) ?? positions(this.drawn(epoch).dataSync());
      for (const batch of this.batches(order, epoch)) {
        if (batch instanceof Promise) {
          batch.catch(() => {});
          throw new ArgumentError('[DataLoader] this dataset or transform is asynchronous; use for await');
        }
        epoch.position++;
        yield batch;
      }
    } finally {
      this.end(epoch);
    }
  }
}
