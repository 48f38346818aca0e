/** @file Median 0, and the middle half of the values of width 1: outliers do not move it. */
import { readSettings } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { numbers } from '../core/params';
import { describe } from '../core/shape';
import { tensor } from '../ops/tensors/create';
import { ndtri } from '../ops/elementwise/special-functions';
import { quantile } from './columns';
import { numbersIn } from './fitted';
import { type Line, Scaler } from './scaler';

/** Settings of {@link RobustScaler}. */
export interface RobustScalerOptions {
  /** Take the median off. Default true. */
  withCentering?: boolean | undefined;
  /** Divide by the distance of the quantiles. Default true. */
  withScaling?: boolean | undefined;
  /** Which quantiles, in percent. Default [25, 75]. */
  quantileRange?: readonly [number, number] | undefined;
  /** Divide such that values of a normal distribution have deviation 1. Default false. */
  unitVariance?: boolean | undefined;
}

interface Learned {
  center: number[];
  scale: number[];
}

const spec = {
  withCentering: true,
  withScaling: true,
  quantileRange: numbers.or([25, 75] as readonly number[]),
  unitVariance: false,
};

/** How many standard deviations lie between two shares of a normal distribution. */
function deviations(low: number, high: number): number {
  const [a, b] = ndtri(tensor(Float64Array.of(low, high))).dataSync();
  return Number(b) - Number(a);
}

/**
 * Takes the median off each feature and divides by the distance between its quartiles: scikit-learn's RobustScaler. A
 * feature whose quartiles are equal is not divided.
 *
 * @example
 * ```ts
 * new data.RobustScaler().fitTransform([[1], [2], [3], [4], [1000]]);      // [[-1], [-0.5], [0], [0.5], [498.5]]
 * ```
 */
export class RobustScaler extends Scaler<Learned> {
  private readonly how: Required<RobustScalerOptions>;

  constructor(options: RobustScalerOptions = {}) {
    const how = readSettings('RobustScaler', spec, [options as object]);
    super('RobustScaler', how);
    const [low, high] = how.quantileRange;
    if (how.quantileRange.length !== 2 || !(low! >= 0 && low! < high! && high! <= 100))
      throw new ArgumentError(
        `[RobustScaler] quantileRange must be two percentages, the smaller first, got ${describe(how.quantileRange)}`,
      );
    if (how.unitVariance && (low === 0 || high === 100))
      throw new ArgumentError('[RobustScaler] unitVariance needs a quantileRange above 0 and below 100');
    this.how = { ...how, quantileRange: [low!, high!] };
  }

  /** The median of each feature. */
  get center(): readonly number[] {
    return this.learned('center').center;
  }
  /** What each feature is divided by. */
  get scale(): readonly number[] {
    return this.learned('scale').scale;
  }

  /** @internal */
  protected study(columns: Float64Array[]): Learned {
    const [low, high] = this.how.quantileRange.map((q) => q / 100);
    const normal = this.how.unitVariance ? deviations(low!, high!) : 1;
    const sorted = columns.map((c) => c.slice().sort());
    return {
      center: sorted.map((c) => quantile(c, 0.5)),
      scale: sorted.map((c) => {
        const range = quantile(c, high!) - quantile(c, low!);
        return (range < 10 * Number.EPSILON ? 1 : range) / normal;
      }),
    };
  }

  /** @internal */
  protected line({ center, scale }: Learned): Line {
    const { withCentering, withScaling } = this.how;
    return { from: withCentering ? center : center.map(() => 0), per: withScaling ? scale : scale.map(() => 1), to: 0 };
  }

  /** @internal */
  protected restored(json: Record<string, unknown>): Learned {
    const center = numbersIn('RobustScaler', json, 'center');
    return { center, scale: numbersIn('RobustScaler', json, 'scale', center.length) };
  }
}
