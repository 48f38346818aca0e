/** @file Models with Keras's verbs: a module and its trainer. */
import { ArgumentError } from '../core/errors';
import { type Tensor } from '../core/tensor';
import { Module } from '../nn/module';
import { type AnyOptimizer } from '../optim/lr/base';
import { saveModel } from './architecture/file';
import { type History, type Logs } from './logs';
import { type CompileOptions, type EvaluateOptions, type FitOptions, type PassOptions } from './settings';
import { type Data } from './source';
import { type ArrayLike, type Arrays, type Tensors } from './tensors';
import { Trainer } from './trainer';

// Beside the models, not in them: copies of a model and files of its architecture are of what it computes.
const trainers = new WeakMap<Model, Trainer<Model>>();

/** A module that is compiled and fitted itself. What the verbs do is said at {@link Trainer}, which does it. */
export abstract class Model extends Module {
  /** What trains this model. */
  get trainer(): Trainer<this> {
    let own = trainers.get(this);
    if (!own) trainers.set(this, (own = new Trainer<Model>(this)));
    return own as Trainer<this>;
  }

  /** Says with what the model is trained; see {@link Trainer.compile}. */
  compile(options: CompileOptions): this {
    this.trainer.compile(options);
    return this;
  }

  /** The optimizer of {@link compile}. */
  get optimizer(): AnyOptimizer {
    return this.ready('optimizer').optimizer;
  }

  private ready(op: string): Trainer<this> {
    if (!this.trainer.compiled)
      throw new ArgumentError(
        `[${op}] the model has to be compiled first: model.compile({ optimizer, loss, metrics })`,
      );
    return this.trainer;
  }

  /** Writes architecture and weights into one file, which {@link loadModel} reads: {@link saveModel}. */
  save(path: string): Promise<void> {
    return saveModel(path, this);
  }

  /** Trains; see {@link Trainer.fit}. */
  fit(data: Data, options?: FitOptions): Promise<History>;
  fit(x: Data, y: Arrays | undefined, options?: FitOptions): Promise<History>;
  async fit(...args: [data: Data]): Promise<History> {
    return this.ready('fit').fit(...args);
  }

  /** Loss and metrics over all examples; see {@link Trainer.evaluate}. */
  evaluate(data: Data, options?: EvaluateOptions): Promise<Logs>;
  evaluate(x: Data, y: Arrays | undefined, options?: EvaluateOptions): Promise<Logs>;
  async evaluate(...args: [data: Data]): Promise<Logs> {
    return this.ready('evaluate').evaluate(...args);
  }

  /** Outputs for all examples; see {@link Trainer.predict}. Needs no {@link compile}. */
  predict(x: Data, options?: PassOptions): Promise<Tensor>;
  predict<R extends Tensors>(x: Data, options?: PassOptions): Promise<R>;
  predict(x: Data, options?: PassOptions): Promise<Tensors> {
    return this.trainer.predict<Tensors>(x, options);
  }

  /** One step on one batch; see {@link Trainer.trainOnBatch}. */
  async trainOnBatch(x: Arrays, y?: Arrays, options?: { sampleWeight?: ArrayLike | undefined }): Promise<Logs> {
    return this.ready('trainOnBatch').trainOnBatch(x, y, options);
  }

  /** Loss and metrics of one batch; see {@link Trainer.testOnBatch}. */
  async testOnBatch(x: Arrays, y?: Arrays, options?: { sampleWeight?: ArrayLike | undefined }): Promise<Logs> {
    return this.ready('testOnBatch').testOnBatch(x, y, options);
  }
}
