/** @file Saving and loading tensors by name in the safetensors format, which PyTorch's safetensors reads and writes too. */
import { type FileHandle, open } from 'node:fs/promises';
import { type Device, deviceIndex } from '../core/device';
import { type DType, dtypeSize } from '../core/dtype';
import { ArgumentError, FileFormatError } from '../core/errors';
import { describe } from '../core/shape';
import { empty, Tensor } from '../core/tensor';
import { readStorage, writeStorage } from '../native';
import { tensor } from '../ops/create';
import { denseOf } from '../ops/launch';
import { readAll, writeAll, writeAtomic } from './atomic';
import { buildHeader, type Entry, formatNames, type Header, maxHeader, parseHeader } from './safetensors-header';

const checkPath = (op: string, path: unknown): void => {
  if (typeof path !== 'string' || path === '')
    throw new ArgumentError(`[${op}] expected a path, got ${describe(path)}`);
};

/**
 * Saves tensors by name. The values are those of the moment of the call; what is changed while the file is being
 * written does not get in. The file appears whole or not at all.
 *
 * @param tensors - e.g. `model.stateDict()`
 * @param options - `metadata`: strings by name, kept in the file
 */
export async function save(
  path: string,
  tensors: Record<string, Tensor>,
  options: { metadata?: Record<string, string> } = {},
): Promise<void> {
  checkPath('save', path);
  if (tensors === null || typeof tensors !== 'object' || tensors instanceof Tensor)
    throw new ArgumentError(`[save] expected an object of tensors, got ${describe(tensors)}`);
  const list = Object.entries(tensors).map(([name, t]) => {
    if (!(t instanceof Tensor)) throw new ArgumentError(`[save] "${name}" is ${describe(t)}, not a tensor`);
    if (name === '__metadata__') throw new ArgumentError('[save] a tensor cannot be named __metadata__');
    t.checkAlive('save');
    return { name, dtype: t.dtype, shape: t.shape, values: denseOf(t) };
  });
  const { metadata } = options;
  if (metadata && Object.values(metadata).some((v) => typeof v !== 'string'))
    throw new ArgumentError('[save] metadata must be strings by name');
  const header = buildHeader(list, metadata);
  // All reads are queued now, before anything else can change the tensors.
  const reads = list.map(({ values }) => bytesOf(values));
  const bytes = await Promise.all(reads);
  await writeAtomic(path, async (file) => {
    await writeAll(file, header.bytes);
    for (const i of header.order) await writeAll(file, bytes[i]!);
  });
}

async function bytesOf(t: Tensor): Promise<Uint8Array> {
  const size = dtypeSize(t.dtype);
  const bytes = new Uint8Array(t.numel * size);
  await readStorage(t.storage, t.offset * size, bytes);
  return bytes;
}

async function withHeader<R>(
  path: string,
  use: (file: FileHandle, header: Header, dataStart: number) => Promise<R>,
): Promise<R> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const bad = (why: string): FileFormatError => new FileFormatError(`[safetensors] ${path}: ${why}`);
    if (size < 8) throw bad(`truncated: ${size} bytes are too few for a header`);
    const prefix = await readAll(file, 8, 0);
    const length = Number(new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true));
    if (length > maxHeader) throw bad(`not a safetensors file: its header would be ${length} bytes long`);
    if (8 + length > size) throw bad(`truncated: the header needs ${8 + length} bytes, the file has ${size}`);
    const header = parseHeader(await readAll(file, length, 8), size - 8 - length, path);
    return await use(file, header, 8 + length);
  } finally {
    await file.close();
  }
}

const dtypeOf = Object.fromEntries(Object.entries(formatNames).map(([dtype, name]) => [name, dtype as DType]));

// Dtypes of the format that tensors do not have become the next wider integer.
const widened: Record<string, { bytes: number; dtype: DType; read(v: DataView, at: number): number }> = {
  I8: { bytes: 1, dtype: 'int32', read: (v, i) => v.getInt8(i) },
  I16: { bytes: 2, dtype: 'int32', read: (v, i) => v.getInt16(i, true) },
  U16: { bytes: 2, dtype: 'int32', read: (v, i) => v.getUint16(i, true) },
  U32: { bytes: 4, dtype: 'int64', read: (v, i) => v.getUint32(i, true) },
};

function toTensor({ dtype, shape }: Entry, bytes: Uint8Array, device: Device | undefined): Tensor {
  const wide = widened[dtype];
  if (wide) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const values = Array.from({ length: bytes.length / wide.bytes }, (_, i) => wide.read(view, i * wide.bytes));
    const array = wide.dtype === 'int32' ? Int32Array.from(values) : BigInt64Array.from(values, BigInt);
    return tensor(array, { shape, device });
  }
  const t = empty(shape, dtypeOf[dtype]!, deviceIndex(device));
  writeStorage(t.storage, 0, bytes);
  return t;
}

/**
 * Loads all tensors of a safetensors file, in the order of its header. The file is checked first: nothing is loaded
 * from one that is truncated or malformed.
 * @throws FileFormatError
 */
export async function load(path: string, options: { device?: Device } = {}): Promise<Record<string, Tensor>> {
  checkPath('load', path);
  deviceIndex(options.device);
  return withHeader(path, async (file, { entries }, start) => {
    const out: [string, Tensor][] = [];
    for (const e of entries) {
      const bytes = await readAll(file, e.end - e.begin, start + e.begin);
      if (bytes.length !== e.end - e.begin)
        throw new FileFormatError(`[safetensors] ${path}: truncated while it was being read`);
      out.push([e.name, toTensor(e, bytes, options.device)]);
    }
    return Object.fromEntries(out);
  });
}

/** The metadata strings of a safetensors file. */
export async function loadMetadata(path: string): Promise<Record<string, string>> {
  checkPath('loadMetadata', path);
  return withHeader(path, (_file, { metadata }) => Promise.resolve(metadata));
}
