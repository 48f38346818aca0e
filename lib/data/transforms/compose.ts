/** @file Several transforms, one after the other. */
import { ArgumentError } from '../../core/errors';
import { describe } from '../../core/shape';
import { type Tensor } from '../../core/tensor';
import { Transform } from './transform';

/** Images in, images out. */
export type ImageFunction = (x: Tensor) => Tensor;

/** A function that applies the transforms (objects or functions) in order, and has them as `transforms`. */
export interface Composed extends ImageFunction {
  readonly transforms: readonly (Transform | ImageFunction)[];
}

/**
 * One function of several transforms, for images [n, c, h, w] or one image [c, h, w].
 *
 * @example
 * ```ts
 * const augment = data.transforms.compose([
 *   new data.transforms.RandomHorizontalFlip(),
 *   new data.transforms.RandomCrop(28, { padding: 4 }),
 *   new data.transforms.Normalize([0.13], [0.31]),
 * ]);
 * new data.DataLoader(dataset, { batchSize: 64, transform: ([x, y]) => [augment(x), y] });
 * ```
 */
export function compose(transforms: readonly (Transform | ImageFunction)[]): Composed {
  if (!Array.isArray(transforms))
    throw new ArgumentError(`[compose] expected a list of transforms, got ${describe(transforms)}`);
  const list = transforms.slice() as (Transform | ImageFunction)[];
  const steps = list.map((t): ImageFunction => {
    if (t instanceof Transform) return (x) => t.forward(x);
    if (typeof t === 'function') return t;
    throw new ArgumentError(
      `[compose] a transform is an object of ng.data.transforms or a function, got ${describe(t)}`,
    );
  });
  return Object.assign((x: Tensor): Tensor => steps.reduce((y, step) => step(y), x), { transforms: list });
}
