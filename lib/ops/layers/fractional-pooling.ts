/** @file Max pooling over windows at random places. Graham 2014, "Fractional Max-Pooling". */
import { noGrad } from '../../core/autograd';
import { isHalf } from '../../core/dtype';
import { ArgumentError, ShapeError } from '../../core/errors';
import { numel, sameShape, showShape } from '../../core/shape';
import { type Tensor } from '../../core/tensor';
import { type Arguments, type Given, readArguments, type Sizes, sizesOf, type Spec } from '../../core/arguments';
import { boolean, either, generator, number, numbers, sizes, tensor as tensorParam } from '../../core/params';
import { add, mul, sub, trunc } from '../elementwise/arithmetic';
import { cast } from '../tensors/cast';
import { arange, full, tensor } from '../tensors/create';
import { argmax } from '../reduce/extremes';
import { gather } from '../indexing/gather';
import { cat } from '../shape/joining';
import { type ValuesAndIndices, valuesAndIndices } from '../kit/named';
import { checkPooled } from './pooling-input';
import { rand, type RandomOptions } from '../random/random';
import { reshape, slice, unsqueeze } from '../shape/views';

/** Options of {@link fractionalMaxPool2d} and its kind, in PyTorch's order. One of the first two is needed. */
export interface FractionalPoolOptions extends RandomOptions {
  /** Windows per dimension. Comes before `outputRatio` if both are given. */
  outputSize: Sizes | null;
  /** Windows per element of the input, rounded down: one number, or one per dimension. */
  outputRatio: number | readonly number[] | null;
  /** Return { values, indices }. Default false. */
  returnIndices: boolean;
  /** What places the windows: numbers in [0, 1), [batch (1 without), channels, dimensions]. Default: drawn for each call. */
  _randomSamples: Tensor | null;
}

const ratio = either(number(), numbers);
/** @internal For the layers too. */
export const fractionalSpec: Spec<FractionalPoolOptions> = {
  outputSize: sizes(0).orNull(),
  outputRatio: ratio.orNull(),
  returnIndices: boolean.or(false),
  _randomSamples: tensorParam.orNull(),
  generator: generator.orNull(),
};

/** Functions of fractional max pooling: a tensor, or { values, indices } with `returnIndices: true`. */
export interface FractionalMaxPool {
  (x: Tensor, kernelSize: Sizes, options: Given<FractionalPoolOptions> & { returnIndices: true }): ValuesAndIndices;
  (x: Tensor, kernelSize: Sizes, ...options: Arguments<FractionalPoolOptions>): Tensor;
}

function windowCounts(op: string, size: readonly number[], o: FractionalPoolOptions): number[] {
  const n = size.length;
  if (o.outputSize !== null) return sizesOf(op, 'outputSize', o.outputSize, n, 0);
  if (o.outputRatio === null) throw new ArgumentError(`[${op}] needs outputSize or outputRatio`);
  const { outputRatio } = o;
  const ratios = typeof outputRatio === 'number' ? size.map(() => outputRatio) : outputRatio;
  if (ratios.length !== n || ratios.some((r) => !(r >= 0)))
    throw new ArgumentError(
      `[${op}] outputRatio must be a number or ${n} of them, not negative, got ${String(ratios)}`,
    );
  return size.map((d, i) => Math.floor(d * ratios[i]!));
}

// Where `count` windows of `taps` begin in a dimension of length `size`, [planes, count]: at cumulated steps of mean
// alpha, shifted by u [planes, 1] (Graham's pseudorandom sequences), and the last one at the end.
function beginnings(u: Tensor, size: number, count: number, taps: number): Tensor {
  const { dtype, device } = u;
  const planes = u.shape[0]!;
  const last = full([planes, Math.min(count, 1)], size - taps, { dtype: 'int64', device });
  if (count < 2) return last;
  const alpha = (size - taps) / (count - 1);
  const steps = arange(count - 1, { dtype, device });
  return cat([cast(sub(trunc(mul(add(steps, u), alpha)), trunc(mul(u, alpha))), 'int64'), last], 1);
}

function fractional(op: string, n: 2 | 3, x: Tensor, kernelSize: Sizes, o: FractionalPoolOptions): ValuesAndIndices {
  checkPooled(op, n, x);
  // The kernels compute in float32 and float64.
  if (isHalf(x.dtype)) {
    const wide = fractional(op, n, cast(x, 'float32'), kernelSize, o);
    return valuesAndIndices(cast(wide.values, x.dtype), wide.indices);
  }
  const taps = sizesOf(op, 'kernelSize', kernelSize, n, 1);
  const lead = x.shape.slice(0, x.ndim - n);
  const size = x.shape.slice(x.ndim - n);
  const count = windowCounts(op, size, o);
  if (count.some((d, i) => d + taps[i]! - 1 > size[i]!))
    throw new ShapeError(
      `[${op}] ${showShape(count)} windows of ${showShape(taps)} are too many for input ${showShape(x.shape)}`,
    );
  const { dtype, device } = x;
  const channels = [lead.length === 1 ? 1 : lead[0]!, lead[lead.length - 1]!];
  const samples = o._randomSamples ?? rand([...channels, n], { dtype, device, generator: o.generator });
  if (!sameShape(samples.shape, [...channels, n]))
    throw new ShapeError(
      `[${op}] _randomSamples ${showShape(samples.shape)} must have shape ${showShape([...channels, n])} for input ${showShape(x.shape)}`,
    );
  const planes = numel(lead);
  const flat = reshape(x, [planes, numel(size)]);
  const at = noGrad(() => {
    const u = reshape(cast(samples, dtype), [planes, n]);
    // As in PyTorch, two dimensions take their numbers in the other order: width first.
    const begins = size.map((d, i) => beginnings(slice(u, 1, n === 2 ? 1 - i : i, 1, 1), d, count[i]!, taps[i]!));
    const rowMajor = size.map((_, i) => numel(size.slice(i + 1)));
    const first = begins
      .map((b, i) => mul(reshape(b, [planes, ...count.map((d, k) => (k === i ? d : 1))]), rowMajor[i]!))
      .reduce(add);
    let within = [0];
    taps.forEach((k, i) => {
      within = within.flatMap((p) => Array.from({ length: k }, (_, j) => p + j * rowMajor[i]!));
    });
    const windows = numel(count);
    const places = add(reshape(first, [planes, windows, 1]), tensor(within, { dtype: 'int64', device }));
    if (places.numel === 0) return reshape(first, [planes, windows]);
    const seen = reshape(gather(flat, 1, reshape(places, [planes, -1])), places.shape);
    return reshape(gather(places, 2, unsqueeze(argmax(seen, 2), 2)), [planes, windows]);
  });
  const out = [...lead, ...count];
  return valuesAndIndices(reshape(gather(flat, 1, at), out), reshape(at, out));
}

const fractionalOf = (n: 2 | 3): FractionalMaxPool =>
  ((x: Tensor, kernelSize: Sizes, ...args: unknown[]) => {
    const op = `fractionalMaxPool${n}d`;
    const o = readArguments(op, fractionalSpec, args);
    const pooled = fractional(op, n, x, kernelSize, o);
    return o.returnIndices ? pooled : pooled.values;
  }) as FractionalMaxPool;

/**
 * The maxima of windows of images [batch, channels, height, width] (the batch may be missing), of which there are
 * `outputSize`, or `outputRatio` times as many as elements. The windows are placed at random, for each channel on its
 * own, so that the steps between them are mixed from two neighbouring integers.
 * @returns [batch, channels, ...windows]; the indices are positions in the plane, int64
 * @throws ShapeError if the windows do not fit: outputSize + kernelSize - 1 is at most the input's size
 */
export const fractionalMaxPool2d = fractionalOf(2);
/** {@link fractionalMaxPool2d} of volumes [batch, channels, depth, height, width]. */
export const fractionalMaxPool3d = fractionalOf(3);
