/** @file Batches made ahead of the loop that asks for them. */
import { type RngState } from '../../core/random';
import { isPromise } from '../dataset';

/**
 * The batches in their order, `n` of them begun before they are asked for. An error comes where its batch would have come;
 * what was begun when the loop is left is let go.
 */
export async function* ahead<R>(batches: Iterable<R | Promise<R>>, n: number): AsyncGenerator<R> {
  const source = batches[Symbol.iterator]();
  const begun: (R | Promise<R>)[] = [];
  let more = true;
  const fill = (): void => {
    while (more && begun.length <= n) {
      const { value, done } = source.next() as IteratorResult<R | Promise<R>, undefined>;
      if (done) more = false;
      else {
        if (isPromise(value)) value.catch(() => {});
        begun.push(value as R | Promise<R>);
      }
    }
  };
  try {
    for (fill(); begun.length > 0; fill()) yield await begun.shift()!;
  } finally {
    source.return?.();
  }
}

/** The seed of the random numbers of batch `b`, whoever makes it; the same comes again after 2^21 batches. */
export const seedOf = ({ seed, offset }: RngState, b: number): number =>
  (((seed % 2 ** 31) + 2 ** 31) % 2 ** 31) * 2 ** 21 + ((offset + b) % 2 ** 21);
