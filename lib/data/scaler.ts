/** @file What scalers share: each feature is moved and divided by numbers of its own. */
import { type Tensor } from '../core/tensor';
import { add, div, mul, sub } from '../ops/elementwise/arithmetic';
import { tensor } from '../ops/tensors/create';
import { columnsOf, featuresOf } from './columns';
import { Fitted } from './fitted';
import { prepared, type Values } from './given';

/** `(x - from) / per + to`, one number of each for each feature. */
export interface Line {
  from: readonly number[];
  per: readonly number[];
  to: number;
}

/**
 * A scaler: `fit` on the training data, `transform` on everything. Data is [n], [n, f], or [n, t, f]; each of the f
 * features (one of [n]) is scaled by itself, over all other dimensions. Missing values (NaN) are left out of what is
 * learned, and stay missing. Computed in float64; floating dtypes stay, others and arrays of numbers become the default
 * dtype. `fit` waits for the values.
 */
export abstract class Scaler<L extends object> extends Fitted<L> {
  /** @internal Learns from the columns of the data. */
  protected abstract study(columns: Float64Array[]): L;
  /** @internal */
  protected abstract line(learned: L): Line;
  /** @internal What is done to values after they were scaled. */
  protected after(scaled: Tensor): Tensor {
    return scaled;
  }

  /**
   * Learns from `x`, the training data.
   * @throws ShapeError for another shape or no examples; NumericError for an infinity
   */
  fit(x: Values): this {
    return this.learn(this.study(columnsOf(this.type, featuresOf(this.type, x))));
  }

  /** `x` scaled, of the same shape. @throws ArgumentError (`ERR_NOT_FITTED`) before `fit`; ShapeError for other features */
  transform(x: Values): Tensor {
    const { from, per, to } = this.line(this.learned('transform'));
    const read = featuresOf(this.type, x, from.length);
    return prepared(read, (t) => this.after(add(div(sub(t, row(from, t)), row(per, t)), to)));
  }

  /** {@link fit}, then {@link transform}: for training data. */
  fitTransform(x: Values): Tensor {
    return this.fit(x).transform(x);
  }

  /** The values that {@link transform} made `x` of. */
  inverseTransform(x: Values): Tensor {
    const { from, per, to } = this.line(this.learned('inverseTransform'));
    const read = featuresOf(this.type, x, from.length);
    return prepared(read, (t) => add(mul(sub(t, to), row(per, t)), row(from, t)));
  }
}

const row = (list: readonly number[], like: Tensor): Tensor => tensor(Float64Array.from(list), { device: like.device });
