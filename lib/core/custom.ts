/** @file Operations with a gradient of the user's own, after torch.autograd.Function. */
import { engineOps, isGradEnabled, noGrad, track } from './autograd';
import { isFloat } from './dtype';
import type { Synchronous } from './grad-mode';
import { enteringGradient, gradientLike } from './entering';
import { ArgumentError, AutogradError } from './errors';
import { describe } from './shape';
import { alias, needTensor, Tensor } from './tensor';

/**
 * What `forward` hands to `backward`. Other fields may be set freely; whoever reads them says what they hold:
 * `backward(ctx: CustomContext & { k: number }, g) { ... }`.
 */
export interface CustomContext {
  /** Keeps tensors (inputs, outputs or others) for `backward`, where they are `savedTensors`. */
  saveForBackward(...tensors: Tensor[]): void;
  readonly savedTensors: Tensor[];
  /** Whether the gradient of each argument is wanted. */
  needsInputGrad: readonly boolean[];
  /** Marks outputs through which no gradient flows. */
  markNonDifferentiable(...outputs: Tensor[]): void;
  [name: string]: unknown;
}

/** A gradient: one per argument of `forward` (null for those without), or one tensor for a single argument. */
export type CustomGradients = Tensor | null | undefined | readonly (Tensor | null | undefined)[];

/** Both halves of a custom function. */
export interface CustomSpec<A extends readonly unknown[], R extends Tensor | readonly Tensor[]> {
  /** Computes the outputs; its operations are not recorded. */
  forward(ctx: CustomContext, ...args: A): R;
  /**
   * The gradients of the arguments from those of the outputs (zeros where nothing flowed). Its operations are recorded
   * under `createGraph`, so that it can be differentiated again.
   */
  backward(ctx: CustomContext, ...grads: Tensor[]): CustomGradients;
}

class Context {
  saved: Tensor[] = [];
  readonly constant = new Set<Tensor>();
  needsInputGrad: readonly boolean[] = [];
  saveForBackward(...tensors: Tensor[]): void {
    for (const t of tensors) needTensor('saveForBackward', t);
    this.saved = tensors;
  }
  get savedTensors(): Tensor[] {
    return this.saved;
  }
  markNonDifferentiable(...outputs: Tensor[]): void {
    for (const t of outputs) this.constant.add(t);
  }
}

/**
 * Makes a function with its own gradient, e.g. a straight-through estimator:
 * `customFunction({ forward: (ctx, x) => x.sign(), backward: (ctx, g) => g })`.
 */
export function customFunction<A extends readonly unknown[], R extends Tensor | readonly Tensor[]>(
  spec: CustomSpec<A, R>,
): (...args: A) => R {
  if (typeof spec?.forward !== 'function' || typeof spec.backward !== 'function')
    throw new ArgumentError('[customFunction] expected { forward, backward }, both functions');
  return (...args) => {
    const ctx = new Context();
    ctx.needsInputGrad = args.map((a) => isGradEnabled() && a instanceof Tensor && a.requiresGrad);
    const result = noGrad<R>(() => spec.forward(ctx as unknown as CustomContext, ...args) as Synchronous<R>);
    const given: readonly unknown[] = Array.isArray(result) ? result : [result];
    const inputs = args.filter((a): a is A[number] & Tensor => a instanceof Tensor);
    const outputs = given.map((t) => {
      if (!(t instanceof Tensor))
        throw new ArgumentError(`[customFunction] forward must return tensors, got ${describe(t)}`);
      t.checkAlive('customFunction');
      // An input that is returned as it is needs an identity of its own.
      const own = (inputs as Tensor[]).includes(t) ? alias(t, t.shape, t.strides, t.offset) : t;
      ctx.saved = ctx.saved.map((s) => (s === t && own !== t && !inputs.includes(s as never) ? own : s));
      return own;
    });
    record(spec as never, ctx, args, inputs, outputs, given as Tensor[]);
    return (Array.isArray(result) ? outputs : outputs[0]!) as R;
  };
}

function record(
  spec: CustomSpec<readonly unknown[], Tensor>,
  ctx: Context,
  args: readonly unknown[],
  inputs: Tensor[],
  outputs: Tensor[],
  given: readonly Tensor[],
): void {
  const like = outputs.map((t) => ({ shape: t.shape, dtype: t.dtype, device: t.storage.device }));
  const wanted = inputs.map(gradientLike);
  const saved = ctx.saved;
  ctx.saved = []; // from here on they come through the engine, which checks versions and releases them
  const differentiable = outputs.map((t, i) => isFloat(t.dtype) && !ctx.constant.has(given[i]!));
  const tracked = outputs.filter((_, i) => differentiable[i]);
  if (tracked.length === 0) return;
  track('customFunction', tracked, inputs, saved, (grads, kept) => {
    ctx.saved = kept;
    let next = 0;
    const all = like.map((l, i) => {
      const g = differentiable[i] ? grads[next++] : undefined;
      return g ?? engineOps.zeros(l.shape, l.dtype, l.device);
    });
    const out = spec.backward(ctx as unknown as CustomContext, ...all);
    ctx.saved = [];
    const list = (Array.isArray(out) ? out : [out]) as (Tensor | null | undefined)[];
    if (list.length !== args.length && list.length !== inputs.length)
      throw new AutogradError(
        `[customFunction] backward returned ${list.length} gradients for ${args.length} arguments of forward`,
      );
    const found = list.length === args.length ? list.filter((_, i) => args[i] instanceof Tensor) : list;
    return found.map((g, i) => g && enteringGradient('customFunction', g, wanted[i]!, true));
  });
}
