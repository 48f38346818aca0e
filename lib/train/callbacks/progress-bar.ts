/** @file How far a training is: a bar on a terminal, a line per epoch elsewhere. */
import { type GenericBar, Presets, SingleBar } from 'cli-progress';
import { readOptions } from '../../core/arguments';
import { duration, progressStream, type ProgressStream } from '../../data/progress';
import { type BatchLogs, type Logs } from '../logs';
import { Callback } from './callback';

/** Settings of {@link ProgressBar}. */
export interface ProgressBarOptions {
  /** Where to write, default standard output. */
  stream?: ProgressStream | undefined;
}
const barSpec = { stream: progressStream.optional() };

// Milliseconds between two looks at the loss. Nothing waits for them.
const lookEvery = 100;

/** `loss 0.1234, accuracy 0.9876`. */
const shownLogs = (logs: Logs): string =>
  Object.entries(logs)
    .map(([name, v]) => `${name} ${Math.abs(v) >= 1e-3 || v === 0 ? v.toFixed(4) : v.toExponential(3)}`)
    .join(', ');

/**
 * Shows the epoch, loss, metrics, examples per second and the time left. `fit` adds one unless `verbose` is 0. Without
 * a terminal, or with `verbose` 2, it writes one line per epoch. Colours are left out where `NO_COLOR` is set.
 */
export class ProgressBar extends Callback {
  private readonly stream: NodeJS.WriteStream;
  private bar: GenericBar | undefined;
  private title = '';
  private began = 0;
  private seen = 0;
  private looked = 0;
  private looking = false;
  // What was looked at counts for the epoch in which the look began.
  private epoch = 0;
  private training = false;

  constructor(options?: ProgressBarOptions) {
    super();
    const { stream } = readOptions('ProgressBar', barSpec, options as object);
    this.stream = (stream as NodeJS.WriteStream | undefined) ?? process.stdout;
  }

  override onTrainBegin(): void {
    this.training = true;
  }
  override onTrainEnd(): void {
    this.training = false;
    this.close();
  }
  override onTrainError(): void {
    this.onTrainEnd();
  }
  override onEpochBegin(epoch: number): void {
    this.begin(`Epoch ${epoch + 1}/${this.params.epochs}`);
  }
  override onTrainBatchEnd(_batch: number, logs: BatchLogs): void {
    this.advance(logs);
  }
  override onEpochEnd(_epoch: number, logs: Logs): void {
    this.end(logs);
  }
  override onTestBegin(): void {
    if (!this.training) this.begin('Evaluation');
  }
  override onTestBatchEnd(_batch: number, logs: BatchLogs): void {
    if (!this.training) this.advance(logs);
  }
  override onTestEnd(logs: Logs): void {
    if (!this.training) this.end(logs);
  }
  override onPredictBegin(): void {
    this.begin('Prediction');
  }
  override onPredictBatchEnd(_batch: number, logs: BatchLogs): void {
    this.advance(logs);
  }
  override onPredictEnd(): void {
    this.end({});
  }

  private begin(title: string): void {
    this.close();
    this.title = title;
    this.began = performance.now();
    this.seen = 0;
    this.looked = 0;
    this.looking = false;
    this.epoch++;
    if (this.params.verbose !== 1 || !this.stream.isTTY) return;
    const bar = process.env['NO_COLOR'] ? '{bar}' : '\u001b[36m{bar}\u001b[0m';
    const format = `{title} ${bar} {share} | {speed} examples/s | {left} left{logs}`;
    this.bar = new SingleBar({ format, stream: this.stream, barsize: 24, hideCursor: true }, Presets.shades_classic);
    this.bar.start(this.params.steps ?? 0, 0, { title, share: '', speed: '-', left: '-', logs: '' });
  }

  private advance(logs: BatchLogs): void {
    this.seen += logs.size;
    if (!this.bar) return;
    this.bar.increment(1, this.speed());
    if (this.looking || performance.now() - this.looked < lookEvery) return;
    this.looking = true;
    const { epoch } = this;
    const done = (text?: string): void => {
      if (epoch !== this.epoch) return;
      this.looking = false;
      this.looked = performance.now();
      if (text !== undefined) this.bar?.update({ logs: text });
    };
    // What fails is met where the epoch is read.
    logs.means().then(
      (means) => done(` | ${shownLogs(means)}`),
      () => done(),
    );
  }

  private speed(): { share: string; speed: string; left: string } {
    const took = (performance.now() - this.began) / 1000;
    const { steps, examples } = this.params;
    const share = examples ? this.seen / examples : NaN;
    return {
      share: examples ? `${this.seen}/${examples}` : steps ? '' : `${this.seen}`,
      speed: Math.round(this.seen / took).toLocaleString('en-US'),
      left: Number.isFinite(share) ? duration(took / share - took) : '?',
    };
  }

  private end(logs: Logs): void {
    const took = (performance.now() - this.began) / 1000;
    const summary = [
      duration(took),
      `${Math.round(this.seen / took).toLocaleString('en-US')} examples/s`,
      shownLogs(logs),
    ];
    this.close();
    this.stream.write(`${this.title}: ${summary.filter(Boolean).join(', ')}\n`);
  }

  private close(): void {
    if (!this.bar) return;
    this.bar.stop();
    this.bar = undefined;
  }
}
