/** @file State dicts: the parameters and persistent buffers of a module by name, and putting values into them. */
import { type Arguments, readArguments } from '../core/arguments';
import { noGrad } from '../core/autograd';
import { ArgumentError } from '../core/errors';
import { describe, sameShape, showShape } from '../core/shape';
import { Tensor } from '../core/tensor';
import { moved } from '../ops/tensors/to';
import { isUnsized, type Unsized } from './parameter';

/** Tensors by their PyTorch name, e.g. `fc1.weight`. */
export type StateDict = Record<string, Tensor>;

/** Options of `stateDict`. */
export interface StateDictOptions {
  /** Copy the values. Default false: share memory. */
  clone: boolean;
}

/** What `loadStateDict` found not to match; both empty in strict mode. */
export interface LoadResult {
  missingKeys: string[];
  unexpectedKeys: string[];
}

const loadDefaults = { strict: true };
const stateDictDefaults = { clone: false };

/** The tensors `own` of a module by name. */
export function stateOf(own: readonly [string, Tensor][], options: Arguments<StateDictOptions>): StateDict {
  const { clone } = readArguments<StateDictOptions>('stateDict', stateDictDefaults, options, 'option');
  const copies = new Map<Tensor, Tensor>();
  const kept = (t: Tensor): Tensor => {
    if (!clone) return t.detach();
    const copy = copies.get(t) ?? t.detach().clone();
    copies.set(t, copy);
    return copy;
  };
  return Object.fromEntries(own.map(([name, t]) => [name, kept(t)]));
}

/** Copies the values of `dict` into the tensors `own` of a module; all of them or none. */
export function loadInto(
  module: string,
  own: readonly [string, Tensor][],
  dict: StateDict,
  options: boolean | { strict?: boolean | undefined } | undefined,
): LoadResult {
  const { strict } = readArguments('loadStateDict', loadDefaults, [options]);
  if (dict === null || typeof dict !== 'object')
    throw new ArgumentError(`[loadStateDict] expected an object of tensors, got ${describe(dict)}`);
  const names = new Set(own.map(([name]) => name));
  const missingKeys = own.filter(([name]) => !Object.hasOwn(dict, name)).map(([name]) => name);
  const unexpectedKeys = Object.keys(dict).filter((name) => !names.has(name));
  const problems: string[] = [];
  if (strict) {
    if (missingKeys.length) problems.push(`missing keys: ${missingKeys.join(', ')}`);
    if (unexpectedKeys.length) problems.push(`unexpected keys: ${unexpectedKeys.join(', ')}`);
  }
  const copies: [Tensor, Tensor][] = [];
  const lazy: [Unsized, Tensor][] = [];
  for (const [name, t] of own) {
    if (!Object.hasOwn(dict, name)) continue;
    const value: unknown = dict[name];
    if (!(value instanceof Tensor)) problems.push(`${name} is ${describe(value)}, not a tensor`);
    else if (isUnsized(t) && t.fits(value.shape)) lazy.push([t, value]);
    else if (!sameShape(value.shape, t.shape))
      problems.push(
        `${name} has shape ${showShape(value.shape)} in the state dict, ${showShape(t.shape)} in the module`,
      );
    else {
      value.checkAlive('loadStateDict');
      copies.push([t, moved(value, { device: t.device })]);
    }
  }
  if (problems.length) throw new ArgumentError(`[loadStateDict] ${module}: ${problems.join('; ')}`, 'ERR_STATE_DICT');
  for (const [to, from] of lazy) {
    to.materialize(from.shape);
    copies.push([to, moved(from, { device: to.device })]);
  }
  noGrad(() => copies.forEach(([to, from]) => void to.copy_(from)));
  return { missingKeys, unexpectedKeys };
}
