/** @file Weights in files, as the training goes on. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readArguments } from '../../core/arguments';
import { ArgumentError } from '../../core/errors';
import { boolean, either, integer, number, oneOf, positive, string } from '../../core/params';
import { save } from '../../io/safetensors';
import { type BatchLogs, type Logs } from '../logs';
import { Monitor, type MonitorOptions, monitorSpec } from './monitor';
import { StatefulCallback } from './stateful';

/** Settings of {@link ModelCheckpoint}. */
export interface ModelCheckpointOptions extends MonitorOptions {
  /** Save only when the monitored value has got better. Default false. */
  saveBestOnly?: boolean | undefined;
  /** `'epoch'` (default): after each epoch; a number: after that many batches. */
  saveFreq?: 'epoch' | number | undefined;
  /** What the first value must be better than, with `saveBestOnly`. Default none. */
  initialValueThreshold?: number | null | undefined;
  /** 1: says so when it saves. Default 0. */
  verbose?: number | undefined;
}
const checkpointSpec = {
  filepath: string,
  ...monitorSpec,
  saveBestOnly: boolean.or(false),
  saveFreq: either<['epoch', number]>(oneOf('epoch'), positive).or('epoch' as const),
  initialValueThreshold: number().orNull(),
  verbose: integer({ least: 0, most: 1 }).or(0),
};

/** What {@link ModelCheckpoint} remembers. */
export interface ModelCheckpointState {
  best: number | null;
  /** How many there were. */
  batches: number;
}

/**
 * Saves the model's state dict as safetensors. `filepath` may name the epoch, counted from 1, and logs, in Python's
 * format: `run/{epoch:02d}-{valLoss:.2f}.safetensors`. Each file appears whole or not at all.
 */
export class ModelCheckpoint extends StatefulCallback<ModelCheckpointState> {
  /** The best value so far, with `saveBestOnly`. */
  best: number | undefined;
  private readonly settings: ReturnType<typeof read>;
  private readonly watched: Monitor;
  private epoch = 0;
  private batches = 0;
  protected readonly stateSpec = { best: number().nullable(), batches: integer({ least: 0 }) };

  constructor(filepath: string, options?: ModelCheckpointOptions) {
    super();
    this.settings = read(filepath, options);
    const { monitor, mode, initialValueThreshold } = this.settings;
    this.watched = new Monitor('ModelCheckpoint', monitor, mode, 0);
    this.best = initialValueThreshold ?? undefined;
  }
  // As Keras: the best value is that of all trainings.
  protected reset(): void {}
  stateDict(): ModelCheckpointState {
    return { best: this.best ?? null, batches: this.batches };
  }
  protected restoreState({ best, batches }: ModelCheckpointState): void {
    this.best = best ?? undefined;
    this.batches = batches;
  }
  override onEpochBegin(epoch: number): void {
    this.epoch = epoch;
  }
  override async onTrainBatchEnd(_batch: number, logs: BatchLogs): Promise<void> {
    const { saveFreq } = this.settings;
    if (saveFreq === 'epoch') return;
    this.batches++;
    if (this.batches % saveFreq === 0) await this.saveIfDue(await logs.means());
  }
  override async onEpochEnd(_epoch: number, logs: Logs): Promise<void> {
    if (this.settings.saveFreq === 'epoch') await this.saveIfDue(logs);
  }

  private async saveIfDue(logs: Logs): Promise<void> {
    const { filepath, saveBestOnly, verbose } = this.settings;
    if (saveBestOnly) {
      const value = this.watched.valueIn(logs);
      if (value === undefined || !this.watched.better(value, this.best, this.trainer)) return;
      this.best = value;
    }
    const path = formatted(filepath, { ...logs, epoch: this.epoch + 1 });
    await mkdir(dirname(path), { recursive: true });
    await save(path, this.model.stateDict());
    if (verbose > 0) console.log(`Epoch ${this.epoch + 1}: saved ${path}`);
  }
}

/** `{name}`, `{name:02d}` and `{name:.2f}` replaced by numbers. */
function formatted(template: string, values: Readonly<Record<string, number>>): string {
  return template.replace(/\{(\w+)(?::(?:(\d+)d|\.(\d+)f))?\}/g, (_, name: string, width?: string, digits?: string) => {
    const v = values[name];
    if (v === undefined)
      throw new ArgumentError(
        `[ModelCheckpoint] filepath names "${name}"; there are ${Object.keys(values).join(', ')}`,
      );
    if (digits !== undefined) return v.toFixed(Number(digits));
    return width === undefined ? String(v) : String(v).padStart(Number(width), width.startsWith('0') ? '0' : ' ');
  });
}

const read = (filepath: string, options: ModelCheckpointOptions | undefined) =>
  readArguments('ModelCheckpoint', checkpointSpec, [filepath, options]);
