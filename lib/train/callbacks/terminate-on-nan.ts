/** @file Ends a training whose loss is no number any more. */
import { type BatchLogs, type Logs } from '../logs';
import { Callback } from './callback';

/**
 * Ends the training when the loss is NaN or infinite. The running mean is looked at while the next steps are made, so
 * some steps may follow the first bad one: nothing waits for it.
 */
export class TerminateOnNaN extends Callback {
  private looking = false;
  private failure: { error: unknown } | undefined;

  override onTrainBegin(): void {
    this.looking = false;
    this.failure = undefined;
  }
  override onTrainBatchEnd(batch: number, logs: BatchLogs): void {
    if (this.failure) throw this.failure.error;
    if (this.looking) return;
    this.looking = true;
    logs.means().then(
      (means) => {
        this.looking = false;
        this.check(means, `Batch ${batch}`);
      },
      (error: unknown) => (this.failure = { error }),
    );
  }
  override onEpochEnd(epoch: number, logs: Logs): void {
    this.check(logs, `Epoch ${epoch + 1}`);
  }

  private check(logs: Logs, where: string): void {
    const { loss } = logs;
    if (loss === undefined || Number.isFinite(loss) || this.trainer.stopTraining) return;
    console.log(`${where}: the loss is ${loss}, terminating training`);
    this.trainer.stopTraining = true;
  }
}
