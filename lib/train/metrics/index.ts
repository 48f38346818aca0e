/** @file Metrics. */
export { Metric } from './metric';
export { Accuracy, BinaryAccuracy, type ThresholdOptions, TopK } from './accuracy';
export { F1, Precision, Recall, type DetectionOptions } from './detection';
export { AUC } from './auc';
export { ConfusionMatrix, type ConfusionOptions } from './confusion-matrix';
export { MeanAbsoluteError, MeanSquaredError, R2, RootMeanSquaredError } from './errors';
export { Perplexity } from './perplexity';
export { Mean, MeanOf } from './mean';
export type { MetricLike, MetricMaker } from './names';
