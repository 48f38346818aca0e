/** @file Examples that come one after the other: generators, streams. What comes next is asked for only when it is needed. */
import { ArgumentError } from '../core/errors';
import { type Generator } from '../core/random';
import { describe } from '../core/shape';
import { rand } from '../ops/random/random';

/** Something to be looped over. */
export type Iterated<T> = AsyncIterable<T> | Iterable<T>;

/**
 * Examples without numbers: a function that begins a pass over them (a generator function), or what can be looped over by
 * `for await`: a generator, a Node Readable, a web ReadableStream. Streams and generators give one pass.
 */
export type IterableDataset<T> = AsyncIterable<T> | SyncPass<T> | (() => Iterated<T>);
// A generator that is no promise's.
type SyncPass<T> = Iterable<T> & { next(): IteratorResult<T, unknown> };

const has = (v: unknown, key: PropertyKey): boolean =>
  (typeof v === 'object' || typeof v === 'function') && v !== null && typeof (v as never)[key] === 'function';

/** Whether `v` gives examples one after the other, and has no numbers for them. */
export const isIterableDataset = (v: unknown): v is IterableDataset<unknown> =>
  !has(v, 'get') &&
  !has(v, 'getBatch') &&
  (typeof v === 'function' || has(v, Symbol.asyncIterator) || (has(v, Symbol.iterator) && has(v, 'next')));

// Those that a pass was begun over, of those that give one only: themselves their iterators, or streams.
const begun = new WeakSet();
const givesOnePass = (v: object): boolean => has(v, 'next') || has(v, 'pipe') || has(v, 'getReader');

// Begins a pass. @throws ArgumentError (`ERR_ITERATED_TWICE`) for a second one over what gives one only */
function beginPass<T>(source: IterableDataset<T>): Iterated<T> {
  if (typeof source !== 'function') {
    if (begun.has(source))
      throw new ArgumentError(
        `[DataLoader] ${describe(source)} can be gone through once, and was; pass a function that opens it anew for each pass`,
        'ERR_ITERATED_TWICE',
      );
    if (givesOnePass(source)) begun.add(source);
    return source;
  }
  const pass: unknown = source();
  if (!has(pass, Symbol.asyncIterator) && !has(pass, Symbol.iterator))
    throw new ArgumentError(`[DataLoader] the function must return what can be looped over, got ${describe(pass)}`);
  return pass as Iterated<T>;
}

// Numbers are drawn so many at a time.
const drawn = 1024;

// Positions below n, uniform.
function* picks(generator: Generator | undefined): globalThis.Generator<number, number, number> {
  let n = yield 0;
  for (;;)
    for (const u of rand([drawn], { generator, device: 'cpu', dtype: 'float64' }).dataSync() as Float64Array)
      n = yield Math.floor(u * n);
}

/** How examples become batches. */
export interface Passing {
  /** Examples per batch. */
  size: number;
  /** Examples in the buffer in which they are mixed; 0 for none. */
  mixed: number;
  dropLast: boolean;
  /** What they are mixed by; undefined for the generator in use. */
  generator: Generator | undefined;
}

// Collects examples into lists of a batch, after mixing them.
class Batches<T> {
  private batch: T[] = [];
  private readonly buffer: T[] = [];
  private readonly pick;

  constructor(private readonly how: Passing) {
    this.pick = picks(how.generator);
    this.pick.next(0);
  }

  /** Takes an example; gives a batch if one is full. */
  add(example: T): T[] | undefined {
    if (this.buffer.length < this.how.mixed) {
      this.buffer.push(example);
      return undefined;
    }
    if (this.how.mixed === 0) return this.put(example);
    const at = this.pick.next(this.how.mixed).value;
    const out = this.buffer[at]!;
    this.buffer[at] = example;
    return this.put(out);
  }

  private put(example: T): T[] | undefined {
    this.batch.push(example);
    return this.batch.length === this.how.size ? this.rest() : undefined;
  }

  // What there is.
  private rest(): T[] {
    const full = this.batch;
    this.batch = [];
    return full;
  }

  /** When no more come: the batches that are left, the last one perhaps smaller. */
  *end(): Iterable<T[]> {
    while (this.buffer.length > 0) {
      const at = this.pick.next(this.buffer.length).value;
      const last = this.buffer.pop()!;
      const out = at === this.buffer.length ? last : this.buffer[at]!;
      if (at < this.buffer.length) this.buffer[at] = last;
      const full = this.put(out);
      if (full) yield full;
    }
    if (this.batch.length > 0 && !this.how.dropLast) yield this.rest();
  }
}

/**
 * Lists of examples, a batch each. No more is asked for than the batch needs, and what is left is closed.
 * @throws ArgumentError (`ERR_ITERATED_TWICE`) for a second pass over what gives one only
 */
export async function* inBatches<T>(source: IterableDataset<T>, how: Passing): AsyncGenerator<T[], void, undefined> {
  const batches = new Batches<T>(how);
  for await (const example of beginPass(source)) {
    const full = batches.add(example);
    if (full) yield full;
  }
  yield* batches.end();
}

/** The same for examples that are there at once. */
export function* inBatchesNow<T>(source: IterableDataset<T>, how: Passing): globalThis.Generator<T[], void, undefined> {
  const batches = new Batches<T>(how);
  if (typeof source !== 'function' && !(Symbol.iterator in source)) throw asynchronous();
  const pass = beginPass(source);
  if (!(Symbol.iterator in pass)) throw asynchronous();
  for (const example of pass) {
    const full = batches.add(example);
    if (full) yield full;
  }
  yield* batches.end();
}

const asynchronous = (): ArgumentError =>
  new ArgumentError('[DataLoader] these examples come asynchronously; use for await');
