/** @file Logs for TensorBoard. */
import { join } from 'node:path';
import { isOptions, readOptions } from '../../core/arguments';
import { ArgumentError } from '../../core/errors';
import { either, integer, oneOf, Param, positive, string } from '../../core/params';
import { describe } from '../../core/shape';
import { type BatchLogs, type Logs } from '../logs';
import { EventFile } from './event-file';
import { StatefulCallback } from './stateful';
import { type HParams } from './hparams';
import { experiment, sessionEnd, sessionStart } from './hparams-events';

/** Settings of {@link TensorBoard}. */
export interface TensorBoardOptions {
  /** Where event files are written, in folders `train` and `validation`. Default `logs`. */
  logDir?: string | undefined;
  /** Histograms of the weights every that many epochs. Default 0: none. */
  histogramFreq?: number | undefined;
  /** Also numbers of batches: of each (`'batch'`), or every so many. Default `'epoch'`: none. */
  updateFreq?: 'epoch' | 'batch' | number | undefined;
  /**
   * Settings of this training by name, for TensorBoard's page of hyper-parameters: `{ lr: 0.1, optimizer: 'adam' }`. Give
   * each training a folder of its own below that which TensorBoard is shown. Default: none.
   */
  hparams?: HParams | undefined;
}
const hparams: Param<HParams> = new Param('settings by name', (v, op, name) => {
  if (!isOptions(v)) throw new ArgumentError(`[${op}] ${name} must be settings by name, got ${describe(v)}`);
  for (const [key, value] of Object.entries(v as Record<string, unknown>))
    if (!['number', 'string', 'boolean'].includes(typeof value))
      throw new ArgumentError(`[${op}] ${name}.${key} must be a number, a string or a boolean, got ${describe(value)}`);
  return { ...(v as HParams) };
});
const boardSpec = {
  logDir: string.or('logs'),
  histogramFreq: integer({ least: 0 }).or(0),
  updateFreq: either<['epoch' | 'batch', number]>(oneOf('epoch', 'batch'), positive).or('epoch' as const),
  hparams: hparams.optional(),
};

/**
 * Writes event files with Keras's tags: `epoch_loss` of training and of validation, `batch_loss`, weights by name. With
 * `hparams`, another one in `logDir` itself says how the training was set and how it ended.
 */
export class TensorBoard extends StatefulCallback<{ steps: number }> {
  private readonly settings: ReturnType<typeof read>;
  private train: EventFile | undefined;
  private validation: EventFile | undefined;
  private session: EventFile | undefined;
  private compared = false;
  private steps = 0;
  protected readonly stateSpec = { steps: integer({ least: 0 }) };

  constructor(options?: TensorBoardOptions) {
    super();
    this.settings = read(options);
  }
  // Steps are counted over all trainings.
  protected reset(): void {}
  stateDict(): { steps: number } {
    return { steps: this.steps };
  }
  protected restoreState({ steps }: { steps: number }): void {
    this.steps = steps;
  }
  override onTrainBegin(): void {
    this.train = new EventFile(join(this.settings.logDir, 'train'));
    this.validation = undefined;
    this.session = undefined;
    this.compared = false;
    if (!this.settings.hparams) return;
    this.session = new EventFile(this.settings.logDir);
    this.session.summary(0, ...sessionStart(this.settings.hparams));
  }
  override onTrainEnd(): void {
    this.session?.summary(0, ...sessionEnd(true));
  }
  override onTrainError(): void {
    this.session?.summary(0, ...sessionEnd(false));
  }
  override async onTrainBatchEnd(_batch: number, logs: BatchLogs): Promise<void> {
    const { updateFreq } = this.settings;
    const step = this.steps++;
    if (updateFreq === 'epoch' || step % (updateFreq === 'batch' ? 1 : updateFreq) !== 0) return;
    for (const [name, v] of Object.entries(await logs.means())) this.train!.scalar(`batch_${name}`, v, step);
  }
  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const { histogramFreq, logDir } = this.settings;
    const metrics = Object.keys(logs).map((name) => {
      const own = /^val([A-Z])(.*)/.exec(name);
      const [group, short] = own ? ['validation', own[1]!.toLowerCase() + own[2]!] : ['train', name];
      return { group, tag: `epoch_${short}`, name };
    });
    for (const { group, tag, name } of metrics) {
      if (group === 'validation') this.validation ??= new EventFile(join(logDir, group));
      (group === 'validation' ? this.validation! : this.train!).scalar(tag, logs[name]!, epoch);
    }
    // Once it is known by what.
    if (!this.compared) this.session?.summary(0, ...experiment(this.settings.hparams!, metrics));
    this.compared = true;
    if (histogramFreq === 0 || epoch % histogramFreq !== 0) return;
    for (const [name, p] of this.model.namedParameters())
      this.train!.histogram(name, (await p.data()) as Float32Array, epoch);
  }
}

const read = (options: TensorBoardOptions | undefined) => readOptions('TensorBoard', boardSpec, options as object);
