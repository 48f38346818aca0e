/** @file Saving and loading tensors by name in the safetensors format, which PyTorch's safetensors reads and writes too. */
import { type FileHandle, open } from 'node:fs/promises';
import { type Device, deviceIndex } from '../core/device';
import { type Arguments, isOptions, readArguments, readOptions } from '../core/arguments';
import { type DType, dtypeSize, newTypedArray } from '../core/dtype';
import { ArgumentError, FileFormatError } from '../core/errors';
import { device as deviceParam, Param } from '../core/params';
import { describe } from '../core/shape';
import { empty, Tensor } from '../core/tensor';
import { readStorage, writeStorage } from '../native';
import { tensor } from '../ops/tensors/create';
import { denseOf } from '../ops/kit/launch';
import { readAll, writeAll, writeAtomic } from './atomic';
import {
  buildHeader,
  type Entry,
  formatNames,
  type Header,
  isWritable,
  maxHeader,
  parseHeader,
} from './safetensors-header';

/** Throws unless `path` is a path. */
export const checkPath = (op: string, path: unknown): void => {
  if (typeof path !== 'string' || path === '')
    throw new ArgumentError(`[${op}] expected a path, got ${describe(path)}`);
};

/** Options of {@link save}. */
export interface SaveOptions {
  /** Strings by name, kept in the file. */
  metadata?: Record<string, string> | undefined;
}

// What `load` will read again.
const metadataParam: Param<Record<string, string>> = new Param('strings by name', (v, op) => {
  const isRecord = isOptions(v) && Object.values(v).every((e) => typeof e === 'string');
  if (!isRecord) throw new ArgumentError(`[${op}] metadata must be strings by name, got ${describe(v)}`);
  for (const [name, text] of Object.entries(v as Record<string, string>))
    if (!isWritable(name) || !isWritable(text))
      throw new ArgumentError(`[${op}] metadata ${JSON.stringify(name)} has half of a surrogate pair`);
  return v as Record<string, string>;
});
const saveOptions = { metadata: metadataParam.optional() };

function checkTensors(tensors: unknown): asserts tensors is Record<string, Tensor> {
  if (isOptions(tensors)) return;
  const isModule = typeof (tensors as { stateDict?: unknown } | null)?.stateDict === 'function';
  throw new ArgumentError(
    `[save] expected an object of tensors, got ${describe(tensors)}${isModule ? '; save its stateDict()' : ''}`,
  );
}

/**
 * The bytes of a file of these tensors, in pieces. The values are those of the moment of the call: all reads are queued
 * before it returns.
 * @throws ArgumentError (at once) for what no file can hold; rejects if a value cannot be read
 */
export function fileOf(
  op: string,
  tensors: Record<string, Tensor>,
  metadata?: Record<string, string>,
): Promise<Uint8Array[]> {
  const list = Object.entries(tensors).map(([name, t]) => {
    if (!(t instanceof Tensor)) throw new ArgumentError(`[${op}] "${name}" is ${describe(t)}, not a tensor`);
    if (name === '__metadata__') throw new ArgumentError(`[${op}] a tensor cannot be named __metadata__`);
    if (!isWritable(name)) throw new ArgumentError(`[${op}] the name ${JSON.stringify(name)} is no text`);
    t.checkAlive(op);
    return { name, dtype: t.dtype, shape: t.shape, values: denseOf(t) };
  });
  const header = buildHeader(list, metadata);
  if (header.bytes.length - 8 > maxHeader)
    throw new ArgumentError(
      `[${op}] names, shapes and metadata take ${header.bytes.length} bytes; ${maxHeader} are allowed`,
    );
  const reads = list.map(({ values }) => bytesOf(values));
  return Promise.all(reads).then((bytes) => [header.bytes, ...header.order.map((i) => bytes[i]!)]);
}

/**
 * Saves tensors by name. The values are those of the moment of the call; what is changed while the file is being
 * written does not get in. The file appears whole or not at all.
 *
 * @param tensors - e.g. `model.stateDict()`
 * @throws ArgumentError for what no file can hold, before the file is touched
 */
export async function save(path: string, tensors: Record<string, Tensor>, options: SaveOptions = {}): Promise<void> {
  checkPath('save', path);
  checkTensors(tensors);
  const { metadata } = readOptions<SaveOptions>('save', saveOptions, options);
  const pieces = await fileOf('save', tensors, metadata);
  await writeAtomic(path, async (file) => {
    for (const piece of pieces) await writeAll(file, piece);
  });
}

async function bytesOf(t: Tensor): Promise<Uint8Array> {
  const size = dtypeSize(t.dtype);
  const bytes = newTypedArray('uint8', t.numel * size) as Uint8Array;
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

/** Options of {@link load}. */
export interface LoadOptions {
  /** Where the tensors go. Default: the default device. */
  device?: Device | undefined;
}
const loadOptions = { device: deviceParam.optional() };

/**
 * Loads all tensors of a safetensors file, in the order of its header. The file is checked first: nothing is loaded
 * from one that is truncated or malformed.
 * @throws FileFormatError
 */
export async function load(path: string, ...options: Arguments<LoadOptions>): Promise<Record<string, Tensor>> {
  checkPath('load', path);
  return tensorsIn(path, readArguments<LoadOptions>('load', loadOptions, options).device);
}

/** {@link load}, with arguments that were read. */
export function tensorsIn(path: string, device: Device | undefined): Promise<Record<string, Tensor>> {
  return withHeader(path, async (file, { entries }, start) => {
    const out: [string, Tensor][] = [];
    for (const e of entries) {
      const bytes = await readAll(file, e.end - e.begin, start + e.begin);
      if (bytes.length !== e.end - e.begin)
        throw new FileFormatError(`[safetensors] ${path}: truncated while it was being read`);
      if (e.dtype === 'BOOL' && bytes.some((b) => b > 1))
        throw new FileFormatError(`[safetensors] ${path}: tensor "${e.name}" of BOOL holds bytes beside 0 and 1`);
      out.push([e.name, toTensor(e, bytes, device)]);
    }
    return Object.fromEntries(out);
  });
}

/** The metadata strings of a safetensors file. */
export async function loadMetadata(path: string, options: Record<string, never> = {}): Promise<Record<string, string>> {
  checkPath('loadMetadata', path);
  readOptions('loadMetadata', {}, options);
  return withHeader(path, (_file, { metadata }) => Promise.resolve(metadata));
}
