/** @file Samplers: the positions of an epoch, drawn anew each time they are looped over. */
import { readOptions } from '../../core/arguments';
import { ArgumentError } from '../../core/errors';
import { positive } from '../../core/params';
import { type Generator, type RngState } from '../../core/random';
import { randint } from '../../ops/random/random';
import { indicesOf, lengthOf, mostExamples } from '../dataset';
import { generatorOf, positions, type SeedOptions, seedSpec, shuffled } from '../sampler';

/**
 * An order in which examples are visited, for the option `sampler` of a {@link DataLoader}. Each loop over it is an epoch
 * and draws from its own generator (or, without a seed or generator, from that of `ng.manualSeed`).
 */
export abstract class Sampler implements Iterable<number> {
  /** Its own generator, if it has one. */
  readonly generator: Generator | undefined;

  constructor(op: string, options: SeedOptions = {}) {
    this.generator = generatorOf(op, options);
  }

  /** How many positions an epoch has. */
  abstract get length(): number;

  /** Draws the positions of an epoch. Blocks until they are known. */
  protected abstract draw(): Iterable<number>;

  [Symbol.iterator](): Iterator<number> {
    return this.draw()[Symbol.iterator]();
  }

  /** Where its own generator is; null if it has none. */
  stateDict(): RngState | null {
    return this.generator?.getState() ?? null;
  }

  /** The next epoch is then the one that followed {@link stateDict}. @throws ArgumentError (`ERR_STATE_DICT`) for another kind */
  loadStateDict(state: RngState | null): void {
    if ((state !== null) !== (this.generator !== undefined))
      throw new ArgumentError(
        `[${this.constructor.name}.loadStateDict] the state is of a sampler ${this.generator ? 'without' : 'with'} a seed or generator of its own`,
        'ERR_STATE_DICT',
      );
    if (state) this.generator!.setState(state);
  }
}

/** 0 to n - 1, in order. */
export class SequentialSampler extends Sampler {
  /** @param dataSource - a dataset, or what else has a length */
  constructor(private readonly dataSource: { readonly length: number }) {
    super('SequentialSampler');
    lengthOf('SequentialSampler', dataSource);
  }

  get length(): number {
    return lengthOf('SequentialSampler', this.dataSource);
  }

  protected *draw(): Iterable<number> {
    for (let i = 0, n = this.length; i < n; i++) yield i;
  }
}

/** Settings of {@link RandomSampler}. */
export interface RandomSamplerOptions extends SeedOptions {
  /** Whether an example may be drawn again. Default false. */
  replacement?: boolean | undefined;
  /** How many to draw; more than there are begin again. Default: as many as there are. */
  numSamples?: number | undefined;
}

const randomSpec = { replacement: false, numSamples: positive.optional(), ...seedSpec };

/**
 * All positions in random order, as `shuffle: true`; or so many at random.
 *
 * @example
 * ```ts
 * new data.DataLoader(ds, { batchSize: 64, sampler: new data.RandomSampler(ds, { numSamples: 1000, seed: 1 }) });
 * ```
 */
export class RandomSampler extends Sampler {
  private readonly replacement: boolean;
  private readonly numSamples: number | undefined;

  /** @param dataSource - a dataset, or what else has a length */
  constructor(
    private readonly dataSource: { readonly length: number },
    options: RandomSamplerOptions = {},
  ) {
    const o = readOptions('RandomSampler', randomSpec, options);
    super('RandomSampler', o);
    if (lengthOf('RandomSampler', dataSource) === 0) throw new ArgumentError('[RandomSampler] there are no examples');
    this.replacement = o.replacement;
    this.numSamples = o.numSamples;
  }

  get length(): number {
    return this.numSamples ?? lengthOf('RandomSampler', this.dataSource);
  }

  protected draw(): Int32Array {
    const n = lengthOf('RandomSampler', this.dataSource);
    const { length, generator } = this;
    if (this.replacement)
      return positions(randint(0, n, [length], { generator, device: 'cpu', dtype: 'int64' }).dataSync());
    const out = new Int32Array(length);
    for (let at = 0; at < length; at += n) {
      const order = positions(shuffled(n, generator).dataSync());
      out.set(at + n > length ? order.subarray(0, length - at) : order, at);
    }
    return out;
  }
}

/** Some positions, in random order. */
export class SubsetRandomSampler extends Sampler {
  private readonly indices: Int32Array;

  constructor(indices: ArrayLike<number>, options: SeedOptions = {}) {
    super('SubsetRandomSampler', readOptions<SeedOptions>('SubsetRandomSampler', seedSpec, options));
    this.indices = indicesOf('SubsetRandomSampler', indices, mostExamples).slice();
  }

  get length(): number {
    return this.indices.length;
  }

  protected draw(): Int32Array {
    return positions(shuffled(this.length, this.generator).dataSync()).map((i) => this.indices[i]!);
  }
}
