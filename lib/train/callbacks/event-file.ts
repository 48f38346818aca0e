/** @file TensorBoard's event files: records with checksums (TFRecord) of protocol buffers (event.proto, summary.proto). */
import { appendFileSync, mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { double, doubles, encoded, type Field, float, integer, message, text } from './protobuf';

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

function record(data: Uint8Array): Uint8Array {
  const out = Buffer.alloc(16 + data.length);
  out.writeBigUInt64LE(BigInt(data.length), 0);
  out.writeUInt32LE(maskedCrc(out.subarray(0, 8)), 8);
  out.set(data, 12);
  out.writeUInt32LE(maskedCrc(data), 12 + data.length);
  return out;
}

const bucketsOfHistogram = 30;

// Of those that are numbers.
function histogram(values: ArrayLike<number>): Field {
  const list = Float64Array.from(values).filter(Number.isFinite);
  const [low, high] = [
    list.reduce((a, b) => Math.min(a, b), Infinity),
    list.reduce((a, b) => Math.max(a, b), -Infinity),
  ];
  const [from, to] = list.length > 0 ? [low, high] : [0, 0];
  const width = (to - from) / bucketsOfHistogram || 1;
  const counts = Array<number>(bucketsOfHistogram).fill(0);
  for (const v of list) counts[Math.min(bucketsOfHistogram - 1, Math.floor((v - from) / width))]!++;
  return message(
    5,
    double(1, from),
    double(2, to),
    double(3, list.length),
    double(
      4,
      list.reduce((a, v) => a + v, 0),
    ),
    double(
      5,
      list.reduce((a, v) => a + v * v, 0),
    ),
    doubles(
      6,
      counts.map((_, i) => from + (i + 1) * width),
    ),
    doubles(7, counts),
  );
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
    this.summary(step, text(1, tag), float(2, value));
  }

  /** How values are distributed at a step. */
  histogram(tag: string, values: ArrayLike<number>, step: number): void {
    this.summary(step, text(1, tag), histogram(values));
  }

  /** The fields of a value at a step. */
  summary(step: number, ...value: readonly Field[]): void {
    this.write(integer(2, step), message(5, message(1, ...value)));
  }
  private write(...event: readonly Field[]): void {
    appendFileSync(this.path, record(encoded(double(1, Date.now() / 1000), ...event)));
  }
}
