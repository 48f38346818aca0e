/** @file Precision, recall and F1: what is found, and what of it is right. */
import { readSettings } from '../../core/arguments';
import { noGrad } from '../../core/grad-mode';
import { number, oneOf } from '../../core/params';
import { type Tensor } from '../../core/tensor';
import { oneHot } from '../../ops/reduce/counting';
import { classified, paired } from './classes';
import { Metric, share, Sum } from './metric';

/** Settings of {@link Precision}, {@link Recall} and {@link F1}. */
export interface DetectionOptions {
  /** Where the second of two classes begins. Default 0.5; 0 for logits. */
  threshold?: number | undefined;
  /** Of several classes: the mean of the values of those that occur (default), or of all decisions together. */
  average?: 'macro' | 'micro' | undefined;
}
const detectionSpec = { threshold: number().or(0.5), average: oneOf('macro', 'micro').or('macro' as const) };

/** Of one class: how often it was found rightly, how often found, how often there. */
interface Counts {
  right: number;
  found: number;
  there: number;
}

abstract class Detection extends Metric {
  readonly direction = 'max';
  protected readonly threshold: number;
  protected readonly average: 'macro' | 'micro';
  protected right = new Sum();
  protected found = new Sum();
  protected there = new Sum();

  constructor(settings: [options?: DetectionOptions]) {
    super();
    const { threshold, average } = readSettings(this.constructor.name, detectionSpec, settings);
    this.threshold = threshold;
    this.average = average;
  }

  protected abstract value(counts: Counts): number;

  update(prediction: Tensor, target: Tensor): void {
    noGrad(() => {
      const c = classified(this.constructor.name, prediction, target);
      if (c) {
        const n = c.prediction.shape[c.axis]!;
        const rows = (labels: Tensor): Tensor => oneHot(labels.reshape([labels.numel]).to('int64'), n).to('bool');
        return this.count(rows(c.prediction.argmax(c.axis)), rows(c.labels), 0);
      }
      const [p, t] = paired(this.constructor.name, prediction, target);
      this.count(p.reshape([p.numel]).gt(this.threshold), t.reshape([t.numel]).gt(0.5), 0);
    });
  }

  private count(found: Tensor, there: Tensor, axis: number): void {
    this.right.add(found.logicalAnd(there).sum(axis));
    this.found.add(found.sum(axis));
    this.there.add(there.sum(axis));
  }

  async compute(): Promise<number> {
    const [right, found, there] = await Promise.all([this.right.read(), this.found.read(), this.there.read()]);
    const classes = [...right].map((r, i) => ({ right: r, found: found[i]!, there: there[i]! }));
    if (this.average === 'micro')
      return this.value(
        classes.reduce((a, b) => ({ right: a.right + b.right, found: a.found + b.found, there: a.there + b.there }), {
          right: 0,
          found: 0,
          there: 0,
        }),
      );
    const occur = classes.filter((c) => c.found > 0 || c.there > 0);
    return share(
      occur.reduce((sum, c) => sum + this.value(c), 0),
      occur.length,
    );
  }

  reset(): void {
    this.right = new Sum();
    this.found = new Sum();
    this.there = new Sum();
  }
}

/** How much of what is found is right. */
export class Precision extends Detection {
  constructor(...settings: [options?: DetectionOptions]) {
    super(settings);
  }
  protected value({ right, found }: Counts): number {
    return share(right, found);
  }
}

/** How much of what is there is found. */
export class Recall extends Detection {
  constructor(...settings: [options?: DetectionOptions]) {
    super(settings);
  }
  protected value({ right, there }: Counts): number {
    return share(right, there);
  }
}

/** The harmonic mean of precision and recall. */
export class F1 extends Detection {
  constructor(...settings: [options?: DetectionOptions]) {
    super(settings);
  }
  protected value({ right, found, there }: Counts): number {
    return share(2 * right, found + there);
  }
}
