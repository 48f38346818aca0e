/** @file Where a token stands: sinusoids to add, rotations to apply. */
import { type Device } from '../../core/device';
import { defaultDType, type DType } from '../../core/dtype';
import { ArgumentError, ShapeError } from '../../core/errors';
import { describe, showShape } from '../../core/shape';
import { needTensor, type Tensor } from '../../core/tensor';
import { readArguments, readOptions } from '../../core/arguments';
import { device as deviceParam, dtype as dtypeParam, number } from '../../core/params';
import { deviceIndex, deviceName } from '../../core/device';
import { add, mul, sub } from '../elementwise/arithmetic';
import { cast } from '../tensors/cast';
import { arange } from '../tensors/create';
import { cat, stack } from '../shape/joining';
import { chunk } from '../shape/splitting';
import { cos, exp, sin } from '../elementwise/math';
import { flatten, narrow, reshape, squeeze, unsqueeze } from '../shape/views';

// position base^(-2 i / width) for 2 i < width, in float64: large positions need the digits.
function angles(length: number, width: number, base: number, offset: number, device: Device): Tensor {
  const on = { dtype: 'float64', device } as const;
  const rates = exp(mul(arange(0, width, 2, on), -Math.log(base) / width));
  return mul(reshape(arange(offset, offset + length, 1, on), [length, 1]), rates);
}

const sinusoidalSpec = {
  base: number({ above: 0 }).or(10000),
  dtype: dtypeParam.optional(),
  device: deviceParam.optional(),
};

/**
 * Sinusoids of falling frequency (Vaswani et al. 2017): [length, features] with sin(p / 10000^(2 i / features)) at
 * feature 2 i and the cosine beside it.
 */
export function sinusoidalPositions(
  length: number,
  features: number,
  options: { base?: number | undefined; dtype?: DType | undefined; device?: Device | undefined } = {},
): Tensor {
  const { base, ...o } = readOptions<{ base: number; dtype?: DType | undefined; device?: Device | undefined }>(
    'sinusoidalPositions',
    sinusoidalSpec,
    options,
  );
  const [dtype, device] = [o.dtype ?? defaultDType(), deviceName(deviceIndex(o.device))];
  if (!Number.isInteger(length) || length < 0 || !Number.isInteger(features) || features < 1)
    throw new ArgumentError(
      `[sinusoidalPositions] length and features must be integers, got ${describe(length)} and ${describe(features)}`,
    );
  const a = angles(length, features, base, 0, device);
  return cast(narrow(flatten(stack([sin(a), cos(a)], -1), 1), 1, 0, features), dtype);
}

/** Options of {@link rotary}. */
export interface RotaryOptions {
  /** The slowest pair turns once in 2 pi base positions. Default 10000. */
  base?: number | undefined;
  /** The position of the first row: what a key-value cache already holds. Default 0. */
  offset?: number | undefined;
  /** Pairs are neighbours (2 i, 2 i + 1) instead of (i, i + half). Default false. */
  interleaved?: boolean | undefined;
}

const rotaryDefaults = { base: 10000, offset: 0, interleaved: false };

/**
 * Rotary position embedding (Su et al. 2021): turns pairs of features of row p by p base^(-2 i / features), so that
 * products of queries and keys depend on their distance only.
 * @param x - [..., length, features], an even number of features
 */
export function rotary(x: Tensor, options: RotaryOptions = {}): Tensor {
  const { base, offset, interleaved } = readArguments('rotary', rotaryDefaults, [options]);
  needTensor('rotary', x);
  const width = x.shape[x.ndim - 1];
  if (x.ndim < 2 || width! % 2 !== 0)
    throw new ShapeError(`[rotary] expected [..., length, an even number of features], got ${showShape(x.shape)}`);
  const a = angles(x.shape[x.ndim - 2]!, width!, base, offset, x.device);
  const [c, s] = [cast(cos(a), x.dtype), cast(sin(a), x.dtype)];
  if (!interleaved) {
    const [p, q] = chunk(x, 2, -1) as [Tensor, Tensor];
    return cat([sub(mul(p, c), mul(q, s)), add(mul(q, c), mul(p, s))], -1);
  }
  const pairs = reshape(x, [...x.shape.slice(0, -1), width! / 2, 2]);
  const [p, q] = chunk(pairs, 2, -1).map((t) => squeeze(t, -1)) as [Tensor, Tensor];
  const turned = [sub(mul(p, c), mul(q, s)), add(mul(q, c), mul(p, s))].map((t) => unsqueeze(t, -1));
  return reshape(cat(turned, -1), x.shape);
}
