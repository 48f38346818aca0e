/** @file An order in which each batch has the shares of the classes. */
import { readOptions } from '../../core/arguments';
import { ArgumentError } from '../../core/errors';
import { type Labels, labels as labelsParam } from '../labels';
import { positions, type SeedOptions, seedSpec, shuffled } from '../sampler';
import { Sampler } from './sampler';

/**
 * All positions, each class spread evenly over the epoch and in random order within itself: whatever the size of a batch, it
 * has as many examples of each class as the class's share of the data says, up to rounding.
 *
 * @example
 * ```ts
 * // 90 examples of one class, 10 of the other: 18 and 2 in each batch.
 * new data.DataLoader(ds, { batchSize: 20, sampler: new data.StratifiedSampler(labels, { seed: 1 }) });
 * ```
 */
export class StratifiedSampler extends Sampler {
  // The class of each example, and of each place in the order.
  private readonly classes: Int32Array;
  private readonly pattern: Int32Array;
  private readonly counts: number[] = [];

  /** @param labels - one for each example; a tensor's values are waited for */
  constructor(labels: Labels, options: SeedOptions = {}) {
    super('StratifiedSampler', readOptions<SeedOptions>('StratifiedSampler', seedSpec, options));
    const list = labelsParam.check('StratifiedSampler', 'labels', labels);
    if (list.length === 0) throw new ArgumentError('[StratifiedSampler] there are no labels');
    const numbers = new Map<unknown, number>();
    // The k-th of a class's c examples belongs at (k + 1/2) / c of the epoch.
    const within = new Float64Array(list.length);
    this.classes = Int32Array.from(list, (label, i) => {
      let c = numbers.get(label);
      if (c === undefined) numbers.set(label, (c = this.counts.push(0) - 1));
      within[i] = this.counts[c]!++;
      return c;
    });
    const place = within.map((k, i) => (k + 0.5) / this.counts[this.classes[i]!]!);
    const order = Int32Array.from(place.keys()).sort((a, b) => place[a]! - place[b]! || a - b);
    this.pattern = order.map((i) => this.classes[i]!);
  }

  get length(): number {
    return this.classes.length;
  }

  protected draw(): Int32Array {
    // Each class's examples in random order.
    const members = this.counts.map((n) => new Int32Array(n));
    const filled = this.counts.map(() => 0);
    for (const i of positions(shuffled(this.length, this.generator).dataSync())) {
      const c = this.classes[i]!;
      members[c]![filled[c]!++] = i;
    }
    return this.pattern.map((c) => members[c]![--filled[c]!]!);
  }
}
