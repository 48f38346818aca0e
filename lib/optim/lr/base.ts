/** @file What learning-rate schedules share. Each follows the class of its name in torch.optim.lr_scheduler. */
import { ArgumentError } from '../../core/errors';
import { describe } from '../../core/shape';
import { type Arguments, readSettings, type Spec } from '../../core/arguments';
import { Optimizer } from '../optimizer';

/** An optimizer of any kind. */
export type AnyOptimizer = Optimizer<{ lr: number }>;
/** A group of it, with whatever settings it has. */
export type Group = AnyOptimizer['paramGroups'][number] & Record<string, unknown>;
/** Numbers, and lists of numbers and of states. */
export type SchedulerState = { [name: string]: number | number[] | SchedulerState[] };

/** Throws unless `o` is an optimizer. */
export function checkOptimizer(name: string, o: unknown): asserts o is AnyOptimizer {
  if (!(o instanceof Optimizer)) throw new ArgumentError(`[${name}] expected an optimizer, got ${describe(o)}`);
}

/** Base of all schedules. Call `step()` after `optimizer.step()`, once per epoch or per batch. */
export abstract class LRScheduler {
  /** How often `step()` has been called. */
  lastEpoch = -1;
  /** Whether this is the step that the constructor makes. */
  protected initial = false;
  protected lastLr: number[] = [];

  constructor(readonly optimizer: AnyOptimizer) {
    checkOptimizer(new.target.name, optimizer);
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

  /** What changes from step to step, to be saved. */
  stateDict(): SchedulerState {
    return { lastEpoch: this.lastEpoch, lastLr: this.getLastLr() };
  }

  /** Goes on where {@link stateDict} was taken, and gives the optimizer the rates of that moment. */
  loadStateDict(state: SchedulerState): void {
    const { lastEpoch, lastLr } = state ?? {};
    if (typeof lastEpoch !== 'number' || !Array.isArray(lastLr) || lastLr.length !== this.groups.length)
      throw new ArgumentError(
        `[${this.constructor.name}.loadStateDict] expected lastEpoch and ${this.groups.length} rates`,
        'ERR_STATE_DICT',
      );
    this.lastEpoch = lastEpoch;
    this.lastLr = lastLr.slice() as number[];
    this.groups.forEach((g, i) => (g.lr = this.lastLr[i]!));
  }
}

/** A schedule that is a formula: the next rate from the present one, or from the step's number. */
export abstract class Formula<S extends object> extends LRScheduler {
  protected readonly settings: S & { lastEpoch: number };
  /** The rates from which the formula starts. */
  baseLrs: number[];

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
    if (epoch !== undefined && !(epoch >= 0)) this.bad('epoch', 'at least 0');
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

  override stateDict(): SchedulerState {
    return { ...super.stateDict(), baseLrs: this.baseLrs.slice() };
  }

  override loadStateDict(state: SchedulerState): void {
    super.loadStateDict(state);
    this.baseLrs = (state['baseLrs'] as number[]).slice();
  }
}

// T_max is tMax here; TMax, the literal camelCase, is taken as well.
function plain<T>(arg: T): T {
  if (typeof arg !== 'object' || arg === null || Array.isArray(arg)) return arg;
  const lower = (name: string): string => (/^T[A-Z0-9]/.test(name) ? `t${name.slice(1)}` : name);
  return Object.fromEntries(Object.entries(arg).map(([name, v]) => [lower(name), v as unknown])) as T;
}
