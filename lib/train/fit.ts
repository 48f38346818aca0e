/** @file `fit`: a loop over batches, with validation, events and a history. */
import { type Values } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';
import { type AnyOptimizer } from '../optim/lr/base';
import { CyclicLR, OneCycleLR } from '../optim/lr/cycle';
import { ReduceLROnPlateau } from '../optim/lr/plateau';
import { Events } from './callbacks/callback';
import { ProgressBar } from './callbacks/progress-bar';
import { weighted } from './class-weight';
import { Feed } from './feed';
import { type History, type Logs, Means } from './logs';
import { test, verbosityOf } from './passes';
import { type fitSpec, type Schedule } from './settings';
import {
  type Batch,
  type Batches,
  type Batching,
  examplesOf,
  fromBatches,
  fromDataset,
  givesTargets,
  isDataset,
  pairOrBatches,
  type Source,
  splitLast,
} from './source';
import { rowsOf } from './tensors';
import type { Trainer } from './trainer';
import { Watch } from './watch';

type Options = Values<typeof fitSpec>;

/** What is trained on, and what is validated on. */
interface FitData {
  source: Source;
  validation: Source | undefined;
}

function dataOf(trainer: Trainer, x: unknown, y: unknown, o: Options): FitData {
  const how: Batching = { ...trainer.placement(), batchSize: o.batchSize, shuffle: o.shuffle ?? true };
  const batchSize = o.validationBatchSize ?? o.batchSize;
  const inOrder: Batching = { ...how, batchSize, shuffle: undefined };
  if (o.validationData !== undefined && o.validationSplit > 0)
    throw new ArgumentError('[fit] takes validationSplit or validationData, not both');
  const { targets } = trainer;
  const given = o.validationData;
  const comesInBatches = given !== undefined && !Array.isArray(given) && !isDataset(given) && givesTargets(given);
  const validation =
    given === undefined
      ? undefined
      : pairOrBatches(
          'fit',
          'validationData',
          given,
          comesInBatches ? { ...inOrder, batchSize: o.validationBatchSize } : inOrder,
          targets,
        );
  if (givesTargets(x) && !isDataset(x)) {
    const refused = Object.entries({
      y,
      sampleWeight: o.sampleWeight,
      shuffle: o.shuffle,
      validationSplit: o.validationSplit || undefined,
    });
    for (const [name, value] of refused)
      if (value !== undefined)
        throw new ArgumentError(`[fit] ${name} is for arrays and datasets, and this data comes in batches`);
    return { source: fromBatches('fit', x as Batches, how, targets), validation };
  }
  if (isDataset(x) && (y !== undefined || o.sampleWeight !== undefined))
    throw new ArgumentError(`[fit] ${y !== undefined ? 'y' : 'sampleWeight'} is for arrays; a dataset gives its own`);
  if (!isDataset(x) && y === undefined && targets === 'needed')
    throw new ArgumentError('[fit] y is missing; without it, x must be a dataset, a DataLoader or batches [x, y]');
  const all = isDataset(x) ? x : examplesOf('fit', x, y, o.sampleWeight, how);
  if (o.validationSplit === 0) return { source: fromDataset('fit', all, how, targets), validation };
  const [train, last] = splitLast('fit', all, o.validationSplit);
  return { source: fromDataset('fit', train, how, targets), validation: fromDataset('fit', last, inOrder, targets) };
}

const capital = (s: string): string => s[0]!.toUpperCase() + s.slice(1);

function isDue(freq: number | readonly number[], epoch: number): boolean {
  return typeof freq === 'number' ? (epoch + 1) % freq === 0 : freq.includes(epoch + 1);
}

/** Schedules whose unit is the step of the optimizer; the others count epochs. */
const perStep = (s: Schedule | undefined): boolean => s instanceof OneCycleLR || s instanceof CyclicLR;

function scheduleOf(made: unknown): Schedule {
  if (typeof (made as Schedule | null | undefined)?.step === 'function') return made as Schedule;
  throw new ArgumentError(`[fit] schedule must return a schedule, which has step(), got ${describe(made)}`);
}

/** Trains. What it was given is checked; modes and steppers are put back by the caller. */
export async function runFit(trainer: Trainer, x: unknown, y: unknown, o: Options): Promise<History> {
  const { source, validation } = dataOf(trainer, x, y, o);
  const schedule = o.schedule && scheduleOf(o.schedule(trainer.optimizer));
  trainer.schedule = schedule;
  trainer.before = undefined;
  const stepped = perStep(schedule) ? (_: AnyOptimizer): void => schedule!.step() : undefined;
  trainer.startSteps(o, stepped ?? ((): void => {}));
  trainer.stopTraining = false;

  const verbose = verbosityOf(o.verbose);
  const listed = o.callbacks.some((c) => c instanceof ProgressBar);
  const events = new Events([...o.callbacks, ...(verbose > 0 && !listed ? [new ProgressBar()] : [])], trainer, {
    epochs: o.epochs,
    steps: o.stepsPerEpoch ?? source.batches,
    examples: o.stepsPerEpoch === undefined ? source.examples : undefined,
    verbose,
  });
  trainer.callbacks = events.callbacks;
  trainer.loader = source.loader;
  trainer.settings = o;
  const history: History = { epoch: [], history: {}, aborted: false };
  const feed = new Feed('fit', source, o.stepsPerEpoch);
  const aborted = (): boolean => (history.aborted = o.signal?.aborted === true);

  const goesOn = (epoch: number): boolean => epoch < o.epochs && !aborted() && !trainer.stopTraining;

  let logs: Logs = {};
  try {
    await events.begin();
    if (trainer.before) Object.assign(history, trainer.before);
    for (let epoch = (history.epoch.at(-1) ?? o.initialEpoch - 1) + 1; goesOn(epoch); epoch++) {
      trainer.heads?.reset();
      trainer.model.train();
      await events.fire('onEpochBegin', epoch, {});
      const means = await runEpoch(trainer, feed, events, o, aborted);
      if (history.aborted) break;
      logs = { ...(await means.read()), ...(await trainer.heads?.read()) };
      await trainer.stepper.check();
      if (validation && isDue(o.validationFreq, epoch)) {
        const tested = await test(trainer, { source: validation, steps: o.validationSteps, signal: o.signal, events });
        if (aborted() || !tested) break;
        for (const [name, value] of Object.entries(tested)) logs[`val${capital(name)}`] = value;
      }
      if (schedule instanceof ReduceLROnPlateau) schedule.step(logs['valLoss'] ?? logs['loss']);
      else if (!stepped) schedule?.step();
      await events.fire('onEpochEnd', epoch, logs);
      history.epoch.push(epoch);
      for (const [name, value] of Object.entries(logs)) (history.history[name] ??= []).push(value);
    }
    await events.fire('onTrainEnd', logs);
  } catch (error) {
    trainer.stepper.drop();
    await events.failed('fit', error);
    // What the data throws when it is closed is no news.
    await feed.close().catch(() => {});
    throw error;
  }
  await feed.close();
  return history;
}

async function runEpoch(
  trainer: Trainer,
  feed: Feed,
  events: Events,
  { classWeight }: Options,
  aborted: () => boolean,
): Promise<Means> {
  const means = new Means();
  const { device } = trainer.placement();
  const told = { begin: events.has('onTrainBatchBegin'), end: events.has('onTrainBatchEnd') };
  const meansNow = async (): Promise<Logs> => ({ ...(await means.read()), ...(await trainer.heads?.read()) });
  const watch = new Watch(() => Promise.all([means.read(), trainer.stepper.check()]));
  let step = 0;
  for await (const given of feed.epoch()) {
    if (aborted()) break;
    if (told.begin) await events.fire('onTrainBatchBegin', step, {});
    const placed = trainer.placed(given, device);
    const batch: Batch = classWeight ? weighted(placed, classWeight) : placed;
    const size = rowsOf('fit', batch[0]);
    const pending = trainer.trainStep(batch);
    const values = pending instanceof Promise ? await pending : pending;
    means.add('trainStep', values, size);
    if (told.end) await events.fire('onTrainBatchEnd', step, { size, batch, values, means: meansNow });
    step++;
    if (aborted() || trainer.stopTraining) break;
    watch.look();
  }
  trainer.stepper.flush();
  return means;
}
