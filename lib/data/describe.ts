/** @file A dataset in words. */
import { isInteger } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { Tensor } from '../core/tensor';
import { cast } from '../ops/tensors/cast';
import { batchOf, checkDataset, type Dataset, lengthOf } from './dataset';
import { type ColumnSummary, Description, summarizeCategories, summarizeNumbers } from './description';

// So many examples tell enough of a dataset, and may be in memory once more.
const mostExamples = 10_000;
// Features that are listed one by one; of more, as of an image, all values are one column.
const mostColumns = 64;
// Integers with no more different values than these are classes.
const mostClasses = 100;

/**
 * What is in a dataset: of each column how many values there are and how many are missing, mean, deviation and quartiles,
 * or the categories and their shares, as pandas's describe; and what to do about it. Of a dataset other than a table the
 * first 10,000 examples are looked at.
 *
 * @param dataset - one of [x, y], of tensors by name, or with a `describe()` of its own, as {@link TableDataset} has
 * @returns numbers by column, and `advice`; `String()` of it says all in words
 * @example
 * ```ts
 * console.log(String(await data.describe(dataset)));
 * // 150 examples of 4 features, target y:
 * //   x[0]  numbers from 4.3 to 7.9, mean 5.843, std 0.8281, half of them from 5.1 to 6.4
 * //   ...
 * ```
 */
export async function describe(dataset: Dataset & { describe?(): Promise<Description> }): Promise<Description> {
  checkDataset('describe', dataset);
  if (typeof dataset.describe === 'function') return dataset.describe();
  const length = lengthOf('describe', dataset);
  if (length === 0) throw new ArgumentError('[describe] the dataset is empty');
  const looked = Math.min(length, mostExamples);
  const batch = await batchOf(
    dataset,
    Int32Array.from({ length: looked }, (_, i) => i),
  );
  const columns: ColumnSummary[] = [];
  for (const [name, role, t] of fieldsOf(batch)) columns.push(...(await summaries(name, role, t)));
  return new Description(length, looked, columns);
}

type Field = [name: string, role: ColumnSummary['role'], values: Tensor];

// x and y of a pair; else by name or number. What is no tensor is left out.
function fieldsOf(batch: unknown): Field[] {
  if (batch instanceof Tensor) return [['x', 'feature', batch]];
  const named: [string, unknown][] = Array.isArray(batch)
    ? batch.map((t, i) => [batch.length <= 3 ? (['x', 'y', 'weight'][i] ?? '') : `field${i}`, t])
    : Object.entries((batch ?? {}) as object);
  const tensors = named.filter((f): f is [string, Tensor] => f[1] instanceof Tensor);
  if (tensors.length === 0) throw new ArgumentError('[describe] the examples of this dataset hold no tensors');
  return tensors.map(([name, t]) => [name, name === 'y' || name === 'target' ? 'target' : 'feature', t]);
}

async function summaries(name: string, role: ColumnSummary['role'], t: Tensor): Promise<ColumnSummary[]> {
  const n = t.shape[0]!;
  const values = (await cast(t, 'float64').data()) as Float64Array;
  const f = n === 0 ? 1 : values.length / n;
  if (t.ndim === 1 && isInteger(t.dtype)) {
    const counts = new Map<number, number>();
    for (const v of values) counts.set(v, (counts.get(v) ?? 0) + 1);
    if (counts.size <= mostClasses)
      return [
        summarizeCategories(
          name,
          role,
          [...counts].map(([v, k]) => [String(v), k]),
          0,
        ),
      ];
  }
  if (t.ndim !== 2 || f > mostColumns) return [summarizeNumbers(name, role, 'number', values)];
  return Array.from({ length: f }, (_, j) => {
    const column = Float64Array.from({ length: n }, (_, i) => values[i * f + j]!);
    return summarizeNumbers(f === 1 ? name : `${name}[${j}]`, role, 'number', column);
  });
}
