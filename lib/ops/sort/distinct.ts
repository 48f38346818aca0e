/** @file Distinct values. How many there are is a shape, so these ops wait for the stream. Nothing is tracked. */
import { ArgumentError } from '../../core/errors';
import { checkAxis, numel } from '../../core/shape';
import { addMethods, empty, needTensor, type Tensor } from '../../core/tensor';
import { kernel, opcode, written } from '../../native';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { axis, boolean } from '../../core/params';
import { ne, sub } from '../elementwise/arithmetic';
import { cast } from '../tensors/cast';
import { arange, ones, tensor } from '../tensors/create';
import { indexSelect, scatter } from '../indexing/gather';
import { cat } from '../shape/joining';
import { denseOf } from '../kit/launch';
import { nonzeroFlat } from '../indexing/kernels';
import { any } from '../reduce/reduce';
import { argsort } from './sorting';
import { narrow, reshape, transpose } from '../shape/views';

const scanKernel = kernel('scan');
const sumCode = opcode('scan', 'sum');

/** Options of {@link uniqueConsecutive}. */
export interface ConsecutiveOptions {
  /** Also where each element is among the distinct ones (int64, the shape of the tensor, or of the axis). */
  returnInverse?: boolean | undefined;
  /** Also how often each one occurs (int64). */
  returnCounts?: boolean | undefined;
  /** Distinct slices along this axis, rather than elements of the flattened tensor. */
  dim?: number | null | undefined;
}

/** Options of {@link unique}. */
export interface UniqueOptions extends ConsecutiveOptions {
  /** In ascending order. They always are; accepted for likeness with PyTorch. */
  sorted?: boolean | undefined;
}

const consecutiveSpec: Spec<ConsecutiveOptions> = {
  returnInverse: boolean.or(false),
  returnCounts: boolean.or(false),
  dim: axis.orNull(),
};
const uniqueSpec: Spec<UniqueOptions> = { sorted: boolean.or(true), ...consecutiveSpec };

// 1, and 2, .. n: which run each position is in, from where runs start.
function runNumbers(starts: Tensor): Tensor {
  const flags = cast(starts, 'int64');
  const out = empty(flags.shape, 'int64', flags.storage.device);
  if (flags.numel > 0) scanKernel(sumCode, written(out), flags, 1, flags.numel, 1);
  return out;
}

// Where each of n slices [n, width] differs from the one before.
function startsOf(rows: Tensor): Tensor {
  const n = rows.shape[0]!;
  const first = ones([Math.min(n, 1)], { dtype: 'bool', device: rows.device });
  if (n < 2) return first;
  return cat([first, any(ne(narrow(rows, 0, 1, n - 1), narrow(rows, 0, 0, n - 1)), 1)]);
}

// The order of slices [n, width], the first element deciding first: stable sorts by the last one first.
function orderOf(rows: Tensor): Tensor {
  const [n, width] = rows.shape as [number, number];
  const columns = denseOf(transpose(rows, 0, 1));
  let order = arange(n, { dtype: 'int64', device: rows.device });
  for (let c = width - 1; c >= 0; c--) {
    const keys = indexSelect(columns.at(c), 0, order);
    order = indexSelect(order, 0, argsort(keys));
  }
  return order;
}

function distinct(op: string, t: Tensor, args: readonly unknown[], sorting: boolean): Tensor | Tensor[] {
  needTensor(op, t);
  const x = t.detach();
  const { dim, returnInverse, returnCounts } = readArguments<ConsecutiveOptions>(
    op,
    sorting ? uniqueSpec : consecutiveSpec,
    args,
  );
  const whole = dim === undefined || dim === null;
  if (!whole && t.ndim === 0) throw new ArgumentError(`[${op}] a 0-dim tensor has no axis to compare along`);
  const a = whole ? 0 : checkAxis(op, dim, t.ndim);
  const flat = whole ? reshape(x, [-1]) : x;
  const n = flat.shape[a]!;
  const width = whole ? 1 : numel(flat.shape) / Math.max(n, 1);
  const front = [a, ...flat.shape.map((_, i) => i).filter((i) => i !== a)];
  const rows = reshape(flat.permute(front), [n, n === 0 ? 0 : width]);
  const order = sorting ? orderOf(rows) : arange(n, { dtype: 'int64', device: t.device });
  const starts = startsOf(sorting ? indexSelect(rows, 0, order) : rows);
  const at = nonzeroFlat(starts);
  const out = [indexSelect(flat, a, indexSelect(order, 0, at))];
  if (returnInverse) {
    const number = sub(runNumbers(starts), 1);
    const inverse = scatter(number, 0, order, number);
    out.push(whole ? reshape(inverse, t.shape) : inverse);
  }
  if (returnCounts) {
    const end = tensor([BigInt(n)], { device: t.device });
    const ends = at.numel === 0 ? at : cat([narrow(at, 0, 1, at.numel - 1), end]);
    out.push(sub(ends, at));
  }
  return out.length === 1 ? out[0]! : out;
}

/** Without `returnInverse` and `returnCounts` a tensor; with them the values, then the inverse, then the counts. */
interface Distinct<P extends readonly unknown[], S extends object> {
  (options?: S & { returnInverse?: false | undefined; returnCounts?: false | undefined }): Tensor;
  (...args: InOrderOrByName<P, S>): Tensor[];
}
interface DistinctOf<P extends readonly unknown[], S extends object> {
  (t: Tensor, options?: S & { returnInverse?: false | undefined; returnCounts?: false | undefined }): Tensor;
  (t: Tensor, ...args: InOrderOrByName<P, S>): Tensor[];
}
type ConsecutiveInOrder = [returnInverse: boolean, returnCounts?: boolean, dim?: number | null];
type UniqueInOrder = [sorted: boolean, ...ConsecutiveInOrder];

/** The distinct elements in ascending order, each NaN counting as one; or the distinct slices of an axis. */
export const unique = ((t: Tensor, ...args: unknown[]) => distinct('unique', t, args, true)) as DistinctOf<
  UniqueInOrder,
  UniqueOptions
>;

/** One of each run of equal elements (or slices of an axis). */
export const uniqueConsecutive = ((t: Tensor, ...args: unknown[]) =>
  distinct('uniqueConsecutive', t, args, false)) as DistinctOf<ConsecutiveInOrder, ConsecutiveOptions>;

addMethods({ unique, uniqueConsecutive });
declare module '../../core/tensor' {
  interface Tensor
    extends
      MethodsAs<typeof import('./distinct'), 'unique', Distinct<UniqueInOrder, UniqueOptions>>,
      MethodsAs<typeof import('./distinct'), 'uniqueConsecutive', Distinct<ConsecutiveInOrder, ConsecutiveOptions>> {}
}
