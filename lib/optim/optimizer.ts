/**
 * @file What all optimizers share: parameter groups, state, checkpoints, and the walk that gathers parameters into
 * segments, so that a step is one kernel call per group.
 */
import { outsideScopes } from '../core/scope';
import { enableGrad, noGrad } from '../core/autograd';
import type { Synchronous } from '../core/grad-mode';
import { ArgumentError, DTypeError, ShapeError } from '../core/errors';
import { contiguousStrides, describe, numel, sameShape, type Shape, showShape } from '../core/shape';
import { alias, shapeOf, Tensor } from '../core/tensor';
import { type Given, isOptions, readArguments } from '../core/arguments';
import { boolean, elementsOf, number } from '../core/params';
import { isFloat } from '../core/dtype';
import { zeros } from '../ops/tensors/create';
import { zeroGradients } from '../ops/autograd/gradients';
import { castOf, denseOf, runCopy, runFill } from '../ops/kit/launch';
import { together } from '../ops/kit/segments';
import { moved } from '../ops/tensors/to';
import { showSettings } from '../core/python';

const zeroGradDefaults = { setToNone: true };

/** Parameters with settings of their own. */
export type GroupInput<O> = { params: Tensor | Iterable<Tensor>; initialLr?: number | undefined } & Given<O>;
/** Parameters, or groups of them. */
export type Params<O> = Iterable<Tensor> | Iterable<GroupInput<O>>;
/** A group as the optimizer keeps it. All settings may be changed between steps. */
export type ParamGroup<O = AnySettings> = {
  params: Tensor[];
  /** The learning rate from which schedules start, once there is one. */
  initialLr?: number | undefined;
} & O;

/** What an optimizer remembers of one parameter: tensors by name, mostly of the parameter's shape. */
export interface ParamState {
  /** How often these tensors have been updated. */
  step: number;
  [name: string]: number | Tensor;
}

/** What `stateDict()` returns: states by the parameter's number, and groups with numbers in place of parameters. */
export interface OptimizerState<O = AnySettings> {
  state: Record<string, ParamState>;
  paramGroups: ({ params: number[]; initialLr?: number | undefined } & O)[];
}

/** Parameters that take one kernel call: `lists[k][i]` is the state of parameter i that comes kth in `stateNames`. */
export interface Segments {
  /** How often the state of these parameters has been updated before this step. */
  step: number;
  params: Tensor[];
  grads: Tensor[];
  lists: Tensor[][];
  states: ParamState[];
  /** If the step takes several kernel calls: what makes them stand or fall together; see runStep. */
  guard: Tensor | null;
}

/** What groups of any optimizer have. */
export interface AnySettings {
  lr: number;
}

/** Base of the optimizers. `O` are the settings of a group; `Optimizer` by itself is any of them. */
export abstract class Optimizer<O extends object = AnySettings> {
  readonly paramGroups: ParamGroup<O>[] = [];
  /** What is remembered of each parameter that has been stepped. */
  readonly state = new Map<Tensor, ParamState>();
  /** Settings of groups that do not say otherwise. */
  readonly defaults: O;

  constructor(params: Params<O>, defaults: O, options: Given<O> | undefined) {
    const name = new.target.name;
    if (options !== undefined && (options === null || typeof options !== 'object'))
      throw new ArgumentError(`[${name}] expected an options object, got ${describe(options)}`);
    this.defaults = this.merged(defaults, options ?? {});
    if (params === null || typeof params !== 'object' || !(Symbol.iterator in params))
      throw new ArgumentError(
        `[${name}] expected parameters or groups of them, e.g. model.parameters(), got ${describe(params)}`,
      );
    const list = elementsOf<Tensor | GroupInput<O>>(name, 'params', params);
    if (list.length === 0)
      throw new ArgumentError(
        `[${name}] got no parameters; fields of a module must be nn.Parameter, nn.Module or nn.ModuleList to be found`,
      );
    if (list[0] instanceof Tensor) this.addParamGroup({ params: list as Tensor[] } as unknown as GroupInput<O>);
    else for (const group of list) this.addParamGroup(group as GroupInput<O>);
  }

  /** Throws unless the settings make sense. */
  protected abstract check(settings: O): void;
  /** Names of the state tensors that a parameter of this group has. */
  protected abstract stateNames(group: ParamGroup<O>): string[];
  /** What a new state tensor is filled with. */
  protected initialState(_name: string, _group: ParamGroup<O>): number {
    return 0;
  }
  /** The shape of a state tensor; null: this parameter has none of that name. */
  protected stateShape(_name: string, param: Tensor): Shape | null {
    return shapeOf(param);
  }
  /** Changes the parameters and their states. */
  protected abstract update(group: ParamGroup<O>, segments: Segments): void;

  private merged(base: O, over: object): O {
    const out = { ...base } as Record<string, unknown>;
    for (const [key, value] of Object.entries(over)) {
      if (!(key in base))
        throw new ArgumentError(
          `[${this.constructor.name}] has no setting "${key}"; it takes ${Object.keys(base).join(', ')}`,
        );
      if (value === undefined) continue;
      if (typeof base[key as keyof O] === 'boolean') boolean.check(this.constructor.name, key, value);
      out[key] = value;
    }
    this.check(out as O);
    return out as O;
  }

  /** Adds parameters with settings of their own, e.g. layers that are unfrozen during training. */
  addParamGroup(group: GroupInput<O>): void {
    const op = this.constructor.name;
    if (group === null || typeof group !== 'object' || !('params' in group))
      throw new ArgumentError(`[${op}] a group is an object with params, got ${describe(group)}`);
    const { params, initialLr, ...settings } = group;
    const list = params instanceof Tensor ? [params] : elementsOf<Tensor>(op, 'params', params);
    if (initialLr !== undefined) number().check(op, 'initialLr', initialLr);
    const known = new Set(this.paramGroups.flatMap((g) => g.params));
    for (const p of list) {
      if (!(p instanceof Tensor)) throw new ArgumentError(`[${op}] a parameter must be a tensor, got ${describe(p)}`);
      if (!p.isLeaf)
        throw new ArgumentError(
          `[${op}] cannot train a tensor ${showShape(shapeOf(p))} that was computed from others; pass leaves`,
        );
      if (known.has(p)) throw new ArgumentError(`[${op}] a parameter ${showShape(shapeOf(p))} appears twice`);
      known.add(p);
    }
    const merged = this.merged(this.defaults, settings);
    this.paramGroups.push({ params: list, ...merged, ...(initialLr !== undefined && { initialLr }) });
  }

  /** The groups with their settings, as PyTorch prints them. */
  toString(): string {
    const groups = this.paramGroups.map(({ params: _, ...group }, i) => {
      const lines = Object.entries(group).map(
        ([name, value]) => `    ${showSettings({ [name]: value }).replace('=', ': ')}\n`,
      );
      return `Parameter Group ${i}\n${lines.sort().join('')}`;
    });
    return `${this.constructor.name} (\n${groups.join('\n')})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** Drops the gradients of all parameters (or, with `setToNone: false`, fills them with zeros). */
  zeroGrad(options?: boolean | { setToNone?: boolean | undefined }): void {
    const { setToNone } = readArguments('zeroGrad', zeroGradDefaults, [options]);
    for (const g of this.paramGroups) zeroGradients(g.params, setToNone);
  }

  /**
   * Changes every parameter that has a gradient.
   * @param closure - computes the loss anew (with gradients recorded) and is called first; its result is returned
   */
  step(): void;
  step<R>(closure: () => Synchronous<R>): R;
  step<R>(closure?: () => Synchronous<R>): R | undefined {
    if (closure !== undefined && typeof closure !== 'function')
      throw new ArgumentError(`[${this.constructor.name}.step] expected a function, got ${describe(closure)}`);
    const result = closure && enableGrad<R>(closure);
    noGrad(() => {
      // All is checked before anything changes.
      const calls = this.paramGroups.map((group) => [group, this.gather(group)] as const);
      const all = calls.flatMap(([, list]) => list);
      if (all.length > 1 || this.severalCalls) guardTogether(all);
      for (const [group, list] of calls) for (const segments of list) this.run(group, segments);
    });
    return result;
  }

  /** Whether {@link update} makes several kernel calls for one list of segments. */
  protected get severalCalls(): boolean {
    return false;
  }

  private run(group: ParamGroup<O>, s: Segments): void {
    const targets = s.params;
    s.params = targets.map(denseOf);
    this.update(group, s);
    for (let i = 0; i < targets.length; i++) {
      const p = targets[i]!;
      if (s.params[i] !== p) {
        runCopy(p, s.params[i]!);
        p.storage.version++;
      }
      if (s.lists.length > 0) s.states[i]!.step++;
    }
  }

  // Parameters with a gradient, by device, by how many steps they have made and other such numbers: nearly always one
  // entry. Parameters and gradients stay where they are and go to the kernel as lists of segments, which saves copying
  // every gradient into an arena each step; only the state, which nobody else sees, lies in arenas.
  private gather(group: ParamGroup<O>): Segments[] {
    this.check(group);
    const active = group.params.filter(hasGradient);
    const names = this.stateNames(group);
    this.prepare(group, active, names);
    const found: Segments[] = [];
    for (const p of active) {
      const state = this.state.get(p)!;
      let s = found.find((f) => f.params[0]!.storage.device === p.storage.device && sameNumbers(f.states[0]!, state));
      if (!s)
        found.push(
          (s = { step: state.step, params: [], grads: [], lists: names.map(() => []), states: [], guard: null }),
        );
      s.params.push(p);
      s.grads.push(this.gradientOf(p));
      s.states.push(state);
      for (let k = 0; k < names.length; k++) s.lists[k]!.push(state[names[k]!] as Tensor);
    }
    return found;
  }

  private gradientOf(p: Tensor): Tensor {
    const g = p.grad!;
    if (p.dtype !== 'float32' && p.dtype !== 'float64')
      throw new DTypeError(`[${this.constructor.name}] parameters must be float32 or float64, got ${p.dtype}`);
    if (!sameShape(shapeOf(g), shapeOf(p)))
      throw new ShapeError(
        `[${this.constructor.name}] a parameter ${showShape(shapeOf(p))} has a gradient ${showShape(shapeOf(g))}`,
      );
    if (g.isDisposed) g.checkAlive(this.constructor.name);
    return denseOf(castOf(g.storage.device === p.storage.device ? g : moved(g, { device: p.device }), p.dtype));
  }

  // Gives parameters that have no state yet theirs. After model.to(...) the state follows its parameter.
  private prepare(group: ParamGroup<O>, active: readonly Tensor[], names: readonly string[]): void {
    let ready = true;
    for (const p of active) {
      let state = this.state.get(p);
      if (state === undefined) this.state.set(p, (state = { step: 0 }));
      this.checkState('step', state, p, names);
      for (const n of names) ready &&= fits(state[n], p);
    }
    if (ready) return;
    for (const n of names) {
      const wanting = active.filter((p) => this.stateShape(n, p) && !fits(this.state.get(p)![n], p));
      if (wanting.length > 0) this.layOut(n, wanting, this.initialState(n, group));
    }
  }

  // Kernels believe what they are given, and users may write into `state`: tensors of the right shape, and counts.
  private checkState(op: string, state: ParamState, p: Tensor, names: readonly string[]): void {
    const bad = (why: string): never => {
      throw new ArgumentError(`[${this.constructor.name}.${op}] ${why}`, 'ERR_STATE_DICT');
    };
    if (!isOptions(state)) bad(`the state of a parameter ${showShape(shapeOf(p))} is ${describe(state)}`);
    const { step } = state;
    if (!Number.isSafeInteger(step) || step < 0) bad(`step must be a number of steps, got ${describe(step)}`);
    for (const name in state) {
      const v: unknown = state[name];
      if (v instanceof Tensor) {
        const want = this.stateShape(name, p) ?? [];
        if (v.isDisposed) v.checkAlive(`${this.constructor.name}.${op}`);
        if (!sameShape(shapeOf(v), want))
          bad(
            `${name} of a parameter ${showShape(shapeOf(p))} has shape ${showShape(shapeOf(v))}, it needs ${showShape(want)}`,
          );
        if (!isFloat(v.dtype)) bad(`${name} must be floating-point, got ${v.dtype}`);
      } else if (v !== undefined && (names.includes(name) || typeof v !== 'number' || Number.isNaN(v)))
        bad(`${name} must be a ${names.includes(name) ? 'tensor' : 'number'}, got ${describe(v)}`);
    }
  }

  // Puts the state `name` of these parameters into one arena per device and dtype; what there is so far is copied.
  private layOut(name: string, params: readonly Tensor[], initial = 0): void {
    const kind = (p: Tensor): string => `${p.device} ${p.dtype}`;
    for (const k of new Set(params.map(kind))) {
      const same = params.filter((p) => kind(p) === k);
      const shapes = same.map((p) => this.stateShape(name, p) ?? []);
      arena(same[0]!, shapes).forEach((view, i) => {
        const state = this.state.get(same[i]!)!;
        const before = state[name];
        if (before instanceof Tensor) runCopy(view, moved(before, { device: view.device }));
        else if (initial !== 0) runFill(view, initial);
        state[name] = view;
      });
    }
  }

  /** Everything needed to resume: the settings of the groups, and the state. Its tensors share memory with this. */
  stateDict(): OptimizerState<O> {
    const all = this.paramGroups.flatMap((g) => g.params);
    const number = new Map(all.map((p, i) => [p, i]));
    const state: Record<string, ParamState> = {};
    all.forEach((p, i) => {
      const s = this.state.get(p);
      if (s) state[i] = { ...s };
    });
    const paramGroups = this.paramGroups.map((g) => ({ ...g, params: g.params.map((p) => number.get(p)!) }));
    return { state, paramGroups };
  }

  /** Restores what {@link stateDict} returned, for the same parameters in the same groups. */
  loadStateDict(dict: OptimizerState<O>): void {
    const op = `${this.constructor.name}.loadStateDict`;
    const bad = (why: string): never => {
      throw new ArgumentError(`[${op}] ${why}`, 'ERR_STATE_DICT');
    };
    if (
      !isOptions(dict) ||
      !Array.isArray(dict.paramGroups) ||
      !dict.paramGroups.every(isOptions) ||
      !isOptions(dict.state)
    )
      return bad(`expected { state, paramGroups }, got ${describe(dict)}`);
    if (dict.paramGroups.length !== this.paramGroups.length)
      bad(`the state has ${dict.paramGroups.length} parameter groups, the optimizer ${this.paramGroups.length}`);
    const next = new Map<Tensor, ParamState>();
    const settings = dict.paramGroups.map((g) => this.merged(this.defaults, settingsOf(g)));
    dict.paramGroups.forEach(({ params }, i) => {
      const own = this.paramGroups[i]!.params;
      if (!Array.isArray(params)) return bad(`the params of group ${i} are ${describe(params)}, no list of numbers`);
      if (params.length !== own.length)
        bad(`group ${i} has ${params.length} parameters in the state, ${own.length} in the optimizer`);
      params.forEach((n, j) => {
        if (!Number.isSafeInteger(n)) bad(`group ${i} names a parameter ${describe(n)}; a number is expected`);
        const state = Object.hasOwn(dict.state, n) ? dict.state[n] : undefined;
        if (!state) return;
        this.checkState('loadStateDict', state, own[j]!, this.stateNames({ params: own, ...settings[i]! }));
        next.set(own[j]!, { ...state });
      });
    });
    this.state.clear();
    next.forEach((state, p) => this.state.set(p, state));
    this.paramGroups.forEach((g, i) => {
      const { initialLr } = dict.paramGroups[i]!;
      Object.assign(g, settings[i], initialLr === undefined ? {} : { initialLr });
      // Into arenas of its own: the tensors of `dict` may be those of another optimizer.
      const names = new Set(g.params.flatMap((p) => tensorNames(this.state.get(p))));
      for (const n of names)
        this.layOut(
          n,
          g.params.filter((p) => tensorNames(this.state.get(p)).includes(n)),
        );
    });
  }
}

// A step whose gradients are the result of a failed call changes nothing. Devices keep their failures apart.
function guardTogether(all: readonly Segments[]): void {
  const deviceOf = (s: Segments): number => s.params[0]!.storage.device;
  for (const device of new Set(all.map(deviceOf))) {
    const list = all.filter((s) => deviceOf(s) === device);
    const guard = together(list.flatMap((s) => s.grads));
    for (const s of list) s.guard = guard;
  }
}

function settingsOf<O extends object>(group: O & { params: unknown; initialLr?: number | undefined }): O {
  const names = Object.keys(group).filter((name) => name !== 'params' && name !== 'initialLr');
  return Object.fromEntries(names.map((name) => [name, group[name as keyof O]])) as O;
}

const tensorNames = (state: ParamState | undefined): string[] =>
  Object.keys(state ?? {}).filter((n) => state![n] instanceof Tensor);

// States have the same names.
function sameNumbers(a: ParamState, b: ParamState): boolean {
  for (const name in a) if (typeof a[name] === 'number' && a[name] !== b[name]) return false;
  return true;
}

const hasGradient = (p: Tensor): boolean => p.grad !== null;

const fits = (state: unknown, p: Tensor): boolean =>
  state instanceof Tensor && state.dtype === p.dtype && state.storage.device === p.storage.device;

// Zeros of these shapes, one behind the other in one block of memory, of the dtype and on the device of `like`.
function arena({ dtype, device }: Tensor, shapes: readonly Shape[]): Tensor[] {
  const total = shapes.reduce((n, shape) => n + numel(shape), 0);
  return outsideScopes(() => {
    const all = zeros([total], { dtype, device });
    let at = 0;
    return shapes.map((shape) => {
      const view = alias(all, shape, contiguousStrides(shape), at);
      at += numel(shape);
      return view;
    });
  });
}
