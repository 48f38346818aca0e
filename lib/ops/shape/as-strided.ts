/** @file Any view of a tensor's memory, by shape and strides. */
import { dtypeSize } from '../../core/dtype';
import { ArgumentError, ShapeError } from '../../core/errors';
import { numel, overlapsItself, type Shape, showShape } from '../../core/shape';
import { addMethods, alias, type Method, needTensor, shapeOf, stridesOf, type Tensor } from '../../core/tensor';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { integer, integers, shape as shapeParam } from '../../core/params';
import { clampMin } from '../elementwise/math';
import { div } from '../elementwise/arithmetic';
import { arange, ones, zeros } from '../tensors/create';
import { addRows } from '../indexing/kernels';
import { denseOf } from '../kit/launch';
import { definePrimitive } from '../kit/primitive';
import { becomeView, reshape } from './views';

/** Arguments of {@link asStrided}. */
export interface AsStridedArguments {
  size: Shape;
  /** Of each dimension, in elements; not negative. */
  stride: readonly number[];
  /** Of the first element, counted from the start of the memory. Default: that of the tensor. */
  storageOffset?: number | null | undefined;
}
const asStridedSpec: Spec<AsStridedArguments> = {
  size: shapeParam,
  stride: integers,
  storageOffset: integer({ least: 0 }).orNull(),
};

// Where elements lie in a memory.
interface Layout {
  shape: Shape;
  strides: readonly number[];
  offset: number;
}
const layoutOf = (t: Tensor): Layout => ({ shape: shapeOf(t), strides: stridesOf(t), offset: t.offset });

// The first and the last element of the memory that a layout shows; it is not empty.
function reach({ shape, strides, offset }: Layout): [first: number, last: number] {
  const steps = shape.map((d, i) => (d - 1) * strides[i]!);
  return [steps.reduce((p, s) => p + Math.min(s, 0), offset), steps.reduce((p, s) => p + Math.max(s, 0), offset)];
}

// The positions, in a memory of n elements, of a layout's elements, row-major.
const positions = (n: number, { shape, strides, offset }: Layout, device: Tensor['device']): Tensor =>
  reshape(denseOf(alias(arange(n, { dtype: 'int64', device }), shape, strides, offset)), [-1]);

// The gradient of `of` from that of another view of its memory: elements seen several times add up, and those that the
// tensor itself shows several times share, as in PyTorch.
function gradientOf(g: Tensor, of: Layout, seen: Layout): Tensor {
  const { device, dtype } = g;
  if (g.numel === 0 || numel(of.shape) === 0) return zeros(of.shape, { dtype, device });
  const [a, b] = [reach(of), reach(seen)];
  const start = Math.min(a[0], b[0]);
  const n = Math.max(a[1], b[1]) - start + 1;
  const within = (l: Layout): Layout => ({ ...l, offset: l.offset - start });
  const sum = (t: Tensor, l: Layout): Tensor =>
    reshape(addRows(reshape(t, [1, -1, 1]), positions(n, within(l), device), n), [-1]);
  let memory = sum(g, seen);
  if (overlapsItself(of.shape, of.strides)) {
    const times = sum(ones(of.shape, { dtype, device }), of);
    memory = div(memory, clampMin(times, 1));
  }
  return look(memory, within(of));
}

const look = (t: Tensor, seen: Layout): Tensor => looked({ t }, { of: layoutOf(t), seen });
const looked = definePrimitive<{ t: Tensor }, { of: Layout; seen: Layout }>({
  name: 'asStrided',
  inputs: ['t'],
  forward: ({ t }, { seen }) => alias(t, seen.shape, seen.strides, seen.offset),
  derivative: (g, _, { of, seen }) => ({ t: gradientOf(g, of, seen) }),
});

/**
 * A view of the tensor's memory with any shape and strides: element i, j.. is `storageOffset` + i stride[0] + j stride[1]..
 * elements from the start of the memory, which may be larger than what the tensor shows of it. Elements may be shown
 * several times; the gradient is then the sum of theirs, and 0 for what is not shown.
 * @throws ArgumentError for negative strides, or not one per dimension; ShapeError if the view would leave the memory
 */
export function asStrided(
  t: Tensor,
  ...args: InOrderOrByName<[size: Shape, stride: readonly number[], storageOffset?: number | null], AsStridedArguments>
): Tensor {
  const op = 'asStrided';
  needTensor(op, t);
  const { size, stride, storageOffset } = readArguments(op, asStridedSpec, args);
  if (stride.length !== size.length || stride.some((s) => s < 0))
    throw new ArgumentError(
      `[${op}] stride must have a number of at least 0 for each of the ${size.length} dimensions of ${showShape(size)}, got ${showShape(stride)}`,
    );
  const seen = { shape: size, strides: stride.slice(), offset: storageOffset ?? t.offset };
  const elements = t.storage.bytes / dtypeSize(t.dtype);
  if (numel(size) > 0 && reach(seen)[1] >= elements)
    throw new ShapeError(
      `[${op}] ${showShape(size)} with strides ${showShape(stride)} from element ${seen.offset} leaves the memory, which has ${elements} elements`,
    );
  return look(t, seen);
}

/** {@link asStrided} in place: the tensor itself becomes that view of its memory. */
export const asStrided_ = (t: Tensor, ...args: Parameters<Method<typeof asStrided>>): Tensor =>
  becomeView('asStrided_', t, (x) => asStrided(x, ...args));

/** Where the tensor's first element lies in its memory, in elements. */
function storageOffset(t: Tensor): number {
  return t.offset;
}

addMethods({ asStrided, asStrided_, storageOffset });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./as-strided'), 'asStrided' | 'asStrided_'> {
    /** Where the first element lies in the memory, in elements. */
    storageOffset: Method<typeof storageOffset>;
  }
}
