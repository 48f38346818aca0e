/** @file Integers as classes: one-hot vectors and counts. */
import { DTypeError, ShapeError, ArgumentError, IndexError } from '../../core/errors';
import { isFloat } from '../../core/dtype';
import { maxDims, showShape } from '../../core/shape';
import { addMethods, needTensor, type Tensor } from '../../core/tensor';
import { opcode } from '../../native';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { integer, tensor as tensorParam } from '../../core/params';
import { cast } from '../tensors/cast';
import { ones, zeros } from '../tensors/create';
import { scatter, scatterAdd } from '../indexing/gather';
import { sameDevice } from '../kit/launch';
import { runReduce } from './reduce';
import { unsqueeze } from '../shape/views';

const maxCode = opcode('reduce', 'max');
const minCode = opcode('reduce', 'min');

// The largest of non-negative integers, -1 for none. Waits for the stream.
function largest(op: string, t: Tensor): number {
  if (t.numel === 0) return -1;
  const axes = t.shape.map((_, i) => i);
  const low = Number(runReduce(minCode, t, axes, false, t.dtype).dataSync()[0]);
  if (low < 0) throw new IndexError(`[${op}] classes must not be negative, found ${low}`);
  return Number(runReduce(maxCode, t, axes, false, t.dtype).dataSync()[0]);
}

function checkIntegers(op: string, t: Tensor): void {
  needTensor(op, t);
  if (isFloat(t.dtype) || t.dtype === 'bool') throw new DTypeError(`[${op}] takes integers, not ${t.dtype}`);
}

/** Arguments of {@link oneHot}. */
export interface OneHotArguments {
  /** Default (-1): one more than the largest class, which waits for the stream. */
  numClasses?: number | undefined;
}
const oneHotSpec: Spec<Required<OneHotArguments>> = { numClasses: integer({ least: -1 }).or(-1) };

/**
 * Classes as vectors of 0 and one 1, int64 [..., numClasses].
 * @throws IndexError at the next wait if a class is out of range.
 */
export function oneHot(t: Tensor, ...args: InOrderOrByName<[numClasses?: number], OneHotArguments>): Tensor {
  const { numClasses } = readArguments('oneHot', oneHotSpec, args);
  checkIntegers('oneHot', t);
  if (numClasses === 0) throw new ArgumentError('[oneHot] numClasses must be a positive integer, got 0');
  if (t.numel === 0 && numClasses < 0)
    throw new ArgumentError('[oneHot] the number of classes of an empty tensor must be given');
  if (t.ndim === maxDims)
    throw new ShapeError(`[oneHot] ${showShape(t.shape)} cannot get one more dimension; at most ${maxDims}`);
  const n = numClasses < 0 ? largest('oneHot', t) + 1 : numClasses;
  const out = zeros([...t.shape, n], { dtype: 'int64', device: t.device });
  return scatter(out, -1, unsqueeze(t, -1), 1);
}

/** Arguments of {@link bincount}. */
export interface BincountArguments {
  /** What each element counts for. Default 1. */
  weights?: Tensor | null | undefined;
  /** The least number of classes. Default 0. */
  minlength?: number | undefined;
}
const bincountSpec: Spec<Required<BincountArguments>> = {
  weights: tensorParam.orNull(),
  minlength: integer({ least: 0 }).or(0),
};

/**
 * How often each class occurs in a vector of non-negative integers: int64 [at least `minlength`], or the sums of
 * `weights`, in their dtype. Waits for the stream.
 */
export function bincount(
  t: Tensor,
  ...args: InOrderOrByName<[weights?: Tensor | null, minlength?: number], BincountArguments>
): Tensor {
  const { weights, minlength } = readArguments('bincount', bincountSpec, args);
  checkIntegers('bincount', t);
  if (t.ndim !== 1) throw new ShapeError(`[bincount] takes a vector, got ${showShape(t.shape)}`);
  const index = cast(t, 'int64');
  const n = Math.max(minlength, largest('bincount', t) + 1);
  if (!weights) {
    const out = zeros([n], { dtype: 'int64', device: t.device });
    return scatterAdd(out, 0, index, ones(t.shape, { dtype: 'int64', device: t.device }));
  }
  sameDevice('bincount', t, weights);
  if (showShape(weights.shape) !== showShape(t.shape))
    throw new ShapeError(`[bincount] weights ${showShape(weights.shape)} do not fit ${showShape(t.shape)}`);
  const w = weights.dtype === 'float32' ? weights.detach() : cast(weights.detach(), 'float64');
  return scatterAdd(zeros([n], { dtype: w.dtype, device: t.device }), 0, index, w);
}

addMethods({ bincount });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./counting'), 'bincount'> {}
}
