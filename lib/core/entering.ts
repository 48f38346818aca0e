/** @file Gradients that come from outside: what users give and what their functions return is made to fit, or refused. */
import { deviceName } from './device';
import { type DType } from './dtype';
import { DeviceError, ShapeError } from './errors';
import { engineOps } from './autograd';
import { sameShape, type Shape, showShape } from './shape';
import { needTensor, shapeOf, type Tensor } from './tensor';

/** What a gradient has to fit. */
export interface GradientLike {
  shape: Shape;
  dtype: DType;
  /** The addon's number. */
  device: number;
}

/** What a gradient of `t` has to fit. */
export const gradientLike = (t: Tensor): GradientLike => ({
  shape: shapeOf(t),
  dtype: t.dtype,
  device: t.storage.device,
});

/**
 * `g` as a gradient of what is `like`: cast to its dtype, since kernels read every gradient as one of the tensor's own
 * dtype.
 * @param reducible - a gradient that broadcasting made larger is taken too: the engine sums it down
 * @throws ArgumentError, ShapeError or DeviceError
 */
export function enteringGradient(op: string, g: unknown, like: GradientLike, reducible = false): Tensor {
  needTensor(op, g);
  const shape = shapeOf(g);
  if (!sameShape(shape, like.shape) && !(reducible && broadcastsTo(like.shape, shape)))
    throw new ShapeError(`[${op}] the gradient has shape ${showShape(shape)}, the tensor ${showShape(like.shape)}`);
  if (g.storage.device !== like.device)
    throw new DeviceError(`[${op}] the gradient is on ${g.device}, the tensor on ${deviceName(like.device)}`);
  return g.dtype === like.dtype ? g : engineOps.cast(g, like.dtype);
}

const broadcastsTo = (small: Shape, large: Shape): boolean =>
  small.length <= large.length && small.every((d, i) => d === 1 || d === large[large.length - small.length + i]);
