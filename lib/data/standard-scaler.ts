/** @file Mean 0, standard deviation 1. */
import { readSettings } from '../core/arguments';
import { moments } from './columns';
import { numbersIn } from './fitted';
import { type Line, Scaler } from './scaler';

/** Settings of {@link StandardScaler}. */
export interface StandardScalerOptions {
  /** Take the mean off. Default true. */
  withMean?: boolean | undefined;
  /** Divide by the standard deviation. Default true. */
  withStd?: boolean | undefined;
}

interface Learned {
  mean: number[];
  variance: number[];
  scale: number[];
}

const spec = { withMean: true, withStd: true };

/**
 * Gives each feature mean 0 and standard deviation 1 (that of the population): scikit-learn's StandardScaler. A
 * constant feature becomes 0.
 *
 * @example
 * ```ts
 * const scaler = new data.StandardScaler();
 * const xTrain = scaler.fitTransform(train.x);
 * const xTest = scaler.transform(test.x);            // by the training's mean and deviation
 * fs.writeFileSync('scaler.json', JSON.stringify(scaler));
 * ```
 */
export class StandardScaler extends Scaler<Learned> {
  private readonly how: Required<StandardScalerOptions>;

  constructor(options: StandardScalerOptions = {}) {
    const how = readSettings('StandardScaler', spec, [options]);
    super('StandardScaler', how);
    this.how = how;
  }

  /** The mean of each feature. */
  get mean(): readonly number[] {
    return this.learned('mean').mean;
  }
  /** The population variance of each feature. */
  get variance(): readonly number[] {
    return this.learned('variance').variance;
  }
  /** What each feature is divided by: its standard deviation, 1 if it is constant. */
  get scale(): readonly number[] {
    return this.learned('scale').scale;
  }

  /** @internal */
  protected study(columns: Float64Array[]): Learned {
    const of = columns.map((c) => ({ ...moments(c), n: c.length }));
    return {
      mean: of.map((m) => m.mean),
      variance: of.map((m) => m.variance),
      // Constant up to what rounding may have left of the variance, as scikit-learn decides it.
      scale: of.map(({ mean, variance, n }) => {
        const noise = n * Number.EPSILON * variance + (n * mean * Number.EPSILON) ** 2;
        return variance <= noise ? 1 : Math.sqrt(variance);
      }),
    };
  }

  /** @internal */
  protected line({ mean, scale }: Learned): Line {
    const { withMean, withStd } = this.how;
    return { from: withMean ? mean : mean.map(() => 0), per: withStd ? scale : scale.map(() => 1), to: 0 };
  }

  /** @internal */
  protected restored(json: Record<string, unknown>): Learned {
    const mean = numbersIn('StandardScaler', json, 'mean');
    const [variance, scale] = ['variance', 'scale'].map((k) => numbersIn('StandardScaler', json, k, mean.length));
    return { mean, variance: variance!, scale: scale! };
  }
}
