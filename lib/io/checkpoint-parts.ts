/** @file What a checkpoint is made of: parts, which have states, and how those are taken and given back. */
import { ArgumentError } from '../core/errors';
import { Generator, type RngState } from '../core/random';
import { describe } from '../core/shape';
import { Tensor } from '../core/tensor';
import { DataLoader } from '../data/loader';
import { Module } from '../nn/module';
import { isUnsized } from '../nn/parameter';
import { LRScheduler } from '../optim/lr/base';
import { Optimizer } from '../optim/optimizer';

/** What a checkpoint keeps by its state: modules, optimizers, schedulers, loaders, averages, and whatever has both methods. */
export interface CheckpointPart {
  /** Plain values, nested as they may be, with tensors in them. */
  stateDict(): unknown;
  /** Takes what `stateDict` gave; throws if it does not fit. */
  loadStateDict(state: never): unknown;
}

const types = {
  module: Module,
  optimizer: Optimizer,
  scheduler: LRScheduler,
  loader: DataLoader,
  generator: Generator,
} as const;
type Type = keyof typeof types | 'object';

/** A part under its name. */
export interface Part {
  name: string;
  type: Type;
  /** Its class. */
  kind: string;
  take(): unknown;
  give(state: unknown): void;
  /** What brings its present state back. */
  remember(): () => void;
  /** Generators of layers, by path. */
  generators: Map<string, Generator>;
}

/** Whether a value has a state that can be taken and given back. */
export const hasState = <T>(v: T): v is T & CheckpointPart =>
  typeof v === 'object' &&
  v !== null &&
  typeof (v as Partial<CheckpointPart>).stateDict === 'function' &&
  typeof (v as Partial<CheckpointPart>).loadStateDict === 'function';

/** Whether a value is kept by its state. */
const isPart = (v: unknown): v is CheckpointPart | Generator => v instanceof Generator || hasState(v);

/** Names become names of files. */
const nameFits = /^[A-Za-z0-9_-]{1,100}$/;

function partOf(op: string, name: string, v: CheckpointPart | Generator): Part {
  if (!nameFits.test(name))
    throw new ArgumentError(
      `[${op}] a part's name has 1 to 100 letters, digits, _ and -, got ${JSON.stringify(name).slice(0, 120)}`,
    );
  const found = Object.entries(types).find(([, C]) => v instanceof C);
  const whose = { name, type: (found?.[0] ?? 'object') as Type, kind: v.constructor?.name ?? 'Object' };
  if (v instanceof Generator) {
    const give = (state: unknown): void => v.setState(state as RngState);
    return {
      ...whose,
      take: () => v.getState(),
      give,
      remember: () => restoring(give, v.getState()),
      generators: new Map(),
    };
  }
  const give = (state: unknown): void => void v.loadStateDict(state as never);
  return {
    ...whose,
    take: () => v.stateDict(),
    give,
    remember: () => (v instanceof Module ? rememberModule(v) : restoring(give, v.stateDict())),
    generators: v instanceof Module ? generatorsOf(v) : new Map<string, Generator>(),
  };
}

const restoring =
  (give: (state: unknown) => void, state: unknown): (() => void) =>
  () =>
    give(state);

// Loading writes into the tensors of a module, so they are copied. What has no shape yet has no state to return to.
function rememberModule(m: Module): () => void {
  if ([...m.parameters(), ...m.buffers()].some(isUnsized)) return () => {};
  const copies = m.stateDict({ clone: true });
  return () => void m.loadStateDict(copies);
}

function generatorsOf(m: Module): Map<string, Generator> {
  const found = new Map<string, Generator>();
  for (const [path, inner] of m.namedModules())
    for (const [field, value] of Object.entries(inner))
      if ((value as unknown) instanceof Generator) found.set(path ? `${path}.${field}` : field, value as Generator);
  return found;
}

/** What was given to save or load, as parts and other values. Undefined counts as not given. */
export function sorted(op: string, given: unknown): { parts: Part[]; values: [string, unknown][] } {
  if (typeof given !== 'object' || given === null || Array.isArray(given) || given instanceof Tensor || isPart(given))
    throw new ArgumentError(`[${op}] expected parts by name, e.g. { model, optimizer }, got ${describe(given)}`);
  const entries = Object.entries(given).filter(([, v]) => v !== undefined);
  const parts = entries.flatMap(([name, v]) => (isPart(v) ? [partOf(op, name, v)] : []));
  const seen = new Set<string>();
  for (const { name } of parts) {
    // Some file systems do not tell them apart.
    const low = name.toLowerCase();
    if (seen.has(low)) throw new ArgumentError(`[${op}] two parts are called ${name}, but for capital letters`);
    seen.add(low);
  }
  return { parts, values: entries.filter(([, v]) => !isPart(v)) };
}
