/** @file What is in a tensor: how many values are no finite numbers, and the range of the others. */
import { isFloat } from '../core/dtype';
import { type ValueCounts } from '../core/errors';
import { type Shape } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { short } from '../data/description';

/** Counts values that were read. */
export function countsOf(shape: Shape, values: ArrayLike<number | bigint>): ValueCounts {
  let [nan, infinite, min, max] = [0, 0, Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const v = Number(values[i]);
    if (Number.isNaN(v)) nan++;
    else if (v === Infinity || v === -Infinity) infinite++;
    else {
      if (v < min) min = v;
      if (v > max) max = v;
    }
  }
  const none = min > max;
  return { shape, nan, infinite, min: none ? NaN : min, max: none ? NaN : max, count: values.length };
}

/** The counts of a tensor, without blocking. Integers have no bad values and are not read. */
export const counted = async (t: Tensor): Promise<ValueCounts> =>
  isFloat(t.dtype)
    ? countsOf(t.shape, await t.detach().data())
    : { shape: t.shape, nan: 0, infinite: 0, min: NaN, max: NaN, count: t.numel };

/** Whether all values are finite. */
export const isClean = (c: ValueCounts): boolean => c.nan === 0 && c.infinite === 0;

/** "3 NaN, 1 infinite". */
export const badWords = (c: ValueCounts): string =>
  [c.nan > 0 ? `${c.nan} NaN` : '', c.infinite > 0 ? `${c.infinite} infinite` : ''].filter(Boolean).join(' and ');

/** "from -1 to 2.5". */
export const rangeWords = (c: ValueCounts): string =>
  Number.isNaN(c.min) ? 'no finite value' : `from ${short(c.min)} to ${short(c.max)}`;
