/** @file Class weights, as Keras has them: factors of the examples' losses, by the class of their targets. */
import { ArgumentError } from '../core/errors';
import { noGrad } from '../core/grad-mode';
import { describe } from '../core/shape';
import { Tensor } from '../core/tensor';
import { ones } from '../ops/tensors/create';
import { type Batch } from './source';

/** The batch with each example's weight times that of its class. Targets are integer classes, or one-hot. */
export function weighted([x, y, sampleWeight]: Batch, classWeight: Readonly<Record<number, number>>): Batch {
  if (!(y instanceof Tensor)) throw new ArgumentError(`[fit] classWeight needs one target, got ${describe(y)}`);
  return noGrad(() => {
    let classes = y;
    // As Keras: a last dimension of length 1 holds the class, a longer one is one-hot.
    if (y.ndim > 1) classes = y.shape.at(-1) === 1 ? y.squeeze(-1) : y.argmax(-1);
    let factors = ones(classes.shape, { device: y.device as never });
    for (const [label, weight] of Object.entries(classWeight))
      factors = factors.maskedFill(classes.eq(Number(label)), weight);
    return [x, y, sampleWeight ? factors.mul(sampleWeight) : factors];
  });
}
