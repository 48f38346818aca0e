/**
 * @file How an op is recorded for autograd, once for all of them: tensors have names instead of positions, only those are
 * kept alive that a wanted gradient reads, and on the way back the gradient's kernel is used or, where the backward pass
 * is itself recorded (or there is no such kernel), its derivative in differentiable ops.
 */
import { type GradFn, hasHistory, isGradEnabled, track, trackInPlace } from '../../core/autograd';
import type { Tensor } from '../../core/tensor';
import type { Kernels } from '../../kernels';
import { hasKernel } from '../../native';
import { denseOf } from './launch';

/** Tensors by name; null for one that is not given. One of them may be a list of tensors. */
export type Tensors = object;

/** What an op makes: a tensor, or several. */
export type Results = Tensor | Tensor[];

/** The gradients of results; of several, undefined where nothing flowed. */
export type Arriving<O extends Results> = O extends Tensor ? Tensor : { [K in keyof O]: Tensor | undefined };

/** For each input whether its gradient is wanted; for a list of inputs, for each of them. */
export type Needs<I extends Tensors> = {
  readonly [N in keyof I]?: I[N] extends readonly Tensor[] ? boolean[] : boolean;
};

/** Gradients of inputs by name: at least the wanted ones. */
export type Found<I extends Tensors> = {
  [N in keyof I]?: (I[N] extends readonly Tensor[] ? (Tensor | null)[] : Tensor) | null;
};

/** The gradients of an op's inputs. `values`: inputs and what was kept, those that `reads` names; null for others. */
export type Gradient<I extends Tensors, K extends Tensors, S, O extends Results = Tensor> = (
  g: Arriving<O>,
  values: I & K,
  settings: S,
  needs: Needs<I>,
) => Found<I>;

/** A gradient for where the backward pass is not recorded: it may call kernels and write what it made. */
export interface PlainGradient<I extends Tensors, K extends Tensors, S, O extends Results = Tensor> {
  /** A kernel that the device must have for it. */
  readonly kernel?: keyof Kernels | undefined;
  readonly run: Gradient<I, K, S, O>;
}

/** What the gradients read, of the inputs and of what was kept: one list for all of them, or one by input. */
export type Reads<I extends Tensors, K extends Tensors> =
  readonly (keyof (I & K) & string)[] | { readonly [N in keyof I]?: readonly (keyof (I & K) & string)[] };

/** What the engine has to know of an op. */
interface Recorded<I extends Tensors, S, K extends Tensors, O extends Results> {
  readonly inputs: readonly (keyof I & string)[];
  /** The last input, if it is a list of tensors; gradients cannot read it. */
  readonly each?: (keyof I & string) | undefined;
  /** Default: nothing. */
  readonly reads?: Reads<I, K> | undefined;
  /** Everything that was kept is read besides. */
  readonly readsKept?: boolean | undefined;
  /** The plain gradient takes contiguous tensors. */
  readonly dense?: boolean | undefined;
  readonly gradient?: PlainGradient<I, K, S, O> | undefined;
  readonly derivative: Gradient<I, K, S, O>;
}

type Named = Record<string, Tensor | null>;

const none: Tensor[] = [];
const nothing = {};

/** Whether a device has a kernel for a dtype, asked once for each. */
export function availability(kernel: keyof Kernels): (device: number, dtype: number) => boolean {
  const known: (boolean | undefined)[] = [];
  return (device, dtype) => (known[8 * device + dtype] ??= hasKernel(kernel, device, dtype));
}

/** Records the calls of an op. */
export interface Recorder<I extends Tensors, S, K extends Tensors, O extends Results> {
  /** Whether a call will be recorded: grad mode is on, and an input requires gradients. */
  wants(inputs: I): boolean;
  /** Records one that is wanted. */
  record(as: string, inputs: I, settings: S, out: O, kept: K | undefined): void;
  /** Records one that wrote its result over `t`, which is among the inputs (or in a copy, where gradients read it). */
  recordInPlace(as: string, inputs: I, settings: S, t: Tensor): void;
}

/** How the calls of an op are recorded. */
export function recorder<I extends Tensors, S, K extends Tensors, O extends Results>(
  op: Recorded<I, S, K, O>,
): Recorder<I, S, K, O> {
  const { inputs: names, each, reads = [], readsKept = false, dense = false } = op;
  const single = each === undefined ? names.length : names.length - 1;
  const gradientThere = op.gradient?.kernel && availability(op.gradient.kernel);

  // Sets of values are bits: the inputs, then what is kept, in the order in which it is seen first.
  const values: string[] = names.slice(0, single);
  const bitOf = (n: string): number => 1 << (values.includes(n) ? values.indexOf(n) : values.push(n) - 1);
  const bitsOf = (list: readonly string[]): number => list.reduce((bits, n) => bits | bitOf(n), 0);
  const allKept = readsKept ? -1 << single : 0;
  const readBy = names.map((n) => allKept | bitsOf((Array.isArray(reads) ? reads : (reads as never)[n]) ?? []));

  const wants = (given: I): boolean => {
    if (!isGradEnabled()) return false;
    const inputs = given as Named;
    for (let i = 0; i < single; i++) {
      const t = inputs[names[i]!];
      if (t && hasHistory(t)) return true;
    }
    return each !== undefined && (inputs[each] as unknown as readonly Tensor[]).some(hasHistory);
  };

  // Back to names. `given`: which inputs there were; `read`: which values were saved.
  const gradients = (
    given: number,
    read: number,
    settings: S,
    plain: boolean,
    g: Arriving<O>,
    saved: readonly Tensor[],
    needs: readonly boolean[],
  ): (Tensor | null)[] => {
    const known: Named = {};
    for (let j = 0, k = 0; j < values.length; j++) {
      const t = (read >> j) & 1 ? saved[k++]! : null;
      known[values[j]!] = t && plain && dense ? denseOf(t) : t;
    }
    const wanted: Record<string, boolean | boolean[]> = {};
    let at = 0;
    for (let i = 0; i < single; i++) wanted[names[i]!] = (given >> i) & 1 ? needs[at++]! : false;
    if (each !== undefined) wanted[each] = needs.slice(at);
    const gradient = plain ? op.gradient!.run : op.derivative;
    const found = gradient(g, known as I & K, settings, wanted as Needs<I>) as Named;
    const list: (Tensor | null)[] = [];
    for (let i = 0; i < single; i++) if ((given >> i) & 1) list.push(found[names[i]!] ?? null);
    return each === undefined ? list : list.concat(found[each] ?? []);
  };

  // One tensor whose gradient reads nothing, as of most views and copies: no lists and no bits.
  const [first] = names;
  const only = { [first!]: true } as unknown as Needs<I>;
  const recordSimple = (as: string, inputs: I, settings: S, out: O): void => {
    const many = Array.isArray(out);
    track(as, out, [(inputs as Named)[first!]!], none, (grads) => {
      const g = (many ? grads : grads[0]!) as Arriving<O>;
      return [(op.derivative(g, nothing as I & K, settings, only) as Named)[first!]];
    });
  };

  type Call = [list: Tensor[], saved: Tensor[], fn: GradFn];
  const prepared = (inputs: I, settings: S, many: boolean, kept: K | undefined): Call => {
    const by = inputs as Named;
    const list: Tensor[] = [];
    let [given, read] = [0, 0];
    for (let i = 0; i < single; i++) {
      const t = by[names[i]!];
      if (!t) continue;
      list.push(t);
      given |= 1 << i;
      if (t.requiresGrad) read |= readBy[i]!;
    }
    // One by one: a call cannot have as many arguments as a list may have tensors.
    if (each !== undefined) for (const t of by[each] as unknown as readonly Tensor[]) list.push(t);
    if (readsKept) for (const n in kept) bitOf(n);
    const saved: Tensor[] = [];
    for (let j = 0; j < values.length; j++) {
      if (!((read >> j) & 1)) continue;
      const t = j < single ? by[values[j]!] : (kept as Named | undefined)?.[values[j]!];
      if (t) saved.push(t);
      else read &= ~(1 << j);
    }
    // What later calls keep is not of this one.
    read &= (1 << values.length) - 1;
    const { dtypeCode, storage } = list[0]!;
    const { device } = storage;
    // What the closure names lives as long as the graph: no tensors.
    const fn: GradFn = (grads, now, needs) => {
      const plain = op.gradient !== undefined && !isGradEnabled() && gradientThere?.(device, dtypeCode) !== false;
      const g = (many ? grads : plain && dense ? denseOf(grads[0]!) : grads[0]!) as Arriving<O>;
      return gradients(given, read, settings, plain, g, now, needs);
    };
    return [list, saved, fn];
  };
  const record = (as: string, inputs: I, settings: S, out: O, kept: K | undefined): void => {
    track(as, out, ...prepared(inputs, settings, Array.isArray(out), kept));
  };
  const recordInPlace = (as: string, inputs: I, settings: S, t: Tensor): void =>
    trackInPlace(as, t, ...prepared(inputs, settings, false, undefined));
  const simple = single === 1 && each === undefined && values.length === 1 && readBy[0] === 0 && !op.gradient;
  return { wants, record: simple ? recordSimple : record, recordInPlace };
}
