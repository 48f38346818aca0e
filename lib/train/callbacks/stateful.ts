/** @file Callbacks that remember: what they know is part of checkpoints. */
import { isOptions, readArguments, type Spec } from '../../core/arguments';
import { ArgumentError } from '../../core/errors';
import { Param } from '../../core/params';
import { describe } from '../../core/shape';
import { Tensor } from '../../core/tensor';
import { Callback, type Done } from './callback';

/** Tensors by name. */
export const stateTensors: Param<Record<string, Tensor>> = new Param('tensors by name', (v, op, name) => {
  if (isOptions(v) && Object.values(v).every((t) => (t as unknown) instanceof Tensor))
    return v as Record<string, Tensor>;
  throw new ArgumentError(`[${op}] ${name} must be tensors by name, got ${describe(v)}`);
});

/**
 * A callback with a state, `S`: plain values and tensors by name. It may be a part of a checkpoint, and BackupAndRestore
 * saves that of all callbacks of a training. A state that was loaded is there until a training goes on with it.
 */
export abstract class StatefulCallback<S extends object> extends Callback {
  #goesOn = false;

  /** What the state holds, as the reader of arguments takes it. */
  protected abstract readonly stateSpec: Spec<S>;
  /** What it remembers now. */
  abstract stateDict(): S;
  /** Remembers what {@link stateDict} gave; it has been checked. */
  protected abstract restoreState(state: S): void;
  /** Forgets: a training begins. */
  protected abstract reset(): Done;

  /**
   * Goes on where {@link stateDict} was taken.
   * @throws ArgumentError (ERR_STATE_DICT) for a state that is none of such a callback; nothing is changed then
   */
  loadStateDict(state: S): void {
    const op = `${this.constructor.name}.loadStateDict`;
    let checked: S;
    try {
      if (!isOptions(state))
        throw new ArgumentError(`[${op}] expected what stateDict() returned, got ${describe(state)}`);
      checked = readArguments(op, this.stateSpec, [state]);
    } catch (e) {
      if (!(e instanceof ArgumentError)) throw e;
      throw new ArgumentError(e.message, 'ERR_STATE_DICT');
    }
    this.restoreState(checked);
    this.#goesOn = true;
  }

  override onTrainBegin(): Done {
    if (!this.#goesOn) return this.reset();
  }
  /** @internal */
  override begun(): void {
    this.#goesOn = false;
  }
}
