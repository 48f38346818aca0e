/** @file Logs in a CSV file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { appendFile, stat, writeFile } from 'node:fs/promises';
import { readArguments } from '../../core/arguments';
import { boolean, string, strings } from '../../core/params';
import { type Logs } from '../logs';
import { StatefulCallback } from './stateful';

/** Settings of {@link CSVLogger}. */
export interface CSVLoggerOptions {
  /** Between values. Default `,`. */
  separator?: string | undefined;
  /** Go on with a file that exists. Default false: it is written anew. */
  append?: boolean | undefined;
}
const csvSpec = { filename: string, separator: string.or(','), append: boolean.or(false) };

/** What {@link CSVLogger} remembers: its columns, and the file. */
export interface CSVLoggerState {
  names: readonly string[] | null;
  text: string | null;
}

/**
 * Writes a line per epoch: its number, then the logs, with a header of their names. Columns are those of the first
 * epoch and, with validation, of `val...`; what an epoch has no value of is `NA`.
 */
export class CSVLogger extends StatefulCallback<CSVLoggerState> {
  private readonly settings: ReturnType<typeof read>;
  private names: readonly string[] | undefined;
  private header = true;
  protected readonly stateSpec = { names: strings.nullable(), text: string.nullable() };

  constructor(filename: string, options?: CSVLoggerOptions) {
    super();
    this.settings = read(filename, options);
  }
  protected async reset(): Promise<void> {
    const { filename, append } = this.settings;
    this.names = undefined;
    if (!append) await writeFile(filename, '');
    const size = await stat(filename).then(
      (s) => s.size,
      () => 0,
    );
    this.header = size === 0;
  }
  stateDict(): CSVLoggerState {
    const { names } = this;
    return { names: names ?? null, text: names ? readFileSync(this.settings.filename, 'utf8') : null };
  }
  // Lines of epochs that are made again go away.
  protected restoreState({ names, text }: CSVLoggerState): void {
    this.names = names ?? undefined;
    this.header = !text;
    writeFileSync(this.settings.filename, text ?? '');
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
