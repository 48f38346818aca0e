/** @file Metrics as `compile` takes them: by name, as objects, or as functions. */
import { ArgumentError } from '../../core/errors';
import { describe } from '../../core/shape';
import { type Tensor } from '../../core/tensor';
import { Module } from '../../nn/module';
import { lossKind } from '../loss-kind';
import { Table } from '../table';
import { Accuracy, BinaryAccuracy, TopK } from './accuracy';
import { AUC } from './auc';
import { F1, Precision, Recall } from './detection';
import { MeanAbsoluteError, MeanSquaredError, R2, RootMeanSquaredError } from './errors';
import { MeanOf } from './mean';
import { Metric } from './metric';
import { Perplexity } from './perplexity';

/** A metric: a name, an object, or a function of prediction and target. */
export type MetricLike = string | Metric | ((prediction: Tensor, target: Tensor) => Tensor);

/** Makes the metric of a name. `threshold` is where the second of two classes begins: 0 if the loss takes logits. */
export type MetricMaker = (threshold: number) => Metric;

/** Metrics by name. */
export const metricNames = new Table<MetricMaker>('metric', {
  accuracy: (threshold) => new Accuracy({ threshold }),
  acc: (threshold) => new Accuracy({ threshold }),
  binaryAccuracy: (threshold) => new BinaryAccuracy({ threshold }),
  categoricalAccuracy: () => new Accuracy(),
  sparseCategoricalAccuracy: () => new Accuracy(),
  topK: () => new TopK(),
  precision: (threshold) => new Precision({ threshold }),
  recall: (threshold) => new Recall({ threshold }),
  f1: (threshold) => new F1({ threshold }),
  auc: () => new AUC(),
  mae: () => new MeanAbsoluteError(),
  mse: () => new MeanSquaredError(),
  rmse: () => new RootMeanSquaredError(),
  r2: () => new R2(),
  perplexity: () => new Perplexity(),
  meanAbsoluteError: () => new MeanAbsoluteError(),
  meanSquaredError: () => new MeanSquaredError(),
  rootMeanSquaredError: () => new RootMeanSquaredError(),
});

/** Where the second of two classes begins in what a model trained with this loss gives: 0 if the loss takes logits. */
export const thresholdOf = (loss: unknown): number => (lossKind(loss) === 'binary-logits' ? 0 : 0.5);

/** The metrics that `list` names, under names that differ from each other. */
export function metricsOf(op: string, list: readonly MetricLike[], loss: unknown): Metric[] {
  const threshold = thresholdOf(loss);
  const used = new Set(['loss']);
  return list.map((like) => {
    const metric = metricOf(op, like, threshold);
    const wanted = metric.name;
    for (let n = 1; used.has(metric.name); n++) metric.name = `${wanted}${n}`;
    used.add(metric.name);
    return metric;
  });
}

function metricOf(op: string, like: MetricLike, threshold: number): Metric {
  if (typeof like === 'string') {
    const metric = metricNames.get(op, like)(threshold);
    metric.name = like;
    return metric;
  }
  if (like instanceof Metric) return like;
  if (typeof like === 'function' && !((like as { prototype?: unknown }).prototype instanceof Module))
    return new MeanOf(like);
  throw new ArgumentError(
    `[${op}] a metric must be a name (${metricNames.names().join(', ')}), an object or a function, got ${describe(like)}`,
  );
}

/** Gives a metric a name, for `compile`; one that is there is replaced. */
export const registerMetric = (name: string, make: MetricMaker): void => void metricNames.set(name, make);
