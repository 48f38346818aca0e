/** @file NumPy's files: .npy, one array, and .npz, several by name (a zip of .npy files). */
import { readFile } from 'node:fs/promises';
import { unzipSync } from 'fflate';
import { readOptions } from '../core/arguments';
import { type Device } from '../core/device';
import { type DType, type TypedArray } from '../core/dtype';
import { ArgumentError, FileFormatError } from '../core/errors';
import { device as deviceParam } from '../core/params';
import { allAxes, describe, numel } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { contiguous } from '../ops/tensors/cast';
import { tensor } from '../ops/tensors/create';
import { permute } from '../ops/shape/views';

/** Settings of {@link npy} and {@link npz}. */
export interface NpyOptions {
  /** Default: the default device. */
  device?: Device | undefined;
}

// How the bytes of each of NumPy's types are read, and as what they are kept: the smallest dtype that holds all of them.
interface Kind {
  dtype: DType;
  size: number;
  read: (view: DataView, at: number, little: boolean) => number | bigint;
}
const kinds: Record<string, Kind> = {
  f4: { dtype: 'float32', size: 4, read: (v, at, little) => v.getFloat32(at, little) },
  f8: { dtype: 'float64', size: 8, read: (v, at, little) => v.getFloat64(at, little) },
  f2: { dtype: 'float16', size: 2, read: (v, at, little) => half(v.getUint16(at, little)) },
  i8: { dtype: 'int64', size: 8, read: (v, at, little) => v.getBigInt64(at, little) },
  i4: { dtype: 'int32', size: 4, read: (v, at, little) => v.getInt32(at, little) },
  i2: { dtype: 'int32', size: 2, read: (v, at, little) => v.getInt16(at, little) },
  i1: { dtype: 'int32', size: 1, read: (v, at) => v.getInt8(at) },
  u4: { dtype: 'int64', size: 4, read: (v, at, little) => BigInt(v.getUint32(at, little)) },
  u2: { dtype: 'int32', size: 2, read: (v, at, little) => v.getUint16(at, little) },
  u1: { dtype: 'uint8', size: 1, read: (v, at) => v.getUint8(at) },
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

/** The tensor in the bytes of a .npy file, whose name errors give. */
function parseNpy(name: string, bytes: Uint8Array, device: Device | undefined): Tensor {
  const malformed = (what: string): FileFormatError => new FileFormatError(`[npy] ${name}: ${what}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || Buffer.from(bytes.subarray(0, 6)).toString('latin1') !== '\x93NUMPY')
    throw malformed('not a .npy file');
  const long = bytes[6]! > 1;
  const start = (long ? 12 : 10) + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  if (start > bytes.length) throw malformed('truncated: the header is longer than the file');
  const text = Buffer.from(bytes.subarray(long ? 12 : 10, start)).toString('latin1');
  const m = header.exec(text);
  const kind = m ? kinds[m[2]!] : undefined;
  if (!m || !kind) throw malformed(`arrays of this kind are not read: ${text.trim().slice(0, 100)}`);
  const shape = m[4]!
    .split(',')
    .map((d) => d.trim())
    .filter(Boolean)
    .map(Number);
  const n = numel(shape);
  if (bytes.length - start !== n * kind.size)
    throw malformed(`shape [${shape.join(', ')}] needs ${n * kind.size} bytes, there are ${bytes.length - start}`);
  const stored = m[3] === 'True' ? [...shape].reverse() : shape;
  const little = m[1] !== '>';
  const { dtype, size, read } = kind;
  const make = containers[dtype as keyof typeof containers] ?? Float32Array;
  const values = new make(n) as TypedArray;
  for (let i = 0; i < n; i++) (values as Float64Array)[i] = read(view, start + i * size, little) as number;
  const t = tensor(values, { shape: stored, dtype, device });
  return m[3] === 'True' && shape.length > 1 ? contiguous(permute(t, allAxes(shape.length).reverse())) : t;
}

const spec = { device: deviceParam.optional() };

async function bytesOf(op: string, path: unknown): Promise<Uint8Array> {
  if (typeof path !== 'string' || path === '')
    throw new ArgumentError(`[${op}] expected a path, got ${describe(path)}`);
  return readFile(path);
}

/**
 * An array that NumPy's save wrote. Floats, int32, int64, uint8 and bool keep their type; smaller integers become int32,
 * uint32 int64.
 *
 * @throws FileFormatError for what is no .npy file, or one of a type that there is no dtype for (objects, strings, complex)
 * @example
 * ```ts
 * const x = await data.npy('x.npy');          // np.save('x.npy', x)
 * ```
 */
export async function npy(path: string, options: NpyOptions = {}): Promise<Tensor> {
  const { device } = readOptions('npy', spec, options);
  return parseNpy(path, await bytesOf('npy', path), device);
}

/**
 * Arrays by name that NumPy's savez or savez_compressed wrote, as {@link npy} reads each.
 *
 * @throws FileFormatError for what is no .npz file
 * @example
 * ```ts
 * const { x, y } = await data.npz('train.npz');          // np.savez('train.npz', x=x, y=y)
 * ```
 */
export async function npz(path: string, options: NpyOptions = {}): Promise<Record<string, Tensor>> {
  const { device } = readOptions('npz', spec, options);
  const bytes = await bytesOf('npz', path);
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes);
  } catch (cause) {
    throw new FileFormatError(`[npz] ${path}: no zip file that can be read: ${String(cause)}`, { cause });
  }
  const arrays = Object.entries(files).filter(([name]) => name.endsWith('.npy'));
  return Object.fromEntries(
    arrays.map(([name, content]) => [name.slice(0, -4), parseNpy(`${path}, ${name}`, content, device)]),
  );
}
