/**
 * @file What single arguments may be. A parameter is a value that knows how to check what a user gave: ops, layers,
 * optimizers and loaders list theirs in a spec, and {@link readArguments} (arguments.ts) reads all of them the same way.
 */
import { deviceIndex, type Device } from './device';
import { checkDType, type DType } from './dtype';
import { ArgumentError, ShapeError } from './errors';
import { Generator } from './random';
import { checkShape, describe, type Shape } from './shape';
import { Tensor } from './tensor';

/** What `read` answers to a value that the parameter does not take. */
const refused: unique symbol = Symbol('refused');
type Refused = typeof refused;

/** Reads one value: what the op gets, {@link refused} (the message then says `kind`), or an error of its own. */
type Read<T> = (value: unknown, op: string, name: string) => T | Refused;

/** One parameter: what it takes, in words and as a check, and its default. Required without one. */
export class Param<T> {
  constructor(
    /** Completes "must be ...". */
    readonly kind: string,
    private readonly read: Read<T>,
    readonly required = true,
    readonly fallback?: T,
  ) {}

  /** The same with a default, which is not checked. */
  or<D>(fallback: D): Param<T | D> {
    return new Param<T | D>(this.kind, this.read, false, fallback);
  }

  /** The same or null. Without a default still: null must be said. */
  nullable(): Param<T | null> {
    return new Param<T | null>(`${this.kind}, or null`, (v, op, name) => (v === null ? null : this.read(v, op, name)));
  }

  /** The same, not given by default: null, which may also be said. */
  orNull(): Param<T | null> {
    return this.nullable().or(null);
  }

  /** The same, undefined unless given. */
  optional(): Param<T | undefined> {
    return new Param<T | undefined>(this.kind, this.read, false, undefined);
  }

  /** @internal For {@link either}. */
  tried(value: unknown, op: string, name: string): T | Refused {
    return this.read(value, op, name);
  }

  /** What `value` stands for. @throws ArgumentError if it is none of what the parameter takes */
  check(op: string, name: string, value: unknown): T {
    const v = this.read(value, op, name);
    if (v === refused) throw new ArgumentError(`[${op}] ${name} must be ${this.kind}, got ${describe(value)}`);
    return v;
  }
}

const accept = <T>(kind: string, test: (v: unknown) => boolean): Param<T> =>
  new Param<T>(kind, (v) => (test(v) ? (v as T) : refused));

/** Bounds of a number: `least` and `most` belong to it, `above` and `below` do not. */
export interface Bounds {
  least?: number | undefined;
  most?: number | undefined;
  above?: number | undefined;
  below?: number | undefined;
}

const words: [keyof Bounds, string][] = [
  ['least', 'of at least'],
  ['above', 'above'],
  ['most', 'of at most'],
  ['below', 'below'],
];

function bounded(what: string, bounds: Bounds, test: (v: number) => boolean): Param<number> {
  const { least = -Infinity, most = Infinity, above = -Infinity, below = Infinity } = bounds;
  const said = words.filter(([k]) => bounds[k] !== undefined).map(([k, word]) => `${word} ${bounds[k]}`);
  return accept<number>(
    [what, said.join(' and ')].filter(Boolean).join(' '),
    (v) =>
      typeof v === 'number' &&
      test(v) &&
      v >= least &&
      v <= most &&
      (v > above || above === -Infinity) &&
      (v < below || below === Infinity),
  );
}

/** A number that is not NaN; infinities count as numbers. */
export const number = (bounds: Bounds = {}): Param<number> => bounded('a number', bounds, (v) => !Number.isNaN(v));

/** An integer that JavaScript holds exactly. */
export const integer = (bounds: Bounds = {}): Param<number> => bounded('an integer', bounds, Number.isSafeInteger);

/** How many of what there must be one at least. */
export const positive: Param<number> = integer({ least: 1 });

/** How likely something is. */
export const probability: Param<number> = number({ least: 0, most: 1 });

/** A number that fills a tensor or meets its elements: NaN and booleans too, and a tensor of one element. */
export const scalar: Param<number> = new Param('a number', (v) => {
  if (typeof v === 'number') return v;
  if (typeof v === 'boolean') return Number(v);
  return v instanceof Tensor ? numberOf(v) : refused;
});

/** The only element of a tensor without dimensions, as PyTorch takes it for a number. Blocks until it is known. */
function numberOf(t: Tensor): number | Refused {
  if (t.ndim > 0 || t.requiresGrad) return refused;
  return Number(t.itemSync());
}

export const boolean: Param<boolean> = accept('a boolean', (v) => typeof v === 'boolean');
export const string: Param<string> = accept('a string', (v) => typeof v === 'string');

/** One of these words. */
export const oneOf = <T extends string>(...choices: readonly T[]): Param<T> =>
  accept<T>(`one of ${choices.map((c) => `'${c}'`).join(', ')}`, (v) => choices.includes(v as T));

/** What one of several parameters takes; the first that does reads it. */
export const either = <T extends readonly unknown[]>(...of: { [K in keyof T]: Param<T[K]> }): Param<T[number]> =>
  new Param<T[number]>(of.map((p) => p.kind).join(' or '), (v, op, name) => {
    for (const p of of) {
      const r = p.tried(v, op, name);
      if (r !== refused) return r;
    }
    return refused;
  });

/** A function, of whatever parameters. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any function
export const fn = <F extends (...args: any[]) => unknown>(): Param<F> =>
  accept<F>('a function', (v) => typeof v === 'function');

/** What can be looped over; no string. */
export const iterable = <T>(): Param<Iterable<T>> =>
  accept<Iterable<T>>(
    'iterable',
    (v) => typeof v === 'object' && v !== null && typeof (v as Iterable<T>)[Symbol.iterator] === 'function',
  );

/** The elements of a list that a user gave, which may be anything that can be looped over. */
export const elementsOf = <T = unknown>(op: string, name: string, list: unknown): T[] => [
  ...iterable<T>().check(op, name, list),
];

/** An instance of a class. */
export const instance = <T>(kind: string, of: abstract new (...args: never) => T): Param<T> =>
  accept<T>(kind, (v) => v instanceof of);

/** A dimension by its position; negative ones count from the last. The op checks its range. */
export const axis: Param<number> = integer();

const isIntegers = (v: unknown): boolean => Array.isArray(v) && v.every((d) => Number.isSafeInteger(d));

/** A list of integers. */
export const integers: Param<readonly number[]> = accept('an array of integers', isIntegers);

/** One dimension or several. */
export const axes: Param<number | readonly number[]> = accept(
  'an integer or an array of integers',
  (v) => Number.isSafeInteger(v) || isIntegers(v),
);

/** A list of numbers that are not NaN. */
export const numbers: Param<readonly number[]> = accept(
  'an array of numbers',
  (v) => Array.isArray(v) && v.every((d) => typeof d === 'number' && !Number.isNaN(d)),
);

/** A list of strings. */
export const strings: Param<readonly string[]> = accept(
  'an array of strings',
  (v) => Array.isArray(v) && v.every((s) => typeof s === 'string'),
);

/** A shape: see {@link checkShape}. */
export const shape: Param<Shape> = new Param('a shape', (v, op) => checkShape(op, v));

/** One size for all spatial dimensions, or one for each; `sizesOf` says how many. */
export const sizes = (least: number): Param<number | readonly number[]> => {
  const fits = (v: unknown): boolean => Number.isSafeInteger(v) && (v as number) >= least;
  return accept(
    `an integer of at least ${least}, or an array of them`,
    (v) => fits(v) || (Array.isArray(v) && v.length > 0 && v.every(fits)),
  );
};

/** A tensor that was not disposed. */
export const tensor: Param<Tensor> = new Param('a tensor', (v, op) => {
  if (!(v instanceof Tensor)) return refused;
  v.checkAlive(op);
  return v;
});

/** A tensor or a number that stands for one of any shape. */
export const operand: Param<Tensor | number | boolean> = new Param('a tensor or a number', (v, op) => {
  if (typeof v === 'number' || typeof v === 'boolean') return v;
  if (!(v instanceof Tensor)) return refused;
  v.checkAlive(op);
  return v;
});

/** An array of tensors. */
export const tensors: Param<readonly Tensor[]> = new Param('an array of tensors', (v, op) => {
  if (!Array.isArray(v) || !v.every((t) => t instanceof Tensor)) return refused;
  for (const t of v as Tensor[]) t.checkAlive(op);
  return v as readonly Tensor[];
});

export const dtype: Param<DType> = new Param('a dtype', (v) => checkDType(v));

/** The name of a device that is there. */
export const device: Param<Device> = new Param('a device', (v) => {
  deviceIndex(v as Device);
  return v as Device;
});

export const generator: Param<Generator> = accept('a Generator', (v) => v instanceof Generator);

/** For positions in a tensor's dimension: refuses shapes beyond what a list can hold before it is built. */
export function checkCount(op: string, what: string, n: number, most = 2 ** 24): number {
  if (!(n <= most)) throw new ShapeError(`[${op}] ${n} ${what} are too many; at most ${most}`);
  return n;
}

/** A number that is not NaN, or a tensor of one: for what the op needs as a number before it can start. */
export const numeric = (bounds: Bounds = {}): Param<number> => {
  const plain = number(bounds);
  return new Param(plain.kind, (v, op, name) => plain.tried(v instanceof Tensor ? numberOf(v) : v, op, name));
};
