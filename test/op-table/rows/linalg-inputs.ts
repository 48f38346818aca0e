/** @file Matrices for the rows of linear algebra, and what their ops refuse. */
import * as ng from '../../../lib';
import type { Tensor } from '../../../lib';
import * as m from '../matrices';
import { build, exact, type Nd } from '../nd';
import { refMatmul } from './matmul';

export const mT = (t: Tensor): Tensor => t.transpose(-1, -2);
export const swap = (a: Nd): Nd => m.eachMatrix(a, m.transposed);

// Random matrices moved away from singular ones, and symmetric ones whose eigenvalues lie apart.
export const eye = (t: Tensor): Tensor => ng.eye(t.shape[t.ndim - 1]!, { dtype: t.dtype });
export const apart = (t: Tensor): Tensor => ng.arange(t.shape[t.ndim - 1]!, { dtype: t.dtype }).mul(3);
export const regular = (t: Tensor): Tensor => t.add(eye(t).mul(5));
export const regularRef = (a: Nd): Nd => m.shifted(a, 5);
export const symmetric = (t: Tensor): Tensor =>
  t
    .add(mT(t))
    .mul(0.25)
    .add(eye(t).mul(apart(t)));
export const symmetricRef = (a: Nd): Nd => {
  const t = swap(a);
  return m.shifted(
    build(a.shape, (i) => (exact(a, i) + exact(t, i)) * 0.25),
    0,
    3,
  );
};
export const positive = (t: Tensor): Tensor => t.matmul(mT(t)).add(eye(t));
export const positiveRef = (a: Nd): Nd => m.shifted(refMatmul(a, swap(a)), 1);

export const square = [{ inputs: [[3, 3]] }, { inputs: [[2, 3, 3]] }, { inputs: [[1, 1]] }];
export const anyShape = [{ inputs: [[4, 3]] }, { inputs: [[2, 2, 4]] }, { inputs: [[3, 3]] }];
export const notSquare = (f: (t: Tensor) => unknown): [() => unknown, string][] => [
  [() => f(ng.ones([2, 3])), 'ERR_SHAPE'],
  [() => f(ng.ones([3])), 'ERR_SHAPE'],
  [() => f(ng.ones([2, 2], { dtype: 'int32' })), 'ERR_DTYPE'],
];
export const anyMatrix = (f: (t: Tensor) => unknown): [() => unknown, string][] => notSquare(f).slice(1);
export const singular = ng.tensor([
  [1, 2],
  [2, 4],
]);
export const notFinite = ng.full([2, 2], NaN);
