/**
 * @file Higher derivatives of fused ops: where the backward pass itself is recorded, the gradient is taken of the same
 * function written with differentiable ops, evaluated again.
 */
import { enableGrad } from '../../core/autograd';
import type { Tensor } from '../../core/tensor';
import { grad } from '../autograd/backward';
import { reshape } from '../shape/views';

/**
 * Differentiable gradients of `fn` at `inputs`.
 * @param grads - one per output of `fn`; undefined where nothing flowed
 * @param needs - which inputs' gradients are wanted
 */
export function gradientOf(
  fn: (...inputs: Tensor[]) => Tensor[],
  inputs: readonly Tensor[],
  grads: readonly (Tensor | undefined)[],
  needs: readonly boolean[],
): (Tensor | null)[] {
  // Views of the inputs: the search for gradients must end here, not go on into what made the inputs.
  const local = inputs.map((t) => reshape(t, t.shape));
  const outs = enableGrad(() => fn(...local));
  const wanted = local.filter((_, i) => needs[i]);
  const flowed = outs.map((_, i) => i).filter((i) => grads[i] && outs[i]!.requiresGrad);
  const found = grad(
    flowed.map((i) => outs[i]!),
    wanted,
    { gradOutputs: flowed.map((i) => grads[i]!), createGraph: true, allowUnused: true },
  ) as (Tensor | null)[];
  let k = 0;
  return needs.map((n) => (n ? found[k++]! : null));
}
