/** @file Moving between devices and dtypes. */
import { type Device, deviceIndex } from '../../core/device';
import { checkDType, type DType, dtypes, dtypeSize, newTypedArray } from '../../core/dtype';
import { readOptions } from '../../core/arguments';
import { ArgumentError } from '../../core/errors';
import { device as deviceParam, dtype as dtypeParam } from '../../core/params';
import { describe } from '../../core/shape';
import { addMethods, empty, needTensor, Tensor } from '../../core/tensor';
import { readStorageSync, writeStorage } from '../../native';
import { cast } from './cast';
import { recordView } from '../kit/hot';
import { denseOf } from '../kit/launch';

/** Where and as what: an omitted part stays as it is. */
export interface Target {
  device?: Device | undefined;
  dtype?: DType | undefined;
}

/** The spec of {@link Target}. */
export const targetSpec = { device: deviceParam.optional(), dtype: dtypeParam.optional() };

/** What the argument of `to` means: a device, a dtype, both, or those of another tensor. */
export function targetOf(op: string, target: Device | DType | Target | Tensor): Target {
  if (typeof target === 'string')
    return (dtypes as string[]).includes(target) ? { dtype: target as DType } : { device: checked(target as Device) };
  if (target === null || typeof target !== 'object')
    throw new ArgumentError(`[${op}] expected a device or a dtype, got ${describe(target)}`);
  if (target instanceof Tensor) return { device: target.device, dtype: target.dtype };
  const { device, dtype } = readOptions<Target>(op, targetSpec, target);
  return { device: device && checked(device), dtype: dtype && checkDType(dtype) };
}

function checked(device: Device): Device {
  deviceIndex(device);
  return device;
}

// Through host memory, in the order of both streams.
function transfer(t: Tensor, device: Device): Tensor {
  const to = deviceIndex(device);
  if (to === t.storage.device) return t;
  const from = t.device;
  const dense = denseOf(t);
  const out = empty(t.shape, t.dtype, to);
  const host = newTypedArray(t.dtype, t.numel);
  readStorageSync(dense.storage, dense.offset * dtypeSize(t.dtype), host);
  writeStorage(out.storage, 0, host);
  return recordView('to', out, t, (g) => transfer(g, from));
}

/** The same values on that device, in that dtype; the tensor itself if nothing changes. */
export function moved(t: Tensor, { device, dtype }: Target): Tensor {
  needTensor('to', t);
  const there = device === undefined ? t : transfer(t, device);
  return dtype === undefined ? there : cast(there, dtype);
}

/** What {@link to} takes: a device, a dtype, both, by name too, or a tensor that has them. */
export type ToArguments = [target: Device | DType | Target | Tensor] | [device: Device, dtype: DType];

/** The same values on another device, or in another dtype; the tensor itself if nothing changes. */
export function to(t: Tensor, ...args: ToArguments): Tensor {
  needTensor('to', t);
  const [target, dtype] = args;
  const place = targetOf('to', target);
  if (dtype === undefined) return moved(t, place);
  if (place.device === undefined || typeof target !== 'string')
    throw new ArgumentError(`[to] takes a device and a dtype, got ${describe(target)} and ${describe(dtype)}`);
  return moved(t, { ...place, dtype: checkDType(dtype) });
}

addMethods({ to });
declare module '../../core/tensor' {
  interface Tensor extends MethodsAs<typeof import('./to'), 'to', (...args: ToArguments) => Tensor> {}
}
