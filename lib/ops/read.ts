/** @file Values out of tensors, without blocking (`data`, `array`, `item`) and blocking (`...Sync`). */
import { dtypeSize, newTypedArray, type TypedArray } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { showShape } from '../core/shape';
import { addMethods, needTensor, type Tensor } from '../core/tensor';
import { readStorage, readStorageSync } from '../native';
import { turnIfDue } from '../core/turn';
import { castOf, denseOf } from './launch';

/** What `array()` returns: numbers (booleans for bool) nested as deep as the tensor has dimensions. */
export type NestedNumbers = number | boolean | NestedNumbers[];

// 16-bit floats leave as float32: JavaScript has no array for them everywhere.
const readable = (t: Tensor): Tensor => denseOf(dtypeSize(t.dtype) === 2 ? castOf(t, 'float32') : t);

/** All values in row-major order, without blocking the event loop. int64 comes as BigInt64Array, bool as bytes. */
export async function data(t: Tensor): Promise<TypedArray> {
  needTensor('data', t);
  const d = readable(t);
  const out = newTypedArray(d.dtype, d.numel);
  await readStorage(d.storage, d.offset * dtypeSize(d.dtype), out);
  await turnIfDue();
  return out;
}

/** Like {@link data}, but blocks until the values are there. */
export function dataSync(t: Tensor): TypedArray {
  needTensor('dataSync', t);
  const d = readable(t);
  const out = newTypedArray(d.dtype, d.numel);
  readStorageSync(d.storage, d.offset * dtypeSize(d.dtype), out);
  return out;
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

/** The values as nested arrays (a number for a scalar), without blocking. int64 becomes numbers. */
export const array = async (t: Tensor): Promise<NestedNumbers> => nest(await data(t), t);
/** Like {@link array}, but blocks. */
export const arraySync = (t: Tensor): NestedNumbers => nest(dataSync(t), t);

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
declare module '../core/tensor' {
  interface Tensor
    extends
      MethodsAs<typeof import('./read'), 'data', () => Promise<TypedArray>>,
      MethodsAs<typeof import('./read'), 'dataSync', () => TypedArray>,
      MethodsAs<typeof import('./read'), 'array', () => Promise<NestedNumbers>>,
      MethodsAs<typeof import('./read'), 'arraySync', () => NestedNumbers>,
      MethodsAs<typeof import('./read'), 'item', () => Promise<number>>,
      MethodsAs<typeof import('./read'), 'itemSync', () => number> {}
}
