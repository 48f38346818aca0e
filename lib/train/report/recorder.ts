/** @file A callback that writes a run down; what becomes of the record is a subclass's business. */
import { isOptions, type Spec } from '../../core/arguments';
import { noGrad } from '../../core/grad-mode';
import { integer, Param, string, strings } from '../../core/params';
import { getRngState, setRngState } from '../../core/random-state';
import { ArgumentError } from '../../core/errors';
import { outsideScopes } from '../../core/scope';
import { describe } from '../../core/shape';
import { Tensor } from '../../core/tensor';
import { evaluating } from '../../nn/modes';
import { type HookHandle } from '../../nn/hooks';
import { learningRate } from '../callbacks/learning-rate';
import { type Done } from '../callbacks/callback';
import { StatefulCallback } from '../callbacks/stateful';
import { Feed } from '../feed';
import { type BatchLogs, type Logs } from '../logs';
import { type ValidationData } from '../settings';
import { type Batch, pairOrBatches, type Source } from '../source';
import { type NormListener } from '../stepper';
import { dataSummary } from './data-summary';
import { environment, reproduce } from './environment';
import { type EpochLogs, type Intervention, type RunRecord, type RunStatus, type Seen, type Steps } from './record';
import { Look } from './seen';
import { StepCurves } from './step-curves';

// Epochs that are kept; of more, every second, fourth, ... and the last.
const mostEpochs = 2000;

/** What is shown of a run. */
export interface RunOptions {
  /** Above the page. Default: the model's class. */
  title?: string | undefined;
  /**
   * What confusion matrix and samples are made of: as `validationData` of `fit`. It is gone through after each epoch.
   * Default: the validation data of `fit`, as it is validated anyway.
   */
  data?: ValidationData | undefined;
  /** Names of the classes, by number. Default: their numbers. */
  classes?: readonly string[] | undefined;
  /** How many samples are shown, the wrong ones first. Default 16; 0 for none. */
  samples?: number | undefined;
}
export const runSpec = {
  title: string.optional(),
  data: new Param<ValidationData>('data', (v) => v as ValidationData).optional(),
  classes: strings.or([] as readonly string[]),
  samples: integer({ least: 0, most: 256 }).or(16),
};

/** What is known of a run from its first batch on. */
export type AboutRun = Pick<RunRecord, 'model' | 'data' | 'environment' | 'reproduce'>;

/** What is remembered of a run. */
export interface RunState {
  about: AboutRun | null;
  epochs: readonly EpochLogs[];
  steps: Steps;
  seen: Seen | null;
  interventions: readonly Intervention[];
}
const part = <T>(kind: string, test: (v: unknown) => boolean): Param<T> =>
  new Param<T>(kind, (v, op, name) => {
    if (test(v)) return v as T;
    throw new ArgumentError(`[${op}] ${name} must be ${kind}, got ${describe(v)}`);
  });
const isSteps = (v: unknown): boolean =>
  isOptions(v) &&
  Number.isSafeInteger((v as Partial<Steps>).count) &&
  Array.isArray((v as Partial<Steps>).at) &&
  isOptions((v as Partial<Steps>).values);
const isEpoch = (v: unknown): boolean => isOptions(v) && isOptions((v as Partial<EpochLogs>).logs);
const stateSpec: Spec<RunState> = {
  about: part<AboutRun>('what is known of a run', isOptions).nullable(),
  epochs: part('the logs of epochs', (v) => Array.isArray(v) && v.every(isEpoch)),
  steps: part('values of steps', isSteps),
  seen: part<Seen>('what was seen of data', isOptions).nullable(),
  interventions: part('a list of interventions', Array.isArray),
};

type Settings = Readonly<{
  title: string | undefined;
  data: ValidationData | undefined;
  classes: readonly string[];
  samples: number;
}>;

/**
 * Gathers what pages show. The norm of the gradients is computed for the steps that are kept, and nothing is waited for
 * within an epoch.
 */
export abstract class Recorder extends StatefulCallback<RunState> implements NormListener {
  protected readonly stateSpec = stateSpec;
  protected readonly curves = new StepCurves();
  #record: RunRecord | undefined;
  #about: AboutRun | null = null;
  #epochs: EpochLogs[] = [];
  #seen: Seen | null = null;
  #interventions: Intervention[] = [];
  #norm: Tensor | undefined;
  #told: Promise<void> | undefined;
  // Of the validation under way.
  #look: Look | undefined;
  #output: unknown;
  #hook: HookHandle | undefined;
  #training = false;
  #source: Source | undefined;
  #epoch = 0;

  protected constructor(protected readonly shows: Settings) {
    super();
  }

  /** The run under way, or the last one, as it is now. */
  protected get record(): RunRecord | undefined {
    if (!this.#record) return undefined;
    const own = {
      epochs: this.#epochs,
      steps: this.curves.known,
      seen: this.#seen,
      interventions: this.#interventions,
    };
    return { ...this.#record, ...this.#about, ...own };
  }
  /** Under which runs are told apart. */
  protected abstract newId(started: Date): string;
  /** The run has begun. Synchronous: after all callbacks, so that what a checkpoint held is there. */
  protected recordBegun(): void {}
  /** After each step that was counted. */
  protected stepRecorded(): Done {}
  /** After each epoch. */
  protected epochRecorded(): Done {}
  /** The run is over, whatever ended it. */
  protected abstract recordEnded(): Done;

  protected reset(): Done {
    this.curves.restore();
    this.#about = null;
    this.#epochs = [];
    this.#seen = null;
    this.#interventions = [];
  }
  stateDict(): RunState {
    return {
      about: this.#about && { ...this.#about },
      epochs: this.#epochs.slice(),
      steps: this.curves.snapshot(),
      seen: this.#seen,
      interventions: this.#interventions.slice(),
    };
  }
  protected restoreState({ about, epochs, steps, seen, interventions }: RunState): void {
    this.curves.restore(steps);
    this.#about = about && { ...about };
    this.#epochs = epochs.slice();
    this.#seen = seen;
    this.#interventions = interventions.slice();
  }

  override onTrainBegin(): Done {
    this.#record = undefined;
    this.#norm = undefined;
    this.#told = undefined;
    this.#training = true;
    const { trainer } = this;
    const how = { ...trainer.placement(), batchSize: undefined, shuffle: undefined };
    const { data } = this.shows;
    this.#source = data === undefined ? undefined : pairOrBatches(this.constructor.name, 'data', data, how, 'needed');
    trainer.stepper.listen(this);
    return super.onTrainBegin();
  }
  /** @internal */
  override begun(): void {
    super.begun();
    const started = new Date();
    const { device } = this.trainer.placement();
    // Of one that goes on, what it was begun with.
    this.#about ??= { model: '', data: [], environment: environment(device), reproduce: reproduce(this.trainer) };
    this.#record = {
      format: 1,
      id: this.newId(started),
      title: this.shows.title ?? this.model.constructor.name,
      started: started.toISOString(),
      status: 'running',
      error: null,
      plannedEpochs: this.params.epochs,
      stepsPerEpoch: this.params.steps ?? null,
      epochs: [],
      steps: this.curves.known,
      seen: null,
      interventions: [],
      ...this.#about,
    };
    this.recordBegun();
  }

  /** @internal */
  wantsNorm(): boolean {
    // With gradients of several batches a step may fall between two that are kept.
    return this.curves.wantsNext || this.trainer.settings!.accumulate > 1;
  }
  /** @internal */
  onNorm(norm: Tensor): void {
    this.#norm = outsideScopes(() => norm.detach());
  }

  override onEpochBegin(epoch: number): Done {
    this.#epoch = epoch;
  }
  override onTrainBatchEnd(_batch: number, logs: BatchLogs): Done {
    if (!this.#told) {
      this.#told = this.#tell(logs.batch);
      this.#told.catch(() => {}); // met at the end of the epoch
    }
    const norm = this.#norm;
    this.curves.add(() => {
      this.#norm = undefined;
      const rate = this.trainer.optimizerIfAny && { learningRate: learningRate(this.trainer) };
      return { ...logs.values, ...rate, ...(norm && { gradientNorm: norm }) };
    });
    return this.stepRecorded();
  }
  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    await this.#told;
    await this.curves.read();
    if (this.#source) this.#seen = await this.#lookAt(this.#source, epoch);
    // The last one is kept, whatever its number.
    const stride = 2 ** Math.max(0, Math.ceil(Math.log2((epoch + 1) / mostEpochs)));
    this.#epochs = this.#epochs.filter((e) => (e.epoch + 1) % stride === 0);
    this.#epochs.push({ epoch, logs: { ...logs } });
    await this.epochRecorded();
  }
  override onTrainEnd(): Done {
    const aborted = this.trainer.settings?.signal?.aborted;
    return this.#ended(aborted ? 'aborted' : this.trainer.stopTraining ? 'stopped' : 'ended');
  }
  override async onTrainError(error: unknown): Promise<void> {
    await this.#ended('failed', error instanceof Error ? error.message : String(error));
  }

  // --- validation, as it is made anyway ------------------------------------------------------------------------------

  override onTestBegin(): Done {
    this.#unhook();
    if (!this.#training || this.#source) return;
    this.#look = this.#newLook();
    this.#hook = this.model.registerForwardHook((_module, _inputs, output) => {
      this.#output = output;
    });
  }
  override onTestBatchEnd(_batch: number, { batch: [x, y] }: BatchLogs): Done {
    const output = this.#output;
    this.#output = undefined;
    return this.#look?.add(x, y, output);
  }
  override async onTestEnd(): Promise<void> {
    const look = this.#look;
    this.#unhook();
    if (look) this.#seen = await look.result(this.#epoch);
  }

  #unhook(): void {
    this.#hook?.remove();
    this.#hook = undefined;
    this.#look = undefined;
    this.#output = undefined;
  }

  #newLook(): Look {
    return new Look(this.trainer.compiledWith.loss, this.shows.samples, this.shows.classes);
  }

  async #lookAt(source: Source, epoch: number): Promise<Seen | null> {
    const { trainer } = this;
    const look = this.#newLook();
    const { device } = trainer.placement();
    const feed = new Feed(this.constructor.name, source, undefined);
    try {
      for await (const given of feed.epoch()) {
        const [x, y] = trainer.placed(given, device);
        const output = evaluating(trainer.model, () => noGrad(() => trainer.call(x)));
        await look.add(x, y, output);
      }
    } finally {
      await feed.close();
    }
    return look.result(epoch);
  }

  // --- parts of the record -------------------------------------------------------------------------------------------

  /** Notes what somebody did. */
  protected note(what: string, status?: RunStatus): void {
    this.#interventions = [...this.#interventions, { step: this.curves.count, what }];
    if (status) this.#record!.status = status;
  }

  // Model and data, once the first batch has been seen.
  async #tell(batch: Batch): Promise<void> {
    const about = this.#about!;
    if (about.data.length > 0) return;
    about.model = this.#summary(batch);
    about.data = await dataSummary(batch, this.params.examples);
  }

  // With the shapes that an example of zeros gets, which changes nothing: not even what is drawn next.
  #summary([x]: Batch): string {
    let table = '';
    const print = (text: string): void => void (table = text);
    const state = getRngState();
    const ways = [...(x instanceof Tensor ? [{ inputShape: x.shape.slice(1), dtype: x.dtype }] : []), {}];
    for (const way of ways)
      try {
        this.model.summary({ ...way, print });
        break;
      } catch {
        // Zeros are nothing that this forward takes: a report is no reason to end a training.
      } finally {
        setRngState(state);
      }
    return table;
  }

  async #ended(status: RunStatus, error: string | null = null): Promise<void> {
    this.#unhook();
    // What another callback threw before this one was told of the training is not about the last run.
    if (!this.#training) this.#record = undefined;
    this.#training = false;
    // What cannot be read any more has made the training fail, which says so itself.
    await Promise.all([this.#told, this.curves.read()]).catch(() => {});
    if (this.#record) Object.assign(this.#record, { status, error });
    await this.recordEnded();
  }
}
