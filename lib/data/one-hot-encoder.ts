/** @file Categories as columns of zeros and ones, and back. */
import { readSettings } from '../core/arguments';
import { defaultDType, type DType } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { dtype as dtypeParam, oneOf, Param } from '../core/params';
import { showShape } from '../core/shape';
import { type Tensor } from '../core/tensor';
import { tensor } from '../ops/tensors/create';
import {
  categoriesIn,
  type Category,
  categoryColumns,
  type CategoryList,
  distinct,
  nameOf,
  positionsOf,
  unknownCategory,
} from './categories';
import { Fitted } from './fitted';
import { given, numbersOf, type Values } from './given';

/** Settings of {@link OneHotEncoder}. */
export interface OneHotEncoderOptions {
  /** The categories of each feature, in the order of their columns. Default `auto`: those of the data, sorted. */
  categories?: 'auto' | readonly (readonly Category[])[] | undefined;
  /** Leave out the column of each feature's first category (`first`), or of those that have two (`ifBinary`). Default null: none. */
  drop?: 'first' | 'ifBinary' | null | undefined;
  /** What a category is that `fit` did not see: an `error` (default), or all zeros (`ignore`). */
  handleUnknown?: 'error' | 'ignore' | undefined;
  /** Default: the default dtype. */
  dtype?: DType | undefined;
}

/** Categories: [n] (one feature), or rows of them, [n, f]. */
export type CategoryRows = CategoryList | readonly (readonly (Category | undefined)[])[];

interface Learned {
  categories: Category[][];
  /** Whether it was fitted on [n]. */
  flat: boolean;
}

const lists = new Param<'auto' | readonly (readonly Category[])[]>(
  "'auto' or a list of categories per feature",
  (v) => {
    if (v === 'auto') return v;
    if (!Array.isArray(v) || !v.every(Array.isArray))
      throw new ArgumentError("[OneHotEncoder] categories must be 'auto' or a list of categories per feature");
    return v.map((list) => categoriesIn('OneHotEncoder', list));
  },
);

const spec = {
  categories: lists.or('auto' as const),
  drop: oneOf('first', 'ifBinary').orNull(),
  handleUnknown: oneOf('error', 'ignore').or('error' as const),
  dtype: dtypeParam.optional(),
};

/**
 * One column per category, 1 where it is that: scikit-learn's OneHotEncoder, dense. What is missing (null, NaN) is a
 * category of its own, the last.
 *
 * @example
 * ```ts
 * const encoder = new data.OneHotEncoder({ handleUnknown: 'ignore' });
 * encoder.fitTransform(['red', 'blue', 'red']);     // [[0, 1], [1, 0], [0, 1]]
 * encoder.transform(['green']);                     // [[0, 0]]
 * encoder.featureNames(['color']);                  // ['color_blue', 'color_red']
 * ```
 */
export class OneHotEncoder extends Fitted<Learned> {
  private readonly how: {
    categories: 'auto' | readonly (readonly Category[])[];
    drop: 'first' | 'ifBinary' | null;
    handleUnknown: 'error' | 'ignore';
    dtype?: DType | undefined;
  };

  constructor(options: OneHotEncoderOptions = {}) {
    const how = readSettings('OneHotEncoder', spec, [options as object]);
    super('OneHotEncoder', how);
    this.how = how;
  }

  /** The categories of each feature, also of those whose column is left out. */
  get categories(): readonly (readonly Category[])[] {
    return this.learned('categories').categories;
  }

  /** Learns which categories each feature has. @throws ArgumentError for categories of several types in a feature */
  fit(x: CategoryRows): this {
    const { columns, flat } = categoryColumns('OneHotEncoder', 'x', x);
    const { categories } = this.how;
    if (categories === 'auto')
      return this.learn({ categories: columns.map((c) => distinct('OneHotEncoder', c)), flat });
    this.check(columns, categories.length);
    const learned = categories.map((list) => [...list]);
    if (this.how.handleUnknown === 'error') columns.forEach((c, j) => this.codes(c, learned[j]!, j));
    return this.learn({ categories: learned, flat });
  }

  /**
   * [n, c]: a column for each category of each feature.
   * @throws ArgumentError (`ERR_UNKNOWN_CATEGORY`) for a category that `fit` did not see
   */
  transform(x: CategoryRows): Tensor {
    const { categories } = this.learned('transform');
    const { columns } = categoryColumns('OneHotEncoder', 'x', x);
    this.check(columns, categories.length);
    const n = columns[0]!.length;
    const { starts, width } = this.layout();
    const out = new Float32Array(n * width);
    columns.forEach((column, j) => {
      const dropped = this.dropped(categories[j]!);
      this.codes(column, categories[j]!, j).forEach((code, i) => {
        if (code >= dropped) out[i * width + starts[j]! + code - dropped] = 1;
      });
    });
    return tensor(out, { shape: [n, width], dtype: this.how.dtype ?? defaultDType() });
  }

  /** {@link fit}, then {@link transform}. */
  fitTransform(x: CategoryRows): Tensor {
    return this.fit(x).transform(x);
  }

  /**
   * The categories of [n, c], each feature's where its largest value is; null for a row of zeros, if unknown ones are
   * ignored. Waits for the values.
   * @returns as `fit` was given them, [n] or [n, f]
   */
  inverseTransform(x: Values): Category[] | Category[][] {
    const { categories, flat } = this.learned('inverseTransform');
    const { starts, width } = this.layout();
    const { values } = given('OneHotEncoder', 'x', x);
    if (values.ndim !== 2 || values.shape[1] !== width)
      throw new ShapeError(`[OneHotEncoder] x must be [n, ${width}], got ${showShape(values.shape)}`);
    const numbers = numbersOf(values);
    const rows = Array.from({ length: values.shape[0]! }, (_, i) =>
      categories.map((list, j) => {
        const dropped = this.dropped(list);
        const from = i * width + starts[j]!;
        const row = numbers.subarray(from, from + list.length - dropped);
        if (row.some((v) => v !== 0)) return list[row.indexOf(Math.max(...row)) + dropped]!;
        if (dropped > 0) return list[0]!;
        if (this.how.handleUnknown === 'ignore') return null;
        throw new ArgumentError(`[OneHotEncoder] row ${i} has no category in feature ${j}: all zeros`);
      }),
    );
    return flat ? rows.map((r) => r[0]!) : rows;
  }

  /** The names of the columns: the features' (default x0, x1, ...), an underscore, the category. */
  featureNames(features?: readonly string[]): string[] {
    const { categories } = this.learned('featureNames');
    if (features && features.length !== categories.length)
      throw new ShapeError(`[OneHotEncoder] ${features.length} names for ${categories.length} features`);
    return categories.flatMap((list, j) =>
      list.slice(this.dropped(list)).map((c) => `${features?.[j] ?? `x${j}`}_${nameOf(c)}`),
    );
  }

  private check(columns: readonly Category[][], features: number): void {
    if (columns.length !== features)
      throw new ShapeError(`[OneHotEncoder] was made for ${features} features, got ${columns.length}`);
  }

  // How many of the first categories have no column.
  private dropped(list: readonly Category[]): number {
    return this.how.drop === 'first' || (this.how.drop === 'ifBinary' && list.length === 2) ? 1 : 0;
  }

  // Where each feature's columns start.
  private layout(): { starts: number[]; width: number } {
    let width = 0;
    const starts = this.categories.map((list) => {
      const start = width;
      width += list.length - this.dropped(list);
      return start;
    });
    return { starts, width };
  }

  // Each category's position in the list; -1 for an unknown one that is ignored.
  private codes(column: readonly Category[], list: readonly Category[], feature: number): number[] {
    const at = positionsOf(list);
    return column.map((c, i) => {
      const code = at.get(c) ?? -1;
      if (code < 0 && this.how.handleUnknown === 'error')
        throw new ArgumentError(
          `[OneHotEncoder] ${nameOf(c)} in feature ${feature} of row ${i} was not there when the encoder was fitted`,
          unknownCategory,
        );
      return code;
    });
  }

  /** @internal */
  protected restored(json: Record<string, unknown>): Learned {
    const { categories, flat } = json;
    if (!Array.isArray(categories) || typeof flat !== 'boolean')
      throw new ArgumentError('[OneHotEncoder] fromJSON: the categories are missing');
    return { categories: categories.map((list) => categoriesIn('OneHotEncoder', list)), flat };
  }
}
