/** @file A training as a page that follows it, and, with a token, controls it. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readOptions } from '../../core/arguments';
import { ArgumentError } from '../../core/errors';
import { boolean, integer, number, Param, string } from '../../core/params';
import { describe } from '../../core/shape';
import { type RunRecord } from '../report/record';
import { Recorder, type RunOptions, runSpec, type RunState } from '../report/recorder';
import { savedRuns, saveRun } from '../report/runs-folder';
import { type Answer, type Command, PageServer, type Source } from '../report/server';
import { setLearningRate } from './learning-rate';

/** Settings of {@link Dashboard}. */
export interface DashboardOptions extends RunOptions {
  /** Default 6007; 0: any that is free. Dashboards of one process with the same port share a page. */
  port?: number | undefined;
  /** The address to listen on. Default `'127.0.0.1'`: this machine alone. There is no encryption. */
  host?: string | undefined;
  /** With it, of at least 8 characters, the page has controls for those who know it. Default: none, and no controls. */
  token?: string | undefined;
  /** A folder where runs are kept, a JSON file each; those of earlier processes are listed. Default: none. */
  dir?: string | undefined;
  /** Serve on after the training, until {@link Dashboard.close}; the process lives as long. Default false. */
  keepOpen?: boolean | undefined;
}
/** What {@link Dashboard} remembers. */
export type DashboardState = RunState;

const token: Param<string> = new Param('a string of at least 8 characters', (v, op, name) => {
  if (typeof v === 'string' && v.length >= 8) return v;
  // Not what it is: it would be in logs.
  throw new ArgumentError(`[${op}] ${name} must be a string of at least 8 characters`);
});
const spec = {
  port: integer({ least: 0, most: 65535 }).or(6007),
  host: string.or('127.0.0.1'),
  token: token.optional(),
  dir: string.optional(),
  keepOpen: boolean.or(false),
  ...runSpec,
};
const rate = number({ least: 0, below: Infinity });

// Milliseconds between what pages are told, and between files of a run under way.
const tellEvery = 500;
const saveEvery = 5000;
// Runs of one dashboard that are listed.
const mostRuns = 20;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** What pages know already of the run under way. */
interface Told {
  steps: number;
  stride: number;
  epochs: number;
  seen: RunRecord['seen'];
  interventions: number;
}

let runs = 0;

/**
 * Shows a training on a page that the process serves itself: what {@link HTMLReport} writes, as it goes on. Several
 * trainings stand side by side: those of one dashboard, of dashboards with the same port, and of `dir`.
 *
 * With `token` the page has controls: pause (training waits between two batches, and the process goes on), resume, stop
 * (as `stopTraining`) and a new learning rate, which holds until a schedule sets another. They are written down in the
 * record. Open `url` with `#token=...` to have the token filled in.
 *
 * `fit` rejects with ERR_PORT_IN_USE if another program has the port. The server is closed when the training is over.
 *
 * @example
 * ```ts
 * import * as ng from 'nodegrad';
 * const x = ng.randn([64, 2]);
 * const model = ng.sequential([new ng.nn.Dense(1, { inputShape: [2] })]).compile({ loss: 'mse' });
 * const dashboard = new ng.callbacks.Dashboard({ port: 0, token: 'a long secret' });
 * console.log(`look at ${await dashboard.start()}`);
 * await model.fit(x, x.sum(1), { epochs: 3, callbacks: [dashboard] });
 * ```
 */
export class Dashboard extends Recorder {
  readonly #settings: ReturnType<typeof read>;
  #server: PageServer | undefined;
  #starting: Promise<PageServer> | undefined;
  // Of earlier processes and fits, the oldest first.
  #earlier: RunRecord[] = [];
  #told: Told | undefined;
  #lastTold = 0;
  #telling: Promise<void> | undefined;
  #lastSaved = 0;
  #open: (() => void) | undefined;
  #gate: Promise<void> | undefined;
  readonly #source: Source;

  constructor(options?: DashboardOptions) {
    const settings = read(options);
    const { title, data, classes, samples } = settings;
    super({ title, data, classes, samples });
    this.#settings = settings;
    this.#source = {
      title: settings.title ?? 'Training',
      controlled: settings.token !== undefined,
      runs: () => [...this.#earlier, ...(this.record && this.#told ? [this.record] : [])],
      control: (command, given) => this.#control(command, given),
    };
  }

  /** Where the page is; undefined while nothing is served. */
  get url(): string | undefined {
    return this.#server?.url;
  }

  /**
   * Serves the page from now on; `fit` does so by itself. What was started must come to an end: that of a `fit`, or
   * {@link close}.
   * @returns the address of the page
   */
  async start(): Promise<string> {
    const { host, port, dir } = this.#settings;
    this.#starting ??= (async () => {
      if (dir !== undefined && this.#earlier.length === 0) this.#earlier = await savedRuns('Dashboard', dir);
      return PageServer.hold('Dashboard', host, port, this.#source);
    })();
    try {
      this.#server = await this.#starting;
    } catch (e) {
      this.#starting = undefined;
      throw e;
    }
    return this.#server.url;
  }

  /**
   * Serves no longer, and closes all connections unless another dashboard uses the port too. A training that is paused
   * goes on.
   */
  async close(): Promise<void> {
    if (this.#gate) this.#act('resume', undefined, true);
    const starting = this.#starting;
    this.#starting = undefined;
    this.#server = undefined;
    await (await starting)?.release();
  }

  protected newId(started: Date): string {
    return `${started.toISOString().replace(/\D/g, '')}-${process.pid}-${++runs}`;
  }

  override async onTrainBegin(): Promise<void> {
    const url = await this.start();
    if (this.params.verbose > 0) console.log(`Dashboard: ${url}`);
    await super.onTrainBegin();
  }
  protected override recordBegun(): void {
    this.#told = { steps: 0, stride: 1, epochs: 0, seen: null, interventions: 0 };
    this.#lastTold = performance.now();
    this.#lastSaved = performance.now();
    this.#server!.send('run', this.record!);
  }
  protected override stepRecorded(): Promise<void> | undefined {
    if (performance.now() - this.#lastTold >= tellEvery) this.#tell().catch(() => {}); // what fails makes `fit` throw
    return this.#gate && this.#wait(this.#gate);
  }
  protected override async epochRecorded(): Promise<void> {
    if (performance.now() - this.#lastTold >= tellEvery) await this.#tell();
    if (performance.now() - this.#lastSaved >= saveEvery) await this.#save();
  }
  protected async recordEnded(): Promise<void> {
    this.#go();
    try {
      if (this.#told) {
        this.#tellNow();
        await this.#save();
      }
    } finally {
      this.#keep();
      if (!this.#settings.keepOpen) await this.close();
    }
  }

  // A run that is over stays beside the next one.
  #keep(): void {
    const run = this.#told && this.record;
    if (run) this.#earlier = [...this.#earlier, structuredClone(run)].slice(-mostRuns);
    this.#told = undefined;
  }

  async #save(): Promise<void> {
    this.#lastSaved = performance.now();
    const { dir } = this.#settings;
    if (dir !== undefined) await saveRun(dir, this.record!);
  }

  // --- what pages are told -------------------------------------------------------------------------------------------

  #tell(): Promise<void> {
    this.#lastTold = performance.now();
    return (this.#telling ??= this.curves.read().then(
      () => {
        this.#telling = undefined;
        this.#tellNow();
      },
      (e: unknown) => {
        this.#telling = undefined;
        throw e;
      },
    ));
  }

  /** What is known and was not told. */
  #tellNow(): void {
    const [told, record] = [this.#told, this.record];
    if (!told || !record) return;
    const { steps, epochs, seen, status, error, interventions, model, data, id } = record;
    // Where lists have been thinned, all is told again. The last epoch may have been replaced.
    const from = { steps: steps.stride === told.stride ? told.steps : 0, epochs: Math.max(0, told.epochs - 1) };
    if (epochs.length < told.epochs) from.epochs = 0;
    const values = Object.entries(steps.values).map(([name, list]) => [name, list.slice(from.steps)]);
    this.#server?.send('update', {
      id,
      from,
      run: {
        status,
        error,
        model,
        data,
        epochs: epochs.slice(from.epochs),
        steps: { ...steps, at: steps.at.slice(from.steps), values: Object.fromEntries(values) as typeof steps.values },
        ...(seen === told.seen ? {} : { seen }),
        ...(interventions.length === told.interventions ? {} : { interventions }),
      },
    });
    this.#told = {
      steps: steps.at.length,
      stride: steps.stride,
      epochs: epochs.length,
      seen,
      interventions: interventions.length,
    };
  }

  // --- controls ------------------------------------------------------------------------------------------------------

  async #wait(gate: Promise<void>): Promise<void> {
    const signal = this.trainer.settings?.signal as AbortSignal | undefined;
    const aborted = (): void => this.#go();
    signal?.addEventListener('abort', aborted);
    try {
      if (signal?.aborted) this.#go();
      await gate;
    } finally {
      signal?.removeEventListener('abort', aborted);
    }
  }

  /** Ends a pause, if there is one. */
  #go(): void {
    this.#open?.();
    this.#open = undefined;
    this.#gate = undefined;
  }

  #control({ run, action, value }: Command, given: string | undefined): Answer | undefined {
    if (!this.#source.runs().some((r) => r.id === run)) return undefined;
    const { token: own } = this.#settings;
    // Of digests: what they have in common takes no longer to compare.
    if (own === undefined || given === undefined || !timingSafeEqual(digest(own), digest(given)))
      return {
        status: 403,
        text: own === undefined ? 'This run has no controls.' : 'The token is not the one of this run.',
      };
    const record = this.#told && this.record;
    if (record?.id !== run || !['running', 'paused'].includes(record.status))
      return { status: 409, text: 'This run is over.' };
    const answer = this.#act(action, value, record.status === 'paused');
    if (answer.status === 200) this.#tellNow();
    return answer;
  }

  #act(action: string, value: unknown, paused: boolean): Answer {
    const done = (text: string): Answer => ({ status: 200, text });
    switch (action) {
      case 'pause':
        if (paused) return done('It is paused.');
        this.#gate = new Promise((resolve) => (this.#open = resolve));
        this.note('paused', 'paused');
        return done('Paused after the current step.');
      case 'resume':
        if (!paused) return done('It is running.');
        this.note('resumed', 'running');
        this.#go();
        return done('Resumed.');
      case 'stop':
        this.note('stopped');
        this.trainer.stopTraining = true;
        this.#go();
        return done('Stopping after the current step.');
      case 'learningRate': {
        let lr: number;
        try {
          lr = rate.check('Dashboard', 'the learning rate', value);
        } catch {
          return { status: 400, text: `The learning rate must be ${rate.kind}, not ${describe(value)}.` };
        }
        setLearningRate(this.trainer, lr);
        this.note(`learning rate ${lr}`);
        return done(`The learning rate is ${lr}.`);
      }
      default:
        return { status: 400, text: 'There is pause, resume, stop and learningRate.' };
    }
  }
}

const read = (options: DashboardOptions | undefined) => readOptions('Dashboard', spec, options as object);
