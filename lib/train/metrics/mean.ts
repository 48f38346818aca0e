/** @file The mean of whatever is given, and metrics that are functions. */
import { ArgumentError } from '../../core/errors';
import { noGrad } from '../../core/grad-mode';
import { fn as functionParam, number } from '../../core/params';
import { describe } from '../../core/shape';
import { needTensor, Tensor } from '../../core/tensor';
import { Metric, share, Sum } from './metric';

const weightParam = number({ least: 0 }).or(1);

/** The mean of values, of tensors that stay on their device or of numbers; each counts `weight` times (default 1). */
export class Mean extends Metric {
  readonly direction = 'min';
  protected sum = new Sum();
  protected known = 0;
  protected weight = 0;

  update(values: Tensor | number, weight: number | Tensor = 1): void {
    const w = weightParam.check('Mean', 'weight', weight);
    if (values instanceof Tensor) {
      this.sum.add(
        noGrad(() => values.sum()),
        w,
      );
      this.weight += w * values.numel;
    } else {
      this.known += w * number().check('Mean', 'value', values);
      this.weight += w;
    }
  }
  async compute(): Promise<number> {
    const { known, weight } = this;
    return share(((await this.sum.read())[0] ?? 0) + known, weight);
  }
  reset(): void {
    this.sum = new Sum();
    this.known = 0;
    this.weight = 0;
  }
}

/** The mean over examples of what a function gives: one value each, or the mean of the batch. */
export class MeanOf extends Metric {
  readonly direction = 'min';
  protected mean = new Mean();

  constructor(
    protected readonly fn: (prediction: Tensor, target: Tensor) => Tensor,
    name?: string,
  ) {
    const { name: own } = functionParam<typeof fn>().check('MeanOf', 'fn', fn);
    super(name ?? (own || 'metric'));
  }
  update(prediction: Tensor, target: Tensor): void {
    needTensor(this.name, prediction);
    needTensor(this.name, target);
    const value: unknown = noGrad(() => this.fn(prediction, target));
    if (!(value instanceof Tensor))
      throw new ArgumentError(`[${this.name}] a metric function must return a tensor, got ${describe(value)}`);
    this.mean.update(
      noGrad(() => value.mean()),
      prediction.shape[0] ?? 1,
    );
  }
  compute(): Promise<number> {
    return this.mean.compute();
  }
  reset(): void {
    this.mean = new Mean();
  }
}
