/** @file Normalisation over trailing dimensions. */
import { isFloat } from '../core/dtype';
import { DTypeError, ShapeError } from '../core/errors';
import { sameShape, type Shape, showShape } from '../core/shape';
import type { Tensor } from '../core/tensor';
import { add, mul, sub } from './arithmetic';
import { rsqrt, square } from './math';
import { mean } from './reduce';

/**
 * Subtracts the mean and divides by the standard deviation over the last dimensions, then scales and shifts
 * (Ba et al. 2016).
 * @param normalizedShape - these dimensions, or the last one
 * @param weight - of that shape, or nothing; so is `bias`
 */
export function layerNorm(
  x: Tensor,
  normalizedShape: number | Shape,
  weight?: Tensor | null,
  bias?: Tensor | null,
  eps = 1e-5,
): Tensor {
  x.checkAlive('layerNorm');
  const shape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
  if (shape.length === 0 || !sameShape(x.shape.slice(-shape.length), shape))
    throw new ShapeError(`[layerNorm] input ${showShape(x.shape)} does not end in ${showShape(shape)}`);
  for (const t of [weight, bias])
    if (t && !sameShape(t.shape, shape))
      throw new ShapeError(`[layerNorm] weight and bias must be ${showShape(shape)}, got ${showShape(t.shape)}`);
  if (!isFloat(x.dtype)) throw new DTypeError(`[layerNorm] needs a floating-point tensor, got ${x.dtype}`);
  const axes = shape.map((_, i) => i - shape.length);
  const centered = sub(x, mean(x, axes, { keepdim: true }));
  const variance = mean(square(centered), axes, { keepdim: true });
  const y = mul(centered, rsqrt(add(variance, eps)));
  const scaled = weight ? mul(y, weight) : y;
  return bias ? add(scaled, bias) : scaled;
}
