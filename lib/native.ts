/**
 * @file The only door to the native addon: memory, kernel calls, host copies. Typed and thin, so that the encoding of
 * calls can change without touching an op. Kernels and opcodes are looked up by name in the tables that the addon
 * itself derives from native/kernels.h.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  ArgumentError,
  DeviceError,
  DisposedError,
  DTypeError,
  kernelError,
  NodegradError,
  OutOfMemoryError,
} from './core/errors';
import { describe } from './core/shape';
import type { Kernels } from './kernels';

interface Addon {
  args: Float64Array;
  regs: Float64Array;
  kernels: [name: keyof Kernels, letters: string, params: string, dtypes: number[], doc: string][];
  opcodes: Record<'unary' | 'binary' | 'reduce' | 'scan' | 'optim', string[]>;
  opcodeTypes: Record<'unary' | 'binary', number[]>;
  isa: string;
  /** Memory that lives as long as `owner`; its slot in regs[0], -1 if there is none. */
  alloc(owner: object, bytes: number, device: number): void;
  release(slot: number): void;
  stats(device: number, resetPeak: boolean): [number, number, number, number, number, number];
  setLimit(device: number, bytes: number): void;
  flush(device: number): void;
  run(kernel: number, device: number, args: number): void;
  hasKernel(kernel: number, device: number): boolean;
  setSynchronous(on: boolean): void;
  wait(device: number): void;
  write(slot: number, byteOffset: number, array: ArrayBufferView): boolean;
  read(slot: number, byteOffset: number, array: ArrayBufferView, id: number): boolean;
  notify(device: number, id: number): boolean;
  gpus(library: string): [reason: string, ...names: string[]];
  openGpu(device: number): string;
  setThreads(n: number): void;
  getThreads(): number;
  pending?: Pending;
  onCompleted(callback: (id: number, fail: number, message: string, op: number) => void): void;
}

/** The folder of this package: the one above lib/ or dist/lib/ that says so itself. */
function packageFolder(): string | undefined {
  return [join(__dirname, '..'), join(__dirname, '..', '..')].find((dir) => {
    try {
      return (JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as { name?: unknown }).name === 'nodegrad';
    } catch {
      return false;
    }
  });
}

/**
 * Where a built file may be: what `variable` of the environment says, or build/ of this package. Nowhere else, because
 * what is found is run: a folder above may belong to somebody else.
 */
function builtFile(variable: string, ...parts: string[]): { file: string | undefined; tried: string[] } {
  const folder = packageFolder();
  const tried = [process.env[variable] || (folder !== undefined ? join(folder, 'build', ...parts) : '')].filter(
    Boolean,
  );
  return { file: tried.find((f) => existsSync(f)), tried };
}

function load(): Addon {
  const { file, tried } = builtFile('NODEGRAD_ADDON', 'Release', 'nodegrad.node');
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- addons can only be required
  if (file !== undefined) return require(file) as Addon;
  throw new NodegradError(
    'ERR_ADDON_NOT_FOUND',
    `the native addon is not built; run "npm rebuild nodegrad" (in a clone: "npm run build:native"). Tried ${tried.join(', ') || 'nothing, because the folder of nodegrad was not found'}`,
  );
}

const addon = load();
// regs: [slot of the last allocation, live bytes, next read's number]
const { args, regs } = addon;
// V8 keeps the addon's exports as a dictionary; these are called all the time.
const { alloc, run } = addon;

/** A block of memory on one device. Shared by all views of a tensor. */
export class Storage {
  /** Names the block to the addon; -1 after `release`. */
  slot: number;
  readonly device: number;
  readonly bytes: number;
  /** Counts in-place changes, to detect that a value saved for backward was overwritten. */
  version = 0;
  /** Counts the recorded ones among them: what views of it knew of its history is then out of date. */
  rewrites = 0;
  /** Tensors that show this storage and have not been disposed. */
  users = 0;

  constructor(bytes: number, device: number) {
    alloc(this, bytes, device);
    if (regs[0]! < 0) {
      // Dead tensors may hold what we need: a full collection, then once more.
      gc();
      addon.flush(device);
      alloc(this, bytes, device);
      if (regs[0]! < 0) throw outOfMemory(bytes, device);
    }
    this.slot = regs[0]!;
    this.device = device;
    this.bytes = bytes;
    if (regs[1]! > watermark) collect();
  }

  release(): void {
    if (this.slot < 0) return;
    addon.release(this.slot);
    this.slot = -1;
  }
}

function outOfMemory(bytes: number, device: number): OutOfMemoryError {
  const [live, , cached, , limit] = addon.stats(device, false);
  const mb = (n: number): string => `${(n / 2 ** 20).toFixed(1)} MiB`;
  const bound = limit < 2 ** 62 ? `, the limit is ${mb(limit)}` : '';
  return new OutOfMemoryError(
    `[alloc] cannot allocate ${mb(bytes)}: ${mb(live)} are live, ${mb(cached)} cached${bound}`,
  );
}

// --- collection of dead tensors -------------------------------------------------------------------------------------
//
// Note [No tidy] A tensor's JavaScript wrapper is tiny, so V8 sees no reason to collect it. When the bytes behind live
// wrappers pass a watermark we ask for a minor collection (about 50 us); wrappers die young, so that nearly always
// suffices. Finalizers run synchronously inside it. The watermark starts low, so that a loop is given the same few blocks
// again while they are still in the processor's cache, and moves up until a collection frees half of what is there: then
// a training step fits between two of them and its tensors do not grow old. Only above `manyBytes` does a full collection
// follow if a minor one freed too little; what is still alive then is really in use, and the watermark moves above it.

setFlagsFromString('--expose-gc');
const rawGc = runInNewContext('gc') as (options?: { type: 'minor' | 'major'; execution: 'sync' }) => void;
const gc = (): void => rawGc();

const manyBytes = 192 * 2 ** 20;
let watermark = 16 * 2 ** 20;

function collect(): void {
  rawGc({ type: 'minor', execution: 'sync' });
  if (watermark < manyBytes) {
    if (regs[1]! > watermark / 2) watermark = Math.min(manyBytes, regs[1]! * 2);
    return;
  }
  if (regs[1]! <= watermark * 0.75) return;
  gc();
  watermark = Math.max(manyBytes, regs[1]! * 1.5);
}

/** Collects dead tensors now: young ones, or (`full`) all. */
export function collectGarbage(full: boolean): void {
  if (full) gc();
  else rawGc({ type: 'minor', execution: 'sync' });
}

// --- kernel calls ---------------------------------------------------------------------------------------------------

/** What a kernel sees of a tensor. */
export interface BufferArg {
  readonly storage: Storage;
  /** In elements. */
  readonly offset: number;
  readonly dtypeCode: number;
  /** What a view shows; null for the owner of its memory, and unknown where it is part of some. */
  readonly base?: BufferArg | null;
  readonly numel?: number;
}

declare const role: unique symbol;

/** A {@link BufferArg} that a kernel writes: said at the call, so that inputs and outputs cannot be exchanged. */
export interface Written {
  readonly [role]: 'written';
}

/** Memory that a kernel is to write. */
export function written(b: BufferArg): Written;
export function written(b: BufferArg | null): Written | null;
export function written(b: BufferArg | null): Written | null {
  return b as Written | null;
}

/** Several of them. */
export const writtenAll = (list: readonly BufferArg[]): readonly Written[] => list as unknown as readonly Written[];

// --- the operation that calls --------------------------------------------------------------------------------------
//
// Errors of kernels name the operation as the user did: `embedding`, not the kernel `indexSelect` below it. The outermost
// operation that says its name is it.

const opNames: string[] = [''];
const opNumbers = new Map<string, number>();
let calling = 0;

/** A number for the operation of that name. */
export function opNumber(name: string): number {
  let n = opNumbers.get(name);
  if (n === undefined) opNumbers.set(name, (n = opNames.push(name) - 1));
  return n;
}

/** Enters operation `op`, unless one was entered already; what it answers is for {@link leaveOp}. */
export function enterOp(op: number): number {
  const before = calling;
  if (before === 0) calling = op;
  return before;
}

export function leaveOp(before: number): void {
  calling = before;
}

/** Runs `f` as operation `name`, unless one was entered already. */
export function named<T>(name: string, f: () => T): T {
  const before = enterOp(opNumber(name));
  try {
    return f();
  } finally {
    leaveOp(before);
  }
}

// --- writing a call down -------------------------------------------------------------------------------------------

// Number of the latest call. A call that finds another one there when it has read its arguments was interrupted: what it
// wrote into the shared memory is no longer its own.
let latest = 0;

// Native code answers a dtype with this bit where the buffer is all of its block: see MarkRef in native/runtime/param.h.
const wholeBlock = 16;
const dtypeSizes = [4, 8, 4, 8, 1, 1, 2, 2];

const isWhole = (b: BufferArg): boolean =>
  b.base === null || (b.base !== undefined && b.numel! * dtypeSizes[b.dtypeCode]! === b.storage.bytes);

function putBuffer(own: number, at: number, b: unknown, writes: boolean): number {
  if (b === null) {
    args[at] = -1;
    args[at + 1] = 0;
    args[at + 2] = 0;
    return at + 3;
  }
  const { storage, offset, dtypeCode } = (b ?? {}) as BufferArg;
  if (!(storage instanceof Storage)) throw wrong(own, 'a tensor', b);
  if (storage.slot < 0) throw new DisposedError(`[${opName(own)}] a tensor was used after dispose()`);
  args[at] = storage.slot;
  args[at + 1] = offset;
  args[at + 2] = writes && isWhole(b as BufferArg) ? dtypeCode + wholeBlock : dtypeCode;
  return at + 3;
}

function putNumber(own: number, at: number, v: unknown): void {
  if (typeof v === 'number') args[at] = v;
  else if (typeof v === 'boolean') args[at] = v ? 1 : 0;
  else throw wrong(own, 'a number', v);
}

function putInteger(own: number, at: number, v: unknown): void {
  if (!Number.isSafeInteger(v)) throw wrong(own, 'an integer', v);
  args[at] = v as number;
}

// Of a list of `n` things that take `each` doubles.
function putCount(own: number, at: number, n: number, each: number): void {
  if (at + n * each + 1 > args.length)
    throw new ArgumentError(`[${opName(own)}] a list of ${n} is too long for one call`);
  args[at] = n;
}

const opName = (own: number): string => opNames[calling || own]!;

const wrong = (own: number, wanted: string, got: unknown): ArgumentError =>
  new ArgumentError(`[${opName(own)}] expected ${wanted}, got ${describe(got)}`);

// Whose names the first argument of a kernel counts.
const opcodesOf: Partial<Record<keyof Kernels, keyof Addon['opcodes']>> = {
  unary: 'unary',
  binary: 'binary',
  binaryScalar: 'binary',
  reduce: 'reduce',
  scan: 'scan',
  optimStep: 'optim',
};

const numbers = new Map(addon.kernels.map((k, i) => [k[0], i]));

function numberOf(name: keyof Kernels): number {
  const id = numbers.get(name);
  if (id === undefined) throw new NodegradError('ERR_INTERNAL', `the addon has no kernel "${name}"`);
  return id;
}

/**
 * The kernel of that name. Its encoding comes from the addon. Arguments of another number or type throw, and nothing of
 * the call is run: a value is converted by nobody, since what converts it may run kernels while this call is written
 * down. So do tensors of a dtype that the kernel does not take, and a device that has no such kernel.
 */
export function kernel<K extends keyof Kernels>(name: K): Kernels[K] {
  const id = numberOf(name);
  const letters = addon.kernels[id]![1];
  const arity = letters.length;
  const codes = Array.from(letters);
  // The names of a kernel's operations, or its own: for calls that no operation has entered.
  const owns = (addon.opcodes[opcodesOf[name]!] as string[] | undefined)?.map(opNumber);
  const self = opNumber(name);
  const call = (...values: unknown[]): void => {
    const own = owns?.[values[0] as number] ?? self;
    if (values.length !== arity) throw new NodegradError('ERR_INTERNAL', `[${name}] takes ${arity} arguments`);
    const number = ++latest;
    args[0] = calling || own;
    let at = 1;
    let device = -1;
    for (let i = 0; i < arity; i++) {
      const v = values[i];
      const code = codes[i];
      switch (code) {
        case 'n':
        case 'b':
          putNumber(own, at++, v);
          break;
        case 'i':
          putInteger(own, at++, v);
          break;
        case 'r':
        case 'w':
        case 'm':
          at = putBuffer(own, at, v, code === 'w');
          if (device < 0 && v !== null) device = (v as BufferArg).storage.device;
          break;
        // Each case reads the length itself: a place that sees arrays of all kinds is slow.
        case 'd':
        case 'I': {
          if (!Array.isArray(v)) throw wrong(own, 'a list', v);
          const n = v.length;
          putCount(own, at++, n, 1);
          for (let j = 0; j < n; j++) putInteger(own, at++, (v as readonly number[])[j]);
          break;
        }
        case 'N': {
          if (!Array.isArray(v)) throw wrong(own, 'a list', v);
          const n = v.length;
          putCount(own, at++, n, 1);
          for (let j = 0; j < n; j++) putNumber(own, at++, (v as readonly number[])[j]);
          break;
        }
        default: {
          if (!Array.isArray(v)) throw wrong(own, 'a list', v);
          const list = v as readonly BufferArg[];
          const n = list.length;
          putCount(own, at++, n, 3);
          for (let j = 0; j < n; j++) at = putBuffer(own, at, list[j], false);
          if (device < 0 && n > 0) device = list[0]!.storage.device;
        }
      }
    }
    if (number !== latest)
      throw new ArgumentError(`[${opName(own)}] an argument ran another operation while it was read`);
    try {
      run(id, device, at);
    } catch (e) {
      throw translate(e, calling || own);
    }
  };
  return call as unknown as Kernels[K];
}

/**
 * Whether a device has the kernel, for tensors of that dtype.
 * @param operation - of a kernel of several operations (`unary`, `binary`, `binaryScalar`): its name
 */
export function hasKernel(name: keyof Kernels, device: number, dtype: number, operation?: string): boolean {
  const id = numberOf(name);
  if (!addon.hasKernel(id, device)) return false;
  const bit = 1 << dtype;
  const [, letters, , dtypes] = addon.kernels[id]!;
  const kind = opcodesOf[name];
  if (operation !== undefined && (kind === 'unary' || kind === 'binary'))
    return (addon.opcodeTypes[kind][opcode(kind, operation)]! & bit) !== 0;
  // The first memory that it reads, or else that it writes.
  const reads = Array.from(letters).findIndex((c) => 'rRmMS'.includes(c));
  const first = reads >= 0 ? reads : letters.indexOf('w');
  return first < 0 || (dtypes[first]! & bit) !== 0;
}

/** The number of an elementwise, reduction or scan operation, or of an optimizer's formula. */
export function opcode(kind: keyof Addon['opcodes'], name: string): number {
  const i = addon.opcodes[kind].indexOf(name);
  if (i < 0) throw new NodegradError('ERR_INTERNAL', `the addon has no ${kind} operation "${name}"`);
  return i;
}

// --- host copies and waiting ----------------------------------------------------------------------------------------

// Node loads an addon once per thread, so several copies of this module (jest's module realms) share it, and with it
// this table of reads under way: [what to call, what must stay alive].
type Pending = Map<number, [settle: (fail: number, message: string, op: number) => void, keep: unknown]>;
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

// Native code throws { code, message } without the operation's name; a kernel's failure has the code 'KERNEL_<number>'
// and the number of the operation that failed.
function translate(e: unknown, own = 0): unknown {
  const { code, message, op = own } = e as { code?: string; message: string; op?: number };
  if (code === 'ERR_UNSUPPORTED_ON_DEVICE')
    return new DeviceError(`[${opNames[op]}] ${message}; move the tensors with .to('cpu')`, code);
  if (code === 'ERR_DTYPE') return new DTypeError(`[${opNames[op]}] ${message}`);
  return code?.startsWith('KERNEL_') ? failureOf(Number(code.slice(7)), message, op) : e;
}

const failureOf = (fail: number, message: string, op: number): NodegradError =>
  kernelError(fail, `[${opNames[op]}] ${message}`);

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
    addon.read(s.slot, byteOffset, array, -1);
  } catch (e) {
    throw translate(e);
  }
}

/** Resolves when everything queued so far on the device is done. */
export const streamReached = (device: number): Promise<void> => promised((id) => addon.notify(device, id), null);

/** Blocks until everything queued is done. */
export const waitForStream = (device: number): void => addon.wait(device);

/** Blocks until the values of `s` are there; throws if the call that should have made them failed. */
export const waitForStorage = (s: Storage): void => readStorageSync(s, 0, nothing);
const nothing = new Uint8Array(0);

// --- GPUs -----------------------------------------------------------------------------------------------------------

/** The names of the GPUs that can be used, and if there is none, one sentence that says why and what to do. */
export interface Gpus {
  names: string[];
  reason: string;
}

let found: Gpus | undefined;

/** Looks for GPUs on the first call. */
export function gpus(): Gpus {
  return (found ??= findGpus());
}

function findGpus(): Gpus {
  if (process.platform !== 'linux')
    return { names: [], reason: 'CUDA is supported on Linux only; on Windows, use nodegrad inside WSL.' };
  const { file, tried } = builtFile('NODEGRAD_CUDA_LIBRARY', 'cuda', 'libnodegrad_cuda.so');
  if (file === undefined) {
    const reason = process.env['NODEGRAD_CUDA_LIBRARY']
      ? `NODEGRAD_CUDA_LIBRARY names ${tried[0]}, which does not exist; correct it or unset it.`
      : 'the CUDA library is not built; run `npm run build:cuda` in the folder of nodegrad (it needs the CUDA toolkit).';
    return { names: [], reason };
  }
  const [reason, ...names] = addon.gpus(file);
  return { names, reason };
}

const opened = [0];

/** Makes GPU `device - 1` usable as `device`; one sentence if that fails. */
export function openGpu(device: number): string {
  if (opened.includes(device)) return '';
  const reason = addon.openGpu(device);
  if (reason === '') opened.push(device);
  return reason;
}

/** The numbers of the devices in use: the CPU, and GPUs that were asked for. */
export const openDevices = (): readonly number[] => opened;

// --- settings and statistics ----------------------------------------------------------------------------------------

export const memoryStats = (device: number, resetPeak = false): ReturnType<Addon['stats']> =>
  addon.stats(device, resetPeak);
export const setMemoryLimitOf = (device: number, bytes: number): void => addon.setLimit(device, bytes);
/** Waits for every call, and throws its failure at once. */
export const setSynchronous = (on: boolean): void => addon.setSynchronous(on);
export const setThreads = (n: number): void => addon.setThreads(n);
export const getThreads = (): number => addon.getThreads();
export const isaName = addon.isa;
export const flushCache = (device: number): void => addon.flush(device);
