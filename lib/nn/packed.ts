/** @file Sequences of different lengths, padded or packed, as torch.nn.utils.rnn. */
import { type DType } from '../core/dtype';
import { type Device } from '../core/device';
import { ArgumentError, ShapeError } from '../core/errors';
import { either, elementsOf, integer, integers as integerList, oneOf, tensor as tensorParam } from '../core/params';
import { describe, sameShape, showShape } from '../core/shape';
import { type Arguments, readArguments, type WithRequired } from '../core/arguments';
import { needTensor, Tensor } from '../core/tensor';
import { full, tensor } from '../ops/tensors/create';
import { indexSelect } from '../ops/indexing/gather';
import { cat, stack } from '../ops/shape/joining';
import { moved } from '../ops/tensors/to';
import { narrow, reshape, transpose, unsqueeze } from '../ops/shape/views';

/**
 * Sequences without padding: the first elements of all, then the second ones, and so on, longest sequence first. Made
 * by {@link packPaddedSequence} or {@link packSequence}; recurrent layers take it and return it.
 */
export class PackedSequence {
  /** How many sequences have each step, int64. */
  readonly batchSizes: Tensor;
  /** The same as numbers. */
  readonly steps: readonly number[];

  /**
   * @param data - [sum of lengths, ...features]
   * @param batchSizes - how many sequences have each step, not increasing
   * @param sortedIndices - which sequence lies at each place; null: they were sorted already
   * @param unsortedIndices - at which place each sequence lies
   */
  constructor(
    readonly data: Tensor,
    batchSizes: Tensor | readonly number[],
    readonly sortedIndices: Tensor | null = null,
    readonly unsortedIndices: Tensor | null = (sortedIndices ?? null) === null ? null : inverse(sortedIndices!),
  ) {
    const op = 'PackedSequence';
    needTensor(op, data);
    for (const order of [sortedIndices, unsortedIndices]) if (order !== null) needTensor(op, order);
    this.steps = numbers('PackedSequence', 'batchSizes', batchSizes);
    this.batchSizes = tensor(this.steps.slice(), { dtype: 'int64', device: 'cpu' });
    const total = this.steps.reduce((a, b) => a + b, 0);
    const batch = this.steps[0] ?? 0;
    for (const order of [sortedIndices, unsortedIndices])
      if (order && !sameShape(order.shape, [batch]))
        throw new ShapeError(`[${op}] an order of ${batch} sequences has shape ${showShape(order.shape)}`);
    if (
      data.ndim < 1 ||
      this.steps.some((n, t) => n < 1 || n > (this.steps[t - 1] ?? Infinity)) ||
      total !== data.shape[0]
    )
      throw new ShapeError(
        `[PackedSequence] batch sizes ${showShape(this.steps)} must not increase and must add up to the rows of the data, ${showShape(data.shape)}`,
      );
  }

  /** The same sequences with other data in the same places. */
  with(data: Tensor): PackedSequence {
    return new PackedSequence(data, this.steps, this.sortedIndices, this.unsortedIndices);
  }

  /** On another device, or cast to another dtype. */
  to(target: { device?: Device | undefined; dtype?: DType | undefined }): PackedSequence {
    return this.with(moved(this.data, target));
  }
}

function numbers(op: string, name: string, list: Tensor | readonly number[]): number[] {
  const out =
    list instanceof Tensor ? Array.from(list.dataSync() as Float64Array, Number) : elementsOf<number>(op, name, list);
  if (out.some((n) => !Number.isInteger(n)))
    throw new ArgumentError(`[${op}] ${name} must be integers, got ${describe(out)}`);
  return out;
}

const integers = (list: readonly number[], like: Tensor): Tensor =>
  tensor(list.slice(), { dtype: 'int64', device: like.device });

// Whose inverse sends every value back to its place.
function inverse(order: Tensor): Tensor {
  const op = 'PackedSequence';
  needTensor(op, order);
  const places = numbers(op, 'sortedIndices', order);
  if (new Set(places).size !== places.length || places.some((p) => p < 0 || p >= places.length))
    throw new ArgumentError(
      `[${op}] sortedIndices must name each of ${places.length} sequences, got ${describe(places)}`,
    );
  const back = new Array<number>(places.length);
  places.forEach((p, i) => (back[p] = i));
  return integers(back, order);
}

/** Options of {@link packPaddedSequence}. */
export interface PackOptions {
  /** The input is [batch, time, ...] instead of [time, batch, ...]. Default false. */
  batchFirst?: boolean | undefined;
  /** The sequences come sorted by length, longest first. Default true; false sorts them. */
  enforceSorted?: boolean | undefined;
}

/** How long each sequence is. */
type SequenceLengths = Tensor | readonly number[];
const packSpec = { lengths: either(tensorParam, integerList), batchFirst: false, enforceSorted: true };

/**
 * Packs padded sequences.
 * @param input - [time, batch, ...features], or with `batchFirst` [batch, time, ...features]
 * @param args - lengths: the length of each sequence; batchFirst, enforceSorted: in this order, or by name in one object
 */
export function packPaddedSequence(
  input: Tensor,
  ...args: WithRequired<[lengths: SequenceLengths], { lengths: SequenceLengths }, PackOptions>
): PackedSequence {
  const op = 'packPaddedSequence';
  const { lengths, batchFirst, enforceSorted } = readArguments(op, packSpec, args);
  needTensor(op, input);
  if (input.ndim < 2) throw new ShapeError(`[${op}] expected [time, batch, ...], got ${showShape(input.shape)}`);
  const long = numbers(op, 'lengths', lengths);
  const byTime = batchFirst ? transpose(input, 0, 1) : input;
  const [time, batch, ...features] = byTime.shape as [number, number, ...number[]];
  if (long.length !== batch) throw new ShapeError(`[${op}] ${long.length} lengths for a batch of ${batch}`);
  if (long.some((n) => n < 1 || n > time))
    throw new ArgumentError(`[${op}] lengths must lie between 1 and ${time}, got ${showShape(long)}`);
  const order = long.map((_, i) => i);
  if (!enforceSorted) order.sort((a, b) => long[b]! - long[a]! || a - b);
  else if (long.some((n, i) => i > 0 && n > long[i - 1]!))
    throw new ArgumentError(
      `[${op}] lengths must be in decreasing order, got ${showShape(long)}; pass { enforceSorted: false } to sort them`,
    );
  const sizes = Array.from({ length: Math.max(0, ...long) }, (_, t) => long.filter((n) => n > t).length);
  const rows = sizes.flatMap((n, t) => order.slice(0, n).map((sequence) => t * batch + sequence));
  const data = indexSelect(reshape(byTime, [time * batch, ...features]), 0, integers(rows, input));
  return new PackedSequence(data, sizes, enforceSorted ? null : integers(order, input));
}

/** Options of {@link padPackedSequence}. */
export interface PadPackedOptions {
  /** Return [batch, time, ...] instead of [time, batch, ...]. Default false. */
  batchFirst?: boolean | undefined;
  /** What fills up. Default 0. */
  paddingValue?: number | undefined;
  /** The length of the result; default that of the longest sequence. */
  totalLength?: number | null | undefined;
}

const padPackedSpec = { batchFirst: false, paddingValue: 0, totalLength: integer({ least: 0 }).orNull() };

/** The inverse of {@link packPaddedSequence}: the padded sequences and their lengths. */
export function padPackedSequence(packed: PackedSequence, ...args: Arguments<PadPackedOptions>): [Tensor, Tensor] {
  const op = 'padPackedSequence';
  if (!(packed instanceof PackedSequence))
    throw new ArgumentError(`[${op}] expected a PackedSequence, got ${describe(packed)}`);
  const { data, steps, unsortedIndices } = packed;
  const { batchFirst, paddingValue, totalLength } = readArguments(op, padPackedSpec, args);
  const time = totalLength ?? steps.length;
  if (time < steps.length)
    throw new ArgumentError(`[${op}] totalLength ${time} is less than the longest sequence, ${steps.length}`);
  const batch = steps[0] ?? 0;
  const places = unsortedIndices ? numbers(op, 'unsortedIndices', unsortedIndices) : steps.slice(0, 0);
  const total = data.shape[0]!;
  const features = data.shape.slice(1);
  const rows: number[] = [];
  let start = 0;
  for (let t = 0; t < time; t++) {
    const n = steps[t] ?? 0;
    // The row behind the data holds the padding.
    for (let b = 0; b < batch; b++) {
      const place = places[b] ?? b;
      rows.push(place < n ? start + place : total);
    }
    start += n;
  }
  const padding = full([1, ...features], paddingValue, { dtype: data.dtype, device: data.device });
  const padded = reshape(indexSelect(cat([data, padding]), 0, integers(rows, data)), [time, batch, ...features]);
  const long = Array.from({ length: batch }, (_, b) => steps.filter((n) => n > (places[b] ?? b)).length);
  return [batchFirst ? transpose(padded, 0, 1) : padded, tensor(long, { dtype: 'int64', device: 'cpu' })];
}

/** Options of {@link padSequence}. */
export interface PadOptions {
  /** Return [batch, time, ...] instead of [time, batch, ...]. Default false. */
  batchFirst?: boolean | undefined;
  /** What fills up. Default 0. */
  paddingValue?: number | undefined;
  /** Where to fill up. Default 'right'. */
  paddingSide?: 'right' | 'left' | undefined;
}

const padSpec = { batchFirst: false, paddingValue: 0, paddingSide: oneOf('right', 'left').or('right' as const) };

/** Sequences [length, ...features] of different lengths as one padded tensor. */
export function padSequence(sequences: readonly Tensor[], ...args: Arguments<PadOptions>): Tensor {
  const op = 'padSequence';
  const { batchFirst, paddingValue, paddingSide } = readArguments(op, padSpec, args);
  if (!Array.isArray(sequences) || sequences.length === 0)
    throw new ArgumentError(`[${op}] expected an array of tensors, got ${describe(sequences)}`);
  for (const s of sequences as unknown[]) needTensor(op, s);
  const first = sequences[0] as Tensor;
  for (const s of sequences as readonly Tensor[])
    if (s.ndim === 0 || !sameShape(s.shape.slice(1), first.shape.slice(1)))
      throw new ShapeError(`[${op}] ${showShape(first.shape)} and ${showShape(s.shape)} differ beyond their length`);
  const time = Math.max(...sequences.map((s) => s.shape[0]!));
  const equal = (sequences as readonly Tensor[]).map((s) => {
    const missing = time - s.shape[0]!;
    if (missing === 0) return s;
    const padding = full([missing, ...s.shape.slice(1)], paddingValue, { dtype: s.dtype, device: s.device });
    return cat(paddingSide === 'right' ? [s, padding] : [padding, s]);
  });
  return stack(equal, batchFirst ? 0 : 1);
}

/** The inverse of {@link padSequence}. */
export function unpadSequence(
  padded: Tensor,
  lengths: Tensor | readonly number[],
  ...options: Arguments<{ batchFirst?: boolean | undefined }>
): Tensor[] {
  const { batchFirst } = readArguments('unpadSequence', { batchFirst: false }, options);
  needTensor('unpadSequence', padded);
  if (padded.ndim < 2)
    throw new ShapeError(`[unpadSequence] expected [time, batch, ...], got ${showShape(padded.shape)}`);
  const byBatch = batchFirst ? padded : transpose(padded, 0, 1);
  return numbers('unpadSequence', 'lengths', lengths).map((n, b) =>
    reshape(narrow(narrow(byBatch, 0, b, 1), 1, 0, n), [n, ...byBatch.shape.slice(2)]),
  );
}

/** Packs sequences [length, ...features] of different lengths. */
export function packSequence(
  sequences: readonly Tensor[],
  ...options: Arguments<{ enforceSorted?: boolean | undefined }>
): PackedSequence {
  const { enforceSorted } = readArguments('packSequence', { enforceSorted: true }, options);
  const padded = padSequence(sequences);
  const lengths = sequences.map((s) => s.shape[0]!);
  return packPaddedSequence(padded, lengths, { enforceSorted });
}

/** The inverse of {@link packSequence}. */
export function unpackSequence(packed: PackedSequence): Tensor[] {
  const [padded, lengths] = padPackedSequence(packed, { batchFirst: true });
  return unpadSequence(padded, lengths, { batchFirst: true });
}

/** Rows of [layers, batch, size] in another order of the batch. */
export const permuteBatch = (t: Tensor, order: Tensor | null): Tensor => (order ? indexSelect(t, 1, order) : t);
/** A vector as a matrix of one row. */
export const asRow = (t: Tensor): Tensor => unsqueeze(t, 0);
