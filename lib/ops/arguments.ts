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
 * What `args` give, over `defaults`, whose keys are in PyTorch's order. Undefined counts as not given.
 * @param what - how errors call one of them
 */
export function readArguments<S extends object>(
  op: string,
  defaults: S,
  args: readonly unknown[],
  what: 'argument' | 'setting' = 'argument',
): S {
  const names = Object.keys(defaults);
  const out = { ...defaults } as Record<string, unknown>;
  args.forEach((value, i) => {
    if (value !== undefined && !isOptions(value) && i >= names.length)
      throw new ArgumentError(`[${op}] takes ${names.length} ${what}s (${names.join(', ')}), got ${args.length}`);
    const given: [string, unknown][] = isOptions(value) ? Object.entries(value) : [[names[i]!, value]];
    for (const [name, v] of given) {
      if (v === undefined) continue;
      if (!names.includes(name))
        throw new ArgumentError(`[${op}] has no ${what} "${name}"; it takes ${names.join(', ') || 'none'}`);
      out[name] = v;
    }
  });
  return out as S;
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
