/** @file The trainer: Keras's verbs for any module. */
import { isOptions, readOptions, type Values } from '../core/arguments';
import { isFloat } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { numbers } from '../core/params';
import { Generator } from '../core/random';
import { withGenerator } from '../core/random-state';
import { describe } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { type DataLoader } from '../data/loader';
import { Module } from '../nn/module';
import { type AnyOptimizer } from '../optim/lr/base';
import { type Callback } from './callbacks/callback';
import { runEvaluate, runPredict } from './passes';
import { runFit } from './fit';
import { Heads } from './heads';
import { type History, type Logs, Means, type StepValues } from './logs';
import { keepModes } from '../nn/modes';
import { optimizerOf } from './optimizers';
import {
  type CompileOptions,
  compileSpec,
  type EvaluateOptions,
  evaluateSpec,
  type FitOptions,
  fitSpec,
  type PassOptions,
  predictSpec,
  type Schedule,
} from './settings';
import { type Batch, type Data, givesTargets, type Targets, toBatch } from './source';
import { type StepSettings, Stepper } from './stepper';
import { type SummaryOptions } from './summary';
import { type Arrays, type ArrayLike, onDevice, type Placement, rowsOf, type Tensors } from './tensors';

/** What the data of `fit` and `evaluate` may be followed by. */
type Rest<O> = [options?: O] | [y: Arrays | undefined, options?: O];

/**
 * Trains a module: `fit`, `evaluate`, `predict` and `trainOnBatch`, as Keras has them. Steps of one's own override
 * {@link trainStep}.
 */
export class Trainer<M extends Module = Module> {
  readonly model: M;
  /** Set by callbacks: no further epoch begins, and this one ends after the current step. */
  stopTraining = false;
  /** The schedule of the `fit` under way, if it has one. */
  schedule: Schedule | undefined;
  /** @internal The epochs that a training before this one completed; see {@link resume}. */
  before: Pick<History, 'epoch' | 'history'> | undefined;
  /** @internal Of the `fit` under way, as they are told of events. */
  callbacks: readonly Callback[] = [];
  /** @internal Its settings. */
  settings: Values<typeof fitSpec> | undefined;
  /** @internal What {@link compile} was given. */
  compiledWith: CompileOptions = {};
  /** @internal What gives its batches, if a DataLoader does. */
  loader: DataLoader<unknown, unknown> | undefined;
  /** @internal Those of the call under way. */
  heads: Heads | undefined;
  /** @internal */
  stepper = new Stepper();
  #optimizer: AnyOptimizer | undefined;
  #fitting = false;

  /** @param options - as for {@link compile}; without any, a step of one's own is needed to train */
  constructor(model: M, options?: CompileOptions) {
    if (!(model instanceof Module)) throw new ArgumentError(`[Trainer] expected a module, got ${describe(model)}`);
    this.model = model;
    if (options !== undefined) this.compile(options);
  }

  /** Says with what the model is trained. The optimizer starts afresh. */
  compile(options: CompileOptions): this {
    const given = readOptions('compile', compileSpec, options);
    const { optimizer, loss, lossWeights, metrics } = given;
    if (loss === undefined && (lossWeights !== undefined || metrics !== undefined))
      throw new ArgumentError('[compile] lossWeights and metrics need a loss');
    const heads = loss === undefined ? undefined : Heads.of('compile', loss, lossWeights, metrics ?? []);
    const wanted = optimizer ?? (loss === undefined ? undefined : 'adam');
    this.#optimizer = wanted === undefined ? undefined : optimizerOf('compile', wanted, this.model.parameters());
    this.heads = heads;
    this.compiledWith = given;
    return this;
  }

  /**
   * From `onTrainBegin` of a callback that has put model and optimizer where another `fit` was: the epochs that it had
   * completed count as those of this one, which goes on behind them.
   */
  resume(before: Pick<History, 'epoch' | 'history'>): void {
    if (!isOptions(before) || !isOptions(before.history))
      throw new ArgumentError(`[resume] expected { epoch, history }, got ${describe(before)}`);
    const list = (name: string, v: unknown): number[] => numbers.check('resume', name, v).slice();
    const logs = Object.entries(before.history).map(([name, v]) => [name, list(`history.${name}`, v)] as const);
    this.before = { epoch: list('epoch', before.epoch), history: Object.fromEntries(logs) };
  }

  /** Whether {@link compile} has been called. */
  get compiled(): boolean {
    return this.heads !== undefined || this.#optimizer !== undefined;
  }

  /** What changes the model's weights. */
  get optimizer(): AnyOptimizer {
    if (!this.#optimizer) throw new ArgumentError('[Trainer] has no optimizer; compile({ optimizer, loss }) first');
    return this.#optimizer;
  }

  /** @internal The same, undefined without one: steps of one's own may have others. */
  get optimizerIfAny(): AnyOptimizer | undefined {
    return this.#optimizer;
  }

  // --- one step, to be overridden -----------------------------------------------------------------------------------

  /**
   * Trains on one batch. Returns means over its examples by name; they are read at the end of the epoch. May be
   * overridden, as a synchronous or an asynchronous function.
   */
  trainStep([x, y, sampleWeight]: Batch): StepValues | Promise<StepValues> {
    const prediction = this.call(x);
    const losses = this.losses(prediction, y, sampleWeight);
    this.minimize(losses.loss, rowsOf('trainStep', x));
    this.measure(prediction, y);
    return losses;
  }

  /** Evaluates one batch, without gradients and in evaluation mode. Synchronous. */
  testStep([x, y, sampleWeight]: Batch): StepValues {
    const prediction = this.call(x);
    this.measure(prediction, y);
    return this.losses(prediction, y, sampleWeight);
  }

  /** The model's output: a list of inputs is passed as arguments, a record as one. */
  call(x: Tensors): Tensors {
    return (Array.isArray(x) ? this.model.forward(...x) : this.model.forward(x)) as Tensors;
  }

  /** The loss of a batch as compiled, and, of several outputs, each of theirs. */
  protected losses(prediction: Tensors, y: Tensors | undefined, sampleWeight?: Tensor): { loss: Tensor } & StepValues {
    if (!this.heads || y === undefined)
      throw new ArgumentError(
        `[Trainer] ${this.heads ? 'the loss needs targets' : 'has no loss'}; compile({ loss }), or override trainStep and testStep`,
      );
    return this.heads.losses('fit', prediction, y, sampleWeight);
  }

  /** Takes a batch into the metrics. */
  protected measure(prediction: Tensors, y: Tensors | undefined): void {
    if (y !== undefined) this.heads?.measure('fit', prediction, y);
  }

  /** Gradients of `loss` and a step of the optimizer, with `accumulate`, `clipNorm` and `clipValue` of `fit`. */
  protected minimize(loss: Tensor, examples = 1, optimizer = this.optimizer): void {
    this.stepper.minimize(loss, examples, optimizer);
  }

  // --- the verbs ----------------------------------------------------------------------------------------------------

  /**
   * Trains for some epochs. Ends early, and resolves, when the signal aborts or a callback sets {@link stopTraining}.
   * @param data - examples in arrays, followed by targets; a dataset; a DataLoader or whatever gives batches
   */
  fit(data: Data, options?: FitOptions): Promise<History>;
  fit(x: Data, y: Arrays | undefined, options?: FitOptions): Promise<History>;
  async fit(data: Data, ...rest: Rest<FitOptions>): Promise<History> {
    const [y, given] = split<FitOptions>(data, rest);
    const options = readOptions('fit', fitSpec, given as object);
    if (this.#fitting) throw new ArgumentError('[fit] this trainer is fitting already; wait for it', 'ERR_BUSY');
    this.#fitting = true;
    const restore = keepModes(this.model);
    try {
      const run = (): Promise<History> => runFit(this, data, y, options);
      return await (options.seed === undefined ? run() : withGenerator(new Generator(options.seed), run));
    } finally {
      this.stepper = new Stepper();
      restore();
      this.#fitting = false;
    }
  }

  /** Loss and metrics over all examples, by name, with dropout off and running statistics. */
  evaluate(data: Data, options?: EvaluateOptions): Promise<Logs>;
  evaluate(x: Data, y: Arrays | undefined, options?: EvaluateOptions): Promise<Logs>;
  async evaluate(data: Data, ...rest: Rest<EvaluateOptions>): Promise<Logs> {
    const [y, given] = split<EvaluateOptions>(data, rest);
    return runEvaluate(this, data, y, readOptions('evaluate', evaluateSpec, given as object));
  }

  /** The model's outputs for all examples, in order, with dropout off and running statistics. Targets are left out. */
  predict(x: Data, options?: PassOptions): Promise<Tensor>;
  predict<R extends Tensors>(x: Data, options?: PassOptions): Promise<R>;
  async predict(x: Data, options?: PassOptions): Promise<Tensors> {
    return runPredict(this, x, readOptions('predict', predictSpec, options as object));
  }

  /** One step on one batch: its loss and metrics. */
  async trainOnBatch(x: Arrays, y?: Arrays, options?: { sampleWeight?: ArrayLike | undefined }): Promise<Logs> {
    const batch = this.#oneBatch('trainOnBatch', x, y, options);
    const heads = this.heads?.fresh();
    const means = new Means();
    const restore = keepModes(this.model);
    this.model.train();
    try {
      means.add('trainStep', await this.withHeads(heads, () => this.trainStep(batch)), 1);
    } finally {
      restore();
    }
    await this.stepper.check();
    return { ...(await means.read()), ...(await heads?.read()) };
  }

  /** Loss and metrics of one batch. */
  async testOnBatch(x: Arrays, y?: Arrays, options?: { sampleWeight?: ArrayLike | undefined }): Promise<Logs> {
    const batch = this.#oneBatch('testOnBatch', x, y, options);
    return runEvaluate(this, [batch], undefined, readOptions('testOnBatch', evaluateSpec, undefined));
  }

  /** Prints Keras's table of layers, output shapes and numbers of parameters. */
  summary(options?: SummaryOptions): void {
    this.model.summary(options);
  }

  // --- for the loops ------------------------------------------------------------------------------------------------

  /** @internal Runs `fn` with these losses and metrics in place; when it has ended, the others are back. */
  withHeads<R>(heads: Heads | undefined, fn: () => R): R {
    const before = this.heads;
    const restore = (): void => void (this.heads = before);
    this.heads = heads;
    let pending = false;
    try {
      const result = fn();
      if (!(result instanceof Promise)) return result;
      pending = true;
      return result.finally(restore) as R;
    } finally {
      if (!pending) restore();
    }
  }

  /** @internal */
  startSteps(settings: StepSettings, stepped: (optimizer: AnyOptimizer) => void): void {
    this.stepper = new Stepper(settings, stepped);
  }

  /** @internal Whether batches need targets. */
  get targets(): Targets {
    const own = this.trainStep !== Trainer.prototype.trainStep;
    return this.heads && !own ? 'needed' : 'optional';
  }

  /** @internal Where arrays are put: where the model is. */
  placement(): Placement {
    const p = this.model.parameters()[0] ?? this.model.buffers()[0];
    return { device: p?.device ?? 'cpu', dtype: p && isFloat(p.dtype) ? p.dtype : 'float32' };
  }

  /** @internal The batch where the model is. */
  placed([x, y, w]: Batch, device: string): Batch {
    return [onDevice(x, device), y && onDevice(y, device), w && (onDevice(w, device) as Tensor)];
  }

  #oneBatch(
    op: string,
    x: Arrays,
    y: Arrays | undefined,
    options: { sampleWeight?: ArrayLike | undefined } = {},
  ): Batch {
    const { sampleWeight } = readOptions(op, { sampleWeight: evaluateSpec.sampleWeight }, options);
    const where = this.placement();
    return this.placed(toBatch(op, [x, y, sampleWeight], where, this.targets), where.device);
  }
}

/** What follows the data: targets and options, or options. */
function split<O>(data: Data, rest: readonly unknown[]): [y: Arrays | undefined, options: O | undefined] {
  if (rest.length < 2 && givesTargets(data)) return [undefined, rest[0] as O];
  return [rest[0] as Arrays, rest[1] as O];
}

/** A trainer of `model`: `ng.trainer(net, { optimizer: 'adam', loss: 'crossEntropy', metrics: ['accuracy'] })`. */
export const trainer = <M extends Module>(model: M, options?: CompileOptions): Trainer<M> =>
  new Trainer(model, options);
