/** @file Places of values in sorted sequences. */
import { ArgumentError, ShapeError } from '../core/errors';
import { numel, sameShape, showShape } from '../core/shape';
import { addMethods, needTensor, Tensor } from '../core/tensor';
import { checkOptions } from '../core/arguments';
import { add, eq, floorDivide, ge, gt, lt } from './arithmetic';
import { logicalAnd } from './binary';
import { cast } from './cast';
import { full, tensor, zeros } from './create';
import { gather, indexSelect } from './gather';
import { sameDevice } from './launch';
import { clampMax, logicalNot } from './math';
import { sort } from './sorting';
import { expand, reshape } from './views';
import { where } from './where';

/** Options of {@link searchsorted} and {@link bucketize}. */
export interface SearchOptions {
  /** Behind equal elements instead of before them. Default false. */
  right?: boolean;
  /** The same as a word. */
  side?: 'left' | 'right';
  /** Indices in int32 instead of int64. Default false. */
  outInt32?: boolean;
  /** Indices that sort the sequence, if it is not sorted. */
  sorter?: Tensor;
}

/**
 * Where `values` would be inserted into the last dimension of `sorted` to keep it in order: before equal elements, or
 * with `right` behind them. `sorted` is one vector for all values, or has the leading dimensions of `values`. NaN goes
 * to the end.
 */
export function searchsorted(sorted: Tensor, values: Tensor | number, options: SearchOptions = {}): Tensor {
  needTensor('searchsorted', sorted);
  const v =
    values instanceof Tensor ? values.detach() : full([], values, { dtype: sorted.dtype, device: sorted.device });
  sameDevice('searchsorted', sorted, v);
  checkOptions('searchsorted', options, ['right', 'side', 'outInt32', 'sorter']);
  const { sorter, side } = options;
  if (side !== undefined && side !== 'left' && side !== 'right')
    throw new ArgumentError(`[searchsorted] side is 'left' or 'right', got ${String(side)}`);
  if (options.right && side === 'left') throw new ArgumentError("[searchsorted] right: true and side: 'left' differ");
  const right = options.right ?? side === 'right';
  if (sorted.ndim === 0 || (sorted.ndim > 1 && !sameShape(sorted.shape.slice(0, -1), v.shape.slice(0, -1))))
    throw new ShapeError(
      `[searchsorted] sequences ${showShape(sorted.shape)} must be a vector, or have the leading dimensions of ${showShape(v.shape)}`,
    );
  if (sorter && !sameShape(sorter.shape, sorted.shape))
    throw new ShapeError(`[searchsorted] sorter ${showShape(sorter.shape)} does not fit ${showShape(sorted.shape)}`);
  const rows = sorter ? gather(sorted.detach(), -1, sorter) : sorted.detach();
  const vector = rows.ndim === 1;
  const found = search(rows, vector ? reshape(v, [-1]) : v, right);
  return cast(reshape(found, v.shape), options.outInt32 ? 'int32' : 'int64');
}

// Binary search of all values at once: [lo, hi) is where each one's place is, and halves in every step.
function search(rows: Tensor, v: Tensor, right: boolean): Tensor {
  const n = rows.shape[rows.ndim - 1]!;
  let lo = zeros(v.shape, { dtype: 'int64', device: v.device });
  if (n === 0 || v.numel === 0) return lo;
  let hi = add(lo, n);
  for (let left = n; left > 0; left = Math.floor(left / 2)) {
    const mid = floorDivide(add(lo, hi), 2);
    const seen = gather(rows, -1, clampMax(mid, n - 1));
    // Not "less": comparisons with NaN are false, which sends it to the end.
    const after = logicalNot(right ? gt(seen, v) : ge(seen, v));
    const open = lt(lo, hi);
    lo = where(logicalAnd(open, after), add(mid, 1), lo);
    hi = where(logicalAnd(open, logicalNot(after)), mid, hi);
  }
  return lo;
}

/** The number of the interval between `boundaries` (a sorted vector) that each value lies in; see {@link searchsorted}. */
export function bucketize(values: Tensor | number, boundaries: Tensor, options: SearchOptions = {}): Tensor {
  if (boundaries.ndim !== 1)
    throw new ShapeError(`[bucketize] the boundaries must be a vector, got ${showShape(boundaries.shape)}`);
  return searchsorted(boundaries, values, options);
}

/** Options of {@link isin}. */
export interface IsinOptions {
  /** Which do not occur. Default false. */
  invert?: boolean;
  /** Accepted for likeness with PyTorch. */
  assumeUnique?: boolean;
}

/** Which elements occur among the others (or, with `invert`, do not). */
export function isin(elements: Tensor, others: Tensor | readonly number[], options: IsinOptions = {}): Tensor {
  needTensor('isin', elements);
  checkOptions('isin', options, ['invert', 'assumeUnique']);
  const list = others instanceof Tensor ? others : tensor(others, { dtype: elements.dtype, device: elements.device });
  sameDevice('isin', elements, list);
  const n = numel(list.shape);
  const x = elements.detach();
  let found: Tensor;
  if (n === 0) found = expand(zeros([], { dtype: 'bool', device: x.device }), x.shape);
  else {
    const known = sort(reshape(list.detach(), [-1])).values;
    const place = clampMax(searchsorted(known, x), n - 1);
    found = eq(reshape(indexSelect(known, 0, reshape(place, [-1])), x.shape), x);
  }
  return options.invert ? logicalNot(found) : found;
}

addMethods({ bucketize, isin });
declare module '../core/tensor' {
  interface Tensor {
    bucketize(boundaries: Tensor, options?: SearchOptions): Tensor;
    isin(others: Tensor | readonly number[], options?: IsinOptions): Tensor;
  }
}
