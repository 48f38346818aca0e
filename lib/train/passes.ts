/** @file Going through data once, without training: `evaluate` and `predict`. */
import { noGrad } from '../core/grad-mode';
import { type Values } from '../core/arguments';
import { type Tensor } from '../core/tensor';
import { cat } from '../ops/shape/joining';
import { Events, type TrainingParams } from './callbacks/callback';
import { ProgressBar } from './callbacks/progress-bar';
import { Feed } from './feed';
import { type Heads } from './heads';
import { type Logs, Means } from './logs';
import { evaluating } from '../nn/modes';
import { type evaluateSpec, type predictSpec, type Verbosity, type StopSignal } from './settings';
import { type Source, sourceOf } from './source';
import { like, listOf, rowsOf, type Tensors } from './tensors';
import type { Trainer } from './trainer';

type Options = Values<typeof predictSpec>;

/** What `'auto'` means here. */
export const verbosityOf = (verbose: Verbosity): 0 | 1 | 2 =>
  verbose === 'auto' ? (process.stdout.isTTY ? 1 : 2) : verbose;

function eventsOf(trainer: Trainer, o: Options, source: Source): Events {
  const verbose = verbosityOf(o.verbose);
  const params: TrainingParams = {
    epochs: 1,
    steps: o.steps ?? source.batches,
    examples: o.steps === undefined ? source.examples : undefined,
    verbose,
  };
  return new Events([...o.callbacks, ...(verbose > 0 ? [new ProgressBar()] : [])], trainer, params);
}

/** What one pass of evaluation needs. */
interface Test {
  source: Source;
  steps: number | undefined;
  signal: StopSignal | undefined;
  events: Events;
}

/** Loss and metrics of the batches; undefined if the signal ended it. */
export async function test(trainer: Trainer, { source, steps, signal, events }: Test): Promise<Logs | undefined> {
  const heads: Heads | undefined = trainer.heads?.fresh();
  const means = new Means();
  const { device } = trainer.placement();
  const feed = new Feed('evaluate', source, steps);
  let batch = 0;
  await events.fire('onTestBegin', {});
  try {
    for await (const given of feed.epoch()) {
      if (signal?.aborted) return undefined;
      if (events.has('onTestBatchBegin')) await events.fire('onTestBatchBegin', batch, {});
      const size = rowsOf('evaluate', given[0]);
      const placed = trainer.placed(given, device);
      const values = evaluating(trainer.model, () =>
        trainer.withHeads(heads, () => noGrad(() => trainer.testStep(placed))),
      );
      means.add('testStep', values, size);
      if (events.has('onTestBatchEnd'))
        await events.fire('onTestBatchEnd', batch, {
          size,
          batch: placed,
          values,
          means: async () => ({ ...(await means.read()), ...(await heads?.read()) }),
        });
      batch++;
    }
  } finally {
    await feed.close();
  }
  const logs = { ...(await means.read()), ...(await heads?.read()) };
  await events.fire('onTestEnd', logs);
  return logs;
}

/** `evaluate`. */
export async function runEvaluate(
  trainer: Trainer,
  x: unknown,
  y: unknown,
  o: Options & Pick<Values<typeof evaluateSpec>, 'sampleWeight'>,
): Promise<Logs> {
  const how = { ...trainer.placement(), batchSize: o.batchSize, shuffle: undefined };
  const source = sourceOf('evaluate', x, y, o.sampleWeight, how, trainer.targets);
  o.signal?.throwIfAborted();
  const logs = await test(trainer, { source, steps: o.steps, signal: o.signal, events: eventsOf(trainer, o, source) });
  if (!logs) o.signal!.throwIfAborted();
  return logs!;
}

/** `predict`. */
export async function runPredict(trainer: Trainer, x: unknown, o: Options): Promise<Tensors> {
  const how = { ...trainer.placement(), batchSize: o.batchSize, shuffle: undefined };
  const source = sourceOf('predict', x, undefined, undefined, how, 'none');
  const events = eventsOf(trainer, o, source);
  const feed = new Feed('predict', source, o.steps);
  const outputs: Tensors[] = [];
  o.signal?.throwIfAborted();
  await events.fire('onPredictBegin', {});
  try {
    for await (const given of feed.epoch()) {
      o.signal?.throwIfAborted();
      const batch = outputs.length;
      if (events.has('onPredictBatchBegin')) await events.fire('onPredictBatchBegin', batch, {});
      const placed = trainer.placed(given, how.device);
      const [inputs] = placed;
      outputs.push(evaluating(trainer.model, () => noGrad(() => trainer.call(inputs))));
      const size = rowsOf('predict', inputs);
      if (events.has('onPredictBatchEnd'))
        await events.fire('onPredictBatchEnd', batch, {
          size,
          batch: placed,
          values: {},
          means: () => Promise.resolve({}),
        });
    }
  } finally {
    await feed.close();
  }
  await events.fire('onPredictEnd', {});
  return joined(outputs);
}

function joined(outputs: readonly Tensors[]): Tensors {
  const [first] = outputs as readonly [Tensors];
  if (outputs.length === 1) return first;
  const lists = outputs.map(listOf);
  return like(
    first,
    lists[0]!.map((_, i) =>
      cat(
        lists.map((l): Tensor => l[i]!),
        0,
      ),
    ),
  );
}
