/** @file Reductions over any set of axes. */
import { engineOps } from '../../core/autograd';
import { type DType, isFloat } from '../../core/dtype';
import { DTypeError } from '../../core/errors';
import { checkAxes, sameShape, type Shape } from '../../core/shape';
import { addMethods, empty, needTensor, shapeOf, stridesOf, type Tensor } from '../../core/tensor';
import { kernel, opcode, written } from '../../native';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { axes, boolean, dtype as dtypeParam } from '../../core/params';
import { recordView } from '../kit/hot';
import { definePrimitive } from '../kit/primitive';
import { cast } from '../tensors/cast';
import { div, eq, mul } from '../elementwise/arithmetic';
import { eye } from '../tensors/create';
import { expand, expanded, permute, reshape, reshaped } from '../shape/views';
import { where } from '../elementwise/where';

const reduceKernel = kernel('reduce');

/** One axis, several, or (undefined, null) all. */
export type Axes = number | readonly number[] | null | undefined;

/** Options of reductions. */
export interface ReduceOptions {
  /** Over which axes. Default all. */
  dim?: Axes;
  /** Keep reduced dimensions with length 1. Default false. */
  keepdim?: boolean | undefined;
  /** Sum (or multiply) in this dtype. */
  dtype?: DType | undefined;
}

/** For `readArguments`. */
export const reduceSpec: Spec<ReduceOptions> = {
  dim: axes.orNull(),
  keepdim: boolean.or(false),
  dtype: dtypeParam.optional(),
};
/** {@link ReduceOptions} in order or by name. */
export type ReduceArguments = InOrderOrByName<[dim?: Axes, keepdim?: boolean, dtype?: DType], ReduceOptions>;

/** Options of reductions that give elements, or bool. */
export type KeepdimOptions = Omit<ReduceOptions, 'dtype'>;
/** For `readArguments`. */
export const keepdimSpec: Spec<KeepdimOptions> = { dim: axes.orNull(), keepdim: boolean.or(false) };
/** {@link KeepdimOptions} in order or by name. */
export type KeepdimArguments = InOrderOrByName<[dim?: Axes, keepdim?: boolean], KeepdimOptions>;

interface Split {
  out: readonly number[];
  keepShape: readonly number[];
  keepStrides: readonly number[];
  redShape: readonly number[];
  redStrides: readonly number[];
}

const none: readonly number[] = [];

function split(t: Tensor, axes: readonly number[], keepdim = false): Split {
  const shape = shapeOf(t);
  const strides = stridesOf(t);
  const out = keepdim ? shape.map((d, i) => (axes.includes(i) ? 1 : d)) : undefined;
  if (axes.length === shape.length)
    return { out: out ?? none, keepShape: none, keepStrides: none, redShape: shape, redStrides: strides };
  const kept = (_: number, i: number): boolean => !axes.includes(i);
  const reduced = (_: number, i: number): boolean => axes.includes(i);
  const keepShape = shape.filter(kept);
  return {
    out: out ?? keepShape,
    keepShape,
    keepStrides: strides.filter(kept),
    redShape: shape.filter(reduced),
    redStrides: strides.filter(reduced),
  };
}

/** Runs a reduction; nothing is tracked. */
export function runReduce(
  op: number,
  t: Tensor,
  axes: readonly number[],
  keepdim: boolean | undefined,
  dtype: DType,
  scale = 1,
): Tensor {
  const s = split(t, axes, keepdim);
  const out = empty(s.out, dtype, t.storage.device);
  reduceKernel(op, written(out), t, s.keepShape, s.keepStrides, s.redShape, s.redStrides, scale);
  return out;
}

/** The gradient of a reduction, spread over the shape that was reduced. */
export function spread(g: Tensor, shape: Shape, axes: readonly number[]): Tensor {
  if (g.ndim === 0 || g.ndim === shape.length) return expanded(g, shape);
  const kept = shape.map((d, i) => (axes.includes(i) ? 1 : d));
  return expanded(reshaped(g, kept), shape);
}

const sumCode = opcode('reduce', 'sum');

/** The sum over `axes`. Integers and bool are summed as int64. */
export function sum(t: Tensor, ...args: ReduceArguments): Tensor {
  needTensor('sum', t);
  const { dim, keepdim, dtype: wanted } = readArguments('sum', reduceSpec, args);
  return summed(t, checkAxes('sum', dim, t.ndim), keepdim, wanted);
}

/** {@link sum} over axes that exist, ascending. */
export function summed(t: Tensor, axes: readonly number[], keepdim?: boolean, wanted?: DType): Tensor {
  const dtype = wanted ?? (isFloat(t.dtype) ? t.dtype : 'int64');
  const x = wanted || isFloat(t.dtype) ? cast(t, dtype) : t;
  const out = runReduce(sumCode, x, axes, keepdim, dtype);
  const shape = shapeOf(x);
  return recordView('sum', out, x, (g) => spread(g, shape, axes));
}

/** Sums a gradient down to the shape that was broadcast to its shape. */
export function sumTo(t: Tensor, shape: Shape): Tensor {
  const lead = t.ndim - shape.length;
  const axes: number[] = [];
  for (let i = 0; i < t.ndim; i++) if (i < lead || (shape[i - lead] === 1 && shapeOf(t)[i] !== 1)) axes.push(i);
  const s = axes.length === 0 ? t : summed(t, axes);
  return sameShape(shapeOf(s), shape) ? s : reshaped(s, shape);
}

/** The mean over `axes`. */
export function mean(t: Tensor, ...args: ReduceArguments): Tensor {
  needTensor('mean', t);
  const { dim, keepdim, dtype: wanted } = readArguments('mean', reduceSpec, args);
  const x = wanted ? cast(t, wanted) : t;
  if (!isFloat(x.dtype))
    throw new DTypeError(`[mean] needs a floating-point tensor, got ${x.dtype}; pass { dtype: 'float32' }`);
  const list = checkAxes('mean', dim, x.ndim);
  const shape = shapeOf(x);
  let count = 1;
  for (const a of list) count *= shape[a]!;
  const scale = 1 / count;
  // An empty mean is 0 * (1/0) = NaN, as in PyTorch.
  const out = runReduce(sumCode, x, list, keepdim, x.dtype, scale);
  return recordView('mean', out, x, (g) => spread(mul(g, scale), shape, list));
}

const prodCode = opcode('reduce', 'prod');

/** The product over `axes`. Integers and bool are multiplied as int64. The gradient is right also where factors are 0. */
export function prod(t: Tensor, ...args: ReduceArguments): Tensor {
  needTensor('prod', t);
  const { dim, keepdim, dtype: wanted } = readArguments('prod', reduceSpec, args);
  const list = checkAxes('prod', dim, t.ndim);
  const dtype = wanted ?? (isFloat(t.dtype) ? t.dtype : 'int64');
  const x = wanted || isFloat(t.dtype) ? cast(t, dtype) : t;
  return multipliedUp({ x }, { list, keepdim, dtype });
}

const multipliedUp = definePrimitive<
  { x: Tensor },
  { list: readonly number[]; keepdim: boolean | undefined; dtype: DType }
>({
  name: 'prod',
  inputs: ['x'],
  forward: ({ x }, { list, keepdim, dtype }) => runReduce(prodCode, x, list, keepdim, dtype),
  reads: ['x'],
  derivative: (g, { x }, { list }) => ({ x: prodGradAgain(g, x, list) }),
  gradient: { run: (g, { x }, { list }) => ({ x: prodGrad(g, x, list) }) },
});

// dy/dx_i is the product of the other factors: (product of the nonzero ones) / x_i without a zero among them; with one
// zero, the product of the nonzero ones, at that place only; with several, 0.
function prodGrad(g: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  const isZero = eq(x, 0);
  const safe = where(isZero, 1, x);
  const others = prod(safe, axes, { keepdim: true });
  const zeros = sum(isZero, axes, { keepdim: true });
  const slope = where(isZero, where(eq(zeros, 1), others, 0), div(where(eq(zeros, 0), others, 0), safe));
  return mul(spread(g, shapeOf(x), axes), slope);
}

// The same so that it can be differentiated again at zeros too: the n products of n - 1 factors, written out.
function prodGradAgain(g: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  const kept = shapeOf(x)
    .map((_, i) => i)
    .filter((i) => !axes.includes(i));
  const order = [...kept, ...axes];
  const rows = permute(x, order);
  const n = axes.reduce((k, a) => k * shapeOf(x)[a]!, 1);
  const lead = kept.map((a) => shapeOf(x)[a]!);
  const matrix = expand(reshape(rows, [...lead, 1, n]), [...lead, n, n]);
  const without = prod(where(eye(n, { dtype: 'bool', device: x.device }), 1, matrix), -1);
  const back = order.map((_, i) => order.indexOf(i));
  return mul(spread(g, shapeOf(x), axes), permute(reshape(without, shapeOf(rows)), back));
}

const anyCode = opcode('reduce', 'any');
const allCode = opcode('reduce', 'all');

function truth(op: string, code: number, t: Tensor, args: KeepdimArguments): Tensor {
  needTensor(op, t);
  const { dim, keepdim } = readArguments(op, keepdimSpec, args);
  return runReduce(code, t, checkAxes(op, dim, t.ndim), keepdim, 'bool');
}

/** Whether any element over `axes` is not 0 (false for none). NaN is not 0. */
export const any = (t: Tensor, ...args: KeepdimArguments): Tensor => truth('any', anyCode, t, args);

/** Whether all elements over `axes` are not 0 (true for none). */
export const all = (t: Tensor, ...args: KeepdimArguments): Tensor => truth('all', allCode, t, args);

engineOps.sumTo = sumTo;
addMethods({ sum, mean, prod, any, all });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./reduce'), 'sum' | 'mean' | 'prod' | 'any' | 'all'> {}
}
