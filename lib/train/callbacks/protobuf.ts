/** @file Fields of protocol buffers: what event files are written in. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** A field of a message, which writes itself. */
export type Field = (to: BinaryWriter) => void;

export const double =
  (number: number, v: number): Field =>
  (to) =>
    void to.tag(number, WireType.Bit64).double(v);
export const float =
  (number: number, v: number): Field =>
  (to) =>
    void to.tag(number, WireType.Bit32).float(v);
export const integer =
  (number: number, v: number): Field =>
  (to) =>
    void to.tag(number, WireType.Varint).int64(v);
export const text =
  (number: number, v: string): Field =>
  (to) =>
    void to.tag(number, WireType.LengthDelimited).string(v);

/** A list of doubles, packed. */
export const doubles =
  (number: number, list: readonly number[]): Field =>
  (to) => {
    to.tag(number, WireType.LengthDelimited).fork();
    for (const v of list) to.double(v);
    to.join();
  };

/** A message of these fields. */
export const message =
  (number: number, ...fields: readonly Field[]): Field =>
  (to) => {
    to.tag(number, WireType.LengthDelimited).fork();
    for (const field of fields) field(to);
    to.join();
  };

/** The bytes of these fields. */
export function encoded(...fields: readonly Field[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const field of fields) field(writer);
  return writer.finish();
}
