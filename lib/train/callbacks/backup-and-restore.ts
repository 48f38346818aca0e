/** @file A training that goes on where it was when the process ended. */
import { rm } from 'node:fs/promises';
import { readArguments } from '../../core/arguments';
import { boolean, string } from '../../core/params';
import { listCheckpoints, loadCheckpoint, saveCheckpoint } from '../../io/checkpoint';
import { type Logs } from '../logs';
import { Callback } from './callback';

/** Settings of {@link BackupAndRestore}. */
export interface BackupAndRestoreOptions {
  /** Remove the directory when the training has come to its end. Default true. */
  deleteCheckpoint?: boolean | undefined;
}
const spec = { backupDir: string, deleteCheckpoint: boolean.or(true) };

/** What is known beside the parts: plain values. */
interface Progress {
  epoch: number[];
  history: Record<string, number[]>;
}

/**
 * Saves a checkpoint ({@link saveCheckpoint}) after each epoch: model, optimizer, schedule, random state and history. A
 * `fit` of the same model, data and settings that finds one begins behind it, and equals a training that was never
 * interrupted, bit for bit; an epoch that was not finished begins again. Each checkpoint appears whole or not at all. What
 * other callbacks remember is not saved.
 */
export class BackupAndRestore extends Callback {
  private readonly settings: { backupDir: string; deleteCheckpoint: boolean };
  private progress: Progress = { epoch: [], history: {} };

  /** @param backupDir - a directory for this training alone */
  constructor(backupDir: string, options?: BackupAndRestoreOptions) {
    super();
    this.settings = readArguments('BackupAndRestore', spec, [backupDir, options]);
  }

  private get parts(): Record<string, object> {
    const { model, optimizer, schedule } = this.trainer;
    return { model, optimizer, ...(schedule ? { schedule } : {}) };
  }

  override async onTrainBegin(): Promise<void> {
    this.progress = { epoch: [], history: {} };
    const { backupDir } = this.settings;
    if ((await listCheckpoints(backupDir)).length === 0) return;
    const { progress } = await loadCheckpoint<{ progress: Progress }>(backupDir, this.parts);
    this.progress = progress;
    this.trainer.resume(progress);
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    this.progress.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) (this.progress.history[name] ??= []).push(value);
    await saveCheckpoint(this.settings.backupDir, { ...this.parts, progress: this.progress });
  }

  override async onTrainEnd(): Promise<void> {
    const last = this.progress.epoch.at(-1) ?? -1;
    // An aborted training is one that may go on.
    const ended = this.trainer.stopTraining || last + 1 >= this.params.epochs;
    if (ended && this.settings.deleteCheckpoint) await rm(this.settings.backupDir, { recursive: true, force: true });
  }
}
