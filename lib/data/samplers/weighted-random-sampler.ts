/** @file Positions drawn with weights: rare classes as often as frequent ones, for one. */
import { readArguments } from '../../core/arguments';
import { ArgumentError, ShapeError } from '../../core/errors';
import { positive } from '../../core/params';
import { showShape } from '../../core/shape';
import { type Tensor } from '../../core/tensor';
import { multinomial } from '../../ops/random/random';
import { given, numbersOf, type Values } from '../given';
import { positions, type SeedOptions, seedSpec } from '../sampler';
import { Sampler } from './sampler';

/** Settings of {@link WeightedRandomSampler}. */
export interface WeightedRandomSamplerOptions extends SeedOptions {
  /** Whether an example may be drawn again. Default true. */
  replacement?: boolean | undefined;
}

const weightedSpec = { numSamples: positive, replacement: true, ...seedSpec };

/**
 * Draws positions with probabilities proportional to their weights, which need not add up to 1.
 *
 * @example
 * ```ts
 * // Each class as often as any other.
 * const weights = labels.map((c) => 1 / counts[c]);
 * const sampler = new data.WeightedRandomSampler(weights, weights.length, { seed: 1 });
 * new data.DataLoader(ds, { batchSize: 64, sampler });
 * ```
 */
export class WeightedRandomSampler extends Sampler {
  // float64 [n], on the CPU.
  private readonly weights: Tensor;
  private readonly numSamples: number;
  private readonly replacement: boolean;

  /**
   * @param weights - [n], not negative, one for each example; a tensor's values are waited for
   * @param numSamples - how many to draw in an epoch
   * @throws ArgumentError for weights that are negative, no numbers, or all 0, and for more samples without replacement
   *   than there are weights above 0
   */
  constructor(weights: Values, numSamples: number, options: WeightedRandomSamplerOptions = {}) {
    const op = 'WeightedRandomSampler';
    const o = readArguments(op, weightedSpec, [numSamples, options]);
    super(op, o);
    const { values } = given(op, 'weights', weights);
    if (values.ndim !== 1) throw new ShapeError(`[${op}] weights must be [n], got ${showShape(values.shape)}`);
    const list = numbersOf(values);
    const bad = list.findIndex((w) => !(w >= 0 && w < Infinity));
    if (bad >= 0)
      throw new ArgumentError(`[${op}] weights must be finite and not negative, got ${list[bad]} at ${bad}`);
    const above = list.reduce((n, w) => n + (w > 0 ? 1 : 0), 0);
    if (above === 0) throw new ArgumentError(`[${op}] one weight must be above 0`);
    if (!o.replacement && o.numSamples > above)
      throw new ArgumentError(`[${op}] cannot draw ${o.numSamples} of ${above} examples without replacement`);
    this.weights = values.to('cpu');
    this.numSamples = o.numSamples;
    this.replacement = o.replacement;
  }

  get length(): number {
    return this.numSamples;
  }

  protected draw(): Int32Array {
    const { weights, numSamples, replacement, generator } = this;
    return positions(multinomial(weights, numSamples, { replacement, generator }).dataSync());
  }
}
