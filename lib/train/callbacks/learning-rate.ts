/** @file The learning rate of a trainer's optimizer. */
import { type Trainer } from '../trainer';

/** Of the first group of parameters. */
export const learningRate = (trainer: Trainer): number => trainer.optimizer.paramGroups[0]!.lr;

/** Of all groups. */
export function setLearningRate(trainer: Trainer, lr: number): void {
  for (const group of trainer.optimizer.paramGroups) group.lr = lr;
}
