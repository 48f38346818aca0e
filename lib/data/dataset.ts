/** @file Datasets: examples by number. */
import { ArgumentError, IndexError } from '../core/errors';
import { describe } from '../core/shape';
import { Tensor } from '../core/tensor';
import { narrow, squeeze } from '../ops/views';
import { type Collated, collate } from './collate';
import { commonRows, rowsOf } from './rows';

/**
 * Examples by number: `get` gives one, `getBatch` a whole batch at once (used where there is one). At least one of them
 * is needed; both may return promises, for `for await` loops.
 */
export interface Dataset<T = unknown, B = Collated<T>> {
  readonly length: number;
  get?(index: number): T | Promise<T>;
  getBatch?(indices: Int32Array): B | Promise<B>;
}

/** Throws unless `d` can be used as a dataset. */
export function checkDataset(op: string, d: unknown): void {
  const { length, get, getBatch } = (d ?? {}) as Partial<Dataset>;
  if (!Number.isSafeInteger(length) || length! < 0)
    throw new ArgumentError(
      `[${op}] a dataset has a length, a non-negative integer; got ${describe(d)} of length ${describe(length)}`,
    );
  if (typeof get !== 'function' && typeof getBatch !== 'function')
    throw new ArgumentError(`[${op}] a dataset has get(index) or getBatch(indices)`);
}

/** Throws unless all numbers are positions in a dataset of that length. */
export function checkIndices(op: string, indices: Iterable<number>, length: number): void {
  for (const i of indices)
    if (!Number.isInteger(i) || i < 0 || i >= length)
      throw new IndexError(`[${op}] index ${describe(i)} is out of range for a dataset of ${length}`);
}

/** A batch of the examples at `indices`, put together by `join` if the dataset gives them one by one. */
export function batchOf<T, B>(
  dataset: Dataset<T, B>,
  indices: Int32Array,
  join?: (examples: T[]) => B,
): B | Promise<B> {
  if (!join && dataset.getBatch) return dataset.getBatch(indices);
  if (!dataset.get)
    throw new ArgumentError('[DataLoader] collate needs a dataset with get(index), this one has getBatch only');
  const combine = join ?? (collate as unknown as (examples: T[]) => B);
  const examples = Array.from(indices, (i) => dataset.get!(i));
  if (examples.some((e) => e instanceof Promise)) return Promise.all(examples).then(combine);
  return combine(examples as T[]);
}

/** Rows of tensors that belong together, e.g. inputs and labels: their first dimensions are equal. */
export class TensorDataset<T extends readonly Tensor[]> implements Dataset<T, T> {
  readonly tensors: T;
  readonly length: number;

  constructor(...tensors: T) {
    if (tensors.length === 0) throw new ArgumentError('[TensorDataset] needs at least one tensor');
    for (const t of tensors)
      if (!(t instanceof Tensor)) throw new ArgumentError(`[TensorDataset] expected tensors, got ${describe(t)}`);
    this.length = commonRows('TensorDataset', tensors);
    this.tensors = tensors;
  }

  get(index: number): T {
    checkIndices('TensorDataset', [index], this.length);
    return this.tensors.map((t) => squeeze(narrow(t, 0, index, 1), 0)) as readonly Tensor[] as T;
  }

  /** Gathered on the tensors' device. */
  getBatch(indices: Int32Array): T {
    checkIndices('TensorDataset', indices, this.length);
    return rowsOf(this.tensors, indices) as readonly Tensor[] as T;
  }
}

/** Some examples of another dataset. */
export class Subset<T, B = Collated<T>> implements Dataset<T, B> {
  readonly indices: Int32Array;
  readonly get?: (index: number) => T | Promise<T>;
  readonly getBatch?: (indices: Int32Array) => B | Promise<B>;

  constructor(
    readonly dataset: Dataset<T, B>,
    indices: ArrayLike<number>,
  ) {
    checkDataset('Subset', dataset);
    checkIndices('Subset', Array.from(indices), dataset.length);
    this.indices = Int32Array.from(indices);
    const position = (i: number): number => {
      checkIndices('Subset', [i], this.length);
      return this.indices[i]!;
    };
    if (dataset.get) this.get = (i) => dataset.get!(position(i));
    if (dataset.getBatch) this.getBatch = (list) => dataset.getBatch!(list.map(position));
  }

  get length(): number {
    return this.indices.length;
  }
}

/** Several datasets one behind the other. */
export class ConcatDataset<T> implements Dataset<T> {
  readonly datasets: readonly Dataset<T>[];
  // Where each dataset ends.
  private readonly ends: number[] = [];

  constructor(datasets: Iterable<Dataset<T>>) {
    this.datasets = [...datasets];
    if (this.datasets.length === 0) throw new ArgumentError('[ConcatDataset] needs at least one dataset');
    for (const d of this.datasets) {
      checkDataset('ConcatDataset', d);
      if (!d.get) throw new ArgumentError('[ConcatDataset] needs datasets with get(index)');
      this.ends.push(this.length + d.length);
    }
  }

  get length(): number {
    return this.ends.at(-1) ?? 0;
  }

  get(index: number): T | Promise<T> {
    checkIndices('ConcatDataset', [index], this.length);
    const which = this.ends.findIndex((end) => index < end);
    return this.datasets[which]!.get!(index - (this.ends[which - 1] ?? 0));
  }
}
