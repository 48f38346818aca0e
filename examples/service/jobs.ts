/** @file Jobs: one trains at a time, in a thread of its own; all are in files, so that they outlive the process. */
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import * as ng from 'nodegrad';
import { type JobSettings, type Limits } from './settings';
import { type Architecture } from './training';
import { type Given, type Said } from './worker';

export type Status = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

/** The logs of one epoch. */
export interface Epoch {
  epoch: number;
  logs: Record<string, number>;
}

/** What is known of a job. */
export interface Job {
  id: string;
  /** When it was asked for, as an ISO date. */
  created: string;
  status: Status;
  /** Why it failed. */
  reason?: string;
  epochs: number;
  log: Epoch[];
}

/** A job that is done, with what it has learned. */
export interface Learned {
  id: string;
  architecture: Architecture;
  weights: Record<string, ng.Tensor>;
}

// Seconds for the step under way and a checkpoint. `docker stop` gives ten.
const grace = 5;

/** Asks the thread to end, and ends it if it does not. */
function abort(worker: Worker): void {
  worker.postMessage('abort');
  const late = setTimeout(() => void worker.terminate(), grace * 1000);
  worker.once('exit', () => clearTimeout(late));
}

/** Whether nothing more will happen to it. */
export const isOver = (job: Job): boolean => job.status !== 'queued' && job.status !== 'running';

/** Emits `job` whenever one changes, `learned` when one is done, and `stopped` when the service ends. */
export class Jobs extends EventEmitter<{ job: [Job]; learned: [Learned]; stopped: [] }> {
  readonly #jobs = new Map<string, Job>();
  #running: { id: string; worker: Worker; ended: Promise<void> } | undefined;
  #stopped = false;

  /** @param folder - holds `jobs`, one folder each, and `data`, the files that jobs may name */
  constructor(
    private readonly folder: string,
    private readonly limits: Limits,
  ) {
    super();
    mkdirSync(join(folder, 'jobs'), { recursive: true });
    mkdirSync(join(folder, 'data'), { recursive: true });
    const known = readdirSync(join(folder, 'jobs')).filter((id) => existsSync(this.#file(id, 'job.json')));
    const read = known.map((id) => JSON.parse(readFileSync(this.#file(id, 'job.json'), 'utf8')) as Job);
    for (const job of read.sort((a, b) => a.created.localeCompare(b.created))) this.#jobs.set(job.id, job);
  }

  /** Those that wait begin, and those that a process before this one left. */
  start(): void {
    for (const job of this.#jobs.values()) if (job.status === 'running') job.status = 'queued';
    this.#next();
  }

  list(): Job[] {
    return [...this.#jobs.values()];
  }

  get(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  /** How many wait. */
  get waiting(): number {
    return this.list().filter((j) => j.status === 'queued').length;
  }

  add(settings: JobSettings): Job {
    const { epochs } = settings;
    const job: Job = { id: randomUUID(), created: new Date().toISOString(), status: 'queued', epochs, log: [] };
    mkdirSync(this.#file(job.id, '.'), { recursive: true });
    writeFileSync(this.#file(job.id, 'settings.json'), JSON.stringify(settings));
    this.#jobs.set(job.id, job);
    this.#changed(job);
    this.#next();
    return job;
  }

  /** Ends a job that is not over. */
  cancel(job: Job): void {
    job.status = 'cancelled';
    this.#changed(job);
    if (this.#running?.id === job.id) abort(this.#running.worker);
  }

  /** The file of a job's weights; undefined as long as there is none. */
  weightsFile(job: Job): string | undefined {
    return job.status === 'done' ? this.#file(job.id, 'weights.safetensors') : undefined;
  }

  /** What the job learned that was done last. */
  async latest(): Promise<Learned | undefined> {
    const job = this.list()
      .filter((j) => j.status === 'done')
      .at(-1);
    return job && this.learned(job);
  }

  /** What a job that is done learned. */
  async learned(job: Job): Promise<Learned> {
    const file = this.weightsFile(job)!;
    const { architecture } = await ng.loadMetadata(file);
    return { id: job.id, architecture: JSON.parse(architecture!) as Architecture, weights: await ng.load(file) };
  }

  /** Ends the training under way, which the next process takes up behind its last epoch. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (!this.#running) return;
    abort(this.#running.worker);
    await this.#running.ended;
  }

  #file(id: string, name: string): string {
    return join(this.folder, 'jobs', id, name);
  }

  // Whole or not at all.
  #changed(job: Job): void {
    const file = this.#file(job.id, 'job.json');
    writeFileSync(`${file}.new`, JSON.stringify(job));
    renameSync(`${file}.new`, file);
    this.emit('job', job);
  }

  #next(): void {
    const job = this.list().find((j) => j.status === 'queued');
    if (!job || this.#running || this.#stopped) return;
    job.status = 'running';
    const settings = JSON.parse(readFileSync(this.#file(job.id, 'settings.json'), 'utf8')) as JobSettings;
    const { megabytes } = this.limits;
    const worker = new Worker(join(__dirname, 'worker.js'), {
      workerData: {
        settings,
        folder: this.#file(job.id, '.'),
        dataFolder: join(this.folder, 'data'),
        megabytes,
      } satisfies Given,
      resourceLimits: { maxOldGenerationSizeMb: megabytes },
    });
    const late = setTimeout(() => {
      this.#over(job, 'failed', `it took longer than ${settings.maxSeconds} s`);
      abort(worker);
    }, settings.maxSeconds * 1000);
    const ended = new Promise<void>((resolve) => {
      worker.on('message', (said: Said) => this.#hear(job, said));
      // Out of memory, or a mistake in the program: the job fails, the service goes on.
      worker.on('error', (e) => this.#over(job, 'failed', e.message));
      worker.on('exit', () => {
        clearTimeout(late);
        this.#running = undefined;
        if (!this.#stopped) this.#over(job, 'failed', 'its thread ended');
        resolve();
        this.#next();
      });
    });
    this.#running = { id: job.id, worker, ended };
    this.#changed(job);
  }

  #hear(job: Job, said: Said): void {
    if (said.kind === 'failed') return this.#over(job, 'failed', said.reason);
    if (said.kind === 'epoch') {
      // Of an epoch whose checkpoint was not written any more the next process tells again.
      job.log = [...job.log.filter((e) => e.epoch < said.epoch), { epoch: said.epoch, logs: said.logs }];
      return this.#changed(job);
    }
    if (said.kind === 'aborted' || job.status !== 'running') return;
    this.#over(job, 'done');
    this.emit('learned', { id: job.id, architecture: said.architecture, weights: ng.share.open(said.weights) });
  }

  // The first reason counts.
  #over(job: Job, status: Status, reason?: string): void {
    if (job.status !== 'running') return;
    Object.assign(job, { status, ...(reason === undefined ? {} : { reason }) });
    this.#changed(job);
  }
}
