/** @file Histograms. */
import { ArgumentError, DTypeError, ShapeError } from '../../core/errors';
import { describe, sameShape, showShape } from '../../core/shape';
import { addMethods, needTensor, Tensor } from '../../core/tensor';
import { opcode } from '../../native';
import { type InOrderOrByName, readArguments, type Spec } from '../../core/arguments';
import { boolean, either, integer, numeric, Param, tensor as tensorParam } from '../../core/params';
import { div, eq, ge, le, mul, sub } from '../elementwise/arithmetic';
import { logicalAnd } from '../elementwise/binary';
import { cast } from '../tensors/cast';
import { full, linspace, onesLike, zeros } from '../tensors/create';
import { scatterAdd } from '../indexing/gather';
import { castOf, sameDevice } from '../kit/launch';
import { clamp, floor } from '../elementwise/math';
import { type Named, named } from '../kit/named';
import { runReduce, sum } from './reduce';
import { searchsorted } from '../sort/search';
import { narrow, reshape } from '../shape/views';
import { where } from '../elementwise/where';

const maxCode = opcode('reduce', 'max');
const minCode = opcode('reduce', 'min');

// Bounds of the values, which may not be NaN or infinite; one apart around a single value. Waits for the stream.
function boundsOf(op: string, t: Tensor, min: number, max: number): [number, number] {
  if (min > max) throw new ArgumentError(`[${op}] the upper end ${max} lies below the lower end ${min}`);
  let [low, high] = [min, max];
  if (low === high && t.numel > 0) {
    [low, high] = [minCode, maxCode].map((code) =>
      Number(
        runReduce(
          code,
          t,
          t.shape.map((_, i) => i),
          false,
          t.dtype,
        ).dataSync()[0],
      ),
    ) as [number, number];
  }
  if (!Number.isFinite(low) || !Number.isFinite(high))
    throw new ArgumentError(`[${op}] the range from ${low} to ${high} is not finite`);
  return low === high ? [low - (op === 'histc' ? 1 : 0.5), high + (op === 'histc' ? 1 : 0.5)] : [low, high];
}

function checkInput(op: string, t: Tensor): void {
  needTensor(op, t);
  if (t.dtype !== 'float32' && t.dtype !== 'float64')
    throw new DTypeError(`[${op}] takes float32 or float64, not ${t.dtype}`);
}

/** Options of {@link histc}. */
export interface HistcOptions {
  /** How many equal bins. Default 100. */
  bins?: number | undefined;
  /** The range. Default (both 0): the smallest to the largest value. Values outside are not counted. */
  min?: number | undefined;
  max?: number | undefined;
}

const binCount = integer({ least: 1 });
const histcSpec: Spec<Required<HistcOptions>> = { bins: binCount.or(100), min: numeric().or(0), max: numeric().or(0) };

/** How many elements fall into each of some bins of equal width; the upper end belongs to the last bin. */
export function histc(
  t: Tensor,
  ...args: InOrderOrByName<[bins?: number, min?: number, max?: number], HistcOptions>
): Tensor {
  checkInput('histc', t);
  const { bins: n, min, max } = readArguments('histc', histcSpec, args);
  const x = reshape(t.detach(), [-1]);
  const [low, high] = boundsOf('histc', x, min, max);
  const counted = logicalAnd(ge(x, low), le(x, high));
  const bin = clamp(floor(mul(div(sub(x, low), high - low), n)), 0, n - 1);
  const index = cast(where(counted, bin, 0), 'int64');
  return scatterAdd(zeros([n], { dtype: t.dtype, device: t.device }), 0, index, castOf(counted, t.dtype));
}

/** Options of {@link histogram}. */
export interface HistogramOptions {
  /** How many bins of equal width, or the edges. */
  bins: number | Tensor;
  /** The range of equal bins. Default: the smallest to the largest value. */
  range?: readonly [number, number] | null | undefined;
  /** What each element counts; of the tensor's shape. Default 1. */
  weight?: Tensor | null | undefined;
  /** Divide by the total and by each bin's width: the result integrates to 1. Default false. */
  density?: boolean | undefined;
}

const rangeParam = new Param<readonly [number, number]>('a lower and an upper number', (v, op, name) => {
  const list = Array.isArray(v) ? (v as unknown[]) : [];
  if (list.length !== 2) throw new ArgumentError(`[${op}] ${name} must be two numbers, got ${describe(v)}`);
  return list.map((e) => numeric().check(op, name, e)) as unknown as readonly [number, number];
});
const histogramSpec: Spec<Required<HistogramOptions>> = {
  bins: either<[number, Tensor]>(binCount, tensorParam),
  range: rangeParam.orNull(),
  weight: tensorParam.orNull(),
  density: boolean.or(false),
};

/**
 * Counts per bin and the bins' edges. `bins` is how many of equal width, or a vector of edges in ascending order. The
 * last bin includes its upper edge.
 */
export function histogram(
  t: Tensor,
  ...args: InOrderOrByName<[bins: number | Tensor, options?: Omit<HistogramOptions, 'bins'>], HistogramOptions>
): Named<'hist' | 'binEdges', [Tensor, Tensor]> {
  checkInput('histogram', t);
  const { bins, range, weight, density } = readArguments('histogram', histogramSpec, args);
  const x = reshape(t.detach(), [-1]);
  let binEdges: Tensor;
  if (bins instanceof Tensor) {
    if (bins.ndim !== 1 || bins.numel < 2)
      throw new ShapeError(`[histogram] edges are a vector of at least two, got ${showShape(bins.shape)}`);
    if (range) throw new ArgumentError('[histogram] a range has no meaning beside edges');
    sameDevice('histogram', t, bins);
    binEdges = cast(bins.detach(), t.dtype);
  } else {
    const [low, high] = boundsOf('histogram', x, ...(range ?? ([0, 0] as const)));
    binEdges = linspace(low, high, bins + 1, { dtype: t.dtype, device: t.device });
  }
  if (weight && !sameShape(weight.shape, t.shape))
    throw new ShapeError(`[histogram] weight ${showShape(weight.shape)} does not fit ${showShape(t.shape)}`);
  const n = binEdges.numel - 1;
  const last = narrow(binEdges, 0, n, 1);
  const inside = logicalAnd(ge(x, narrow(binEdges, 0, 0, 1)), le(x, last));
  const found = sub(searchsorted(binEdges, x, { right: true }), 1);
  const index = where(inside, where(eq(x, last), full([], n - 1, { dtype: 'int64', device: t.device }), found), 0);
  const w = weight ? reshape(cast(weight.detach(), t.dtype), [-1]) : onesLike(x);
  const counts = zeros([n], { dtype: t.dtype, device: t.device });
  const hist = scatterAdd(counts, 0, cast(index, 'int64'), where(inside, w, 0));
  const result = (counted: Tensor): Named<'hist' | 'binEdges', [Tensor, Tensor]> =>
    named<'hist' | 'binEdges', [Tensor, Tensor]>(['hist', 'binEdges'], [counted, binEdges]);
  if (!density) return result(hist);
  const widths = sub(narrow(binEdges, 0, 1, n), narrow(binEdges, 0, 0, n));
  return result(div(div(hist, sum(hist)), widths));
}

addMethods({ histc, histogram });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./histogram'), 'histc' | 'histogram'> {}
}
