/** @file How a CSV file is read: the options of data.csv. */
import { readOptions } from '../core/arguments';
import { type Device } from '../core/device';
import { type DType } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import {
  boolean,
  device as deviceParam,
  dtype as dtypeParam,
  either,
  integer,
  oneOf,
  Param,
  positive,
  string,
  strings,
} from '../core/params';
import { describe } from '../core/shape';
import { type ColumnType, missingWords } from './cells';

/** Settings of `data.csv`. */
export interface CsvOptions {
  /** The column to predict, or several. Default: none. */
  target?: string | readonly string[] | undefined;
  /** The columns to predict from. Default: all that are no targets. */
  features?: readonly string[] | undefined;
  /** Columns to leave out. */
  ignore?: readonly string[] | undefined;
  /** Whether the first row has the columns' names (default), or the names. Without names they are `column0`, `column1`, ... */
  header?: boolean | readonly string[] | undefined;
  /** What columns are, where that shall not be inferred. */
  types?: Readonly<Record<string, ColumnType>> | undefined;
  /** What stands for a missing value. Default: nothing, NA, NaN, null and others, as in pandas. */
  missing?: readonly string[] | undefined;
  /** Leave out rows in which a value is missing. Default false. */
  dropMissing?: boolean | undefined;
  /** What features that are categories become: a column for each value (default), or one of their numbers. */
  categories?: 'oneHot' | 'codes' | undefined;
  /** More different values than these are an error, no categories. Default 1000. */
  maxCategories?: number | undefined;
  /** Only the first so many rows. */
  limit?: number | undefined;
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
  /** Of the numbers. Default: the default dtype. */
  dtype?: DType | undefined;
  device?: Device | undefined;
}

const columnType = oneOf<ColumnType>('number', 'boolean', 'date', 'category');
const types = new Param<Readonly<Record<string, ColumnType>>>('types by the names of columns', (v, op) => {
  if (typeof v !== 'object' || v === null || Array.isArray(v))
    throw new ArgumentError(`[${op}] types must be types by the names of columns, got ${describe(v)}`);
  return Object.fromEntries(Object.entries(v).map(([k, t]) => [k, columnType.check(op, `types.${k}`, t)]));
});
const oneCharacter = new Param<string>('one character', (v, op, name) => {
  if (typeof v !== 'string' || v.length !== 1)
    throw new ArgumentError(`[${op}] ${name} must be one character, got ${describe(v)}`);
  return v;
});

const csvSpec = {
  target: either(string, strings).optional(),
  features: strings.optional(),
  ignore: strings.or([] as readonly string[]),
  header: either(boolean, strings).or(true),
  types: types.or({} as Readonly<Record<string, ColumnType>>),
  missing: strings.or(missingWords),
  dropMissing: false,
  categories: oneOf('oneHot', 'codes').or('oneHot' as const),
  maxCategories: positive.or(1000),
  limit: integer({ least: 1 }).or(Infinity),
  delimiter: oneCharacter.or(','),
  quote: oneCharacter.or('"'),
  comment: oneCharacter.optional(),
  decimal: oneCharacter.or('.'),
  encoding: oneOf('utf8', 'latin1', 'utf16le').or('utf8' as const),
  dtype: dtypeParam.optional(),
  device: deviceParam.optional(),
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
