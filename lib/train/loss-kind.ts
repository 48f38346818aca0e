/** @file What a loss wants of predictions and targets, as far as it is known by its name or class: said here alone. */
import {
  BCELoss,
  BCEWithLogitsLoss,
  CategoricalCrossentropyLoss,
  CrossEntropyLoss,
  HuberLoss,
  L1Loss,
  MSELoss,
  NLLLoss,
  SmoothL1Loss,
  SparseCategoricalCrossentropyLoss,
} from '../nn/losses';

/** Scores of classes, their logarithms or probabilities, the same of one of two classes, or numbers. */
export type LossKind =
  'logits' | 'log-probabilities' | 'probabilities' | 'binary-logits' | 'binary-probabilities' | 'values';

const names: Readonly<Record<string, LossKind>> = {
  crossEntropy: 'logits',
  categoricalCrossentropy: 'probabilities',
  sparseCategoricalCrossentropy: 'probabilities',
  binaryCrossentropy: 'binary-probabilities',
  bceWithLogits: 'binary-logits',
  mse: 'values',
  mae: 'values',
  huber: 'values',
  meanSquaredError: 'values',
  meanAbsoluteError: 'values',
};
const classes = [
  [CrossEntropyLoss, 'logits'],
  [NLLLoss, 'log-probabilities'],
  [CategoricalCrossentropyLoss, 'probabilities'],
  [SparseCategoricalCrossentropyLoss, 'probabilities'],
  [BCELoss, 'binary-probabilities'],
  [BCEWithLogitsLoss, 'binary-logits'],
  [MSELoss, 'values'],
  [L1Loss, 'values'],
  [HuberLoss, 'values'],
  [SmoothL1Loss, 'values'],
] as const;

/** The kind of a loss as `compile` takes it; undefined for functions and others. */
export function lossKind(loss: unknown): LossKind | undefined {
  if (typeof loss === 'string') return names[loss];
  return classes.find(([type]) => loss instanceof type)?.[1];
}
