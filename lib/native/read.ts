/** @file Copies between memory of devices and of JavaScript, and waiting. */
import { DisposedError } from '../core/errors';
import { addon, type Pending } from './addon';
import { failureOf, translate } from './operation';
import type { Storage } from './storage';
import { waiting } from './watch';

const { regs } = addon; // [2]: the next read's number

// Node loads an addon once per thread, so several copies of this module (jest's module realms) share it, and with it
// this table of reads under way: [what to call, what must stay alive].
const table = (addon.pending ??= startTable());

function startTable(): Pending {
  const pending: Pending = new Map();
  addon.onCompleted((id, fail, message, op) => {
    const entry = pending.get(id);
    pending.delete(id);
    entry?.[0](fail, message, op);
  });
  return pending;
}

function promised(start: (id: number) => boolean, keep: unknown): Promise<void> {
  const id = regs[2]!++;
  try {
    if (start(id)) return Promise.resolve();
  } catch (e) {
    return Promise.reject(translate(e) as Error);
  }
  return new Promise((resolve, reject) => {
    table.set(id, [(fail, message, op) => (fail === 0 ? resolve() : reject(failureOf(fail, message, op))), keep]);
  });
}

const checkAlive = (s: Storage): void => {
  if (s.slot < 0) throw new DisposedError('a tensor was used after dispose()');
};

/** Copies an array into memory, in stream order. The array may change afterwards. False if it is detached. */
export function writeStorage(s: Storage, byteOffset: number, array: ArrayBufferView): boolean {
  checkAlive(s);
  return addon.write(s.slot, byteOffset, array);
}

/**
 * Fills `array` in stream order, without blocking. Rejects with the failure of the call that should have made the values
 * (Note [Marks] in native/runtime/mark.h).
 */
export function readStorage(s: Storage, byteOffset: number, array: ArrayBufferView): Promise<void> {
  checkAlive(s);
  return promised((id) => addon.read(s.slot, byteOffset, array, id), [array, s]);
}

/** Fills `array`, blocking until the stream has got there. */
export function readStorageSync(s: Storage, byteOffset: number, array: ArrayBufferView): void {
  checkAlive(s);
  try {
    waiting(() => void addon.read(s.slot, byteOffset, array, -1));
  } catch (e) {
    throw translate(e);
  }
}

/** Resolves when everything queued so far on the device is done. */
export const streamReached = (device: number): Promise<void> => promised((id) => addon.notify(device, id), null);

/** Blocks until everything queued is done. */
export const waitForStream = (device: number): void => waiting(() => addon.wait(device));

/** Blocks until the values of `s` are there; throws if the call that should have made them failed. */
export const waitForStorage = (s: Storage): void => readStorageSync(s, 0, nothing);
const nothing = new Uint8Array(0);
