/**
 * @file The only door to the native addon: memory, kernel calls, host copies. Who needs the addon imports from here; nothing
 * outside this folder sees its encoding.
 */
export { type BufferArg, type Written, written, writtenAll } from './buffers';
export { kernel } from './call';
export { collectGarbage } from './collect';
export { firstGpu, type Gpus, gpus, openDevice, openDevices, urgentCpu } from './devices';
export { enterOp, leaveOp, named, opName, opNumber, outsideOps } from './operation';
export { readStorage, readStorageSync, streamReached, waitForStorage, waitForStream, writeStorage } from './read';
export {
  flushCache,
  getThreads,
  isaName,
  memoryStats,
  setMemoryLimitOf,
  setSynchronous,
  setThreads,
  latestTiming,
  startTiming,
  stopTiming,
} from './settings';
export { Storage } from './storage';
export { hasKernel, opcode } from './table';
export { watch, type WatchedCall, type Watcher } from './watch';
