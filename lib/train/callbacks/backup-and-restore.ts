/** @file A training that goes on where it was when the process ended. */
import { rm } from 'node:fs/promises';
import { readArguments } from '../../core/arguments';
import { boolean, string } from '../../core/params';
import { listCheckpoints, loadCheckpoint, saveCheckpoint } from '../../io/checkpoint';
import { type CheckpointPart, hasState } from '../../io/checkpoint-parts';
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
  /** Whether a callback has ended the training. */
  stopped: boolean;
  epoch: number[];
  history: Record<string, number[]>;
}

/** The states of callbacks, by the names of their classes. Those that were not there when it was saved begin anew. */
class States implements CheckpointPart {
  private readonly named = new Map<string, CheckpointPart>();
  constructor(callbacks: readonly Callback[]) {
    for (const c of callbacks.filter(hasState)) {
      const kind = c.constructor.name;
      let name = kind;
      for (let n = 1; this.named.has(name); n++) name = `${kind}_${n}`;
      this.named.set(name, c);
    }
  }
  stateDict(): Record<string, unknown> {
    return Object.fromEntries([...this.named].map(([name, c]) => [name, c.stateDict()]));
  }
  loadStateDict(states: Readonly<Record<string, unknown>>): void {
    for (const [name, c] of this.named) if (Object.hasOwn(states, name)) c.loadStateDict(states[name] as never);
  }
}

/**
 * Saves a checkpoint ({@link saveCheckpoint}) after each epoch: model, optimizer, schedule, random state, the place of the
 * DataLoader, history, and what the other callbacks remember (those with `stateDict` and `loadStateDict`). A `fit` of the
 * same model, data and settings that finds one begins behind it, and equals a training that was never interrupted, bit for
 * bit; an epoch that was not finished begins again. Each checkpoint appears whole or not at all. It is told of events after
 * all other callbacks, wherever it stands among them.
 */
export class BackupAndRestore extends Callback {
  private readonly settings: { backupDir: string; deleteCheckpoint: boolean };
  private progress: Progress = { stopped: false, epoch: [], history: {} };

  /** @param backupDir - a directory for this training alone */
  constructor(backupDir: string, options?: BackupAndRestoreOptions) {
    super();
    this.settings = readArguments('BackupAndRestore', spec, [backupDir, options]);
  }

  private get parts(): Record<string, object> {
    const { model, optimizer, schedule, loader, callbacks } = this.trainer;
    const given = { ...(schedule ? { schedule } : {}), ...(loader ? { loader } : {}) };
    return { model, optimizer, ...given, callbacks: new States(callbacks) };
  }

  /** @internal */
  override get isLast(): boolean {
    return true;
  }

  override async onTrainBegin(): Promise<void> {
    this.progress = { stopped: false, epoch: [], history: {} };
    const { backupDir } = this.settings;
    if ((await listCheckpoints(backupDir)).length === 0) return;
    const { progress } = await loadCheckpoint<{ progress: Progress }>(backupDir, this.parts);
    this.progress = progress;
    this.trainer.resume(progress);
    if (progress.stopped) this.trainer.stopTraining = true;
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    this.progress.epoch.push(epoch);
    this.progress.stopped = this.trainer.stopTraining;
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
