/**
 * @file States (nested plain values with tensors in them) as JSON beside tensors by name. What JSON lacks is written as an
 * object with one field that begins with $: `$tensor` (its name), `$number` (NaN, infinities, -0), `$object` (names and
 * values, for an object whose own names begin with $ or are `__proto__`).
 */
import { isOptions } from '../core/arguments';
import { ArgumentError, FileFormatError } from '../core/errors';
import { describe } from '../core/shape';
import { Tensor } from '../core/tensor';

/** What `JSON.stringify` takes. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const special = (name: string): boolean => name.startsWith('$') || name === '__proto__';

/**
 * A state as JSON; its tensors are added to `tensors`, named by their paths.
 * @param where - how errors call the state
 * @throws ArgumentError for functions, instances of classes, bigints and circles
 */
export function toJson(op: string, where: string, state: unknown, tensors: Record<string, Tensor>): Json {
  const above = new Set<unknown>();
  const walk = (v: unknown, path: string): Json => {
    if (v === null || typeof v === 'boolean' || typeof v === 'string') return v;
    if (typeof v === 'number') return Number.isFinite(v) && !Object.is(v, -0) ? v : { $number: numberName(v) };
    if (v instanceof Tensor) {
      let name = path || 'value';
      while (Object.hasOwn(tensors, name)) name += "'";
      tensors[name] = v;
      return { $tensor: name };
    }
    const called = path ? `${where}.${path}` : where;
    if (!Array.isArray(v) && !isOptions(v))
      throw new ArgumentError(
        `[${op}] ${called} is ${describe(v)}; a checkpoint holds plain values, tensors, and what has stateDict() and loadStateDict()`,
      );
    if (above.has(v)) throw new ArgumentError(`[${op}] ${called} contains itself`);
    above.add(v);
    const inner = (name: string | number, e: unknown): Json => walk(e, path ? `${path}.${name}` : String(name));
    const out = Array.isArray(v) ? v.map((e, i) => inner(i, e)) : objectOf(v as Record<string, unknown>, inner);
    above.delete(v);
    return out;
  };
  return walk(state, '');
}

const numberName = (v: number): string => (Object.is(v, -0) ? '-0' : String(v));

// As in JSON, what is undefined is not there.
function objectOf(v: Record<string, unknown>, inner: (name: string, e: unknown) => Json): Json {
  const entries = Object.entries(v).filter(([, e]) => e !== undefined);
  const json = entries.map(([name, e]): [string, Json] => [name, inner(name, e)]);
  return entries.some(([name]) => special(name)) ? { $object: json } : Object.fromEntries(json);
}

/**
 * What {@link toJson} was given.
 * @throws FileFormatError for JSON that it does not write
 */
export function fromJson(file: string, json: Json, tensors: Readonly<Record<string, Tensor>>): unknown {
  const bad = (why: string): never => {
    throw new FileFormatError(`[checkpoint] ${file}: ${why}`);
  };
  const walk = (v: Json): unknown => {
    if (v === null || typeof v !== 'object') return v;
    if (Array.isArray(v)) return v.map(walk);
    const names = Object.keys(v);
    if (!names.some(special)) return Object.fromEntries(Object.entries(v).map(([name, e]) => [name, walk(e)]));
    const { $tensor: name, $number: number, $object: entries } = v;
    if (names.length === 1 && typeof name === 'string')
      return Object.hasOwn(tensors, name) ? tensors[name] : bad(`the tensor "${name}" is missing`);
    if (names.length === 1 && typeof number === 'string' && number !== '') return Number(number);
    const isEntry = (e: Json): e is [string, Json] => Array.isArray(e) && e.length === 2 && typeof e[0] === 'string';
    if (names.length === 1 && Array.isArray(entries) && entries.every(isEntry))
      return Object.fromEntries(entries.map(([n, e]) => [n, walk(e)]));
    return bad(`unknown value ${JSON.stringify(v).slice(0, 100)}`);
  };
  return walk(json);
}
