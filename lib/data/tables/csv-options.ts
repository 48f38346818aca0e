/** @file How a CSV file is read: the options of data.csv. */
import { readOptions } from '../../core/arguments';
import { ArgumentError } from '../../core/errors';
import { boolean, either, oneOf, Param, strings } from '../../core/params';
import { describe } from '../../core/shape';
import { type UnpackOptions, unpackSpec } from '../bytes';
import { missingWords } from './cells';
import { type TableOptions, tableSpec } from './options';

/** Settings of `data.csv`. */
export interface CsvOptions extends TableOptions, UnpackOptions {
  /** Whether the first row has the columns' names (default), or the names. Without names they are `column0`, `column1`, ... */
  header?: boolean | readonly string[] | undefined;
  /** What stands for a missing value. Default: nothing, NA, NaN, null and others, as in pandas. */
  missing?: readonly string[] | undefined;
  /** What is between the values. Default a comma. */
  delimiter?: string | undefined;
  /** What is around values that hold delimiters or line breaks. Default `"`. */
  quote?: string | undefined;
  /** What begins a comment. Default: there are none. */
  comment?: string | undefined;
  /** What stands before the fraction of a number. Default a point. */
  decimal?: string | undefined;
  /** Default `utf8`. */
  encoding?: 'utf8' | 'latin1' | 'utf16le' | undefined;
}

const oneCharacter = new Param<string>('one character', (v, op, name) => {
  if (typeof v !== 'string' || v.length !== 1)
    throw new ArgumentError(`[${op}] ${name} must be one character, got ${describe(v)}`);
  return v;
});

const csvSpec = {
  ...tableSpec,
  ...unpackSpec,
  header: either(boolean, strings).or(true),
  missing: strings.or(missingWords),
  delimiter: oneCharacter.or(','),
  quote: oneCharacter.or('"'),
  comment: oneCharacter.optional(),
  decimal: oneCharacter.or('.'),
  encoding: oneOf('utf8', 'latin1', 'utf16le').or('utf8' as const),
};
/** What {@link csvOptions} gives: all of them, with defaults. */
export type CsvSettings = ReturnType<typeof csvOptions>;

/** Reads the options of `data.csv`. @throws ArgumentError where one character has two meanings */
export function csvOptions(options: CsvOptions) {
  const o = readOptions('csv', csvSpec, options as object);
  const marks = { delimiter: o.delimiter, quote: o.quote, comment: o.comment, decimal: o.decimal };
  const [first, second] = Object.entries(marks).filter(
    ([, c], i, all) => c !== undefined && all.some(([, d], k) => k !== i && c === d),
  );
  if (second) throw new ArgumentError(`[csv] ${first![0]} and ${second[0]} are both ${describe(first![1])}`);
  return o;
}
