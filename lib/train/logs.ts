/** @file What is written down of a training: numbers by name, and means over an epoch that are read late. */
import { isOptions } from '../core/arguments';
import { ArgumentError } from '../core/errors';
import { describe } from '../core/shape';
import { Tensor } from '../core/tensor';
import { Sum } from './metrics/metric';
import type { Batch } from './source';

/** Losses and metrics by name (`loss`, `accuracy`, `valLoss`, ...). Callbacks may add entries of their own. */
export type Logs = Record<string, number>;

/** What a step returns: means over the batch by name, as tensors of one element that nobody has waited for, or numbers. */
export type StepValues = Record<string, Tensor | number>;

/** What is known at the end of a batch, without having waited for it. */
export interface BatchLogs {
  /** Examples in the batch. */
  readonly size: number;
  /** The batch, where the model is. */
  readonly batch: Batch;
  /** What the step returned. */
  readonly values: StepValues;
  /** Means over the epoch so far, metrics included. Waits for the device, without blocking the event loop. */
  means(): Promise<Logs>;
}

/** How a training went. */
export interface History {
  /** The numbers of the epochs that were completed. */
  epoch: number[];
  /** Of each name in the logs, its value in each of these epochs (of validation: in those that had one). */
  history: Record<string, number[]>;
  /** Whether the signal ended it. */
  aborted: boolean;
}

/** Logs of these names. */
export function numbersOf(names: readonly string[], values: readonly unknown[]): Logs {
  const out: Logs = {};
  names.forEach((name, i) => {
    const v = values[i];
    if (typeof v !== 'number')
      throw new ArgumentError(`[${name}] a metric in logs must give a number, got ${describe(v)}`);
    out[name] = v;
  });
  return out;
}

/** Means of what steps return, weighted by examples. */
export class Means {
  readonly #sums = new Map<string, { sum: Sum; known: number; weight: number }>();

  /** @param op - the step that returned them */
  add(op: string, values: StepValues, examples: number): void {
    if (!isOptions(values as unknown))
      throw new ArgumentError(
        `[${op}] must return tensors of one element or numbers by name ({ loss }), got ${describe(values)}`,
      );
    for (const name of Object.keys(values)) {
      const value: unknown = values[name];
      let entry = this.#sums.get(name);
      if (!entry) this.#sums.set(name, (entry = { sum: new Sum(), known: 0, weight: 0 }));
      if (value instanceof Tensor && value.numel === 1) entry.sum.add(value, examples);
      else if (typeof value === 'number') entry.known += value * examples;
      else
        throw new ArgumentError(
          `[${op}] must return tensors of one element or numbers by name; ${name} is ${describe(value)}`,
        );
      entry.weight += examples;
    }
  }

  async read(): Promise<Logs> {
    const list = [...this.#sums].map(([name, e]) => ({ name, known: e.known, weight: e.weight, sum: e.sum.read() }));
    const sums = await Promise.all(list.map((e) => e.sum));
    return Object.fromEntries(list.map((e, i) => [e.name, ((sums[i]![0] ?? 0) + e.known) / e.weight]));
  }
}
