/** @file Dividing a dataset at random. */
import { readOptions } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';
import { type Collated } from './collate';
import { checkDataset, type Dataset, Subset } from './dataset';
import { generatorOf, positions, type SeedOptions, seedSpec, shuffled } from './sampler';

/**
 * Random parts that do not overlap. `lengths` are numbers of examples that add up to the dataset's, or fractions that
 * add up to 1 (what rounding leaves over goes to the first parts, one each).
 */
export function randomSplit<T, B = Collated<T>>(
  dataset: Dataset<T, B>,
  lengths: readonly number[],
  options: SeedOptions = {},
): Subset<T, B>[] {
  checkDataset('randomSplit', dataset);
  const generator = generatorOf('randomSplit', readOptions<SeedOptions>('randomSplit', seedSpec, options));
  if (!Array.isArray(lengths))
    throw new ArgumentError(`[randomSplit] lengths are an array of numbers, got ${describe(lengths)}`);
  const n = dataset.length;
  if (lengths.length === 0 || lengths.some((l) => typeof l !== 'number' || !(l >= 0)))
    throw new ArgumentError(
      `[randomSplit] lengths must be non-negative numbers, got ${lengths.map(describe).join(', ')}`,
    );
  const total = lengths.reduce((a, b) => a + b, 0);
  const fractions =
    Math.abs(total - 1) < 1e-6 && lengths.every((l) => l <= 1) && !(n === 1 && lengths.every(Number.isInteger));
  const sizes = fractions ? lengths.map((l) => Math.floor(l * n + 1e-9)) : [...lengths];
  if (fractions)
    for (let i = 0, left = n - sizes.reduce((a, b) => a + b, 0); left > 0; i++, left--) sizes[i % sizes.length]!++;
  if (sizes.some((s) => !Number.isInteger(s)) || sizes.reduce((a, b) => a + b, 0) !== n)
    throw new ArgumentError(
      `[randomSplit] lengths ${lengths.join(' + ')} must add up to the dataset's ${n}, or be fractions that add up to 1`,
    );
  const order = positions(shuffled(n, generator).dataSync());
  let at = 0;
  return sizes.map((s) => new Subset(dataset, order.subarray(at, (at += s))));
}
