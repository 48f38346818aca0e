/** @file Losses as `compile` takes them: by name, as a layer, or as a function; with and without weights of examples. */
import { isFloat } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { describe, showShape } from '../core/shape';
import { Tensor } from '../core/tensor';
import { CrossEntropyLoss, NLLLoss } from '../nn/losses';
import { Module } from '../nn/module';
import { crossEntropy } from '../ops/losses/cross-entropy';
import { binaryCrossEntropy, binaryCrossEntropyWithLogits, huberLoss, l1Loss, mseLoss } from '../ops/losses/losses';
import { categoricalCrossentropy, sparseCategoricalCrossentropy } from '../ops/losses/probability-losses';
import { castOf } from '../ops/kit/launch';
import { reshape, squeeze } from '../ops/shape/views';
import { Table } from './table';

/** How a loss by name is asked for: its mean, or one value per example (and position). */
export interface LossReduction {
  reduction: 'mean' | 'none';
}

/** What a loss by name stands for. A function that always gives one value per example is right too. */
export type NamedLoss = (prediction: Tensor, target: Tensor, how: LossReduction) => Tensor;

/** A loss: a name, a layer (`new nn.MSELoss()`), or a function of prediction and target. */
export type LossLike = string | Module | ((prediction: Tensor, target: Tensor) => Tensor);

// Classes in a last dimension of length 1, or as floats (nested arrays give those), are what Keras takes too.
function classes(prediction: Tensor, target: Tensor): Tensor {
  const t = target.ndim === prediction.ndim && target.shape.at(-1) === 1 ? squeeze(target, -1) : target;
  return isFloat(t.dtype) && t.ndim < prediction.ndim ? castOf(t, 'int64') : t;
}

// As Keras: a dimension of length 1 that only one of them has is no difference.
function alike(prediction: Tensor, target: Tensor): [prediction: Tensor, target: Tensor] {
  const t = target.dtype === prediction.dtype ? target : castOf(target, prediction.dtype);
  if (prediction.ndim === t.ndim + 1 && prediction.shape.at(-1) === 1)
    return [prediction, reshape(t, prediction.shape)];
  if (t.ndim === prediction.ndim + 1 && t.shape.at(-1) === 1) return [prediction, squeeze(t, -1)];
  return [prediction, t];
}

const elementwise =
  (fn: (prediction: Tensor, target: Tensor, how: LossReduction) => Tensor): NamedLoss =>
  (prediction, target, how) =>
    fn(...alike(prediction, target), how);

const crossEntropyByName: NamedLoss = (p, t, how) => crossEntropy(p, classes(p, t), how);
const categorical: NamedLoss = (p, t, how) => categoricalCrossentropy(p, t, how);
const sparse: NamedLoss = (p, t, how) => sparseCategoricalCrossentropy(p, classes(p, t), how);
const mse = elementwise((p, t, how) => mseLoss(p, t, how));
const mae = elementwise((p, t, how) => l1Loss(p, t, how));

/**
 * Losses by name. `crossEntropy`: logits and integer classes; `categoricalCrossentropy`: probabilities and one-hot;
 * `sparseCategoricalCrossentropy`: probabilities and integer classes; `binaryCrossentropy`: probabilities;
 * `bceWithLogits`: logits; `mse`, `mae`, `huber`.
 */
export const lossNames = new Table<NamedLoss>('loss', {
  crossEntropy: crossEntropyByName,
  categoricalCrossentropy: categorical,
  sparseCategoricalCrossentropy: sparse,
  binaryCrossentropy: elementwise((p, t, how) => binaryCrossEntropy(p, t, how)),
  bceWithLogits: elementwise((p, t, how) => binaryCrossEntropyWithLogits(p, t, how)),
  mse,
  mae,
  huber: elementwise((p, t, how) => huberLoss(p, t, how)),
  meanSquaredError: mse,
  meanAbsoluteError: mae,
});

/** The mean loss of a batch; with weights, the weighted losses of its examples summed and divided by their number. */
export type BatchLoss = (prediction: Tensor, target: Tensor, weight: Tensor | undefined) => Tensor;

// Keras's SUM_OVER_BATCH_SIZE: divided by the number of values, not by the sum of the weights.
function weightedMean(op: string, values: Tensor, weight: Tensor): Tensor {
  if (values.ndim === 0)
    throw new ArgumentError(
      `[${op}] sample and class weights need a loss that gives one value per example, and this one gives one number`,
    );
  if (weight.ndim > values.ndim || weight.shape.some((d, i) => d !== values.shape[i]))
    throw new ShapeError(
      `[${op}] sample weights ${showShape(weight.shape)} do not fit losses of shape ${showShape(values.shape)}`,
    );
  const factors = reshape(castOf(weight, values.dtype), [
    ...weight.shape,
    ...values.shape.slice(weight.ndim).map(() => 1),
  ]);
  return values.mul(factors).mean();
}

const meanOf = (loss: Tensor): Tensor => (loss.ndim === 0 ? loss : loss.mean());

/** Losses of a layer with a setting `reduction`, for the moment of one call. */
function unreduced(layer: Module, prediction: Tensor, target: Tensor): Tensor {
  if (!('reduction' in layer)) return layer.forward(prediction, target) as Tensor;
  const before = layer.reduction;
  layer.reduction = 'none';
  try {
    return layer.forward(prediction, target) as Tensor;
  } finally {
    layer.reduction = before;
  }
}

/** What `loss` computes of a batch. */
export function lossOf(op: string, loss: LossLike): BatchLoss {
  if (typeof loss === 'string') {
    const fn = lossNames.get(op, loss);
    return (p, t, w) =>
      w ? weightedMean(op, fn(p, t, { reduction: 'none' }), w) : meanOf(fn(p, t, { reduction: 'mean' }));
  }
  if (loss instanceof Module) {
    const ofClasses = loss instanceof CrossEntropyLoss || loss instanceof NLLLoss;
    return (p, given, w) => {
      const t = ofClasses ? classes(p, given) : given;
      return w ? weightedMean(op, unreduced(loss, p, t), w) : meanOf(loss.forward(p, t) as Tensor);
    };
  }
  if (typeof loss === 'function') {
    const call = (p: Tensor, t: Tensor): Tensor => {
      const value: unknown = loss(p, t);
      if (!(value instanceof Tensor))
        throw new ArgumentError(`[${op}] a loss function must return a tensor, got ${describe(value)}`);
      return value;
    };
    return (p, t, w) => (w ? weightedMean(op, call(p, t), w) : meanOf(call(p, t)));
  }
  throw new ArgumentError(
    `[${op}] loss must be a name (${lossNames.names().join(', ')}), a loss layer or a function, got ${describe(loss)}`,
  );
}

/** Gives a loss a name, for `compile`; one that is there is replaced. */
export const registerLoss = (name: string, loss: NamedLoss): void => void lossNames.set(name, loss);
