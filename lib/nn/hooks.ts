/** @file Functions that run around a module's `forward`, and around its part of the backward pass. */
import { readOptions } from '../core/arguments';
import { isGradEnabled, track } from '../core/autograd';
import { enteringGradient, gradientLike } from '../core/entering';
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';
import { alias, needTensor, Tensor } from '../core/tensor';
import type { Module } from './module';

// A hook may say what the inputs and the output of its module are: parameters of methods are compared both ways.
type Loosely<F extends (...args: never) => unknown> = {
  bivarianceOf(...args: Parameters<F>): ReturnType<F>;
}['bivarianceOf'];

/** Runs after `forward`; a returned value (not undefined) replaces the output. */
export type ForwardHook = Loosely<(module: Module, inputs: unknown[], output: unknown) => unknown>;
/** Runs before `forward`; a returned array replaces the inputs, any other value but undefined the only input. */
export type ForwardPreHook = Loosely<(module: Module, inputs: unknown[]) => unknown>;

/** Settings of a forward hook. */
export interface ForwardHookOptions {
  /** Also call it when `forward` or a hook before it throws; the output is null then, and what it returns is nothing. Default false. */
  alwaysCall?: boolean | undefined;
}

/** Gradients in the order of a module's inputs or outputs; null for one that has none. */
export type Gradients = readonly (Tensor | null)[];
type Replaced = Tensor | Gradients | null | undefined | void;
/** Runs when the gradients of a module's inputs are known; returned ones replace them. */
export type BackwardHook = (module: Module, gradInput: Gradients, gradOutput: Gradients) => Replaced;
/** Runs when the gradients of a module's outputs are known; returned ones replace them. */
export type BackwardPreHook = (module: Module, gradOutput: Gradients) => Replaced;

/** Removes a hook, called directly or by its method. */
export interface HookHandle {
  (): void;
  remove(): void;
}

type Forward = (...inputs: unknown[]) => unknown;

/** What the gradients become: those that a hook returned, or what they were. */
function replacedBy(what: string, replaced: Replaced, grads: Gradients): Gradients {
  if (replaced === undefined || replaced === null) return grads;
  const list = replaced instanceof Tensor ? [replaced] : replaced;
  if (!Array.isArray(list) || list.length !== grads.length)
    throw new ArgumentError(
      `[${what}] a hook must return as many gradients as it got, ${grads.length}, or nothing; got ${describe(replaced)}`,
    );
  return (list as Gradients).map((g, i) =>
    (g ?? null) === null
      ? null
      : grads[i]
        ? enteringGradient(what, g, gradientLike(grads[i]))
        : (needTensor(what, g), g),
  );
}

/**
 * Stands views in for the tensors of a list that require gradients, so that one step of the backward pass sees the
 * gradients of all of them together.
 */
function watched(name: string, values: readonly unknown[], see: (grads: Gradients) => Gradients): readonly unknown[] {
  const at = [...values.keys()].filter((i) => values[i] instanceof Tensor && (values[i] as Tensor).requiresGrad);
  if (at.length === 0) return values;
  const tensors = at.map((i) => values[i] as Tensor);
  const views = tensors.map((t) => alias(t, t.shape, t.strides, t.offset));
  const wanted = tensors.map(gradientLike);
  track(name, views, tensors, [], (grads) => {
    const all: (Tensor | null)[] = values.map(() => null);
    at.forEach((i, k) => (all[i] = (grads[k] as Tensor | undefined) ?? null));
    const seen = see(all);
    return at.map((i, k) => seen[i] && enteringGradient(name, seen[i], wanted[k]!));
  });
  const out = [...values];
  at.forEach((i, k) => (out[i] = views[k]));
  return out;
}

/** The hooks of one module. */
export class Hooks {
  readonly before = new Set<ForwardPreHook>();
  readonly after = new Set<ForwardHook>();
  /** Those of `after` that run whatever happens. */
  readonly always = new Set<ForwardHook>();
  readonly backwardBefore = new Set<BackwardPreHook>();
  readonly backward = new Set<BackwardHook>();

  /** Shadows `forward` with a wrapper on this object, so that modules without hooks pay nothing. */
  constructor(private readonly module: Module) {
    const inner = module.forward as Forward;
    const pass = (given: unknown[], ran: (hook: ForwardHook) => void): unknown => {
      let inputs = given;
      for (const hook of this.before) {
        const replaced = hook(module, inputs) ?? undefined;
        if (replaced !== undefined) inputs = Array.isArray(replaced) ? (replaced as unknown[]) : [replaced];
      }
      const run: Forward = (...final) => {
        let output = inner.apply(module, final);
        for (const hook of this.after) {
          ran(hook);
          output = hook(module, final, output) ?? output;
        }
        return output;
      };
      const plain = (this.backward.size === 0 && this.backwardBefore.size === 0) || !isGradEnabled();
      return plain ? run(...inputs) : this.#withGradients(inputs, run);
    };
    const wrapped: Forward = (...given) => {
      const left = new Set(this.always);
      try {
        return pass(given, (hook) => void left.delete(hook));
      } catch (e) {
        for (const hook of left) hook(module, given, null);
        throw e;
      }
    };
    Object.defineProperty(module, 'forward', { value: wrapped, configurable: true, writable: true, enumerable: false });
  }

  #withGradients(given: readonly unknown[], run: Forward): unknown {
    // Of the pass under way. A pass that begins within the module (second derivatives) is not the hooks' business.
    let gradOutput: Gradients | undefined;
    const inputsSeen = (grads: Gradients): Gradients => {
      let now = grads;
      if (!gradOutput) return now;
      for (const hook of this.backward)
        now = replacedBy('registerFullBackwardHook', hook(this.module, now, gradOutput), now);
      gradOutput = undefined;
      return now;
    };
    const inputs = watched('moduleInputs', given, inputsSeen);
    const output = run(...inputs);
    const many = Array.isArray(output);
    const outputs = watched('moduleOutputs', many ? (output as unknown[]) : [output], (grads) => {
      let now = grads;
      for (const hook of this.backwardBefore)
        now = replacedBy('registerFullBackwardPreHook', hook(this.module, now), now);
      gradOutput = now;
      // No input leads further: nothing will tell later.
      if (inputs === given) inputsSeen(given.map(() => null));
      return now;
    });
    return many ? outputs : outputs[0];
  }

  /** Adds one that runs after `forward`. */
  addAfter(hook: ForwardHook, options: ForwardHookOptions = {}): HookHandle {
    const { alwaysCall } = readOptions('registerForwardHook', { alwaysCall: false }, options);
    return this.add('registerForwardHook', hook, this.after, ...(alwaysCall ? [this.always] : []));
  }

  /** Adds a hook to each of the sets. A function that is registered twice runs twice. */
  add<H extends (...args: never[]) => unknown>(op: string, hook: H, ...sets: readonly Set<H>[]): HookHandle {
    if (typeof hook !== 'function') throw new ArgumentError(`[${op}] expected a function, got ${describe(hook)}`);
    const entry = ((...args) => hook(...args)) as H;
    for (const set of sets) set.add(entry);
    const remove = (): void => sets.forEach((set) => set.delete(entry));
    return Object.assign(remove, { remove });
  }
}
