/** @file From a list of examples to one batch. */
import { dtypeOfArray, type TypedArray } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { contiguousStrides, describe, numel, sameShape, showShape } from '../core/shape';
import { alias, empty, needTensor, Tensor } from '../core/tensor';
import { type NestedArray, tensor } from '../ops/tensors/create';
import { castOf, runCopy } from '../ops/kit/launch';

/** A batch of one field: values become a tensor with a new first dimension, strings an array. */
export type CollatedField<T> = T extends Tensor | number | boolean | bigint | TypedArray | NestedArray
  ? Tensor
  : T extends string
    ? string[]
    : T extends object
      ? { -readonly [K in keyof T]: CollatedField<T[K]> }
      : T[];

/** A batch of examples: an array (a tuple of fields) or an object gives the same with each field batched. */
export type Collated<T> = unknown extends T
  ? unknown
  : T extends Tensor | TypedArray
    ? Tensor
    : T extends readonly unknown[]
      ? { -readonly [K in keyof T]: CollatedField<T[K]> }
      : CollatedField<T>;

const isTyped = (v: unknown): v is TypedArray => ArrayBuffer.isView(v) && !(v instanceof DataView);

function stackTensors(list: readonly Tensor[]): Tensor {
  for (const t of list) needTensor('collate', t);
  const { shape, dtype, storage } = list[0]!;
  const out = empty([list.length, ...shape], dtype, storage.device);
  const strides = contiguousStrides(shape);
  list.forEach((t, i) => {
    if (!sameShape(t.shape, shape))
      throw new ShapeError(
        `[collate] examples of different shapes: ${showShape(shape)} and ${showShape(t.shape)}; pass a collate function that pads them`,
      );
    runCopy(alias(out, shape, strides, i * numel(shape)), castOf(t, dtype));
  });
  return out;
}

function stackArrays(list: readonly TypedArray[]): Tensor {
  const first = list[0]!;
  for (const a of list)
    if (!isTyped(a) || a.constructor !== first.constructor)
      throw new ArgumentError(`[collate] expected typed arrays of one kind, got ${describe(first)} and ${describe(a)}`);
  if (list.some((a) => a.length !== first.length))
    throw new ShapeError(
      `[collate] examples of different lengths: ${[...new Set(list.map((a) => a.length))].join(', ')}; pass a collate function that pads them`,
    );
  if (dtypeOfArray(first) === undefined) return stackTensors(list.map((a) => tensor(a)));
  const all = new (first.constructor as new (n: number) => TypedArray)(list.length * first.length);
  list.forEach((a, i) => all.set(a as never, i * first.length));
  return tensor(all, { shape: [list.length, first.length] });
}

// Arrays of values below the top of an example are data, not fields.
const isNested = (v: unknown): boolean =>
  Array.isArray(v) &&
  v.length > 0 &&
  (typeof v[0] === 'number' || typeof v[0] === 'boolean' || typeof v[0] === 'bigint' || isNested(v[0]));

function field(list: readonly unknown[]): unknown {
  const first = list[0];
  if (first instanceof Tensor) return stackTensors(list as Tensor[]);
  if (isTyped(first)) return stackArrays(list as TypedArray[]);
  if (typeof first === 'string') {
    const odd = list.findIndex((v) => typeof v !== 'string');
    if (odd < 0) return list;
    throw new ArgumentError(`[collate] expected examples alike, got ${describe(first)} and ${describe(list[odd])}`);
  }
  if (typeof first === 'number' || typeof first === 'boolean' || typeof first === 'bigint' || isNested(first))
    return tensor(list as NestedArray);
  return structure(list, 'collate');
}

function structure(list: readonly unknown[], op: string): unknown {
  const first = list[0];
  if (Array.isArray(first)) {
    const rows = list as unknown[][];
    for (const r of rows)
      if (!Array.isArray(r))
        throw new ArgumentError(`[${op}] expected examples alike, got ${describe(first)} and ${describe(r)}`);
    if (rows.some((r) => r.length !== first.length))
      throw new ShapeError(`[${op}] examples with different numbers of fields`);
    return first.map((_, i) => field(rows.map((r) => r[i])));
  }
  if (typeof first !== 'object' || first === null)
    throw new ArgumentError(`[${op}] cannot make a batch of ${describe(first)}; pass a collate function`);
  for (const e of list)
    if (typeof e !== 'object' || e === null)
      throw new ArgumentError(`[${op}] expected examples alike, got ${describe(first)} and ${describe(e)}`);
  return Object.fromEntries(
    Object.keys(first).map((key) => [key, field(list.map((e) => (e as Record<string, unknown>)[key]))]),
  );
}

/**
 * One batch from a list of examples. An example is a tensor, a number, an array of fields (`[x, y]`) or an object of
 * fields; fields are tensors, numbers (float32, as in `ng.tensor`), typed arrays, nested arrays or strings.
 */
export function collate<T>(examples: readonly T[]): Collated<T> {
  if (!Array.isArray(examples))
    throw new ArgumentError(`[collate] expected an array of examples, got ${describe(examples)}`);
  if (examples.length === 0) throw new ArgumentError('[collate] no examples');
  const list: readonly unknown[] = examples;
  return (Array.isArray(list[0]) ? structure(list, 'collate') : field(list)) as Collated<T>;
}
