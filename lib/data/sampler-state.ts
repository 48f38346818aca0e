/** @file What loaders ask of samplers: how many, which, and what their order is drawn from. */
import { ArgumentError } from '../core/errors';
import { elementsOf } from '../core/params';
import { type RngState } from '../core/random';
import { indicesOf } from './dataset';

/** How many elements a sampler gives: its length, if it says one, since a loop over it would draw. */
export function countOf(sampler: Iterable<unknown>): number {
  const { length } = sampler as { length?: unknown };
  return Number.isSafeInteger(length) ? (length as number) : [...sampler].length;
}

/** The positions that a batchSampler gives for an epoch of `n` examples, and where each of its batches ends. */
export function batchesOf(batchSampler: Iterable<unknown>, n: number): { given: Int32Array; ends: Int32Array } {
  const batches = elementsOf('DataLoader', 'batchSampler', batchSampler).map((b) => indicesOf('DataLoader', b, n));
  if (batches.some((b) => b.length === 0)) throw new ArgumentError('[DataLoader] batchSampler gave an empty batch');
  const ends = new Int32Array(batches.length);
  let at = 0;
  batches.forEach((b, i) => (ends[i] = at += b.length));
  const given = new Int32Array(at);
  batches.forEach((b, i) => given.set(b, ends[i]! - b.length));
  return { given, ends };
}

/** A sampler that has a state. */
interface Stateful {
  stateDict(): RngState | null;
  loadStateDict(state: RngState | null): void;
}

const isStateful = (v: unknown): v is Stateful =>
  typeof (v as Partial<Stateful> | undefined)?.stateDict === 'function' &&
  typeof (v as Partial<Stateful>).loadStateDict === 'function';

/** Takes and gives the state of a sampler; that of one without, or of none, is null. */
export const samplerState = (sampler: unknown): { take(): RngState | null; give(state: RngState | null): void } => ({
  take: () => (isStateful(sampler) ? sampler.stateDict() : null),
  give(state) {
    if (isStateful(sampler)) sampler.loadStateDict(state);
    else if (state !== null)
      throw new ArgumentError(
        '[DataLoader.loadStateDict] the state is of a sampler that has one itself',
        'ERR_STATE_DICT',
      );
  },
});
