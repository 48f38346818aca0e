/** @file Valid files, and what becomes of them: bytes changed anywhere, and headers changed so that they still parse. */
import { gzipSync } from 'node:zlib';
import type { Random } from './random';

const dtypes = ['F32', 'F64', 'I64', 'I32', 'U8', 'BOOL', 'I8', 'I16', 'U16', 'U32', 'F16', 'BF16'];
const bytesOf: Record<string, number> = { F32: 4, F64: 8, I64: 8, I32: 4, U8: 1, BOOL: 1, I8: 1, I16: 2, U16: 2, U32: 4, F16: 2, BF16: 2 }; // prettier-ignore

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A valid safetensors file: its header and its data. */
function safetensorsParts(r: Random): { header: { [key: string]: Json }; data: Buffer } {
  const header: { [key: string]: Json } = {};
  let at = 0;
  if (r.chance(0.5)) header['__metadata__'] = { format: 'pt', note: 'x' };
  for (let i = r.below(4); i >= 0; i--) {
    const dtype = r.pick(dtypes);
    const shape = Array.from({ length: r.below(4) }, () => r.below(4));
    const size = shape.reduce((a, b) => a * b, 1) * bytesOf[dtype]!;
    header[`t${i}`] = { dtype, shape, data_offsets: [at, at + size] };
    at += size;
  }
  // Bytes 0 and 1, so that BOOL tensors are valid.
  return { header, data: Buffer.from(Array.from({ length: at }, () => r.below(2))) };
}

function assemble(text: string, data: Buffer, length?: bigint): Buffer {
  const head = Buffer.from(text);
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(head.length));
  return Buffer.concat([prefix, head, data]);
}

const odd: Json[] = [
  null, true, -1, 0.5, 1e9, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 60, 1e300, 'F32', 'f32', 'F8_E4M3', '', '__proto__', [], {}, [0, 0], [2 ** 32, 2 ** 32],
  [2 ** 53, 0], [-1, 8], [8, 0], [0, 1e18], [1, 1, 1, 1, 1, 1, 1, 1, 1], ['1'], [[1]], { toString: 1 },
]; // prettier-ignore

/** One place of a JSON value becomes something else. */
function changed(value: Json, r: Random): Json {
  if (typeof value !== 'object' || value === null || r.chance(0.25)) return r.pick(odd);
  const keys = Object.keys(value);
  if (!keys.length) return r.pick(odd);
  const key = r.pick(keys);
  if (Array.isArray(value)) return value.map((v, i) => (String(i) === key ? changed(v, r) : v));
  const rest = Object.entries(value).filter(([k]) => k !== key || !r.chance(0.15));
  const name = r.chance(0.1) ? r.pick(['__proto__', 'constructor', '', '__metadata__', '\ud800', 'toString']) : key;
  return Object.fromEntries(rest.map(([k, v]) => (k === key ? [name, changed(v, r)] : [k, v])));
}

/** Changes of bytes: flips, cuts, repeats, insertions. */
function damaged(bytes: Buffer, r: Random): Buffer {
  let b = Buffer.from(bytes);
  for (let k = r.pick([1, 1, 2, 5]); k > 0 && b.length; k--) {
    const at = r.below(b.length);
    const to = at + r.below(Math.min(40, b.length - at) + 1);
    const kind = r.below(5);
    if (kind === 0) b[at] = b[at]! ^ (1 << r.below(8));
    else if (kind === 1) b = b.subarray(0, at);
    else if (kind === 2) b = Buffer.concat([b.subarray(0, to), b.subarray(at)]);
    else if (kind === 3) b = Buffer.concat([b.subarray(0, at), b.subarray(to)]);
    else b.fill(r.pick([0, 255, 0x20, 0x7b, 0x22]), at, to);
  }
  return Buffer.from(b);
}

/** A safetensors file with something wrong, or, now and then, nothing. */
export function safetensors(r: Random): Buffer {
  const { header, data } = safetensorsParts(r);
  const text = JSON.stringify(header);
  switch (r.below(10)) {
    case 0:
      return assemble(text, data);
    case 1:
      return assemble(
        text,
        data,
        r.pick([0n, 1n, 7n, BigInt(text.length) + 1n, 10n ** 8n, 2n ** 31n, 2n ** 63n, 2n ** 64n - 1n]),
      );
    case 2:
      return assemble(text.slice(0, -1) + ',' + text.slice(1), data); // every name twice
    case 3:
      return assemble(r.pick([' ', '\ufeff', '\n', '[', '{"a":'.repeat(20_000), '['.repeat(100_000)]) + text, data);
    case 4:
      return assemble(text + r.pick([' ', '   ', '\0', 'x', '}', '{}']), data);
    case 5:
    case 6:
      return damaged(assemble(text, data), r);
    default: {
      let v: Json = header;
      for (let k = r.pick([1, 1, 2, 3]); k > 0; k--) v = changed(v, r);
      return assemble(JSON.stringify(v), data);
    }
  }
}

// 300 MB of zeros in 300 KB: as a second part of a compressed file it follows what the header announces.
let bomb: Buffer | undefined;

/** An IDX file with something wrong, or nothing; sometimes compressed, sometimes badly, sometimes to a thousandth. */
export function idx(r: Random): Buffer {
  const [code, size] = r.pick([[8, 1], [9, 1], [11, 2], [12, 4], [13, 4], [14, 8]] as const); // prettier-ignore
  const shape = Array.from({ length: r.below(5) }, () => r.below(5));
  const n = shape.reduce((a, b) => a * b, 1);
  let file: Buffer = Buffer.concat([
    Buffer.from([0, 0, code, shape.length, ...shape.flatMap((s) => [0, 0, 0, s])]),
    Buffer.from(Array.from({ length: n * size }, () => r.below(256))),
  ]);
  if (r.chance(0.4)) file = damaged(file, r);
  if (r.chance(0.2) && file.length > 4) file[3] = r.pick([0, 1, 8, 9, 100, 255]);
  if (r.chance(0.3) && file.length >= 8) file.writeUInt32BE(r.pick([0, 1, 2 ** 16, 2 ** 31, 2 ** 32 - 1]), 4);
  if (r.chance(0.3)) file = gzipSync(file);
  if (file[0] === 0x1f && r.chance(0.03))
    file = Buffer.concat([file, (bomb ??= gzipSync(Buffer.alloc(300 * 2 ** 20)))]);
  return r.chance(0.15) ? damaged(file, r) : file;
}
