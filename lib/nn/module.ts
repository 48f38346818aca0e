/**
 * @file The base of all layers and models. Parameters, buffers and submodules are ordinary fields, found when they are
 * asked for: class fields exist only after the base constructor has run, so nothing can be registered earlier.
 */
import { noGrad } from '../core/autograd';
import { type Device } from '../core/device';
import { type DType, isFloat } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';
import { Tensor } from '../core/tensor';
import { type Arguments, type Given, readArguments, readOptions } from '../core/arguments';
import { boolean, string } from '../core/params';
import { zeroGradients } from '../ops/autograd/gradients';
import { moved, type Target, targetOf } from '../ops/tensors/to';
import { copyOf } from './copying';
import {
  type BackwardHook,
  type BackwardPreHook,
  type ForwardHook,
  type ForwardHookOptions,
  type ForwardPreHook,
  type HookHandle,
  Hooks,
} from './hooks';
import { Parameter } from './parameter';
import { type LoadResult, loadInto, type StateDict, type StateDictOptions, stateOf } from './state';
import { apply } from './symbolic';

export type { LoadResult, StateDict, StateDictOptions } from './state';

// Declared apart, so that each module applies to what its `forward` takes, overloads included.
// eslint-disable-next-line @typescript-eslint/no-unused-vars -- the parameters of the class
export interface Module<In extends readonly unknown[] = readonly unknown[], Out = unknown> {
  /**
   * Given a function, calls it for every module below, then for this one.
   *
   * Given symbols ({@link SymbolicTensor}), as `forward` takes tensors: applies the module to them, and gives symbols in the
   * place of the tensors that `forward` returns. Shapes are found by running it on zeros, in evaluation mode and without
   * gradients, which also gives lazy modules their sizes.
   * @throws ArgumentError (code `ERR_SYMBOL`) for tensors; what `forward` throws, with the layer and the symbols
   */
  readonly apply: ((fn: (module: Module) => void) => this) & this['forward'];
}

/**
 * A layer or a model: `forward`, and the parameters, buffers and submodules that are its fields. As a type it is any
 * module, `Module<[Tensor], Tensor>` one that makes a tensor of a tensor.
 */
export abstract class Module<In extends readonly unknown[] = readonly unknown[], Out = unknown> {
  /**
   * PyTorch's spelling of fields that differ from it (`runningMean: 'running_mean'`): names in state dicts equal
   * PyTorch's. Inherited by subclasses; fields that are not listed keep their name.
   */
  static readonly stateNames: Readonly<Record<string, string>> = {};

  /** Whether the module is in training mode; see {@link train}. */
  training = true;
  readonly #buffers = new Map<string, { persistent: boolean }>();
  #hooks: Hooks | undefined;

  /** @internal An object that has a module for its prototype, and none of the private fields, is none; a prototype is. */
  static [Symbol.hasInstance](v: unknown): boolean {
    if (!Function.prototype[Symbol.hasInstance].call(this, v)) return false;
    return #buffers in (v as object) || Object.hasOwn(v as object, 'constructor');
  }

  /** Computes the output. Every call runs the hooks. */
  abstract forward(...inputs: In): Out;

  /** Members by name, in the order of declaration: fields here, elements in containers. */
  protected moduleMembers(): [field: string, name: string, value: unknown][] {
    const names = (this.constructor as typeof Module).stateNames;
    return Object.entries(this).map(([field, value]) => [field, names[field] ?? field, value]);
  }

  /**
   * Makes a tensor part of the state without training it. Returns it, so that it can initialise the field of that
   * name: `mean = this.registerBuffer('mean', ng.zeros([3]))`.
   */
  registerBuffer<T extends Tensor | null>(name: string, tensor: T, options: Given<{ persistent: boolean }> = {}): T {
    this.#checkName('registerBuffer', name);
    if (tensor !== null && !(tensor instanceof Tensor))
      throw new ArgumentError(`[registerBuffer] expected a tensor or null, got ${describe(tensor)}`);
    this.#buffers.set(name, readOptions('registerBuffer', { persistent: true }, options));
    this.#set(name, tensor);
    return tensor;
  }

  /** Adds a parameter under a name computed at run time; otherwise just assign it to a field. */
  registerParameter(name: string, parameter: Parameter | null): void {
    this.#checkName('registerParameter', name);
    if (parameter !== null && !(parameter instanceof Parameter))
      throw new ArgumentError(`[registerParameter] expected an nn.Parameter or null, got ${describe(parameter)}`);
    this.#set(name, parameter);
  }

  /** Adds a submodule under a name computed at run time; otherwise just assign it to a field. */
  addModule(name: string, module: Module): void {
    this.#checkName('addModule', name);
    if (!(module instanceof Module)) throw new ArgumentError(`[addModule] expected a module, got ${describe(module)}`);
    this.#set(name, module);
  }

  #set(name: string, value: unknown): void {
    (this as unknown as Record<string, unknown>)[name] = value;
  }

  #checkName(op: string, name: string): void {
    if (typeof name !== 'string' || name === '' || name.includes('.'))
      throw new ArgumentError(`[${op}] a name is a non-empty string without dots, got ${describe(name)}`);
    if (name in Module.prototype || (!Object.hasOwn(this, name) && name in this))
      throw new ArgumentError(`[${op}] "${name}" is already a method of ${this.constructor.name}`);
  }

  // Own parameters, then own buffers, as in PyTorch's state dicts.
  #ownTensors(kind: 'parameters' | 'buffers' | 'persistent'): [string, Tensor][] {
    const out: [string, Tensor][] = [];
    for (const [field, name, value] of this.moduleMembers()) {
      if (!(value instanceof Tensor)) continue;
      const buffer = this.#buffers.get(field);
      if (
        kind === 'parameters'
          ? value instanceof Parameter && !buffer
          : buffer && (kind === 'buffers' || buffer.persistent)
      )
        out.push([name, value]);
    }
    return out;
  }

  /** Submodules held directly, with their names. */
  namedChildren(): [string, Module][] {
    const seen = new Set<Module>();
    return this.#slots().filter(([, m]) => !seen.has(m) && seen.add(m));
  }

  // With a module that is held twice listed twice.
  #slots(): [string, Module][] {
    return this.moduleMembers().flatMap(([, name, value]) =>
      value instanceof Module ? [[name, value] as [string, Module]] : [],
    );
  }

  /** Submodules held directly. */
  children(): Module[] {
    return this.namedChildren().map(([, m]) => m);
  }

  /** This module (named by `prefix`, default '') and all below it, each once. */
  namedModules(prefix = ''): [string, Module][] {
    string.check('namedModules', 'prefix', prefix);
    return this.#walk(prefix, new Set());
  }

  #walk(prefix: string, seen: Set<Module>): [string, Module][] {
    if (seen.has(this)) return [];
    seen.add(this);
    const below = this.#slots().flatMap(([name, m]) => m.#walk(prefix ? `${prefix}.${name}` : name, seen));
    return [[prefix, this], ...below];
  }

  /** This module and all below it, each once. */
  modules(): Module[] {
    return this.namedModules().map(([, m]) => m);
  }

  /** The module below with that path ('blocks.0.norm'; '' is this one). */
  getSubmodule(path: string): Module {
    return this.#find('getSubmodule', path, this.namedModules());
  }

  /** The parameter with that path. */
  getParameter(path: string): Parameter {
    return this.#find('getParameter', path, this.namedParameters());
  }

  /** The buffer with that path. */
  getBuffer(path: string): Tensor {
    return this.#find('getBuffer', path, this.namedBuffers());
  }

  #find<T>(op: string, path: string, all: readonly [string, T][]): T {
    string.check(op, 'path', path);
    const found = all.find(([name]) => name === path);
    if (!found) throw new ArgumentError(`[${op}] ${this.constructor.name} has none named "${path}"`);
    return found[1];
  }

  #namedTensors(kind: 'parameters' | 'buffers'): [string, Tensor][] {
    const seen = new Set<Tensor>();
    const out: [string, Tensor][] = [];
    for (const [prefix, m] of this.namedModules()) {
      for (const [name, t] of m.#ownTensors(kind)) {
        if (seen.has(t)) continue;
        seen.add(t);
        out.push([prefix ? `${prefix}.${name}` : name, t]);
      }
    }
    return out;
  }

  /** All parameters with their names; one that is used twice comes once. */
  namedParameters(): [string, Parameter][] {
    return this.#namedTensors('parameters') as [string, Parameter][];
  }

  /** All parameters, each once. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, p]) => p);
  }

  /** All buffers with their names. */
  namedBuffers(): [string, Tensor][] {
    return this.#namedTensors('buffers');
  }

  /** All buffers, each once. */
  buffers(): Tensor[] {
    return this.namedBuffers().map(([, b]) => b);
  }

  // Parameters and persistent buffers under every name they have.
  #state(prefix: string, out: [string, Tensor][], path: readonly Module[]): [string, Tensor][] {
    if (path.includes(this)) return out;
    for (const kind of ['parameters', 'persistent'] as const)
      for (const [name, t] of this.#ownTensors(kind)) out.push([prefix + name, t]);
    for (const [name, m] of this.#slots()) m.#state(`${prefix}${name}.`, out, [...path, this]);
    return out;
  }

  /**
   * Parameters and persistent buffers by name. The tensors share memory with the module's, unless `clone` (default false)
   * asks for copies, which training does not change.
   */
  stateDict(...options: Arguments<StateDictOptions>): StateDict {
    return stateOf(this.#state('', [], []), options);
  }

  /**
   * A copy of this module and all below it: parameters, buffers and fields of its own, the same modes. Gradients and hooks
   * are not copied. What is held twice is one in the copy too. Functions and instances of other classes are shared.
   * @throws ArgumentError (code `ERR_CLONE`) for a class with private fields (`#name`), which no copy can have, unless it
   *   has a `clone` of its own; and for weights that are computed from others
   */
  clone(): this {
    return copyOf(this, new Map()) as this;
  }

  /** @internal Which buffers there are: for copies and files. */
  bufferOptions(): [string, { persistent: boolean }][] {
    return [...this.#buffers];
  }

  /** @internal A module of that class without the work of its constructor, with these buffers and fields. */
  static restored(
    type: typeof Module,
    buffers: readonly [string, { persistent: boolean }][],
    fields: Iterable<readonly [string, unknown]>,
  ): Module {
    const m = Reflect.construct(Module, [], type) as Module;
    for (const [name, b] of buffers) m.#buffers.set(name, { ...b });
    for (const [name, value] of fields)
      Object.defineProperty(m, name, { value, enumerable: true, writable: true, configurable: true });
    return m;
  }

  /**
   * Copies values into the parameters and buffers. If anything does not match, nothing is changed.
   *
   * @param options - `strict` (default true): missing and unexpected names are errors
   * @throws ArgumentError (code `ERR_STATE_DICT`) that lists missing and unexpected names and differing shapes
   */
  loadStateDict(dict: StateDict, options?: boolean | { strict?: boolean | undefined }): LoadResult {
    return loadInto(this.constructor.name, this.#state('', [], []), dict, options);
  }

  /** Switches this module and all below to training (or, with false, evaluation) behaviour. */
  train(mode = true): this {
    boolean.check('train', 'mode', mode);
    for (const m of this.modules()) m.training = mode;
    return this;
  }

  /** Switches to evaluation: no dropout, running statistics. */
  eval(): this {
    return this.train(false);
  }

  /**
   * Moves parameters and buffers to a device, or casts the floating-point ones to a dtype. They stay the same objects,
   * so an optimizer made before keeps them.
   */
  to(target: Device | DType | Target): this {
    const { device, dtype } = targetOf('to', target);
    const change = (t: Tensor): Tensor =>
      noGrad(() => moved(t, { device, dtype: isFloat(t.dtype) ? dtype : undefined }));
    for (const t of [...this.parameters(), ...this.buffers()]) {
      const now = change(t);
      if (now === t) continue;
      t.adopt(now);
      if (t.grad) t.grad = change(t.grad);
    }
    return this;
  }

  /** {@link to} float32. */
  float(): this {
    return this.to('float32');
  }
  /** {@link to} the CPU. */
  cpu(): this {
    return this.to('cpu');
  }
  /** {@link to} the GPU of that number. Default 0. */
  cuda(device = 0): this {
    return this.to(`cuda:${device}`);
  }
  /** {@link to} float64. */
  double(): this {
    return this.to('float64');
  }
  /** {@link to} float16. */
  half(): this {
    return this.to('float16');
  }

  /** Says for all parameters whether they are trained. */
  requiresGrad_(on = true): this {
    boolean.check('requiresGrad_', 'on', on);
    for (const p of this.parameters()) p.requiresGrad = on;
    return this;
  }

  /** Drops the gradients of all parameters (or, with `setToNone: false`, fills them with zeros). */
  zeroGrad(options?: boolean | { setToNone?: boolean | undefined }): void {
    zeroGradients(this.parameters(), readArguments('zeroGrad', { setToNone: true }, [options]).setToNone);
  }

  #hook(): Hooks {
    return (this.#hooks ??= new Hooks(this));
  }

  /** Calls `hook(module, inputs, output)` after each `forward`; what it returns replaces the output. */
  registerForwardHook(hook: ForwardHook, options?: ForwardHookOptions): HookHandle {
    return this.#hook().addAfter(hook, options);
  }

  /** Calls `hook(module, inputs)` before each `forward`; what it returns replaces the inputs. */
  registerForwardPreHook(hook: ForwardPreHook): HookHandle {
    return this.#hook().add('registerForwardPreHook', hook, this.#hook().before);
  }

  /**
   * Calls `hook(module, gradInput, gradOutput)` in each backward pass, when the gradients of the inputs of `forward` are
   * known (arrays in the order of its arguments and of what it returns, null for what has no gradient); gradients that
   * it returns replace those of the inputs. Tensors inside of arrays and objects among the arguments are not seen, and
   * inputs and outputs cannot be changed in place meanwhile.
   */
  registerFullBackwardHook(hook: BackwardHook): HookHandle {
    return this.#hook().add('registerFullBackwardHook', hook, this.#hook().backward);
  }

  /** Calls `hook(module, gradOutput)` before that; gradients that it returns replace those of the outputs. */
  registerFullBackwardPreHook(hook: BackwardPreHook): HookHandle {
    return this.#hook().add('registerFullBackwardPreHook', hook, this.#hook().backwardBefore);
  }

  /** The settings that PyTorch prints in parentheses, in its spelling. */
  extraRepr(): string {
    return '';
  }

  /** The lines of the submodules. */
  protected childRepr(): string[] {
    return this.#slots().map(([name, m]) => `(${name}): ${String(m).replaceAll('\n', '\n  ')}`);
  }

  /** The tree of modules as PyTorch prints it. */
  toString(): string {
    const extra = this.extraRepr();
    const children = this.childRepr();
    const name = this.constructor.name;
    if (children.length === 0 && !extra.includes('\n')) return `${name}(${extra})`;
    const lines = [...(extra ? extra.split('\n') : []), ...children];
    return `${name}(\n  ${lines.join('\n  ')}\n)`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

Object.defineProperty(Module.prototype, 'apply', { value: apply, writable: true, configurable: true });

/** Throws unless a layer got a tensor. */
export function checkInput(layer: Module, x: unknown): asserts x is Tensor {
  if (!(x instanceof Tensor))
    throw new ArgumentError(`[${layer.constructor.name}] expected a tensor, got ${describe(x)}`);
}
