/** @file What `fit`, `evaluate` and `predict` take as data, seen as batches that can be gone through again and again. */
import { ArgumentError, ShapeError } from '../core/errors';
import { describe, showShape } from '../core/shape';
import { Tensor } from '../core/tensor';
import { checkDataset, type Dataset, Subset, TensorDataset } from '../data/dataset';
import { DataLoader } from '../data/loader';
import { type Arrays, isArray, like, listOf, type Placement, type Tensors, toTensor, toTensors } from './tensors';

/** One batch, as a step gets it: inputs, targets, and factors for the losses of the examples. */
export type Batch = [x: Tensors, y: Tensors | undefined, sampleWeight?: Tensor | undefined];

/** Batches as users give them: `[x, y]` or `[x, y, sampleWeight]`, each time they are looped over. */
export type Batches = AsyncIterable<unknown> | Iterable<unknown>;
/** Examples in arrays, a dataset, or batches. */
export type Data = Arrays | Dataset<unknown, unknown> | Batches;

/** How a source makes batches of examples. */
export interface Batching extends Placement {
  batchSize: number | undefined;
  shuffle: boolean | undefined;
}

/** Batches, in passes over the data. */
export interface Source {
  /** Batches in a pass, if that is known. */
  readonly batches: number | undefined;
  /** Examples in a pass, if that is known. */
  readonly examples: number | undefined;
  /** Whether its loops wait for the steps made of their batches. */
  readonly paced: boolean;
  /** What gives the batches, if it is a DataLoader. */
  readonly loader?: DataLoader<unknown, unknown> | undefined;
  pass(): AsyncIterator<Batch>;
}

/** Keras's. */
export const defaultBatchSize = 32;

const isIterable = (v: unknown): v is Batches =>
  typeof v === 'object' && v !== null && (Symbol.iterator in v || Symbol.asyncIterator in v);

const isListOfArrays = (v: unknown): boolean => Array.isArray(v) && v.length > 0 && v.every(isArray);

/** Whether it gives examples by number. */
export const isDataset = (v: unknown): v is Dataset<unknown, unknown> =>
  typeof v === 'object' &&
  v !== null &&
  !isArray(v) &&
  !Array.isArray(v) &&
  'length' in v &&
  (typeof (v as Partial<Dataset>).get === 'function' || typeof (v as Partial<Dataset>).getBatch === 'function');

/** Whether `x` gives targets itself: a loader, a dataset, batches. */
export const givesTargets = (x: unknown): boolean =>
  isDataset(x) || (isIterable(x) && !isArray(x) && !isListOfArrays(x));

/** Examples in tensors, by number. */
export class Examples implements Dataset<Batch, Batch> {
  private readonly rows: TensorDataset<Tensor[]>;
  readonly length: number;

  constructor(
    readonly x: Tensors,
    readonly y: Tensors | undefined,
    readonly weight: Tensor | undefined,
  ) {
    this.rows = new TensorDataset(...listOf(x), ...(y ? listOf(y) : []), ...(weight ? [weight] : []));
    this.length = this.rows.length;
  }

  getBatch(indices: Int32Array): Batch {
    return this.split(this.rows.getBatch(indices));
  }

  /** Those from `from` to `to`, without copying. */
  part(from: number, to: number): Examples {
    const [x, y, w] = this.split(this.rows.tensors.map((t) => t.narrow(0, from, to - from)));
    return new Examples(x, y, w);
  }

  private split(list: Tensor[]): Batch {
    const inputs = listOf(this.x).length;
    const outputs = this.y ? listOf(this.y).length : 0;
    return [
      like(this.x, list.slice(0, inputs)),
      this.y && like(this.y, list.slice(inputs, inputs + outputs)),
      this.weight && list[inputs + outputs],
    ];
  }
}

/** Examples of arrays, checked: all have as many rows. */
export function examplesOf(op: string, x: unknown, y: unknown, weight: unknown, where: Placement): Examples {
  const inputs = toTensors(op, 'x', x, where);
  const targets = y === undefined ? undefined : toTensors(op, 'y', y, where);
  const factors = weight === undefined ? undefined : toTensor(op, 'sampleWeight', weight, where);
  const named = [...listOf(inputs), ...(targets ? listOf(targets) : []), ...(factors ? [factors] : [])];
  const rows = named[0]?.shape[0];
  if (rows === undefined || named.some((t) => t.shape[0] !== rows))
    throw new ShapeError(
      `[${op}] x, y and sampleWeight must have one row per example: ${named.map((t) => showShape(t.shape)).join(', ')}`,
    );
  return new Examples(inputs, targets, factors);
}

/** The first and the last part of a dataset; the last is `share` of it, rounded as Keras does. */
export function splitLast<D extends Dataset<unknown, unknown>>(op: string, all: D, share: number): [D, D] {
  const at = Math.floor(all.length * (1 - share));
  if (at === 0 || at === all.length)
    throw new ArgumentError(`[${op}] validationSplit ${share} of ${all.length} examples leaves one part empty`);
  if (all instanceof Examples) return [all.part(0, at), all.part(at, all.length)] as unknown as [D, D];
  const range = (from: number, to: number): D =>
    new Subset(
      all,
      Int32Array.from({ length: to - from }, (_, i) => from + i),
    ) as unknown as D;
  return [range(0, at), range(at, all.length)];
}

/** Whether batches must have targets: a loss needs them; a step of one's own may; predictions leave them out. */
export type Targets = 'needed' | 'optional' | 'none';

/** What a user's batch is: one input and target, or lists and records of them. */
export function toBatch(op: string, batch: unknown, where: Placement, targets: Targets): Batch {
  const several = Array.isArray(batch) && !isArray(batch);
  if (targets === 'none' || (targets === 'optional' && !(several && (batch as unknown[])[1] !== undefined)))
    return [toTensors(op, 'x of a batch', several ? (batch as unknown[])[0] : batch, where), undefined];
  if (!Array.isArray(batch) || batch.length < 2 || batch.length > 3)
    throw new ArgumentError(`[${op}] a batch must be [x, y] or [x, y, sampleWeight], got ${describe(batch)}`);
  const [x, y, w] = batch as unknown[];
  return [
    toTensors(op, 'x of a batch', x, where),
    toTensors(op, 'y of a batch', y, where),
    w === undefined || w === null ? undefined : toTensor(op, 'sampleWeight of a batch', w, where),
  ];
}

async function* converted(op: string, list: Batches, where: Placement, targets: Targets): AsyncGenerator<Batch> {
  for await (const batch of list as AsyncIterable<unknown>) yield toBatch(op, batch, where, targets);
}

/** Batches of a dataset. */
export function fromDataset(
  op: string,
  dataset: Dataset<unknown, unknown>,
  how: Batching,
  targets: Targets = 'needed',
): Source {
  checkDataset(op, dataset);
  const { batchSize = defaultBatchSize, shuffle = false } = how;
  const loader = new DataLoader(dataset, { batchSize, shuffle });
  return fromLoader(op, loader, how, targets);
}

function fromLoader(op: string, loader: DataLoader<unknown, unknown>, where: Placement, targets: Targets): Source {
  return {
    get batches() {
      return loader.isIterable ? undefined : loader.length;
    },
    get examples() {
      if (loader.isIterable) return undefined;
      const { length } = loader;
      const all = (loader.dataset as Dataset).length;
      return Math.min(length * loader.batchSize, Math.max(all, length));
    },
    paced: true,
    loader,
    pass: () => converted(op, loader, where, targets),
  };
}

/** Batches that somebody else makes: a loader, or whatever can be looped over. */
export function fromBatches(op: string, x: Batches, how: Batching, targets: Targets = 'needed'): Source {
  if (how.batchSize !== undefined)
    throw new ArgumentError(`[${op}] batchSize is for arrays and datasets; ${describe(x)} gives batches already`);
  if (x instanceof DataLoader) return fromLoader(op, x as DataLoader<unknown, unknown>, how, targets);
  const length: unknown = (x as { length?: unknown }).length;
  return {
    batches: Number.isSafeInteger(length) ? (length as number) : undefined,
    examples: undefined,
    paced: false,
    pass: () => converted(op, x, how, targets),
  };
}

/** Data that is given as one thing: `[x, y]`, `[x, y, sampleWeight]`, or whatever gives targets itself. */
export function pairOrBatches(op: string, name: string, given: unknown, how: Batching, targets: Targets): Source {
  if (!Array.isArray(given)) return sourceOf(op, given, undefined, undefined, how, targets);
  const list: readonly unknown[] = given;
  if (list.length < 2 || list.length > 3)
    throw new ArgumentError(`[${op}] ${name} must be [x, y], [x, y, sampleWeight], or something that gives batches`);
  return sourceOf(op, list[0], list[1], list[2], how, targets);
}

/** The data of `evaluate` and `predict`, in order, and of `fit`. */
export function sourceOf(
  op: string,
  x: unknown,
  y: unknown,
  weight: unknown,
  how: Batching,
  targets: Targets = 'needed',
): Source {
  if (targets === 'none' ? isDataset(x) || (givesTargets(x) && !Array.isArray(x)) : givesTargets(x)) {
    if (y !== undefined || weight !== undefined)
      throw new ArgumentError(
        `[${op}] ${y !== undefined ? 'y' : 'sampleWeight'} is for arrays; ${describe(x)} gives its own`,
      );
    return isDataset(x) ? fromDataset(op, x, how, targets) : fromBatches(op, x as Batches, how, targets);
  }
  if (targets === 'needed' && y === undefined)
    throw new ArgumentError(`[${op}] y is missing; without it, x must be a dataset, a DataLoader or batches [x, y]`);
  return fromDataset(op, examplesOf(op, x, y, weight, how), how, targets);
}
