/**
 * @file Settings of layers: read from constructor arguments, printed as PyTorch prints them. Every layer takes its
 * settings in PyTorch's order, or by name in one object at the end.
 */
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';
import { Tensor } from '../core/tensor';

/** A value of a setting. */
export type Setting = number | boolean | string | null | readonly number[] | Tensor;

/** What a layer with settings `S` takes: values in PyTorch's order, then an object with the others by name. */
export type SettingArgs<S> = (S[keyof S] | Partial<S> | undefined)[];

const isOptions = (v: unknown): v is Record<string, unknown> =>
  typeof v === 'object' && v !== null && !Array.isArray(v) && !(v instanceof Tensor);

/**
 * The settings that `args` give, over `defaults`, whose keys are in PyTorch's order.
 * @throws ArgumentError for an unknown name, too many values, or a value of another type than the default's
 */
export function readSettings<S extends object>(layer: string, defaults: S, args: readonly unknown[]): S {
  const names = Object.keys(defaults);
  const given: Record<string, unknown> = {};
  args.forEach((value, i) => {
    if (isOptions(value)) Object.assign(given, value);
    else if (i >= names.length)
      throw new ArgumentError(`[${layer}] takes ${names.length} settings (${names.join(', ')}), got ${args.length}`);
    else given[names[i]!] = value;
  });
  const out = { ...defaults } as Record<string, unknown>;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!names.includes(name))
      throw new ArgumentError(
        `[${layer}] has no setting "${name}"; it takes ${names.length ? names.join(', ') : 'none'}`,
      );
    const usual = out[name];
    // An absent default says nothing about the type.
    if (usual != null && value !== null && typeof usual !== typeof value)
      throw new ArgumentError(`[${layer}] ${name} must be a ${typeof usual}, got ${describe(value)}`);
    if (Number.isNaN(value)) throw new ArgumentError(`[${layer}] ${name} must be a number, got NaN`);
    out[name] = value;
  }
  return out as S;
}

/** The trailing options object of a layer whose sizes are positional. */
export function readOptions<S extends object>(layer: string, defaults: S, options: Partial<S> | undefined): S {
  if (options !== undefined && !isOptions(options))
    throw new ArgumentError(`[${layer}] expected an options object, got ${describe(options)}`);
  return readSettings(layer, defaults, [options ?? {}]);
}

/** Throws unless `value` is an integer of at least `least`. */
export function checkSize(layer: string, name: string, value: unknown, least = 0): number {
  if (!Number.isSafeInteger(value) || (value as number) < least)
    throw new ArgumentError(`[${layer}] ${name} must be an integer of at least ${least}, got ${describe(value)}`);
  return value as number;
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

// Python's repr switches to exponents earlier than JavaScript.
function pythonNumber(v: number): string {
  if (!Number.isFinite(v)) return Number.isNaN(v) ? 'nan' : v > 0 ? 'inf' : '-inf';
  const size = Math.abs(v);
  if (v === 0 || (size >= 1e-4 && size < 1e16)) return String(v);
  const [digits, exponent] = v.toExponential().split('e') as [string, string];
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

/** A number that is a float in PyTorch, where a whole one is written with a point. */
export const pythonFloat = (v: number): string =>
  Number.isInteger(v) && Math.abs(v) < 1e16 ? `${v}.0` : pythonNumber(v);

/** A value as Python prints it. */
export function python(v: unknown): string {
  if (v === null || v === undefined) return 'None';
  if (typeof v === 'boolean') return v ? 'True' : 'False';
  if (typeof v === 'string') return `'${v}'`;
  if (typeof v === 'number') return pythonNumber(v);
  if (Array.isArray(v)) return v.length === 1 ? `(${python(v[0])},)` : `(${v.map(python).join(', ')})`;
  return String(v);
}

/** `in_features=784, bias=True`: the given fields by PyTorch's names. */
export const showSettings = (values: object): string =>
  Object.entries(values)
    .map(([name, v]) => `${snake(name)}=${python(v)}`)
    .join(', ');
