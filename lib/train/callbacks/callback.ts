/** @file The events of a training, in Keras's order, and who is told of them. */
import { ArgumentError } from '../../core/errors';
import { type Module } from '../../nn/module';
import { type BatchLogs, type Logs } from '../logs';
import type { Trainer } from '../trainer';

/** What is known of a training when it begins. */
export interface TrainingParams {
  /** The number at which epochs end. */
  epochs: number;
  /** Batches per epoch, if that is known. */
  steps: number | undefined;
  /** Examples per epoch, if that is known. */
  examples: number | undefined;
  /** 0: silent, 1: a progress bar, 2: a line per epoch. */
  verbose: 0 | 1 | 2;
}

/** What events return. */
export type Done = void | Promise<void>;

/**
 * Is told what happens in `fit`, `evaluate` and `predict`. Override what is of interest; what returns a promise is
 * waited for. To end a training, set `this.trainer.stopTraining`.
 */
export abstract class Callback {
  #training: { trainer: Trainer; params: TrainingParams } | undefined;

  #own(): { trainer: Trainer; params: TrainingParams } {
    if (!this.#training)
      throw new ArgumentError(`[${this.constructor.name}] is no training's yet: give it to fit, evaluate or predict`);
    return this.#training;
  }

  /** The same, undefined before the first event: for callbacks that work in loops of one's own too. */
  protected get trainerIfAny(): Trainer | undefined {
    return this.#training?.trainer;
  }

  /** Whose training it is. Known from the first event on. */
  get trainer(): Trainer {
    return this.#own().trainer;
  }
  /** How that training was begun. */
  get params(): TrainingParams {
    return this.#own().params;
  }

  /** @internal Before the first event. */
  join(trainer: Trainer, params: TrainingParams): void {
    this.#training = { trainer, params };
  }

  /** @internal Whether it is told of events after all others: it looks at what they have done. */
  get isLast(): boolean {
    return false;
  }
  /** @internal After all have been told that the training begins. */
  begun(): void {}

  /** What is trained. */
  get model(): Module {
    return this.trainer.model;
  }

  onTrainBegin(_logs: Logs): Done {}
  /** After the last epoch, also of a training that was aborted or stopped. */
  onTrainEnd(_logs: Logs): Done {}
  /** Instead of {@link onTrainEnd}, when something was thrown: time to give back what is held. */
  onTrainError(_error: unknown): Done {}
  onEpochBegin(_epoch: number, _logs: Logs): Done {}
  /** After validation. `logs` has `loss`, metrics, and `valLoss` and so on; what is added to it gets into the history. */
  onEpochEnd(_epoch: number, _logs: Logs): Done {}
  onTrainBatchBegin(_batch: number, _logs: Logs): Done {}
  onTrainBatchEnd(_batch: number, _logs: BatchLogs): Done {}
  onTestBegin(_logs: Logs): Done {}
  onTestEnd(_logs: Logs): Done {}
  onTestBatchBegin(_batch: number, _logs: Logs): Done {}
  onTestBatchEnd(_batch: number, _logs: BatchLogs): Done {}
  onPredictBegin(_logs: Logs): Done {}
  onPredictEnd(_logs: Logs): Done {}
  onPredictBatchBegin(_batch: number, _logs: Logs): Done {}
  onPredictBatchEnd(_batch: number, _logs: BatchLogs): Done {}
}

/** The names of events. */
export type EventName = Exclude<keyof Callback, 'trainer' | 'params' | 'model' | 'join' | 'isLast' | 'begun'>;

/** All callbacks of one call. */
export class Events {
  private readonly listeners = new Map<EventName, Callback[]>();

  readonly callbacks: readonly Callback[];

  constructor(callbacks: readonly Callback[], trainer: Trainer, params: TrainingParams) {
    this.callbacks = [...callbacks.filter((c) => !c.isLast), ...callbacks.filter((c) => c.isLast)];
    for (const c of callbacks) c.join(trainer, params);
  }

  /** Whether anybody listens: hot loops need not make logs for nobody. */
  has(event: EventName): boolean {
    return this.of(event).length > 0;
  }

  async fire<E extends EventName>(event: E, ...args: Parameters<Callback[E]>): Promise<void> {
    for (const c of this.of(event)) await (c[event] as (...list: unknown[]) => Done).apply(c, args);
  }

  /** A training begins. */
  async begin(): Promise<void> {
    await this.fire('onTrainBegin', {});
    for (const c of this.callbacks) c.begun();
  }

  /** Tells all of an error. What they throw meanwhile becomes a warning. */
  async failed(op: string, error: unknown): Promise<void> {
    for (const c of this.of('onTrainError'))
      try {
        await c.onTrainError(error);
      } catch (e) {
        const text = e instanceof Error ? e.message : String(e);
        process.emitWarning(`[${op}] onTrainError of ${c.constructor.name}: ${text}`);
      }
  }

  private of(event: EventName): Callback[] {
    let list = this.listeners.get(event);
    if (!list) this.listeners.set(event, (list = this.callbacks.filter((c) => c[event] !== Callback.prototype[event])));
    return list;
  }
}
