/** @file Results of several tensors: lists whose entries also have names, as PyTorch's named tuples. */
import type { Tensor } from '../../core/tensor';

/** A list whose entries also have names: `const [q, r] = ...` and `const { Q, R } = ...` both work. */
export type Named<K extends string, L extends readonly Tensor[]> = L & Record<K, Tensor>;

export function named<K extends string, L extends readonly Tensor[]>(names: readonly K[], list: L): Named<K, L> {
  names.forEach((name, i) => Object.defineProperty(list, name, { value: list[i] }));
  return list as Named<K, L>;
}

/** Elements of a tensor and their positions (int64). */
export type ValuesAndIndices = Named<'values' | 'indices', [Tensor, Tensor]>;

export const valuesAndIndices = (values: Tensor, indices: Tensor): ValuesAndIndices =>
  named<'values' | 'indices', [Tensor, Tensor]>(['values', 'indices'], [values, indices]);
