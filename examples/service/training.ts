/** @file The training of one job, in whatever thread or process: data, network, `fit` that goes on where it was. */
import { join } from 'node:path';
import * as ng from 'nodegrad';
import { callbacks, data, nn } from 'nodegrad';
import { type JobSettings } from './settings';

/** What the weights belong to. */
export interface Architecture {
  features: number;
  hidden: readonly number[];
  classes: number;
}

/** The network without its softmax, which the loss has. */
export const network = ({ features, hidden, classes }: Architecture): ng.Sequential =>
  ng.sequential([
    ...hidden.map((n, i) => new nn.Dense(n, { activation: 'relu', ...(i === 0 ? { inputShape: [features] } : {}) })),
    new nn.Dense(classes, hidden.length === 0 ? { inputShape: [features] } : {}),
  ]);

async function dataOf(given: JobSettings['data'], folder: string): Promise<[x: ng.Tensor, y: ng.Tensor]> {
  if ('x' in given) return [ng.tensor(given.x), ng.tensor(given.y, { dtype: 'int64' })];
  const table = await data.csv(join(folder, given.path), { target: given.target });
  const [x, y] = table.tensors;
  if (y.ndim !== 1) throw new Error(`the column ${given.target} has numbers; a class has a name`);
  return [x, y.to('int64')];
}

/** What a training gives. */
export interface Trained {
  architecture: Architecture;
  model: ng.Sequential;
  /** Whether it was ended before its last epoch. */
  aborted: boolean;
}

/**
 * Trains. After every epoch a checkpoint is in `folder/backup`; with one there it goes on behind it.
 * @param dataFolder - where the files are that jobs name
 * @param told - gets the logs of every epoch
 */
export async function train(
  settings: JobSettings,
  folder: string,
  dataFolder: string,
  told: (epoch: number, logs: Record<string, number>) => void,
  signal: AbortSignal,
): Promise<Trained> {
  ng.manualSeed(settings.seed);
  const [x, y] = await dataOf(settings.data, dataFolder);
  const classes = (await y.max().item()) + 1;
  const architecture = { features: x.shape[1]!, hidden: settings.hidden, classes };
  const model = network(architecture);
  const { epochs, batchSize, lr, seed } = settings;
  model.compile({ optimizer: { name: 'adam', lr }, loss: 'crossEntropy', metrics: ['accuracy'] });
  const { aborted, history } = await model.fit(x, y, {
    ...{ epochs, batchSize, seed, signal, verbose: 0 },
    callbacks: [
      new callbacks.Lambda({ onEpochEnd: (epoch, logs) => told(epoch, { ...logs }) }),
      new callbacks.TerminateOnNaN(),
      new callbacks.BackupAndRestore(join(folder, 'backup')),
    ],
  });
  // Weights that are NaN answer nothing; the training has ended early.
  if (!Number.isFinite(history['loss']?.at(-1) ?? 0))
    throw new Error('the loss became NaN or infinite; try a smaller lr, or scale x');
  return { architecture, model, aborted };
}
