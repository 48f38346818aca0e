/** @file Modules that hold modules or parameters: Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict. */
import { ArgumentError, IndexError } from '../core/errors';
import type { DType } from '../core/dtype';
import { elementsOf, fn as functionParam, integer } from '../core/params';
import { describe } from '../core/shape';
import type { Tensor } from '../core/tensor';
import { Module } from './module';
import { Parameter } from './parameter';

function checkModule(op: string, m: unknown): asserts m is Module {
  if (!(m instanceof Module)) throw new ArgumentError(`[${op}] expected a module, got ${describe(m)}`);
}

const notCallable = (name: string): never => {
  throw new ArgumentError(`[${name}] has no forward of its own; call its elements`);
};

// Elements are fields named 0, 1, 2 ..., which the base class finds like any others.
abstract class Numbered<T> extends Module implements Iterable<T> {
  [index: number]: T;

  /** How many elements there are. */
  get length(): number {
    return this.list().length;
  }

  /** The elements in order. */
  protected abstract list(): T[];
  protected abstract check(value: unknown): asserts value is T;

  /** The element at `index`; negative counts from the end. */
  at(index: number): T {
    const list = this.list();
    if (!Number.isInteger(index) || index < -list.length || index >= list.length)
      throw new IndexError(
        `[${this.constructor.name}] index ${describe(index)} is out of range for ${list.length} elements`,
      );
    return list.at(index)!;
  }

  /** Adds an element at the end. */
  append(element: T): this {
    this.check(element);
    this[this.length] = element;
    return this;
  }

  /** Adds elements at the end. */
  extend(elements: Iterable<T>): this {
    for (const e of elementsOf<T>(this.constructor.name, 'elements', elements)) this.append(e);
    return this;
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.list()[Symbol.iterator]();
  }
}

/**
 * Modules that run one after the other: `new nn.Sequential(a, b)`, or with names `new nn.Sequential({ fc: a, act: b })`.
 * Makes a tensor of a tensor unless its type says otherwise: `new nn.Sequential<[Tensor, Tensor], Tensor>(...)`.
 */
export class Sequential<In extends readonly unknown[] = [x: Tensor], Out = Tensor> extends Numbered<Module> {
  constructor(...layers: Module[] | [Readonly<Record<string, Module>>] | [readonly Module[]]) {
    super();
    const [first] = layers;
    if (layers.length === 1 && !(first instanceof Module)) {
      if (first === null || typeof first !== 'object')
        throw new ArgumentError(`[Sequential] expected modules, got ${describe(first)}`);
      for (const [name, m] of Object.entries(first as Record<string, Module>)) {
        checkModule('Sequential', m);
        this.addModule(name, m);
      }
    } else for (const m of layers) this.append(m as Module);
  }

  protected override list(): Module[] {
    return this.moduleMembers().flatMap(([, , m]) => (m instanceof Module ? [m] : []));
  }
  protected override check(value: unknown): asserts value is Module {
    checkModule('Sequential', value);
  }

  /** Runs the modules: the first gets the inputs, each other what the one before it gave. */
  forward(...inputs: In): Out {
    const [first, ...rest] = this.list();
    let x: unknown = first ? first.forward(...inputs) : inputs[0];
    for (const m of rest) x = m.forward(x);
    return x as Out;
  }
}

/** An array of modules whose parameters are found. A plain array of modules in a field is not searched. */
export class ModuleList<M extends Module = Module> extends Numbered<M> {
  constructor(modules: Iterable<M> = []) {
    super();
    this.extend(modules);
  }

  /** Puts a module before position `index`. */
  insert(index: number, module: M): this {
    checkModule('ModuleList', module);
    integer().check('ModuleList', 'index', index);
    const list = this.list();
    list.splice(index, 0, module);
    list.forEach((m, i) => (this[i] = m));
    return this;
  }

  /** The results of `fn` for each module. */
  map<R>(fn: (module: M, index: number) => R): R[] {
    functionParam().check('ModuleList.map', 'fn', fn);
    return this.list().map((m, i) => fn(m, i));
  }

  protected override list(): M[] {
    return this.moduleMembers().flatMap(([, , m]) => (m instanceof Module ? [m as M] : []));
  }
  protected override check(value: unknown): asserts value is M {
    checkModule('ModuleList', value);
  }

  forward(): never {
    return notCallable('ModuleList');
  }

  // Equal neighbours are counted: `(0-3): 4 x Linear(...)`.
  protected override childRepr(): string[] {
    const runs: { from: number; to: number; text: string }[] = [];
    this.list().forEach((m, i) => {
      const text = String(m);
      const last = runs.at(-1);
      if (last?.text === text) last.to = i;
      else runs.push({ from: i, to: i, text });
    });
    return runs.map(({ from, to, text }) => {
      const body = text.replaceAll('\n', '\n  ');
      return from === to ? `(${from}): ${body}` : `(${from}-${to}): ${to - from + 1} x ${body}`;
    });
  }
}

// Elements by name, kept beside the fields so that any name will do.
abstract class Named<T> extends Module implements Iterable<[string, T]> {
  private readonly held = new Map<string, T>();

  constructor(elements: Readonly<Record<string, T>> | Iterable<readonly [string, T]>) {
    super();
    this.update(elements);
  }

  protected abstract check(value: unknown): asserts value is T;

  /** How many elements there are. */
  get size(): number {
    return this.held.size;
  }
  /** The element of that name. */
  get(name: string): T {
    const m = this.held.get(name);
    if (!m)
      throw new IndexError(
        `[${this.constructor.name}] has no "${name}"; it has ${[...this.held.keys()].join(', ') || 'nothing'}`,
      );
    return m;
  }
  /** Adds an element, or replaces the one of that name. */
  set(name: string, element: T): this {
    this.check(element);
    if (typeof name !== 'string' || name === '' || name.includes('.'))
      throw new ArgumentError(
        `[${this.constructor.name}] a name is a non-empty string without dots, got ${describe(name)}`,
      );
    this.held.set(name, element);
    return this;
  }
  /** Adds all elements of an object, of a map, or of another of these. */
  update(elements: Readonly<Record<string, T>> | Iterable<readonly [string, T]>): this {
    const op = this.constructor.name;
    if (typeof elements !== 'object' || (elements as unknown) === null)
      throw new ArgumentError(`[${op}] expected an object or pairs [name, element], got ${describe(elements)}`);
    const list = Symbol.iterator in elements ? elementsOf(op, 'elements', elements) : Object.entries(elements);
    for (const pair of list) {
      if (!Array.isArray(pair))
        throw new ArgumentError(`[${op}] expected pairs [name, element], got ${describe(pair)}`);
      this.set(pair[0] as string, pair[1] as T);
    }
    return this;
  }
  has(name: string): boolean {
    return this.held.has(name);
  }
  delete(name: string): boolean {
    return this.held.delete(name);
  }
  keys(): IterableIterator<string> {
    return this.held.keys();
  }
  values(): IterableIterator<T> {
    return this.held.values();
  }
  entries(): IterableIterator<[string, T]> {
    return this.held.entries();
  }
  [Symbol.iterator](): IterableIterator<[string, T]> {
    // An object that only inherits from one of these, as `{ __proto__: dict }` does.
    if (!Object.hasOwn(this, 'held'))
      throw new ArgumentError('[ModuleDict] expected a dictionary, got an object that inherits from one');
    return this.held.entries();
  }

  protected override moduleMembers(): [field: string, name: string, value: unknown][] {
    return [
      ...super.moduleMembers(),
      ...[...this.held].map(([name, m]) => [name, name, m] as [string, string, unknown]),
    ];
  }
}

/** Modules by name whose parameters are found. */
export class ModuleDict<M extends Module = Module> extends Named<M> {
  constructor(modules: Readonly<Record<string, M>> | Iterable<readonly [string, M]> = {}) {
    super(modules);
  }
  protected override check(value: unknown): asserts value is M {
    checkModule('ModuleDict', value);
  }
  forward(): never {
    return notCallable('ModuleDict');
  }
}

function checkParameter(op: string, p: unknown): asserts p is Parameter {
  if (!(p instanceof Parameter)) throw new ArgumentError(`[${op}] expected an nn.Parameter, got ${describe(p)}`);
}

// PyTorch's line for a parameter in a list or dictionary; `type` is spelt differently in the two.
const parameterLine = (name: string, p: Parameter, type: string): string =>
  `  (${name}): Parameter containing: [torch.${type} of size ${p.shape.join('x')}]`;

/** Parameters by name that are found: `new nn.ParameterDict({ gain: new nn.Parameter(...) })`. */
export class ParameterDict extends Named<Parameter> {
  constructor(parameters: Readonly<Record<string, Parameter>> | Iterable<readonly [string, Parameter]> = {}) {
    super(parameters);
  }
  protected override check(value: unknown): asserts value is Parameter {
    checkParameter('ParameterDict', value);
  }
  override extraRepr(): string {
    const types: Partial<Record<DType, string>> = { float64: 'Double', float16: 'Half', bfloat16: 'BFloat16' };
    return [...this].map(([name, p]) => parameterLine(name, p, `${types[p.dtype] ?? 'Float'}Tensor`)).join('\n');
  }
  forward(): never {
    return notCallable('ParameterDict');
  }
}

/** An array of parameters that are found. */
export class ParameterList extends Numbered<Parameter> {
  constructor(parameters: Iterable<Parameter> = []) {
    super();
    this.extend(parameters);
  }

  protected override list(): Parameter[] {
    return this.moduleMembers().flatMap(([, , p]) => (p instanceof Parameter ? [p] : []));
  }
  protected override check(value: unknown): asserts value is Parameter {
    checkParameter('ParameterList', value);
  }

  override extraRepr(): string {
    return this.list()
      .map((p, i) => parameterLine(String(i), p, p.dtype))
      .join('\n');
  }
  forward(): never {
    return notCallable('ParameterList');
  }
}
