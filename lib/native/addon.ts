/** @file The addon: where its file is, and what it offers. Nobody but this folder calls it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NodegradError } from '../core/errors';
import type { Kernels } from '../kernels';

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

/** The folder of this package: the one above lib/native/ or dist/lib/native/ that says so itself. */
function packageFolder(): string | undefined {
  return [join(__dirname, '..', '..'), join(__dirname, '..', '..', '..')].find((dir) => {
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
export function builtFile(variable: string, ...parts: string[]): { file: string | undefined; tried: string[] } {
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

export const addon = load();
