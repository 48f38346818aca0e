/** @file The order in which examples are visited. */
import { endianness } from 'node:os';
import { ArgumentError } from '../core/errors';
import { Generator } from '../core/random';
import { generator as generatorParam, integer } from '../core/params';
import { type Tensor } from '../core/tensor';
import { randperm } from '../ops/random/random';

/** What makes a random order reproducible by itself. Without either it is drawn from the generator of `ng.manualSeed`. */
export interface SeedOptions {
  /** The order depends on this seed alone. */
  seed?: number | undefined;
  /** Draw from this generator. */
  generator?: Generator | undefined;
}

/** The spec of {@link SeedOptions}. */
export const seedSpec = { seed: integer().optional(), generator: generatorParam.optional() };

/** The generator that the options name; undefined for the global one. */
export function generatorOf(op: string, { seed, generator }: SeedOptions): Generator | undefined {
  if (generator && seed !== undefined) throw new ArgumentError(`[${op}] takes a seed or a generator, not both`);
  return seed === undefined ? generator : new Generator(seed);
}

/** 0 .. n - 1 in random order, int64. */
export const shuffled = (n: number, generator: Generator | undefined): Tensor =>
  randperm(n, { generator, device: 'cpu' });

/** Positions in the order in which they are visited. */
export interface Order {
  readonly length: number;
  /** Those from `from` up to `to`, or up to the end if that comes first. */
  slice(from: number, to: number): Int32Array;
}

/** 0 .. n - 1 in order, written down only as far as they are asked for: `n` may be any number. */
export const ascending = (n: number): Order => ({
  length: n,
  slice(from, to) {
    const out = new Int32Array(Math.max(0, Math.min(to, n) - from));
    for (let i = 0; i < out.length; i++) out[i] = from + i;
    return out;
  },
});

/** The values of an int64 tensor of positions. */
export function positions(values: unknown): Int32Array {
  // The low halves, ten times as fast as a BigInt for each: this runs on the event loop.
  const { buffer, byteOffset, length } = values as BigInt64Array;
  const halves = new Int32Array(buffer, byteOffset, 2 * length);
  const low = endianness() === 'LE' ? 0 : 1;
  const out = new Int32Array(length);
  for (let i = 0; i < length; i++) out[i] = halves[2 * i + low]!;
  return out;
}
