/** @file `ng.batcher`: many callers with one example each, one model that is quickest with many at once. */
import { isOptions, readOptions, type Spec } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { boolean, number, oneOf, Param, positive } from '../core/params';
import { checkShape, describe, type Shape } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { type NestedNumbers } from '../ops/tensors/read';
import { type TypedArray } from '../core/dtype';
import { Module } from '../nn/module';
import { signal, type StopSignal } from '../train/settings';
import { type Arrays } from '../train/tensors';
import { type OutputKind } from './answers';
import { formOf, type InputShapes } from './example';
import { Requests } from './requests';
import { type BatcherStats } from './stats';

/** Settings of {@link batcher}. */
export interface BatcherOptions<K extends OutputKind = OutputKind> {
  /** A batch begins when that many examples wait. Default 64. */
  maxBatchSize?: number | undefined;
  /** Or when the first of them has waited that long, in ms. Default 2; 0: whatever came in one turn of the event loop. */
  maxDelayMs?: number | undefined;
  /** So many may wait; further ones are rejected with `ERR_OVERLOADED`. Default 1024. */
  maxQueue?: number | undefined;
  /**
   * As what answers come: `'tensor'`, `'array'` (nested arrays, ready for JSON) or `'data'` (a typed array each). The last
   * two wait for nothing but their batch, a tensor's values are read in the order of what the device has to do. Default
   * `'tensor'`.
   */
  output?: K | undefined;
  /**
   * Answer before what else the CPU has to do, a training in this process above all: from a copy of the model on `cpu:1`, with
   * its weights of now (or of when it was given to `swap`). Default false: from the model itself, in its turn.
   */
  priority?: boolean | undefined;
  /** The shape of an example (of several inputs: in a list or by name). Default: that of the first one that is answered. */
  inputShape?: InputShapes | undefined;
  /** Closes the batcher: `close()`. */
  signal?: StopSignal | undefined;
}

/** What may be said with one example. */
export interface PredictOptions {
  /** Ends the wait, with the signal's reason. */
  signal?: StopSignal | undefined;
}

/** How a batcher ends. */
export interface BatcherCloseOptions {
  /** Answer what waits. Default false: reject it with `ERR_CLOSED`. */
  drain?: boolean | undefined;
}

/** One output of a kind. */
interface OutputOf {
  tensor: Tensor;
  array: NestedNumbers;
  data: TypedArray;
}
type Several<T> = T | T[] | { [name: string]: T };

/** Answers single examples in batches; see {@link batcher}. */
export interface Batcher<T = Tensor> {
  (x: Arrays, options?: PredictOptions): Promise<T>;
  /** Which answer it is may be said, where it is not one output: `predict<{ a: Tensor; b: Tensor }>(x)`. */
  <R extends Several<T>>(x: Arrays, options?: PredictOptions): Promise<R>;
  /**
   * Lets `model` answer from the next batch on; the batch under way is finished by the one before. With `priority`, when the
   * copy is there, for which one may wait; the one before answers until then.
   */
  swap(model: Module): PromiseLike<void>;
  /** What it has done so far. */
  stats(): BatcherStats;
  /**
   * Takes no more examples: later calls are rejected with `ERR_CLOSED`. The batch under way is answered, what waits is
   * rejected or, with `drain`, answered at once. Resolves when nothing is left.
   */
  close(options?: BatcherCloseOptions): Promise<void>;
}

interface Settings {
  maxBatchSize: number;
  maxDelayMs: number;
  maxQueue: number;
  output: OutputKind;
  priority: boolean;
  inputShape: InputShapes | undefined;
  signal: StopSignal | undefined;
}

const isShape = (v: unknown): v is Shape => Array.isArray(v) && v.every((d) => typeof d === 'number');
const inputShape = new Param<InputShapes>('a shape, or a list or record of shapes', (v, op) => {
  const list: unknown[] = isShape(v) ? [v] : Array.isArray(v) ? v : isOptions(v) ? Object.values(v) : [];
  if (list.length === 0) throw new ArgumentError(`[${op}] inputShape must be a shape, or several, got ${describe(v)}`);
  for (const s of list) checkShape(op, s);
  return v as InputShapes;
});
const spec: Spec<Settings> = {
  maxBatchSize: positive.or(64),
  maxDelayMs: number({ least: 0, most: 60_000 }).or(2),
  maxQueue: positive.or(1024),
  output: oneOf<OutputKind>('tensor', 'array', 'data').or('tensor'),
  priority: boolean.or(false),
  inputShape: inputShape.optional(),
  signal,
};
const predictSpec = { signal };
const closeSpec = { drain: boolean.or(false) };

function needModule(v: unknown): asserts v is Module {
  if (!(v instanceof Module)) throw new ArgumentError(`[batcher] expected a module, got ${describe(v)}`);
}

/**
 * A function that answers single examples and gathers them into batches. The model evaluates without gradients, and whoever
 * trains it meanwhile notices nothing; an answer is that of one model with the weights of one moment. An example that does
 * not fit is rejected alone; an error of the model rejects its batch. A request that waits keeps the process alive, an idle
 * batcher does not.
 *
 * The promise rejects with a ShapeError, DTypeError or ArgumentError for an example that is none or is unlike the first one;
 * with `ERR_OVERLOADED` while `maxQueue` examples wait; with `ERR_CLOSED` after `close()`; with the reason of the signal.
 *
 * @example
 * const predict = ng.batcher(model, { maxBatchSize: 64, maxDelayMs: 2, output: 'array' });
 * app.post('/predict', async (request) => predict(request.body));
 */
export function batcher<K extends OutputKind = 'tensor'>(
  model: Module,
  options?: BatcherOptions<K>,
): Batcher<OutputOf[K]> {
  needModule(model);
  const { signal: given, inputShape, ...how } = readOptions<Settings>('batcher', spec, options);
  const signal = given as AbortSignal | undefined;
  const requests = new Requests(model, { ...how, form: inputShape && formOf(inputShape) });
  const closed = (): void => void requests.close(false, signal?.reason);
  if (signal?.aborted) closed();
  else signal?.addEventListener('abort', closed, { once: true });
  const predict = async (x: unknown, asked?: PredictOptions): Promise<unknown> =>
    requests.ask(x, readOptions('batcher', predictSpec, asked).signal as AbortSignal | undefined);
  return Object.assign(predict, {
    swap: (next: Module) => {
      needModule(next);
      return requests.swap(next);
    },
    stats: () => requests.stats(),
    close: (asked?: BatcherCloseOptions) => {
      const { drain } = readOptions('close', closeSpec, asked);
      signal?.removeEventListener('abort', closed);
      return requests.close(drain);
    },
  }) as Batcher<OutputOf[K]>;
}
