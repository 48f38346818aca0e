/** @file The rows of a CSV file, one after the other: what csv-parse reads of it, with line numbers that can be trusted. */
import { open } from 'node:fs/promises';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type CsvError, parse } from 'csv-parse';
import { FileFormatError } from '../core/errors';

/** How a CSV file is written. */
export interface CsvFormat {
  /** What is between the values. Default a comma. */
  delimiter: string;
  /** What is around values that hold delimiters or line breaks. Default `"`. */
  quote: string;
  /** What begins a comment, up to the end of the line. Default none. */
  comment: string | undefined;
  /** `utf8` (default), `latin1` or `utf16le`. */
  encoding: 'utf8' | 'latin1' | 'utf16le';
}

/** An error of one row. */
export const rowError = (path: string, line: number, what: string, cause?: unknown): FileFormatError =>
  new FileFormatError(`[csv] ${path}, line ${line}: ${what}`, { cause });

/** Called with the values of a row and the line on which it ends. */
export type RowVisitor = (fields: string[], line: number) => void;

// Ends the reading where no more rows are wanted.
const enough = Symbol('enough');

/**
 * Calls `visit` for each row of a file (plain or .gz), the header too, in order, without holding more than a piece of the file.
 * @param most - no more rows than these are read
 * @throws FileFormatError with the line number for a row that cannot be read; what `visit` throws
 */
export async function eachRow(path: string, format: CsvFormat, most: number, visit: RowVisitor): Promise<void> {
  const file = await open(path);
  let line = 0;
  let rows = 0;
  // The parser counts a line break of two characters twice where it is within quotes.
  let counted = 0;
  let failure: unknown;
  const { delimiter, quote, comment, encoding } = format;
  const parser = parse({
    bom: true,
    delimiter,
    quote,
    comment: comment ?? null,
    encoding,
    trim: true,
    skip_empty_lines: true,
    on_record: (fields: string[], { lines }) => {
      for (const f of fields) if (f.includes('\r\n')) counted += f.split('\r\n').length - 1;
      line = lines - counted;
      try {
        visit(fields, line);
        if (++rows === most) throw enough;
      } catch (e) {
        failure = e;
        throw e;
      }
      return undefined;
    },
  });
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    const stored = file.createReadStream({ start: 0, autoClose: false });
    const gzip = bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
    const end = parser.resume() as unknown as Writable;
    await (gzip ? pipeline(stored, createGunzip(), end) : pipeline(stored as Readable, end));
  } catch (cause) {
    if (failure === enough) return;
    if (failure !== undefined) throw failure as Error;
    // The row that is wrong ends there, or begins after the last good one and does not end.
    const { code, lines, message, record, column } = cause as CsvError & {
      record?: string[] | undefined;
      column?: number | undefined;
    };
    if (code === 'CSV_QUOTE_NOT_CLOSED') throw rowError(path, line + 1, 'a quote that is not closed', cause);
    if (code === 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH') {
      const expected = /expect (\d+)/.exec(message)?.[1];
      throw rowError(path, Number(lines) - counted, `${record?.length} values, expected ${expected}`, cause);
    }
    if (lines !== undefined) {
      const where = typeof column === 'number' ? ` in value ${column + 1}` : '';
      throw rowError(path, Number(lines) - counted, `a quote that does not belong there${where} (${code})`, cause);
    }
    if (String(code).startsWith('Z_'))
      throw new FileFormatError(`[csv] ${path}: broken gzip data: ${message}`, { cause });
    throw cause;
  } finally {
    await file.close();
  }
}
