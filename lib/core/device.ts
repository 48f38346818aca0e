/** @file Devices by name. */
import { firstGpu, gpus, openDevice, urgentCpu } from '../native';
import { DeviceError } from './errors';
import { describe } from './shape';

/**
 * `'cpu'`, `'cuda'` (the first GPU) or `'cuda:N'`. `'cpu:1'` is the CPU as well, by a queue and memory of its own that go
 * first: while something is computed there, what was queued on `'cpu'` waits. For answers that a training in the same
 * process must not hold up, as {@link batcher} gives them; tensors are copied between the two as between other devices.
 */
export type Device = 'cpu' | 'cpu:1' | 'cuda' | `cuda:${number}`;

let defaultDevice = 0;
const known = new Map<string, number>([['cpu', 0]]);
const urgentName = 'cpu:1';

/** The addon's number for a device name. One besides the CPU is opened when it is first named. */
export function deviceIndex(d: Device | undefined): number {
  return d === undefined ? defaultDevice : (known.get(d) ?? open(d));
}

function open(d: unknown): number {
  if (d === urgentName) {
    openDevice(urgentCpu);
    known.set(d, urgentCpu);
    return urgentCpu;
  }
  const match = typeof d === 'string' ? /^cuda(?::(\d+))?$/.exec(d) : null;
  const { names, reason } = gpus();
  const gpu = Number(match?.[1] ?? 0);
  if (!match || (names.length > 0 && gpu >= names.length))
    throw new DeviceError(`[device] ${describe(d)} does not exist; those that do are ${devices().join(', ')}`);
  const index = firstGpu + gpu;
  const why = reason || openDevice(index);
  if (why) throw new DeviceError(`[device] ${describe(d)} is not available: ${why}`);
  known.set(match[0], index);
  return index;
}

/** The name of a device by its number. */
export const deviceName = (index: number): Device =>
  index === 0 ? 'cpu' : index === urgentCpu ? urgentName : `cuda:${index - firstGpu}`;

/** The names of the devices that can be used now. */
export const devices = (): Device[] => ['cpu', ...gpus().names.map((_, i) => deviceName(firstGpu + i))];

/** Where new tensors go when no device is given. */
export function setDefaultDevice(d: Device): void {
  defaultDevice = deviceIndex(d);
}

/** What is known about GPUs. */
export const cuda = {
  /** Whether tensors can live on a GPU. */
  isAvailable: (): boolean => gpus().names.length > 0,
  deviceCount: (): number => gpus().names.length,
  /** The GPU's marketing name. */
  getDeviceName: (index = 0): string => {
    const name = Number.isInteger(index) ? gpus().names[index] : undefined;
    if (name === undefined)
      throw new DeviceError(`[getDeviceName] GPU ${describe(index)} does not exist; ${cuda.deviceCount()} do`);
    return name;
  },
  /** When there is no usable GPU: why not and what to do, in one sentence. Else empty. */
  get reason(): string {
    return gpus().reason;
  },
};
