/** @file Schedules made of others. */
import { ArgumentError } from '../../core/errors';
import { numbers } from '../../core/params';
import { describe } from '../../core/shape';
import { type AnyOptimizer, checkOptimizer, LRScheduler, type SchedulerState } from './base';
import { ReduceLROnPlateau } from './plateau';

function checkParts(name: string, parts: unknown, optimizer?: AnyOptimizer): LRScheduler[] {
  if (!Array.isArray(parts) || parts.length === 0)
    throw new ArgumentError(`[${name}] expected a list of schedulers, got ${describe(parts)}`);
  for (const s of parts as unknown[]) {
    if (!(s instanceof LRScheduler)) throw new ArgumentError(`[${name}] expected schedulers, got ${describe(s)}`);
    if (s instanceof ReduceLROnPlateau)
      throw new ArgumentError(`[${name}] cannot contain ReduceLROnPlateau: its step takes a metric`);
    if (s.optimizer !== (optimizer ?? (parts[0] as LRScheduler).optimizer))
      throw new ArgumentError(`[${name}] all schedulers must be of one optimizer`);
  }
  return parts as LRScheduler[];
}

abstract class Combined extends LRScheduler {
  constructor(
    optimizer: AnyOptimizer,
    protected readonly parts: readonly LRScheduler[],
  ) {
    super(optimizer);
  }

  override undo(): void {
    for (const s of this.parts) s.undo();
  }

  override stateDict(): SchedulerState {
    return { ...super.stateDict(), schedulers: this.parts.map((s) => s.stateDict()) };
  }

  override checkState(state: SchedulerState): void {
    const list = (state ?? {})['schedulers'];
    if (!Array.isArray(list) || list.length !== this.parts.length)
      throw new ArgumentError(
        `[${this.constructor.name}.loadStateDict] expected the states of ${this.parts.length} schedulers`,
        'ERR_STATE_DICT',
      );
    this.parts.forEach((s, i) => s.checkState(list[i] as SchedulerState));
    super.checkState(state);
  }

  override assignState(state: SchedulerState): void {
    this.parts.forEach((s, i) => s.assignState((state['schedulers'] as SchedulerState[])[i]!));
    // Last, so that the rates are those of the whole.
    super.assignState(state);
  }
}

/** Settings of {@link SequentialLR}. */
export interface SequentialLROptions {
  schedulers: LRScheduler[];
  milestones: number[];
}

/** One schedule after another: the next one starts at its milestone. */
export class SequentialLR extends Combined {
  private readonly milestones: readonly number[];

  constructor(
    optimizer: AnyOptimizer,
    schedulers: LRScheduler[] | SequentialLROptions,
    milestones?: number[] | { milestones: number[] },
  ) {
    checkOptimizer('SequentialLR', optimizer);
    const points = Array.isArray(milestones) ? milestones : milestones?.milestones;
    const given = Array.isArray(schedulers) ? { schedulers, milestones: points } : schedulers;
    const parts = checkParts('SequentialLR', given?.schedulers, optimizer);
    super(optimizer, parts);
    const list = given.milestones;
    if (!Array.isArray(list) || list.length !== parts.length - 1)
      throw new ArgumentError(
        `[SequentialLR] ${parts.length} schedulers need ${parts.length - 1} milestones, got ${Array.isArray(list) ? list.length : describe(list)}`,
      );
    this.milestones = numbers.check('SequentialLR', 'milestones', list).slice();
    this.lastEpoch = 0;
    // Every part has made a first step: take them back, and make that of the first alone.
    for (const g of this.groups) g.lr = g.initialLr ?? g.lr;
    this.undo();
    parts[this.current()]!.initialStep();
    this.remember();
  }

  private current(): number {
    return this.milestones.filter((m) => m <= this.lastEpoch).length;
  }

  step(): void {
    this.lastEpoch++;
    const i = this.current();
    if (i > 0 && this.milestones[i - 1] === this.lastEpoch) this.parts[i]!.restart();
    else this.parts[i]!.step();
    this.remember();
  }

  restart(): void {
    this.lastEpoch = 0;
    this.parts[0]!.restart();
    this.remember();
  }
}

/** Settings of {@link ChainedScheduler}. */
export interface ChainedSchedulerOptions {
  schedulers: LRScheduler[];
  optimizer?: AnyOptimizer | undefined;
}

/** Several schedules at once: each changes what the others made of the rate. */
export class ChainedScheduler extends Combined {
  constructor(schedulers: LRScheduler[] | ChainedSchedulerOptions, optimizer?: AnyOptimizer) {
    const given = Array.isArray(schedulers) ? { schedulers, optimizer } : schedulers;
    const parts = checkParts('ChainedScheduler', given?.schedulers, given?.optimizer);
    super(parts[0]!.optimizer, parts);
    this.lastEpoch = 0;
    this.remember();
  }

  step(): void {
    this.lastEpoch++;
    for (const s of this.parts) s.step();
    this.remember();
  }

  restart(): void {
    this.lastEpoch = 0;
    for (const g of this.groups) g.lr = g.initialLr ?? g.lr;
    for (const s of this.parts) {
      s.lastEpoch = -1;
      s.initialStep();
    }
    this.remember();
  }
}
