/** @file Places of values in sorted sequences. */
import { ArgumentError, ShapeError } from '../../core/errors';
import { numel, sameShape, showShape } from '../../core/shape';
import { addMethods, needTensor, Tensor } from '../../core/tensor';
import { isFloat } from '../../core/dtype';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { boolean, either, numbers, oneOf, operand, tensor as tensorParam } from '../../core/params';
import { add, eq, floorDivide, ge, gt, lt } from '../elementwise/arithmetic';
import { logicalAnd } from '../elementwise/binary';
import { cast } from '../tensors/cast';
import { type Operand } from '../kit/define';
import { full, tensor, zeros } from '../tensors/create';
import { gather, indexSelect } from '../indexing/gather';
import { sameDevice } from '../kit/launch';
import { clampMax, logicalNot } from '../elementwise/math';
import { sort } from './sorting';
import { expand, reshape } from '../shape/views';
import { where } from '../elementwise/where';

/** Options of {@link bucketize}. */
export interface BucketizeOptions {
  /** Indices in int32 instead of int64. Default false. */
  outInt32?: boolean | undefined;
  /** Behind equal elements instead of before them. Default false. */
  right?: boolean | undefined;
}

/** Options of {@link searchsorted}. */
export interface SearchOptions extends BucketizeOptions {
  /** `right` as a word, which decides where both are given. */
  side?: 'left' | 'right' | null | undefined;
  /** Indices that sort the sequence, if it is not sorted. */
  sorter?: Tensor | null | undefined;
}

const bucketizeFlags = { outInt32: boolean.or(false), right: boolean.or(false) };
const searchSpec: Spec<Required<SearchOptions> & { values: Operand }> = {
  values: operand,
  ...bucketizeFlags,
  side: oneOf('left', 'right').orNull(),
  sorter: tensorParam.orNull(),
};

// A number among elements like those of `sorted`, as itself: 2.5 is not 2 among integers.
function operandOf(v: Operand, sorted: Tensor): Tensor {
  if (v instanceof Tensor) return v.detach();
  const dtype = isFloat(sorted.dtype) || Number.isInteger(Number(v)) ? sorted.dtype : 'float64';
  return full([], Number(v), { dtype, device: sorted.device });
}

/**
 * Where `values` would be inserted into the last dimension of `sorted` to keep it in order: before equal elements, or
 * with `right` behind them. `sorted` is one vector for all values, or has the leading dimensions of `values`. NaN goes
 * to the end.
 */
export function searchsorted(
  sorted: Tensor,
  ...args: InOrderOrByName<[values: Tensor | number, options?: SearchOptions], SearchOptions & { values: Operand }>
): Tensor {
  needTensor('searchsorted', sorted);
  const { values, sorter, side, ...flags } = readArguments('searchsorted', searchSpec, args);
  if (flags.right && side === 'left') throw new ArgumentError("[searchsorted] right: true and side: 'left' differ");
  const right = flags.right || side === 'right';
  return placesIn('searchsorted', sorted, operandOf(values, sorted), right, flags.outInt32, sorter);
}

function placesIn(
  op: string,
  sorted: Tensor,
  v: Tensor,
  right: boolean,
  outInt32: boolean,
  sorter: Tensor | null,
): Tensor {
  sameDevice(op, sorted, v);
  if (sorted.ndim === 0 || (sorted.ndim > 1 && !sameShape(sorted.shape.slice(0, -1), v.shape.slice(0, -1))))
    throw new ShapeError(
      `[${op}] sequences ${showShape(sorted.shape)} must be a vector, or have the leading dimensions of ${showShape(v.shape)}`,
    );
  if (sorter && !sameShape(sorter.shape, sorted.shape))
    throw new ShapeError(`[${op}] sorter ${showShape(sorter.shape)} does not fit ${showShape(sorted.shape)}`);
  const rows = sorter ? gather(sorted.detach(), -1, sorter) : sorted.detach();
  const vector = rows.ndim === 1;
  const found = search(rows, vector ? reshape(v, [-1]) : v, right);
  return cast(reshape(found, v.shape), outInt32 ? 'int32' : 'int64');
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

const bucketizeSpec = { boundaries: tensorParam, ...bucketizeFlags };

/** The number of the interval between `boundaries` (a sorted vector) that each value lies in; see {@link searchsorted}. */
export function bucketize(
  values: Tensor | number,
  ...args: InOrderOrByName<[boundaries: Tensor, options?: BucketizeOptions], BucketizeOptions & { boundaries: Tensor }>
): Tensor {
  const v = operand.check('bucketize', 'input', values);
  const { boundaries, outInt32, right } = readArguments('bucketize', bucketizeSpec, args);
  if (boundaries.ndim !== 1)
    throw new ShapeError(`[bucketize] the boundaries must be a vector, got ${showShape(boundaries.shape)}`);
  return placesIn('bucketize', boundaries, operandOf(v, boundaries), right, outInt32, null);
}

/** Options of {@link isin}. */
export interface IsinOptions {
  /** Accepted for likeness with PyTorch. */
  assumeUnique?: boolean | undefined;
  /** Which do not occur. Default false. */
  invert?: boolean | undefined;
}

/** What {@link isin} looks among. */
export type TestElements = Tensor | number | boolean | readonly number[];
const isinSpec: Spec<Required<IsinOptions> & { testElements: TestElements }> = {
  testElements: either<[Operand, readonly number[]]>(operand, numbers),
  assumeUnique: boolean.or(false),
  invert: boolean.or(false),
};
// Numbers among integers stay what they are.
function listOf(v: TestElements, like: Tensor): Tensor {
  if (v instanceof Tensor) return v.detach();
  const list = (Array.isArray(v) ? v : [Number(v)]) as number[];
  const dtype = isFloat(like.dtype) || list.every(Number.isInteger) ? like.dtype : 'float64';
  return tensor(list, { dtype, device: like.device });
}

/** Which elements occur among the others (or, with `invert`, do not). */
export function isin(
  elements: Tensor,
  ...args: InOrderOrByName<
    [testElements: TestElements, options?: IsinOptions],
    IsinOptions & { testElements: TestElements }
  >
): Tensor {
  needTensor('isin', elements);
  const { testElements, invert } = readArguments('isin', isinSpec, args);
  const list = listOf(testElements, elements);
  sameDevice('isin', elements, list);
  const n = numel(list.shape);
  const x = elements.detach();
  let found: Tensor;
  if (n === 0) found = expand(zeros([], { dtype: 'bool', device: x.device }), x.shape);
  else {
    const known = sort(reshape(list, [-1])).values;
    const place = clampMax(placesIn('isin', known, x, false, false, null), n - 1);
    found = eq(reshape(indexSelect(known, 0, reshape(place, [-1])), x.shape), x);
  }
  return invert ? logicalNot(found) : found;
}

addMethods({ bucketize, isin });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./search'), 'bucketize' | 'isin'> {}
}
