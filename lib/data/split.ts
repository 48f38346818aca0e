/** @file Dividing examples into training, validation and test. */
import { readArguments } from '../core/arguments';
import { noGrad } from '../core/autograd';
import { ArgumentError, ShapeError } from '../core/errors';
import { integer, number } from '../core/params';
import { Tensor } from '../core/tensor';
import { narrow } from '../ops/shape/views';
import { type Collated } from './collate';
import { checkDataset, type Dataset, lengthOf, Subset } from './dataset';
import { tensorOf, type Values } from './given';
import { type Labels, labels } from './labels';
import { commonRows, rowsOf } from './rows';
import { generatorOf, positions, type SeedOptions, seedSpec, shuffled } from './sampler';
import { stratified } from './stratified';

/** Settings of {@link split}. */
export interface SplitOptions extends SeedOptions {
  /** The test's share of all examples, rounded up, or (1 and more) how many. Default 0.25. */
  test?: number | undefined;
  /** The validation's share of all examples, rounded up, or how many; there are three parts then. Default: two parts. */
  validation?: number | undefined;
  /** Draw at random; else the order stays and the parts are first to last in it: training, validation, test. Default true. */
  shuffle?: boolean | undefined;
  /** Labels whose shares shall be the same in each part. */
  stratify?: Labels | undefined;
  /** Groups (people, days, houses) none of which may be in two parts; the sizes are then shares of the groups. */
  groups?: Labels | undefined;
  /** Examples to leave out between the parts, with `shuffle: false`; {@link windows} says how many. Default 0. */
  gap?: number | undefined;
}

/** Inputs and targets of one part. */
export interface Part {
  x: Tensor;
  y: Tensor;
}

type Parts<P, O> = O extends { validation: number } ? [train: P, validation: P, test: P] : [train: P, test: P];

const splitSpec = {
  test: number({ above: 0 }).or(0.25),
  validation: number({ above: 0 }).optional(),
  shuffle: true,
  stratify: labels.optional(),
  groups: labels.optional(),
  gap: integer({ least: 0 }).or(0),
  ...seedSpec,
};
type Settings = ReturnType<typeof settings>;
const settings = (args: readonly unknown[]) => readArguments('split', splitSpec, args, 'option');

/** Below 1 a share of `n`, rounded up; else a number of them. */
function sizeOf(name: string, share: number, n: number): number {
  if (share >= 1 && !Number.isInteger(share))
    throw new ArgumentError(`[split] ${name} must be below 1, a share, or a number of examples; got ${share}`);
  return share < 1 ? Math.ceil(share * n) : share;
}

// The sizes of training, validation and test among n, what a gap takes left out.
function sizes(n: number, what: string, o: Settings): number[] {
  const test = sizeOf('test', o.test, n);
  const validation = o.validation === undefined ? [] : [sizeOf('validation', o.validation, n)];
  const train = n - test - (validation[0] ?? 0) - o.gap * (1 + validation.length);
  if (train < 1)
    throw new ArgumentError(
      `[split] of ${n} ${what} none is left for training: test ${test}` +
        (validation.length ? `, validation ${validation[0]}` : '') +
        (o.gap ? `, gap ${o.gap}` : ''),
    );
  return [train, ...validation, test];
}

// Consecutive runs of 0 .. n - 1, with a gap between each and the next.
function inOrder(n: number, o: Settings, what = 'examples'): Int32Array[] {
  let at = 0;
  return sizes(n, what, o).map((size) => {
    const part = Int32Array.from({ length: size }, (_, i) => at + i);
    at += size + o.gap;
    return part;
  });
}

// Random parts; as in scikit-learn, the test is drawn first.
function atRandom(n: number, o: Settings, order: (n: number) => Int32Array, what = 'examples'): Int32Array[] {
  const [, ...others] = sizes(n, what, o);
  let rest = order(n);
  const parts: Int32Array[] = [];
  for (const size of others.reverse()) {
    if (o.stratify) {
      const [remaining, part] = stratified('split', rest, o.stratify, size, order);
      rest = remaining;
      parts.unshift(part);
    } else {
      parts.unshift(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
  }
  return [rest, ...parts];
}

// Parts of the groups, and the examples of each in their order.
function byGroup(groups: readonly unknown[], o: Settings, order: (n: number) => Int32Array): Int32Array[] {
  const members = new Map<unknown, number[]>();
  groups.forEach((g, i) => {
    const of = members.get(g);
    if (of) of.push(i);
    else members.set(g, [i]);
  });
  const lists = [...members.values()];
  const chosen = o.shuffle ? atRandom(lists.length, o, order, 'groups') : inOrder(lists.length, o, 'groups');
  const parts = chosen.map((of) => Int32Array.from([...of].flatMap((g) => lists[g]!)).sort());
  if (!o.shuffle)
    for (let k = 1; k < parts.length; k++)
      if (parts[k - 1]!.at(-1)! > parts[k]![0]!)
        throw new ArgumentError(
          '[split] groups overlap in time: with shuffle: false an example of the training would be later than one of the test',
        );
  return parts;
}

function partsOf(n: number, o: Settings): Int32Array[] {
  if (n === 0) throw new ArgumentError('[split] there are no examples');
  for (const [name, list] of Object.entries({ stratify: o.stratify, groups: o.groups }))
    if (list && list.length !== n)
      throw new ShapeError(`[split] ${name} has ${list.length} labels, but there are ${n} examples`);
  if (o.stratify && o.groups) throw new ArgumentError('[split] takes stratify or groups, not both');
  if (o.stratify && !o.shuffle) throw new ArgumentError('[split] stratify draws at random; leave out shuffle: false');
  if (o.gap > 0 && o.shuffle) throw new ArgumentError('[split] a gap needs an order of time: shuffle: false');
  const generator = generatorOf('split', o);
  const order = (k: number): Int32Array => positions(shuffled(k, generator).dataSync());
  if (o.groups) return byGroup(o.groups, o, order);
  return o.shuffle ? atRandom(n, o, order) : inOrder(n, o);
}

const isDataset = (v: unknown): v is Dataset =>
  typeof v === 'object' &&
  v !== null &&
  ('get' in v || 'getBatch' in v) &&
  !(v instanceof Tensor) &&
  !ArrayBuffer.isView(v);

/**
 * Divides examples into training and test, with `validation` into training, validation and test. No example is in two
 * parts. Sizes are rounded up as in scikit-learn: `ceil(share * n)` for the test and the validation, the rest for the
 * training.
 *
 * - `shuffle: false` keeps the order: no example of the training comes after one of the test. For windows of a series
 *   add their `gap`.
 * - `stratify` gives each part each class's share, as scikit-learn's train_test_split does.
 * - `groups` keeps each group in one part; with `shuffle: false`, in the order in which they first appear.
 *
 * Fit scalers and imputers on the training part only: what they learn of the test is a leak too.
 *
 * @param x - inputs, a tensor or array [n, ...]; or a dataset, which comes back in parts of it ({@link Subset})
 * @param y - targets, a tensor or array [n, ...]
 * @returns `[train, test]` or `[train, validation, test]`: `{ x, y }` each
 * @throws ShapeError where lengths differ; ArgumentError for sizes that leave no training, classes of one example, options
 *   that contradict each other, and groups that overlap in time
 * @example
 * ```ts
 * const [train, test] = data.split(x, y, { test: 0.2, shuffle: false });
 * const [fit, valid, held] = data.split(x, y, { test: 0.2, validation: 0.1, stratify: labels, seed: 1 });
 * const [some, others] = data.split(dataset, { test: 100 });
 * ```
 */
export function split<O extends SplitOptions = object>(x: Values, y: Values, options?: O): Parts<Part, O>;
export function split<T, B = Collated<T>, O extends SplitOptions = object>(
  dataset: Dataset<T, B>,
  options?: O,
): Parts<Subset<T, B>, O>;
export function split(x: Values | Dataset, ...rest: unknown[]): unknown {
  if (isDataset(x)) {
    checkDataset('split', x);
    return partsOf(lengthOf('split', x), settings(rest)).map((part) => new Subset(x, part));
  }
  const both = [tensorOf('split', 'x', x), tensorOf('split', 'y', rest[0])];
  const n = commonRows('split', both);
  const o = settings(rest.slice(1));
  return noGrad(() =>
    partsOf(n, o).map((part) => {
      const [px, py] =
        o.shuffle || o.groups ? rowsOf(both, part) : both.map((t) => narrow(t, 0, part[0]!, part.length));
      return { x: px, y: py };
    }),
  );
}
