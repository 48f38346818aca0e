/** @file A training as one HTML file. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readArguments } from '../../core/arguments';
import { string } from '../../core/params';
import { writeAll, writeAtomic } from '../../io/atomic';
import { reportOf } from '../report/page';
import { Recorder, type RunOptions, runSpec, type RunState } from '../report/recorder';

/** Settings of {@link HTMLReport}. */
export type HTMLReportOptions = RunOptions;
/** What {@link HTMLReport} remembers. */
export type HTMLReportState = RunState;

const spec = { filename: string, ...runSpec };

// Milliseconds from one file to the next, at least: epochs may be short.
const writeEvery = 1000;

/**
 * Writes one HTML file that opens anywhere, without a network: curves by epoch and by step (losses, metrics, learning
 * rate, norm of the gradients) with zoom and values under the pointer, a confusion matrix, samples with the wrong
 * predictions first, data and model, environment and seed, and how to do it again. It is written after epochs, at most
 * once a second, and at the end, also of a training that fails; each time whole or not at all.
 *
 * Norms are those before clipping. Confusion matrix and samples need targets that are classes or values, and one output.
 * The command line of the program gets into the file.
 *
 * @example
 * ```ts
 * import * as ng from 'nodegrad';
 * const x = ng.randn([64, 2]);
 * const y = x.narrow(1, 0, 1).gt(0).to('int64').reshape([64]);
 * const model = ng.sequential([new ng.nn.Dense(2, { inputShape: [2] })]).compile({ loss: 'crossEntropy' });
 * const report = new ng.callbacks.HTMLReport('out/report.html', { classes: ['left', 'right'] });
 * await model.fit(x, y, { epochs: 3, validationSplit: 0.25, callbacks: [report] });
 * ```
 */
export class HTMLReport extends Recorder {
  private readonly filename: string;
  private written = -Infinity;

  /** @param filename - the file; folders that are missing are made */
  constructor(filename: string, options?: HTMLReportOptions) {
    const { filename: name, ...shows } = readArguments('HTMLReport', spec, [filename, options]);
    super(shows);
    this.filename = name;
  }

  protected newId(): string {
    return 'run';
  }
  override async onTrainBegin(): Promise<void> {
    await mkdir(dirname(this.filename), { recursive: true });
    this.written = -Infinity;
    await super.onTrainBegin();
  }
  protected override async epochRecorded(): Promise<void> {
    if (performance.now() - this.written >= writeEvery) await this.write();
  }
  protected async recordEnded(): Promise<void> {
    if (this.record) await this.write();
  }

  private async write(): Promise<void> {
    this.written = performance.now();
    const bytes = Buffer.from(reportOf(this.record!));
    await writeAtomic(this.filename, (file) => writeAll(file, bytes));
  }
}
