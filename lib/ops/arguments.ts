/** @file Arguments of functions and layers that PyTorch takes both by position and by name. */
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';
import { Tensor } from '../core/tensor';

/** Values in PyTorch's order, then an object with the others by name. */
export type Arguments<S> = (S[keyof S] | Partial<S> | undefined)[];

/** Whether an argument holds others by name. */
export const isOptions = <T>(v: T): v is T & Exclude<Extract<T, object>, readonly unknown[] | Tensor> =>
  typeof v === 'object' && v !== null && !Array.isArray(v) && !(v instanceof Tensor);

/** What `args` give, over `defaults`, whose keys are in PyTorch's order. */
export function readArguments<S extends object>(op: string, defaults: S, args: readonly unknown[]): S {
  const names = Object.keys(defaults);
  const out = { ...defaults } as Record<string, unknown>;
  args.forEach((value, i) => {
    const given = isOptions(value) ? Object.entries(value as object) : [[names[i], value] as const];
    for (const [name, v] of given) {
      if (v === undefined) continue;
      if (name === undefined || !names.includes(name))
        throw new ArgumentError(`[${op}] has no argument ${name ?? i + 1}; it takes ${names.join(', ')}`);
      out[name] = v;
    }
  });
  return out as S;
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
