/** @file What predictions and targets say of classes: integer classes, one-hot, or one value for two classes. */
import { isFloat } from '../../core/dtype';
import { ShapeError } from '../../core/errors';
import { sameShape, showShape } from '../../core/shape';
import { needTensor, type Tensor } from '../../core/tensor';
import { castOf } from '../../ops/kit/launch';
import { squeeze } from '../../ops/shape/views';

/** Scores of several classes and the right ones, as integers, without the dimension of classes. */
export interface Classified {
  prediction: Tensor;
  /** int64, in the prediction's shape without `axis`. */
  labels: Tensor;
  /** The dimension of classes in the prediction. */
  axis: number;
}

/**
 * How classes are meant. Integer targets: the prediction has a dimension more, the second (as PyTorch's losses) or the
 * last (as Keras); one-hot targets: the last. Undefined: one value says which of two classes it is.
 */
export function classified(op: string, prediction: Tensor, target: Tensor): Classified | undefined {
  needTensor(op, prediction);
  needTensor(op, target);
  if (prediction.ndim === 0 || prediction.ndim === 1) return undefined;
  const last = prediction.ndim - 1;
  const t =
    target.ndim === prediction.ndim && target.shape[last] === 1 && prediction.shape[last] !== 1
      ? squeeze(target, -1)
      : target;
  if (t.ndim === prediction.ndim) {
    if (!sameShape(t.shape, prediction.shape)) throw misfit(op, prediction, target);
    return prediction.shape[last] === 1 ? undefined : { prediction, labels: t.argmax(-1), axis: last };
  }
  if (prediction.shape[last] === 1 && t.ndim === last) return undefined;
  const axis = [1, last].find((a) =>
    sameShape(
      t.shape,
      prediction.shape.filter((_, i) => i !== a),
    ),
  );
  if (axis === undefined) throw misfit(op, prediction, target);
  return { prediction, labels: isFloat(t.dtype) || t.dtype === 'bool' ? castOf(t, 'int64') : t, axis };
}

const misfit = (op: string, prediction: Tensor, target: Tensor): ShapeError =>
  new ShapeError(`[${op}] a target of shape ${showShape(target.shape)} does not fit ${showShape(prediction.shape)}`);

/** Prediction and target of one shape: a dimension of length 1 at the end of one of them is no difference. */
export function paired(op: string, prediction: Tensor, target: Tensor): [prediction: Tensor, target: Tensor] {
  needTensor(op, prediction);
  needTensor(op, target);
  if (sameShape(prediction.shape, target.shape)) return [prediction, target];
  if (prediction.numel === target.numel && Math.abs(prediction.ndim - target.ndim) === 1) {
    const longer = prediction.ndim > target.ndim ? prediction : target;
    if (longer.shape.at(-1) === 1) return [prediction.reshape([...target.shape]), target];
  }
  throw misfit(op, prediction, target);
}
