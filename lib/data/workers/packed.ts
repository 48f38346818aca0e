/** @file Values on their way between threads: tensors as bytes, which are handed over or shared without a copy. */
import { isOptions } from '../../core/arguments';
import { type DType, dtypeSize } from '../../core/dtype';
import { ArgumentError } from '../../core/errors';
import { describe, type Shape } from '../../core/shape';
import { empty, Tensor } from '../../core/tensor';
import { readStorage, readStorageSync, writeStorage } from '../../native';
import { denseOf } from '../../ops/kit/launch';

// Classes do not survive the way: a packed tensor is known by this.
const mark = 'nodegrad tensor';

/** A tensor as another thread gets it. */
export interface Packed {
  kind: typeof mark;
  dtype: DType;
  shape: Shape;
  /** Its elements in order. */
  bytes: Uint8Array<ArrayBufferLike>;
}
const isPacked = (v: unknown): v is Packed => typeof v === 'object' && v !== null && (v as Packed).kind === mark;

/** Memory that all threads see. */
export const shared = (bytes: number): ArrayBufferLike => new SharedArrayBuffer(bytes);
/** Memory that is handed over. */
export const owned = (bytes: number): ArrayBufferLike => new ArrayBuffer(bytes);

// A tensor with memory for its elements, and `read`, which brings them there.
function packing<R>(
  t: Tensor,
  make: (bytes: number) => ArrayBufferLike,
  read: typeof readStorageSync | typeof readStorage,
): [Packed, R] {
  const dense = denseOf(t.detach());
  const size = dtypeSize(dense.dtype);
  const bytes = new Uint8Array(make(dense.numel * size));
  const done = read(dense.storage, dense.offset * size, bytes) as R;
  return [{ kind: mark, dtype: dense.dtype, shape: dense.shape, bytes }, done];
}

/** The elements of a tensor, waited for, in memory that `make` gives. */
export const packedTensor = (t: Tensor, make = owned): Packed => packing(t, make, readStorageSync)[0];

/** The elements that a tensor has now, in shared memory; they are there when the promise resolves. */
export const sharedTensor = (t: Tensor): [Packed, Promise<void>] => packing<Promise<void>>(t, shared, readStorage);

/** The tensor again, on the CPU. */
export function unpackedTensor({ dtype, shape, bytes }: Packed): Tensor {
  const t = empty(shape, dtype, 0);
  if (bytes.length > 0) writeStorage(t.storage, 0, bytes);
  return t;
}

/**
 * What a value becomes: its tensors packed by `pack`, at any depth of lists and records.
 * @throws ArgumentError for what cannot go to another thread: functions, instances of classes
 */
export function packed(op: string, value: unknown, pack: (t: Tensor) => Packed): unknown {
  if (value instanceof Tensor) return pack(value);
  if (ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map((v) => packed(op, v, pack));
  if (isOptions(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, packed(op, v, pack)]));
  if (typeof value === 'function' || typeof value === 'symbol' || (typeof value === 'object' && value !== null))
    throw new ArgumentError(
      `[${op}] tensors, arrays, numbers, strings, lists and records of them can go to another thread, not ${describe(value)}`,
    );
  return value;
}

/** The value again. */
export function unpacked(value: unknown): unknown {
  if (isPacked(value)) return unpackedTensor(value);
  if (ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(unpacked);
  if (isOptions(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, unpacked(v)]));
  return value;
}
