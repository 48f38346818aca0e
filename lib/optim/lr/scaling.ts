/** @file Learning rates for batches of another size than the one they were found with. */
import { readOptions } from '../../core/arguments';
import { integer, number, oneOf } from '../../core/params';

/** Options of {@link scaleLearningRate}. */
export interface ScalingOptions {
  /** Examples per step now, over all devices and accumulated batches. */
  batchSize: number;
  /** Examples per step for which the rate was found. Default 256. */
  baseBatchSize?: number | undefined;
  /**
   * `linear` (default): in proportion, for SGD (Goyal et al. 2017); `sqrt`: with the square root, for Adam and its kind
   * (Krizhevsky 2014; Malladi et al. 2022).
   */
  rule?: 'linear' | 'sqrt' | undefined;
}

const spec = {
  batchSize: integer({ least: 1 }),
  baseBatchSize: integer({ least: 1 }).or(256),
  rule: oneOf('linear', 'sqrt').or('linear' as const),
};

/** The learning rate for `batchSize` that corresponds to `lr` for `baseBatchSize`. Use a warm-up beside a large one. */
export function scaleLearningRate(lr: number, options: ScalingOptions): number {
  const op = 'scaleLearningRate';
  number({ least: 0, below: Infinity }).check(op, 'lr', lr);
  const { batchSize, baseBatchSize, rule } = readOptions(op, spec, options);
  const factor = batchSize / baseBatchSize;
  return lr * (rule === 'linear' ? factor : Math.sqrt(factor));
}
