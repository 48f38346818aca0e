/**
 * @file Ops that other ops cannot express, as values: they have a kernel of their own, or are views or copies, and a
 * derivative that was found by hand. The engine does the rest (record.ts) as for ops with a composite (op.ts).
 */
import { isGradEnabled, setGradEnabled } from '../../core/grad-mode';
import type { Tensor } from '../../core/tensor';
import { enterOp, leaveOp, opNumber } from '../../native';
import { type Gradient, type PlainGradient, type Reads, recorder, type Results, type Tensors } from './record';

/** What `forward` gives: the result, with what it keeps for the gradient where that is something. */
type Made<O extends Results, K extends Tensors> = object extends K ? O : { out: O; kept: K };

/**
 * What a primitive is. `I`: its tensors; `S`: its settings, read and checked; `O`: its results; `K`: what it keeps for its
 * gradient besides inputs (results, as a rule).
 */
export interface PrimitiveDefinition<I extends Tensors, S, O extends Results, K extends Tensors> {
  /** As users call it. */
  readonly name: string;
  /** The names of its tensors; the first decides dtype and device. */
  readonly inputs: readonly (keyof I & string)[];
  /** The name of the last input, if that is a list of tensors (`cat`). Gradients cannot read it. */
  readonly each?: (keyof I & string) | undefined;
  /**
   * Computes; what it calls is not recorded. The caller has checked dtypes, devices and shapes.
   * @param recorded - whether a gradient may be asked for
   */
  forward(inputs: I, settings: S, recorded: boolean): Made<O, K>;
  /**
   * What the gradients read of inputs and of what was kept; only that is kept alive, and may not be overwritten. One list
   * for all gradients, or one by input, of which those count whose gradient is wanted. Default: nothing.
   */
  readonly reads?: Reads<I, K> | undefined;
  /** The gradients in differentiable ops, so that those of every order follow. */
  readonly derivative: Gradient<I, K, S, O>;
  /** The same where the backward pass is not itself recorded, if that is faster or more exact. */
  readonly gradient?: PlainGradient<I, K, S, O> | undefined;
}

/** Every primitive that was defined: a test holds the gradient of each to finite differences. */
export const primitives: PrimitiveDefinition<never, never, never, never>[] = [];

/** Makes an op of its definition. What it gives takes another name as its last argument, where several functions are one. */
export function definePrimitive<I extends Tensors, S = void, O extends Results = Tensor, K extends Tensors = object>(
  definition: PrimitiveDefinition<I, S, O, K>,
): (inputs: I, settings: S, as?: string) => O {
  const { name, inputs: names, reads = [] } = definition;
  const number = opNumber(name);
  const { wants, record } = recorder<I, S, K, O>(definition);
  const read: unknown[] = Array.isArray(reads) ? reads : Object.values(reads).flat();
  const keeps = read.some((n) => !(names as readonly unknown[]).includes(n));
  primitives.push(definition as never);

  return (inputs, settings, as) => {
    const recorded = wants(inputs);
    const mode = isGradEnabled();
    const before = enterOp(as === undefined ? number : opNumber(as));
    let made: Made<O, K>;
    try {
      if (mode) setGradEnabled(false);
      made = definition.forward(inputs, settings, recorded);
    } finally {
      if (mode) setGradEnabled(true);
      leaveOp(before);
    }
    const out = keeps ? (made as { out: O }).out : (made as O);
    if (recorded) record(as ?? name, inputs, settings, out, keeps ? (made as { kept: K }).kept : undefined);
    return out;
  };
}
