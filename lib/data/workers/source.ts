/** @file How a dataset comes into being in another thread. */
import { ArgumentError } from '../../core/errors';
import { describe } from '../../core/shape';
import { type Tensor } from '../../core/tensor';
import { ConcatDataset, type Dataset, StackDataset, Subset, TensorDataset } from '../dataset';
import { datasetOfModule, ModuleDataset } from './from-module';
import { type Packed, packedTensor, shared, unpackedTensor } from './packed';

/** What a worker makes a dataset of: plain data, and memory that all workers share. */
export type Source =
  | { kind: 'module'; url: string; args: readonly unknown[] }
  | { kind: 'tensors'; tensors: Packed[] }
  | { kind: 'subset'; of: Source; indices: Int32Array }
  | { kind: 'stack' | 'concat'; of: Source[] };

/** Whether a dataset's batches, or those of all that it is made of, are made off this thread already. */
export const isMadeElsewhere = (d: Dataset<unknown, unknown>): boolean =>
  d.madeElsewhere ??
  (d instanceof Subset
    ? isMadeElsewhere(d.dataset)
    : (d instanceof StackDataset || d instanceof ConcatDataset) &&
      (d.datasets as readonly Dataset<unknown, unknown>[]).every(isMadeElsewhere));

/**
 * The source of a dataset: of one that a module makes, of tensors, and of those that are made of these.
 * @throws ArgumentError for another, which lives in this thread only
 */
export function sourceOf(d: Dataset<unknown, unknown>): Source {
  if (d instanceof ModuleDataset) return { kind: 'module', url: d.url, args: d.args };
  if (d instanceof TensorDataset)
    return { kind: 'tensors', tensors: (d.tensors as readonly Tensor[]).map((t) => packedTensor(t.to('cpu'), shared)) };
  if (d instanceof Subset) return { kind: 'subset', of: sourceOf(d.dataset), indices: d.indices };
  if (d instanceof StackDataset)
    return { kind: 'stack', of: (d.datasets as readonly Dataset<unknown, unknown>[]).map(sourceOf) };
  if (d instanceof ConcatDataset) return { kind: 'concat', of: d.datasets.map((e) => sourceOf(e as Dataset)) };
  throw new ArgumentError(
    `[DataLoader] workers cannot get at ${describe(d)}, which lives in this thread; let a module make it: data.fromModule('./dataset.mjs', ...), whose default export is a function or class that gives a dataset`,
  );
}

/** The dataset of a source, in the worker. */
export async function datasetOf(s: Source): Promise<Dataset<unknown, unknown>> {
  switch (s.kind) {
    case 'module':
      return datasetOfModule(s.url, s.args);
    case 'tensors':
      return new TensorDataset(...s.tensors.map(unpackedTensor));
    case 'subset':
      return new Subset(await datasetOf(s.of), s.indices);
    case 'stack':
      return new StackDataset(...(await Promise.all(s.of.map(datasetOf))));
    case 'concat':
      return new ConcatDataset((await Promise.all(s.of.map(datasetOf))) as Dataset[]);
  }
}
