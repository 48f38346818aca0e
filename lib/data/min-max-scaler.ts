/** @file From the smallest to the largest value. */
import { readSettings } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { numbers } from '../core/params';
import { describe } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { clamp } from '../ops/elementwise/math';
import { numbersIn } from './fitted';
import { type Line, Scaler } from './scaler';

/** Settings of {@link MinMaxScaler}. */
export interface MinMaxScalerOptions {
  /** What the smallest and the largest value become. Default [0, 1]. */
  featureRange?: readonly [number, number] | undefined;
  /** Keep what lies outside of the training's range within `featureRange`. Default false. */
  clip?: boolean | undefined;
}

interface Learned {
  min: number[];
  max: number[];
}

const spec = { featureRange: numbers.or([0, 1] as readonly number[]), clip: false };

/**
 * Moves each feature into a range, by the smallest and largest value of the training data: scikit-learn's
 * MinMaxScaler. A constant feature becomes the range's lower end.
 *
 * @example
 * ```ts
 * new data.MinMaxScaler({ featureRange: [-1, 1] }).fitTransform([[1], [2], [3]]);    // [[-1], [0], [1]]
 * ```
 */
export class MinMaxScaler extends Scaler<Learned> {
  private readonly low: number;
  private readonly high: number;
  private readonly clip: boolean;

  constructor(options: MinMaxScalerOptions = {}) {
    const how = readSettings('MinMaxScaler', spec, [options as object]);
    super('MinMaxScaler', how);
    const [low, high] = how.featureRange;
    if (how.featureRange.length !== 2 || !(low! < high!) || !Number.isFinite(high! - low!))
      throw new ArgumentError(
        `[MinMaxScaler] featureRange must be two numbers, the smaller first, got ${describe(how.featureRange)}`,
      );
    [this.low, this.high, this.clip] = [low!, high!, how.clip];
  }

  /** The smallest value of each feature. */
  get min(): readonly number[] {
    return this.learned('min').min;
  }
  /** The largest value of each feature. */
  get max(): readonly number[] {
    return this.learned('max').max;
  }

  /** @internal */
  protected study(columns: Float64Array[]): Learned {
    const extreme = (c: Float64Array, pick: (a: number, b: number) => number): number =>
      c.length ? c.reduce(pick) : NaN;
    return {
      min: columns.map((c) => extreme(c, (a, b) => Math.min(a, b))),
      max: columns.map((c) => extreme(c, (a, b) => Math.max(a, b))),
    };
  }

  /** @internal */
  protected line({ min, max }: Learned): Line {
    // A range within ten roundings of 1 counts as none, as in scikit-learn.
    const per = max.map((m, j) => (m - min[j]! < 10 * Number.EPSILON ? 1 : m - min[j]!) / (this.high - this.low));
    return { from: min, per, to: this.low };
  }

  /** @internal */
  protected override after(scaled: Tensor): Tensor {
    return this.clip ? clamp(scaled, this.low, this.high) : scaled;
  }

  /** @internal */
  protected restored(json: Record<string, unknown>): Learned {
    const min = numbersIn('MinMaxScaler', json, 'min');
    return { min, max: numbersIn('MinMaxScaler', json, 'max', min.length) };
  }
}
