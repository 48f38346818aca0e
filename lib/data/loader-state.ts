/** @file Where a DataLoader is: the epoch in progress, and its form in checkpoints. */
import { isOptions } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { Generator, type RngState } from '../core/random';
import { describe } from '../core/shape';
import { Tensor } from '../core/tensor';
import { tensor } from '../ops/tensors/create';
import { indicesOf } from './dataset';

/** One pass over a dataset. */
export interface Epoch {
  /** Batches given out. */
  position: number;
  /** What a random order is drawn from. */
  draw: RngState | null;
  /** The order that a sampler gave. */
  given: Int32Array | null;
  /** Where each batch ends in it, if a batchSampler gave them. */
  ends: Int32Array | null;
  /** With workers: what the random numbers of their datasets are drawn from. */
  noise: RngState | null;
  /** Whether it was loaded, and no loop has gone on with it yet. */
  loaded: boolean;
}

/** How the examples are ordered. */
export type Ordering = 'ascending' | 'shuffled' | 'sampled' | 'batched';

/** What `stateDict()` of a DataLoader returns. */
export interface LoaderState {
  /** The length of the dataset. */
  examples: number;
  batchSize: number;
  /** The loader's own generator now; null if it draws from the one in use. */
  generator: RngState | null;
  /** The sampler's own generator now; null if it has none. */
  sampler: RngState | null;
  /**
   * Null between two epochs. Else the batches given out, and what the order was drawn from, or the sampler's (int32), and
   * where its batches end (int32).
   */
  epoch: {
    position: number;
    draw: RngState | null;
    order: Tensor | null;
    ends: Tensor | null;
    /** With workers: what the random numbers of their datasets are drawn from. */
    noise?: RngState | undefined;
  } | null;
}

/** An epoch in the state of its loader. */
export const epochState = ({ position, draw, given, ends, noise }: Epoch): LoaderState['epoch'] => ({
  position,
  draw,
  order: given && tensor(given),
  ends: ends && tensor(ends),
  ...(noise && { noise }),
});

/** The state of a generator as a user gives it. */
function checkRngState(state: unknown): RngState {
  const g = new Generator(0);
  g.setState(state as RngState);
  return g.getState();
}

/**
 * A state that was loaded, for a loader of these settings.
 * @throws ArgumentError (ERR_STATE_DICT)
 */
export function checkLoaderState(
  state: unknown,
  ordering: Ordering,
  examples: number,
  batchSize: number,
  ownGenerator: boolean,
): { generator: RngState | null; sampler: RngState | null; epoch: Epoch | undefined } {
  const bad = (why: string): never => {
    throw new ArgumentError(`[DataLoader.loadStateDict] ${why}`, 'ERR_STATE_DICT');
  };
  if (!isOptions(state)) return bad(`expected what stateDict() returned, got ${describe(state)}`);
  const { generator, epoch, sampler } = state as unknown as LoaderState;
  if ((generator !== null) !== ownGenerator)
    bad(`the state is of a loader ${ownGenerator ? 'without' : 'with'} a seed or generator of its own`);
  const read = {
    generator: generator && checkRngState(generator),
    sampler: sampler && checkRngState(sampler),
    epoch: undefined,
  };
  if (epoch === null) return read;
  // Within an epoch the numbers say where; between two they may change.
  for (const [name, own] of Object.entries({ examples, batchSize })) {
    const held = (state as unknown as LoaderState)[name as 'examples'];
    if (held !== own) bad(`the state is of an epoch with ${name} ${describe(held)}; the loader has ${own}`);
  }
  if (!isOptions(epoch)) return bad(`epoch must be an object or null, got ${describe(epoch)}`);
  const { position, draw, order, ends, noise = null } = epoch;
  if (!Number.isSafeInteger(position) || position < 0)
    bad(`epoch.position must be a number of batches, got ${describe(position)}`);
  const held: Ordering = ends ? 'batched' : order ? 'sampled' : draw ? 'shuffled' : 'ascending';
  if (held !== ordering) bad(`the state is of a loader whose order is ${held}, here it is ${ordering}`);
  for (const [name, t] of Object.entries({ order, ends }))
    if (t && (!(t instanceof Tensor) || t.dtype !== 'int32' || t.ndim !== 1))
      bad(`epoch.${name} must be an int32 tensor of positions, got ${describe(t)}`);
  const given = order && indicesOf('DataLoader.loadStateDict', order.dataSync(), examples);
  const bounds = ends && indicesOf('DataLoader.loadStateDict', ends.dataSync(), (given?.length ?? 0) + 1);
  return {
    ...read,
    epoch: {
      position,
      draw: draw && checkRngState(draw),
      given,
      ends: bounds,
      noise: noise && checkRngState(noise),
      loaded: true,
    },
  };
}
