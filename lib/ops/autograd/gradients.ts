/** @file Resetting gradients, for modules and optimizers. */
import { type Tensor } from '../../core/tensor';
import { zerosLike } from '../tensors/create';
import { runFill } from '../kit/launch';

/** Drops the gradients of these tensors, or fills them with zeros. */
export function zeroGradients(list: Iterable<Tensor>, setToNone: boolean): void {
  for (const p of list) {
    if (!p.grad) continue;
    if (setToNone) p.grad = null;
    // One that was recorded (createGraph) must not be changed in place.
    else if (p.grad.requiresGrad) p.grad = zerosLike(p.grad);
    else {
      runFill(p.grad, 0);
      p.grad.storage.version++;
    }
  }
}
