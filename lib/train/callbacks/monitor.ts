/** @file Watching one number of the logs: whether it is there, and whether it has got better. */
import { oneOf, string } from '../../core/params';
import { ArgumentError } from '../../core/errors';
import { type Logs } from '../logs';
import type { Trainer } from '../trainer';

/** Whether less or more is better. `'auto'`: less for losses, and what the metric says of itself. */
export type MonitorMode = 'auto' | 'min' | 'max';

/** What callbacks that monitor take. */
export interface MonitorOptions {
  /** A name in the logs. Default `valLoss`. */
  monitor?: string | undefined;
  /** Default `'auto'`. */
  mode?: MonitorMode | undefined;
}
export const monitorSpec = {
  monitor: string.or('valLoss'),
  mode: oneOf('auto', 'min', 'max').or('auto' as const),
};

/** The value of `monitor` in logs, and comparisons of it. */
export class Monitor {
  private direction: 'min' | 'max' | undefined;
  private warned = false;

  constructor(
    private readonly op: string,
    readonly name: string,
    mode: MonitorMode,
    private readonly minDelta: number,
  ) {
    if (mode !== 'auto') this.direction = mode;
  }

  /** The value; undefined, with a warning once, if there is none (no validation, or not in this epoch). */
  valueIn(logs: Logs): number | undefined {
    const value = logs[this.name];
    if (value === undefined && !this.warned) {
      this.warned = true;
      process.emitWarning(
        `[${this.op}] the logs of this epoch have no "${this.name}"; there are ${Object.keys(logs).join(', ')}`,
      );
    }
    return value;
  }

  /** Whether `value` is better than `reference` by more than the least difference that counts. NaN never is. */
  better(value: number, reference: number | undefined, trainer: Trainer | undefined): boolean {
    if (Number.isNaN(value)) return false;
    if (reference === undefined) return true;
    return this.mode(trainer) === 'min' ? value < reference - this.minDelta : value > reference + this.minDelta;
  }

  private mode(trainer: Trainer | undefined): 'min' | 'max' {
    if (this.direction) return this.direction;
    const own = this.name.startsWith('val') ? this.name.slice(3) : this.name;
    if (/loss$/i.test(own)) return (this.direction = 'min');
    const metric = trainer?.heads?.metrics().find(([name]) => name.toLowerCase() === own.toLowerCase())?.[1];
    if (metric) return (this.direction = metric.direction);
    throw new ArgumentError(
      `[${this.op}] whether "${this.name}" should fall or rise is not known; give mode 'min' or 'max'`,
    );
  }
}
