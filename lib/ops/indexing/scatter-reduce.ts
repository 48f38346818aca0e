/** @file Reducing elements that an index tensor sends to the same place. */
import { type DType, isFloat } from '../../core/dtype';
import { addMethods, type Tensor } from '../../core/tensor';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { axis as axisParam, boolean, oneOf, tensor } from '../../core/params';
import { div, eq, floorDivide, mul } from '../elementwise/arithmetic';
import { logicalAnd } from '../elementwise/binary';
import { cast } from '../tensors/cast';
import { onesLike, zerosLike } from '../tensors/create';
import { gather, scatter, scatterAdd } from './gather';
import { placeSlices } from './slices';
import { type IndexLike, indexParam, place, type Placed } from './checks';
import { runScatter, scatterMode } from './kernels';
import { runCopy } from '../kit/launch';
import { clampMin } from '../elementwise/math';
import { apart, defineOverwrite, type Overwrite, scalarOf } from '../kit/overwrite';
import { where } from '../elementwise/where';

/** How {@link scatterReduce} combines. */
export type ScatterReduction = 'sum' | 'prod' | 'mean' | 'amax' | 'amin';

/** Arguments of {@link scatterReduce}. */
export interface ScatterReduceArguments {
  dim: number;
  index: IndexLike;
  src: Tensor;
  reduce: ScatterReduction;
  /** Whether the old value of a place takes part. Default true. */
  includeSelf?: boolean | undefined;
}
const scatterReduceSpec: Spec<ScatterReduceArguments> = {
  dim: axisParam,
  index: indexParam,
  src: tensor,
  reduce: oneOf('sum', 'prod', 'mean', 'amax', 'amin'),
  includeSelf: boolean.or(true),
};

const lowest: Record<DType, number> = {
  float32: -Infinity,
  float64: -Infinity,
  bfloat16: -Infinity,
  float16: -Infinity,
  int32: -(2 ** 31),
  int64: -(2 ** 63),
  uint8: 0,
  bool: 0,
};
const highest: Record<DType, number> = {
  float32: Infinity,
  float64: Infinity,
  bfloat16: Infinity,
  float16: Infinity,
  int32: 2 ** 31 - 1,
  // The largest double below 2^63.
  int64: 2 ** 63 - 1024,
  uint8: 255,
  bool: 1,
};

// What changes nothing: stands for an old value that does not take part.
function neutral(reduce: ScatterReduction, dtype: DType): number {
  if (reduce === 'amax') return lowest[dtype];
  if (reduce === 'amin') return highest[dtype];
  return reduce === 'prod' ? 1 : 0;
}

// How many elements went into each place; 1 where none did.
function counts(like: Tensor, axis: number, index: Tensor, includeSelf: boolean): Tensor {
  const start = includeSelf ? onesLike(like) : zerosLike(like);
  return clampMin(scatter(start, axis, index, 1, 'add'), 1);
}

interface Combined {
  src: Tensor;
  index: Tensor;
}
interface How {
  axis: number;
  reduce: ScatterReduction;
  includeSelf: boolean;
}

function write(o: Tensor, { src, index }: Combined, { axis, reduce, includeSelf }: How): void {
  const mode = scatterMode[reduce === 'mean' ? 'sum' : reduce];
  const from = apart(o, src);
  if (!includeSelf) runScatter(scatterMode.set, o, axis, index, scalarOf(neutral(reduce, o.dtype), o));
  runScatter(mode, o, axis, index, from);
  if (reduce === 'mean') runCopy(o, (isFloat(o.dtype) ? div : floorDivide)(o, counts(o, axis, index, includeSelf)));
}

// The gradient of an old value, which is 0 where it took no part.
const ofOld = (g: Tensor, index: Tensor, { axis, includeSelf }: How): Tensor =>
  includeSelf ? g : scatter(g, axis, index, 0);

// Sums and means, whose gradients do not read what they combined.
const summing = (name: string): Combining =>
  defineOverwrite<Combined, How>({
    name,
    inputs: ['src', 'index'],
    write,
    reads: ['index'],
    derivative(g, { index }, how, needs) {
      const { axis, reduce, includeSelf } = how;
      const share = reduce === 'sum' ? g : div(g, counts(g, axis, index, includeSelf));
      return { t: ofOld(share, index, how), src: needs.src ? gather(share, axis, index) : null };
    },
  });

// Products and extremes.
const choosing = (name: string): Combining =>
  defineOverwrite<Combined, How>({
    name,
    inputs: ['src', 'index'],
    write,
    reads: ['t', 'src', 'index'],
    derivative(g, { t, src, index }, how) {
      const [old, placed] = (how.reduce === 'prod' ? ofProduct : ofExtreme)(g, t, index, src, how);
      return { t: ofOld(old, index, how), src: placed };
    },
  });

type Combining = (inputs: Combined, how: How) => Overwrite;
const sums = { scatterReduce: summing('scatterReduce'), indexReduce: summing('indexReduce') };
const others = { scatterReduce: choosing('scatterReduce'), indexReduce: choosing('indexReduce') };

// The product of the others: divide by the factor, or where it is the only zero, leave it out.
function ofProduct(g: Tensor, t: Tensor, index: Tensor, src: Tensor, { axis, includeSelf }: How): [Tensor, Tensor] {
  const options = { includeSelf };
  const read = (x: Tensor): Tensor => gather(x, axis, index);
  const safe = where(eq(t, 0), 1, t);
  const ofSelf = div(mul(g, scatterReduce(safe, axis, index, src, 'prod', options)), safe);
  const isZero = eq(src, 0);
  const zeros = read(scatterAdd(zerosLike(t), axis, index, cast(isZero, t.dtype)));
  const single = logicalAnd(isZero, eq(zeros, 1));
  const without = scatterReduce(t, axis, index, where(single, 1, src), 'prod', options);
  const all = scatterReduce(t, axis, index, src, 'prod', options);
  return [ofSelf, where(single, read(mul(g, without)), div(read(mul(g, all)), where(isZero, 1, src)))];
}

// As in PyTorch each of equal extremes gets an equal share, the old value counting as one of them.
function ofExtreme(g: Tensor, t: Tensor, index: Tensor, src: Tensor, how: How): [Tensor, Tensor] {
  const { axis, reduce, includeSelf } = how;
  const read = (x: Tensor): Tensor => gather(x, axis, index);
  const result = scatterReduce(t.detach(), axis, index, src.detach(), reduce, { includeSelf });
  const selfHits = cast(eq(t, result), g.dtype);
  const srcHits = cast(eq(src, read(result)), g.dtype);
  const share = div(g, clampMin(scatterAdd(selfHits, axis, index, srcHits), 1));
  return [mul(selfHits, share), mul(srcHits, read(share))];
}

// Combines what was placed; `name` is that of the op.
function combining(
  name: 'scatterReduce' | 'indexReduce',
  { src, index, axis }: Placed,
  reduce: ScatterReduction,
  includeSelf: boolean,
): Overwrite {
  const op = (reduce === 'sum' || reduce === 'mean' ? sums : others)[name];
  return op({ src, index }, { axis, reduce, includeSelf });
}

function reducing(op: string, t: Tensor, args: readonly unknown[]): Overwrite {
  const { dim, index, src, reduce, includeSelf } = readArguments(op, scatterReduceSpec, args);
  return combining('scatterReduce', place('scatterReduce', t, dim, index, src), reduce, includeSelf!);
}

type ScatterReduce = (
  t: Tensor,
  ...args: InOrderOrByName<
    [dim: number, index: IndexLike, src: Tensor, reduce: ScatterReduction, includeSelf?: boolean],
    ScatterReduceArguments
  >
) => Tensor;

/**
 * A copy with the elements of `src` combined into out[index[i][j]..][j].. (for axis 0), and with what is there unless
 * `includeSelf` is false.
 */
export const scatterReduce: ScatterReduce = (t, ...args) => reducing('scatterReduce', t, args).copy(t);
/** {@link scatterReduce} in place. */
export const scatterReduce_: ScatterReduce = (t, ...args) => reducing('scatterReduce_', t, args).self(t);

// --- whole slices ---------------------------------------------------------------------------------------------------

/** Arguments of {@link indexReduce}. */
export interface IndexReduceArguments {
  dim: number;
  index: IndexLike;
  source: Tensor;
  reduce: IndexReduction;
  /** Whether the old value of a place takes part. Default true. */
  includeSelf?: boolean | undefined;
}
/** How {@link indexReduce} combines. */
export type IndexReduction = 'prod' | 'mean' | 'amax' | 'amin';
const indexReduceSpec: Spec<IndexReduceArguments> = {
  dim: axisParam,
  index: indexParam,
  source: tensor,
  reduce: oneOf('prod', 'mean', 'amax', 'amin'),
  includeSelf: boolean.or(true),
};

function reducingSlices(op: string, t: Tensor, args: readonly unknown[]): Overwrite {
  const { dim, index, source, reduce, includeSelf } = readArguments(op, indexReduceSpec, args);
  return combining('indexReduce', placeSlices('indexReduce', t, dim, index, source), reduce, includeSelf!);
}

type IndexReduce = (
  t: Tensor,
  ...args: InOrderOrByName<
    [dim: number, index: IndexLike, source: Tensor, reduce: IndexReduction, includeSelf?: boolean],
    IndexReduceArguments
  >
) => Tensor;

/**
 * A copy with the slices of `source` combined into the slices of dimension `dim` that a vector of indices names, and
 * with what is there unless `includeSelf` is false. Slices that no index names stay.
 * @returns the shape and dtype of the tensor
 * @throws ShapeError unless the source has the tensor's shape, with one slice per index; DTypeError unless its dtype
 */
export const indexReduce: IndexReduce = (t, ...args) => reducingSlices('indexReduce', t, args).copy(t);
/** {@link indexReduce} in place. */
export const indexReduce_: IndexReduce = (t, ...args) => reducingSlices('indexReduce_', t, args).self(t);

addMethods({ scatterReduce, scatterReduce_, indexReduce, indexReduce_ });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<
    typeof import('./scatter-reduce'),
    'indexReduce' | 'indexReduce_' | 'scatterReduce' | 'scatterReduce_'
  > {}
}
