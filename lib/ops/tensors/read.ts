/** @file Values out of tensors, without blocking (`data`, `array`, `item`) and blocking (`...Sync`). */
import { dtypeSize, newTypedArray, type TypedArray } from '../../core/dtype';
import { ArgumentError } from '../../core/errors';
import { showShape } from '../../core/shape';
import { addMethods, needTensor, type Tensor } from '../../core/tensor';
import { readStorage, readStorageSync } from '../../native';
import { turnIfDue } from '../../core/turn';
import { castOf, denseOf } from '../kit/launch';

/** What `array()` returns: numbers (booleans for bool) nested as deep as the tensor has dimensions. */
export type NestedNumbers = number | boolean | NestedNumbers[];

// 16-bit floats leave as float32: JavaScript has no array for them everywhere.
const readable = (t: Tensor): Tensor => denseOf(dtypeSize(t.dtype) === 2 ? castOf(t, 'float32') : t);

/**
 * All values in row-major order, without blocking the event loop. int64 comes as BigInt64Array, bool as bytes. Which
 * array it is may be said: `await ng.data<Float32Array>(t)`.
 */
export async function data<T extends TypedArray = TypedArray>(t: Tensor): Promise<T> {
  needTensor('data', t);
  const d = readable(t);
  const out = newTypedArray(d.dtype, d.numel);
  await readStorage(d.storage, d.offset * dtypeSize(d.dtype), out);
  await turnIfDue();
  return out as T;
}

/** Like {@link data}, but blocks until the values are there. */
export function dataSync<T extends TypedArray = TypedArray>(t: Tensor): T {
  needTensor('dataSync', t);
  const d = readable(t);
  const out = newTypedArray(d.dtype, d.numel);
  readStorageSync(d.storage, d.offset * dtypeSize(d.dtype), out);
  return out as T;
}

function nest(values: TypedArray, t: Tensor): NestedNumbers {
  const bool = t.dtype === 'bool';
  let at = 0;
  const level = (depth: number): NestedNumbers => {
    if (depth === t.ndim) {
      const v = Number(values[at++]);
      return bool ? v !== 0 : v;
    }
    const list: NestedNumbers[] = [];
    for (let i = 0; i < t.shape[depth]!; i++) list.push(level(depth + 1));
    return list;
  };
  return level(0);
}

/**
 * The values as nested arrays (a number for a scalar), without blocking. int64 becomes numbers. How deep they are nested
 * may be said: `ng.array<number[][]>(t)`.
 */
export const array = async <T extends NestedNumbers = NestedNumbers>(t: Tensor): Promise<T> =>
  nest(await data(t), t) as T;
/** Like {@link array}, but blocks. */
export const arraySync = <T extends NestedNumbers = NestedNumbers>(t: Tensor): T => nest(dataSync(t), t) as T;

function checkOne(op: string, t: Tensor): void {
  needTensor(op, t);
  if (t.numel !== 1) throw new ArgumentError(`[${op}] a tensor of shape ${showShape(t.shape)} is not one number`);
}

/** The value of a tensor with one element, without blocking. */
export async function item(t: Tensor): Promise<number> {
  checkOne('item', t);
  return Number((await data(t))[0]);
}
/** Like {@link item}, but blocks. */
export function itemSync(t: Tensor): number {
  checkOne('itemSync', t);
  return Number(dataSync(t)[0]);
}

addMethods({ data, dataSync, array, arraySync, item, itemSync });
declare module '../../core/tensor' {
  interface Tensor extends MethodsOf<typeof import('./read'), 'item' | 'itemSync'> {
    /**
     * All values in row-major order, without blocking the event loop. int64 comes as BigInt64Array, bool as bytes. Which
     * array it is may be said: `await t.data<Float32Array>()`.
     */
    data<T extends TypedArray = TypedArray>(): Promise<T>;
    /** Like {@link data}, but blocks until the values are there. */
    dataSync<T extends TypedArray = TypedArray>(): T;
    /**
     * The values as nested arrays (a number for a scalar), without blocking. int64 becomes numbers. How deep they are
     * nested may be said: `await t.array<number[][]>()`.
     */
    array<T extends NestedNumbers = NestedNumbers>(): Promise<T>;
    /** Like {@link array}, but blocks. */
    arraySync<T extends NestedNumbers = NestedNumbers>(): T;
  }
}
