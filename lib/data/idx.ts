/** @file IDX files (the format of MNIST): a magic number, the dimensions, then the values, all big-endian. */
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ArgumentError, FileFormatError } from '../core/errors';
import { describe, numel } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { tensor } from '../ops/create';

/** The contents of an IDX file. */
export interface IdxFile {
  shape: number[];
  data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

interface IdxType {
  size: number;
  make(n: number): Exclude<IdxFile['data'], Uint8Array>;
  read(view: DataView, at: number): number;
}

// By the third byte of the magic number; 0x08, unsigned bytes, needs no conversion.
const types: Record<number, IdxType> = {
  0x09: { size: 1, make: (n) => new Int8Array(n), read: (v, i) => v.getInt8(i) },
  0x0b: { size: 2, make: (n) => new Int16Array(n), read: (v, i) => v.getInt16(i) },
  0x0c: { size: 4, make: (n) => new Int32Array(n), read: (v, i) => v.getInt32(i) },
  0x0d: { size: 4, make: (n) => new Float32Array(n), read: (v, i) => v.getFloat32(i) },
  0x0e: { size: 8, make: (n) => new Float64Array(n), read: (v, i) => v.getFloat64(i) },
};

/** @param name - for messages */
export function parseIdx(bytes: Uint8Array, name = 'data'): IdxFile {
  const bad = (why: string): FileFormatError => new FileFormatError(`[idx] ${name}: ${why}`);
  if (bytes.length < 4) throw bad(`${bytes.length} bytes are too few for a header`);
  const [zero0, zero1, code, ndim] = bytes as unknown as [number, number, number, number];
  const type = types[code];
  if (zero0 !== 0 || zero1 !== 0 || (!type && code !== 0x08))
    throw bad(`not an IDX file, the magic number is ${Buffer.from(bytes.subarray(0, 4)).toString('hex')}`);
  const start = 4 + 4 * ndim;
  if (bytes.length < start)
    throw bad(`truncated in its header: ${ndim} dimensions need ${start} bytes, there are ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: ndim }, (_, i) => view.getUint32(4 + 4 * i));
  const n = numel(shape);
  const size = type?.size ?? 1;
  const expected = start + n * size;
  if (bytes.length !== expected)
    throw bad(
      `${bytes.length < expected ? 'truncated' : 'too long'}: shape [${shape.join(', ')}] needs ${expected} bytes, there are ${bytes.length}`,
    );
  if (!type) return { shape, data: bytes.subarray(start) };
  const data = type.make(n);
  for (let i = 0; i < n; i++) data[i] = type.read(view, start + i * size);
  return { shape, data };
}

/** Reads an IDX file, gzip-compressed or not. */
export async function readIdxFile(path: string): Promise<IdxFile> {
  if (typeof path !== 'string' || path === '') throw new ArgumentError(`[idx] expected a path, got ${describe(path)}`);
  let bytes: Uint8Array = await readFile(path);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      bytes = await promisify(gunzip)(bytes);
    } catch (cause) {
      throw new FileFormatError(`[idx] ${path}: broken gzip data: ${(cause as Error).message}`, { cause });
    }
  }
  return parseIdx(bytes, path);
}

/** Reads an IDX file as a tensor: unsigned bytes become uint8, signed bytes and shorts int32, others their own dtype. */
export async function readIdx(path: string): Promise<Tensor> {
  const { shape, data } = await readIdxFile(path);
  return tensor(data, { shape });
}
