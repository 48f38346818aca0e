/** @file What data.csv and its kin give: features and targets, and what the columns were. */
import { isOptions } from '../../core/arguments';
import { type DType } from '../../core/dtype';
import { ArgumentError } from '../../core/errors';
import { describe as shown } from '../../core/shape';
import { type Tensor } from '../../core/tensor';
import { cast } from '../../ops/tensors/cast';
import { tensor } from '../../ops/tensors/create';
import { nameOf } from '../categories';
import { type Cell } from './cells';
import { matrixNames, type TableColumn, type Writer } from './table-columns';
import { TensorDataset } from '../dataset';
import { type ColumnSummary, Description, summarizeCategories, summarizeNumbers } from '../description';
import { type LabelEncoder } from '../label-encoder';
import { OneHotEncoder } from '../one-hot-encoder';

/**
 * A table: `[features, target]` of each row ([features] where no target was named), for a {@link DataLoader} as it is.
 * `tensors` are the whole columns: features [n, f], target int32 [n] (one category) or [n, k] (k numbers).
 */
export class TableDataset<T extends readonly Tensor[] = readonly Tensor[]> extends TensorDataset<T> {
  /** The names of the features' columns, in the order of the matrix. A category has one for each value: `town_Boston`. */
  readonly columns: readonly string[];
  /** The names of the targets. */
  readonly targets: readonly string[];
  /** The encoders of the columns that are categories, by the column's name. */
  readonly encoders: Readonly<Record<string, OneHotEncoder | LabelEncoder>>;

  /** @internal Use `data.csv`, `data.parquet`, `data.arrow` or `data.jsonl`. */
  constructor(
    tensors: T,
    private readonly writers: readonly Writer[],
    private readonly targetColumns: readonly TableColumn[],
    private readonly cellOf: (value: unknown) => Cell | null,
    private readonly dtype: DType,
  ) {
    super(...tensors);
    this.columns = matrixNames(writers);
    this.targets = targetColumns.map((c) => c.name);
    const encoded = [...writers, ...targetColumns].filter((c) => c.encoder);
    this.encoders = Object.fromEntries(encoded.map((c) => [c.name, c.encoder!]));
  }

  /**
   * The features of new rows, encoded as those of the file: for predictions. A value that is not there (or null, NaN) is
   * missing.
   *
   * @param rows - values by the names of the file's columns
   * @returns [n, f]
   * @throws ArgumentError (`ERR_UNKNOWN_CATEGORY`) for a category that the file does not have
   * @example
   * ```ts
   * await model.predict(houses.encode([{ rooms: 6, town: 'Boston' }]));
   * ```
   */
  encode(rows: readonly Readonly<Record<string, unknown>>[]): Tensor {
    if (!Array.isArray(rows) || !rows.every(isOptions))
      throw new ArgumentError(`[encode] rows must be a list of objects, got ${shown(rows)}`);
    const width = this.columns.length;
    const out = new Float64Array(rows.length * width);
    rows.forEach((row: Record<string, unknown>, i) => {
      for (const w of this.writers) w.write(out, i * width, this.cellOf(row[w.name]));
    });
    return tensor(out, { shape: [rows.length, width], dtype: this.dtype, device: this.tensors[0]!.device });
  }

  /** What is in it, by the columns of the file; see `data.describe`. */
  async describe(): Promise<Description> {
    const sides = [this.writers, this.targetColumns].filter((columns) => columns.length > 0);
    const list: ColumnSummary[] = [];
    for (const [k, columns] of sides.entries()) {
      const values = await cast(this.tensors[k]!, 'float64').data();
      const role = k === 0 ? 'feature' : 'target';
      for (const c of columns) list.push(summary(c, role, values as Float64Array, this.length));
    }
    return new Description(this.length, this.length, list);
  }
}

function summary(c: TableColumn, role: 'feature' | 'target', values: Float64Array, n: number): ColumnSummary {
  const width = values.length / n;
  if (!c.encoder) {
    const column = Float64Array.from({ length: n }, (_, i) => values[i * width + c.start]!);
    return summarizeNumbers(c.name, role, c.type, column);
  }
  const oneHot = c.encoder instanceof OneHotEncoder;
  const categories = oneHot ? c.encoder.categories[0]! : c.encoder.classes;
  const counts = categories.map(() => 0);
  for (let i = 0; i < n; i++) {
    const at = i * width + c.start;
    if (oneHot) for (let k = 0; k < c.width; k++) counts[k]! += values[at + k]!;
    else counts[values[at]!]!++;
  }
  const named = categories.flatMap((v, k): [string, number][] => (v === null ? [] : [[nameOf(v), counts[k]!]]));
  return summarizeCategories(c.name, role, named, c.missing);
}
