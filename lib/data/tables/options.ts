/** @file How tables are read, whatever they are read from. */
import { type Values } from '../../core/arguments';
import { type Device } from '../../core/device';
import { type DType, defaultDType, isFloat } from '../../core/dtype';
import { ArgumentError, DTypeError } from '../../core/errors';
import {
  device as deviceParam,
  dtype as dtypeParam,
  either,
  integer,
  oneOf,
  Param,
  positive,
  string,
  strings,
} from '../../core/params';
import { describe } from '../../core/shape';
import { type ColumnType } from './cells';

/** Settings of `data.csv`, `data.parquet`, `data.arrow` and `data.jsonl`. */
export interface TableOptions {
  /** The column to predict, or several. Default: none. */
  target?: string | readonly string[] | undefined;
  /** The columns to predict from. Default: all that are no targets. */
  features?: readonly string[] | undefined;
  /** Columns to leave out. */
  ignore?: readonly string[] | undefined;
  /** What columns are, where that shall not be inferred. */
  types?: Readonly<Record<string, ColumnType>> | undefined;
  /** Leave out rows in which a value is missing. Default false. */
  dropMissing?: boolean | undefined;
  /** What features that are categories become: a column for each value (default), or one of their numbers. */
  categories?: 'oneHot' | 'codes' | undefined;
  /** More different values than these are an error, no categories. Default 1000. */
  maxCategories?: number | undefined;
  /** Only the first so many rows. */
  limit?: number | undefined;
  /** Of the numbers. Default: the default dtype. */
  dtype?: DType | undefined;
  device?: Device | undefined;
}

/** A call that names targets. */
export type WithTarget<O> = O & { target: string | readonly string[] };

const columnType = oneOf<ColumnType>('number', 'boolean', 'date', 'category');
const types = new Param<Readonly<Record<string, ColumnType>>>('types by the names of columns', (v, op) => {
  if (typeof v !== 'object' || v === null || Array.isArray(v))
    throw new ArgumentError(`[${op}] types must be types by the names of columns, got ${describe(v)}`);
  return Object.fromEntries(Object.entries(v).map(([k, t]) => [k, columnType.check(op, `types.${k}`, t)]));
});

/** The spec of {@link TableOptions}. */
export const tableSpec = {
  target: either(string, strings).optional(),
  features: strings.optional(),
  ignore: strings.or([] as readonly string[]),
  types: types.or({} as Readonly<Record<string, ColumnType>>),
  dropMissing: false,
  categories: oneOf('oneHot', 'codes').or('oneHot' as const),
  maxCategories: positive.or(1000),
  limit: integer({ least: 1 }).or(Infinity),
  dtype: dtypeParam.optional(),
  device: deviceParam.optional(),
};
/** What reading {@link tableSpec} gives. */
export type TableSettings = Values<typeof tableSpec>;

/** The dtype of a table's numbers. @throws DTypeError for one of integers */
export function tableDType(op: string, { dtype = defaultDType() }: TableSettings): DType {
  if (!isFloat(dtype)) throw new DTypeError(`[${op}] dtype must be a floating-point dtype, got ${dtype}`);
  return dtype;
}
