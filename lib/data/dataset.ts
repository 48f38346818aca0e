/** @file Datasets: examples by number. */
import { types } from 'node:util';
import { ArgumentError, IndexError } from '../core/errors';
import { checkCount, elementsOf } from '../core/params';
import { describe } from '../core/shape';
import { needTensor, type Tensor } from '../core/tensor';
import { narrow, squeeze } from '../ops/shape/views';
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
  /**
   * @internal Batches are made off this thread already, by kernels or in threads of a library: a loader's workers would only
   * carry them about.
   */
  readonly madeElsewhere?: true | undefined;
}

/** The most examples of a dataset: positions are int32. */
export const mostExamples = 2 ** 31 - 1;

/** Of any realm: a dataset's module may be of another one than the loader's, in test runners for example. */
export const isPromise = (v: unknown): v is Promise<unknown> => types.isPromise(v);

/** How many examples there are now; the length of a user's dataset may be anything, and change. */
export function lengthOf(op: string, d: unknown): number {
  const { length } = (d ?? {}) as Partial<Dataset>;
  if (!Number.isSafeInteger(length) || length! < 0)
    throw new ArgumentError(
      `[${op}] a dataset has a length, a non-negative integer; got ${describe(d)} of length ${describe(length)}`,
    );
  if (length! > mostExamples)
    throw new ArgumentError(`[${op}] ${length} examples are too many; positions are 32-bit integers`);
  return length!;
}

/** Throws unless `d` can be used as a dataset. */
export function checkDataset(op: string, d: unknown): void {
  lengthOf(op, d);
  const { get, getBatch } = d as Partial<Dataset>;
  if (typeof get !== 'function' && typeof getBatch !== 'function')
    throw new ArgumentError(`[${op}] a dataset has get(index) or getBatch(indices)`);
}

/** Throws unless all numbers are positions in a dataset of that length. */
export function checkIndices(op: string, indices: ArrayLike<number>, length: number): void {
  const n = indices.length;
  for (let k = 0; k < n; k++) {
    const i = indices[k]!;
    if (!Number.isInteger(i) || i < 0 || i >= length)
      throw new IndexError(`[${op}] index ${describe(i)} is out of range for a dataset of ${length}`);
  }
}

/** The most positions in one list: 1 GiB of them. */
const mostIndices = 2 ** 28;

/**
 * Positions in a dataset of that length, from whatever list of them a user gave; checked before anything is built.
 * @returns the list itself if it is an Int32Array
 */
export function indicesOf(op: string, given: unknown, length: number): Int32Array {
  const n = typeof given === 'object' && given !== null ? (given as ArrayLike<number>).length : undefined;
  if (!Number.isSafeInteger(n) || n! < 0)
    throw new ArgumentError(`[${op}] indices must be an array of positions, got ${describe(given)}`);
  checkCount(op, 'indices', n!, mostIndices);
  const list = given as ArrayLike<number>;
  checkIndices(op, list, length);
  return list instanceof Int32Array ? list : Int32Array.from(list);
}

/** A batch of the examples at `indices`, put together by `join` if the dataset gives them one by one. */
export function batchOf<T, B>(
  dataset: Dataset<T, B>,
  indices: Int32Array,
  join?: (examples: T[]) => B,
): B | Promise<B> {
  if (!join && typeof dataset.getBatch === 'function') return dataset.getBatch(indices);
  if (typeof dataset.get !== 'function')
    throw new ArgumentError('[DataLoader] collate needs a dataset with get(index), this one has getBatch only');
  const combine = join ?? (collate as unknown as (examples: T[]) => B);
  const examples = Array.from(indices, (i) => dataset.get!(i));
  if (examples.some(isPromise)) return Promise.all(examples).then(combine);
  return combine(examples as T[]);
}

/** Rows of tensors that belong together, e.g. inputs and labels: their first dimensions are equal. */
export class TensorDataset<T extends readonly Tensor[]> implements Dataset<T, T> {
  readonly tensors: T;
  readonly length: number;

  constructor(...tensors: T) {
    if (tensors.length === 0) throw new ArgumentError('[TensorDataset] needs at least one tensor');
    for (const t of tensors) needTensor('TensorDataset', t);
    this.length = commonRows('TensorDataset', tensors);
    this.tensors = tensors;
  }

  get(index: number): T {
    checkIndices('TensorDataset', [index], this.length);
    return this.tensors.map((t) => squeeze(narrow(t, 0, index, 1), 0)) as readonly Tensor[] as T;
  }

  /** Gathered on the tensors' device. */
  getBatch(indices: Int32Array): T {
    return rowsOf(this.tensors, indicesOf('TensorDataset', indices, this.length)) as readonly Tensor[] as T;
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
    this.indices = indicesOf('Subset', indices, lengthOf('Subset', dataset)).slice();
    const position = (i: number): number => {
      checkIndices('Subset', [i], this.length);
      return this.indices[i]!;
    };
    if (typeof dataset.get === 'function') this.get = (i) => dataset.get!(position(i));
    if (typeof dataset.getBatch === 'function')
      this.getBatch = (list) => dataset.getBatch!(indicesOf('Subset', list, this.length).map((i) => this.indices[i]!));
  }

  get length(): number {
    return this.indices.length;
  }
}

type Examples<D> = { -readonly [K in keyof D]: D[K] extends Dataset<infer T, unknown> ? T : never };
// A dataset without getBatch says nothing of its batches: they are collated.
type BatchesOf<D> = {
  -readonly [K in keyof D]: D[K] extends Dataset<infer T, infer B> ? (unknown extends B ? Collated<T> : B) : never;
};

/**
 * Several datasets side by side, as torch's StackDataset: an example is a list of one of each, e.g. `[x, y]` of inputs and
 * labels in files of their own.
 */
export class StackDataset<D extends readonly Dataset<unknown, unknown>[]> implements Dataset<
  Examples<D>,
  BatchesOf<D>
> {
  readonly datasets: D;
  readonly length: number;

  /** @throws ArgumentError unless all are of one length */
  constructor(...datasets: D) {
    if (datasets.length === 0) throw new ArgumentError('[StackDataset] needs at least one dataset');
    for (const d of datasets) checkDataset('StackDataset', d);
    const lengths = [...new Set(datasets.map((d) => d.length))];
    if (lengths.length > 1)
      throw new ArgumentError(`[StackDataset] datasets of different lengths: ${lengths.join(', ')}`);
    this.datasets = datasets;
    this.length = lengths[0]!;
  }

  get(index: number): Examples<D> | Promise<Examples<D>> {
    checkIndices('StackDataset', [index], this.length);
    return together(
      this.datasets.map((d) => {
        if (typeof d.get !== 'function') throw new ArgumentError('[StackDataset] get needs datasets with get(index)');
        return d.get(index);
      }),
    ) as Examples<D>;
  }

  getBatch(indices: Int32Array): BatchesOf<D> | Promise<BatchesOf<D>> {
    return together(this.datasets.map((d) => batchOf(d, indices))) as BatchesOf<D>;
  }
}

// A list of values, or the promise of one if any is a promise.
const together = (list: unknown[]): unknown => (list.some(isPromise) ? Promise.all(list) : list);

/** Several datasets one behind the other. */
export class ConcatDataset<T> implements Dataset<T> {
  readonly datasets: readonly Dataset<T>[];
  // Where each dataset ends.
  private readonly ends: number[] = [];

  constructor(datasets: Iterable<Dataset<T>>) {
    this.datasets = elementsOf<Dataset<T>>('ConcatDataset', 'datasets', datasets);
    if (this.datasets.length === 0) throw new ArgumentError('[ConcatDataset] needs at least one dataset');
    for (const d of this.datasets) {
      checkDataset('ConcatDataset', d);
      if (typeof d.get !== 'function') throw new ArgumentError('[ConcatDataset] needs datasets with get(index)');
      this.ends.push(this.length + d.length);
    }
    checkDataset('ConcatDataset', this);
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
