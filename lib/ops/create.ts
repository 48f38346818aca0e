/** @file Creating tensors from numbers. */
import { deviceIndex, type Device } from '../core/device';
import { checkDType, type DType, dtypeOfArray, dtypeSize, newTypedArray, type TypedArray } from '../core/dtype';
import { ArgumentError, DTypeError, ShapeError } from '../core/errors';
import { checkShape, describe, maxDims, numel, type Shape, showShape } from '../core/shape';
import { empty as emptyTensor, Tensor } from '../core/tensor';
import { kernel, writeStorage } from '../native';
import { checkOptions } from '../core/arguments';
import { runCopy, runFill } from './launch';

const iotaKernel = kernel('iota');

/** Where and as what a tensor is created. */
export interface TensorOptions {
  /** Default `float32`, or what the data says. */
  dtype?: DType;
  /** Default: the default device ({@link setDefaultDevice}). */
  device?: Device;
  /** Default false. */
  requiresGrad?: boolean;
}

/** Numbers (or booleans, or bigints) nested to any depth. */
export type NestedArray = number | boolean | bigint | readonly NestedArray[];

const optionNames = ['dtype', 'device', 'requiresGrad'];

function finish(t: Tensor, options: TensorOptions | undefined): Tensor {
  if (options?.requiresGrad) t.requiresGrad = true;
  return t;
}

// An array whose memory was transferred or shrunk away looks empty, but its methods throw.
function checkAttached(array: ArrayBufferView): void {
  if (array.byteLength > 0) return;
  try {
    (array as unknown as Uint8Array).keys();
  } catch {
    throw new ArgumentError('[tensor] the memory of this array is gone: its ArrayBuffer was detached or shrunk');
  }
}

// The shape of nested arrays; the innermost may be typed arrays.
function nestedShape(v: unknown): number[] {
  const shape: number[] = [];
  let x = v;
  while (Array.isArray(x) || (ArrayBuffer.isView(x) && !(x instanceof DataView))) {
    const list = x as ArrayLike<unknown>;
    if (ArrayBuffer.isView(x)) checkAttached(x);
    // An array that contains itself has no end.
    if (shape.length === maxDims) throw new ShapeError(`[tensor] arrays nested deeper than ${maxDims}`);
    shape.push(list.length);
    if (list.length === 0) break;
    x = list[0];
  }
  return shape;
}

// Copies nested values into `out`, checking that no row is ragged. Returns the next position.
function flatten(v: unknown, shape: readonly number[], depth: number, out: TypedArray, at: number): number {
  if (depth === shape.length) {
    if (out instanceof BigInt64Array) out[at] = toInt64(v);
    else (out as Float64Array)[at] = checkNumber(v);
    return at + 1;
  }
  const list = v as ArrayLike<unknown>;
  if (v === null || typeof v !== 'object' || list.length !== shape[depth])
    throw new ShapeError(
      `[tensor] ragged array: expected length ${shape[depth]} at depth ${depth} for shape ${showShape(shape)}, ` +
        `got ${v !== null && typeof v === 'object' ? String(list.length) : describe(v)}`,
    );
  if (ArrayBuffer.isView(v)) checkAttached(v);
  let i = at;
  for (let k = 0; k < list.length; k++) i = flatten(list[k], shape, depth + 1, out, i);
  return i;
}

function toInt64(v: unknown): bigint {
  const n = typeof v === 'bigint' ? v : Math.trunc(checkNumber(v));
  const fits = typeof n === 'bigint' ? BigInt.asIntN(64, n) === n : n >= -(2 ** 63) && n < 2 ** 63;
  if (!fits) throw new ArgumentError(`[tensor] ${String(v)} is no 64-bit integer`);
  return BigInt(n);
}

function checkNumber(v: unknown): number {
  if (typeof v === 'number') return v;
  if (typeof v === 'boolean') return v ? 1 : 0;
  if (typeof v === 'bigint') return Number(v);
  throw new ArgumentError(`[tensor] expected numbers, found ${describe(v)}`);
}

function firstLeaf(v: unknown): unknown {
  let x = v;
  while (Array.isArray(x)) x = (x as unknown[])[0];
  return x;
}

function upload(array: TypedArray, shape: Shape, dtype: DType, device: number): Tensor {
  const t = emptyTensor(shape, dtype, device);
  if (!writeStorage(t.storage, 0, array)) throw new ArgumentError('[tensor] the ArrayBuffer of this array is detached');
  return t;
}

/**
 * A tensor from nested arrays, a number, or a typed array. Numbers become float32, booleans bool, bigints int64; a
 * typed array keeps its dtype. The data is copied.
 *
 * @param data - nested arrays or a typed array (`{ shape }` says how to see it; default one dimension).
 * @throws ShapeError for ragged arrays or a shape that does not fit; ArgumentError for values that are no numbers and
 *   detached buffers.
 */
export function tensor(
  data: NestedArray | ArrayBufferView | readonly ArrayBufferView[] | Tensor,
  options: TensorOptions & { shape?: Shape } = {},
): Tensor {
  checkOptions('tensor', options, [...optionNames, 'shape']);
  const device = deviceIndex(options.device);
  const wanted = options.dtype === undefined ? undefined : checkDType(options.dtype);
  if (data instanceof Tensor) {
    const out = emptyTensor(data.shape, wanted ?? data.dtype, data.storage.device);
    return finish(runCopy(out, data), options);
  }
  if (ArrayBuffer.isView(data) && !(data instanceof DataView))
    return finish(fromTyped(data, options.shape, wanted, device), options);
  if (data === null || data === undefined || typeof data === 'string' || data instanceof DataView)
    throw new ArgumentError(`[tensor] expected numbers, nested arrays or a typed array, got ${describe(data)}`);
  const shape = nestedShape(data);
  checkShape('tensor', shape);
  const leaf = firstLeaf(data);
  const natural: DType =
    typeof leaf === 'boolean'
      ? 'bool'
      : typeof leaf === 'bigint'
        ? 'int64'
        : ArrayBuffer.isView(leaf)
          ? (dtypeOfArray(leaf) ?? 'float32')
          : 'float32';
  const dtype = wanted ?? natural;
  const sixteen = dtypeSize(dtype) === 2;
  const staging = newTypedArray(sixteen ? 'float32' : dtype, numel(shape));
  flatten(data, shape, 0, staging, 0);
  if (dtype === 'bool') for (let i = 0; i < staging.length; i++) staging[i] = staging[i] ? 1 : 0;
  const to = options.shape === undefined ? shape : checkFits(options.shape, numel(shape));
  const t = upload(staging, to, sixteen ? 'float32' : dtype, device);
  return finish(sixteen ? runCopy(emptyTensor(to, dtype, device), t) : t, options);
}

function checkFits(shape: Shape, n: number): number[] {
  const s = checkShape('tensor', shape);
  if (numel(s) !== n) throw new ShapeError(`[tensor] ${n} values do not fill shape ${showShape(s)}`);
  return s;
}

function fromTyped(data: ArrayBufferView, shape: Shape | undefined, wanted: DType | undefined, device: number): Tensor {
  checkAttached(data);
  let array = data as unknown as TypedArray;
  let dtype = dtypeOfArray(data);
  if (dtype === undefined) {
    // Int8Array, Uint16Array and their kind have no dtype of their own: the values go to int32 or float32.
    const name = (data as unknown as Record<symbol, string>)[Symbol.toStringTag]!;
    if (name === 'BigUint64Array') throw new DTypeError('[tensor] BigUint64Array is not supported; use BigInt64Array');
    dtype = name.startsWith('Float') ? 'float32' : 'int32';
    array = dtype === 'int32' ? Int32Array.from(array as Int32Array) : Float32Array.from(array as Float32Array);
  }
  const to = shape === undefined ? [array.length] : checkFits(shape, array.length);
  const t = upload(array, to, dtype, device);
  return wanted === undefined || wanted === dtype ? t : runCopy(emptyTensor(to, wanted, device), t);
}

function filled(op: string, shape: Shape, value: number, options: TensorOptions | undefined): Tensor {
  checkOptions(op, options, optionNames);
  const dtype = options?.dtype === undefined ? 'float32' : checkDType(options.dtype);
  return finish(runFill(emptyTensor(checkShape(op, shape), dtype, deviceIndex(options?.device)), value), options);
}

/** Zeros of a shape. */
export const zeros = (shape: Shape, options?: TensorOptions): Tensor => filled('zeros', shape, 0, options);
/** Ones of a shape. */
export const ones = (shape: Shape, options?: TensorOptions): Tensor => filled('ones', shape, 1, options);

/** One value everywhere. A boolean gives a bool tensor. */
export function full(shape: Shape, value: number | boolean, options?: TensorOptions): Tensor {
  if (typeof value !== 'number' && typeof value !== 'boolean')
    throw new ArgumentError(`[full] expected a number or a boolean, got ${describe(value)}`);
  const o =
    typeof value === 'boolean' && options?.dtype === undefined ? { ...options, dtype: 'bool' as const } : options;
  return filled('full', shape, Number(value), o);
}

/** Undefined contents: for code that writes every element. */
export function empty(shape: Shape, options?: TensorOptions): Tensor {
  checkOptions('empty', options, optionNames);
  const dtype = options?.dtype === undefined ? 'float32' : checkDType(options.dtype);
  return finish(emptyTensor(checkShape('empty', shape), dtype, deviceIndex(options?.device)), options);
}

const like = (t: Tensor, options: TensorOptions | undefined): TensorOptions => ({
  dtype: t.dtype,
  device: t.device,
  ...options,
});

export const zerosLike = (t: Tensor, options?: TensorOptions): Tensor => zeros(t.shape, like(t, options));
export const onesLike = (t: Tensor, options?: TensorOptions): Tensor => ones(t.shape, like(t, options));
export const emptyLike = (t: Tensor, options?: TensorOptions): Tensor => empty(t.shape, like(t, options));
export const fullLike = (t: Tensor, value: number, options?: TensorOptions): Tensor =>
  full(t.shape, value, like(t, options));

function iota(op: string, n: number, start: number, step: number, options: TensorOptions | undefined): Tensor {
  checkOptions(op, options, optionNames);
  const dtype = options?.dtype === undefined ? 'float32' : checkDType(options.dtype);
  const t = emptyTensor(checkShape(op, [n]), dtype, deviceIndex(options?.device));
  iotaKernel(n, t, n, start, step);
  return finish(t, options);
}

/**
 * Numbers from `start` (default 0) up to but not including `end`, `step` apart (default 1). Forms: `arange(end)`,
 * `arange(start, end)`, `arange(start, end, step)`, each with options last. float32 unless a dtype is given.
 */
export function arange(end: number, options?: TensorOptions): Tensor;
export function arange(start: number, end: number, options?: TensorOptions): Tensor;
export function arange(start: number, end: number, step: number, options?: TensorOptions): Tensor;
export function arange(...list: (number | TensorOptions | undefined)[]): Tensor {
  const numbers = list.filter((v): v is number => typeof v === 'number');
  const options = list.find((v): v is TensorOptions => typeof v === 'object');
  const [start, end, step] = numbers.length === 1 ? [0, numbers[0]!, 1] : [numbers[0]!, numbers[1]!, numbers[2] ?? 1];
  if (!Number.isFinite(start) || !Number.isFinite(end) || !Number.isFinite(step))
    throw new ArgumentError(`[arange] start, end and step must be finite, got ${start}, ${end}, ${step}`);
  if (step === 0) throw new ArgumentError('[arange] step must not be 0');
  if ((end - start) * step < 0)
    throw new ArgumentError(`[arange] a step of ${step} does not lead from ${start} to ${end}`);
  return iota('arange', Math.ceil((end - start) / step), start, step, options);
}

/** `steps` numbers evenly spaced from `start` to `end`, both included. */
export function linspace(start: number, end: number, steps: number, options?: TensorOptions): Tensor {
  if (!Number.isInteger(steps) || steps < 0)
    throw new ArgumentError(`[linspace] steps must be a non-negative integer, got ${steps}`);
  return iota('linspace', steps, start, steps > 1 ? (end - start) / (steps - 1) : 0, options);
}

/** The identity matrix, n x m (default n x n). */
export function eye(n: number, mOrOptions?: number | TensorOptions, maybe?: TensorOptions): Tensor {
  const m = typeof mOrOptions === 'number' ? mOrOptions : n;
  const options = typeof mOrOptions === 'object' ? mOrOptions : maybe;
  const t = zeros([n, m], { ...options, requiresGrad: false });
  const k = Math.min(n, m);
  if (k > 0) runFill(new Tensor(t.storage, [k], [m + 1], 0, t.dtype), 1);
  return finish(t, options);
}
