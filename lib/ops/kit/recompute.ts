/**
 * @file Higher derivatives of fused ops: where the backward pass itself is recorded, the gradient is taken of the same
 * function written with differentiable ops, evaluated again.
 */
import { enableGrad } from '../../core/autograd';
import type { Tensor } from '../../core/tensor';
import { grad } from '../autograd/backward';
import { reshape } from '../shape/views';
import type { Gradient, Results, Tensors } from './record';

type Named = Record<string, Tensor | null>;
const listOf = <T>(v: T | T[]): T[] => (Array.isArray(v) ? v : [v]);

/**
 * The gradients of an op by its composite in differentiable ops. They read all inputs.
 * @param names - of the inputs; one that is not given is null
 */
export function gradientAgain<I extends Tensors, S, O extends Results = Tensor>(
  names: readonly (keyof I & string)[],
  composite: (inputs: I, settings: S) => O,
): Gradient<I, object, S, O> {
  return (g, values, settings, needs) => {
    // Views of the inputs: the search for gradients must end here, not go on into what made the inputs.
    const local: Named = {};
    for (const n of names) {
      const t = (values as Named)[n];
      local[n] = t ? reshape(t, t.shape) : null;
    }
    const outs = enableGrad<Tensor[]>(() => listOf<Tensor>(composite(local as I, settings)));
    const grads = listOf(g as Tensor | undefined);
    const flowed = [...outs.keys()].filter((i) => grads[i] && outs[i]!.requiresGrad);
    const wanted = names.filter((n) => needs[n]);
    const found = grad(
      flowed.map((i) => outs[i]!),
      wanted.map((n) => local[n]!),
      { gradOutputs: flowed.map((i) => grads[i]!), createGraph: true, allowUnused: true },
    ) as (Tensor | null)[];
    return Object.fromEntries(wanted.map((n, i) => [n, found[i]!])) as never;
  };
}
