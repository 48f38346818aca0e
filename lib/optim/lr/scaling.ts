/** @file Learning rates for batches of another size than the one they were found with. */
import { ArgumentError } from '../../core/errors';
import { describe } from '../../core/shape';

/** Options of {@link scaleLearningRate}. */
export interface ScalingOptions {
  /** Examples per step now, over all devices and accumulated batches. */
  batchSize: number;
  /** Examples per step for which the rate was found. Default 256. */
  baseBatchSize?: number;
  /**
   * `linear` (default): in proportion, for SGD (Goyal et al. 2017); `sqrt`: with the square root, for Adam and its kind
   * (Krizhevsky 2014; Malladi et al. 2022).
   */
  rule?: 'linear' | 'sqrt';
}

/** The learning rate for `batchSize` that corresponds to `lr` for `baseBatchSize`. Use a warm-up beside a large one. */
export function scaleLearningRate(
  lr: number,
  { batchSize, baseBatchSize = 256, rule = 'linear' }: ScalingOptions,
): number {
  const op = 'scaleLearningRate';
  if (!(lr >= 0 && lr < Infinity))
    throw new ArgumentError(`[${op}] lr must be a non-negative number, got ${describe(lr)}`);
  for (const [name, n] of Object.entries({ batchSize, baseBatchSize }))
    if (!Number.isSafeInteger(n) || n < 1)
      throw new ArgumentError(`[${op}] ${name} must be a positive integer, got ${describe(n)}`);
  if (rule !== 'linear' && rule !== 'sqrt')
    throw new ArgumentError(`[${op}] rule must be 'linear' or 'sqrt', got ${describe(rule)}`);
  const factor = batchSize / baseBatchSize;
  return lr * (rule === 'linear' ? factor : Math.sqrt(factor));
}
