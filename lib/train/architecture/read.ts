/** @file The module that JSON and tensors describe; see write.ts. */
import { ArgumentError } from '../../core/errors';
import { functionAt } from '../../core/symbol-functions';
import type { Tensor } from '../../core/tensor';
import { Module } from '../../nn/module';
import { Parameter } from '../../nn/parameter';
import { classOfName } from './registry';
import { fromParts } from './values';
import type { Json, Written } from './write';

/** What is wrong with the description, for a caller who knows the file. */
export class Malformed extends Error {}

type Fields = { [name: string]: Json };

class Reader {
  private readonly made = new Map<number, unknown>();

  constructor(private readonly tensors: Record<string, Tensor>) {}

  value(v: Json | undefined): unknown {
    if (typeof v !== 'object' || v === null) return v;
    if (Array.isArray(v)) throw new Malformed('a list without a name');
    const kind = text(v, '$');
    if (kind === 'undefined') return undefined;
    if (kind === 'number') return Number(text(v, 'value'));
    if (kind === 'function') return this.fn(text(v, 'name'));
    if (kind === 'ref') {
      const id = v.id as number;
      if (!this.made.has(id)) throw new Malformed(`${id} stands for nothing`);
      return this.made.get(id);
    }
    const note = <T>(made: T): T => (this.made.set(v.id as number, made), made);
    if (kind === 'parameter' || kind === 'tensor') return note(this.tensor(v));
    if (kind === 'list') {
      const list: unknown[] = note([]);
      for (const e of listOf(v, 'items')) list.push(this.value(e));
      return list;
    }
    if (kind === 'object') return this.fill(note({}), v);
    if (kind === 'module') return this.fill(note(this.module(v)), v);
    const made = fromParts(
      kind,
      listOf(v, 'parts').map((e) => this.value(e)),
    );
    if (!made) throw new Malformed(`the kind "${kind}" is unknown`);
    return note(made);
  }

  private fn(name: string): unknown {
    const fn = functionAt(name);
    if (!fn) throw new Malformed(`there is no function ng.${name}`);
    return fn;
  }

  private tensor(v: Fields): Tensor {
    const name = text(v, 'name');
    const t = Object.hasOwn(this.tensors, name) ? this.tensors[name]! : undefined;
    if (!t) throw new Malformed(`the tensor "${name}" is missing`);
    const grad = v.requiresGrad === true;
    return v.$ === 'parameter' ? new Parameter(t, grad) : t.requiresGrad_(grad);
  }

  private module(v: Fields): Module {
    const name = text(v, 'class');
    const type = classOfName(name);
    // Not the file's fault.
    if (!type)
      throw new ArgumentError(
        `[loadModel] the class ${name} is not registered: ng.registerModule(${name}) before it is loaded`,
        'ERR_ARCHITECTURE',
      );
    const buffers = Object.entries((v.buffers ?? {}) as Fields);
    return Module.restored(
      type,
      buffers.map(([field, persistent]) => [field, { persistent: persistent === true }]),
      [],
    );
  }

  private fill<T extends object>(to: T, v: Fields): T {
    if (typeof v.fields !== 'object' || v.fields === null || Array.isArray(v.fields)) throw new Malformed('no fields');
    for (const [name, e] of Object.entries(v.fields))
      Object.defineProperty(to, name, {
        value: this.value(e),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    return to;
  }
}

function text(v: Fields, name: string): string {
  const s = v[name];
  if (typeof s !== 'string') throw new Malformed(`${name} is no text`);
  return s;
}

function listOf(v: Fields, name: string): Json[] {
  const list = v[name];
  if (!Array.isArray(list)) throw new Malformed(`${name} is no list`);
  return list;
}

/** The module again. */
export function read({ root, tensors }: Written): Module {
  const m = new Reader(tensors).value(root);
  if (!(m instanceof Module)) throw new Malformed('it describes no module');
  return m;
}
