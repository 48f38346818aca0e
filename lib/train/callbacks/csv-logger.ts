/** @file Logs in a CSV file. */
import { appendFile, stat, writeFile } from 'node:fs/promises';
import { readArguments } from '../../core/arguments';
import { boolean, string } from '../../core/params';
import { type Logs } from '../logs';
import { Callback } from './callback';

/** Settings of {@link CSVLogger}. */
export interface CSVLoggerOptions {
  /** Between values. Default `,`. */
  separator?: string | undefined;
  /** Go on with a file that exists. Default false: it is written anew. */
  append?: boolean | undefined;
}
const csvSpec = { filename: string, separator: string.or(','), append: boolean.or(false) };

/**
 * Writes a line per epoch: its number, then the logs, with a header of their names. Columns are those of the first
 * epoch and, with validation, of `val...`; what an epoch has no value of is `NA`.
 */
export class CSVLogger extends Callback {
  private readonly settings: ReturnType<typeof read>;
  private names: string[] | undefined;
  private header = true;

  constructor(filename: string, options?: CSVLoggerOptions) {
    super();
    this.settings = read(filename, options);
  }
  override async onTrainBegin(): Promise<void> {
    const { filename, append } = this.settings;
    this.names = undefined;
    if (!append) await writeFile(filename, '');
    const size = await stat(filename).then(
      (s) => s.size,
      () => 0,
    );
    this.header = size === 0;
  }
  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const { filename, separator } = this.settings;
    this.names ??= Object.keys(logs).sort();
    const line = (values: readonly unknown[]): string =>
      `${values.map((v) => quoted(String(v), separator)).join(separator)}\n`;
    const header = this.header ? line(['epoch', ...this.names]) : '';
    this.header = false;
    await appendFile(filename, header + line([epoch, ...this.names.map((name) => logs[name] ?? 'NA')]));
  }
}

const quoted = (v: string, separator: string): string =>
  v.includes(separator) || /["\r\n]/.test(v) ? `"${v.replaceAll('"', '""')}"` : v;

const read = (filename: string, options: CSVLoggerOptions | undefined) =>
  readArguments('CSVLogger', csvSpec, [filename, options]);
