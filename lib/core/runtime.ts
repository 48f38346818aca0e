/** @file Memory, threads, waiting, and the debug mode. */
import * as native from '../native';
import { deviceIndex, type Device } from './device';
import { ArgumentError } from './errors';
import { debugging } from './debug-mode';
import { describe } from './shape';

/** Memory of a device: bytes live, highest live so far, cached for reuse, and the number of live blocks. */
export interface MemoryInfo {
  live: number;
  peak: number;
  cached: number;
  tensors: number;
}

/** How much memory tensors use on a device (default: the default device). */
export function memory(device?: Device): MemoryInfo {
  const [live, peak, cached, tensors] = native.memoryStats(deviceIndex(device));
  return { live, peak, cached, tensors };
}

/** Starts the `peak` of {@link memory} afresh. */
export function resetPeakMemory(device?: Device): void {
  native.memoryStats(deviceIndex(device), true);
}

/**
 * The most bytes that tensors of a device may take, cache included. Going beyond throws an OutOfMemoryError after dead
 * tensors and the cache were given back; nothing is lost.
 */
export function setMemoryLimit(bytes: number, device?: Device): void {
  if (typeof bytes !== 'number' || !(bytes > 0))
    throw new ArgumentError(`[setMemoryLimit] expected a positive number of bytes, got ${describe(bytes)}`);
  native.setMemoryLimitOf(deviceIndex(device), Math.min(bytes, 2 ** 62));
}

/** Returns cached memory to the system. */
export function emptyCache(device?: Device): void {
  native.flushCache(deviceIndex(device));
}

/**
 * The number of threads that kernels use, 1 to 256; results do not depend on it. At the start `NODEGRAD_NUM_THREADS` or, where
 * that is not set, the processors that the process may use: its affinity mask and the CPU quota of its container.
 */
export function setNumThreads(n: number): void {
  if (!Number.isInteger(n) || n < 1 || n > 256)
    throw new ArgumentError(`[setNumThreads] expected an integer from 1 to 256, got ${describe(n)}`);
  native.setThreads(n);
}

/** How many threads kernels use; see {@link setNumThreads}. */
export const getNumThreads = (): number => native.getThreads();

/**
 * Resolves when everything queued so far is done, whether it succeeded or not: the error of a failed operation is for
 * those who read its result. On CUDA it rejects with what a kernel reported meanwhile.
 */
export const synchronize = (device?: Device): Promise<void> => native.streamReached(deviceIndex(device));
/** Like {@link synchronize}, but blocks. */
export const synchronizeSync = (device?: Device): void => native.waitForStream(deviceIndex(device));

/** What runs underneath: the CPU's instruction set and the number of threads. */
export const backendInfo = (): { isa: string; threads: number } => ({
  isa: native.isaName,
  threads: native.getThreads(),
});

/**
 * Turns the debug mode on or off; off by default, on from the start with `NODEGRAD_DEBUG=1` in the environment. In debug
 * mode every operation is waited for, so that an error of a kernel is thrown in the line that asked for it and not where
 * its result is read; and every recorded operation remembers its line, which errors of the backward pass name. Slow.
 * @example
 * ng.setDebug(true);
 * model.forward(x); // an index out of range throws here
 */
export function setDebug(on: boolean): void {
  if (typeof on !== 'boolean') throw new ArgumentError(`[setDebug] expected a boolean, got ${describe(on)}`);
  debugging.on = on;
  native.setSynchronous(on);
}

if (process.env['NODEGRAD_DEBUG'] === '1') setDebug(true);
