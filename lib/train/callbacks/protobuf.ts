/** @file Fields of protocol buffers, as bytes: what event files are written in. */

const varint = (n: number): Uint8Array => {
  const bytes: number[] = [];
  for (; n >= 128; n = Math.floor(n / 128)) bytes.push((n % 128) | 128);
  return Buffer.from([...bytes, n]);
};
const fixed = (size: 4 | 8, v: number): Uint8Array => {
  const b = Buffer.alloc(size);
  if (size === 4) b.writeFloatLE(v);
  else b.writeDoubleLE(v);
  return b;
};
export const double = (field: number, v: number): Uint8Array => Buffer.concat([varint(field * 8 + 1), fixed(8, v)]);
export const float = (field: number, v: number): Uint8Array => Buffer.concat([varint(field * 8 + 5), fixed(4, v)]);
export const integer = (field: number, v: number): Uint8Array => Buffer.concat([varint(field * 8), varint(v)]);
const bytes = (field: number, v: Uint8Array): Uint8Array => Buffer.concat([varint(field * 8 + 2), varint(v.length), v]);
export const text = (field: number, v: string): Uint8Array => bytes(field, Buffer.from(v));
export const doubles = (field: number, list: readonly number[]): Uint8Array =>
  bytes(field, Buffer.concat(list.map((v) => fixed(8, v))));
/** A message of these fields. */
export const message = (field: number, ...fields: readonly Uint8Array[]): Uint8Array =>
  bytes(field, Buffer.concat(fields));
