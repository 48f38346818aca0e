/** @file Which classes are taken for which. */
import { type InOrderOrByName, readSettings } from '../../core/arguments';
import { ArgumentError } from '../../core/errors';
import { noGrad } from '../../core/grad-mode';
import { number, positive } from '../../core/params';
import { type Tensor } from '../../core/tensor';
import { oneHot } from '../../ops/reduce/counting';
import { classified, paired } from './classes';
import { Metric, Sum } from './metric';

/** Settings of {@link ConfusionMatrix}. */
export interface ConfusionOptions {
  /** How many classes there are. Default: as many as the prediction has scores, or two. */
  classes?: number | undefined;
  /** Where the second of two classes begins, for predictions of one value. Default 0.5. */
  threshold?: number | undefined;
}
const confusionSpec = { classes: positive.optional(), threshold: number().or(0.5) };

/** How often each class (row) was taken for each (column): `compute()` gives rows of counts. */
export class ConfusionMatrix extends Metric<number[][]> {
  readonly direction = 'max';
  protected classes: number | undefined;
  protected readonly threshold: number;
  protected counts = new Sum();

  constructor(...settings: InOrderOrByName<[classes?: number], ConfusionOptions>) {
    super();
    const { classes, threshold } = readSettings('ConfusionMatrix', confusionSpec, settings);
    this.classes = classes;
    this.threshold = threshold;
  }

  update(prediction: Tensor, target: Tensor): void {
    noGrad(() => {
      const c = classified('ConfusionMatrix', prediction, target);
      const n = c ? c.prediction.shape[c.axis]! : 2;
      this.classes ??= n;
      if (n !== this.classes)
        throw new ArgumentError(`[ConfusionMatrix] ${this.classes} classes are counted, the prediction has ${n}`);
      const rows = (labels: Tensor): Tensor => oneHot(labels.reshape([labels.numel]).to('int64'), n).to('float64');
      if (c) return this.counts.add(rows(c.labels).T.matmul(rows(c.prediction.argmax(c.axis))));
      const [p, t] = paired('ConfusionMatrix', prediction, target);
      this.counts.add(rows(t.gt(0.5)).T.matmul(rows(p.gt(this.threshold))));
    });
  }

  async compute(): Promise<number[][]> {
    const n = this.classes ?? 0;
    const counts = await this.counts.read();
    return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => counts[i * n + j] ?? 0));
  }

  reset(): void {
    this.counts = new Sum();
  }
}
