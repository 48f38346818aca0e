/**
 * @file How the ops are recorded that every step calls most: views, casts, sums, products. To find
 * tensors by name (record.ts) costs about as much as a view itself. Here they have places instead, the same for all ops of
 * a kind.
 */
import { hasHistory, isGradEnabled, track } from '../../core/autograd';
import type { Tensor } from '../../core/tensor';

const nothing: Tensor[] = [];

/** Records `out`, made of one tensor, with a gradient that reads no other: `back` turns dL/dout into dL/dx. */
export function recordView(name: string, out: Tensor, x: Tensor, back: (g: Tensor) => Tensor): Tensor {
  if (!isGradEnabled() || !hasHistory(x)) return out;
  return track(name, out, [x], nothing, (grads) => [back(grads[0]!)]);
}

/** A product a b + bias: linear in both factors, so that the gradient of each reads the other one. */
export interface Product {
  readonly name: string;
  /** dL/da from dL/dout and b. The engine sums down what was broadcast. */
  readonly a: (g: Tensor, b: Tensor) => Tensor;
  /** dL/db from dL/dout and a. */
  readonly b: (g: Tensor, a: Tensor) => Tensor;
  /** dL/dbias. */
  readonly bias: (g: Tensor) => Tensor;
}

/** What records results of a product. A factor whose partner needs no gradient is not kept. */
export function recordsOfProduct(product: Product): (out: Tensor, a: Tensor, b: Tensor, bias: Tensor | null) => Tensor {
  const { name, a: backA, b: backB, bias: backBias } = product;
  return (out, a, b, bias) => {
    if (!isGradEnabled()) return out;
    const saved = a.requiresGrad ? (b.requiresGrad ? [a, b] : [b]) : b.requiresGrad ? [a] : nothing;
    return track(name, out, bias ? [a, b, bias] : [a, b], saved, (grads, factors, needs) => {
      const g = grads[0]!;
      const ga = needs[0] ? backA(g, factors[factors.length - 1]!) : null;
      const gb = needs[1] ? backB(g, factors[0]!) : null;
      return [ga, gb, needs[2] ? backBias(g) : null];
    });
  };
}

/** A choice between x and y by a mask, which is all that its gradients read. */
export interface Choice {
  readonly name: string;
  /** dL/dx from dL/dout and the mask. */
  x(g: Tensor, mask: Tensor): Tensor;
  /** dL/dy. */
  y(g: Tensor, mask: Tensor): Tensor;
}

/** What records results of a choice. */
export function recordsOfChoice(choice: Choice): (out: Tensor, mask: Tensor, x: Tensor, y: Tensor) => Tensor {
  return (out, mask, x, y) =>
    track(choice.name, out, [x, y], [mask], (grads, masks, needs) => [
      needs[0] ? choice.x(grads[0]!, masks[0]!) : null,
      needs[1] ? choice.y(grads[0]!, masks[0]!) : null,
    ]);
}
