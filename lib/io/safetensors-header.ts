/**
 * @file The header of a safetensors file: 8 bytes (its length, little-endian), then JSON that gives each tensor's dtype,
 * shape and place in the data behind it. https://huggingface.co/docs/safetensors
 */
import { type DType } from '../core/dtype';
import { FileFormatError } from '../core/errors';
import { maxDims, numel } from '../core/shape';

/** One tensor of a file. */
export interface Entry {
  name: string;
  dtype: string;
  shape: number[];
  /** Bytes from the start of the data. */
  begin: number;
  end: number;
}

export interface Header {
  entries: Entry[];
  metadata: Record<string, string>;
}

/** Bytes per element of the dtypes of the format that can be read. */
const sizes: Record<string, number> = {
  F64: 8,
  I64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

export const formatNames: Record<DType, string> = {
  float64: 'F64',
  int64: 'I64',
  float32: 'F32',
  int32: 'I32',
  float16: 'F16',
  bfloat16: 'BF16',
  uint8: 'U8',
  bool: 'BOOL',
};

/** As in the reference implementation: no sane header is larger. */
export const maxHeader = 100_000_000;

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);
const isCount = (v: unknown): v is number => Number.isSafeInteger(v) && (v as number) >= 0;

/** Reads and checks a header. `dataBytes` is the size of what lies behind it. */
export function parseHeader(json: Uint8Array, dataBytes: number, path: string): Header {
  const bad = (why: string, cause?: unknown): FileFormatError =>
    new FileFormatError(`[safetensors] ${path}: ${why}`, { cause });
  if (json[0] !== 0x7b) throw bad('the header does not start with {');
  let text: string;
  let root: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json);
    root = JSON.parse(text);
  } catch (e) {
    throw bad(`the header is no JSON: ${(e as Error).message}`, e);
  }
  if (!isObject(root)) throw bad('the header is no JSON object');
  checkTokens(text, bad);
  const entries: Entry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(root)) {
    if (name === '__metadata__') {
      if (!isObject(value) || Object.values(value).some((v) => typeof v !== 'string'))
        throw bad('__metadata__ must map strings to strings');
      metadata = value as Record<string, string>;
    } else entries.push(parseEntry(name, value, bad));
  }
  checkLayout(entries, dataBytes, bad);
  return { entries, metadata };
}

const loneSurrogate = /\p{Surrogate}/u;

/** Whether UTF-8 has this text: no half of a surrogate pair stands alone. */
export const isWritable = (text: string): boolean => !loneSurrogate.test(text);

// What JSON.parse takes and the reference does not: names that come twice, halves of surrogate pairs, and numbers that
// are not written as counts. The text is known to be JSON.
function checkTokens(text: string, bad: (why: string) => FileFormatError): void {
  const names: Set<string>[] = [];
  for (const [, quoted, colon, bracket, count] of text.matchAll(
    /("(?:[^"\\]|\\.)*")\s*(:?)|([{}])|(-?\d[\d.eE+-]*)/gs,
  )) {
    if (bracket === '{') names.push(new Set());
    else if (bracket === '}') names.pop();
    else if (count !== undefined && !/^\d+$/.test(count)) throw bad(`${count} is no count`);
    else if (quoted !== undefined) {
      const word = JSON.parse(quoted) as string;
      if (!isWritable(word)) throw bad(`${JSON.stringify(word)} is no text`);
      if (!colon) continue;
      if (names.at(-1)!.has(word)) throw bad(`"${word}" appears twice`);
      names.at(-1)!.add(word);
    }
  }
}

function parseEntry(name: string, value: unknown, bad: (why: string) => FileFormatError): Entry {
  const { dtype, shape, data_offsets: offsets } = isObject(value) ? value : {};
  if (typeof dtype !== 'string') throw bad(`tensor "${name}" has no dtype`);
  const size = sizes[dtype];
  if (size === undefined)
    throw bad(`tensor "${name}" has dtype ${dtype}; those that can be read are ${Object.keys(sizes).join(', ')}`);
  if (!Array.isArray(shape) || !shape.every(isCount)) throw bad(`tensor "${name}" has no valid shape`);
  if (shape.length > maxDims)
    throw bad(`tensor "${name}" has ${shape.length} dimensions; at most ${maxDims} are supported`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    throw bad(`tensor "${name}" has no valid data_offsets`);
  const [begin, end] = offsets as [number, number];
  // A size of 0 hides no others that are beyond any count.
  if (!Number.isSafeInteger(shape.reduce((n, d) => n * Math.max(d, 1), size)))
    throw bad(`tensor "${name}" has more elements than can be counted: [${shape.join(', ')}]`);
  const bytes = numel(shape) * size;
  if (end - begin !== bytes)
    throw bad(
      `tensor "${name}" of ${dtype} [${shape.join(', ')}] needs ${bytes} bytes, its offsets span ${end - begin}`,
    );
  return { name, dtype, shape, begin, end };
}

// The tensors must fill the data from the first byte to the last, without gaps or overlap.
function checkLayout(entries: readonly Entry[], dataBytes: number, bad: (why: string) => FileFormatError): void {
  let at = 0;
  for (const e of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (e.begin !== at)
      throw bad(
        `tensor "${e.name}" starts at byte ${e.begin}, ${e.begin < at ? 'inside' : 'with a gap behind'} another that ends at ${at}`,
      );
    at = e.end;
  }
  if (at > dataBytes) throw bad(`truncated: the tensors need ${at} bytes, the file has ${dataBytes}`);
  if (at < dataBytes) throw bad(`${dataBytes - at} bytes behind the last tensor belong to none`);
}

/**
 * The bytes of a file up to its data, and the tensors in the order of their data. Wide elements come first, so that
 * each tensor is aligned to its element for readers that map the file; the header keeps the order of the names.
 */
export function buildHeader(
  tensors: readonly { name: string; dtype: DType; shape: readonly number[] }[],
  metadata: Record<string, string> | undefined,
): { bytes: Uint8Array; order: number[] } {
  const size = (i: number): number => sizes[formatNames[tensors[i]!.dtype]]!;
  const order = tensors.map((_, i) => i).sort((a, b) => size(b) - size(a) || a - b);
  const offsets = new Array<[number, number]>(tensors.length);
  let at = 0;
  for (const i of order) offsets[i] = [at, (at += numel(tensors[i]!.shape) * size(i))];
  const fields = tensors.map(
    ({ name, dtype, shape }, i) => [name, { dtype: formatNames[dtype], shape, data_offsets: offsets[i] }] as const,
  );
  // Written field by field: an object would move names that look like numbers to the front.
  const parts = fields.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  if (metadata) parts.unshift(`"__metadata__":${JSON.stringify(metadata)}`);
  const json = Buffer.from(`{${parts.join(',')}}`);
  // Spaces, so that the data starts at a multiple of 8.
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = Buffer.alloc(8 + padded, 0x20);
  bytes.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(bytes, 8);
  return { bytes, order };
}
