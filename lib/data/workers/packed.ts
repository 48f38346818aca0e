/** @file Batches on their way between threads: tensors as bytes, which are handed over without a copy. */
import { isOptions } from '../../core/arguments';
import { type DType, dtypeSize } from '../../core/dtype';
import { ArgumentError } from '../../core/errors';
import { describe, type Shape } from '../../core/shape';
import { empty, Tensor } from '../../core/tensor';
import { readStorageSync, writeStorage } from '../../native';
import { denseOf } from '../../ops/kit/launch';

// Classes do not survive the way: a packed tensor is known by this.
const mark = 'nodegrad tensor';

/** A tensor as another thread gets it. */
interface Packed {
  kind: typeof mark;
  dtype: DType;
  shape: Shape;
  /** Its elements in order. */
  bytes: Uint8Array<ArrayBufferLike>;
}
const isPacked = (v: unknown): v is Packed => typeof v === 'object' && v !== null && (v as Packed).kind === mark;

/** The elements of a tensor, waited for, in memory that `make` gives. */
export function packedTensor(t: Tensor, make = (bytes: number): ArrayBufferLike => new ArrayBuffer(bytes)): Packed {
  const dense = denseOf(t.detach());
  const size = dtypeSize(dense.dtype);
  const bytes = new Uint8Array(make(dense.numel * size));
  readStorageSync(dense.storage, dense.offset * size, bytes);
  return { kind: mark, dtype: dense.dtype, shape: dense.shape, bytes };
}

/** The tensor again, on the CPU. */
export function unpackedTensor({ dtype, shape, bytes }: Packed): Tensor {
  const t = empty(shape, dtype, 0);
  if (bytes.length > 0) writeStorage(t.storage, 0, bytes);
  return t;
}

/**
 * What a batch becomes: its tensors packed, at any depth of lists and records. `moved` gets the memory that is to be handed
 * over.
 * @throws ArgumentError for what cannot go to another thread: functions, instances of classes
 */
export function packed(value: unknown, moved: ArrayBuffer[]): unknown {
  if (value instanceof Tensor) {
    const p = packedTensor(value);
    moved.push(p.bytes.buffer as ArrayBuffer);
    return p;
  }
  if (ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map((v) => packed(v, moved));
  if (isOptions(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, packed(v, moved)]));
  if (typeof value === 'function' || typeof value === 'symbol' || (typeof value === 'object' && value !== null))
    throw new ArgumentError(
      `[DataLoader] a worker can give tensors, arrays, numbers, strings, lists and records of them, not ${describe(value)}`,
    );
  return value;
}

/** The batch again. */
export function unpacked(value: unknown): unknown {
  if (isPacked(value)) return unpackedTensor(value);
  if (ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(unpacked);
  if (isOptions(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, unpacked(v)]));
  return value;
}
