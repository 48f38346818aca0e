/** @file Bytes as UTF-8 text, piece by piece; what is none is an error with its place. */
import { isUtf8 } from 'node:buffer';
import { FileFormatError } from '../core/errors';

// The longest beginning of `bytes` that does not end within a character: the last one may go on in the next piece.
function whole(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const b = bytes[bytes.length - back]!;
    if ((b & 0xc0) === 0x80) continue;
    const needed = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : b >= 0xc0 ? 2 : 1;
    return needed > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

// Where the first byte stands that is no UTF-8: what replaces it differs from it.
function firstBad(bytes: Buffer): number {
  const again = Buffer.from(bytes.toString('utf8'), 'utf8');
  let at = 0;
  while (at < bytes.length && bytes[at] === again[at]) at++;
  return at;
}

/**
 * The text of a file that comes in pieces; its byte order mark is left out.
 * @throws FileFormatError for bytes that are no UTF-8, with the position of the first one, counted from 0
 */
export async function* utf8(op: string, name: string, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  let done = 0;
  const read = (bytes: Buffer): string => {
    if (!isUtf8(bytes))
      throw new FileFormatError(
        `[${op}] ${name}: no UTF-8 text: the byte at ${done + firstBad(bytes)} belongs to none`,
      );
    const text = bytes.toString('utf8');
    const marked = done === 0 && text.startsWith('\ufeff');
    done += bytes.length;
    return marked ? text.slice(1) : text;
  };
  for await (const piece of pieces) {
    const bytes =
      rest.length > 0 ? Buffer.concat([rest, piece]) : Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    const end = whole(bytes);
    rest = Buffer.from(bytes.subarray(end));
    if (end > 0) yield read(bytes.subarray(0, end));
  }
  if (rest.length > 0) yield read(rest);
}
