/** @file How often predictions are right. */
import { type InOrderOrByName, readSettings } from '../../core/arguments';
import { noGrad } from '../../core/grad-mode';
import { number, positive } from '../../core/params';
import { type Tensor } from '../../core/tensor';
import { classified, paired } from './classes';
import { Metric, share, Sum } from './metric';

/** Settings of {@link Accuracy} and {@link BinaryAccuracy}. */
export interface ThresholdOptions {
  /** Where the second of two classes begins. Default 0.5; 0 for logits. */
  threshold?: number | undefined;
}
export const thresholdSpec = { threshold: number().or(0.5) };
export type ThresholdArguments = InOrderOrByName<[threshold?: number], ThresholdOptions>;

/** Counts hits; what hits are is the subclass's business. */
abstract class Hits extends Metric {
  readonly direction = 'max';
  protected hits = new Sum();
  protected seen = 0;

  protected count(right: Tensor): void {
    this.hits.add(right.sum());
    this.seen += right.numel;
  }
  async compute(): Promise<number> {
    const seen = this.seen;
    return share((await this.hits.read())[0] ?? 0, seen);
  }
  reset(): void {
    this.hits = new Sum();
    this.seen = 0;
  }
}

const hit = (op: string, prediction: Tensor, target: Tensor, threshold: number): Tensor => {
  const [p, t] = paired(op, prediction, target);
  return p.gt(threshold).eq(t.gt(0.5));
};

/**
 * The share of examples whose largest score is that of the right class. Targets are integers or one-hot; a prediction
 * of one value per example is that of the second of two classes, as Keras's `'accuracy'` has it.
 */
export class Accuracy extends Hits {
  protected readonly threshold: number;
  constructor(...settings: ThresholdArguments) {
    super();
    this.threshold = readSettings('Accuracy', thresholdSpec, settings).threshold;
  }
  update(prediction: Tensor, target: Tensor): void {
    noGrad(() => {
      const c = classified(this.constructor.name, prediction, target);
      this.count(c ? c.prediction.argmax(c.axis).eq(c.labels) : hit('Accuracy', prediction, target, this.threshold));
    });
  }
}

/** The share of values on the right side of `threshold`. */
export class BinaryAccuracy extends Hits {
  protected readonly threshold: number;
  constructor(...settings: ThresholdArguments) {
    super();
    this.threshold = readSettings('BinaryAccuracy', thresholdSpec, settings).threshold;
  }
  update(prediction: Tensor, target: Tensor): void {
    noGrad(() => this.count(hit('BinaryAccuracy', prediction, target, this.threshold)));
  }
}

const topSpec = { k: positive.or(5) };

/** The share of examples whose right class is among the `k` (default 5) with the largest scores. */
export class TopK extends Hits {
  protected readonly k: number;
  constructor(...settings: InOrderOrByName<[k?: number], { k?: number | undefined }>) {
    super();
    this.k = readSettings('TopK', topSpec, settings).k;
  }
  update(prediction: Tensor, target: Tensor): void {
    noGrad(() => {
      const c = classified('TopK', prediction, target);
      if (!c) return this.count(hit('TopK', prediction, target, 0.5));
      // As Keras: as many classes may be better as there are places; equal ones are not better.
      const own = c.prediction.gather(c.axis, c.labels.to('int64').unsqueeze(c.axis));
      this.count(c.prediction.gt(own).sum(c.axis).lt(this.k));
    });
  }
}
