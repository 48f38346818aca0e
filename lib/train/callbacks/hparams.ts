/** @file What {@link TensorBoard} is told about how a training was set. */

/** Settings of a training by name. */
export type HParams = Readonly<Record<string, number | string | boolean>>;

/** A number that trainings are compared by: the tag of a scalar, in a folder below the training's. */
export interface HParamsMetric {
  group: string;
  tag: string;
}
