/** @file An exponential moving average of the weights, kept beside them. */
import { readOptions } from '../../core/arguments';
import { boolean, number } from '../../core/params';
import { type StateDict } from '../../nn/module';
import { ExponentialMovingAverage as Average } from '../../optim/averaging';
import { type Done } from './callback';
import { StatefulCallback, stateTensors } from './stateful';

/** Settings of {@link ExponentialMovingAverage}. */
export interface MovingAverageOptions {
  /** What remains of the average in a step. Default 0.999. */
  decay?: number | undefined;
  /** Average the buffers too. Default false. */
  useBuffers?: boolean | undefined;
  /** Validation looks at the averages. Default true. */
  validate?: boolean | undefined;
  /** At the end the averages become the weights. Default true. */
  keep?: boolean | undefined;
}
const averageSpec = {
  decay: number({ least: 0, most: 1 }).or(0.999),
  useBuffers: boolean.or(false),
  validate: boolean.or(true),
  keep: boolean.or(true),
};

/** What {@link ExponentialMovingAverage} remembers: the state of its averages, if there are any yet. */
export interface MovingAverageState {
  average: StateDict | null;
}

/** Averages the weights after each batch; the first batch's are taken as they are. */
export class ExponentialMovingAverage extends StatefulCallback<MovingAverageState> {
  /** The averages of the training under way, or of the last one. */
  average: Average | undefined;
  private readonly settings: ReturnType<typeof read>;
  private training = false;
  private endSwap: (() => Promise<void>) | undefined;
  // Averages that were loaded, before it is known of which model.
  private loaded: StateDict | undefined;
  protected readonly stateSpec = { average: stateTensors.nullable() };

  constructor(options?: MovingAverageOptions) {
    super();
    this.settings = read(options);
  }
  stateDict(): MovingAverageState {
    return { average: this.loaded ?? this.average?.stateDict() ?? null };
  }
  protected restoreState({ average }: MovingAverageState): void {
    this.average = undefined;
    this.loaded = average ?? undefined;
  }
  protected reset(): void {
    this.restoreState({ average: null });
  }
  override onTrainBegin(): Done {
    this.training = true;
    return super.onTrainBegin();
  }
  /** @internal */
  override begun(): void {
    super.begun();
    if (!this.loaded) return;
    this.average = this.made();
    this.average.loadStateDict(this.loaded);
    this.loaded = undefined;
  }
  override onTrainBatchEnd(): void {
    // Made here, since layers may learn the size of their input from the first batch.
    this.average ??= this.made();
    this.average.update();
  }
  override onTestBegin(): void {
    if (!this.training || !this.settings.validate || !this.average) return;
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => (end = resolve));
    const swapped = this.average.swapped(() => ended);
    this.endSwap = () => {
      end();
      return swapped;
    };
  }
  override onTestEnd(): Promise<void> {
    return this.ownWeights();
  }
  override async onTrainEnd(): Promise<void> {
    await this.ownWeights();
    this.training = false;
    if (this.settings.keep && this.average) this.model.loadStateDict(this.average.averagedState());
  }
  override async onTrainError(): Promise<void> {
    await this.ownWeights();
    this.training = false;
  }

  private made(): Average {
    const { decay, useBuffers } = this.settings;
    return new Average(this.model, { decay, useBuffers });
  }

  private async ownWeights(): Promise<void> {
    await this.endSwap?.();
    this.endSwap = undefined;
  }
}

const read = (options: MovingAverageOptions | undefined) =>
  readOptions('ExponentialMovingAverage', averageSpec, options as object);
