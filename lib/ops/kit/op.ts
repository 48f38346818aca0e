/**
 * @file The op as a value. A composite of other ops defines it; a kernel is an optimisation, which says what it takes.
 * One engine does the rest: whether the kernel is used, 16-bit floats, the record for autograd, the kernel of the gradient
 * or (where the backward pass is itself recorded, or has no kernel) the composite's gradient, gradients that nobody wants,
 * and the name in errors.
 */
import { dtypeCode, isHalf } from '../../core/dtype';
import type { Tensor } from '../../core/tensor';
import type { Kernels } from '../../kernels';
import { enterOp, leaveOp, opNumber } from '../../native';
import { cast } from '../tensors/cast';
import { denseOf, sameDevice } from './launch';
import { gradientAgain } from './recompute';
import { availability, type Gradient, type PlainGradient, recorder, type Tensors } from './record';

type Named = Record<string, Tensor | null>;

/** What an op is. `I`: its tensors; `S`: its settings, read and checked; `K`: what the kernel's gradient reads besides. */
export interface OpDefinition<I extends Tensors, S, K extends Tensors> {
  /** As users call it. */
  readonly name: string;
  /** The names of its tensors; the first decides dtype and device. */
  readonly inputs: readonly (keyof I & string)[];
  /** The definition: differentiable ops, so that gradients of every order follow from theirs. */
  composite(inputs: I, settings: S): Tensor;
  /** The kernel, which computes the same in one pass. */
  readonly fused?:
    | {
        readonly kernel: keyof Kernels;
        /** Whether the kernel can take these; dtypes and devices are looked up. Default: always. */
        takes?(inputs: I, settings: S): boolean;
        /** The kernel takes strides: inputs come as they are, not made contiguous. */
        readonly strided?: boolean | undefined;
        /** Calls it. */
        forward(inputs: I, settings: S): { out: Tensor; kept: K };
        /** The kernel of the gradient. */
        readonly gradient?: (PlainGradient<I, K, S> & { readonly kernel: keyof Kernels }) | undefined;
        /**
         * The gradient in differentiable ops, for where it is recorded or has no kernel. Default: the composite's, evaluated
         * again, which needs all inputs.
         */
        readonly derivative?: Gradient<I, K, S> | undefined;
        /** With a derivative: the inputs that the gradients read, the only ones that are kept alive for them. Default: all. */
        readonly reads?: readonly (keyof I & string)[] | undefined;
      }
    | undefined;
}

/** What a definition becomes. */
export interface Op<I extends Tensors, S, K extends Tensors> {
  /** @param as - another name, where several functions are one op */
  (inputs: I, settings: S, as?: string): Tensor;
  /** The same, with what its kernel keeps; null where the composite was taken. Of 16-bit inputs: in float32. */
  keeping(inputs: I, settings: S, as?: string): { out: Tensor; kept: K | null };
  readonly definition: OpDefinition<I, S, K>;
}

/** Every op that was defined: a test holds each to its composite. */
export const definedOps: Op<never, never, never>[] = [];

/** Makes an op of its definition. */
export function defineOp<I extends Tensors, S, K extends Tensors = object>(
  definition: OpDefinition<I, S, K>,
): Op<I, S, K> {
  const { name, inputs: names, fused } = definition;
  const number = opNumber(name);
  const composite = (inputs: I, settings: S): Tensor => definition.composite(inputs, settings);

  const forwardThere = fused && availability(fused.kernel);
  const recording =
    fused &&
    recorder<I, S, K, Tensor>({
      inputs: names,
      reads: (fused.derivative && fused.reads) ?? names,
      readsKept: true,
      dense: fused.strided !== true,
      gradient: fused.gradient,
      derivative: fused.derivative ?? gradientAgain<I, S>(names, composite),
    });

  const present = (inputs: Named): Tensor[] => {
    const list: Tensor[] = [];
    for (const n of names) if (inputs[n]) list.push(inputs[n]);
    return list;
  };
  const mapped = (inputs: Named, f: (t: Tensor) => Tensor): I => {
    const out: Named = {};
    for (const n of names) out[n] = inputs[n] ? f(inputs[n]) : null;
    return out as I;
  };

  function run(inputs: I, settings: S, as: string): { out: Tensor; kept: K | null } {
    const all = inputs as Named;
    const first = all[names[0]!]!;
    const list = present(all);
    for (const t of list) sameDevice(as, first, t);
    const { device } = first.storage;
    if (!forwardThere || fused.takes?.(inputs, settings) === false)
      return { out: composite(inputs, settings), kept: null };
    if (!forwardThere(device, first.dtypeCode)) {
      if (!isHalf(first.dtype) || !forwardThere(device, dtypeCode('float32')))
        return { out: composite(inputs, settings), kept: null };
      // 16-bit floats that the kernel does not take are computed in float32.
      const { out, kept } = run(
        mapped(all, (t) => (isHalf(t.dtype) ? cast(t, 'float32') : t)),
        settings,
        as,
      );
      return { out: cast(out, first.dtype), kept };
    }
    const asTheyAre = fused.strided || list.every((t) => t.isContiguous());
    const { out, kept } = fused.forward(asTheyAre ? inputs : mapped(all, denseOf), settings);
    if (recording!.wants(inputs)) recording!.record(as, inputs, settings, out, kept);
    return { out, kept };
  }

  const entered = (inputs: I, settings: S, as = name): { out: Tensor; kept: K | null } => {
    const before = enterOp(as === name ? number : opNumber(as));
    try {
      return run(inputs, settings, as);
    } finally {
      leaveOp(before);
    }
  };
  const op = Object.assign((inputs: I, settings: S, as?: string): Tensor => entered(inputs, settings, as).out, {
    keeping: entered,
    definition,
  });
  definedOps.push(op as never);
  return op;
}
