/** @file Checkpoints: everything that a training needs to go on, in one folder. docs/checkpoints.md describes the format. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isOptions, readOptions, type Spec } from '../core/arguments';
import { ArgumentError, FileFormatError } from '../core/errors';
import { boolean, either, integer, oneOf, Param, positive } from '../core/params';
import { Generator, type RngState } from '../core/random';
import { currentGenerator } from '../core/random-state';
import { describe } from '../core/shape';
import type { Tensor } from '../core/tensor';
import { bestOf, type Worth, worthIn } from './best-checkpoint';
import { type Part, sorted } from './checkpoint-parts';
import { addFolder, folderOf, numbersIn } from './numbered-folders';
import { checkPath, fileOf, tensorsIn } from './safetensors';
import { fromJson, type Json, toJson } from './state-tree';

const format = 'nodegrad checkpoint';
const version = 1;
const manifestName = 'checkpoint.json';
const fileName = (part: string): string => `${part}.safetensors`;
// Tensors among the plain values; no part has this name.
const valuesFile = fileName('$values');

/** What `checkpoint.json` holds. */
interface Manifest {
  format: string;
  version: number;
  /** The generator in use. */
  random: RngState;
  worth?: Worth | undefined;
  parts: Record<string, { type: string; kind: string; state: Json; generators: Record<string, RngState> }>;
  values: Record<string, Json>;
  /** Those that hold tensors; what has none has no file. */
  files: string[];
}

/** Options of {@link saveCheckpoint}. */
export interface SaveCheckpointOptions {
  /** How many of the newest checkpoints stay in the directory; older ones are removed. Default 1. */
  keep?: number | undefined;
  /** What this one is worth, e.g. a validation loss. The best of the directory stays too. NaN is worse than any number. */
  value?: number | undefined;
  /** Whether a lower or a higher value is better. Default `'min'`. */
  mode?: Worth['mode'] | undefined;
}
// A loss that is NaN is saved as any other.
const worthParam = new Param<number>('a number', (v, op, name) => {
  if (typeof v === 'number') return v;
  throw new ArgumentError(`[${op}] ${name} must be a number, got ${describe(v)}`);
});
const saveSpec: Spec<{ keep: number; value: number | undefined; mode: Worth['mode'] | undefined }> = {
  keep: positive.or(1),
  value: worthParam.optional(),
  mode: oneOf('min', 'max').optional(),
};

// Saves into a directory that are under way: each waits for the one before, so that the last call is the newest.
const underWay = new Map<string, Promise<unknown>>();

/**
 * Saves all that a training needs to go on as if it had not stopped: a new numbered folder in `dir` that appears whole or
 * not at all, whatever happens in between. What is saved is the state at the moment of the call; training may go on while
 * it is written. The state of the generator in use (and those of layers and loaders) is saved with it.
 *
 * @param dir - a directory for the checkpoints of this training; made if it is not there
 * @param parts - by name: what has `stateDict()` and `loadStateDict()` (modules, optimizers, schedulers, loaders, averages),
 *   generators, and plain values and tensors, which {@link loadCheckpoint} returns
 * @returns the number of the checkpoint in `dir`, from 1
 * @throws ArgumentError for what no checkpoint can hold, before anything is written
 *
 * @example
 * await ng.saveCheckpoint('run/ckpt', { model, optimizer, scheduler, loader, epoch }, { keep: 3 });
 */
export async function saveCheckpoint(
  dir: string,
  parts: Record<string, unknown>,
  options: SaveCheckpointOptions = {},
): Promise<number> {
  const op = 'saveCheckpoint';
  checkPath(op, dir);
  const { keep, value, mode } = readOptions(op, saveSpec, options);
  if (mode !== undefined && value === undefined)
    throw new ArgumentError(`[${op}] mode says which value is the better one, and there is no value`);
  const given = sorted(op, parts);
  const manifest: Manifest = {
    format,
    version,
    random: currentGenerator().getState(),
    ...(Number.isFinite(value) ? { worth: { value: value!, mode: mode ?? 'min' } } : {}),
    parts: {},
    values: {},
    files: [],
  };
  // Nothing is waited for until all reads are queued.
  const files: [string, Promise<Uint8Array[]>][] = [];
  const addTensors = (name: string, tensors: Record<string, Tensor>): void => {
    if (Object.keys(tensors).length === 0) return;
    const read = fileOf(op, tensors);
    // A failure is met below, unless a later part cannot be saved at all.
    read.catch(() => {});
    files.push([name, read]);
  };
  for (const part of given.parts) {
    const tensors: Record<string, Tensor> = {};
    const state = toJson(op, part.name, part.take(), tensors);
    const generators = Object.fromEntries([...part.generators].map(([path, g]) => [path, g.getState()]));
    manifest.parts[part.name] = { type: part.type, kind: part.kind, state, generators };
    addTensors(fileName(part.name), tensors);
  }
  const tensors: Record<string, Tensor> = {};
  // Under one object, so that names of values are escaped as others are.
  manifest.values = toJson(op, 'values', Object.fromEntries(given.values), tensors) as Record<string, Json>;
  addTensors(valuesFile, tensors);
  manifest.files = files.map(([name]) => name);
  const json = Buffer.from(JSON.stringify(manifest, null, 1));

  const key = resolve(dir);
  const write = async (before: Promise<unknown> | undefined): Promise<number> => {
    const pieces = await Promise.all(files.map(async ([name, read]) => [name, await read] as const));
    await before;
    return addFolder(op, dir, new Map([...pieces, [manifestName, [json]]]), async (there) => {
      const best = await bestIn(dir, there);
      return [...there.slice(-keep), ...(best === undefined ? [] : [best])];
    });
  };
  const written = write(underWay.get(key));
  const settled: Promise<unknown> = written
    .catch(() => {})
    .then(() => underWay.get(key) === settled && underWay.delete(key));
  underWay.set(key, settled);
  return written;
}

/** Options of {@link loadCheckpoint}. */
export interface LoadCheckpointOptions {
  /** Which one; see {@link listCheckpoints}. `'best'` is the one with the best value. Default: the newest. */
  number?: number | 'best' | undefined;
  /** Give the generator in use the state it had. Default true. */
  random?: boolean | undefined;
}
const loadSpec = { number: either(integer({ least: 1 }), oneOf('best')).optional(), random: boolean.or(true) };

/**
 * Loads the newest checkpoint of a directory into these parts, which must be built as those that were saved. Training then
 * goes on with the same bits as if it had not stopped. Parts of the checkpoint that are not named stay unread. If anything
 * does not fit, nothing is changed.
 *
 * @returns the plain values that were saved, and tensors among them, on the CPU
 * @throws ArgumentError: ERR_NO_CHECKPOINT if there is none; ERR_CHECKPOINT_PART for a part that it does not hold or that is
 *   of another kind; ERR_STATE_DICT for one that does not fit
 * @throws FileFormatError for files that are damaged or of a later version
 *
 * @example
 * const { epoch } = await ng.loadCheckpoint('run/ckpt', { model, optimizer, scheduler, loader });
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what was saved, which the caller knows
export async function loadCheckpoint<V extends object = Record<string, any>>(
  dir: string,
  parts: Record<string, unknown> = {},
  options: LoadCheckpointOptions = {},
): Promise<V> {
  const op = 'loadCheckpoint';
  checkPath(op, dir);
  const { number, random } = readOptions(op, loadSpec, options);
  const given = sorted(op, parts);
  for (const [name] of given.values)
    throw new ArgumentError(
      `[${op}] ${name} is no part with stateDict() and loadStateDict(); plain values are what is returned`,
    );
  const { manifest, states, values, where } = await readChosen(dir, number, given.parts);
  const checks = given.parts.map((part) => checkGenerators(part, manifest.parts[part.name]!.generators, where));
  const state = random ? rngStateOf(manifest.random, where) : undefined;
  giveAll(given.parts.map((part, i) => [part, states[i]]));
  for (const [g, held] of checks.flat()) g.setState(held);
  if (state) currentGenerator().setState(state);
  return values as V;
}

/** The numbers of the checkpoints in a directory, oldest first; none if it is not there. */
export async function listCheckpoints(dir: string): Promise<number[]> {
  checkPath('listCheckpoints', dir);
  return numbersIn(dir);
}

// One that another process removes meanwhile, or that is damaged, is not the best.
async function bestIn(dir: string, numbers: readonly number[]): Promise<number | undefined> {
  const worthOf = async (n: number): Promise<readonly [number, Worth | undefined]> => {
    try {
      return [n, worthIn(JSON.parse(await readFile(join(folderOf(dir, n), manifestName), 'utf8')))];
    } catch {
      return [n, undefined];
    }
  };
  return bestOf(await Promise.all(numbers.map(worthOf)));
}

interface Read {
  manifest: Manifest;
  states: unknown[];
  values: unknown;
  where: string;
}

// While the newest one is being read, a process that saves may put a newer one there and remove it.
async function readChosen(dir: string, number: number | 'best' | undefined, parts: readonly Part[]): Promise<Read> {
  for (let tried: number | undefined; ;) {
    const there = await numbersIn(dir);
    const chosen = number === 'best' ? await bestIn(dir, there) : (number ?? there.at(-1));
    if (chosen === undefined || !there.includes(chosen))
      throw new ArgumentError(
        `[loadCheckpoint] there is no checkpoint${number === undefined ? '' : number === 'best' ? ' with a value' : ` ${number}`} in ${dir}${there.length > 0 ? `; it has ${there.join(', ')}` : ''}`,
        'ERR_NO_CHECKPOINT',
      );
    try {
      return await readFolder(folderOf(dir, chosen), parts);
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== 'ENOENT') throw e;
      if (tried === chosen)
        throw new FileFormatError(`[checkpoint] ${folderOf(dir, chosen)}: a file is missing`, { cause: e });
      tried = chosen;
    }
  }
}

async function readFolder(folder: string, parts: readonly Part[]): Promise<Read> {
  const where = join(folder, manifestName);
  const manifest = parseManifest(await readFile(where, 'utf8'), where);
  for (const part of parts) checkPart(part, manifest, where);
  const tensorsOf = async (file: string): Promise<Record<string, Tensor>> =>
    manifest.files.includes(file) ? tensorsIn(join(folder, file), 'cpu') : {};
  const states: unknown[] = [];
  for (const { name } of parts) {
    const { state } = manifest.parts[name]!;
    states.push(fromJson(where, state, await tensorsOf(fileName(name))));
  }
  const values = fromJson(where, manifest.values, await tensorsOf(valuesFile));
  return { manifest, states, values, where };
}

function parseManifest(text: string, where: string): Manifest {
  const bad = (why: string, cause?: unknown): FileFormatError =>
    new FileFormatError(`[checkpoint] ${where}: ${why}`, { cause });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (e) {
    throw bad(`no JSON: ${(e as Error).message}`, e);
  }
  const m = json as Partial<Manifest>;
  if (!isOptions(m) || m.format !== format) throw bad('no checkpoint of nodegrad');
  if (m.version !== version)
    throw bad(`of version ${String(m.version)} of the format; this version of nodegrad reads ${version}`);
  const isPart = (p: unknown): boolean =>
    isOptions(p) && typeof p['type'] === 'string' && typeof p['kind'] === 'string' && isOptions(p['generators']);
  if (!isOptions(m.parts) || !Object.values(m.parts).every(isPart) || !isOptions(m.values) || !Array.isArray(m.files))
    throw bad('parts, values or files are missing');
  return m as Manifest;
}

function checkPart({ name, type, kind }: Part, { parts, values }: Manifest, where: string): void {
  const bad = (why: string): never => {
    throw new ArgumentError(`[loadCheckpoint] ${where} ${why}`, 'ERR_CHECKPOINT_PART');
  };
  const held = Object.hasOwn(parts, name) ? parts[name]! : undefined;
  if (!held)
    return bad(
      `has no part "${name}"${Object.hasOwn(values, name) ? ', but a plain value, which is returned' : ''}; it holds ${Object.keys(parts).join(', ') || 'none'}`,
    );
  // Modules may be called otherwise; the names and shapes of their tensors decide.
  const sameClass = type === 'optimizer' || type === 'scheduler';
  if (held.type !== type || (sameClass && held.kind !== kind))
    bad(`holds the ${held.type} ${held.kind} as ${name}, got the ${type} ${kind}`);
}

const rngStateOf = (state: unknown, where: string): RngState => {
  try {
    const g = new Generator(0);
    g.setState(state as RngState);
    return g.getState();
  } catch (e) {
    throw new FileFormatError(`[checkpoint] ${where}: a state of a generator is damaged`, { cause: e });
  }
};

// Generators of layers are parts of the state of a module, though not of its state dict, which is PyTorch's.
function checkGenerators(
  { name, generators }: Part,
  held: Record<string, RngState>,
  where: string,
): [Generator, RngState][] {
  const [own, saved] = [[...generators.keys()].join(', ') || 'none', Object.keys(held).join(', ') || 'none'];
  if (own !== saved)
    throw new ArgumentError(
      `[loadCheckpoint] layers of ${name} with a generator of their own: ${saved} in ${where}, ${own} here`,
      'ERR_CHECKPOINT_PART',
    );
  return [...generators].map(([path, g]) => [g, rngStateOf(held[path], where)]);
}

// Modules first: an optimizer needs the shapes that lazy layers get. If one does not fit, all are as they were.
function giveAll(parts: readonly (readonly [Part, unknown])[]): void {
  const undo: (() => void)[] = [];
  try {
    for (const modules of [true, false])
      for (const [part, state] of parts) {
        if ((part.type === 'module') !== modules) continue;
        const back = part.remember();
        part.give(state);
        undo.push(back);
      }
  } catch (e) {
    for (const back of undo.reverse()) back();
    throw e;
  }
}
