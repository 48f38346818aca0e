/** @file Settings of `compile`, `fit`, `evaluate` and `predict`, as the reader takes them. */
import { isOptions, type Spec } from '../core/arguments';
import { boolean, either, fn, instance, integer, integers, number, Param, positive } from '../core/params';
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';
import { type AnyOptimizer } from '../optim/lr/base';
import { Callback } from './callbacks/callback';
import { type MetricsLike, type PerOutput } from './heads';
import { type LossLike } from './losses';
import { type OptimizerLike } from './optimizers';
import { type Data } from './source';
import { type ArrayLike, type Arrays } from './tensors';

/** What a model is trained with. */
export interface CompileOptions {
  /** Default `'adam'` in training; made of the model's parameters when it is compiled. */
  optimizer?: OptimizerLike | undefined;
  /** Of the only output, or for each of several in a list or by name; their sum is trained. */
  loss?: PerOutput<LossLike> | undefined;
  /** What each of several losses counts for in the sum. Default 1. */
  lossWeights?: PerOutput<number> | undefined;
  /** Beside the loss, in logs and in the history. Default none. */
  metrics?: MetricsLike | undefined;
}

/** 0: silent; 1: a progress bar; 2: a line per epoch; `'auto'`: a bar on a terminal, lines elsewhere. */
export type Verbosity = 0 | 1 | 2 | 'auto';

/** Validation data: arrays, or whatever gives batches. */
export type ValidationData = readonly [x: Arrays, y: Arrays, sampleWeight?: ArrayLike] | Data;

/** What a schedule must be able to do; those of `ng.optim.lrScheduler` can. */
export interface Schedule {
  step(metric?: number): void;
}

/** What ends a pass: an `AbortSignal` of `new AbortController()`. */
export interface StopSignal {
  readonly aborted: boolean;
  throwIfAborted(): void;
}

/** Settings of `evaluate` and `predict`. */
export interface PassOptions {
  /** Examples per batch, default 32. Not for data that comes in batches. */
  batchSize?: number | undefined;
  /** End after that many batches. */
  steps?: number | undefined;
  callbacks?: readonly Callback[] | undefined;
  /** Ends the pass, which then throws the signal's reason. */
  signal?: StopSignal | undefined;
  /** Default 0: silent. */
  verbose?: Verbosity | undefined;
}

/** Settings of `evaluate`. */
export interface EvaluateOptions extends PassOptions {
  /** Factors for the losses of the examples. */
  sampleWeight?: ArrayLike | undefined;
}

/** Settings of `fit`. */
export interface FitOptions {
  /** The number at which epochs end, default 1. */
  epochs?: number | undefined;
  /** Examples per batch, default 32. Not for data that comes in batches. */
  batchSize?: number | undefined;
  /** Default `'auto'`. */
  verbose?: Verbosity | undefined;
  callbacks?: readonly Callback[] | undefined;
  /** The share of the examples, the last ones, taken before shuffling, that is not trained on. Default 0. */
  validationSplit?: number | undefined;
  validationData?: ValidationData | undefined;
  /** End validation after that many batches. */
  validationSteps?: number | undefined;
  /** Default: `batchSize`. */
  validationBatchSize?: number | undefined;
  /** Validate every that many epochs (default 1), or after the epochs of these numbers, counted from 1. */
  validationFreq?: number | readonly number[] | undefined;
  /** In another order each epoch. Default true; not for data that comes in batches. */
  shuffle?: boolean | undefined;
  /** Everything drawn in this training (order, dropout, ...) depends on it, and on nothing that runs beside it. */
  seed?: number | undefined;
  /** Factors for the losses of the examples of a class, 1 for classes not named. */
  classWeight?: Readonly<Record<number, number>> | undefined;
  /** Factors for the losses of the examples, or of their positions. */
  sampleWeight?: ArrayLike | undefined;
  /** The number of the first epoch, default 0. */
  initialEpoch?: number | undefined;
  /** Batches per epoch; the next epoch goes on where this one stopped. Default: all. */
  stepsPerEpoch?: number | undefined;
  /** Batches per step of the optimizer, default 1: their gradients are averaged over the examples. */
  accumulate?: number | undefined;
  /** The largest norm of all gradients as one vector. */
  clipNorm?: number | undefined;
  /** The largest absolute value in a gradient. */
  clipValue?: number | undefined;
  /** Makes a schedule, which is stepped after each epoch; OneCycleLR and CyclicLR after each step of the optimizer. */
  schedule?: ((optimizer: AnyOptimizer) => Schedule) | undefined;
  /** Ends the training after the current step; `fit` then resolves, with `aborted` in the history. */
  signal?: StopSignal | undefined;
  /** Whether steps may be recorded and replayed. Default true. */
  jit?: boolean | undefined;
}

const epochNumbers: Param<readonly number[]> = new Param('an array of epochs, counted from 1', (v, op, name) => {
  const list = integers.check(op, name, v);
  if (list.every((n) => n >= 1)) return list;
  throw new ArgumentError(`[${op}] ${name} must be numbers of epochs, counted from 1, got ${list.join(', ')}`);
});
const whatever = <T>(kind: string): Param<T> => new Param<T>(kind, (v) => v as T);
const callbacks: Param<readonly Callback[]> = new Param('an array of callbacks', (v, op) => {
  if (Array.isArray(v) && v.every((c) => c instanceof Callback)) return v as Callback[];
  throw new ArgumentError(`[${op}] callbacks must be an array of ng.callbacks.Callback, got ${describe(v)}`);
});
const verbosity: Param<Verbosity> = new Param("0, 1, 2 or 'auto'", (v, op) => {
  if (v === 0 || v === 1 || v === 2 || v === 'auto') return v;
  throw new ArgumentError(
    `[${op}] verbose must be 0 (silent), 1 (a bar), 2 (a line per epoch) or 'auto', got ${describe(v)}`,
  );
});
/** What takes a signal. */
export const signal = instance<StopSignal>('an AbortSignal', AbortSignal).optional();
const classWeight: Param<Readonly<Record<number, number>>> = new Param(
  'a factor for each class by its number',
  (v, op) => {
    const entries = isOptions(v) ? Object.entries(v as Record<string, unknown>) : undefined;
    if (entries?.every(([key, w]) => /^\d+$/.test(key) && typeof w === 'number' && w >= 0))
      return v as Record<number, number>;
    throw new ArgumentError(
      `[${op}] classWeight must be factors by the number of the class ({ 0: 1, 1: 5 }), got ${describe(v)}`,
    );
  },
);

export const compileSpec: Spec<CompileOptions> = {
  optimizer: whatever<OptimizerLike>('an optimizer').optional(),
  loss: whatever<PerOutput<LossLike>>('a loss').optional(),
  lossWeights: whatever<PerOutput<number>>('factors of losses').optional(),
  metrics: whatever<MetricsLike>('metrics').optional(),
};

const passSpec = {
  batchSize: positive.optional(),
  steps: positive.optional(),
  callbacks: callbacks.or([] as readonly Callback[]),
  signal,
  verbose: verbosity.or(0 as const),
};
export const predictSpec = passSpec;
export const evaluateSpec = { ...passSpec, sampleWeight: whatever<ArrayLike>('weights of the examples').optional() };

export const fitSpec = {
  epochs: integer({ least: 0 }).or(1),
  batchSize: positive.optional(),
  verbose: verbosity.or('auto' as const),
  callbacks: callbacks.or([] as readonly Callback[]),
  validationSplit: number({ least: 0, below: 1 }).or(0),
  validationData: whatever<ValidationData>('data').optional(),
  validationSteps: positive.optional(),
  validationBatchSize: positive.optional(),
  validationFreq: either<[number, readonly number[]]>(positive, epochNumbers).or(1),
  shuffle: boolean.optional(),
  seed: integer().optional(),
  classWeight: classWeight.optional(),
  sampleWeight: whatever<ArrayLike>('weights of the examples').optional(),
  initialEpoch: integer({ least: 0 }).or(0),
  stepsPerEpoch: positive.optional(),
  accumulate: positive.or(1),
  clipNorm: number({ above: 0 }).optional(),
  clipValue: number({ above: 0 }).optional(),
  schedule: fn<(optimizer: AnyOptimizer) => Schedule>().optional(),
  signal,
  jit: boolean.or(true),
};
