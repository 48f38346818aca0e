/** @file The rows of a CSV file, one after the other: what csv-parse reads of it, with line numbers that can be trusted. */
import { type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type CsvError, parse } from 'csv-parse';
import { FileFormatError } from '../../core/errors';
import { piecesOf } from '../bytes';
import { utf8 } from '../utf8';
import { type CsvSettings } from './csv-options';
import { rowError } from './source';

/** How a CSV file is written. */
export type CsvFormat = Pick<CsvSettings, 'delimiter' | 'quote' | 'comment' | 'encoding' | 'maxBytes'>;

/** Called with the values of a row and the line on which it ends. */
export type LineVisitor = (fields: string[], line: number) => void;

// Ends the reading where no more rows are wanted.
const enough = Symbol('enough');
// Characters in a row: more are a quote that is not closed, or no table.
const longestRow = 2 ** 27;

/**
 * Calls `visit` for each row of a file (plain or .gz), the header too, in order, without holding more than a piece of the file.
 * @param most - no more rows than these are read
 * @throws FileFormatError with the line number for a row that cannot be read; what `visit` throws
 */
export async function eachRow(path: string, format: CsvFormat, most: number, visit: LineVisitor): Promise<void> {
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
    max_record_size: longestRow,
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
    const pieces = piecesOf('csv', path, format.maxBytes);
    await pipeline(encoding === 'utf8' ? utf8('csv', path, pieces) : pieces, parser.resume() as unknown as Writable);
  } catch (cause) {
    if (failure === enough) return;
    if (failure !== undefined) throw failure as Error;
    if (cause instanceof FileFormatError) throw cause;
    // The row that is wrong ends there, or begins after the last good one and does not end.
    const { code, lines, message, record, column } = cause as CsvError & {
      record?: string[] | undefined;
      column?: number | undefined;
    };
    const bad = (at: number, what: string): FileFormatError =>
      rowError({ op: 'csv', name: path, unit: 'line' }, at, what, cause);
    if (code === 'CSV_QUOTE_NOT_CLOSED') throw bad(line + 1, 'a quote that is not closed');
    if (code === 'CSV_MAX_RECORD_SIZE') throw bad(line + 1, `a row of more than ${longestRow} characters`);
    if (code === 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH') {
      const expected = /expect (\d+)/.exec(message)?.[1];
      throw bad(Number(lines) - counted, `${record?.length} values, expected ${expected}`);
    }
    if (lines !== undefined) {
      const where = typeof column === 'number' ? ` in value ${column + 1}` : '';
      throw bad(Number(lines) - counted, `a quote that does not belong there${where} (${code})`);
    }
    throw cause;
  }
}
