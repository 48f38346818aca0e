/** @file Creating tensors from numbers. */
import { deviceIndex, type Device } from '../../core/device';
import { defaultDType, type DType, dtypeOfArray, dtypeSize, newTypedArray, type TypedArray } from '../../core/dtype';
import { ArgumentError, DTypeError, ShapeError } from '../../core/errors';
import { checkShape, describe, maxDims, numel, type Shape, showShape } from '../../core/shape';
import { alias, empty as emptyTensor, needTensor, Tensor } from '../../core/tensor';
import { kernel, writeStorage, written } from '../../native';
import { type InOrderOrByName, isOptions, readArguments, readOptions } from '../../core/arguments';
import { boolean, device, dtype, either, integer, numeric, scalar, shape as shapeParam } from '../../core/params';
import { runCopy, runFill } from '../kit/launch';

const iotaKernel = kernel('iota');

/** Where and as what a tensor is created. */
export interface TensorOptions {
  /** Default `float32`, or what the data says. */
  dtype?: DType | undefined;
  /** Default: the default device ({@link setDefaultDevice}). */
  device?: Device | undefined;
  /** Default false. */
  requiresGrad?: boolean | undefined;
}

/** Numbers (or booleans, or bigints) nested to any depth. */
export type NestedArray = number | boolean | bigint | readonly NestedArray[];

/** The spec of {@link TensorOptions}. */
export const tensorSpec = { dtype: dtype.optional(), device: device.optional(), requiresGrad: false };

/** A shape, and what else a tensor of that shape is; all by name too. */
export type ShapeArguments<O extends object = TensorOptions> =
  [size: Shape | number, options?: O] | [{ size: Shape | number } & O];

function finish(t: Tensor, options: TensorOptions): Tensor {
  if (options.requiresGrad) t.requiresGrad = true;
  return t;
}

/** Throws for `zeros(2, 3)`, which PyTorch takes. */
export function checkPlainShape(op: string, args: readonly unknown[]): void {
  if (typeof args[0] === 'number' && typeof args[1] === 'number')
    throw new ArgumentError(
      `[${op}] a shape is an array: ${op}([${args.filter((v) => typeof v === 'number').join(', ')}])`,
    );
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

// Copies nested values into `out` (for bool, what is not 0 as 1), checking that no row is ragged. Returns the next position.
function flatten(v: unknown, shape: readonly number[], out: TypedArray, bool: boolean, depth = 0, at = 0): number {
  if (depth === shape.length) {
    if (bool) out[at] = checkNumber(v) === 0 ? 0 : 1;
    else if (out instanceof BigInt64Array) out[at] = toInt64(v);
    else (out as Float64Array)[at] = checkNumber(v);
    return at + 1;
  }
  const list = v as ArrayLike<unknown>;
  if (v instanceof Tensor) throw new ArgumentError('[tensor] a list of tensors is joined by stack([t1, t2]) (or cat)');
  if (v === null || typeof v !== 'object' || list.length !== shape[depth])
    throw new ShapeError(
      `[tensor] ragged array: expected length ${shape[depth]} at depth ${depth} for shape ${showShape(shape)}, ` +
        `got ${v !== null && typeof v === 'object' ? String(list.length) : describe(v)}`,
    );
  if (ArrayBuffer.isView(v)) checkAttached(v);
  let i = at;
  for (let k = 0; k < list.length; k++) i = flatten(list[k], shape, out, bool, depth + 1, i);
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
  if (v instanceof Tensor) throw new ArgumentError('[tensor] a list of tensors is joined by stack([t1, t2]) (or cat)');
  throw new ArgumentError(`[tensor] expected numbers, found ${describe(v)}`);
}

// What the values are if no dtype is asked for: one number among booleans makes numbers of all, as in PyTorch. Lists at
// `depth` or below, where there should be values, may have no end; they are refused when values are read.
function naturalDType(v: unknown, depth: number): DType {
  let found: DType | undefined;
  const visit = (x: unknown, left: number): void => {
    if (Array.isArray(x)) {
      if (left > 0) for (const e of x as unknown[]) visit(e, left - 1);
    } else if (ArrayBuffer.isView(x))
      found = found === undefined || found === 'bool' ? (dtypeOfArray(x) ?? 'float32') : found;
    else if (typeof x === 'number') found = found === 'float64' ? found : defaultDType();
    else if (typeof x === 'bigint') found = found === undefined || found === 'bool' ? 'int64' : found;
    else if (typeof x === 'boolean') found ??= 'bool';
  };
  visit(v, depth);
  return found ?? defaultDType();
}

function upload(array: TypedArray, shape: Shape, dtype: DType, device: number): Tensor {
  const t = emptyTensor(shape, dtype, device);
  if (!writeStorage(t.storage, 0, array)) throw new ArgumentError('[tensor] the ArrayBuffer of this array is detached');
  return t;
}

const tensorFullSpec = { ...tensorSpec, shape: shapeParam.optional() };

/**
 * A tensor from nested arrays, a number, a typed array, or a tensor. Numbers become float32, booleans bool, bigints
 * int64; typed arrays and tensors keep their dtype, tensors their device. The data is copied.
 *
 * @param data - nested arrays or a typed array (`{ shape }` says how to see it; default one dimension).
 * @throws ShapeError for ragged arrays or a shape that does not fit; ArgumentError for values that are no numbers and
 *   detached buffers.
 */
export function tensor(
  data: NestedArray | ArrayBufferView | readonly ArrayBufferView[] | Tensor,
  options: TensorOptions & { shape?: Shape | undefined } = {},
): Tensor {
  const how = readOptions<TensorOptions & { shape?: Shape | undefined }>('tensor', tensorFullSpec, options);
  const device = deviceIndex(how.device);
  const wanted = how.dtype;
  if (data instanceof Tensor) return finish(copied(data, how), how);
  if (ArrayBuffer.isView(data) && !(data instanceof DataView))
    return finish(fromTyped(data, how.shape, wanted, device), how);
  const { array, shape, dtype } = nestedValues(data, how.shape, wanted);
  const sixteen = dtypeSize(dtype) === 2;
  const t = upload(array, shape, sixteen ? 'float32' : dtype, device);
  return finish(sixteen ? runCopy(emptyTensor(shape, dtype, device), t) : t, how);
}

/** Values in order, with the shape to see them in. Those of 16-bit floats are in a Float32Array. */
export interface FlatValues {
  array: TypedArray;
  shape: Shape;
  dtype: DType;
}

function nestedValues(data: unknown, seenAs: Shape | undefined, wanted: DType | undefined): FlatValues {
  if (data === null || data === undefined || typeof data === 'string' || data instanceof DataView)
    throw new ArgumentError(`[tensor] expected numbers, nested arrays or a typed array, got ${describe(data)}`);
  const shape = nestedShape(data);
  checkShape('tensor', shape);
  const dtype = wanted ?? naturalDType(data, shape.length);
  const array = newTypedArray(dtypeSize(dtype) === 2 ? 'float32' : dtype, numel(shape));
  flatten(data, shape, array, dtype === 'bool');
  return { array, shape: seenAs === undefined ? shape : checkFits(seenAs, numel(shape)), dtype };
}

/**
 * What {@link tensor} reads of nested arrays or a typed array, before it is on a device. Of a typed array that has a dtype of
 * its own it is that array.
 */
export const valuesOf = (data: NestedArray | TypedArray, shape?: Shape): FlatValues =>
  ArrayBuffer.isView(data) ? typedValues(data, shape) : nestedValues(data, shape, undefined);

// A copy of a tensor: on its device unless another is named.
function copied(data: Tensor, { shape, dtype, device: to }: TensorOptions & { shape?: Shape | undefined }): Tensor {
  data.checkAlive('tensor');
  const seen = shape === undefined ? data.detach() : data.detach().reshape(checkFits(shape, data.numel));
  const from = to === undefined ? seen : seen.to(to);
  return runCopy(emptyTensor(from.shape, dtype ?? from.dtype, from.storage.device), from);
}

function checkFits(shape: Shape, n: number): number[] {
  const s = checkShape('tensor', shape);
  if (numel(s) !== n) throw new ShapeError(`[tensor] ${n} values do not fill shape ${showShape(s)}`);
  return s;
}

function typedValues(data: ArrayBufferView, shape: Shape | undefined): FlatValues {
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
  return { array, shape: shape === undefined ? [array.length] : checkFits(shape, array.length), dtype };
}

function fromTyped(
  data: ArrayBufferView,
  seenAs: Shape | undefined,
  wanted: DType | undefined,
  device: number,
): Tensor {
  const { array, shape, dtype } = typedValues(data, seenAs);
  const t = upload(array, shape, dtype, device);
  return wanted === undefined || wanted === dtype ? t : runCopy(emptyTensor(shape, wanted, device), t);
}

/** The spec of a shape and {@link TensorOptions}. */
export const shapeSpec = { size: shapeParam, ...tensorSpec };

function made(op: string, args: readonly unknown[], fill: (t: Tensor) => void): Tensor {
  checkPlainShape(op, args);
  const o = readArguments<TensorOptions & { size: Shape }>(op, shapeSpec, args);
  const t = emptyTensor(o.size, o.dtype ?? defaultDType(), deviceIndex(o.device));
  fill(t);
  return finish(t, o);
}

/** Zeros of a shape. */
export const zeros = (...args: ShapeArguments): Tensor => made('zeros', args, (t) => runFill(t, 0));
/** Ones of a shape. */
export const ones = (...args: ShapeArguments): Tensor => made('ones', args, (t) => runFill(t, 1));
/** Undefined contents: for code that writes every element. */
export const empty = (...args: ShapeArguments): Tensor => made('empty', args, () => {});

/** Arguments of {@link full} by name. */
export interface FullArguments extends TensorOptions {
  size: Shape | number;
  fillValue: number | boolean | Tensor;
}
/** The spec of {@link FullArguments}. */
export const fullSpec = { size: shapeParam, fillValue: either(boolean, scalar), ...tensorSpec };

/** One value everywhere. A boolean gives a bool tensor. */
export function full(
  ...args: InOrderOrByName<
    [size: Shape | number, fillValue: number | boolean | Tensor, options?: TensorOptions],
    FullArguments
  >
): Tensor {
  const { size, fillValue, ...o } = readArguments('full', fullSpec, args);
  const natural = typeof fillValue === 'boolean' ? 'bool' : defaultDType();
  return finish(runFill(emptyTensor(size, o.dtype ?? natural, deviceIndex(o.device)), Number(fillValue)), o);
}

const like = (op: string, t: Tensor, options: TensorOptions | undefined): TensorOptions => {
  needTensor(op, t);
  const o = readOptions<TensorOptions>(op, tensorSpec, options);
  return { ...o, dtype: o.dtype ?? t.dtype, device: o.device ?? t.device };
};

/** Zeros of the shape, dtype and device of another tensor. */
export const zerosLike = (t: Tensor, options?: TensorOptions): Tensor => zeros(t?.shape, like('zerosLike', t, options));
/** Ones of the shape, dtype and device of another tensor. */
export const onesLike = (t: Tensor, options?: TensorOptions): Tensor => ones(t?.shape, like('onesLike', t, options));
/** Undefined contents of the shape, dtype and device of another tensor. */
export const emptyLike = (t: Tensor, options?: TensorOptions): Tensor => empty(t?.shape, like('emptyLike', t, options));

const fillSpec = { fillValue: scalar, ...tensorSpec };

/** One value everywhere, with the shape, dtype and device of another tensor. */
export function fullLike(
  t: Tensor,
  ...args: InOrderOrByName<
    [fillValue: number | boolean | Tensor, options?: TensorOptions],
    TensorOptions & { fillValue: number | boolean | Tensor }
  >
): Tensor {
  const { fillValue, ...o } = readArguments('fullLike', fillSpec, args);
  return full(t?.shape, fillValue, like('fullLike', t, o));
}

/** Arguments of {@link arange} by name. */
export interface ArangeArguments extends TensorOptions {
  /** Default 0. */
  start?: number | undefined;
  end: number;
  /** Default 1. */
  step?: number | undefined;
}
const arangeSpec = { start: numeric().or(0), end: numeric(), step: numeric().or(1), ...tensorSpec };
const arangeEndSpec = { end: numeric(), ...tensorSpec };

/**
 * Numbers from `start` (default 0) up to but not including `end`, `step` apart (default 1). Forms: `arange(end)`,
 * `arange(start, end)`, `arange(start, end, step)`, each with options last. The default dtype unless one is given.
 */
export function arange(
  ...args:
    | InOrderOrByName<[start: number, end: number, step?: number, options?: TensorOptions], ArangeArguments>
    | [end: number, options?: TensorOptions]
): Tensor {
  const last: unknown = args[args.length - 1];
  const values = args.filter((v) => v !== undefined && !isOptions(v));
  const onlyEnd = values.length === 1 && !(isOptions(last) && 'end' in (last as object));
  const read = onlyEnd
    ? { start: 0, step: 1, ...readArguments('arange', arangeEndSpec, args) }
    : readArguments('arange', arangeSpec, args);
  const { start, end, step, ...o } = read;
  if (!Number.isFinite(start) || !Number.isFinite(end) || !Number.isFinite(step))
    throw new ArgumentError(`[arange] start, end and step must be finite, got ${start}, ${end}, ${step}`);
  if (step === 0) throw new ArgumentError('[arange] step must not be 0');
  if ((end - start) * step < 0)
    throw new ArgumentError(`[arange] a step of ${step} does not lead from ${start} to ${end}`);
  const n = Math.ceil((end - start) / step);
  const t = emptyTensor(checkShape('arange', [n]), o.dtype ?? defaultDType(), deviceIndex(o.device));
  iotaKernel(written(t), n, start, step);
  return finish(t, o);
}

/** Arguments of {@link linspace} by name. */
export interface LinspaceArguments extends TensorOptions {
  start: number | Tensor;
  end: number | Tensor;
  /** How many. */
  steps: number;
}
const linspaceSpec = { start: numeric(), end: numeric(), steps: integer({ least: 0 }), ...tensorSpec };

/**
 * `steps` numbers evenly spaced from `start` to `end`, both included exactly. Computed from both ends in float64, then
 * rounded to the dtype (towards 0 for integers), as PyTorch does.
 */
export function linspace(
  ...args: InOrderOrByName<
    [start: number | Tensor, end: number | Tensor, steps: number, options?: TensorOptions],
    LinspaceArguments
  >
): Tensor {
  const { start, end, steps, ...o } = readArguments('linspace', linspaceSpec, args);
  const device = deviceIndex(o.device);
  // First, so that there being no memory for it is known before the numbers are made.
  const wide = emptyTensor([steps], 'float64', device);
  const values = newTypedArray('float64', steps);
  const step = steps > 1 ? (end - start) / (steps - 1) : 0;
  const half = Math.ceil(steps / 2);
  for (let i = 0; i < half; i++) values[i] = start + step * i;
  for (let i = half; i < steps; i++) values[i] = end - step * (steps - 1 - i);
  writeStorage(wide.storage, 0, values);
  const dtype = o.dtype ?? defaultDType();
  return finish(dtype === 'float64' ? wide : runCopy(emptyTensor([steps], dtype, device), wide), o);
}

/** Arguments of {@link eye} by name. */
export interface EyeArguments extends TensorOptions {
  n: number;
  /** Default n. */
  m?: number | null | undefined;
}
const eyeSpec = { n: integer({ least: 0 }), m: integer({ least: 0 }).orNull(), ...tensorSpec };

/** The identity matrix, n x m (default n x n). */
export function eye(...args: InOrderOrByName<[n: number, m?: number, options?: TensorOptions], EyeArguments>): Tensor {
  const { n, m: columns, ...o } = readArguments('eye', eyeSpec, args);
  const m = columns ?? n;
  const t = zeros([n, m], { ...o, requiresGrad: false });
  const k = Math.min(n, m);
  if (k > 0) runFill(alias(t, [k], [m + 1], 0), 1);
  return finish(t, o);
}
