/** @file Writing to positions of the flattened tensor. */
import { ShapeError } from '../../core/errors';
import { type Shape, showShape } from '../../core/shape';
import { addMethods, needTensor, type Tensor } from '../../core/tensor';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { boolean, tensor as tensorParam } from '../../core/params';
import { take } from './gather';
import { asIndex, type IndexLike, indexParam } from './checks';
import { linearIndex, runScatter, scatterMode } from './kernels';
import { denseOf, runCopy, sameDevice } from '../kit/launch';
import { apart, defineOverwrite, type Overwrite, sameDType, scalarOf } from '../kit/overwrite';
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

// `at`: positions of the flattened tensor; the source has as many elements, or is one for all.
interface Placing {
  source: Tensor;
  at: Tensor;
}
interface How {
  /** Of the source. */
  shape: Shape;
  accumulate: boolean;
}

const putting: (inputs: Placing, how: How) => Overwrite = defineOverwrite<Placing, How>({
  name: 'put',
  inputs: ['source', 'at'],
  write(o, { source, at }, { accumulate }) {
    const from = apart(o, source);
    const dense = denseOf(o);
    const values = from.numel === at.numel ? reshape(from, [-1]) : from;
    runScatter(accumulate ? scatterMode.sum : scatterMode.set, reshape(dense, [-1]), 0, at, values);
    if (!o.isContiguous()) runCopy(o, dense);
  },
  reads: ['at'],
  derivative(g, { at }, { shape, accumulate }, needs) {
    const cleared = (): Tensor => putting({ source: scalarOf(0, g), at }, { shape: [], accumulate: false }).copy(g);
    return {
      t: needs.t ? (accumulate ? g : cleared()) : null,
      source: needs.source ? reshape(take(g, at), shape) : null,
    };
  },
});

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
  const places = linearIndex([at], [t.numel], [1], at.shape);
  return putting({ source, at: places }, { shape: source.shape, accumulate: accumulate! });
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
export const put: Put = (t, ...args) => puttingOf('put', t, args).copy(t);
/** {@link put} in place. */
export const put_: Put = (t, ...args) => puttingOf('put_', t, args).self(t);

addMethods({ put, put_ });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./put'), 'put' | 'put_'> {}
}
