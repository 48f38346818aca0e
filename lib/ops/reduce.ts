/** @file Reductions over any set of axes. */
import { track } from '../core/autograd';
import { type DType, isFloat } from '../core/dtype';
import { DTypeError } from '../core/errors';
import { checkAxes, type Shape } from '../core/shape';
import { addMethods, empty, type Method, type Tensor } from '../core/tensor';
import { kernel, opcode } from '../native';
import { cast } from './cast';
import { mul } from './arithmetic';
import { expand, reshape } from './views';

const reduceKernel = kernel('reduce');

/** One axis, several, or (undefined, null) all. */
export type Axes = number | readonly number[] | null | undefined;

/** Options of reductions. */
export interface ReduceOptions {
  /** Keep reduced dimensions with length 1. Default false. */
  keepdim?: boolean;
  /** Sum (or multiply) in this dtype. */
  dtype?: DType;
}

interface Split {
  out: number[];
  keepShape: number[];
  keepStrides: number[];
  redShape: number[];
  redStrides: number[];
}

function split(t: Tensor, axes: readonly number[], keepdim: boolean): Split {
  const s: Split = { out: [], keepShape: [], keepStrides: [], redShape: [], redStrides: [] };
  for (let i = 0; i < t.ndim; i++) {
    const reduced = axes.includes(i);
    (reduced ? s.redShape : s.keepShape).push(t.shape[i]!);
    (reduced ? s.redStrides : s.keepStrides).push(t.strides[i]!);
    if (!reduced) s.out.push(t.shape[i]!);
    else if (keepdim) s.out.push(1);
  }
  return s;
}

/** Runs a reduction; nothing is tracked. */
export function runReduce(op: number, t: Tensor, axes: readonly number[], keepdim: boolean, dtype: DType, scale = 1): Tensor {
  const s = split(t, axes, keepdim);
  const out = empty(s.out, dtype, t.storage.device);
  reduceKernel(t.numel * 0.5, op, out, t, s.keepShape, s.keepStrides, s.redShape, s.redStrides, scale);
  return out;
}

/** The gradient of a reduction, spread over the shape that was reduced. */
export function spread(g: Tensor, shape: Shape, axes: readonly number[]): Tensor {
  return expand(reshape(g, shape.map((d, i) => (axes.includes(i) ? 1 : d))), shape);
}

const sumCode = opcode('reduce', 'sum');

/** The sum over `axes`. Integers and bool are summed as int64. */
export function sum(t: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  t.checkAlive('sum');
  const list = checkAxes('sum', axes, t.ndim);
  const dtype = options.dtype ?? (isFloat(t.dtype) ? t.dtype : 'int64');
  const x = options.dtype || isFloat(t.dtype) ? cast(t, dtype) : t;
  const out = runReduce(sumCode, x, list, options.keepdim ?? false, dtype);
  const shape = x.shape;
  return track('sum', out, [x], [], ([g]) => [spread(g!, shape, list)]);
}

/** The mean over `axes`. */
export function mean(t: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  t.checkAlive('mean');
  const x = options.dtype ? cast(t, options.dtype) : t;
  if (!isFloat(x.dtype)) throw new DTypeError(`[mean] needs a floating-point tensor, got ${x.dtype}; pass { dtype: 'float32' }`);
  const list = checkAxes('mean', axes, x.ndim);
  const shape = x.shape;
  const scale = 1 / list.reduce((n, a) => n * shape[a]!, 1);
  // An empty mean is 0 * (1/0) = NaN, as in PyTorch.
  const out = runReduce(sumCode, x, list, options.keepdim ?? false, x.dtype, scale);
  return track('mean', out, [x], [], ([g]) => [spread(mul(g!, scale), shape, list)]);
}

addMethods({ sum, mean });
declare module '../core/tensor' {
  interface Tensor {
    sum: Method<typeof sum>;
    mean: Method<typeof mean>;
  }
}
