/** @file Devices by name. Device 0 of the addon is the CPU. */
import { DeviceError } from './errors';

/** `'cpu'`, `'cuda'` (the first GPU) or `'cuda:N'`. */
export type Device = 'cpu' | 'cuda' | `cuda:${number}`;

let defaultDevice = 0;

/** The addon's number for a device name. */
export function deviceIndex(d: Device | undefined): number {
  if (d === undefined) return defaultDevice;
  if (d === 'cpu') return 0;
  throw new DeviceError(`device '${String(d)}' is not available; ng.devices() lists those that are`);
}

export const deviceName = (index: number): Device => (index === 0 ? 'cpu' : `cuda:${index - 1}`);

/** The names of the devices that can be used now. */
export const devices = (): Device[] => ['cpu'];

/** Where new tensors go when no device is given. */
export function setDefaultDevice(d: Device): void {
  defaultDevice = deviceIndex(d);
}
