/** @file Settings and statistics. */
import { type Addon, addon } from './addon';

/** Bytes live, highest live and cached; live blocks; the limit; blocks whose canary was overwritten (guard mode). */
export const memoryStats = (device: number, resetPeak = false): ReturnType<Addon['stats']> =>
  addon.stats(device, resetPeak);
/** The most bytes that a device may take. */
export const setMemoryLimitOf = (device: number, bytes: number): void => addon.setLimit(device, bytes);
/** Waits for every call, and throws its failure at once. */
export const setSynchronous = (on: boolean): void => addon.setSynchronous(on);
/** How many threads kernels use. */
export const setThreads = (n: number): void => addon.setThreads(n);
/** See {@link setThreads}. */
export const getThreads = (): number => addon.getThreads();
/** The instruction set of the CPU kernels. */
export const isaName = addon.isa;
/** Gives cached memory back to the system. */
export const flushCache = (device: number): void => addon.flush(device);
