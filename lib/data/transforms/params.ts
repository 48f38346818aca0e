/** @file What the settings of transforms may be. */
import { ArgumentError } from '../../core/errors';
import { either, integers, number, numbers, oneOf, Param } from '../../core/params';
import { describe } from '../../core/shape';
import { type Interpolation, type Size } from '../../ops/images/warp';

/** Two numbers in order. */
export type Range = readonly [low: number, high: number];

export const interpolation = oneOf<Interpolation>('nearest', 'bilinear');
export const fill = either(number(), numbers);
/** What stands around images: one value, or one per channel. */
export type Fill = number | readonly number[];

export const range = (least = -Infinity, most = Infinity): Param<Range> =>
  new Param<Range>(`two numbers in order${Number.isFinite(least) ? ` of at least ${least}` : ''}`, (v, op, name) => {
    const [low, high] = numbers.check(op, name, v) as unknown as Range;
    if ((v as unknown[]).length !== 2 || !(low >= least && low <= high && high <= most))
      throw new ArgumentError(
        `[${op}] ${name} must be [low, high]${Number.isFinite(least) ? ` of at least ${least}` : ''}${
          Number.isFinite(most) ? ` and at most ${most}` : ''
        }, got ${describe(v)}`,
      );
    return [low, high];
  });

/** A number r for [-r, r], or both ends. */
export const spread = (most = Infinity): Param<Range> =>
  new Param<Range>('a number of at least 0, or [low, high]', (v, op, name) =>
    typeof v === 'number' ? [-number({ least: 0, most }).check(op, name, v), v] : range(-most, most).check(op, name, v),
  );

/** Height and width: one number for both, or each. */
export const size: Param<Size> = new Param<Size>('a size', (v, op, name) => {
  const list = typeof v === 'number' ? [v, v] : integers.check(op, name, v);
  if (list.length !== 2 || !list.every((d) => Number.isSafeInteger(d) && d > 0))
    throw new ArgumentError(`[${op}] ${name} must be a positive integer or [height, width], got ${describe(v)}`);
  return [list[0]!, list[1]!];
});

/** Left, top, right and bottom: one number for all, two for the sides and the ends, or each. */
export type Sides = readonly [left: number, top: number, right: number, bottom: number];
export const sides: Param<Sides> = new Param<Sides>('a padding', (v, op, name) => {
  const list = typeof v === 'number' ? [v] : integers.check(op, name, v);
  if (![1, 2, 4].includes(list.length) || !list.every((d) => Number.isSafeInteger(d) && d >= 0))
    throw new ArgumentError(`[${op}] ${name} must be 1, 2 or 4 integers of at least 0, got ${describe(v)}`);
  const [a, b = a, c = a, d = b] = list as [number, number?, number?, number?];
  return [a, b, c, d];
});

/** How pixels are added around an image, by torchvision's names. */
export type PaddingMode = 'constant' | 'edge' | 'reflect';
export const paddingMode = oneOf<PaddingMode>('constant', 'edge', 'reflect');
