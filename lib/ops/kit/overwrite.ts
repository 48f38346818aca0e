/** @file Ops that overwrite part of a tensor, in their two forms: on a copy, and in place. */
import { checkInPlace, noGrad } from '../../core/autograd';
import { DTypeError } from '../../core/errors';
import { empty, type Tensor } from '../../core/tensor';
import { copyOf, runCopy, runFill } from './launch';
import { type Gradient, type Reads, recorder, type Tensors } from './record';

/** A copy of what `t` is now, with its history: for a gradient that reads it after `t` was overwritten. */
export function remembered(t: Tensor): Tensor {
  const copy = copyOf(t);
  if (t.gradFn) copy.setGradFn(t.gradFn, t.outputIndex);
  return copy;
}

/** A 0-dim tensor that stands for a number; never tracked. */
export const scalarOf = (value: number | boolean, like: Tensor): Tensor =>
  runFill(empty([], like.dtype, like.storage.device), Number(value));

/** Throws unless `src` has the dtype of what it is written to: as in PyTorch, writing does not convert. */
export function sameDType(op: string, t: Tensor, src: Tensor): void {
  if (t.dtype !== src.dtype)
    throw new DTypeError(`[${op}] the source is ${src.dtype}, the tensor ${t.dtype}; cast one with .to()`);
}

/** What an op is that overwrites part of a tensor `t`. `I`: the tensors that it takes besides; `S`: its settings. */
export interface OverwriteDefinition<I extends Tensors, S> {
  /** As users call it; in place, with an underscore behind. */
  readonly name: string;
  readonly inputs: readonly (keyof I & string)[];
  /** Writes into the tensor it gets, which holds the old values. What it calls is not recorded. */
  write(target: Tensor, inputs: I, settings: S): void;
  /** What the gradients read of `t`'s old values and of the inputs; see primitive.ts. Default: nothing. */
  readonly reads?: Reads<I & { t: Tensor }, object> | undefined;
  /** The gradients of the old values and of the inputs. */
  readonly derivative: Gradient<I & { t: Tensor }, object, S>;
}

/** An op with its inputs and settings, to be done to a tensor. */
export interface Overwrite {
  /** On a copy of `t`. */
  copy(t: Tensor): Tensor;
  /** On `t` itself. */
  self(t: Tensor): Tensor;
}

/** Makes an op of its definition, in its two forms. */
export function defineOverwrite<I extends Tensors, S>(
  definition: OverwriteDefinition<I, S>,
): (inputs: I, settings: S) => Overwrite {
  type All = I & { t: Tensor };
  const { name, inputs: names, reads = [] } = definition;
  const label = `${name}_`;
  const { wants, record, recordInPlace } = recorder<All, S, object, Tensor>({
    ...definition,
    inputs: ['t', ...names] as (keyof All & string)[],
  });
  const read: unknown[] = Array.isArray(reads) ? reads : Object.values(reads).flat();
  const readsOld = read.includes('t');

  return (inputs, settings) => {
    const given = inputs as Record<string, Tensor | null>;
    const write = (target: Tensor): void => noGrad(() => definition.write(target, inputs, settings));
    const copy = (t: Tensor): Tensor => {
      const out = copyOf(t);
      write(out);
      const all = { t, ...inputs };
      if (wants(all)) record(name, all, settings, out, undefined);
      return out;
    };
    const self = (t: Tensor): Tensor => {
      const list = names.map((n) => given[n]!).filter((s) => s !== null);
      checkInPlace(label, t, [t, ...list]);
      const tracked = wants({ t, ...inputs });
      // What shares memory with `t` would change under the gradient's feet.
      const now: Record<string, Tensor | null> = { t: tracked && readsOld ? remembered(t) : t };
      for (const n of names) {
        const s = given[n]!;
        now[n] = tracked && s?.storage === t.storage ? remembered(s) : s;
      }
      if (list.some((s) => s.storage === t.storage)) {
        // What is read must not change while it is written.
        const aside = copyOf(t);
        write(aside);
        runCopy(t, aside);
      } else write(t);
      t.storage.version++;
      if (tracked) recordInPlace(label, now as All, settings, t);
      return t;
    };
    return { copy, self };
  };
}

/** `src` itself, or a copy if it shares memory with `t`, which is about to be written. */
export const apart = (t: Tensor, src: Tensor): Tensor => (src.storage === t.storage ? copyOf(src) : src);
