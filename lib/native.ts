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

interface Addon {
  args: Float64Array;
  regs: Float64Array;
  kernels: [name: string, signature: string, doc: string][];
  opcodes: Record<'unary' | 'binary' | 'reduce' | 'scan' | 'optim', string[]>;
  isa: string;
  /** Memory that lives as long as `owner`; its slot in regs[0], -1 if there is none. */
  alloc(owner: object, bytes: number, device: number): void;
  release(slot: number): void;
  stats(device: number, resetPeak: boolean): [number, number, number, number, number, number];
  setLimit(device: number, bytes: number): void;
  flush(device: number): void;
  run(kernel: number, device: number, work: number, args: number): void;
  wait(device: number): void;
  write(slot: number, byteOffset: number, array: ArrayBufferView): boolean;
  read(slot: number, byteOffset: number, array: ArrayBufferView, id: number): boolean;
  notify(device: number, id: number): boolean;
  gpus(library: string): [reason: string, ...names: string[]];
  openGpu(device: number): string;
  setThreads(n: number): void;
  getThreads(): number;
  pending?: Pending;
  onCompleted(callback: (id: number, fail: number, message: string) => void): void;
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
}

export type KernelArg = BufferArg | null | number | boolean | readonly number[] | readonly BufferArg[];

/**
 * Queues a kernel. `work` estimates the cost in elementary operations (about a nanosecond each on one core); small
 * work runs at once when the stream is idle.
 */
export type Kernel = (work: number, ...args: KernelArg[]) => void;

// Number of the latest call. A call that finds another one there when it has read its arguments was interrupted: what it
// wrote into the shared memory is no longer its own.
let latest = 0;

function putBuffer(callee: Callee, first: unknown, at: number, b: unknown): number {
  if (b === null) {
    args[at] = -1;
    args[at + 1] = 0;
    args[at + 2] = 0;
    return at + 3;
  }
  const { storage, offset, dtypeCode } = (b ?? {}) as BufferArg;
  if (!(storage instanceof Storage)) throw wrong(callee, first, 'a tensor', b);
  if (storage.slot < 0) throw new DisposedError(`[${nameOf(callee, first)}] a tensor was used after dispose()`);
  if (dtypeCode > lastFullDType && !callee.halves)
    throw new DTypeError(`[${nameOf(callee, first)}] does not take bfloat16 and float16 yet; cast with .to('float32')`);
  args[at] = storage.slot;
  args[at + 1] = offset;
  args[at + 2] = dtypeCode;
  return at + 3;
}

function putNumber(callee: Callee, first: unknown, at: number, v: unknown): void {
  if (typeof v === 'number') args[at] = v;
  else if (typeof v === 'boolean') args[at] = v ? 1 : 0;
  else throw wrong(callee, first, 'a number', v);
}

function putInteger(callee: Callee, first: unknown, at: number, v: unknown): void {
  if (!Number.isSafeInteger(v)) throw wrong(callee, first, 'an integer', v);
  args[at] = v as number;
}

// Of a list of `n` things that take `each` doubles.
function putCount(callee: Callee, first: unknown, at: number, n: number, each: number): void {
  if (at + n * each + 1 > args.length)
    throw new ArgumentError(`[${nameOf(callee, first)}] a list of ${n} is too long for one call`);
  args[at] = n;
}

/** What errors of a call are named after: its kernel, or the operation that its first argument counts among `names`. */
interface Callee {
  name: string;
  names: readonly string[] | undefined;
  /** Whether it takes 16-bit floats. */
  halves: boolean;
}

const nameOf = ({ name, names }: Callee, first: unknown): string => names?.[first as number] ?? name;

const wrong = (callee: Callee, first: unknown, wanted: string, got: unknown): ArgumentError =>
  new ArgumentError(`[${nameOf(callee, first)}] expected ${wanted}, got ${describe(got)}`);

// From native/runtime/dtype.h: what comes behind are 16-bit floats.
const lastFullDType = 5;
// Kernels that take 16-bit floats. The others would read their bits as numbers of another type.
const halfKernels: ReadonlySet<string> = new Set([
  ...['fill', 'copy', 'iota', 'where', 'gather', 'scatter', 'indexSelect', 'indexAdd', 'nonzero', 'sort', 'topk'],
  ...['reduce', 'scan', 'softmax', 'softmaxGrad', 'crossEntropy', 'crossEntropyGrad'],
  ...['randint', 'bernoulli', 'dropout', 'multinomial'],
]);

// Whose names the first argument of a kernel counts.
const opcodesOf: Record<string, keyof Addon['opcodes']> = {
  unary: 'unary',
  binary: 'binary',
  binaryScalar: 'binary',
  reduce: 'reduce',
  scan: 'scan',
  optimStep: 'optim',
};

/**
 * The kernel of that name. Its signature comes from the addon. Arguments of another number or type throw, and nothing of
 * the call is run: a value is converted by nobody, since what converts it may run kernels while this call is written down.
 */
export function kernel(name: string): Kernel {
  const id = addon.kernels.findIndex((k) => k[0] === name);
  if (id < 0) throw new NodegradError('ERR_INTERNAL', `the addon has no kernel "${name}"`);
  const signature = addon.kernels[id]![1];
  const arity = signature.length;
  const codes = Array.from(signature);
  const names = opcodesOf[name] && addon.opcodes[opcodesOf[name]];
  const callee: Callee = { name, names, halves: halfKernels.has(name) };
  return (work, ...values) => {
    const first = values[0];
    if (values.length !== arity) throw new NodegradError('ERR_INTERNAL', `[${name}] takes ${arity} arguments`);
    const call = ++latest;
    let at = 0;
    let device = -1;
    for (let i = 0; i < arity; i++) {
      const v = values[i];
      switch (codes[i]) {
        case 'n':
          putNumber(callee, first, at++, v);
          break;
        case 'i':
          putInteger(callee, first, at++, v);
          break;
        case 'b':
          at = putBuffer(callee, first, at, v);
          if (device < 0 && v !== null) device = (v as BufferArg).storage.device;
          break;
        // Each case reads the length itself: a place that sees arrays of all kinds is slow.
        case 'd':
        case 'I': {
          if (!Array.isArray(v)) throw wrong(callee, first, 'a list', v);
          const n = v.length;
          putCount(callee, first, at++, n, 1);
          for (let j = 0; j < n; j++) putInteger(callee, first, at++, (v as readonly number[])[j]);
          break;
        }
        case 'N': {
          if (!Array.isArray(v)) throw wrong(callee, first, 'a list', v);
          const n = v.length;
          putCount(callee, first, at++, n, 1);
          for (let j = 0; j < n; j++) putNumber(callee, first, at++, (v as readonly number[])[j]);
          break;
        }
        default: {
          if (!Array.isArray(v)) throw wrong(callee, first, 'a list', v);
          const list = v as readonly BufferArg[];
          const n = list.length;
          putCount(callee, first, at++, n, 3);
          for (let j = 0; j < n; j++) at = putBuffer(callee, first, at, list[j]);
          if (device < 0 && n > 0) device = list[0]!.storage.device;
        }
      }
    }
    if (call !== latest)
      throw new ArgumentError(`[${nameOf(callee, first)}] an argument ran another operation while it was read`);
    try {
      run(id, device, work, at);
    } catch (e) {
      throw translate(e);
    }
  };
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
type Pending = Map<number, [settle: (fail: number, message: string) => void, keep: unknown]>;
const table = (addon.pending ??= startTable());

function startTable(): Pending {
  const pending: Pending = new Map();
  addon.onCompleted((id, fail, message) => {
    const entry = pending.get(id);
    pending.delete(id);
    entry?.[0](fail, message);
  });
  return pending;
}

// Native code throws a sticky kernel failure as { code: 'KERNEL_<number>' }.
function translate(e: unknown): unknown {
  const { code, message } = e as { code?: string; message: string };
  if (code === 'ERR_UNSUPPORTED_ON_DEVICE')
    return new DeviceError(`${message}; move the tensors with .to('cpu')`, code);
  return code?.startsWith('KERNEL_') ? kernelError(Number(code.slice(7)), message) : e;
}

function promised(start: (id: number) => boolean, keep: unknown): Promise<void> {
  const id = regs[2]!++;
  try {
    if (start(id)) return Promise.resolve();
  } catch (e) {
    return Promise.reject(translate(e) as Error);
  }
  return new Promise((resolve, reject) => {
    table.set(id, [(fail, message) => (fail === 0 ? resolve() : reject(kernelError(fail, message))), keep]);
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

/** Fills `array` in stream order, without blocking. */
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
export function waitForStream(device: number): void {
  try {
    addon.wait(device);
  } catch (e) {
    throw translate(e);
  }
}

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
export const setThreads = (n: number): void => addon.setThreads(n);
export const getThreads = (): number => addon.getThreads();
export const isaName = addon.isa;
export const flushCache = (device: number): void => addon.flush(device);
