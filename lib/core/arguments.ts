/**
 * @file Reading arguments, once for functions, layers, optimizers and loaders: by position and by name, defaults, checks,
 * and the errors for names and values that do not exist. params.ts says what single arguments may be.
 */
import { ArgumentError } from './errors';
import { boolean, number, Param, string } from './params';
import { describe } from './shape';
import { Tensor } from './tensor';

/** Some of S. Undefined counts as not given, also under `exactOptionalPropertyTypes`. */
export type Given<S> = { [K in keyof S]?: S[K] | undefined };

/** Values in PyTorch's order, then an object with the others by name. */
export type Arguments<S> = (S[keyof S] | Given<S> | undefined)[];

// Undefined counts as not given.
type Undefinable<P extends readonly unknown[]> = { [I in keyof P]: P[I] | undefined };
// P in order, and T after them. With `infer`: to TypeScript 5.2 a mapped tuple is no list.
type Then<P extends readonly unknown[], T> =
  Undefinable<P> extends infer U extends readonly unknown[] ? [...U, T] : never;
// Some of P in order, and T after them.
type SomeThen<P extends readonly unknown[], T> = P extends readonly [...infer Init, unknown]
  ? Then<P, T> | SomeThen<Init, T>
  : never;

/**
 * The arguments of a function whose own values P are taken in order or by name: all in order, or some in order and the
 * rest in one object at the end (all of them there: S).
 */
export type InOrderOrByName<P extends readonly unknown[], S extends object> =
  P | [S] | SomeThen<Required<P>, Given<S> | undefined>;

/**
 * The arguments of what has required ones: those, R, in order or by their names N; options S after them, in order or by
 * name in the object at the end.
 */
export type WithRequired<R extends readonly unknown[], N extends object, S extends object = object> =
  [...R, ...Arguments<S>] | [N & Given<S>] | SomeThen<R, Given<N & S> | undefined>;

/** What a spec says of each argument: a default, whose type the value must have, or a {@link Param}. */
export type Spec<S extends object> = { readonly [K in keyof S]: S[K] | Param<S[K]> };

/** What reading a spec gives. */
export type Values<Sp> = { [K in keyof Sp]: Sp[K] extends Param<infer T> ? T : Sp[K] };

/**
 * Whether an argument holds others by name: a plain object. Lists, tensors, maps and instances of classes are values.
 */
export const isOptions = <T>(v: T): v is T & Exclude<Extract<T, object>, readonly unknown[] | Tensor> => {
  if (typeof v !== 'object' || v === null || Array.isArray(v) || v instanceof Tensor) return false;
  const proto = Object.getPrototypeOf(v) as object | null;
  if (proto === Object.prototype) return true;
  // Of any realm: the prototype of a plain object has none itself.
  return proto === null || (Object.getPrototypeOf(proto) === null && Object.hasOwn(proto, 'isPrototypeOf'));
};

interface Compiled {
  names: readonly string[];
  checks: readonly (Param<unknown> | undefined)[];
  defaults: Readonly<Record<string, unknown>>;
  /** Those that have no default. */
  required: readonly string[];
}

/** Under which a spec keeps what it was compiled to: not enumerable, so that specs spread from it are others. */
const compiled: unique symbol = Symbol('compiled');

function compile(spec: object): Compiled {
  const names = Object.keys(spec);
  const values = Object.values(spec) as unknown[];
  const checks = values.map((v) => (v instanceof Param ? (v as Param<unknown>) : usual(v)));
  const defaults = Object.fromEntries(
    names.map((n, i) => [n, values[i] instanceof Param ? values[i].fallback : values[i]]),
  );
  const c = {
    names,
    checks,
    defaults,
    required: names.filter((_, i) => values[i] instanceof Param && values[i].required),
  };
  Object.defineProperty(spec, compiled, { value: c });
  return c;
}

// What a default says of its argument. An absent one says nothing.
function usual(fallback: unknown): Param<unknown> | undefined {
  if (typeof fallback === 'number') return number();
  if (typeof fallback === 'boolean') return boolean;
  return typeof fallback === 'string' ? string : undefined;
}

/**
 * What `args` give of a spec, whose keys are in PyTorch's order: values in that order, the rest by name in a plain
 * object at the end. Undefined counts as not given. A spec is best a constant: it is compiled once.
 * @param what - how errors call one of them
 * @throws ArgumentError for an unknown name, one given twice, too many values, a value that its parameter does not
 *   take, or a missing one
 */
export function readArguments<S extends object>(
  op: string,
  spec: Spec<S>,
  args: readonly unknown[],
  what: 'argument' | 'setting' | 'option' = 'argument',
): Readonly<S> {
  const { names, checks, defaults, required } =
    (spec as { [compiled]?: Compiled | undefined })[compiled] ?? compile(spec);
  let out: Record<string, unknown> | undefined;
  let inOrder = 0;
  for (let i = 0; i < args.length; i++) {
    const value = args[i];
    if (value === undefined) continue;
    // Nothing to copy where all are required: they are there at the end, or it throws.
    out ??= required.length === names.length ? {} : { ...defaults };
    if (isOptions(value)) {
      for (const name of Object.keys(value)) {
        const at = names.indexOf(name);
        const given = (value as Record<string, unknown>)[name];
        if (at < 0) throw new ArgumentError(`[${op}] has no ${what} "${name}"; it takes ${names.join(', ') || 'none'}`);
        if (given === undefined) continue;
        if (at < i && args[at] !== undefined)
          throw new ArgumentError(`[${op}] ${name} is given twice, in its place and by name`);
        out[name] = checks[at] ? checks[at].check(op, name, given) : given;
      }
    } else {
      if (i >= names.length)
        throw new ArgumentError(
          names.length > 0
            ? `[${op}] takes ${names.length} ${what}s (${names.join(', ')}), got ${args.length}`
            : `[${op}] takes no ${what}s, got ${describe(value)}`,
        );
      const name = names[i]!;
      const check = checks[i];
      out[name] = check ? check.check(op, name, value) : value;
      inOrder++;
    }
  }
  if (out && inOrder === names.length) return out as S;
  for (const name of required)
    if (out?.[name] === undefined)
      throw new ArgumentError(
        `[${op}] the ${what} ${name} is missing; it must be ${checks[names.indexOf(name)]!.kind}`,
      );
  return (out ?? defaults) as S;
}

/** Integers one after the other, in one array, or that array by name. */
export type ListOrNamed<S extends object> = number[] | [list: readonly number[]] | [S];

/** Sizes or axes one after the other, as PyTorch takes them too, as one array: what {@link readArguments} reads. */
export const gathered = (args: readonly unknown[]): readonly unknown[] => (typeof args[0] === 'number' ? [args] : args);

/** {@link readArguments} of layers, schedules and initialisers. */
export const readSettings = <S extends object>(layer: string, spec: Spec<S>, args: readonly unknown[]): S =>
  readArguments(layer, spec, args, 'setting');

/** Throws unless `options` is absent or holds values by name. */
export function needOptions(op: string, options: unknown): void {
  if (options !== undefined && options !== null && !isOptions(options))
    throw new ArgumentError(`[${op}] expected an options object, got ${describe(options)}`);
}

/** A trailing options object, and nothing else. */
export function readOptions<S extends object>(op: string, spec: Spec<S>, options: Given<S> | null | undefined): S {
  needOptions(op, options);
  return readArguments(op, spec, [options ?? undefined], 'option');
}

/** Of sequences, images and volumes: how many dimensions have a length. */
export type Dimensions = 1 | 2 | 3;

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
