/** @file TensorBoard's event files: records with checksums (TFRecord) of protocol buffers (event.proto, summary.proto). */
import { appendFileSync, mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  return c;
});

/** CRC-32C (Castagnoli), masked as TFRecord wants it. */
function maskedCrc(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const b of bytes) c = table[(c ^ b) & 255]! ^ (c >>> 8);
  c = ~c >>> 0;
  return (((c >>> 15) | (c << 17)) + 0xa282ead8) >>> 0;
}

function record(data: Uint8Array): Buffer {
  const out = Buffer.alloc(16 + data.length);
  out.writeBigUInt64LE(BigInt(data.length), 0);
  out.writeUInt32LE(maskedCrc(out.subarray(0, 8)), 8);
  out.set(data, 12);
  out.writeUInt32LE(maskedCrc(data), 12 + data.length);
  return out;
}

// Fields of protocol buffers.
const varint = (n: number): Buffer => {
  const bytes: number[] = [];
  for (; n >= 128; n = Math.floor(n / 128)) bytes.push((n % 128) | 128);
  return Buffer.from([...bytes, n]);
};
const fixed = (size: 4 | 8, v: number): Buffer => {
  const b = Buffer.alloc(size);
  if (size === 4) b.writeFloatLE(v);
  else b.writeDoubleLE(v);
  return b;
};
const double = (field: number, v: number): Buffer => Buffer.concat([varint(field * 8 + 1), fixed(8, v)]);
const float = (field: number, v: number): Buffer => Buffer.concat([varint(field * 8 + 5), fixed(4, v)]);
const integer = (field: number, v: number): Buffer => Buffer.concat([varint(field * 8), varint(v)]);
const bytes = (field: number, v: Uint8Array): Buffer => Buffer.concat([varint(field * 8 + 2), varint(v.length), v]);
const text = (field: number, v: string): Buffer => bytes(field, Buffer.from(v));
const doubles = (field: number, list: readonly number[]): Buffer =>
  bytes(field, Buffer.concat(list.map((v) => fixed(8, v))));

const bucketsOfHistogram = 30;

function histogram(values: ArrayLike<number>): Buffer {
  const list = Float64Array.from(values).filter(Number.isFinite);
  const [low, high] = [
    list.reduce((a, b) => Math.min(a, b), Infinity),
    list.reduce((a, b) => Math.max(a, b), -Infinity),
  ];
  const width = (high - low) / bucketsOfHistogram || 1;
  const counts = Array<number>(bucketsOfHistogram).fill(0);
  for (const v of list) counts[Math.min(bucketsOfHistogram - 1, Math.floor((v - low) / width))]!++;
  return Buffer.concat([
    double(1, low),
    double(2, high),
    double(3, list.length),
    double(
      4,
      list.reduce((a, b) => a + b, 0),
    ),
    double(
      5,
      list.reduce((a, b) => a + b * b, 0),
    ),
    doubles(
      6,
      counts.map((_, i) => low + (i + 1) * width),
    ),
    doubles(7, counts),
  ]);
}

let files = 0;

/** One event file in `folder`, which is made. Each event is on disk when its call returns. */
export class EventFile {
  private readonly path: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, '0');
    this.path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${files++}.v2`);
    this.write(text(3, 'brain.Event:2'));
  }

  /** A number at a step. */
  scalar(tag: string, value: number, step: number): void {
    this.summary(step, Buffer.concat([text(1, tag), float(2, value)]));
  }

  /** How values are distributed at a step. */
  histogram(tag: string, values: ArrayLike<number>, step: number): void {
    this.summary(step, Buffer.concat([text(1, tag), bytes(5, histogram(values))]));
  }

  private summary(step: number, value: Buffer): void {
    this.write(Buffer.concat([integer(2, step), bytes(5, bytes(1, value))]));
  }
  private write(event: Buffer): void {
    appendFileSync(this.path, record(Buffer.concat([double(1, Date.now() / 1000), event])));
  }
}
