/** @file Where two lists of numbers differ by more than is allowed. */
import { type DType, type TypedArray } from '../core/dtype';

/** The tolerances of a comparison: |actual - expected| <= atol + rtol * |expected|. */
export interface Tolerance {
  rtol: number;
  atol: number;
}

// PyTorch's (torch.testing.assert_close).
const tolerances: Partial<Record<DType, Tolerance>> = {
  float64: { rtol: 1e-7, atol: 1e-7 },
  float32: { rtol: 1.3e-6, atol: 1e-5 },
  float16: { rtol: 1e-3, atol: 1e-5 },
  bfloat16: { rtol: 1.6e-2, atol: 1e-5 },
};

/** What is allowed for a dtype: nothing for integers and booleans. */
export const toleranceOf = (dtype: DType): Tolerance => tolerances[dtype] ?? { rtol: 0, atol: 0 };

/** The wider of two tolerances: that of the coarser dtype. */
export const wider = (a: Tolerance, b: Tolerance): Tolerance => ({
  rtol: Math.max(a.rtol, b.rtol),
  atol: Math.max(a.atol, b.atol),
});

/** The largest of some differences, and the position of the element. */
interface Greatest {
  value: number;
  at: number;
}
/** What differs. */
export interface Differences {
  /** How many elements do. */
  count: number;
  absolute: Greatest;
  relative: Greatest;
}

/** Compares elements in order. Infinities are close to themselves alone, NaN to NaN with `equalNan`. */
export function differencesOf(
  actual: TypedArray,
  expected: TypedArray,
  { rtol, atol }: Tolerance,
  equalNan: boolean,
): Differences {
  const found = { count: 0, absolute: { value: -1, at: 0 }, relative: { value: -1, at: 0 } };
  const keep = (greatest: Greatest, value: number, at: number): void => {
    // A NaN is the greatest of differences, and the first one is kept.
    if (!(Number.isNaN(greatest.value) || value <= greatest.value)) Object.assign(greatest, { value, at });
  };
  for (let i = 0; i < actual.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    if (a === e) continue;
    // Exact for int64, of which a number may not hold all digits.
    const whole = typeof a === 'bigint' && typeof e === 'bigint' ? Number(a - e) : Number(a) - Number(e);
    const [difference, size] = [Math.abs(whole), Math.abs(Number(e))];
    if (Number.isNaN(Number(a)) && Number.isNaN(Number(e)) && equalNan) continue;
    if (difference <= atol + rtol * size && difference !== Infinity) continue;
    found.count++;
    keep(found.absolute, difference, i);
    keep(found.relative, difference / size, i);
  }
  return found;
}
