/** @file What a .npy file is: a magic number, a header with type and shape, then the values. */
import { endianness } from 'node:os';
import { type Device } from '../core/device';
import { type DType, type TypedArray } from '../core/dtype';
import { FileFormatError } from '../core/errors';
import { allAxes, numel } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { permute } from '../ops/shape/views';
import { contiguous } from '../ops/tensors/cast';
import { tensor } from '../ops/tensors/create';

// How the bytes of each of NumPy's types are read, and as what they are kept: the smallest dtype that holds all of them.
interface Kind {
  dtype: DType;
  size: number;
  /** Whether the bytes are the values as they are kept. */
  stored?: true;
  read: (view: DataView, at: number, little: boolean) => number | bigint;
}
const kinds: Record<string, Kind> = {
  f4: { dtype: 'float32', size: 4, stored: true, read: (v, at, little) => v.getFloat32(at, little) },
  f8: { dtype: 'float64', size: 8, stored: true, read: (v, at, little) => v.getFloat64(at, little) },
  f2: { dtype: 'float16', size: 2, read: (v, at, little) => half(v.getUint16(at, little)) },
  i8: { dtype: 'int64', size: 8, stored: true, read: (v, at, little) => v.getBigInt64(at, little) },
  i4: { dtype: 'int32', size: 4, stored: true, read: (v, at, little) => v.getInt32(at, little) },
  i2: { dtype: 'int32', size: 2, read: (v, at, little) => v.getInt16(at, little) },
  i1: { dtype: 'int32', size: 1, read: (v, at) => v.getInt8(at) },
  u4: { dtype: 'int64', size: 4, read: (v, at, little) => BigInt(v.getUint32(at, little)) },
  u2: { dtype: 'int32', size: 2, read: (v, at, little) => v.getUint16(at, little) },
  u1: { dtype: 'uint8', size: 1, stored: true, read: (v, at) => v.getUint8(at) },
  b1: { dtype: 'bool', size: 1, read: (v, at) => (v.getUint8(at) === 0 ? 0 : 1) },
};

// A float16 as a number.
function half(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent < 31
        ? (1 + fraction / 1024) * 2 ** (exponent - 15)
        : fraction
          ? NaN
          : Infinity;
  return bits & 0x8000 ? -size : size;
}

const containers = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
} as const;
const header =
  /^\{\s*'descr':\s*'([<>|=])([a-z]\d+)',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(([\d,\s]*)\),?\s*\}\s*$/;

/** What a header says. */
export interface NpyHeader {
  readonly kind: Kind;
  readonly little: boolean;
  /** Whether the first dimension is the one that lies side by side. */
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** Where the values start, in bytes. */
  readonly start: number;
}

/** An error of a .npy file. */
export const npyError = (name: string, what: string): FileFormatError => new FileFormatError(`[npy] ${name}: ${what}`);

/** No header is longer: NumPy itself refuses those above 10,000 bytes. */
export const longestHeader = 2 ** 16;

/**
 * Reads the header at the beginning of a file.
 * @param bytes - the file, or its first {@link longestHeader} bytes
 * @param length - of the file
 * @throws FileFormatError unless the values behind it are as many as it says
 */
export function parseHeader(name: string, bytes: Uint8Array, length: number): NpyHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = Buffer.from(bytes.subarray(0, 6)).toString('latin1');
  if (magic !== '\x93NUMPY')
    throw npyError(name, `not a .npy file: it begins with ${JSON.stringify(magic)} and not with '\\x93NUMPY'`);
  if (bytes.length < 12) throw npyError(name, `truncated in its header, at byte ${bytes.length}`);
  const long = bytes[6]! > 1;
  const start = (long ? 12 : 10) + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  if (start > longestHeader) throw npyError(name, `its header has ${start} bytes, more than ${longestHeader}`);
  if (start > bytes.length) throw npyError(name, `truncated in its header, at byte ${bytes.length} of ${start}`);
  const text = Buffer.from(bytes.subarray(long ? 12 : 10, start)).toString('latin1');
  const m = header.exec(text);
  const kind = m ? kinds[m[2]!] : undefined;
  if (!m || !kind) throw npyError(name, `arrays of this kind are not read: ${text.trim().slice(0, 100)}`);
  const shape = m[4]!
    .split(',')
    .map((d) => d.trim())
    .filter(Boolean)
    .map(Number);
  const needed = numel(shape) * kind.size;
  if (length - start !== needed)
    throw npyError(
      name,
      `${length - start < needed ? 'truncated' : 'too long'}: shape [${shape.join(', ')}] needs ${needed} bytes from byte ${start} on, there are ${length - start}`,
    );
  return { kind, little: m[1] !== '>', fortran: m[3] === 'True', shape, start };
}

/** The values in `bytes`, as the dtype that holds them. */
export function valuesIn({ kind, little }: NpyHeader, bytes: Uint8Array): TypedArray {
  const { dtype, size, read } = kind;
  const n = bytes.length / size;
  const make = containers[dtype as keyof typeof containers] ?? Float32Array;
  const values = new make(n) as TypedArray;
  if (kind.stored && (little || size === 1) && endianness() === 'LE') {
    new Uint8Array(values.buffer).set(bytes);
    return values;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < n; i++) (values as Float64Array)[i] = read(view, i * size, little) as number;
  return values;
}

/** The tensor in the bytes of a .npy file, whose name errors give. */
export function parseNpy(name: string, bytes: Uint8Array, device: Device | undefined): Tensor {
  const header = parseHeader(name, bytes, bytes.length);
  const { fortran, shape, kind, start } = header;
  const stored = fortran ? [...shape].reverse() : [...shape];
  const t = tensor(valuesIn(header, bytes.subarray(start)), { shape: stored, dtype: kind.dtype, device });
  return fortran && shape.length > 1 ? contiguous(permute(t, allAxes(shape.length).reverse())) : t;
}
