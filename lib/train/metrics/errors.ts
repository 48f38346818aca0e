/** @file How far predicted values are from the true ones. */
import { noGrad } from '../../core/grad-mode';
import { type Tensor } from '../../core/tensor';
import { castOf } from '../../ops/kit/launch';
import { paired } from './classes';
import { Metric, share, Sum } from './metric';

/** The mean over all values of something that is 0 for a right one. */
abstract class MeanError extends Metric {
  readonly direction = 'min';
  protected sum = new Sum();
  protected seen = 0;

  protected abstract of(difference: Tensor): Tensor;

  update(prediction: Tensor, target: Tensor): void {
    noGrad(() => {
      const [p, t] = paired(this.constructor.name, prediction, target);
      this.sum.add(this.of(p.sub(castOf(t, p.dtype))).sum());
      this.seen += p.numel;
    });
  }
  async compute(): Promise<number> {
    const seen = this.seen;
    return share((await this.sum.read())[0] ?? 0, seen);
  }
  reset(): void {
    this.sum = new Sum();
    this.seen = 0;
  }
}

/** The mean of |prediction - target|. */
export class MeanAbsoluteError extends MeanError {
  protected of(difference: Tensor): Tensor {
    return difference.abs();
  }
}

/** The mean of (prediction - target)^2. */
export class MeanSquaredError extends MeanError {
  protected of(difference: Tensor): Tensor {
    return difference.square();
  }
}

/** The square root of the mean of (prediction - target)^2. */
export class RootMeanSquaredError extends MeanSquaredError {
  override async compute(): Promise<number> {
    return Math.sqrt(await super.compute());
  }
}

/**
 * The share of the targets' variance that is explained: 1 - sum of squared errors / sum of squared deviations from the
 * mean; of several outputs, the mean of theirs.
 */
export class R2 extends Metric {
  readonly direction = 'max';
  protected errors = new Sum();
  protected targets = new Sum();
  protected squares = new Sum();
  protected seen = 0;

  update(prediction: Tensor, target: Tensor): void {
    noGrad(() => {
      const [p, t] = paired('R2', prediction, target);
      const rows = p.shape[0] ?? 1;
      const wide = (x: Tensor): Tensor => castOf(x, 'float64').reshape([rows, p.numel / Math.max(1, rows)]);
      const y = wide(t);
      this.errors.add(wide(p).sub(y).square().sum(0));
      this.targets.add(y.sum(0));
      this.squares.add(y.square().sum(0));
      this.seen += rows;
    });
  }
  async compute(): Promise<number> {
    const n = this.seen;
    const [errors, targets, squares] = await Promise.all([
      this.errors.read(),
      this.targets.read(),
      this.squares.read(),
    ]);
    const scores = [...errors].map((e, i) => 1 - e / (squares[i]! - targets[i]! ** 2 / n));
    return share(
      scores.reduce((a, b) => a + b, 0),
      scores.length,
    );
  }
  reset(): void {
    this.errors = new Sum();
    this.targets = new Sum();
    this.squares = new Sum();
    this.seen = 0;
  }
}
