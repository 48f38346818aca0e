/** @file Arguments of functions and layers that PyTorch takes both by position and by name. */
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';
import { Tensor } from '../core/tensor';

/** Values in PyTorch's order, then an object with the others by name. */
export type Arguments<S> = (S[keyof S] | Partial<S> | undefined)[];

/** Whether an argument holds others by name. */
export const isOptions = <T>(v: T): v is T & Exclude<Extract<T, object>, readonly unknown[] | Tensor> =>
  typeof v === 'object' && v !== null && !Array.isArray(v) && !(v instanceof Tensor);

/**
 * What `args` give, over `defaults`, whose keys are in PyTorch's order. Undefined counts as not given. `defaults` should
 * be a constant: objects made anew for every call cost the collector more than the call.
 * @param what - how errors call one of them
 * @throws ArgumentError for an unknown name, too many values, or a value that is no boolean where the default is one
 */
export function readArguments<S extends object>(
  op: string,
  defaults: S,
  args: readonly unknown[],
  what: 'argument' | 'setting' = 'argument',
): Readonly<S> {
  let out: Record<string, unknown> | undefined;
  for (let i = 0; i < args.length; i++) {
    const value = args[i];
    if (value === undefined) continue;
    out ??= { ...(defaults as Record<string, unknown>) };
    if (isOptions(value)) {
      for (const name in value) put(op, out, name, (value as Record<string, unknown>)[name], what);
      continue;
    }
    const names = Object.keys(defaults);
    if (i >= names.length)
      throw new ArgumentError(`[${op}] takes ${names.length} ${what}s (${names.join(', ')}), got ${args.length}`);
    put(op, out, names[i]!, value, what);
  }
  return (out ?? defaults) as S;
}

function put(op: string, out: Record<string, unknown>, name: string, value: unknown, what: string): void {
  if (!Object.hasOwn(out, name))
    throw new ArgumentError(`[${op}] has no ${what} "${name}"; it takes ${Object.keys(out).join(', ') || 'none'}`);
  if (value === undefined) return;
  if (typeof out[name] === 'boolean' && typeof value !== 'boolean')
    throw new ArgumentError(`[${op}] ${name} must be a boolean, got ${describe(value)}`);
  out[name] = value;
}

/** Throws unless `options` is absent or an object that has no names but these. */
export function checkOptions(op: string, options: unknown, names: readonly string[]): void {
  if (options === undefined || options === null) return;
  if (!isOptions(options)) throw new ArgumentError(`[${op}] expected an options object, got ${describe(options)}`);
  for (const name in options)
    if (!names.includes(name))
      throw new ArgumentError(`[${op}] has no option "${name}"; it takes ${names.join(', ') || 'none'}`);
}

/** Sizes or axes in one array or, as PyTorch takes them too, one after the other. */
export function listOf(op: string, first: number | readonly number[], more: readonly number[]): readonly number[] {
  if (Array.isArray(first) && more.length === 0) return first as readonly number[];
  const list = [first, ...more];
  if (!list.every((v) => typeof v === 'number'))
    throw new ArgumentError(`[${op}] expected an array of integers, got ${list.map(describe).join(', ')}`);
  return list;
}

/**
 * {@link readArguments} of layers, schedules and initialisers, whose settings have one type each.
 * @throws ArgumentError also for a value of another type than the default's, or NaN
 */
export function readSettings<S extends object>(layer: string, defaults: S, args: readonly unknown[]): S {
  const out = readArguments(layer, defaults, args, 'setting');
  for (const [name, value] of Object.entries(out)) {
    const usual = (defaults as Record<string, unknown>)[name];
    if (Object.is(value, usual)) continue;
    // An absent default says nothing about the type.
    if (usual != null && value !== null && typeof usual !== typeof value)
      throw new ArgumentError(`[${layer}] ${name} must be a ${typeof usual}, got ${describe(value)}`);
    if (Number.isNaN(value)) throw new ArgumentError(`[${layer}] ${name} must be a number, got NaN`);
  }
  return out;
}

/** The trailing options object of a layer whose sizes are positional. */
export function readOptions<S extends object>(layer: string, defaults: S, options: Partial<S> | undefined): S {
  if (options !== undefined && !isOptions(options))
    throw new ArgumentError(`[${layer}] expected an options object, got ${describe(options)}`);
  return readSettings(layer, defaults, [options]);
}

/** One number for all dimensions, or one for each. */
export type Sizes = number | readonly number[];

/** `value` as `n` integers of at least `least`. */
export function sizesOf(op: string, name: string, value: unknown, n: number, least: number): number[] {
  const list: unknown[] = Array.isArray(value) ? (value as unknown[]) : Array<unknown>(n).fill(value);
  const full = list.length === 1 ? Array<unknown>(n).fill(list[0]) : list;
  if (full.length !== n || full.some((v) => !Number.isSafeInteger(v) || (v as number) < least)) {
    const shown = Array.isArray(value) ? `[${value.join(', ')}]` : describe(value);
    throw new ArgumentError(
      `[${op}] ${name} must be ${n === 1 ? 'an integer' : `an integer or ${n} integers`} of at least ${least}, got ${shown}`,
    );
  }
  return full as number[];
}

/** The list with `fill` in front, so that it has three entries: kernels know three spatial dimensions. */
export const three = (list: readonly number[], fill: number): number[] => [
  ...Array<number>(3 - list.length).fill(fill),
  ...list,
];
