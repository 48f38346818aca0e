/** @file The area under the ROC curve. */
import { type Tensor } from '../../core/tensor';
import { noGrad } from '../../core/grad-mode';
import { castOf } from '../../ops/kit/launch';
import { paired } from './classes';
import { Metric } from './metric';

/**
 * The area under the ROC curve of two classes: how likely a member of the second has a higher score than one of the
 * first. Exact (Keras sums over 200 thresholds), of probabilities or logits; all scores are kept until {@link reset}.
 * NaN if a class has no member.
 */
export class AUC extends Metric {
  readonly direction = 'max';
  protected batches: [scores: Tensor, targets: Tensor][] = [];

  update(prediction: Tensor, target: Tensor): void {
    noGrad(() => {
      const [p, t] = paired('AUC', prediction, target);
      this.batches.push([castOf(p.detach(), 'float64').clone(), t.detach().gt(0.5)]);
    });
  }

  async compute(): Promise<number> {
    const read = await Promise.all(this.batches.flatMap(([p, t]) => [p.data(), t.data()]));
    const scores = Float64Array.from(read.filter((_, i) => i % 2 === 0).flatMap((a) => [...(a as Float64Array)]));
    const second = Uint8Array.from(read.filter((_, i) => i % 2 === 1).flatMap((a) => [...(a as Uint8Array)]));
    return areaUnder(scores, second);
  }

  reset(): void {
    this.batches = [];
  }
}

// The rank sum of the second class, equal scores sharing their ranks (Mann and Whitney).
function areaUnder(scores: Float64Array, second: Uint8Array): number {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a]! - scores[b]!);
  const positives = second.reduce((n, v) => n + v, 0);
  const negatives = second.length - positives;
  if (positives === 0 || negatives === 0) return NaN;
  let ranks = 0;
  for (let i = 0; i < order.length;) {
    let end = i;
    let among = 0;
    for (; end < order.length && scores[order[end]!] === scores[order[i]!]; end++) among += second[order[end]!]!;
    ranks += (among * (i + 1 + end)) / 2;
    i = end;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
}
