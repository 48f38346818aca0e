/** @file A module as JSON: classes, settings, and the names of its tensors, which lie beside it. */
import { isOptions } from '../../core/arguments';
import { ArgumentError } from '../../core/errors';
import { pathOf } from '../../core/symbol-functions';
import { Tensor } from '../../core/tensor';
import { checkCopiable } from '../../nn/copying';
import { Module } from '../../nn/module';
import { isUnsized, Parameter } from '../../nn/parameter';
import { type ModuleClass, nameOfClass } from './registry';
import { partsOf } from './values';

/**
 * A value of JSON. An object with `$` stands for something else: a `module`, a `parameter`, `buffer` or `tensor` by its
 * name, a `function` by its path below `ng`, a `number` that JSON has not, `undefined`, or a value of values.ts. `id` names what
 * is held in several places, which `ref` then stands for.
 */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** A module in two parts. */
export interface Written {
  root: Json;
  tensors: Record<string, Tensor>;
}

const wrong = (path: string, what: string): ArgumentError =>
  new ArgumentError(`[save] ${path || 'the module'} is ${what}`, 'ERR_ARCHITECTURE');

class Writer {
  readonly tensors: Record<string, Tensor> = {};
  private readonly ids = new Map<object, number>();
  private readonly names: Map<Tensor, string>;

  constructor(model: Module) {
    this.names = new Map([...model.namedBuffers(), ...model.namedParameters()].map(([name, t]) => [t, name]));
  }

  value(v: unknown, path: string): Json {
    if (v === null || typeof v === 'string' || typeof v === 'boolean') return v;
    if (v === undefined) return { $: 'undefined' };
    if (typeof v === 'number') return Number.isFinite(v) && !Object.is(v, -0) ? v : { $: 'number', value: spelt(v) };
    if (typeof v === 'function') {
      const name = pathOf(v as never);
      if (name === undefined) throw wrong(path, 'a function, which no file can hold; only functions of ng are written');
      return { $: 'function', name };
    }
    if (typeof v !== 'object') throw wrong(path, `a ${typeof v}, which no file can hold`);
    const known = this.ids.get(v);
    if (known !== undefined) return { $: 'ref', id: known };
    const id = this.ids.size;
    this.ids.set(v, id);
    if (v instanceof Tensor) return { ...this.tensor(v, path), id };
    if (v instanceof Module) return { ...this.module(v, path), id };
    if (Array.isArray(v)) return { $: 'list', id, items: v.map((e, i) => this.value(e, `${path}[${i}]`)) };
    if (isOptions(v)) return { $: 'object', id, fields: this.fields(v, path) };
    const parts = partsOf(v);
    if (!parts) throw wrong(path, `an instance of ${(v as object).constructor.name}, which no file can hold`);
    return { $: parts[0], id, parts: parts[1].map((e) => this.value(e, path)) };
  }

  private fields(v: object, path: string): { [name: string]: Json } {
    return Object.fromEntries(
      Object.entries(v).map(([name, e]) => [name, this.value(e, path ? `${path}.${name}` : name)]),
    );
  }

  private tensor(t: Tensor, path: string): { [name: string]: Json } {
    if (isUnsized(t)) throw wrong(path, 'without a shape: run the model, or apply it to ng.input, before it is saved');
    const name = this.names.get(t) ?? `~${path}`;
    this.tensors[name] = t;
    return { $: t instanceof Parameter ? 'parameter' : 'tensor', name, requiresGrad: t.requiresGrad && t.isLeaf };
  }

  private module(m: Module, path: string): { [name: string]: Json } {
    const type = nameOfClass(m.constructor as ModuleClass);
    if (type === undefined)
      throw wrong(path, `a ${m.constructor.name}, which is not registered: ng.registerModule(${m.constructor.name})`);
    checkCopiable('save', 'ERR_ARCHITECTURE', m);
    const buffers = Object.fromEntries(m.bufferOptions().map(([name, { persistent }]) => [name, persistent]));
    return {
      $: 'module',
      class: type,
      ...(Object.keys(buffers).length > 0 && { buffers }),
      fields: this.fields(m, path),
    };
  }
}

const spelt = (v: number): string => (Object.is(v, -0) ? '-0' : String(v));

/** The two parts of a module. @throws ArgumentError (code `ERR_ARCHITECTURE`) with the path of what no file can hold */
export function written(model: Module): Written {
  const writer = new Writer(model);
  return { root: writer.value(model, ''), tensors: writer.tensors };
}
