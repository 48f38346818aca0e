/**
 * @file The op as a value. A composite of other ops defines it; a kernel is an optimisation, which says what it takes.
 * One engine does the rest: whether the kernel is used, 16-bit floats, the record for autograd, the kernel of the gradient
 * or (where the backward pass is itself recorded, or has no kernel) the composite's gradient, gradients that nobody wants,
 * and the name in errors.
 */
import { isGradEnabled, needsTracking, track } from '../core/autograd';
import { dtypeCode, type DType } from '../core/dtype';
import { DeviceError } from '../core/errors';
import type { Tensor } from '../core/tensor';
import type { Kernels } from '../kernels';
import { enterOp, hasKernel, leaveOp, opNumber } from '../native';
import { cast } from './cast';
import { denseOf } from './launch';
import { gradientOf } from './recompute';

/** Tensors by name; null for one that is not given. */
export type Tensors = object;

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
  readonly fused?: {
    readonly kernel: keyof Kernels;
    /** Whether the kernel can take these; dtypes and devices are looked up. Default: always. */
    takes?(inputs: I, settings: S): boolean;
    /** The kernel takes strides: inputs come as they are, not made contiguous. */
    readonly strided?: boolean;
    /** Calls it. */
    forward(inputs: I, settings: S): { out: Tensor; kept: K };
    /** The kernel of the gradient. Without it, the composite's gradient is taken. */
    readonly gradient?: {
      readonly kernel: keyof Kernels;
      /** The gradients of the inputs by name: at least those that `needs` asks for. */
      run(
        g: Tensor,
        values: I & K,
        settings: S,
        needs: Readonly<Partial<Record<keyof I, boolean>>>,
      ): Partial<Record<keyof I, Tensor | null>>;
    };
  };
}

/** What a definition becomes. */
export interface Op<I extends Tensors, S, K extends Tensors> {
  /** @param as - another name, where several functions are one op */
  (inputs: I, settings: S, as?: string): Tensor;
  /** The same, with what its kernel keeps; null where the composite was taken. */
  keeping(inputs: I, settings: S, as?: string): { out: Tensor; kept: K | null };
  readonly definition: OpDefinition<I, S, K>;
}

const isHalf = (d: DType): boolean => d === 'bfloat16' || d === 'float16';

function checkDevices(name: string, first: Tensor, others: readonly Tensor[]): void {
  for (const t of others)
    if (t.storage.device !== first.storage.device)
      throw new DeviceError(
        `[${name}] tensors on different devices: ${first.device} and ${t.device}; move one with .to()`,
      );
}

/** Makes an op of its definition. */
export function defineOp<I extends Tensors, S, K extends Tensors = object>(
  definition: OpDefinition<I, S, K>,
): Op<I, S, K> {
  const { name, inputs: names, fused } = definition;
  const number = opNumber(name);
  const composite = (inputs: I, settings: S): Tensor => definition.composite(inputs, settings);

  const present = (inputs: Named): Tensor[] => {
    const list: Tensor[] = [];
    for (const n of names) if (inputs[n]) list.push(inputs[n]);
    return list;
  };
  // The reverse: tensors in the order of `present`, under their names.
  const renamed = (list: readonly Tensor[], given: readonly boolean[]): Named => {
    const out: Named = {};
    let k = 0;
    names.forEach((n, i) => (out[n] = given[i] ? list[k++]! : null));
    return out;
  };
  const mapped = (inputs: Named, f: (t: Tensor) => Tensor): I => {
    const out: Named = {};
    for (const n of names) out[n] = inputs[n] && f(inputs[n]);
    return out as I;
  };

  function run(inputs: I, settings: S, as: string): { out: Tensor; kept: K | null } {
    const all = inputs as Named;
    const first = all[names[0]!]!;
    const list = present(all);
    checkDevices(as, first, list);
    const { device } = first.storage;
    if (!fused || fused.takes?.(inputs, settings) === false) return { out: composite(inputs, settings), kept: null };
    if (!hasKernel(fused.kernel, device, first.dtypeCode)) {
      if (!isHalf(first.dtype) || !hasKernel(fused.kernel, device, dtypeCode('float32')))
        return { out: composite(inputs, settings), kept: null };
      // 16-bit floats that the kernel does not take are computed in float32.
      const { out } = run(
        mapped(all, (t) => (isHalf(t.dtype) ? cast(t, 'float32') : t)),
        settings,
        as,
      );
      return { out: cast(out, first.dtype), kept: null };
    }
    const { out, kept } = fused.forward(fused.strided ? inputs : mapped(all, denseOf), settings);
    if (needsTracking(list)) record(as, all, list, settings, out, kept);
    return { out, kept };
  }

  function record(as: string, inputs: Named, list: Tensor[], settings: S, out: Tensor, kept: K): void {
    const given = names.map((n) => inputs[n] !== null && inputs[n] !== undefined);
    const keptNames = Object.keys(kept);
    const { gradient } = fused!;
    track(as, out, list, [...list, ...(Object.values(kept) as Tensor[])], ([g], saved, needs) => {
      const values = saved.slice(0, list.length);
      const { device } = g!.storage;
      if (!gradient || isGradEnabled() || !hasKernel(gradient.kernel, device, values[0]!.dtypeCode)) {
        const again = (...tensors: Tensor[]): Tensor[] => [composite(renamed(tensors, given) as I, settings)];
        return gradientOf(again, values, [g], needs);
      }
      const known: Named = renamed(fused!.strided ? values : values.map(denseOf), given);
      keptNames.forEach((n, i) => (known[n] = saved[list.length + i]!));
      const wanted: Record<string, boolean> = {};
      const own = names.filter((_, i) => given[i]);
      own.forEach((n, i) => (wanted[n] = needs[i]!));
      const grads = gradient.run(fused!.strided ? g! : denseOf(g!), known as I & K, settings, wanted as never) as Named;
      return own.map((n) => grads[n] ?? null);
    });
  }

  const entered = (inputs: I, settings: S, as = name): { out: Tensor; kept: K | null } => {
    const before = enterOp(as === name ? number : opNumber(as));
    try {
      return run(inputs, settings, as);
    } finally {
      leaveOp(before);
    }
  };
  return Object.assign((inputs: I, settings: S, as?: string): Tensor => entered(inputs, settings, as).out, {
    keeping: entered,
    definition,
  });
}
