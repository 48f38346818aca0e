/**
 * @file The only door to the native addon: memory, kernel calls, host copies. Who needs the addon imports from here; nothing
 * outside this folder sees its encoding.
 *
 * What is exported are properties that hold values: of `export { x } from`, TypeScript makes getters, by which V8 has to
 * look up every use, and these are used all the time.
 */
import * as buffers from './buffers';
import * as calls from './call';
import * as collection from './collect';
import * as devices from './devices';
import * as operations from './operation';
import * as reads from './read';
import * as settings from './settings';
import * as storage from './storage';
import * as table from './table';
import * as watched from './watch';

export type { BufferArg, Written } from './buffers';
export type { Gpus } from './devices';
export type { WatchedCall, Watcher } from './watch';

export const { written, writtenAll } = buffers;
export const { kernel } = calls;
export const { collectGarbage } = collection;
export const { firstGpu, gpus, openDevice, openDevices, urgentCpu } = devices;
export const { enterOp, leaveOp, named, opName, opNumber, outsideOps } = operations;
export const { readStorage, readStorageSync, streamReached, waitForStorage, waitForStream, writeStorage } = reads;
export const { flushCache, getThreads, isaName, memoryStats, setMemoryLimitOf, setSynchronous, setThreads } = settings;
export const { latestTiming, startTiming, stopTiming } = settings;
export const { Storage } = storage;
export type Storage = storage.Storage;
export const { hasKernel, opcode } = table;
export const { watch } = watched;
