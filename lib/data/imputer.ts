/** @file Missing numbers filled in. */
import { readSettings } from '../core/arguments';
import { ArgumentError, NumericError } from '../core/errors';
import { oneOf, scalar } from '../core/params';
import { type Tensor } from '../core/tensor';
import { cast } from '../ops/tensors/cast';
import { tensor } from '../ops/tensors/create';
import { columnsOf, type Features, featuresOf, moments, quantile } from './columns';
import { Fitted, numbersIn } from './fitted';
import { numbersOf, type Values } from './given';

/** Settings of {@link Imputer}. */
export interface ImputerOptions {
  /** What stands for a missing value: the feature's mean (default), its median, its most frequent value (the smallest of several), or a constant. */
  strategy?: 'mean' | 'median' | 'mostFrequent' | 'constant' | undefined;
  /** The constant. Default 0. */
  fillValue?: number | undefined;
  /** Which value is a missing one. Default NaN. */
  missingValues?: number | undefined;
  /** Add a column of ones and zeros for each feature in which values were missing: where they were. Default false. */
  addIndicator?: boolean | undefined;
  /** Fill features that had no values at all with `fillValue` instead of leaving them out. Default false. */
  keepEmptyFeatures?: boolean | undefined;
}

interface Learned {
  /** What fills each feature; NaN for one that is left out. */
  statistics: number[];
  /** The features in which values were missing. */
  incomplete: number[];
}

const spec = {
  strategy: oneOf('mean', 'median', 'mostFrequent', 'constant').or('mean' as const),
  fillValue: scalar.or(0),
  missingValues: scalar.or(NaN),
  addIndicator: false,
  keepEmptyFeatures: false,
};

/**
 * Fills in missing values with what the training data says of each feature: scikit-learn's SimpleImputer. Data is [n],
 * [n, f] or [n, t, f]. A feature without any value in the training data is left out, unless `keepEmptyFeatures`.
 *
 * @example
 * ```ts
 * const imputer = new data.Imputer({ strategy: 'median' });
 * imputer.fitTransform([[1, NaN], [NaN, 4], [3, 6]]);        // [[1, 5], [2, 4], [3, 6]]
 * ```
 */
export class Imputer extends Fitted<Learned> {
  private readonly how: Required<ImputerOptions>;

  constructor(options: ImputerOptions = {}) {
    const how = readSettings('Imputer', spec, [options as object]);
    // NaN has no JSON: it is the default.
    super('Imputer', { ...how, missingValues: Number.isNaN(how.missingValues) ? undefined : how.missingValues });
    this.how = how;
  }

  /** What fills each feature. */
  get statistics(): readonly number[] {
    return this.learned('statistics').statistics;
  }

  /** Learns from `x`, the training data. @throws ShapeError for no examples; NumericError for an infinity */
  fit(x: Values): this {
    const columns = columnsOf('Imputer', this.read(x), true);
    const { fillValue, keepEmptyFeatures } = this.how;
    const present = columns.map((c) => c.filter((v) => !this.isMissing(v)));
    return this.learn({
      statistics: present.map((c) => (c.length > 0 ? this.statistic(c) : keepEmptyFeatures ? fillValue : NaN)),
      incomplete: [...present.keys()].filter((j) => present[j]!.length < columns[j]!.length),
    });
  }

  /** `x` without missing values. @throws ArgumentError (`ERR_NOT_FITTED`) before `fit`; ShapeError for other features */
  transform(x: Values): Tensor {
    const { statistics, incomplete } = this.learned('transform');
    const from = this.read(x, statistics.length);
    const kept = this.kept();
    const marks = this.how.addIndicator ? incomplete : [];
    return this.rows(from, kept.length + marks.length, (row, out) => {
      kept.forEach((j, k) => (out[k] = this.isMissing(row[j]!) ? statistics[j]! : row[j]!));
      marks.forEach((j, k) => (out[kept.length + k] = this.isMissing(row[j]!) ? 1 : 0));
    });
  }

  /** {@link fit}, then {@link transform}: for training data. */
  fitTransform(x: Values): Tensor {
    return this.fit(x).transform(x);
  }

  /**
   * Makes missing again what was: needs the columns of `addIndicator`, which say where.
   * @throws ArgumentError without `addIndicator`
   */
  inverseTransform(x: Values): Tensor {
    const { statistics, incomplete } = this.learned('inverseTransform');
    if (!this.how.addIndicator)
      throw new ArgumentError(
        '[Imputer] inverseTransform needs addIndicator: true; else nothing says what was missing',
      );
    const kept = this.kept();
    const from = featuresOf('Imputer', x, kept.length + incomplete.length);
    return this.rows(from, statistics.length, (row, out) => {
      out.fill(this.how.missingValues);
      kept.forEach((j, k) => (out[j] = row[k]!));
      incomplete.forEach((j, k) => row[kept.length + k] && (out[j] = this.how.missingValues));
    });
  }

  private read(x: Values, features?: number): Features {
    const from = featuresOf('Imputer', x, features);
    if (!Number.isNaN(this.how.missingValues) && numbersOf(from.values).some(Number.isNaN))
      throw new NumericError(`[Imputer] x holds NaN, but missingValues is ${this.how.missingValues}`);
    return from;
  }

  private isMissing(v: number): boolean {
    return v === this.how.missingValues || (Number.isNaN(v) && Number.isNaN(this.how.missingValues));
  }

  private kept(): number[] {
    const { statistics } = this.learned('transform');
    return [...statistics.keys()].filter((j) => !Number.isNaN(statistics[j]!));
  }

  // Each row of features made another of `width`.
  private rows(from: Features, width: number, change: (row: Float64Array, out: Float64Array) => void): Tensor {
    const values = numbersOf(from.values);
    const { features: f } = from;
    const n = f === 0 ? 0 : values.length / f;
    const out = new Float64Array(n * width);
    for (let i = 0; i < n; i++) change(values.subarray(i * f, (i + 1) * f), out.subarray(i * width, (i + 1) * width));
    const { shape, device } = from.values;
    const same = shape.length === 1 && width === 1;
    return cast(
      tensor(out, { shape: same ? [n] : [...shape.slice(0, shape.length === 1 ? 1 : -1), width], device }),
      from.dtype,
    );
  }

  private statistic(present: Float64Array): number {
    const { strategy, fillValue } = this.how;
    if (strategy === 'constant') return fillValue;
    if (strategy === 'mean') return moments(present).mean;
    const sorted = present.slice().sort();
    if (strategy === 'median') return quantile(sorted, 0.5);
    let [best, most, run] = [sorted[0]!, 0, 0];
    for (let i = 0; i < sorted.length; i++) {
      run = i > 0 && sorted[i] === sorted[i - 1] ? run + 1 : 1;
      if (run > most) [best, most] = [sorted[i]!, run];
    }
    return best;
  }

  /** @internal */
  protected restored(json: Record<string, unknown>): Learned {
    return {
      statistics: numbersIn('Imputer', json, 'statistics'),
      incomplete: numbersIn('Imputer', json, 'incomplete'),
    };
  }
}
