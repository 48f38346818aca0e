/** @file What scalers, encoders and imputers share: they learn from data once, keep it, and are plain JSON. */
import { isOptions } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';

/** What `toJSON` gives: the class, its settings, and what it learned (null before `fit`). */
export interface FittedState {
  type: string;
  settings: Record<string, unknown>;
  learned: Record<string, unknown> | null;
}

/**
 * Learns from training data with `fit` and applies that to any data. Its state is plain JSON (`JSON.stringify(scaler)`,
 * `StandardScaler.fromJSON(JSON.parse(text))`), to be kept beside the model.
 */
export abstract class Fitted<L extends object> {
  #learned: L | undefined;

  /** @internal */
  protected constructor(
    /** @internal The class, in messages and in the state. */
    protected readonly type: string,
    private readonly settings: object,
  ) {}

  /** Whether `fit` was called. */
  get isFitted(): boolean {
    return this.#learned !== undefined;
  }

  /** @internal What was learned. @throws ArgumentError (`ERR_NOT_FITTED`) before `fit` */
  protected learned(what: string): L {
    if (this.#learned) return this.#learned;
    throw new ArgumentError(`[${this.type}] ${what} needs fit(x) first, on the training data`, 'ERR_NOT_FITTED');
  }

  /** @internal */
  protected learn(learned: L): this {
    this.#learned = learned;
    return this;
  }

  /** @internal What `json` says was learned, checked; throws for what is none of it. */
  protected abstract restored(json: Record<string, unknown>): L;

  /** Class, settings and what was learned; NaN is written as null. */
  toJSON(): FittedState {
    const learned = this.#learned ? (JSON.parse(JSON.stringify(this.#learned)) as Record<string, unknown>) : null;
    return { type: this.type, settings: { ...this.settings }, learned };
  }

  /** One of what {@link toJSON} gave, before or after it became text. @throws ArgumentError for anything else */
  static fromJSON<T extends Fitted<object>>(this: new (settings: never) => T, json: unknown): T {
    const { type, settings, learned } = (isOptions(json) ? json : {}) as Partial<FittedState>;
    const wanted = new this({} as never).type;
    if (type !== wanted || !isOptions(settings) || (learned !== null && !isOptions(learned)))
      throw new ArgumentError(`[${wanted}] fromJSON takes the state of a ${wanted}, got ${describe(type ?? json)}`);
    const made = new this(settings as never);
    return learned ? made.learn(made.restored(learned)) : made;
  }
}

/** A list of `n` numbers (of any length if not said) in JSON, where null stands for NaN. */
export function numbersIn(op: string, json: Record<string, unknown>, name: string, n?: number): number[] {
  const list = json[name];
  if (
    !Array.isArray(list) ||
    !list.every((v) => v === null || typeof v === 'number') ||
    (n ?? list.length) !== list.length
  )
    throw new ArgumentError(`[${op}] fromJSON: ${name} must be a list of ${n ?? ''} numbers, got ${describe(list)}`);
  return list.map((v) => (v === null ? NaN : (v as number)));
}
