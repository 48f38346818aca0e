/** @file A learning rate for each epoch, from a function. */
import { readArguments } from '../../core/arguments';
import { fn, integer, number } from '../../core/params';
import { type Logs } from '../logs';
import { Callback } from './callback';
import { learningRate, setLearningRate } from './learning-rate';

/** The learning rate of an epoch, from its number and the present rate. */
export type RateOfEpoch = (epoch: number, lr: number) => number;

const schedulerSpec = { schedule: fn<RateOfEpoch>(), verbose: integer({ least: 0, most: 1 }).or(0) };
const rate = number({ least: 0 });

/** Sets the learning rate when an epoch begins. The logs of the epoch have it, as `learningRate`. */
export class LearningRateScheduler extends Callback {
  private readonly schedule: RateOfEpoch;
  private readonly verbose: number;

  constructor(schedule: RateOfEpoch, options?: { verbose?: number | undefined }) {
    super();
    const read = readArguments('LearningRateScheduler', schedulerSpec, [schedule, options]);
    this.schedule = read.schedule;
    this.verbose = read.verbose;
  }
  override onEpochBegin(epoch: number): void {
    const lr = rate.check(
      'LearningRateScheduler',
      'what schedule returns',
      this.schedule(epoch, learningRate(this.trainer)),
    );
    setLearningRate(this.trainer, lr);
    if (this.verbose > 0) console.log(`Epoch ${epoch + 1}: learning rate ${lr}`);
  }
  override onEpochEnd(_epoch: number, logs: Logs): void {
    logs['learningRate'] = learningRate(this.trainer);
  }
}
