/** @file Which checkpoint of a directory is the best, by the value that each was saved with. */
import { isOptions } from '../core/arguments';

/** What a checkpoint is worth; in its `checkpoint.json`. */
export interface Worth {
  value: number;
  /** Whether a lower or a higher value is better. */
  mode: 'min' | 'max';
}

/** The worth in a manifest, if it has one. What is no finite number is worth nothing. */
export function worthIn(manifest: unknown): Worth | undefined {
  const worth = isOptions(manifest) ? manifest['worth'] : undefined;
  if (!isOptions(worth) || !Number.isFinite(worth['value'])) return undefined;
  return { value: worth['value'] as number, mode: worth['mode'] === 'max' ? 'max' : 'min' };
}

/**
 * The number of the best one, of those that are equal the first.
 * @param list - by number, ascending; the last one that has a worth says which way is better
 */
export function bestOf(list: readonly (readonly [number: number, worth: Worth | undefined])[]): number | undefined {
  const sign = list.filter(([, worth]) => worth).at(-1)?.[1]?.mode === 'max' ? -1 : 1;
  let best: [number: number, size: number] | undefined;
  for (const [number, worth] of list)
    if (worth && (!best || sign * worth.value < best[1])) best = [number, sign * worth.value];
  return best?.[0];
}
