/** @file Settings and statistics. */
import { type Addon, addon } from './addon';

/** Bytes live, highest live and cached; live blocks; the limit; blocks whose canary was overwritten (guard mode). */
export const memoryStats = (device: number, resetPeak = false): ReturnType<Addon['stats']> =>
  addon.stats(device, resetPeak);
/** The most bytes that a device may take. */
export const setMemoryLimitOf = (device: number, bytes: number): void => addon.setLimit(device, bytes);
/** Waits for every call, and throws its failure at once. */
export const setSynchronous = (on: boolean): void => addon.setSynchronous(on);
/** From now on it is noted when each kernel call runs. Returns the time, in ms of the clock that calls are timed by. */
export const startTiming = (): number => addon.startTiming() / 1e6;
/**
 * Four times of each call since then, in ms, in the order of the calls: when it was made, when JavaScript went on, when it
 * began to run and when it was done, 0 if it did not run. Waits for all of them.
 */
export const stopTiming = (): Float64Array => addon.stopTiming().map((t) => t / 1e6);
/** The place of the latest call in what {@link stopTiming} will give. */
export const latestTiming = (): number => addon.regs[3]! - 1;
/** How many threads kernels use. */
export const setThreads = (n: number): void => addon.setThreads(n);
/** See {@link setThreads}. */
export const getThreads = (): number => addon.getThreads();
/** The instruction set of the CPU kernels. */
export const isaName = addon.isa;
/** Gives cached memory back to the system. */
export const flushCache = (device: number): void => addon.flush(device);
