/** @file Max pooling undone, as far as it can be. */
import { ShapeError } from '../../core/errors';
import { numel, showShape } from '../../core/shape';
import { needTensor, type Tensor } from '../../core/tensor';
import { type Dimensions, readArguments, type Sizes, sizesOf, type WithRequired } from '../../core/arguments';
import { integers, tensor } from '../../core/params';
import { zeros } from '../tensors/create';
import { scatter } from '../indexing/gather';
import { type KernelSize, windowSpec } from './pooling';
import { checkPooled } from './pooling-input';
import { reshape } from '../shape/views';

/** Options of {@link maxUnpool1d} and its kind. */
export interface MaxUnpoolOptions {
  /** Default: the kernel size. */
  stride: Sizes | null;
  padding: Sizes;
  /** The size that was pooled, where the windows leave it open. */
  outputSize: readonly number[] | null;
}

/** The arguments of unpooling without which there is none. */
export interface UnpoolArguments extends KernelSize {
  /** Where the maxima were. */
  indices: Tensor;
}
/** A function that undoes max pooling. */
export type MaxUnpool = (
  x: Tensor,
  ...args: WithRequired<[indices: Tensor, kernelSize: Sizes], UnpoolArguments, MaxUnpoolOptions>
) => Tensor;

const unpoolSpec = { indices: tensor, ...windowSpec, outputSize: integers.orNull() };

/** Unpooling with arguments that were read. */
export function maxUnpooled(n: Dimensions, x: Tensor, o: UnpoolArguments & MaxUnpoolOptions): Tensor {
  const op = `maxUnpool${n}d`;
  const { indices } = o;
  checkPooled(op, n, x);
  needTensor(op, indices);
  if (showShape(x.shape) !== showShape(indices.shape))
    throw new ShapeError(`[${op}] indices ${showShape(indices.shape)} do not fit input ${showShape(x.shape)}`);
  const taps = sizesOf(op, 'kernelSize', o.kernelSize, n, 1);
  const stride = sizesOf(op, 'stride', o.stride ?? taps, n, 1);
  const padding = sizesOf(op, 'padding', o.padding, n, 0);
  const lead = x.shape.slice(0, x.ndim - n);
  const grid = x.shape.slice(x.ndim - n);
  const size = o.outputSize
    ? o.outputSize.slice(-n)
    : grid.map((d, i) => (d - 1) * stride[i]! - 2 * padding[i]! + taps[i]!);
  const flat = [numel(lead), numel(grid)];
  const base = zeros([numel(lead), numel(size)], { dtype: x.dtype, device: x.device });
  return reshape(scatter(base, 1, reshape(indices, flat), reshape(x, flat)), [...lead, ...size]);
}

const maxUnpoolOf =
  (n: Dimensions): MaxUnpool =>
  (x, ...args) =>
    maxUnpooled(n, x, readArguments(`maxUnpool${n}d`, unpoolSpec, args));

/** Puts maxima back to where {@link maxPool1d} found them; zeros elsewhere. */
export const maxUnpool1d = maxUnpoolOf(1);
/** {@link maxUnpool1d} of images. */
export const maxUnpool2d = maxUnpoolOf(2);
/** {@link maxUnpool1d} of volumes. */
export const maxUnpool3d = maxUnpoolOf(3);
