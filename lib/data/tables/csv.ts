/** @file Tables from CSV files. */
import { type Tensor } from '../../core/tensor';
import { checkPath } from '../bytes';
import { csvOptions, type CsvOptions } from './csv-options';
import { CsvSource } from './csv-source';
import { tableOf } from './make';
import { type WithTarget } from './options';
import { type TableDataset } from './table-dataset';

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
export function csv(path: string, options: WithTarget<CsvOptions>): Promise<TableDataset<[Tensor, Tensor]>>;
export function csv(path: string, options?: CsvOptions): Promise<TableDataset<[Tensor]>>;
export async function csv(path: string, options: CsvOptions = {}): Promise<TableDataset> {
  checkPath('csv', path);
  const o = csvOptions(options);
  return tableOf(new CsvSource(path, o), o);
}
