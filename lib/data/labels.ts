/** @file Labels: a class for each example, whatever classes are called. */
import { ShapeError } from '../core/errors';
import { Param } from '../core/params';
import { showShape } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { tensorOf } from './given';

/** One label per example: a tensor [n], a typed array, or an array of numbers, strings or booleans. */
export type Labels = Tensor | ArrayBufferView | readonly (number | string | boolean | bigint)[];

// What a label is compared by: of a tensor, its numbers.
function labelsOf(op: string, name: string, v: unknown): readonly unknown[] {
  if (Array.isArray(v) && v.every((e) => ['string', 'number', 'boolean', 'bigint'].includes(typeof e))) return v;
  const t = tensorOf(op, name, v);
  if (t.ndim !== 1) throw new ShapeError(`[${op}] ${name} must have one dimension, got shape ${showShape(t.shape)}`);
  return Array.from(t.dataSync() as Iterable<number>);
}

/** Reads {@link Labels}; waits for the values of a tensor. */
export const labels: Param<readonly unknown[]> = new Param<readonly unknown[]>('one label per example', (v, op, name) =>
  labelsOf(op, name, v),
);
