/** @file The DataLoader: batches of a dataset, for `for await` and `for` loops. */
import { readOptions } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { elementsOf, fn, integer, iterable, positive } from '../core/params';
import { Generator as RandomGenerator } from '../core/random';
import { currentGenerator } from '../core/random-state';
import { type Tensor } from '../core/tensor';
import { StepsInFlight } from '../core/turn';
import { collate, type Collated } from './collate';
import { batchOf, checkDataset, type Dataset, indicesOf, isPromise, lengthOf } from './dataset';
import { inBatches, inBatchesNow, isIterableDataset, type IterableDataset, type Passing } from './iterated';
import { checkLoaderState, type Epoch, epochState, type LoaderState } from './loader-state';
import { ascending, generatorOf, type Order, positions, type SeedOptions, seedSpec, shuffled } from './sampler';
import { batchesOf, countOf, samplerState } from './sampler-state';
import { WorkerPool } from './workers/pool';
import { ahead, seedOf } from './workers/prefetch';
import { isMadeElsewhere, sourceOf } from './workers/source';

/** Settings of a {@link DataLoader}. */
export interface DataLoaderOptions<T, B, R> extends SeedOptions {
  /** Examples per batch, default 1. */
  batchSize?: number | undefined;
  /** Visit the examples in another random order each time, default false. */
  shuffle?: boolean | undefined;
  /** Leave out a last batch that is smaller, default false. */
  dropLast?: boolean | undefined;
  /** The positions to visit, in this order; instead of `shuffle`. A {@link Sampler} draws anew for each loop. */
  sampler?: Iterable<number> | undefined;
  /** The positions of each batch; instead of `batchSize`, `shuffle`, `sampler` and `dropLast`. */
  batchSampler?: Iterable<ArrayLike<number>> | undefined;
  /** Of examples that come one after the other: mixed in a buffer of so many. Default: they keep their order. */
  shuffleBuffer?: number | undefined;
  /**
   * Make batches in so many threads: of datasets of tensors, of those that a module makes ({@link fromModule}), and of what
   * is made of these. Images, MNIST, text and .npy files are read by kernels and in threads as they are; of them batches
   * are only begun ahead. The batches and their order do not depend on the number. Default 0: in this thread.
   */
  workers?: number | undefined;
  /** How many batches are made ahead. Default: two for each worker, else none. */
  prefetch?: number | undefined;
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
  batchSampler: iterable<ArrayLike<number>>().optional(),
  shuffleBuffer: positive.optional(),
  workers: integer({ least: 0, most: 256 }).or(0),
  prefetch: integer({ least: 0, most: 65_536 }).optional(),
  collate: fn().optional(),
  transform: fn().optional(),
  ...seedSpec,
};

// What does not go together, and why.
type Choices = Pick<
  DataLoaderOptions<never, never, never>,
  'sampler' | 'batchSampler' | 'shuffle' | 'shuffleBuffer' | 'workers' | 'prefetch'
> & { collate?: unknown };
function checkTogether(o: Choices, given: object, iterated: boolean): void {
  const { sampler, batchSampler, shuffle, shuffleBuffer, workers, prefetch } = o;
  const refuse = (why: string): never => {
    throw new ArgumentError(`[DataLoader] ${why}`);
  };
  if (iterated && (shuffle || sampler || batchSampler))
    refuse(
      'examples that come one after the other cannot be chosen by number: leave out shuffle, sampler and batchSampler; shuffleBuffer mixes them',
    );
  if (iterated && (workers || prefetch))
    refuse('examples that come one after the other are made where they come from: leave out workers and prefetch');
  if (workers && o.collate)
    refuse('collate cannot be sent to workers: give the dataset a getBatch, or change batches by transform');
  if (!iterated && shuffleBuffer) refuse('shuffleBuffer is for examples that come one after the other; use shuffle');
  if (sampler && shuffle) refuse('a sampler decides the order; leave out shuffle');
  const twice = ['batchSize', 'shuffle', 'sampler', 'dropLast'].find(
    (k) => (given as Record<string, unknown> | null)?.[k],
  );
  if (batchSampler && twice) refuse(`a batchSampler decides the batches; leave out ${twice}`);
}

// Nobody can ask for another batch of a loader that is gone.
const forgotten = new FinalizationRegistry<WorkerPool>((pool) => void pool.close());

/**
 * Batches of a dataset: `for await (const [x, y] of loader)`. Each loop visits all examples once. A `for await` loop
 * keeps the event loop free: it waits by promise while more than two steps are queued. A plain `for` loop works too.
 *
 * Instead of a dataset, examples that come one after the other may be given, also without end: a generator function, a
 * Node Readable in object mode, a web ReadableStream. They are read no further than batches are asked for, and closed when
 * the loop is left.
 */
export class DataLoader<T, B = Collated<T>, R = B> implements AsyncIterable<R>, Iterable<R> {
  /** Examples per batch; with a batchSampler its own, and 1 if it has none. */
  readonly batchSize: number;
  // Examples that come one after the other.
  private readonly iterated: IterableDataset<T> | undefined;
  private readonly options: DataLoaderOptions<T, B, R>;
  private readonly generator: RandomGenerator | undefined;
  private readonly pool: WorkerPool | undefined;
  // That of the last loop to begin, until it ends; or one that was loaded, until a loop goes on with it.
  private epoch: Epoch | undefined;

  constructor(
    readonly dataset: Dataset<T, B> | IterableDataset<T>,
    options: DataLoaderOptions<T, B, R> = {},
  ) {
    this.iterated = isIterableDataset(dataset) ? (dataset as IterableDataset<T>) : undefined;
    if (!this.iterated) checkDataset('DataLoader', dataset);
    const o = readOptions('DataLoader', loaderSpec, options as object);
    this.options = o as DataLoaderOptions<T, B, R>;
    checkTogether(o, options, this.iterated !== undefined);
    this.batchSize = (o.batchSampler as { batchSize?: number } | undefined)?.batchSize ?? o.batchSize;
    this.generator = generatorOf('DataLoader', o);
    if (o.workers > 0 && !isMadeElsewhere(this.indexed)) {
      const source = sourceOf(this.indexed);
      this.pool = new WorkerPool(o.workers, source);
      forgotten.register(this, this.pool);
    }
  }

  /** Ends the worker threads, if there are any. A loop that is under way is rejected; the next one starts new threads. */
  async close(): Promise<void> {
    await this.pool?.close();
  }

  /** Whether the examples come one after the other, so that nobody knows how many there are. */
  get isIterable(): boolean {
    return this.iterated !== undefined;
  }

  private get indexed(): Dataset<T, B> {
    return this.dataset as Dataset<T, B>;
  }

  private get examples(): number {
    return this.iterated ? 0 : lengthOf('DataLoader', this.dataset);
  }

  /** The number of batches. @throws ArgumentError (`ERR_NO_LENGTH`) where examples come one after the other */
  get length(): number {
    if (this.iterated)
      throw new ArgumentError(
        '[DataLoader] examples that come one after the other have no number; count batches, or say stepsPerEpoch',
        'ERR_NO_LENGTH',
      );
    const { sampler, batchSampler, dropLast } = this.options;
    if (batchSampler) return countOf(batchSampler);
    const n = sampler ? countOf(sampler) : this.examples;
    return dropLast ? Math.floor(n / this.batchSize) : Math.ceil(n / this.batchSize);
  }

  /** How many batches of the epoch in progress have been given out; 0 between two epochs. */
  get position(): number {
    return this.epoch?.position ?? 0;
  }

  /**
   * Where the loader is: taken in the middle of a loop, the place in its epoch and what its order was drawn from;
   * otherwise that an epoch begins next. A loop that was left by `break` has ended.
   * @throws ArgumentError (`ERR_STATE_DICT`) in the middle of a loop over examples that come one after the other: where
   *   they are is known to what gives them
   */
  stateDict(): LoaderState {
    const { epoch, generator } = this;
    if (this.iterated && epoch)
      throw new ArgumentError(
        '[DataLoader.stateDict] where examples that come one after the other are cannot be kept; save between two loops',
        'ERR_STATE_DICT',
      );
    return {
      examples: this.examples,
      batchSize: this.batchSize,
      generator: generator ? generator.getState() : null,
      sampler: this.samplerState.take(),
      epoch: epoch ? epochState(epoch) : null,
    };
  }

  /**
   * Goes on where {@link stateDict} was taken: the next loop gives the batches that were left of that epoch.
   * @throws ArgumentError (ERR_STATE_DICT) if the state is of a loader of other settings; nothing is changed then
   */
  loadStateDict(state: LoaderState): void {
    const { sampler, batchSampler, shuffle } = this.options;
    const kind = batchSampler ? 'batched' : sampler ? 'sampled' : shuffle ? 'shuffled' : 'ascending';
    const ownGenerator = this.generator !== undefined;
    const read = checkLoaderState(state, kind, this.examples, this.batchSize, ownGenerator);
    this.samplerState.give(read.sampler);
    if (read.generator) this.generator!.setState(read.generator);
    this.epoch = read.epoch;
  }

  private get samplerState(): ReturnType<typeof samplerState> {
    return samplerState(this.options.batchSampler ?? this.options.sampler);
  }

  // A loop begins: a new epoch, or the one that was loaded.
  private begin(): Epoch {
    if (this.epoch?.loaded) return Object.assign(this.epoch, { loaded: false });
    const { sampler, batchSampler, shuffle } = this.options;
    const n = this.examples;
    const draw = shuffle ? (this.generator ?? currentGenerator()).take(n) : null;
    const drawn = batchSampler
      ? batchesOf(batchSampler, n)
      : {
          given: sampler ? indicesOf('DataLoader', elementsOf('DataLoader', 'sampler', sampler), n) : null,
          ends: null,
        };
    // Two numbers for each example, so that no batch of this epoch has those of one in the next.
    const noise = this.pool ? (this.generator ?? currentGenerator()).take(4 * n) : null;
    return (this.epoch = { position: 0, draw, ...drawn, noise, loaded: false });
  }

  // The random order of an epoch. The generator itself has moved on when the epoch began.
  private drawn({ draw }: Epoch): Tensor {
    const generator = new RandomGenerator(0);
    generator.setState(draw!);
    return shuffled(this.examples, generator);
  }

  private end(epoch: Epoch): void {
    if (this.epoch === epoch) this.epoch = undefined;
  }

  // The order of the epoch; undefined when it has to be drawn.
  private fixedOrder({ given, draw }: Epoch): Order | undefined {
    return given ?? (draw ? undefined : ascending(this.examples));
  }

  private *batches(order: Order, epoch: Epoch): Generator<R | Promise<R>> {
    const { dropLast, collate } = this.options;
    const { ends } = epoch;
    const batches = ends ? ends.length : Math.ceil(order.length / this.batchSize);
    for (let b = epoch.position; b < batches; b++) {
      const from = ends ? (ends[b - 1] ?? 0) : b * this.batchSize;
      const indices = order.slice(from, ends ? ends[b]! : from + this.batchSize);
      if (dropLast && indices.length < this.batchSize) return;
      const batch = this.pool
        ? (this.pool.batch(indices, seedOf(epoch.noise!, b)) as Promise<B>)
        : batchOf(this.indexed, indices, collate);
      yield this.transformed(batch);
    }
  }

  private transformed(batch: B | Promise<B>): R | Promise<R> {
    const { transform } = this.options;
    if (!transform) return batch as unknown as R | Promise<R>;
    return isPromise(batch) ? (batch as Promise<B>).then(transform) : transform(batch as B);
  }

  private joined(examples: T[]): R | Promise<R> {
    return this.transformed((this.options.collate ?? (collate as unknown as (e: T[]) => B))(examples));
  }

  private get prefetch(): number {
    const { prefetch, workers = 0 } = this.options;
    return prefetch ?? 2 * workers;
  }

  // How examples that come one after the other become batches.
  private get passing(): Passing {
    const { shuffleBuffer = 0, dropLast = false } = this.options;
    return { size: this.batchSize, mixed: shuffleBuffer, dropLast, generator: this.generator };
  }

  private async *pass(of: IterableDataset<T>): AsyncGenerator<R> {
    for await (const examples of inBatches(of, this.passing)) yield this.joined(examples);
  }

  private *passNow(of: IterableDataset<T>): Generator<R | Promise<R>> {
    for (const examples of inBatchesNow(of, this.passing)) yield this.joined(examples);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, undefined> {
    const epoch = this.begin();
    const steps = new StepsInFlight();
    try {
      const given = this.iterated
        ? this.pass(this.iterated)
        : ahead(
            this.batches(this.fixedOrder(epoch) ?? positions(await this.drawn(epoch).data()), epoch),
            this.prefetch,
          );
      for await (const batch of given) {
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
      const given = this.iterated
        ? this.passNow(this.iterated)
        : this.batches(this.fixedOrder(epoch) ?? positions(this.drawn(epoch).dataSync()), epoch);
      for (const batch of given) {
        if (isPromise(batch)) {
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
