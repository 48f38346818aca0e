/** @file The bytes of files, plain or compressed with gzip, piece by piece and up to a limit. */
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ArgumentError, FileFormatError } from '../core/errors';
import { positive } from '../core/params';
import { describe } from '../core/shape';

/** What a compressed file may unpack to, unless the user says otherwise: a few bytes can stand for any number of them. */
export const mostUnpacked = 2 ** 32;

/** The option of the sources that read compressed files. */
export interface UnpackOptions {
  /** More bytes than these out of a compressed file are an error. Default 4 GiB. */
  maxBytes?: number | undefined;
}

/** The spec of {@link UnpackOptions}. */
export const unpackSpec = { maxBytes: positive.or(mostUnpacked) };

/** The error of a compressed file that holds more than it may. */
export const tooMuch = (op: string, path: string, most: number): FileFormatError =>
  new FileFormatError(`[${op}] ${path} unpacks to more than ${most} bytes; raise maxBytes if that is right`);

/** Throws unless `path` is one. */
export function checkPath(op: string, path: unknown): asserts path is string {
  if (typeof path !== 'string' || path === '')
    throw new ArgumentError(`[${op}] expected a path, got ${describe(path)}`);
}

/**
 * The pieces of a file, in order; a .gz is unpacked, whatever it is called.
 * @param most - the bytes that a .gz may unpack to
 * @throws FileFormatError for gzip data that is broken, or more than `most`
 */
export async function* piecesOf(op: string, path: string, most: number): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    const stored = file.createReadStream({ start: 0, autoClose: false });
    if (bytesRead < 2 || buffer[0] !== 0x1f || buffer[1] !== 0x8b) {
      yield* stored as AsyncIterable<Buffer>;
      return;
    }
    const inflated = createGunzip();
    // Errors of either come out of `inflated`.
    pipeline(stored, inflated, () => {});
    let size = 0;
    for await (const piece of inflated as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > most) throw tooMuch(op, path, most);
      yield piece;
    }
  } catch (cause) {
    if (!(cause as NodeJS.ErrnoException).code?.startsWith('Z_')) throw cause;
    throw new FileFormatError(`[${op}] ${path}: broken gzip data: ${(cause as Error).message}`, { cause });
  } finally {
    await file.close();
  }
}
