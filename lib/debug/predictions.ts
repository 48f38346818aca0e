/** @file What predictions say of themselves, and the best one that does not look at the inputs. */
import { noGrad } from '../core/grad-mode';
import { type Tensor } from '../core/tensor';
import { type LossKind } from '../train/loss-kind';

/** A prediction with classes in its second dimension, in the shape [n, classes]; undefined for other shapes. */
const byClass = (p: Tensor): Tensor | undefined => (p.ndim === 2 && p.shape[1]! > 1 ? p : undefined);

/** Whether each row of the prediction is a distribution: not negative, with the sum 1. */
export function areDistributions(prediction: Tensor): boolean {
  const rows = byClass(prediction.detach());
  if (!rows) return false;
  const [values, c] = [rows.dataSync(), rows.shape[1]!];
  for (let i = 0; i < values.length; i += c) {
    let sum = 0;
    for (let j = i; j < i + c; j++) {
      if (Number(values[j]) < 0) return false;
      sum += Number(values[j]);
    }
    if (Math.abs(sum - 1) > 1e-3) return false;
  }
  return true;
}

/** Whether all values are between 0 and 1. */
export const areProbabilities = (prediction: Tensor): boolean =>
  prediction
    .detach()
    .dataSync()
    .every((v: number | bigint) => v >= 0 && v <= 1);

// How often each class is there.
function frequencies(y: Tensor, count: number): number[] {
  const out = Array<number>(count).fill(0);
  const classes = y.ndim === 2 && y.shape[1] === count ? y.argmax(1) : y;
  for (const v of classes.dataSync()) if (Number(v) >= 0 && Number(v) < count) out[Number(v)]!++;
  return out.map((n) => n / classes.numel);
}

/**
 * The best prediction that does not look at the inputs, as one row: how often each class is there, or the mean of the
 * targets. A model that is no better has learned nothing. Undefined where the kind or the shapes say no such thing.
 * @param like - a prediction of the model
 * @param y - the targets of all examples
 */
export function constantRow(kind: LossKind | undefined, like: Tensor, y: Tensor): Tensor | undefined {
  if (kind === undefined) return undefined;
  return noGrad(() => {
    if (kind === 'logits' || kind === 'log-probabilities' || kind === 'probabilities') {
      const rows = byClass(like.detach());
      if (!rows) return undefined;
      // Classes that are not there have logarithms that are bounded.
      const p = frequencies(y, rows.shape[1]!).map((f) => Math.max(f, 1e-7));
      const row = rows.narrow(0, 0, 1).clone();
      const values = kind === 'probabilities' ? p : p.map(Math.log);
      values.forEach((v, i) => void row.select(1, i).fill_(v));
      return row;
    }
    const shape = [y.shape[0]!, ...like.shape.slice(1)];
    if (y.numel !== shape.reduce((a, b) => a * b, 1)) return undefined;
    const mean = y.to(like.dtype).reshape(shape).mean(0, { keepdim: true });
    return kind === 'binary-logits' ? mean.clamp(1e-7, 1 - 1e-7).logit() : mean;
  });
}
