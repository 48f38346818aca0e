/** @file Tables from CSV files. */
import { type Device } from '../core/device';
import { defaultDType, isFloat } from '../core/dtype';
import { ArgumentError, DTypeError } from '../core/errors';
import { describe } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { tensor } from '../ops/tensors/create';
import { type Writer } from './csv-columns';
import { CsvDataset } from './csv-dataset';
import { csvOptions, type CsvOptions } from './csv-options';
import { Table, widthOf } from './csv-table';

// One target that is a category.
function classesOf(values: Float64Array, targets: readonly Writer[], device: Device | undefined): Tensor | undefined {
  if (targets.length !== 1 || targets[0]!.type !== 'category') return undefined;
  return tensor(Int32Array.from(values), { device });
}

/**
 * A table from a CSV file (or a .gz of one), as a dataset of `[features, target]` for a DataLoader. The file is read
 * twice in pieces, first to see what is in it and then to keep the numbers, so it may be larger than its text would fit
 * into memory.
 *
 * What a column is, is inferred from all its values: numbers; `true` and `false` (1 and 0); dates (days since 1970-01-01);
 * else categories. A feature that is a category becomes a column of zeros and ones for each value (`categories: 'codes'`:
 * its number), a target the class's number; the encoders are kept. A number that is missing is NaN (fill it by an
 * {@link Imputer} that is fitted on the training part, or use `dropMissing`), a category that is missing is a
 * category of its own. A missing target is an error.
 *
 * @returns a dataset with `columns`, `targets`, `encoders`, `encode(rows)` for new rows, and `describe()`. Features are
 *   [n, f]. One target that is a category is int32 [n]; targets that are numbers are [n, k], k of them, also for one.
 * @throws FileFormatError (`ERR_FILE_FORMAT`) with the line number for a row that cannot be read: too few or too many
 *   values, a quote that is not closed, a value that is not of the column's type (declared, or that of nine in ten
 *   others); ArgumentError for columns that are not there
 * @example
 * ```ts
 * const houses = await data.csv('houses.csv', { target: 'price', ignore: ['id'] });
 * houses.columns;                                          // ['rooms', 'town_Boston', 'town_Lynn', ...]
 * console.log(String(await houses.describe()));
 * const [train, test] = data.split(houses, { test: 0.2, seed: 1 });
 * for await (const [x, y] of new data.DataLoader(train, { batchSize: 32, shuffle: true })) { ... }
 * ```
 */
export function csv(
  path: string,
  options: CsvOptions & { target: string | readonly string[] },
): Promise<CsvDataset<[Tensor, Tensor]>>;
export function csv(path: string, options?: CsvOptions): Promise<CsvDataset<[Tensor]>>;
export async function csv(path: string, options: CsvOptions = {}): Promise<CsvDataset> {
  if (typeof path !== 'string' || path === '') throw new ArgumentError(`[csv] expected a path, got ${describe(path)}`);
  const o = csvOptions(options);
  const dtype = o.dtype ?? defaultDType();
  if (!isFloat(dtype)) throw new DTypeError(`[csv] dtype must be a floating-point dtype, got ${dtype}`);
  const table = new Table(path, o);
  const { length, writers, targets } = await table.scan();
  const [features, target] = await table.fill(length, writers, targets);
  const put = (values: Float64Array, columns: readonly Writer[]): Tensor =>
    tensor(values, { shape: [length, widthOf(columns)], dtype, device: o.device });
  const x = put(features!, writers);
  const rest = [x, ...(targets.length > 0 ? [classesOf(target!, targets, o.device) ?? put(target!, targets)] : [])];
  return new CsvDataset(rest, writers, targets, table.isMissing, dtype, o.decimal);
}
