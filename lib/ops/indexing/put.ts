/** @file Writing to positions of the flattened tensor. */
import { ShapeError } from '../../core/errors';
import { showShape } from '../../core/shape';
import { addMethods, needTensor, type Tensor } from '../../core/tensor';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { boolean, tensor as tensorParam } from '../../core/params';
import { take } from './gather';
import { asIndex, type IndexLike, indexParam } from './checks';
import { linearIndex, runScatter, scatterMode } from './kernels';
import { denseOf, runCopy, sameDevice } from '../kit/launch';
import { apart, overwriteCopy, type Overwrite, overwriteSelf, sameDType, scalarOf } from '../kit/overwrite';
import { reshape } from '../shape/views';

/** Arguments of {@link put}. */
export interface PutArguments {
  /** Positions in the flattened tensor; negative ones count from the end. */
  index: IndexLike;
  /** As many elements as positions, of the tensor's dtype. */
  source: Tensor;
  /** Add to what is there; positions named twice count twice. Default false: overwrite. */
  accumulate?: boolean | undefined;
}
const putSpec: Spec<PutArguments> = { index: indexParam, source: tensorParam, accumulate: boolean.or(false) };

function putting(t: Tensor, index: Tensor, source: Tensor, accumulate: boolean): Overwrite {
  const at = linearIndex([index], [t.numel], [1], index.shape);
  const { shape } = source;
  return {
    name: 'put',
    inputs: [source],
    saved: [at],
    write: (o) => {
      const from = apart(o, source).detach();
      const dense = denseOf(o.detach());
      // Zero stands for all positions in the gradient.
      const values = from.numel === at.numel ? reshape(from, [-1]) : from;
      runScatter(accumulate ? scatterMode.sum : scatterMode.set, reshape(dense, [-1]), 0, at, values);
      if (!o.isContiguous()) runCopy(o, dense);
    },
    grad: ([g], [i], needs) => [
      needs[0] ? (accumulate ? g : overwriteCopy(g!, putting(g!, i!, scalarOf(0, g!), false))) : null,
      needs[1] ? reshape(take(g!, i!), shape) : null,
    ],
  };
}

function puttingOf(op: string, t: Tensor, args: readonly unknown[]): Overwrite {
  needTensor(op, t);
  const { index, source, accumulate } = readArguments(op, putSpec, args);
  const at = asIndex(op, index, t);
  sameDType(op, t, source);
  sameDevice(op, t, source);
  if (source.numel !== at.numel)
    throw new ShapeError(
      `[${op}] the source ${showShape(source.shape)} must have as many elements as the index ${showShape(at.shape)}`,
    );
  return putting(t, at, source, accumulate!);
}

type Put = (
  t: Tensor,
  ...args: InOrderOrByName<[index: IndexLike, source: Tensor, accumulate?: boolean], PutArguments>
) => Tensor;

/**
 * A copy with the elements at positions of the flattened tensor replaced by those of `source` (or, accumulating,
 * increased by them). Where a position appears twice the later one wins.
 * @returns the shape and dtype of the tensor
 * @throws ShapeError unless index and source have equally many elements; DTypeError unless the dtypes are equal;
 *   IndexError, at the next wait, for a position that is not there
 */
export const put: Put = (t, ...args) => overwriteCopy(t, puttingOf('put', t, args));
/** {@link put} in place. */
export const put_: Put = (t, ...args) => overwriteSelf(t, puttingOf('put_', t, args));

addMethods({ put, put_ });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./put'), 'put' | 'put_'> {}
}
