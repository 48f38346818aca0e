/** @file IDX files (the format of MNIST): a magic number, the dimensions, then the values, all big-endian. */
import { stat } from 'node:fs/promises';
import { FileFormatError } from '../core/errors';
import { maxDims, numel } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { tensor } from '../ops/tensors/create';
import { checkPath, piecesOf } from './bytes';

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

interface IdxHeader {
  code: number;
  shape: number[];
  /** Where the values start. */
  start: number;
  /** How long the file is, in bytes. */
  length: number;
}

const malformed = (name: string, why: string): FileFormatError => new FileFormatError(`[idx] ${name}: ${why}`);

/** The header, or undefined if `bytes`, the beginning of a file, end before it does. */
function parseHeader(bytes: Uint8Array, name: string): IdxHeader | undefined {
  if (bytes.length < 4) return undefined;
  const [zero0, zero1, code, ndim] = bytes as unknown as [number, number, number, number];
  if (zero0 !== 0 || zero1 !== 0 || (!types[code] && code !== 0x08))
    throw malformed(name, `not an IDX file, the magic number is ${Buffer.from(bytes.subarray(0, 4)).toString('hex')}`);
  if (ndim > maxDims) throw malformed(name, `${ndim} dimensions; at most ${maxDims} are supported`);
  const start = 4 + 4 * ndim;
  if (bytes.length < start) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: ndim }, (_, i) => view.getUint32(4 + 4 * i));
  return { code, shape, start, length: start + numel(shape) * (types[code]?.size ?? 1) };
}

/** @param name - for messages */
export function parseIdx(bytes: Uint8Array, name = 'data'): IdxFile {
  const header = parseHeader(bytes, name);
  if (!header) throw malformed(name, `truncated in its header, there are ${bytes.length} bytes`);
  const { code, shape, start, length } = header;
  if (bytes.length !== length)
    throw malformed(
      name,
      `${bytes.length < length ? 'truncated' : 'too long'}: shape [${shape.join(', ')}] needs ${length} bytes, there are ${bytes.length}`,
    );
  const type = types[code];
  if (!type) return { shape, data: bytes.subarray(start) };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const n = numel(shape);
  const data = type.make(n);
  for (let i = 0; i < n; i++) data[i] = type.read(view, start + i * type.size);
  return { shape, data };
}

// What a byte of gzip data can stand for at most.
const mostInflated = 1032;

// The bytes of an IDX file, read no further than a little behind the end that its header gives: a few compressed bytes may
// stand for any number. `stored` is the size of the file.
async function collect(source: AsyncIterable<Uint8Array>, name: string, stored: number): Promise<Uint8Array> {
  let start = new Uint8Array(0);
  let header: IdxHeader | undefined;
  let out: Uint8Array | undefined;
  let size = 0;
  for await (const part of source) {
    if (!out) {
      // The header is rarely spread over several pieces.
      const pieces: Uint8Array = start.length > 0 ? Buffer.concat([start, part]) : part;
      header = parseHeader(pieces, name);
      if (!header) {
        start = Uint8Array.from(pieces);
        continue;
      }
      if (header.length > stored * mostInflated)
        throw malformed(
          name,
          `truncated: shape [${header.shape.join(', ')}] needs ${header.length} bytes, the file of ${stored} cannot hold them`,
        );
      out = new Uint8Array(header.length);
      size = start.length;
      out.set(start.subarray(0, out.length));
    }
    if (size + part.length > out.length)
      throw malformed(
        name,
        `too long: shape [${header!.shape.join(', ')}] needs ${header!.length} bytes, there are more`,
      );
    out.set(part, size);
    size += part.length;
  }
  return out ? out.subarray(0, size) : start;
}

/** Reads an IDX file, gzip-compressed or not. */
export async function readIdxFile(path: string): Promise<IdxFile> {
  checkPath('idx', path);
  // Its own header says how long it may be.
  const { size } = await stat(path);
  return parseIdx(await collect(piecesOf('idx', path, Infinity), path, size), path);
}

/** Reads an IDX file as a tensor: unsigned bytes become uint8, signed bytes and shorts int32, others their own dtype. */
export async function readIdx(path: string): Promise<Tensor> {
  const { shape, data } = await readIdxFile(path);
  return tensor(data, { shape });
}
