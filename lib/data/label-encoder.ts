/** @file Names of classes as numbers, and back. */
import { ArgumentError, IndexError, ShapeError } from '../core/errors';
import { readSettings } from '../core/arguments';
import { type Tensor } from '../core/tensor';
import { tensor } from '../ops/tensors/create';
import {
  categoriesIn,
  type Category,
  categoryList,
  type CategoryList,
  distinct,
  nameOf,
  positionsOf,
  unknownCategory,
} from './categories';
import { Fitted } from './fitted';
import { tensorOf, type Values } from './given';

/**
 * Classes as numbers 0 to n - 1, in the order of their names: scikit-learn's LabelEncoder, for targets.
 *
 * @example
 * ```ts
 * const encoder = new data.LabelEncoder();
 * encoder.fitTransform(['dog', 'cat', 'dog']);              // int32 [1, 0, 1]
 * encoder.inverseTransform(model.forward(x).argmax(1));     // ['dog', ...]
 * ```
 */
export class LabelEncoder extends Fitted<{ classes: Category[] }> {
  constructor(options: object = {}) {
    super('LabelEncoder', readSettings('LabelEncoder', {}, [options]));
  }

  /** The classes; each one's position is its number. */
  get classes(): readonly Category[] {
    return this.learned('classes').classes;
  }

  /** Learns which classes there are. @throws ArgumentError for classes of several types */
  fit(y: CategoryList): this {
    return this.learn({ classes: distinct('LabelEncoder', categoryList('LabelEncoder', 'y', y)) });
  }

  /** The numbers of classes: int32 [n]. @throws ArgumentError (`ERR_UNKNOWN_CATEGORY`) for one that `fit` did not see */
  transform(y: CategoryList): Tensor {
    const at = positionsOf(this.learned('transform').classes);
    const codes = categoryList('LabelEncoder', 'y', y).map((c, i) => {
      const code = at.get(c);
      if (code === undefined)
        throw new ArgumentError(
          `[LabelEncoder] ${nameOf(c)} at ${i} was not there when the encoder was fitted`,
          unknownCategory,
        );
      return code;
    });
    return tensor(Int32Array.from(codes));
  }

  /** {@link fit}, then {@link transform}. */
  fitTransform(y: CategoryList): Tensor {
    return this.fit(y).transform(y);
  }

  /** The classes of numbers [n]; waits for the values of a tensor. @throws IndexError for a number that is no class */
  inverseTransform(y: Values): Category[] {
    const { classes } = this.learned('inverseTransform');
    const t = tensorOf('LabelEncoder', 'y', y);
    if (t.ndim !== 1) throw new ShapeError(`[LabelEncoder] y must be [n], got ${t.ndim} dimensions`);
    return Array.from(t.dataSync() as Iterable<number | bigint>, (v, i) => {
      const c = classes[Number(v)];
      if (c === undefined) throw new IndexError(`[LabelEncoder] ${v} at ${i} is none of ${classes.length} classes`);
      return c;
    });
  }

  /** @internal */
  protected restored(json: Record<string, unknown>): { classes: Category[] } {
    return { classes: categoriesIn('LabelEncoder', json.classes) };
  }
}
