/** @file Copies of modules, for `clone`. */
import { isOptions } from '../core/arguments';
import { noGrad } from '../core/autograd';
import { ArgumentError } from '../core/errors';
import { Generator } from '../core/random';
import { Tensor } from '../core/tensor';
import { Module } from './module';
import { isUnsized, Parameter, UninitializedBuffer, UninitializedParameter } from './parameter';

/** Modules that cannot be copied, and why. */
export const cannotCopy = new WeakMap<Module, string>();

/** Throws if a module made without its constructor would not work. */
export function checkCopiable(what: string, code: string, m: Module): void {
  const name = m.constructor.name;
  const why = cannotCopy.get(m);
  if (why !== undefined) throw new ArgumentError(`[${what}] ${name}: ${why}`, code);
  for (let type = m.constructor; type !== Module; type = Object.getPrototypeOf(type) as typeof type)
    if (/this\.#\w/.test(Function.prototype.toString.call(type)))
      throw new ArgumentError(
        `[${what}] ${type.name} has private fields (#name), which only its constructor makes; use other fields, or give it a ${what} of its own`,
        code,
      );
}

function copyOfTensor(t: Tensor): Tensor {
  const data = noGrad(() => t.detach().clone());
  if (t instanceof Parameter) return new (isUnsized(t) ? UninitializedParameter : Parameter)(data, t.requiresGrad);
  return isUnsized(t) ? new UninitializedBuffer(data) : data.requiresGrad_(t.requiresGrad && t.isLeaf);
}

/** A copy of what a module may hold, given what was copied already. */
export function copyOf(value: unknown, done: Map<unknown, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (done.has(value)) return done.get(value);
  // Noted before it is filled: it may hold itself.
  const note = <T>(copy: T): T => (done.set(value, copy), copy);
  const inner = (v: unknown): unknown => copyOf(v, done);
  if (value instanceof Tensor) return note(copyOfTensor(value));
  if (value instanceof Module) {
    // A class may copy itself.
    if (done.size > 0 && value.clone !== Module.prototype.clone) return note(value.clone());
    checkCopiable('clone', 'ERR_CLONE', value);
    const copy = note(Module.restored(value.constructor as typeof Module, value.bufferOptions(), []));
    for (const [name, v] of Object.entries(value))
      Object.defineProperty(copy, name, { value: inner(v), enumerable: true, writable: true, configurable: true });
    return copy;
  }
  if (Array.isArray(value)) {
    const list: unknown[] = note([]);
    for (const v of value) list.push(inner(v));
    return list;
  }
  if (value instanceof Map) {
    const map = note(new Map<unknown, unknown>());
    for (const [k, v] of value) map.set(inner(k), inner(v));
    return map;
  }
  if (value instanceof Set) {
    const set = note(new Set<unknown>());
    for (const v of value) set.add(inner(v));
    return set;
  }
  if (value instanceof Generator) {
    const generator = note(new Generator(0));
    generator.setState(value.getState());
    return generator;
  }
  if (ArrayBuffer.isView(value)) return note(structuredClone(value));
  if (!isOptions(value)) return value;
  const object: Record<string, unknown> = note({});
  for (const [k, v] of Object.entries(value)) object[k] = inner(v);
  return object;
}
