/** @file Logs for TensorBoard. */
import { join } from 'node:path';
import { readOptions } from '../../core/arguments';
import { either, integer, oneOf, positive, string } from '../../core/params';
import { type BatchLogs, type Logs } from '../logs';
import { Callback } from './callback';
import { EventFile } from './event-file';

/** Settings of {@link TensorBoard}. */
export interface TensorBoardOptions {
  /** Where event files are written, in folders `train` and `validation`. Default `logs`. */
  logDir?: string | undefined;
  /** Histograms of the weights every that many epochs. Default 0: none. */
  histogramFreq?: number | undefined;
  /** Also numbers of batches: of each (`'batch'`), or every so many. Default `'epoch'`: none. */
  updateFreq?: 'epoch' | 'batch' | number | undefined;
}
const boardSpec = {
  logDir: string.or('logs'),
  histogramFreq: integer({ least: 0 }).or(0),
  updateFreq: either<['epoch' | 'batch', number]>(oneOf('epoch', 'batch'), positive).or('epoch' as const),
};

/** Writes event files with Keras's tags: `epoch_loss` of training and of validation, `batch_loss`, weights by name. */
export class TensorBoard extends Callback {
  private readonly settings: ReturnType<typeof read>;
  private train: EventFile | undefined;
  private validation: EventFile | undefined;
  private steps = 0;

  constructor(options?: TensorBoardOptions) {
    super();
    this.settings = read(options);
  }
  override onTrainBegin(): void {
    this.train = new EventFile(join(this.settings.logDir, 'train'));
    this.validation = undefined;
  }
  override async onTrainBatchEnd(_batch: number, logs: BatchLogs): Promise<void> {
    const { updateFreq } = this.settings;
    const step = this.steps++;
    if (updateFreq === 'epoch' || step % (updateFreq === 'batch' ? 1 : updateFreq) !== 0) return;
    for (const [name, v] of Object.entries(await logs.means())) this.train!.scalar(`batch_${name}`, v, step);
  }
  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    for (const [name, v] of Object.entries(logs)) {
      const own = /^val([A-Z])(.*)/.exec(name);
      if (!own) this.train!.scalar(`epoch_${name}`, v, epoch);
      else {
        this.validation ??= new EventFile(join(this.settings.logDir, 'validation'));
        this.validation.scalar(`epoch_${own[1]!.toLowerCase()}${own[2]!}`, v, epoch);
      }
    }
    const { histogramFreq } = this.settings;
    if (histogramFreq === 0 || epoch % histogramFreq !== 0) return;
    for (const [name, p] of this.model.namedParameters())
      this.train!.histogram(name, (await p.data()) as Float32Array, epoch);
  }
}

const read = (options: TensorBoardOptions | undefined) => readOptions('TensorBoard', boardSpec, options as object);
