/** @file Products and choices of the elements of vectors. */
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { ArgumentError, ShapeError } from '../../core/errors';
import { boolean, checkCount, integer } from '../../core/params';
import { showShape } from '../../core/shape';
import { needTensor, type Tensor } from '../../core/tensor';
import { indexSelect } from '../indexing/gather';
import { tensor } from '../tensors/create';
import { meshgrid } from './arranging';
import { stack } from './joining';
import { narrow, reshape } from './views';

const listOf = (tensors: (Tensor | readonly Tensor[])[]): Tensor[] => tensors.flat() as Tensor[];

/** All combinations of one element of each vector, as rows; of a single vector the vector itself. */
export function cartesianProd(...tensors: (Tensor | readonly Tensor[])[]): Tensor {
  const list = listOf(tensors);
  if (list.length === 0) throw new ArgumentError('[cartesianProd] needs at least one vector');
  for (const t of list) {
    needTensor('cartesianProd', t);
    if (t.ndim !== 1) throw new ShapeError(`[cartesianProd] takes vectors, got ${showShape(t.shape)}`);
  }
  if (list.length === 1) return list[0]!;
  return reshape(stack(meshgrid(...list, { indexing: 'ij' }), -1), [-1, list.length]);
}

/** Options of {@link combinations}. */
export interface CombinationsOptions {
  /** How many elements. Default 2. */
  r?: number | undefined;
  /** Whether an element may be chosen again. Default false. */
  withReplacement?: boolean | undefined;
}

const combinationsSpec: Spec<Required<CombinationsOptions>> = {
  r: integer({ least: 0 }).or(2),
  withReplacement: boolean.or(false),
};

/** All choices of r elements of a vector, in order, as rows. */
export function combinations(
  t: Tensor,
  ...args: InOrderOrByName<[r?: number, withReplacement?: boolean], CombinationsOptions>
): Tensor {
  needTensor('combinations', t);
  const { r, withReplacement: again } = readArguments('combinations', combinationsSpec, args);
  if (t.ndim !== 1) throw new ShapeError(`[combinations] takes a vector, got ${showShape(t.shape)}`);
  if (r === 0) return narrow(t, 0, 0, 0);
  // Their number before any list is built: n (n - 1) ... (n - r + 1) / r!, or, with replacement, of n + r - 1.
  const from = again ? t.numel + r - 1 : t.numel;
  if (r > from || t.numel === 0) return reshape(narrow(t, 0, 0, 0), [0, checkCount('combinations', 'elements', r)]);
  let count = 1;
  for (let i = 0; i < Math.min(r, from - r) && count <= 2 ** 24; i++) count = (count * (from - i)) / (i + 1);
  checkCount('combinations', 'elements of combinations', count * r);
  let rows: number[][] = [[]];
  for (let k = 0; k < r; k++) {
    rows = rows.flatMap((row) => {
      const from = row.length === 0 ? 0 : row[row.length - 1]! + (again ? 0 : 1);
      return Array.from({ length: t.numel - from }, (_, i) => [...row, from + i]);
    });
  }
  const index = tensor(BigInt64Array.from(rows.flat(), BigInt), { device: t.device });
  return reshape(indexSelect(t, 0, index), [rows.length, r]);
}
