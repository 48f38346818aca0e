/**
 * @file The graph of a functional model: plain data, made of symbols once. Values have numbers (slots); layers and constants
 * are named, and looked up in the model, so that copies and files need nothing but the graph and what the model holds.
 */
import { ArgumentError } from '../../core/errors';
import { describe, type Shape } from '../../core/shape';
import { type Call, mapTensors, SymbolicTensor, type Target, tensorsIn } from '../../core/symbol';
import type { DType } from '../../core/dtype';
import type { Tensor } from '../../core/tensor';
import { Names, snakeCase } from './names';

/** In arguments and outputs: the value with that number. */
export class Slot {
  constructor(readonly slot: number) {}
}
/** In arguments: the tensor that the model holds under that name. */
export class Held {
  constructor(readonly name: string) {}
}

/** What a step does: a layer by its name in the model, a function by its path below `ng`, a method, or a property. */
export type Action = { layer: string } | { fn: string } | { method: string } | { getter: string };

/** One call. */
export interface Step {
  /** Of the layer, or made of the function's. */
  readonly name: string;
  readonly action: Action;
  /** With {@link Slot} and {@link Held} in the place of tensors. */
  readonly args: readonly unknown[];
  /** Which values it makes. */
  readonly outputs: readonly number[];
  /** Their shapes; -1 is the batch. */
  readonly shapes: readonly Shape[];
  /** Values that no later step needs. */
  readonly release: readonly number[];
}

/** An input; its slot is its position. */
export interface GraphInput {
  readonly name: string;
  /** With -1 for the batch. */
  readonly shape: Shape;
  readonly dtype: DType;
}

/** What a functional model computes. */
export interface Graph {
  readonly inputs: readonly GraphInput[];
  readonly steps: readonly Step[];
  /** As they were given, with {@link Slot} in the place of tensors. */
  readonly outputs: unknown;
}

/** What a graph is made from. */
export interface Source {
  readonly inputs: readonly SymbolicTensor[];
  /** The names of the inputs; undefined where the symbol's own, or one made up, will do. */
  readonly keys: readonly (string | undefined)[];
  readonly outputs: unknown;
  /** Names for layers. */
  readonly named: ReadonlyMap<object, string>;
}

/** What a graph refers to by name. */
export interface Holder {
  /** Whether a name cannot be given. */
  taken(name: string): boolean;
  layer(name: string, layer: object): void;
  /** @returns under which name the tensor is held */
  tensor(t: Tensor, name: (base: string) => string): string;
}

const op = 'model';
const wrong = (message: string): ArgumentError => new ArgumentError(`[${op}] ${message}`, 'ERR_GRAPH');

const labelOf = (action: Target): string => {
  if ('layer' in action) return snakeCase(action.layer.constructor.name);
  const name = 'fn' in action ? action.fn : 'method' in action ? action.method : action.getter;
  return snakeCase(name.slice(name.lastIndexOf('.') + 1));
};

// The calls that the outputs need, in the order in which they were made, and the symbols at which they end.
function needed({ inputs, outputs }: Source): { calls: Call[]; ends: Set<SymbolicTensor> } {
  const known = new Set<SymbolicTensor>(inputs);
  const ends = new Set<SymbolicTensor>();
  const calls = new Set<Call>();
  const open = tensorsIn(outputs) as SymbolicTensor[];
  const seen = new Set<SymbolicTensor>();
  for (let s = open.pop(); s; s = open.pop()) {
    if (seen.has(s)) continue;
    seen.add(s);
    if (known.has(s) || !s.call) ends.add(s);
    else if (!calls.has(s.call)) {
      calls.add(s.call);
      open.push(...tensorsIn(s.call.args).filter((t): t is SymbolicTensor => t instanceof SymbolicTensor));
    }
  }
  return { calls: [...calls].sort((a, b) => a.number - b.number), ends };
}

function checkEnds({ inputs }: Source, names: readonly string[], ends: ReadonlySet<SymbolicTensor>): void {
  const foreign = [...ends].filter((s) => !inputs.includes(s));
  if (foreign.length > 0)
    throw wrong(
      `the outputs need ${foreign.join(', ')}, which ${foreign.length > 1 ? 'are' : 'is'} not among the inputs (${names.join(', ')})`,
    );
  const unused = names.filter((_, i) => !ends.has(inputs[i]!));
  if (unused.length > 0) throw wrong(`no output needs the input${unused.length > 1 ? 's' : ''} ${unused.join(', ')}`);
}

function inputNames({ inputs, keys }: Source): string[] {
  const given = inputs.map((s, i) => keys[i] ?? s.label);
  const names = new Names((n) => given.includes(n));
  const out = given.map((n) => n ?? names.unused('input'));
  const twice = out.find((n, i) => out.indexOf(n) !== i);
  if (twice !== undefined) throw wrong(`two inputs are named "${twice}"; give another name: ng.input(shape, { name })`);
  return out;
}

/** The graph from the inputs to the outputs. Layers and constants are given to `holder`. */
export function buildGraph(source: Source, holder: Holder): Graph {
  const names = inputNames(source);
  const { calls, ends } = needed(source);
  checkEnds(source, names, ends);
  const slots = new Map<Tensor, number>(source.inputs.map((s, i) => [s, i]));
  const used = new Set<string>(names);
  const unused = new Names((n) => used.has(n) || holder.taken(n));
  const fresh = (base: string): string => {
    const name = unused.unused(base);
    used.add(name);
    return name;
  };
  for (const name of source.named.values()) {
    if (used.has(name)) throw wrong(`an input and a layer are named "${name}"`);
    used.add(name);
  }
  const layers = new Map<object, string>();
  const nameOf = ({ target }: Call): string => {
    if (!('layer' in target)) return fresh(labelOf(target));
    let name = layers.get(target.layer);
    if (name === undefined) {
      name = source.named.get(target.layer) ?? fresh(labelOf(target));
      layers.set(target.layer, name);
      holder.layer(name, target.layer);
    }
    return name;
  };
  const reference = (t: Tensor): unknown => {
    const slot = slots.get(t);
    return slot === undefined ? new Held(holder.tensor(t, fresh)) : new Slot(slot);
  };
  const drafts = calls.map((call) => {
    const name = nameOf(call);
    const args = mapTensors(call.args, reference) as unknown[];
    for (const s of call.outputs) slots.set(s, slots.size);
    const action: Action = 'layer' in call.target ? { layer: name } : call.target;
    const shapes = call.outputs.map((s) => s.shape);
    return { name, action, args, outputs: call.outputs.map((s) => slots.get(s)!), shapes };
  });
  for (const [layer, name] of source.named)
    if (!layers.has(layer)) throw wrong(`no output needs the layer "${name}", ${layer.constructor.name}`);
  const outputs = mapTensors(source.outputs, (t) => new Slot(slots.get(t)!));
  return {
    inputs: source.inputs.map((s, i) => ({ name: names[i]!, shape: s.shape, dtype: s.dtype })),
    steps: withReleases(drafts, slotsIn(outputs)),
    outputs,
  };
}

/** The slots in a template. */
export function slotsIn(template: unknown, out: number[] = []): number[] {
  if (template instanceof Slot) out.push(template.slot);
  else if (typeof template === 'object' && template !== null && !(template instanceof Held))
    for (const v of Object.values(template)) slotsIn(v, out);
  return out;
}

/** Steps that say which values nobody needs after them. */
export function withReleases(steps: readonly Omit<Step, 'release'>[], kept: readonly number[]): Step[] {
  const last = new Map<number, number>();
  steps.forEach((s, i) => [...slotsIn(s.args), ...s.outputs].forEach((slot) => last.set(slot, i)));
  for (const slot of kept) last.delete(slot);
  return steps.map((s, i) => ({ ...s, release: [...last].filter(([, at]) => at === i).map(([slot]) => slot) }));
}

/** What was given, as symbols. @throws ArgumentError (`ERR_GRAPH`) for anything else */
export function symbolsOf(what: 'inputs' | 'outputs', given: unknown): SymbolicTensor[] {
  const list = tensorsIn(given);
  const bad = list.find((t) => !(t instanceof SymbolicTensor));
  if (list.length === 0 || bad)
    throw wrong(`${what} must be a symbol, a list or a record of them, got ${describe(bad ?? given)}`);
  return list as SymbolicTensor[];
}
