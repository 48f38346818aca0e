/** @file Reverse-mode differentiation as users call it: `backward` of a tensor, `grad`. The engine is core/autograd. */
import { backward as run, gradients, type RunOptions } from '../../core/autograd';
import { ArgumentError, AutogradError } from '../../core/errors';
import { boolean, either, Param, tensor } from '../../core/params';
import { describe, showShape } from '../../core/shape';
import { addMethods, needTensor, type Tensor } from '../../core/tensor';
import { type Arguments, readArguments, type Spec } from '../../core/arguments';
import { zerosLike } from '../tensors/create';

/** Options of {@link Tensor.backward}. */
export interface BackwardOptions {
  /** Keep what was saved, for another backward through the same graph. Default: the value of `createGraph`. */
  retainGraph?: boolean | null | undefined;
  /** Record the backward pass itself, for higher derivatives. Default false. */
  createGraph?: boolean | undefined;
}

/** All arguments of {@link Tensor.backward}, in PyTorch's order. */
export interface BackwardArguments extends BackwardOptions {
  /** Start gradient, of the tensor's shape (default: 1 for a scalar). */
  gradient?: Tensor | null | undefined;
}

/** Options of {@link grad}, in PyTorch's order. */
export interface GradOptions extends BackwardOptions {
  /** Start gradients, one per output (default: ones for scalars). */
  gradOutputs?: Tensor | readonly (Tensor | null)[] | null | undefined;
  /** Give null instead of throwing for an input that the outputs do not depend on. Default false. */
  allowUnused?: boolean | undefined;
  /** Give zeros for such an input. Default false. */
  materializeGrads?: boolean | undefined;
}

type Seeds = readonly (Tensor | null)[];
const seedsParam = new Param<Seeds>('an array of tensors', (v, op, name) => {
  if (!Array.isArray(v)) throw new ArgumentError(`[${op}] ${name} must be tensors, got ${describe(v)}`);
  return v.map((t: unknown) => (t === null ? null : tensor.check(op, `each of ${name}`, t)));
});
const passSpec: Spec<Required<BackwardOptions>> = { retainGraph: boolean.orNull(), createGraph: boolean.or(false) };
const backwardSpec: Spec<Required<BackwardArguments>> = { gradient: tensor.orNull(), ...passSpec };
const gradSpec: Spec<Required<GradOptions>> = {
  gradOutputs: either<[Tensor, Seeds]>(tensor, seedsParam).orNull(),
  ...passSpec,
  ...{ allowUnused: boolean.or(false), materializeGrads: boolean.or(false) },
};

// What is saved goes with the pass unless it is asked for, or the pass itself is to be differentiated.
const runOptions = ({ retainGraph, createGraph }: Required<BackwardOptions>): RunOptions => ({
  createGraph,
  retainGraph: retainGraph ?? createGraph,
});

/** {@link Tensor.backward} */
function backward(t: Tensor, ...args: Arguments<BackwardArguments>): void {
  needTensor('backward', t);
  const given = readArguments('backward', backwardSpec, args);
  run(t, given.gradient, runOptions(given));
}

/** One, or several in an array, as an array. */
export const listOf = <T>(given: T | readonly T[]): readonly T[] =>
  Array.isArray(given) ? (given as readonly T[]) : [given as T];

/**
 * The gradients of `outputs` with respect to `inputs`, without touching any `grad`. With `createGraph` the result can
 * be differentiated again.
 * @throws AutogradError for an output or an input that requires no gradient, and for an input that the outputs do not
 * depend on unless `allowUnused` or `materializeGrads` says what to give then
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  ...args: Arguments<GradOptions>
): Tensor[] {
  const { gradOutputs, allowUnused, materializeGrads, ...options } = readArguments('grad', gradSpec, args);
  const [outs, ins, seeds] = [listOf(outputs), listOf(inputs), gradOutputs === null ? [] : listOf(gradOutputs)];
  for (const t of [...outs, ...ins]) needTensor('grad', t);
  if (seeds.length > 0 && seeds.length !== outs.length)
    throw new ArgumentError(`[grad] got ${seeds.length} gradOutputs for ${outs.length} outputs`);
  for (const t of ins)
    if (!t.requiresGrad) throw new AutogradError(`[grad] an input ${showShape(t.shape)} does not require gradients`);
  return gradients(outs, ins, seeds, runOptions(options)).map((g, i) => {
    if (g) return g;
    if (materializeGrads) return zerosLike(ins[i]!);
    if (allowUnused) return null as unknown as Tensor;
    throw new AutogradError(
      `[grad] the outputs do not depend on input ${i} ${showShape(ins[i]!.shape)}; pass { allowUnused: true } to get null`,
    );
  });
}

addMethods({ backward });
declare module '../../core/tensor' {
  interface Tensor {
    /** Computes the gradients of this tensor and adds them to the `grad` of every leaf that requires one. */
    backward(...args: Arguments<BackwardArguments>): void;
  }
}
