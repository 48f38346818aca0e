/** @file The addon: where its file is, and what it offers. Nobody but this folder calls it. */
import { NodegradError } from '../core/errors';
import type { Kernels } from '../kernels';
import { buildCommand, places } from './places';
import { addonPackages, forThisMachine } from './platforms';

/** What native/binding/addon.cpp exports. */
export interface Addon {
  args: Float64Array;
  regs: Float64Array;
  kernels: [name: keyof Kernels, letters: string, dtypes: number[]][];
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
  startTiming(): number;
  stopTiming(): Float64Array;
  wait(device: number): void;
  write(slot: number, byteOffset: number, array: ArrayBufferView): boolean;
  read(slot: number, byteOffset: number, array: ArrayBufferView, id: number): boolean;
  notify(device: number, id: number): boolean;
  gpus(library: string): [reason: string, ...names: string[]];
  openUrgentCpu(): undefined;
  openGpu(device: number): string;
  setThreads(n: number): void;
  getThreads(): number;
  pending?: Pending | undefined;
  onCompleted(callback: (id: number, fail: number, message: string, op: number) => void): void;
}

/** The reads under way by number: what to call, and what must stay alive. */
export type Pending = Map<number, [settle: (fail: number, message: string, op: number) => void, keep: unknown]>;

function load(): Addon {
  const tried: string[] = [];
  let cause: unknown;
  for (const { path, problem } of places('NODEGRAD_ADDON', 'Release/nodegrad.node', addonPackages)) {
    try {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- addons can only be required
      if (problem === undefined) return require(path) as Addon;
      tried.push(`${path} ${problem}`);
    } catch (e) {
      // It was loaded, and does not like what the environment says: another one would not either.
      if ((e as NodegradError).code === 'ERR_BACKEND') throw new NodegradError('ERR_BACKEND', (e as Error).message);
      cause = e;
      tried.push(`${path} cannot be loaded (${(e as Error).message})`);
    }
  }
  throw new NodegradError('ERR_ADDON_NOT_FOUND', `${whatToDo()} Tried: ${tried.join('; ') || 'nothing'}.`, { cause });
}

function whatToDo(): string {
  if (process.env['NODEGRAD_ADDON']) return 'NODEGRAD_ADDON does not name an addon: correct it or unset it.';
  const machine = `${process.platform}-${process.arch}`;
  const [own] = forThisMachine(addonPackages);
  const install = own ? ` Install again without leaving out optional dependencies (${own.name} holds it), or` : '';
  return `there is no native addon for this machine (${machine}).${install} build it: ${buildCommand()}.`;
}

export const addon = load();
