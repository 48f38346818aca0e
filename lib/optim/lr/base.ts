/** @file What learning-rate schedules share. Each follows the class of its name in torch.optim.lr_scheduler. */
import { ArgumentError } from '../../core/errors';
import { describe } from '../../core/shape';
import { type Arguments, readSettings, type Spec } from '../../core/arguments';
import { number, numbers } from '../../core/params';
import { Optimizer } from '../optimizer';

/** An optimizer of any kind. */
export type AnyOptimizer = Optimizer;
/** A group of it, with whatever settings it has. */
export type Group = AnyOptimizer['paramGroups'][number] & Record<string, unknown>;
/** Numbers, and lists of numbers and of states. */
export type SchedulerState = { [name: string]: number | number[] | SchedulerState[] };

/** Throws unless `o` is an optimizer. */
export function checkOptimizer(name: string, o: unknown): asserts o is AnyOptimizer {
  if (!(o instanceof Optimizer)) throw new ArgumentError(`[${name}] expected an optimizer, got ${describe(o)}`);
}

/** Throws unless a schedule can jump there; `step(epoch)` of PyTorch takes fractions too. */
export const checkEpoch = (name: string, epoch: unknown): number =>
  number({ least: 0, below: Infinity }).check(`${name}.step`, 'epoch', epoch);

/** Base of all schedules. Call `step()` after `optimizer.step()`, once per epoch or per batch. */
export abstract class LRScheduler {
  #lastEpoch = -1;
  /** Whether this is the step that the constructor makes. */
  protected initial = false;
  protected lastLr: number[] = [];

  constructor(readonly optimizer: AnyOptimizer) {
    checkOptimizer(new.target.name, optimizer);
  }

  /** How often `step()` has been called. */
  get lastEpoch(): number {
    return this.#lastEpoch;
  }
  set lastEpoch(epoch: number) {
    this.#lastEpoch = number().check(this.constructor.name, 'lastEpoch', epoch);
  }

  protected get groups(): Group[] {
    return this.optimizer.paramGroups as Group[];
  }

  /** The learning rate of each group as of the last step. */
  getLastLr(): number[] {
    return this.lastLr.slice();
  }

  /** Moves on by one. */
  abstract step(argument?: unknown): void;
  /** @internal Starts over at 0, as part of a sequence. */
  abstract restart(): void;

  /** @internal Takes the constructor's step back, for a schedule that is part of another. */
  undo(): void {
    this.lastEpoch--;
  }

  /** @internal */
  initialStep(): void {
    this.initial = true;
    this.step();
    this.initial = false;
  }

  protected remember(): void {
    this.lastLr = this.groups.map((g) => g.lr);
  }

  /** The fields that change from step to step: numbers, and lists of one for each group. */
  protected stateFields(): string[] {
    return ['lastEpoch', 'lastLr'];
  }

  /** What changes from step to step, to be saved. */
  stateDict(): SchedulerState {
    const own = this as unknown as Record<string, number | number[]>;
    return Object.fromEntries(
      this.stateFields().map((name) => [name, Array.isArray(own[name]) ? own[name].slice() : own[name]!]),
    );
  }

  /** @internal Throws unless {@link assignState} can take it. */
  checkState(state: SchedulerState): void {
    const own = this as unknown as Record<string, unknown>;
    for (const name of this.stateFields()) {
      const list = Array.isArray(own[name]);
      const value: unknown = (state ?? {})[name];
      const given = list && Array.isArray(value) ? (value as unknown[]) : [value];
      if (given.every((v) => typeof v === 'number') && (!list || given.length === this.groups.length)) continue;
      throw new ArgumentError(
        `[${this.constructor.name}.loadStateDict] ${name} must be ${list ? `a list of ${this.groups.length} numbers` : 'a number'}, got ${describe(value)}`,
        'ERR_STATE_DICT',
      );
    }
  }

  /** @internal */
  assignState(state: SchedulerState): void {
    for (const name of this.stateFields()) {
      const value = state[name];
      Object.assign(this, { [name]: Array.isArray(value) ? value.slice() : value });
    }
    this.groups.forEach((g, i) => (g.lr = this.lastLr[i]!));
  }

  /**
   * Goes on where {@link stateDict} was taken, and gives the optimizer the rates of that moment. If anything does not
   * match, nothing is changed.
   * @throws ArgumentError (ERR_STATE_DICT)
   */
  loadStateDict(state: SchedulerState): void {
    this.checkState(state);
    this.assignState(state);
  }
}

/** A schedule that is a formula: the next rate from the present one, or from the step's number. */
export abstract class Formula<S extends object> extends LRScheduler {
  protected readonly settings: S & { lastEpoch: number };
  #baseLrs: number[] = [];

  constructor(optimizer: AnyOptimizer, defaults: Spec<S>, args: Arguments<S & { lastEpoch: number }>) {
    super(optimizer);
    this.settings = readSettings<S & { lastEpoch: number }>(
      this.constructor.name,
      { ...defaults, lastEpoch: -1 } as Spec<S & { lastEpoch: number }>,
      args.map(plain),
    );
    const { lastEpoch } = this.settings;
    if (!Number.isInteger(lastEpoch)) this.bad('lastEpoch', 'an integer');
    this.check(this.settings);
    if (lastEpoch === -1) {
      this.start();
      for (const g of this.groups) g.initialLr ??= g.lr;
    } else if (this.groups.some((g) => g.initialLr === undefined))
      throw new ArgumentError(
        `[${this.constructor.name}] lastEpoch ${lastEpoch} needs an optimizer that had a schedule`,
      );
    this.baseLrs = this.groups.map((g) => g.initialLr!);
    this.lastEpoch = lastEpoch;
    this.initialStep();
  }

  /** The rates from which the formula starts, one per group. */
  get baseLrs(): number[] {
    return this.#baseLrs;
  }
  set baseLrs(rates: number[]) {
    numbers.check(this.constructor.name, 'baseLrs', rates);
    if (rates.length !== this.groups.length)
      throw new ArgumentError(
        `[${this.constructor.name}] ${rates.length} base rates for ${this.groups.length} parameter groups`,
      );
    this.#baseLrs = rates;
  }

  /** Throws unless the settings make sense. */
  protected abstract check(settings: S): void;
  /** The rate of a group at `lastEpoch`. */
  protected abstract rate(group: Group, i: number): number;
  /** The rate at any step, where it follows from the number alone. */
  protected closedForm?(base: number, epoch: number): number;
  /** Prepares the groups for a new schedule. */
  protected start(): void {}

  /** @param epoch - jump to this step instead of the next one */
  step(epoch?: number): void {
    if (epoch !== undefined) checkEpoch(this.constructor.name, epoch);
    this.lastEpoch = epoch ?? this.lastEpoch + 1;
    const closed = epoch !== undefined && this.closedForm !== undefined;
    this.assign((g, i) => (closed ? this.closedForm!(this.baseLrs[i]!, epoch) : this.rate(g, i)));
  }

  restart(): void {
    Formula.prototype.step.call(this, 0);
  }

  protected assign(rate: (group: Group, i: number) => number): void {
    const rates = this.groups.map(rate);
    this.groups.forEach((g, i) => (g.lr = rates[i]!));
    this.remember();
  }

  protected bad(name: string, wanted: string): never {
    const value = (this.settings as Record<string, unknown>)[name];
    throw new ArgumentError(`[${this.constructor.name}] ${name} must be ${wanted}, got ${describe(value)}`);
  }

  protected checkCount(name: keyof S & string, least = 1): void {
    const v = this.settings[name];
    if (!Number.isSafeInteger(v) || (v as number) < least) this.bad(name, `an integer of at least ${least}`);
  }

  protected checkNumber(name: keyof S & string, least = -Infinity, most = Infinity): void {
    const v = this.settings[name];
    if (typeof v !== 'number' || !(v >= least && v <= most)) this.bad(name, `a number from ${least} to ${most}`);
  }

  /** One value per group, from a list or a single one. */
  protected perGroup<T>(name: keyof S & string): T[] {
    const v = this.settings[name] as T | readonly T[] | null;
    const list = Array.isArray(v) ? (v as readonly T[]) : this.groups.map(() => v as T);
    if (list.length !== this.groups.length)
      throw new ArgumentError(
        `[${this.constructor.name}] ${name} has ${list.length} values for ${this.groups.length} parameter groups`,
      );
    return list.slice();
  }

  protected override stateFields(): string[] {
    return [...super.stateFields(), 'baseLrs'];
  }
}

// T_max is tMax here; TMax, the literal camelCase, is taken as well.
function plain<T>(arg: T): T {
  if (typeof arg !== 'object' || arg === null || Array.isArray(arg)) return arg;
  const lower = (name: string): string => (/^T[A-Z0-9]/.test(name) ? `t${name.slice(1)}` : name);
  return Object.fromEntries(Object.entries(arg).map(([name, v]) => [lower(name), v as unknown])) as T;
}
