/** @file `assertClose`: PyTorch's torch.testing.assert_close. */
import { isOptions, readOptions } from '../core/arguments';
import { ArgumentError, NodegradError } from '../core/errors';
import { boolean, number, string } from '../core/params';
import { describe, sameShape, type Shape, showShape } from '../core/shape';
import { Tensor } from '../core/tensor';
import { type FlatValues, valuesOf } from '../ops/tensors/create';
import { type ArrayLike, isArray, shapedOf } from '../train/tensors';
import { differencesOf, toleranceOf, wider } from './differences';

/** What is compared: tensors, typed arrays, nested arrays, numbers, and lists and records of them at any depth. */
export type Comparable = ArrayLike | readonly Comparable[] | { readonly [name: string]: Comparable };

/** Options of {@link assertClose}. */
export interface AssertCloseOptions {
  /** Relative to the expected value; default by dtype. Given together with `atol`. */
  rtol?: number | undefined;
  /** Absolute; default by dtype. Given together with `rtol`. */
  atol?: number | undefined;
  /** Whether NaN is close to NaN. Default false. */
  equalNan?: boolean | undefined;
  /** Whether two tensors must have one dtype. Default true. */
  checkDtype?: boolean | undefined;
  /** What stands before the message. */
  message?: string | undefined;
}

const spec = {
  rtol: number({ least: 0 }).optional(),
  atol: number({ least: 0 }).optional(),
  equalNan: boolean.or(false),
  checkDtype: boolean.or(true),
  message: string.optional(),
};
type Settings = { rtol: number | undefined; atol: number | undefined; equalNan: boolean; checkDtype: boolean };

function valuesIn(v: ArrayLike): FlatValues {
  if (v instanceof Tensor) {
    v.checkAlive('assertClose');
    return { array: v.dataSync(), shape: v.shape, dtype: v.dtype };
  }
  const { data, shape } = shapedOf(v);
  return valuesOf(data, shape);
}

const indexOf = (at: number, shape: Shape): string => {
  let rest = at;
  const index = [...shape].reverse().map((d) => {
    const i = rest % d;
    rest = (rest - i) / d;
    return i;
  });
  return showShape(index.reverse());
};

function compared(a: ArrayLike, e: ArrayLike, path: string, o: Settings): string | undefined {
  const [actual, expected] = [valuesIn(a), valuesIn(e)];
  if (!sameShape(actual.shape, expected.shape))
    return `${path}the shapes differ: ${showShape(actual.shape)}, expected ${showShape(expected.shape)}`;
  const both = a instanceof Tensor && e instanceof Tensor;
  if (both && o.checkDtype && actual.dtype !== expected.dtype)
    return `${path}the dtypes differ: ${actual.dtype}, expected ${expected.dtype}`;
  // Numbers in arrays have no dtype of their own in mind: that of the tensor counts.
  const usual =
    !both && a instanceof Tensor
      ? toleranceOf(actual.dtype)
      : !both && e instanceof Tensor
        ? toleranceOf(expected.dtype)
        : wider(toleranceOf(actual.dtype), toleranceOf(expected.dtype));
  const { rtol = usual.rtol, atol = usual.atol } = o;
  const { count, absolute, relative } = differencesOf(actual.array, expected.array, { rtol, atol }, o.equalNan);
  if (count === 0) return undefined;
  const n = actual.array.length;
  const greatest = (what: string, { value, at }: typeof absolute, allowed: number): string =>
    `greatest ${what} difference: ${value} at ${indexOf(at, actual.shape)} (${String(actual.array[at])}, ` +
    `expected ${String(expected.array[at])}; up to ${allowed} allowed)`;
  return [
    `${path}${count} of ${n} elements (${((100 * count) / n).toFixed(1)} %) are not close`,
    greatest('absolute', absolute, atol),
    greatest('relative', relative, rtol),
  ].join('\n');
}

const at = (v: unknown, key: string): unknown => (v as Record<string, unknown>)[key];

/** What is not close in `actual`, in words; undefined if all is. */
export function whatDiffers(actual: unknown, expected: unknown, options: AssertCloseOptions = {}): string | undefined {
  const o = readOptions('assertClose', spec, options);
  if ((o.rtol === undefined) !== (o.atol === undefined))
    throw new ArgumentError('[assertClose] rtol and atol are given together, or neither');
  const walk = (a: unknown, e: unknown, path: string): string | undefined => {
    if (isArray(a) && isArray(e)) return compared(a, e, path === '' ? '' : `${path}: `, o as Settings);
    const lists = Array.isArray(a) && Array.isArray(e);
    if (!lists && !(isOptions(a) && isOptions(e)))
      throw new ArgumentError(
        `[assertClose] ${path === '' ? '' : `${path}: `}cannot compare ${describe(a)} and ${describe(e)}`,
      );
    const [own, wanted] = [Object.keys(a as object), Object.keys(e as object)];
    const odd = [...own.filter((k) => !wanted.includes(k)), ...wanted.filter((k) => !own.includes(k))];
    if (odd.length > 0) return `${path === '' ? '' : `${path}: `}only one side has ${odd.join(', ')}`;
    for (const key of own) {
      const inner = lists ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
      const found = walk(at(a, key), at(e, key), inner);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const found = walk(actual, expected, '');
  return found === undefined || o.message === undefined ? found : `${o.message}: ${found}`;
}

/**
 * Throws unless all elements of `actual` are close to those of `expected`: |actual - expected| <= atol + rtol * |expected|.
 * Shapes must be equal, not broadcast. Tolerances by dtype are PyTorch's: float32 1.3e-6 and 1e-5, float64 1e-7 and 1e-7,
 * float16 1e-3 and 1e-5, bfloat16 1.6e-2 and 1e-5, none for integers. Waits for the values.
 * @throws NodegradError (code `ERR_ASSERTION`) that says how many elements are not close and where the greatest differences are
 */
export function assertClose(actual: Comparable, expected: Comparable, options?: AssertCloseOptions): void {
  const found = whatDiffers(actual, expected, options);
  if (found !== undefined) throw new NodegradError('ERR_ASSERTION', `[assertClose] ${found}`);
}
