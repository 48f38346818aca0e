/** @file Devices by name. Device 0 of the addon is the CPU, device i + 1 is GPU i. */
import { gpus, openGpu } from '../native';
import { DeviceError } from './errors';
import { describe } from './shape';

/** `'cpu'`, `'cuda'` (the first GPU) or `'cuda:N'`. */
export type Device = 'cpu' | 'cuda' | `cuda:${number}`;

let defaultDevice = 0;
const known = new Map<string, number>([['cpu', 0]]);

/** The addon's number for a device name. A GPU is opened when it is first named. */
export function deviceIndex(d: Device | undefined): number {
  return d === undefined ? defaultDevice : (known.get(d) ?? open(d));
}

function open(d: unknown): number {
  const match = typeof d === 'string' ? /^cuda(?::(\d+))?$/.exec(d) : null;
  const { names, reason } = gpus();
  const index = Number(match?.[1] ?? 0) + 1;
  if (!match || (names.length > 0 && index > names.length))
    throw new DeviceError(`[device] ${describe(d)} does not exist; those that do are ${devices().join(', ')}`);
  const why = reason || openGpu(index);
  if (why) throw new DeviceError(`[device] ${describe(d)} is not available: ${why}`);
  known.set(match[0], index);
  return index;
}

export const deviceName = (index: number): Device => (index === 0 ? 'cpu' : `cuda:${index - 1}`);

/** The names of the devices that can be used now. */
export const devices = (): Device[] => ['cpu', ...gpus().names.map((_, i) => deviceName(i + 1))];

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
