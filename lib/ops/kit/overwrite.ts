/** @file Ops that overwrite part of a tensor, in their two forms: on a copy, and in place. */
import { checkInPlace, type GradFn, needsTracking, track, trackInPlace } from '../../core/autograd';
import { DTypeError } from '../../core/errors';
import { empty, type Tensor } from '../../core/tensor';
import { copyOf, runCopy, runFill } from './launch';

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

/** How an op overwrites. */
export interface Overwrite {
  name: string;
  /** Differentiable inputs after the tensor itself. */
  inputs: readonly Tensor[];
  saved: Tensor[];
  /** Writes into the tensor it gets, which holds the old values. */
  write(target: Tensor): void;
  /** Gradients of the old values and of `inputs`. Must not need the old values. */
  grad: GradFn;
}

/** The op on a copy of `t`. */
export function overwriteCopy(t: Tensor, { name, inputs, saved, write, grad }: Overwrite): Tensor {
  const out = copyOf(t);
  write(out);
  return track(name, out, [t, ...inputs], saved, grad);
}

/** The op on `t` itself. */
export function overwriteSelf(t: Tensor, { name, inputs, saved, write, grad }: Overwrite): Tensor {
  const all = [t, ...inputs];
  checkInPlace(`${name}_`, t, all);
  // Saved views of `t` would change under the gradient's feet.
  const kept = needsTracking(all) ? saved.map((s) => (s.storage === t.storage ? remembered(s) : s)) : saved;
  if ([...inputs, ...saved].some((s) => s.storage === t.storage)) {
    // What is read must not change while it is written.
    const copy = copyOf(t);
    write(copy);
    runCopy(t, copy);
  } else write(t);
  t.storage.version++;
  trackInPlace(`${name}_`, t, all, kept, grad);
  return t;
}

/** `src` itself, or a copy if it shares memory with `t`, which is about to be written. */
export const apart = (t: Tensor, src: Tensor): Tensor => (src.storage === t.storage ? copyOf(src) : src);
